//! What an operator sets: environment over file over default, secrets in a type that prints masked.
//!
//! Nothing here opens a socket or a database, and nothing but `keys` writes a file.

mod file;
pub mod keys;
mod names;
mod read;
mod secret;
mod show;
mod value;

pub use read::{Complaints, Given, LogFormat, Sender, Settings, WhatsApp, read};
pub use secret::{Secret, Secrets};
pub use show::show;
pub use value::Origin;
