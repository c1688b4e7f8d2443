//! From what is written to what is meant: names looked up, types compared, one form each.

mod campaign;
mod comparison;
mod condition;
mod deed;
mod doubt;
mod flow;
mod history;
mod keyword;
mod message;
mod moment;
mod phrase;
mod reference;
mod schedule;
mod scope;
mod send;
mod sequence;
mod steps;
mod trigger;
mod unsupported;
mod value;

pub use campaign::{campaign, condition};
pub use schedule::schedule;
pub use scope::{Place, Scope, TriggerUses};
