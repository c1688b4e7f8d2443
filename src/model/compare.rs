//! Comparisons of one value: their meaning, and the instants at which time alone changes it.
//!
//! Two-valued and total: a value that is missing, or stored under another type, makes every positive
//! test false; a negative test says itself what missing means.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::calendar::{Calendar, Now};
use super::limit::PATTERN_COMPILED_BYTES_MAX;
use super::rule::Point;
use super::time::{Length, Second, Span};
use super::value::{Properties, Type, Value};

/// A test on one attribute or property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The attribute's or property's name; a dot reaches into nested values.
    pub name: String,
    /// The declared type; none where no schema declares it, then the literal's type decides.
    pub ty: Option<Type>,
    pub op: Op,
    /// What a missing value gives. Only negative tests and `(or missing)` set it.
    pub if_missing: bool,
}

/// The operators. Spans count from now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    Missing,
    Present,
    Is(Value),
    IsNot(Value),
    OneOf(Vec<Value>),
    NotOneOf(Vec<Value>),
    More(Value),
    AtLeast(Value),
    Less(Value),
    AtMost(Value),
    /// An element of a list, a part of a text.
    Contains(Value),
    DoesNotContain(Value),
    StartsWith(String),
    EndsWith(String),
    /// The pattern is found in the text. Flags are written inside: `(?i)…`.
    Matches(String),
    Time(TimeTest),
}

/// Tests of an instant or a day against now, or against a fixed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeTest {
    /// value in (now, now + D]; also `is less than D away`
    InTheNext(Length),
    /// value in (now − D, now]; also `is less than D ago`
    InTheLast(Length),
    /// value ≤ now
    InThePast,
    /// value > now
    InTheFuture,
    /// value < now − D
    MoreThanAgo(Length),
    /// value > now + D
    MoreThanAway(Length),
    /// Before the instant, or before the local day begins.
    Before(Point),
    /// After the instant, or after the local day is over.
    After(Point),
    /// On this local day.
    On(NaiveDate),
    /// On the local day so many days after today's.
    DaysAway(i64),
}

impl Comparison {
    /// Whether the test holds of `properties` at `now`.
    #[must_use]
    pub fn holds(&self, properties: &Properties, now: Now) -> bool {
        self.holds_of(reach(properties, &self.name), now)
    }

    /// Whether the test holds of the value that is stored under its name.
    #[must_use]
    pub fn holds_of(&self, stored: Option<&Json>, now: Now) -> bool {
        match &self.op {
            Op::Missing => self.read(stored).is_none(),
            Op::Present => self.read(stored).is_some(),
            op => match self.read(stored) {
                Some(value) => op.holds(&value, now),
                None => self.if_missing,
            },
        }
    }

    /// The instants after `now` at which time alone can change the test's truth, in order: candidates, of
    /// which whoever asks evaluates the whole condition at each.
    #[must_use]
    pub fn flips_of(&self, stored: Option<&Json>, now: Now) -> Vec<Second> {
        let Op::Time(test) = &self.op else { return Vec::new() };
        let mut at = match self.read(stored) {
            Some(Value::Time(value)) => test.flips_of_instant(value, now),
            Some(Value::Date(day)) => test.flips_of_day(day, now.calendar),
            _ => Vec::new(),
        };
        at.retain(|instant| *instant > now.at);
        at.sort_unstable();
        at
    }

    /// For a test that holds only of certain stored values: these values, and the type they are read under.
    /// Such a test is found by its value, among any number of others.
    #[must_use]
    pub fn equals(&self) -> Option<(Type, &[Value])> {
        let values = match &self.op {
            Op::Is(value) => std::slice::from_ref(value),
            Op::OneOf(values) => values.as_slice(),
            _ => return None,
        };
        let ty = self.ty.or_else(|| values.first().map(Value::natural_type))?;
        (!self.if_missing).then_some((ty, values))
    }

    /// Whether time alone can change the truth of this test.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        matches!(self.op, Op::Time(test) if test.is_timed())
    }

    /// The stored value under the declared type, else under the type that the operator asks for.
    fn read(&self, stored: Option<&Json>) -> Option<Value> {
        let stored = stored.filter(|value| !value.is_null())?;
        match self.ty.or_else(|| self.op.natural_type(stored)) {
            Some(ty) => Value::read(stored, ty),
            // Presence of an undeclared name: any value will do.
            None => Some(Value::Boolean(true)),
        }
    }
}

