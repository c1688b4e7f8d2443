//! The files around the conditions: which kinds there are, their keys, their defaults.
//! Typed, but not yet checked against each other; conditions are still texts with their places.

pub mod campaigns;
pub mod deeds;
pub mod fields;
pub mod forks;
mod kind;
pub mod messages;
mod names;
pub mod schedules;
pub mod schema;
pub mod segments;
pub mod span;
pub mod steps;

pub use kind::{Kind, kind};
pub use names::{NAME_CHARS_MAX, name};
