//! From text to the syntax tree: the only home of pest.
//!
//! A text is scanned first for what no parser should be asked to read, then parsed, then walked. A walk never fails
//! over what somebody wrote: each well-known mistake becomes what was meant, and one diagnostic.

mod comparison;
mod condition;
mod cursor;
mod event;
mod expected;
mod hint;
mod history;
mod length;
mod mistake;
mod order;
mod reader;
mod scan;
mod small;
mod text;
mod unreadable;
mod word;

use std::num::NonZeroUsize;

use pest::Parser as _;

use crate::diagnostic::{Code, Diagnostic, Origin};

use super::{shape, syntax};
pub use length::{DISTINCT_MAX, LENGTH_SECONDS_MAX, unit_word};
pub use scan::PARENTHESES_DEPTH_MAX;
pub(super) use scan::comments;

use cursor::Node;
use reader::Reader;

#[derive(pest_derive::Parser)]
#[grammar = "grammar/rules.pest"]
#[grammar = "grammar/mistakes.pest"]
struct Grammar;

/// Calls of the parser's rules, of which a condition of the greatest length needs a small part.
const PARSER_CALLS_MAX: NonZeroUsize = NonZeroUsize::new(4_000_000).expect("it is not zero");

/// Reads a condition, as in `when`, `filter`, `becomes`, `if` and `for_each`.
///
/// There may be a tree although there are errors: it holds what was meant, so that its names can be checked too.
pub fn parse_condition(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> Option<syntax::Condition> {
    let (tree, whole) = read(Rule::condition_block, text, origin, out, condition::block)?;
    if whole {
        shape::check_condition(&tree, out);
    }
    Some(tree)
}

/// Reads the event of a trigger, as in `trigger.event`: a chain without steps.
pub fn parse_event_block(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> Option<syntax::Chain> {
    let (tree, whole) = read(Rule::event_block, text, origin, out, small::event_block)?;
    if whole {
        shape::check_event_trigger(&tree, out);
    }
    Some(tree)
}

/// Reads the sequence of a trigger, as in `trigger.each`: a chain with at least one step.
pub fn parse_chain_block(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> Option<syntax::Chain> {
    let (tree, whole) = read(Rule::chain_block, text, origin, out, small::chain_block)?;
    if whole {
        shape::check_each_trigger(&tree, out);
    }
    Some(tree)
}

/// Reads a length of time of at least one second: `2 days`, `1 calendar month`.
pub fn parse_span_block(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> Option<syntax::Length> {
    read(Rule::span_block, text, origin, out, small::span_block).map(|(tree, _)| tree)
}

/// Reads a length of time that may be zero, as in `grace`.
pub fn parse_grace_block(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> Option<syntax::Length> {
    read(Rule::span_block, text, origin, out, small::grace_block).map(|(tree, _)| tree)
}

/// Reads an offset from the start of a test, which may be zero: `2 days 1 hour`.
pub fn parse_offset_block(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> Option<Vec<syntax::Length>> {
    read(Rule::offset_block, text, origin, out, small::offset_block).map(|(tree, _)| tree)
}

/// Reads what a wait waits for: `2 days`, `until 09:00`, `until event.starts_at - 1 day`.
pub fn parse_wait_block(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> Option<syntax::Wait> {
    read(Rule::wait_block, text, origin, out, small::wait_block).map(|(tree, _)| tree)
}

/// Reads a frequency: `every time`, `once`, `once per 30 days`.
pub fn parse_frequency_block(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> Option<syntax::Frequency> {
    read(Rule::frequency_block, text, origin, out, small::frequency_block).map(|(tree, _)| tree)
}

/// Reads a limit: `at most 3 messages in 7 calendar days`.
pub fn parse_limit_block(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> Option<syntax::Limit> {
    read(Rule::limit_block, text, origin, out, small::limit_block).map(|(tree, _)| tree)
}

/// Whether `name` is read as an attribute or property of that name when it stands without backticks.
pub(super) fn is_bare_path(name: &str) -> bool {
    let rooted = ["person.", "event.", "`"].iter().any(|root| name.starts_with(root));
    !rooted && Grammar::parse(Rule::path, name).is_ok_and(|pairs| pairs.as_str() == name)
}

/// The tree, and whether it holds all of the text: a mistake such as an open string swallows what stands behind it.
fn read<T>(
    rule: Rule,
    text: &str,
    origin: &Origin,
    out: &mut Vec<Diagnostic>,
    walk: fn(&mut Reader<'_>, Node<'_>) -> Option<T>,
) -> Option<(T, bool)> {
    let before = out.len();
    if !scan::scan(text, origin, out) {
        return None;
    }
    pest::set_call_limit(Some(PARSER_CALLS_MAX));
    pest::set_error_detail(true);
    let mut pairs = match Grammar::parse(rule, text) {
        Ok(pairs) => pairs,
        Err(error) => {
            out.push(unreadable::explain(&error, rule, text, origin));
            return None;
        }
    };
    let mut reader = Reader::new(text, origin, out);
    let tree = pairs.next().and_then(|pair| walk(&mut reader, Node::new(pair)));
    let whole = !reader.lossy;
    if tree.is_none() && out.len() == before {
        out.push(Diagnostic::new(Code::E0100, origin.span(0, text.trim_end().len()), "this cannot be read here"));
    }
    tree.map(|tree| (tree, whole))
}
