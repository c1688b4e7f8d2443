//! From what is written to what is meant: names looked up, types compared, one form each.

mod campaign;
mod comparison;
mod condition;
mod doubt;
mod history;
mod keyword;
mod message;
mod moment;
mod phrase;
mod scope;
mod sequence;
mod step;
mod value;

pub use campaign::{campaign, condition};
pub use scope::{Place, Scope, TriggerUses};
