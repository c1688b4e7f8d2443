//! The short texts of the language that stand alone as values: lengths of time, waits, frequencies, limits.

use crate::diagnostic::{Code, Diagnostic, Origin};
use crate::dsl::block;
use crate::dsl::node::Node;
use crate::dsl::parse;
use crate::dsl::report::Report;
use crate::dsl::syntax;
use crate::model::rule::{Frequency, Limit};
use crate::model::time::{Length, Span};

type Parser<T> = fn(&str, &Origin, &mut Vec<Diagnostic>) -> Option<T>;

fn parsed<T>(node: &Node, of: &str, parser: Parser<T>, report: &mut Report<'_>) -> Option<T> {
    let block = block::read(node, of, report)?;
    let mut complaints = Vec::new();
    let tree = parser(&block.text, &block.origin, &mut complaints);
    report.extend(complaints);
    tree
}

/// Seconds. Days that end at midnight have no place where lengths of time are added up.
pub fn seconds(length: &syntax::Length, report: &mut Report<'_>) -> Option<Span> {
    let span = length.elapsed();
    if span.is_none() {
        let complaint =
            Diagnostic::new(Code::E0221, length.span, "this length is counted in seconds, not in local days");
        report.complain(complaint.label("write it in `days` or `weeks`"));
    }
    span
}

/// A length of time of at least a second, in any unit.
pub fn length(node: &Node, report: &mut Report<'_>) -> Option<Length> {
    parsed(node, "a length of time", parse::parse_span_block, report).map(|length| length.meant())
}

/// A length of time of at least a second, in seconds.
pub fn elapsed(node: &Node, report: &mut Report<'_>) -> Option<Span> {
    let length = parsed(node, "a length of time", parse::parse_span_block, report)?;
    seconds(&length, report)
}

/// A length of time that may be nothing.
pub fn grace(node: &Node, report: &mut Report<'_>) -> Option<Span> {
    let length = parsed(node, "a length of time", parse::parse_grace_block, report)?;
    seconds(&length, report)
}

/// A cap on messages.
pub fn limit(node: &Node, report: &mut Report<'_>) -> Option<Limit> {
    let limit = parsed(node, "a limit", parse::parse_limit_block, report)?;
    Some(Limit { messages: limit.messages.node, within: limit.length.meant() })
}

/// How long after the start of a test: nothing, or several lengths behind each other.
pub fn offset(node: &Node, report: &mut Report<'_>) -> Option<Span> {
    let lengths = parsed(node, "an offset", parse::parse_offset_block, report)?;
    let seconds =
        lengths.iter().filter_map(syntax::Length::elapsed).fold(0_i64, |sum, span| sum.saturating_add(span.0));
    if seconds > parse::LENGTH_SECONDS_MAX {
        report.error(Code::E0221, node.at.clone(), "a test lasts at most 100 years");
        return None;
    }
    Some(Span(seconds))
}

/// What a step waits for.
pub fn wait(node: &Node, report: &mut Report<'_>) -> Option<syntax::Wait> {
    parsed(node, "a wait", parse::parse_wait_block, report)
}

/// How often one person may start a campaign.
pub fn frequency(node: &Node, report: &mut Report<'_>) -> Option<Frequency> {
    match parsed(node, "a frequency", parse::parse_frequency_block, report)? {
        syntax::Frequency::EveryTime => Some(Frequency::EveryTime),
        syntax::Frequency::Once => Some(Frequency::Once),
        syntax::Frequency::OncePer(length) => seconds(&length, report).map(Frequency::OncePer),
    }
}
