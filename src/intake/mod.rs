//! Everything comes in here: bodies wait, are gathered into batches, and a batch is one transaction.
//! An answer leaves when its batch is committed and at no other time.

mod item;

pub use item::{Body, Identify, Item, Move, Outcome, Receipt, Refusal, Settle, Settlement, Track};
