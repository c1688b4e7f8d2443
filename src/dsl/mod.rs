//! The language that rules are written in: from text to rules that mean something, and back to words.
//! Nothing here reads a file or a clock, and nothing here evaluates a rule.

mod block;
mod check;
mod compile;
mod document;
mod envelope;
mod lower;
mod node;
pub mod parse;
mod report;
pub mod shape;
mod starts;
pub mod syntax;

pub use check::names::Before;
pub use check::shadow::keywords as shadowed_keywords;
pub use compile::{Compiled, RETENTION, compile, compile_after, compile_for, decode};
