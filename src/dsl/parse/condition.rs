//! Conditions: what is joined by `and` and `or`, and everything in it but histories.

use chrono::Weekday;
use rust_decimal::Decimal;

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::syntax::{At, CalendarUnit, Condition, ConditionKind, Length, Unit};

use super::Rule;
use super::comparison;
use super::cursor::Node;
use super::history;
use super::length;
use super::mistake;
use super::reader::Reader;
use super::text;

/// A whole condition.
pub(super) fn block(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Condition> {
    let tree = condition(reader, node.take(Rule::condition)?);
    if let Some(stop) = node.take(Rule::bad_stop) {
        reader.say(mistake::full_stop(reader.span(&stop)));
    }
    tree
}

fn condition(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Condition> {
    let span = reader.span(&node);
    joined(reader, &mut node, span, term, ConditionKind::All, ConditionKind::Any)
}

/// How two neighbours are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    And,
    Or,
}

/// Parts with `and` and `or` between them: one flat list. Both kinds side by side are E0110.
pub(super) fn joined<'i, T>(
    reader: &mut Reader<'_>,
    node: &mut Node<'i>,
    span: Span,
    read: fn(&mut Reader<'_>, Node<'i>) -> Option<At<T>>,
    all: fn(Vec<At<T>>) -> T,
    any: fn(Vec<At<T>>) -> T,
) -> Option<At<T>> {
    let (mut parts, mut spans, mut joins) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(child) = node.next() {
        match child.rule {
            Rule::k_and => joins.push((Join::And, reader.span(&child))),
            Rule::k_or => joins.push((Join::Or, reader.span(&child))),
            Rule::bad_sym => {
                let join = if matches!(child.text, "&&" | "AND") { Join::And } else { Join::Or };
                let at = reader.span(&child);
                let meant = if join == Join::And { "and" } else { "or" };
                let replacement = reader.spaced(child.start, child.end, meant);
                reader.say(mistake::sign(Code::E0109, at, child.text, meant, replacement));
                joins.push((join, at));
            }
            _ => {
                spans.push(reader.span(&child));
                // What cannot stand here was complained of; the other parts are still read.
                parts.extend(read(reader, child));
            }
        }
    }
    let first = joins.first().copied();
    if let Some((join, at)) = first
        && let Some((_, other)) = joins.iter().find(|(other, _)| *other != join)
    {
        reader.say(mixed(at, *other, &spans, &joins));
    }
    if parts.len() <= 1 {
        return parts.pop();
    }
    let node = match first {
        Some((Join::Or, _)) => any(parts),
        _ => all(parts),
    };
    Some(At { span, node })
}

fn mixed(one: Span, other: Span, parts: &[Span], joins: &[(Join, Span)]) -> Diagnostic {
    Diagnostic::new(Code::E0110, other, "`and` and `or` side by side can be read in two ways")
        .label("which belongs together?")
        .also(one, "and here")
        .fix_all("`and` first", around(Join::And, parts, joins))
        .fix_all("`or` first", around(Join::Or, parts, joins))
}

/// Parentheses around each run of parts that `join` joins.
fn around(join: Join, parts: &[Span], joins: &[(Join, Span)]) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut open = false;
    for (n, part) in parts.iter().enumerate() {
        let goes_on = joins.get(n).is_some_and(|(kind, _)| *kind == join);
        if goes_on && !open {
            edits.push(Edit { span: part.before(), replacement: "(".to_owned() });
        } else if open && !goes_on {
            edits.push(Edit { span: part.after(), replacement: ")".to_owned() });
        }
        open = goes_on;
    }
    edits
}

