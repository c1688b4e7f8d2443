//! The language that rules are written in: from text to rules that mean something, and back to words.
//! Nothing here reads a file or a clock, and nothing here evaluates a rule.

mod block;
mod check;
mod compile;
pub mod cost;
pub mod describe;
mod document;
mod envelope;
pub mod format;
pub mod infer;
pub mod json_schema;
mod lower;
mod node;
pub mod parse;
mod report;
pub mod shape;
mod starts;
pub mod syntax;
pub mod walk;
pub mod words;

pub use check::names::Before;
pub use compile::{Compiled, RETENTION, TestFile, compile, compile_after, compile_for, decode};

/// What the reader of tests shares with that of rules: trees that know their places, keys, complaints.
pub mod file {
    pub use super::check::names::OWN_EVENTS;
    pub use super::envelope::fields::{self, Fields};
    pub use super::envelope::schema::built_in;
    pub use super::envelope::span::offset;
    pub use super::json_schema::{EFFECTS, VERBS};
    pub use super::node::{Content, Key, Node, Scalar, Style};
    pub use super::report::{COMPLAINTS_MAX, Report};
}
