//! Comparisons in words: what is compared, how, and what a missing value gives.

use crate::dsl::words::{self, date, days_ahead, days_back, exact, name, pattern, quoted, several};
use crate::model::compare::{Comparison, Op, TimeTest};
use crate::model::rule::{Point, Property};
use crate::model::time::{CalendarUnit, Length};
use crate::model::value::{Type, Value};

/// A test, or what is true where it is not.
#[must_use]
pub fn comparison(test: &Comparison, declared: Option<&Property>, negated: bool) -> String {
    let mut out = format!("{} {}", name(&test.name), operator(&test.op, test.ty, negated));
    let says_itself = matches!(test.op, Op::Missing | Op::Present);
    if !says_itself && !declared.is_some_and(|property| property.always_set) {
        let truth = test.if_missing != negated;
        out.push_str(if truth { " (if missing: yes)" } else { " (if missing: no)" });
    }
    out
}

fn operator(op: &Op, ty: Option<Type>, negated: bool) -> String {
    let either = |yes: &str, no: &str| if negated { no.to_owned() } else { yes.to_owned() };
    match op {
        Op::Missing => either("is missing", "is present"),
        Op::Present => either("is present", "is missing"),
        Op::Is(value) if !negated => is(value),
        Op::Is(value) => is_not(value),
        Op::IsNot(value) if !negated => is_not(value),
        Op::IsNot(value) => is(value),
        Op::OneOf(values) => format!("{} {}", either("is one of", "is none of"), list(values)),
        Op::NotOneOf(values) => format!("{} {}", either("is none of", "is one of"), list(values)),
        Op::More(value) => ordered(value, negated, Order::More),
        Op::AtLeast(value) => ordered(value, negated, Order::AtLeast),
        Op::Less(value) => ordered(value, negated, Order::Less),
        Op::AtMost(value) => ordered(value, negated, Order::AtMost),
        Op::Contains(part) => contains(part, ty, negated),
        Op::DoesNotContain(part) => contains(part, ty, !negated),
        Op::StartsWith(part) => format!("{} exactly {}", either("starts with", "does not start with"), quoted(part)),
        Op::EndsWith(part) => format!("{} exactly {}", either("ends with", "does not end with"), quoted(part)),
        Op::Matches(source) => format!("{} the pattern {}", either("matches", "does not match"), pattern(source)),
        Op::Time(test) => format!("{} {}", either("lies", "does not lie"), time(*test, ty)),
    }
}

/// Texts are compared exactly, and the reader has to know.
fn is(value: &Value) -> String {
    match value {
        Value::Text(_) => format!("is exactly {}", words::value(value)),
        _ => format!("is {}", words::value(value)),
    }
}

fn is_not(value: &Value) -> String {
    match value {
        Value::Text(_) => format!("is anything but exactly {}", words::value(value)),
        _ => format!("is not {}", words::value(value)),
    }
}

fn list(values: &[Value]) -> String {
    several(values.iter().map(words::value))
}

#[derive(Clone, Copy)]
enum Order {
    More,
    AtLeast,
    Less,
    AtMost,
}

fn ordered(value: &Value, negated: bool, order: Order) -> String {
    let order = match (order, negated) {
        (Order::More, false) | (Order::AtMost, true) => Order::More,
        (Order::AtLeast, false) | (Order::Less, true) => Order::AtLeast,
        (Order::Less, false) | (Order::AtLeast, true) => Order::Less,
        (Order::AtMost, false) | (Order::More, true) => Order::AtMost,
    };
    let said = words::value(value);
    match value {
        Value::Time(_) | Value::Date(_) => match order {
            Order::More => format!("is later than {said}"),
            Order::AtLeast => format!("is {said} or later"),
            Order::Less => format!("is earlier than {said}"),
            Order::AtMost => format!("is {said} or earlier"),
        },
        Value::Text(_) => match order {
            Order::More => format!("sorts behind {said}"),
            Order::AtLeast => format!("is {said} or sorts behind it"),
            Order::Less => format!("sorts before {said}"),
            Order::AtMost => format!("is {said} or sorts before it"),
        },
        Value::Number(_) | Value::Boolean(_) | Value::List(_) => match order {
            Order::More => format!("is more than {said}"),
            Order::AtLeast => format!("is at least {said}"),
            Order::Less => format!("is less than {said}"),
            Order::AtMost => format!("is at most {said}"),
        },
    }
}

