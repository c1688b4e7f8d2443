//! What is kept, and nothing about why: one file per concern, each with its statements.
//!
//! [`Store::open`] opens SQLite or PostgreSQL and brings the schema up to date. [`Store::write`]
//! is the only way to a transaction that writes, [`Store::read`] the way to read beside it.
//! Functions that write take a [`Tx`]; those that only read take a [`Source`], which is either.
//! Statements of the hot path have one text for any number of rows (see `sql.rs`).
//!
//! Not here: decisions. Nobody else may know `sea_orm` or `sqlx`.

pub mod activity;
pub mod events;
pub mod identities;
pub mod installation;
pub mod journeys;
pub mod memberships;
pub mod messages;
pub mod moves;
pub mod notices;
pub mod outbox;
pub mod people;
pub mod quarantine;
pub mod rules;
pub mod schedules;

mod cause;
mod erase;
mod error;
mod migrate;
mod open;
mod place;
mod postgres;
mod row;
mod source;
mod sql;
mod sqlite;

pub use erase::erase;
pub use error::StoreError;
pub use open::{OpenError, Options, Store};
pub use source::{Reader, Source, Tx};
