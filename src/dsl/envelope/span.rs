//! The short texts of the language that stand alone as values: lengths of time, waits, frequencies, limits.

use crate::diagnostic::{Code, Diagnostic, Origin};
use crate::dsl::block;
use crate::dsl::node::Node;
use crate::dsl::parse;
use crate::dsl::report::Report;
use crate::dsl::syntax::{self, Length};
use crate::model::rule::Frequency;
use crate::model::time::Span;

type Parser<T> = fn(&str, &Origin, &mut Vec<Diagnostic>) -> Option<T>;

fn parsed<T>(node: &Node, of: &str, parser: Parser<T>, report: &mut Report<'_>) -> Option<T> {
    let block = block::read(node, of, report)?;
    let mut complaints = Vec::new();
    let tree = parser(&block.text, &block.origin, &mut complaints);
    report.extend(complaints);
    tree
}

fn seconds(length: &Length, report: &mut Report<'_>) -> Option<Span> {
    let span = length.elapsed();
    if span.is_none() {
        report.unsupported(length.span.start..length.span.end, "calendar units");
    }
    span
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

/// How long after the start of a test: nothing, or several lengths behind each other.
pub fn offset(node: &Node, report: &mut Report<'_>) -> Option<Span> {
    let lengths = parsed(node, "an offset", parse::parse_offset_block, report)?;
    let seconds = lengths.iter().filter_map(Length::elapsed).fold(0_i64, |sum, span| sum.saturating_add(span.0));
    if seconds > parse::LENGTH_SECONDS_MAX {
        report.error(Code::E0221, node.at.clone(), "a test lasts at most 100 years");
        return None;
    }
    Some(Span(seconds))
}

/// A limit. This version runs no campaign that names one; its form is checked all the same.
pub fn limit(node: &Node, report: &mut Report<'_>) {
    parsed(node, "a limit", parse::parse_limit_block, report);
}

/// What a step waits for.
pub fn wait(node: &Node, report: &mut Report<'_>) -> Option<Span> {
    match parsed(node, "a wait", parse::parse_wait_block, report)? {
        syntax::Wait::For(length) => seconds(&length, report),
        syntax::Wait::UntilTime(_) | syntax::Wait::Until { .. } => {
            report.unsupported(node.at.clone(), "`wait` until a time");
            None
        }
    }
}

/// How often one person may start a campaign.
pub fn frequency(node: &Node, report: &mut Report<'_>) -> Option<Frequency> {
    match parsed(node, "a frequency", parse::parse_frequency_block, report)? {
        syntax::Frequency::EveryTime => Some(Frequency::EveryTime),
        syntax::Frequency::Once => Some(Frequency::Once),
        syntax::Frequency::OncePer(length) => seconds(&length, report).map(Frequency::OncePer),
    }
}
