//! The language that rules are written in: from text to rules that mean something, and back to words.
//! Nothing here reads a file or a clock, and nothing here evaluates a rule.

pub mod parse;
pub mod shape;
pub mod syntax;
