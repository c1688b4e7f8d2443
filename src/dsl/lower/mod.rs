//! From what is written to what is meant: names looked up, types compared, one form each.
//! What the language has and this version does not run is refused here, where it stands.

mod campaign;
mod comparison;
mod condition;
mod message;
mod phrase;
mod scope;
mod step;
mod value;

pub use campaign::{campaign, condition};
pub use scope::{Place, Scope};
