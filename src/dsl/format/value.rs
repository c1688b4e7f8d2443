//! Names, values, lists, comparisons and lengths of time.

use chrono::NaiveTime;

use super::doc::{Break, Doc};
use super::print::{Printer, brackets};
use crate::diagnostic::Span;
use crate::dsl::parse::{is_bare_path, unit_word};
use crate::dsl::syntax::{
    At, Comparison, IfMissing, Length, List, ListKind, Literal, LiteralKind, Moment, MomentKind, Name, OperatorKind,
    Path, Pattern, Root, Text, TimeTest,
};

impl<'s> Printer<'s> {
    /// What its author wrote for a value that can be written in several ways.
    fn spelling(self, span: Span) -> Option<&'s str> {
        self.source.get(span.start..span.end).filter(|text| !text.is_empty())
    }
}

/// The name of a segment, campaign and so on.
pub fn name(printer: Printer<'_>, tree: &Name) -> Doc {
    string(printer, &tree.node, tree.span)
}

/// A text: a bare keyword stays bare.
pub fn text(printer: Printer<'_>, tree: &Text) -> Doc {
    if tree.bare { Doc::token(tree.text.as_str(), tree.span.start) } else { string(printer, &tree.text, tree.span) }
}

fn string(printer: Printer<'_>, text: &str, span: Span) -> Doc {
    let spelling = printer.spelling(span).filter(|spelling| spelling.starts_with('"'));
    Doc::token(spelling.map_or_else(|| quoted(text), str::to_owned), span.start)
}

/// In quotes, with escapes for what could not stand there or not be seen.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:X}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A pattern, its flags behind it.
pub fn pattern(tree: &Pattern) -> Doc {
    let flagged = tree.node.strip_prefix("(?").and_then(|rest| rest.split_once(')')).filter(|(flags, rest)| {
        !flags.is_empty() && !rest.is_empty() && flags.chars().all(|flag| matches!(flag, 'i' | 's' | 'm'))
    });
    let (flags, inner) = flagged.unwrap_or(("", &tree.node));
    Doc::token(format!("/{inner}/{flags}"), tree.span.start)
}

/// An attribute or property; in backticks where it would not be read as one.
pub fn path(tree: &Path) -> Doc {
    let written = match tree.root {
        Root::Person => format!("person.{}", tree.name),
        Root::Event => format!("event.{}", tree.name),
        Root::None if is_bare_path(&tree.name) => tree.name.clone(),
        Root::None => format!("`{}`", tree.name),
    };
    Doc::token(written, tree.span.start)
}

/// A value.
pub fn literal(printer: Printer<'_>, tree: &Literal) -> Doc {
    let at = tree.span.start;
    match &tree.node {
        LiteralKind::Text(text) => string(printer, text, tree.span),
        LiteralKind::Number(number) => Doc::token(number.to_string(), at),
        LiteralKind::Boolean(boolean) => Doc::token(boolean.to_string(), at),
        LiteralKind::Moment(MomentKind::Date(date)) => Doc::token(date.to_string(), at),
        // Which zone an instant is written in is its author's choice.
        LiteralKind::Moment(MomentKind::Time(second)) => {
            Doc::token(printer.spelling(tree.span).map_or_else(|| second.rfc3339(), str::to_owned), at)
        }
    }
}

/// A moment as the value that it is.
pub fn moment(tree: &Moment) -> Literal {
    At { span: tree.span, node: LiteralKind::Moment(tree.node) }
}

/// A local time.
pub fn time(tree: &At<NaiveTime>) -> Doc {
    Doc::token(tree.node.format("%H:%M").to_string(), tree.span.start)
}

/// `[…]`, or the name of a list.
pub fn list(printer: Printer<'_>, tree: &List) -> Doc {
    let literals = match &tree.node {
        ListKind::Named(name) => return Doc::token(name.as_str(), tree.span.start),
        ListKind::Literals(literals) => literals,
    };
    let entry = |(n, entry): (usize, &Literal)| match n + 1 < literals.len() {
        true => Doc::Row(vec![literal(printer, entry), Doc::token(",", entry.span.start)]),
        false => literal(printer, entry),
    };
    let entries = literals.iter().enumerate().map(entry).collect();
    brackets("[", tree.span.start, entries, "]", tree.span.end, Break::Filled)
}

/// `2 days`
pub fn length(tree: &Length) -> Doc {
    Doc::token(format!("{} {}", tree.amount, unit_word(tree.amount, tree.unit)), tree.span.start)
}

/// A test on one value.
pub fn comparison(printer: Printer<'_>, tree: &Comparison) -> Doc {
    let mut pieces = vec![path(&tree.path)];
    pieces.extend(operator(printer, &tree.operator));
    if let Some(missing) = &tree.missing {
        let clause = match missing.node {
            IfMissing::True => "(or missing)",
            IfMissing::False => "(and present)",
        };
        pieces.push(Doc::token(clause, missing.span.start));
    }
    Doc::Row(pieces)
}

fn operator(printer: Printer<'_>, tree: &At<OperatorKind>) -> Vec<Doc> {
    use OperatorKind as Op;
    let at = tree.span.start;
    let (words, value) = match &tree.node {
        Op::Missing => return vec![Doc::token("is missing", at)],
        Op::Present => return vec![Doc::token("is present", at)],
        Op::Time(test) => return time_test(printer, test, at),
        Op::Is(value) => ("is", literal(printer, value)),
        Op::IsNot(value) => ("is not", literal(printer, value)),
        Op::OneOf(values) => ("is one of", list(printer, values)),
        Op::NotOneOf(values) => ("is not one of", list(printer, values)),
        Op::More(value) => (">", literal(printer, value)),
        Op::AtLeast(value) => (">=", literal(printer, value)),
        Op::Less(value) => ("<", literal(printer, value)),
        Op::AtMost(value) => ("<=", literal(printer, value)),
        Op::Contains(value) => ("contains", literal(printer, value)),
        Op::DoesNotContain(value) => ("does not contain", literal(printer, value)),
        Op::StartsWith(value) => ("starts with", text(printer, value)),
        Op::EndsWith(value) => ("ends with", text(printer, value)),
        Op::Matches(value) => ("matches", pattern(value)),
    };
    vec![Doc::token(words, at), value]
}

fn time_test(printer: Printer<'_>, tree: &TimeTest, at: usize) -> Vec<Doc> {
    use TimeTest as T;
    let words = |words: &str| vec![Doc::token(words, at)];
    let with = |words: &str, piece| vec![Doc::token(words, at), piece];
    let between = |front: &str, span: &Length, behind: &str| {
        vec![Doc::token(front, at), length(span), Doc::token(behind, span.span.start)]
    };
    match tree {
        T::InTheNext(span) => with("is in the next", length(span)),
        T::InTheLast(span) => with("is in the last", length(span)),
        T::InThePast => words("is in the past"),
        T::InTheFuture => words("is in the future"),
        T::MoreThanAgo(span) => between("is more than", span, "ago"),
        T::LessThanAgo(span) => between("is less than", span, "ago"),
        T::MoreThanAway(span) => between("is more than", span, "away"),
        T::LessThanAway(span) => between("is less than", span, "away"),
        T::Before(end) => with("is before", literal(printer, &moment(end))),
        T::After(start) => with("is after", literal(printer, &moment(start))),
        T::On(day) => with("is on", literal(printer, &moment(day))),
        T::Today => words("is today"),
        T::Yesterday => words("is yesterday"),
        T::Tomorrow => words("is tomorrow"),
    }
}
