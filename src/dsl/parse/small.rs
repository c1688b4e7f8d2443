//! The blocks that are no conditions: triggers, lengths of time, waits, frequencies, limits.

use crate::dsl::syntax::{Chain, Frequency, Length, Limit, Offset, Wait};

use super::Rule;
use super::condition::not_sign;
use super::cursor::Node;
use super::event;
use super::history;
use super::length::{self, Zero};
use super::mistake;
use super::reader::Reader;
use super::text;
use crate::dsl::shape;

/// One event, with `within D of …` or without.
pub(super) fn event_block(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Chain> {
    if let Some(bad) = node.take(Rule::bad_trigger) {
        return no_trigger(reader, bad, shape::Trigger::Event);
    }
    let inner = node.take(Rule::event)?;
    let (start, mut end) = (inner.start, inner.end);
    let first = event::event(reader, inner)?;
    let mut within_of = None;
    if let Some(clause) = node.take(Rule::within_of) {
        end = clause.end;
        within_of = Some(history::within_of(reader, clause)?);
    }
    Some(Chain { span: reader.between(start, end), first, within_of, steps: Vec::new() })
}

/// A sequence of events.
pub(super) fn chain_block(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Chain> {
    match node.take(Rule::bad_trigger) {
        Some(bad) => no_trigger(reader, bad, shape::Trigger::Each),
        None => history::chain(reader, node.take(Rule::chain)?),
    }
}

/// What would be a condition. What it has too much is complained of, and its events are still checked.
fn no_trigger(reader: &mut Reader<'_>, mut node: Node<'_>, wanted: shape::Trigger) -> Option<Chain> {
    let not = match node.peek() {
        Some(Rule::k_not | Rule::bad_bang) => node.next().map(|no| not_sign(reader, &no)),
        _ => None,
    };
    let history = history::history(reader, node.take(Rule::temporal)?)?;
    if let Some(stop) = node.take(Rule::bad_stop) {
        reader.say(mistake::full_stop(reader.span(&stop)));
    }
    for diagnostic in shape::not_a_trigger(&history, not, wanted) {
        reader.say(diagnostic);
    }
    Some(history.chain)
}

/// A length of time of at least a second.
pub(super) fn span_block(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Length> {
    length::length(reader, node.take(Rule::span)?)
}

/// A length of time that may be zero.
pub(super) fn grace_block(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Length> {
    length::any_length(reader, node.take(Rule::span)?, Zero::Allowed)
}

/// Lengths of time that are added up.
pub(super) fn offset_block(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Vec<Length>> {
    let mut lengths = Vec::new();
    while let Some(child) = node.next().filter(|child| child.rule != Rule::EOI) {
        lengths.push(length::any_length(reader, child, Zero::Allowed)?);
    }
    Some(lengths)
}

/// `2 days`, `until 09:00`, `until event.starts_at - 1 day`
pub(super) fn wait_block(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Wait> {
    if !node.has(Rule::k_until) {
        return length::length(reader, node.take(Rule::span)?).map(Wait::For);
    }
    if let Some(time) = node.take(Rule::time) {
        return Some(Wait::UntilTime(text::time(reader, &time)));
    }
    let written = node.take(Rule::path)?;
    let path = text::path(reader, &written);
    let offset = match node.take(Rule::span) {
        Some(span) => {
            let sign = node.text.get(written.end - node.start..span.start - node.start)?;
            // A comment may stand beside the sign, and hold others.
            let back = sign.lines().filter_map(|line| line.split('#').next()).any(|line| line.contains('-'));
            Some(Offset { back, length: length::length(reader, span)? })
        }
        None => None,
    };
    Some(Wait::Until { path, offset })
}

/// `every time`, `once`, `once per 30 days`
pub(super) fn frequency_block(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Frequency> {
    if node.has(Rule::k_every) {
        return Some(Frequency::EveryTime);
    }
    match node.find(Rule::span) {
        Some(span) => length::length(reader, span).map(Frequency::OncePer),
        None => Some(Frequency::Once),
    }
}

/// `at most 3 messages in 7 calendar days`
pub(super) fn limit_block(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Limit> {
    node.has(Rule::k_at);
    node.has(Rule::k_most);
    let messages = length::times(reader, node.next()?);
    Some(Limit { messages, length: length::length(reader, node.find(Rule::span)?)? })
}
