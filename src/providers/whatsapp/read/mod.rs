//! A webhook's bytes, read into items. Total on any bytes: what cannot be read is handed over for quarantine,
//! item by item, and never costs a neighbour. What an item means to a person is decided elsewhere.

mod content;
mod envelope;
mod interactive;
mod message;
mod object;
mod party;
mod plain;
mod repair;
mod status;

pub use envelope::read;
pub use message::TYPES;
pub use object::KEPT_DEPTH_MAX;
