//! The filters of texts. Each is a total function of its values and the reader's locale: bounded in
//! length, exact in numbers, without a clock. Liquid's own filters of these names are none of that.

mod definition;
mod number;
mod text;
mod time;

pub(super) use definition::{Known, Problem, find};
pub use definition::{all, names};
