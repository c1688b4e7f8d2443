//! Instants of a test: read as offsets from its start or with their date, and shown both ways.

use chrono::DateTime;

use crate::diagnostic::Code;
use crate::dsl::file::{Node, Report, fields, offset};
use crate::model::time::{Second, Span};

/// An instant with its date, as `start` has it.
pub fn date_time(node: &Node, of: &str, report: &mut Report<'_>) -> Option<Second> {
    let text = fields::text(node, of, report)?;
    let at = DateTime::parse_from_rfc3339(text).ok().map(|at| Second(at.timestamp()));
    let at = at.filter(|at| (0..=Second::LAST.0).contains(&at.0));
    if at.is_none() {
        report
            .error(Code::E0320, node.at.clone(), format!("{of} is an instant, and this is none"))
            .label("written as `2026-03-28T10:00:00+01:00`");
    }
    at
}

/// An offset from `start`. One with a minus is E1003.
pub fn after(start: Second, node: &Node, report: &mut Report<'_>) -> Option<Second> {
    if node.text().is_some_and(|text| text.trim_start().starts_with('-')) {
        report.error(Code::E1003, node.at.clone(), "this is before the start of the test");
        return None;
    }
    offset(node, report).map(|span| start.plus(span))
}

/// `at` as its author writes it: `2 days 1 hour`.
#[must_use]
pub fn offset_words(start: Second, at: Second) -> String {
    let span = at.since(start);
    let words = length_words(Span(span.0.saturating_abs()));
    if span.0 < 0 { format!("{words} before the start") } else { words }
}

/// `2 days 1 hour`
fn length_words(span: Span) -> String {
    let mut left = span.0;
    let mut parts = Vec::new();
    for (unit, seconds) in [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
        let amount = left / seconds;
        left %= seconds;
        if amount > 0 {
            parts.push(format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}
