//! Comparisons of one value, and the tests of `where`.

use crate::diagnostic::{Code, Diagnostic};
use crate::dsl::syntax::{At, Comparison, IfMissing, OperatorKind, Test, TestKind, TimeTest};

use super::Rule;
use super::condition::{joined, not_sign};
use super::cursor::Node;
use super::length::length;
use super::mistake;
use super::reader::Reader;
use super::text;

/// `path operator`, and what a missing value gives.
pub(super) fn comparison(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Comparison> {
    let span = reader.span(&node);
    let path = text::path(reader, &node.take(Rule::path)?);
    let written = node.take(Rule::operator)?;
    let at = reader.span(&written);
    let operator = At { span: at, node: operator(reader, written)? };
    let missing = node.next().map(|mut clause| {
        let at = reader.span(&clause);
        if clause.rule == Rule::bad_missing {
            reader.say(mistake::bare_missing(at, clause.text));
        }
        let node = if clause.has(Rule::k_or) { IfMissing::True } else { IfMissing::False };
        At { span: at, node }
    });
    Some(Comparison { span, path, operator, missing })
}

fn operator(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<OperatorKind> {
    use OperatorKind as Op;
    let mut node = node.next()?;
    let not = node.clone().find(Rule::k_not).is_some();
    Some(match node.rule {
        Rule::op_missing => Op::Missing,
        Rule::op_present => Op::Present,
        Rule::op_one_of => {
            node.find(Rule::k_of);
            let list = text::list(reader, node.next()?)?;
            if not { Op::NotOneOf(list) } else { Op::OneOf(list) }
        }
        Rule::op_time => Op::Time(time_test(reader, node)?),
        Rule::op_is_not => Op::IsNot(text::literal(reader, node.find(Rule::literal)?)?),
        Rule::op_is => Op::Is(text::literal(reader, node.find(Rule::literal)?)?),
        Rule::op_order => {
            let literal = text::literal(reader, node.next()?)?;
            match node.text {
                sign if sign.starts_with(">=") => Op::AtLeast(literal),
                sign if sign.starts_with("<=") => Op::AtMost(literal),
                sign if sign.starts_with('>') => Op::More(literal),
                _ => Op::Less(literal),
            }
        }
        Rule::op_contains => {
            if !node.has(Rule::k_contains) {
                node.find(Rule::k_contain);
            }
            let literal = text::literal(reader, node.next()?)?;
            if not { Op::DoesNotContain(literal) } else { Op::Contains(literal) }
        }
        Rule::op_starts | Rule::op_ends => {
            node.find(Rule::k_with);
            let prefix = text::text(reader, node.next()?)?;
            if node.rule == Rule::op_starts { Op::StartsWith(prefix) } else { Op::EndsWith(prefix) }
        }
        Rule::op_matches => Op::Matches(text::pattern(reader, node.find(Rule::regex)?)?),
        Rule::bad_not_missing => {
            reader.say(mistake::not_missing(reader.span(&node), node.text));
            if node.find(Rule::k_missing).is_some() { Op::Present } else { Op::Missing }
        }
        Rule::bad_is_within => {
            let span = reader.span(&node);
            let within = node.find(Rule::k_within)?;
            reader.say(mistake::is_within(span, reader.between(node.start, within.end)));
            Op::Time(TimeTest::InTheLast(length(reader, node.next()?)?))
        }
        Rule::bad_eq => {
            let literal = node.next()?;
            let sign = node.text.get(..literal.start - node.start)?.trim_end();
            let end = node.start + sign.len();
            let meant = mistake::comparing(sign);
            let replacement = reader.spaced(node.start, end, meant);
            reader.say(mistake::sign(Code::E0108, reader.between(node.start, end), sign, meant, replacement));
            let literal = text::literal(reader, literal)?;
            if meant == "is not" { Op::IsNot(literal) } else { Op::Is(literal) }
        }
        _ => return None,
    })
}

fn time_test(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<TimeTest> {
    use TimeTest as T;
    node.has(Rule::k_is);
    let word = node.next()?;
    Some(match word.rule {
        Rule::k_in => {
            node.has(Rule::k_the);
            match node.next()?.rule {
                Rule::k_next => T::InTheNext(length(reader, node.next()?)?),
                Rule::k_last => T::InTheLast(length(reader, node.next()?)?),
                Rule::k_past => T::InThePast,
                _ => T::InTheFuture,
            }
        }
        Rule::k_more | Rule::k_less => {
            node.has(Rule::k_than);
            let length = length(reader, node.next()?)?;
            match (word.rule, node.next()?.rule) {
                (Rule::k_more, Rule::k_ago) => T::MoreThanAgo(length),
                (Rule::k_more, _) => T::MoreThanAway(length),
                (_, Rule::k_ago) => T::LessThanAgo(length),
                _ => T::LessThanAway(length),
            }
        }
        Rule::k_before => T::Before(text::moment(reader, node.next()?)?),
        Rule::k_after => T::After(text::moment(reader, node.next()?)?),
        Rule::k_on => T::On(text::moment(reader, node.next()?)?),
        Rule::k_today => T::Today,
        Rule::k_yesterday => T::Yesterday,
        _ => T::Tomorrow,
    })
}

/// `where …`
pub(super) fn filter(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Test> {
    test(reader, node.find(Rule::test)?)
}

fn test(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Test> {
    let span = reader.span(&node);
    let mut inner = node.next()?;
    let negated = matches!(inner.rule, Rule::k_not | Rule::bad_bang);
    if negated {
        not_sign(reader, &inner);
        inner = node.next()?;
    }
    let at = reader.span(&inner);
    let tree = match inner.rule {
        Rule::test_group => joined(reader, &mut inner, at, test, TestKind::All, TestKind::Any)?,
        Rule::comparison => At { span: at, node: TestKind::Comparison(comparison(reader, inner)?) },
        _ => {
            reader.say(
                Diagnostic::new(Code::E0306, at, format!("`{}` is no comparison", mistake::brief(inner.text)))
                    .label("only comparisons can stand behind `where`")
                    .note("`where` looks at one event; what else is true of the person stands outside, behind `and`"),
            );
            return None;
        }
    };
    Some(if negated { At { span, node: TestKind::Not(Box::new(tree)) } } else { tree })
}
