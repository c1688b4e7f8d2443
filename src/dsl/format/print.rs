//! Conditions and sequences in the one form in which they are written.

use super::doc::{Break, Doc};
use super::event::{event, message};
use super::value::{comparison, length, literal, moment, name, path, time};
use crate::dsl::parse::unit_word;
use crate::dsl::syntax::{
    At, Bound, CalendarUnit, Chain, Condition, ConditionKind, Frequency, History, How, Lead, Limit, Of, Step, Unit,
    Wait, WindowKind,
};

/// What is written besides the tree.
#[derive(Clone, Copy, Debug, Default)]
pub struct Printer<'s> {
    /// The text that the tree was read from; empty where there is none.
    pub source: &'s str,
}

/// A whole condition. Parts that its author put on lines of their own stay there.
pub fn condition(printer: Printer<'_>, tree: &Condition) -> Doc {
    match &tree.node {
        ConditionKind::All(parts) => joined(printer, "and", parts, kept(printer, parts)),
        ConditionKind::Any(parts) => joined(printer, "or", parts, kept(printer, parts)),
        _ => unit(printer, tree),
    }
}

fn kept(printer: Printer<'_>, parts: &[Condition]) -> Break {
    let broken = |pair: &[Condition]| {
        let between = pair.first().zip(pair.last()).map(|(left, right)| left.span.end..right.span.start);
        between.and_then(|between| printer.source.get(between)).is_some_and(|between| between.contains('\n'))
    };
    if parts.windows(2).any(broken) { Break::KeptParts } else { Break::Parts }
}

fn joined(printer: Printer<'_>, word: &str, parts: &[Condition], how: Break) -> Doc {
    let part = |(n, part): (usize, &Condition)| {
        let inner = match part.node {
            ConditionKind::All(_) | ConditionKind::Any(_) => grouped(printer, part),
            _ => unit(printer, part),
        };
        if n == 0 { inner } else { Doc::led(word, inner) }
    };
    Doc::Group(how, parts.iter().enumerate().map(part).collect())
}

/// In parentheses.
fn grouped(printer: Printer<'_>, tree: &Condition) -> Doc {
    let inner = match &tree.node {
        ConditionKind::All(parts) => joined(printer, "and", parts, Break::Parts),
        ConditionKind::Any(parts) => joined(printer, "or", parts, Break::Parts),
        _ => unit(printer, tree),
    };
    brackets("(", tree.span.start, vec![inner], ")", tree.span.end, Break::Brackets)
}

/// Pieces between two brackets, of which the second ends at `end`.
pub fn brackets(open: &str, start: usize, inner: Vec<Doc>, close: &str, end: usize, how: Break) -> Doc {
    let mut pieces = vec![Doc::token(open, start)];
    pieces.extend(inner);
    pieces.push(Doc::token(close, end.saturating_sub(1)));
    Doc::Group(how, pieces)
}

/// Behind `not` or in front of `for at least`: in parentheses where it would be read in another way.
fn operand(printer: Printer<'_>, tree: &Condition, negated: bool) -> Doc {
    let ambiguous = match &tree.node {
        ConditionKind::All(_) | ConditionKind::Any(_) | ConditionKind::Not(_) | ConditionKind::ForAtLeast(..) => true,
        ConditionKind::History(history) => negated && !history.chain.steps.is_empty(),
        _ => false,
    };
    if ambiguous { grouped(printer, tree) } else { unit(printer, tree) }
}

fn unit(printer: Printer<'_>, tree: &Condition) -> Doc {
    let at = tree.span.start;
    match &tree.node {
        // Only as a whole, or in parentheses, which its users write.
        ConditionKind::All(_) | ConditionKind::Any(_) => condition(printer, tree),
        ConditionKind::Not(inner) => Doc::Row(vec![Doc::token("not", at), operand(printer, inner, true)]),
        ConditionKind::ForAtLeast(inner, span) => {
            Doc::Row(vec![operand(printer, inner, false), Doc::token("for at least", span.span.start), length(span)])
        }
        ConditionKind::Everyone => Doc::token("everyone", at),
        ConditionKind::KnownFor(span) => Doc::Row(vec![Doc::token("known for at least", at), length(span)]),
        ConditionKind::InSample { name: sample, share } => Doc::Row(vec![
            Doc::token("in sample", at),
            name(printer, sample),
            Doc::token(format!("of {}%", share.node), share.span.start),
        ]),
        ConditionKind::InSegment(segment) => Doc::Row(vec![Doc::token("in segment", at), name(printer, segment)]),
        ConditionKind::InCampaign(campaign) => Doc::Row(vec![Doc::token("in campaign", at), name(printer, campaign)]),
        ConditionKind::ServiceWindow { open } => {
            Doc::token(if *open { "service window is open" } else { "service window is closed" }, at)
        }
        ConditionKind::LocalTime { from, to } => {
            Doc::Row(vec![Doc::token("local time is from", at), time(from), Doc::token("to", to.span.start), time(to)])
        }
        ConditionKind::LocalDay(days) => {
            let days: Vec<String> = days.iter().map(|day| day.node.to_string().to_lowercase()).collect();
            Doc::token(format!("local day is one of [{}]", days.join(", ")), at)
        }
        ConditionKind::History(tree) => history(printer, tree),
        ConditionKind::Comparison(tree) => comparison(printer, tree),
    }
}

