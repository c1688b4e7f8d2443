//! Webhooks out: requests that campaigns make to an address of the rule author's, signed.

mod write;

pub use write::{Attempt, NotASecret, Secret, write};
