//! What the outside speaks: one folder per provider, each with pure functions only. `signature` tells whether
//! a request is genuine, `read` turns its bytes into items, `write` turns an effect into a request.
//! No socket, clock or database; who wrote and what it answers is decided in `resolve`.

mod request;
mod table;
pub mod webhook;
pub mod whatsapp;

pub use request::{Method, Request};
pub use table::{PROVIDERS, Provider};