fn contains(part: &Value, ty: Option<Type>, negated: bool) -> String {
    let has = if negated { "does not have" } else { "has" };
    let part_words = words::value(part);
    match ty {
        Some(Type::ListOfText | Type::ListOfNumber) => format!("{has} the element {part_words}"),
        Some(Type::Text | Type::Phone | Type::Number | Type::Boolean | Type::Time | Type::Date) => {
            format!("{has} exactly {part_words} somewhere in it")
        }
        None => format!("{has} {part_words} as an element, or somewhere in it if it is a text"),
    }
}

/// Behind `lies`.
fn time(test: TimeTest, ty: Option<Type>) -> String {
    match test {
        TimeTest::InTheNext(Length::Elapsed(d)) => {
            format!("ahead, by at most {}", exact(d))
        }
        TimeTest::InTheNext(Length::Calendar { amount, unit }) => {
            format!("in the next {} ({}, local time)", calendar(amount, unit), days_ahead(amount, unit))
        }
        TimeTest::InTheLast(Length::Elapsed(d)) => {
            format!("less than {} back, now included", exact(d))
        }
        TimeTest::InTheLast(Length::Calendar { amount, unit }) => {
            format!("in the last {} ({}, local time)", calendar(amount, unit), days_back(amount, unit))
        }
        TimeTest::InThePast => match ty {
            Some(Type::Date) => "in the past: before today, local time".to_owned(),
            _ => "in the past, this second included".to_owned(),
        },
        TimeTest::InTheFuture => match ty {
            Some(Type::Date) => "in the future: after today, local time".to_owned(),
            _ => "in the future, this second not included".to_owned(),
        },
        TimeTest::MoreThanAgo(Length::Elapsed(d)) => format!("more than {} back", exact(d)),
        TimeTest::MoreThanAgo(Length::Calendar { amount, unit }) => {
            format!("before the last {} ({}, local time)", calendar(amount, unit), days_back(amount, unit))
        }
        TimeTest::MoreThanAway(Length::Elapsed(d)) => format!("more than {} ahead", exact(d)),
        TimeTest::MoreThanAway(Length::Calendar { amount, unit }) => {
            format!("behind the next {} ({}, local time)", calendar(amount, unit), days_ahead(amount, unit))
        }
        TimeTest::Before(Point::Instant(at)) => format!("before {}", at.rfc3339()),
        TimeTest::Before(Point::Day(day)) => format!("before the local day {} begins", date(day)),
        TimeTest::After(Point::Instant(at)) => format!("after {}", at.rfc3339()),
        TimeTest::After(Point::Day(day)) => format!("after the local day {} is over", date(day)),
        TimeTest::On(day) => format!("on the local day {}", date(day)),
        TimeTest::DaysAway(0) => "on today's local day".to_owned(),
        TimeTest::DaysAway(-1) => "on yesterday's local day".to_owned(),
        TimeTest::DaysAway(1) => "on tomorrow's local day".to_owned(),
        TimeTest::DaysAway(days) if days < 0 => {
            format!("on the local day {} ago", words::many(i128::from(days).abs(), "day"))
        }
        TimeTest::DaysAway(days) => format!("on the local day {} from today", words::many(days, "day")),
    }
}

fn calendar(amount: u32, unit: CalendarUnit) -> String {
    words::length(Length::Calendar { amount, unit })
}
