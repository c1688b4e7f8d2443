//! From what is written to what is meant: names looked up, types compared, one form each.
//! What the language has and this version does not run is refused here, where it stands.

mod campaign;
mod comparison;
mod condition;
mod deed;
mod flow;
mod message;
mod phrase;
mod reference;
mod schedule;
mod scope;
mod send;
mod steps;
mod trigger;
mod unsupported;
mod value;

pub use campaign::{campaign, condition};
pub use schedule::schedule;
pub use scope::{Place, Scope};