fn history(printer: Printer<'_>, tree: &History) -> Doc {
    let mut pieces = Vec::new();
    if let Some(lead) = &tree.lead {
        let word = match lead.node {
            Lead::Has => "has",
            Lead::HasNot => "has not",
            Lead::Never => "never",
            Lead::MostRecently => "most recently",
        };
        pieces.push(Doc::token(word, lead.span.start));
    }
    let mut behind = Vec::new();
    if let Some(clause) = &tree.times {
        let count = clause.node.count.node;
        let times = if count == 1 { "time" } else { "times" };
        behind.push(Doc::token(format!("{} {times}", bound(&clause.node)), clause.span.start));
    }
    if let Some(clause) = &tree.distinct {
        let words = format!("with {} distinct", bound(&clause.node.bound));
        behind.extend([Doc::token(words, clause.span.start), path(&clause.node.path)]);
    }
    if let Some(clause) = &tree.window {
        behind.push(window(printer, clause));
    }
    pieces.push(sequence(printer, &tree.chain, behind));
    Doc::Row(pieces)
}

/// An event, or a sequence of them.
pub fn chain(printer: Printer<'_>, tree: &Chain) -> Doc {
    sequence(printer, tree, Vec::new())
}

/// `behind`: what follows the last event.
fn sequence(printer: Printer<'_>, tree: &Chain, behind: Vec<Doc>) -> Doc {
    let mut first = vec![event(printer, &tree.first)];
    if let Some(clause) = &tree.within_of {
        first.extend([
            Doc::token("within", clause.span.start),
            length(&clause.length),
            Doc::token("of", clause.of.span.start),
            match &clause.of.node {
                Of::Answered => Doc::token("the message it answers", clause.of.span.start),
                Of::Message(of) => message(printer, of),
            },
        ]);
    }
    let mut pieces = vec![first];
    pieces.extend(tree.steps.iter().map(|tree| step(printer, tree)));
    if let Some(last) = pieces.last_mut() {
        last.extend(behind);
    }
    let mut pieces: Vec<Doc> = pieces.into_iter().map(Doc::Row).collect();
    match pieces.len() {
        1 => pieces.remove(0),
        _ => Doc::Group(Break::Steps, pieces),
    }
}

fn step(printer: Printer<'_>, tree: &Step) -> Vec<Doc> {
    let mut pieces = vec![Doc::token("then", tree.span.start)];
    if let Some(not) = tree.not {
        pieces.push(Doc::token("not", not.start));
    }
    pieces.push(event(printer, &tree.event));
    if let Some(same) = &tree.same {
        pieces.extend([Doc::token("with same", same.span.start), path(&same.node)]);
    }
    if let Some(within) = &tree.within {
        pieces.extend([Doc::token("within", within.span.start), length(&within.node)]);
    }
    pieces
}

/// `at least 3`
fn bound(bound: &Bound) -> String {
    let how = match bound.how {
        How::AtLeast => "at least",
        How::AtMost => "at most",
        How::Exactly => "exactly",
        How::MoreThan => "more than",
        How::FewerThan => "fewer than",
    };
    format!("{how} {}", bound.count.node)
}

fn window(printer: Printer<'_>, tree: &At<WindowKind>) -> Doc {
    let at = tree.span.start;
    let with = |words: &str, piece: Doc| Doc::Row(vec![Doc::token(words, at), piece]);
    match &tree.node {
        WindowKind::Ever => Doc::token("ever", at),
        WindowKind::InTheLast(span) => with("in the last", length(span)),
        WindowKind::Within(span) => with("within", length(span)),
        WindowKind::This(unit) => Doc::token(format!("this {}", calendar_word(*unit)), at),
        WindowKind::Today => Doc::token("today", at),
        WindowKind::Yesterday => Doc::token("yesterday", at),
        WindowKind::SinceEntry => Doc::token("since entry", at),
        WindowKind::Since(from) => with("since", literal(printer, &moment(from))),
        WindowKind::Before(end) => with("before", literal(printer, &moment(end))),
        WindowKind::On(date) => with("on", Doc::token(date.node.to_string(), date.span.start)),
        WindowKind::FromTo(from, to) => Doc::Row(vec![
            Doc::token("from", at),
            Doc::token(from.node.to_string(), from.span.start),
            Doc::token("to", to.span.start),
            Doc::token(to.node.to_string(), to.span.start),
        ]),
    }
}

/// `week`: the unit without its number.
fn calendar_word(unit: CalendarUnit) -> String {
    unit_word(1, Unit::Calendar(unit)).trim_start_matches("calendar ").to_owned()
}

/// `2 days`, `until 09:00`, `until event.starts_at - 1 day`
pub fn wait(tree: &Wait) -> Doc {
    match tree {
        Wait::For(span) => length(span),
        Wait::UntilTime(end) => Doc::Row(vec![Doc::token("until", 0), time(end)]),
        Wait::Until { path: end, offset } => {
            let mut pieces = vec![Doc::token("until", 0), path(end)];
            if let Some(offset) = offset {
                let sign = if offset.back { "-" } else { "+" };
                pieces.extend([Doc::token(sign, offset.length.span.start), length(&offset.length)]);
            }
            Doc::Row(pieces)
        }
    }
}

/// `every time`, `once`, `once per 30 days`
pub fn frequency(tree: &Frequency) -> Doc {
    match tree {
        Frequency::EveryTime => Doc::token("every time", 0),
        Frequency::Once => Doc::token("once", 0),
        Frequency::OncePer(span) => Doc::Row(vec![Doc::token("once per", 0), length(span)]),
    }
}

/// `at most 3 messages in 7 calendar days`
pub fn limit(tree: &Limit) -> Doc {
    let count = tree.messages.node;
    let messages = if count == 1 { "message" } else { "messages" };
    Doc::Row(vec![Doc::token(format!("at most {count} {messages} in"), 0), length(&tree.length)])
}
