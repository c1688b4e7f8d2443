//! Everything comes in here: bodies wait, are gathered into batches, and a batch is one transaction.
//! An answer leaves when its batch is committed and at no other time.

mod arrival;
mod changes;
mod consent;
mod delivery;
mod gather;
mod item;
mod load;
mod loaded;
mod mend;
mod occur;
mod pass;
mod people;
mod rules;
mod save;
mod slice;
mod touched;
mod write;

pub use gather::{BATCH_ITEMS_MAX, BUDGET, Intake, Played, QUEUE_ITEMS_MAX, Signals};
pub use item::{Body, Identify, Item, Move, Outcome, Receipt, Refusal, Settle, Settlement, Track};
pub use mend::{DRIFT, Mended, told};
pub use occur::Occurred;
pub use rules::{Building, Rules};
pub use slice::{Brought, Known, Slice};
pub use touched::{TOUCHED_MAX, Touched};
pub use write::{NewerRules, Writer};
