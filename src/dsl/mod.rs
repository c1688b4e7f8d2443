//! The language that rules are written in: from text to rules that mean something, and back to words.
//! Nothing here reads a file or a clock, and nothing here evaluates a rule.

mod block;
mod check;
mod compile;
pub mod cost;
pub mod describe;
mod document;
mod envelope;
pub mod json_schema;
mod lower;
mod node;
pub mod parse;
mod report;
pub mod shape;
pub mod syntax;
pub mod walk;
pub mod words;

pub use check::names::Before;
pub use compile::{Compiled, RETENTION, compile, compile_after, compile_for, decode};
