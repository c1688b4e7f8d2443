//! Who wrote, and which message of ours they answer. Pure: what is stored is looked up by the caller and passed in.

mod attribution;
mod identity;

pub use attribution::{Question, attribute};
pub use identity::{Choice, Conflict, Holder, Key, Learned, Link, Rank, choose, keys, learn, learned_alias};