fn term(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Condition> {
    let inner = node.next()?;
    match inner.rule {
        Rule::negated => negated(reader, inner),
        _ => holding(reader, inner),
    }
}

fn holding(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Condition> {
    let inner = node.next()?;
    let start = inner.start;
    let mut tree = unit(reader, inner);
    if let Some(clause) = node.take(Rule::for_clause) {
        let span = reader.between(start, clause.end);
        let length = at_least(reader, clause)?;
        tree = tree.map(|tree| At { span, node: ConditionKind::ForAtLeast(Box::new(tree), length) });
    }
    tail(reader, &mut node, None);
    tree
}

fn negated(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Condition> {
    let span = reader.span(&node);
    let no = node.next()?;
    let not = not_sign(reader, &no);
    let unit_node = node.next()?;
    let (start, end) = (unit_node.start, unit_node.end);
    let tree = unit(reader, unit_node);
    tail(reader, &mut node, Some((not, start, end)));
    Some(At { span, node: ConditionKind::Not(Box::new(tree?)) })
}

/// Where `not` stands, or what people write instead.
pub(super) fn not_sign(reader: &mut Reader<'_>, node: &Node<'_>) -> Span {
    let span = reader.span(node);
    if node.rule == Rule::bad_bang {
        let replacement = reader.spaced(node.start, node.end, "not");
        // An opening parenthesis in front may touch it.
        let replacement = replacement.trim_start();
        reader.say(mistake::sign(Code::E0109, span, node.text, "not", replacement.to_owned()));
    }
    span
}

/// Clauses that cannot stand behind a condition. `negated` is the place of `not` and of what it negates.
fn tail(reader: &mut Reader<'_>, node: &mut Node<'_>, negated: Option<(Span, usize, usize)>) {
    while let Some(clause) = node.next() {
        let span = reader.span(&clause);
        let cut = reader.cut(clause.start, clause.end);
        match (clause.rule, negated) {
            (Rule::bad_not_for, Some((not, start, end))) => reader.say(
                Diagnostic::new(Code::E0224, span, "`not … for at least` can be read in two ways")
                    .also(not, "what is negated?")
                    .fix_all(
                        "it was not true all that time",
                        vec![
                            Edit { span: reader.between(start, end).before(), replacement: "(".to_owned() },
                            Edit { span: span.after(), replacement: ")".to_owned() },
                        ],
                    )
                    .fix_all(
                        "it was false all that time",
                        vec![
                            Edit { span: not.before(), replacement: "(".to_owned() },
                            Edit { span: reader.between(start, end).after(), replacement: ")".to_owned() },
                        ],
                    ),
            ),
            (Rule::bad_not_for, None) => {
                reader.say(mistake::superfluous(Code::E0222, span, "a second `for at least` cannot stand here", cut));
            }
            (Rule::bad_for, _) => {
                without_at_least(reader, clause, "for");
            }
            _ => reader.say(
                mistake::superfluous(
                    Code::E0201,
                    span,
                    format!("`{}` says when something happened, and this is no event", mistake::brief(clause.text)),
                    cut,
                )
                .note("when a value became what it is, says `changed …`; how long it is so, `… for at least …`"),
            ),
        }
    }
}

/// `for D`, `known for D`
fn without_at_least(reader: &mut Reader<'_>, mut node: Node<'_>, word: &str) -> Option<Length> {
    let span = reader.span(&node);
    let written = node.find(Rule::span)?;
    let at = reader.span(&written).before();
    reader.say(mistake::without_at_least(span, at, word));
    length::length(reader, written)
}

/// `known for D`, or `known` alone.
fn known_without_at_least(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Length> {
    let span = reader.span(&node);
    if node.clone().find(Rule::span).is_some() {
        return without_at_least(reader, node, "known for");
    }
    reader.say(
        Diagnostic::new(Code::E0215, span, "`known` does not say for how long")
            .note("everybody that rules are asked about is known: `known for at least 30 days` leaves new people out")
            .fix("say how long", span, "known for at least 30 days"),
    );
    None
}

/// The length in `for at least D`, which is of elapsed units.
fn at_least(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Length> {
    let length = length::length(reader, node.find(Rule::span)?)?;
    if let Unit::Calendar(unit) = length.unit {
        let (factor, unit) = match unit {
            CalendarUnit::Day => (1, Unit::Day),
            CalendarUnit::Week => (1, Unit::Week),
            CalendarUnit::Month => (30, Unit::Day),
            CalendarUnit::Year => (365, Unit::Day),
        };
        let amount = length.amount.saturating_mul(factor);
        reader.say(
            Diagnostic::new(Code::E0221, length.span, "`for at least` counts seconds, and days of the calendar differ")
                .label("a unit of the calendar")
                .fix("always the same length", length.span, format!("{amount} {}", length::unit_word(amount, unit))),
        );
    }
    Some(length)
}

fn unit(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Condition> {
    let span = reader.span(&node);
    let kind = match node.rule {
        Rule::group => {
            let inner = condition(reader, node.take(Rule::condition)?)?;
            return Some(At { span, node: inner.node });
        }
        Rule::everyone => ConditionKind::Everyone,
        Rule::known => match node.take(Rule::bad_known) {
            Some(bad) => ConditionKind::KnownFor(known_without_at_least(reader, bad)?),
            None => ConditionKind::KnownFor(at_least(reader, node)?),
        },
        Rule::sample => {
            node.has(Rule::k_in);
            node.has(Rule::k_sample);
            let name = text::name(reader, node.next()?)?;
            let share = node.find(Rule::percent)?;
            ConditionKind::InSample { name, share: percent(reader, &share) }
        }
        Rule::in_segment | Rule::in_campaign => {
            node.next();
            node.next();
            let name = text::name(reader, node.next()?)?;
            if node.rule == Rule::in_segment { ConditionKind::InSegment(name) } else { ConditionKind::InCampaign(name) }
        }
        Rule::service_window => ConditionKind::ServiceWindow { open: node.find(Rule::k_open).is_some() },
        Rule::clock => clock(reader, node)?,
        Rule::temporal => ConditionKind::History(Box::new(history::history(reader, node)?)),
        _ => ConditionKind::Comparison(comparison::comparison(reader, node)?),
    };
    Some(At { span, node: kind })
}

fn percent(reader: &mut Reader<'_>, node: &Node<'_>) -> At<Decimal> {
    let share = Decimal::from_str_exact(node.text.trim_end_matches('%')).unwrap_or_default();
    if share > Decimal::ONE_HUNDRED {
        let message = format!("`{}` is more than all", mistake::brief(node.text));
        reader.say(Diagnostic::new(Code::E0114, reader.span(node), message));
    }
    reader.at(node, share)
}

/// `local time is …`, `local day is …`
fn clock(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<ConditionKind> {
    node.has(Rule::k_local);
    if node.has(Rule::k_time) {
        let from = text::time(reader, &node.find(Rule::time)?);
        let to = text::time(reader, &node.find(Rule::time)?);
        return Some(ConditionKind::LocalTime { from, to });
    }
    let mut days = Vec::new();
    let mut list = node.find(Rule::days)?;
    while let Some(day) = list.next() {
        days.push(reader.at(&day, day.text.parse::<Weekday>().ok()?));
    }
    Some(ConditionKind::LocalDay(days))
}