/// The value of `name`, taken whole first and by its dots then.
#[must_use]
pub fn reach<'a>(properties: &'a Properties, name: &str) -> Option<&'a Json> {
    if let Some(value) = properties.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    match properties.get(first)? {
        Json::Object(inner) => reach(inner, rest),
        _ => None,
    }
}

impl Op {
    fn holds(&self, value: &Value, now: Now) -> bool {
        match self {
            Self::Missing => false,
            Self::Present => true,
            Self::Is(other) => value == other,
            Self::IsNot(other) => value != other,
            Self::OneOf(list) => list.contains(value),
            Self::NotOneOf(list) => !list.contains(value),
            Self::More(other) => order(value, other) == Some(Ordering::Greater),
            Self::AtLeast(other) => order(value, other).is_some_and(Ordering::is_ge),
            Self::Less(other) => order(value, other) == Some(Ordering::Less),
            Self::AtMost(other) => order(value, other).is_some_and(Ordering::is_le),
            Self::Contains(part) => contains(value, part),
            Self::DoesNotContain(part) => !contains(value, part),
            Self::StartsWith(part) => matches!(value, Value::Text(text) if text.starts_with(part.as_str())),
            Self::EndsWith(part) => matches!(value, Value::Text(text) if text.ends_with(part.as_str())),
            Self::Matches(pattern) => matches!(value, Value::Text(text) if pattern_found(pattern, text)),
            Self::Time(test) => match value {
                Value::Time(at) => test.holds_of_instant(*at, now),
                Value::Date(day) => test.holds_of_day(*day, now),
                _ => false,
            },
        }
    }

    /// Under which type an undeclared stored value is read for this operator.
    fn natural_type(&self, stored: &Json) -> Option<Type> {
        match self {
            Self::Missing | Self::Present => None,
            Self::Is(v) | Self::IsNot(v) | Self::More(v) | Self::AtLeast(v) | Self::Less(v) | Self::AtMost(v) => {
                Some(v.natural_type())
            }
            Self::OneOf(list) | Self::NotOneOf(list) => list.first().map(Value::natural_type),
            Self::Contains(part) | Self::DoesNotContain(part) => Some(match (stored, part) {
                (Json::Array(_), Value::Number(_)) => Type::ListOfNumber,
                (Json::Array(_), _) => Type::ListOfText,
                _ => Type::Text,
            }),
            Self::StartsWith(_) | Self::EndsWith(_) | Self::Matches(_) => Some(Type::Text),
            // A day is stored as a text of ten characters; everything else is an instant.
            Self::Time(_) => Some(if Value::read(stored, Type::Date).is_some() { Type::Date } else { Type::Time }),
        }
    }
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::List(items), part) => items.contains(part),
        (Value::Text(text), Value::Text(part)) => text.contains(part.as_str()),
        _ => false,
    }
}

impl TimeTest {
    /// Whether time alone can change the truth.
    fn is_timed(self) -> bool {
        !matches!(self, Self::Before(_) | Self::After(_) | Self::On(_))
    }

    fn holds_of_instant(self, value: Second, now: Now) -> bool {
        let Now { at, calendar } = now;
        match self {
            Self::InTheNext(d) => at < value && value <= calendar.window_end(d, at),
            Self::InTheLast(d) => calendar.window_start(d, at) <= value && value <= at,
            Self::InThePast => value <= at,
            Self::InTheFuture => value > at,
            Self::MoreThanAgo(Length::Elapsed(d)) => value < at.minus(d),
            Self::MoreThanAgo(d) => value < calendar.window_start(d, at),
            Self::MoreThanAway(d) => value > calendar.window_end(d, at),
            Self::Before(point) => value < calendar.point(point),
            Self::After(Point::Instant(point)) => value > point,
            Self::After(Point::Day(day)) => value > calendar.end(day),
            Self::On(day) => calendar.day(value) == day,
            Self::DaysAway(days) => days_after(calendar.day(at), days) == Some(calendar.day(value)),
        }
    }

