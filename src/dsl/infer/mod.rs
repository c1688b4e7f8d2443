//! A schema proposed from what is there: stored events and people are counted, and the counts become a
//! `schema.yaml` with the numbers in its comments.

mod observed;
mod propose;
mod write;

pub use observed::{COLUMNS_MAX, Column, Counts, NAME_BYTES_MAX, Observed, Shape, VALUES_MAX};
pub use propose::{FILE_BYTES_MAX, propose};