    /// A day stands for the whole of it: what counts back from now takes in today, and so does what counts ahead.
    fn holds_of_day(self, value: NaiveDate, now: Now) -> bool {
        let Now { at, calendar } = now;
        let today = calendar.day(at);
        match self {
            Self::InTheNext(d) => today <= value && value <= calendar.day(calendar.window_end(d, at)),
            Self::InTheLast(d) => calendar.day(calendar.window_start(d, at)) <= value && value <= today,
            Self::InThePast => value < today,
            Self::InTheFuture => value > today,
            Self::MoreThanAgo(d) => value < calendar.day(calendar.window_start(d, at)),
            Self::MoreThanAway(d) => value > calendar.day(calendar.window_end(d, at)),
            Self::Before(point) => calendar.end(value) < calendar.point(point),
            Self::After(Point::Instant(point)) => calendar.start(value) > point,
            Self::After(Point::Day(day)) => value > day,
            Self::On(day) => value == day,
            Self::DaysAway(days) => days_after(today, days) == Some(value),
        }
    }

    fn flips_of_instant(self, value: Second, now: Now) -> Vec<Second> {
        let calendar = now.calendar;
        match self {
            Self::InTheNext(Length::Elapsed(d)) => vec![value.minus(d), value],
            Self::InTheLast(Length::Elapsed(d)) => vec![value, value.plus(d)],
            Self::MoreThanAgo(Length::Elapsed(d)) => vec![value.plus(d).next()],
            Self::MoreThanAway(Length::Elapsed(d)) => vec![value.minus(d)],
            Self::InThePast | Self::InTheFuture => vec![value],
            Self::InTheNext(length) | Self::MoreThanAway(length) => {
                let mut at = calendar.midnights_ahead(calendar.day(value), length);
                at.push(value);
                at
            }
            Self::InTheLast(length) | Self::MoreThanAgo(length) => vec![value, calendar.window_exit(value, length)],
            Self::DaysAway(days) => calendar.midnights_of(days_after(calendar.day(value), days.saturating_neg())),
            Self::Before(_) | Self::After(_) | Self::On(_) => Vec::new(),
        }
    }

    fn flips_of_day(self, value: NaiveDate, calendar: Calendar) -> Vec<Second> {
        let (start, over) = (calendar.start(value), calendar.end(value).next());
        match self {
            Self::InTheNext(Length::Elapsed(d)) => vec![start.minus(d), over],
            Self::InTheLast(Length::Elapsed(d)) => vec![start, over.plus(d).minus(Span(1))],
            Self::MoreThanAgo(Length::Elapsed(d)) => vec![over.plus(d).minus(Span(1))],
            Self::MoreThanAway(Length::Elapsed(d)) => vec![start.minus(d)],
            Self::InThePast | Self::InTheFuture => vec![start, over],
            Self::InTheNext(length) | Self::MoreThanAway(length) => {
                let mut at = calendar.midnights_ahead(value, length);
                at.push(over);
                at
            }
            Self::InTheLast(length) | Self::MoreThanAgo(length) => vec![start, calendar.window_exit(start, length)],
            Self::DaysAway(days) => calendar.midnights_of(days_after(value, days.saturating_neg())),
            Self::Before(_) | Self::After(_) | Self::On(_) => Vec::new(),
        }
    }
}

fn days_after(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    let amount = Days::new(days.unsigned_abs());
    if days < 0 { day.checked_sub_days(amount) } else { day.checked_add_days(amount) }
}

thread_local! {
    /// Compiled patterns. A pattern is part of a rule set, so there are few and they stay.
    static PATTERNS: RefCell<BTreeMap<String, Option<Regex>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Whether `pattern` is found in `text`. One that does not compile is found nowhere; the checker refuses it.
#[must_use]
pub fn pattern_found(pattern: &str, text: &str) -> bool {
    PATTERNS.with_borrow_mut(|patterns| {
        if !patterns.contains_key(pattern) {
            patterns.insert(pattern.to_owned(), compile(pattern).ok());
        }
        patterns.get(pattern).and_then(Option::as_ref).is_some_and(|regex| regex.is_match(text))
    })
}

/// Compiles a pattern within its bounds: linear time, at most 1 MiB compiled.
///
/// # Errors
/// What is wrong with it, as the `regex` crate says it.
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(PATTERN_COMPILED_BYTES_MAX).build()
}
