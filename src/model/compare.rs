//! Comparisons of one value: their meaning, and the instants at which time alone changes it.
//!
//! Two-valued and total: a value that is missing, or stored under another type, makes every positive
//! test false; a negative test says itself what missing means.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::limit::PATTERN_COMPILED_BYTES_MAX;
use super::time::{Second, Span};
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

/// Tests of an instant against now or against a fixed instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeTest {
    /// value in (now, now + D]; also `is less than D away`
    InTheNext(Span),
    /// value in (now − D, now]; also `is less than D ago`
    InTheLast(Span),
    /// value ≤ now
    InThePast,
    /// value > now
    InTheFuture,
    /// value < now − D
    MoreThanAgo(Span),
    /// value > now + D
    MoreThanAway(Span),
    Before(Second),
    After(Second),
}

impl Comparison {
    /// Whether the test holds of `properties` at `now`.
    #[must_use]
    pub fn holds(&self, properties: &Properties, now: Second) -> bool {
        self.holds_of(reach(properties, &self.name), now)
    }

    /// Whether the test holds of the value that is stored under its name.
    #[must_use]
    pub fn holds_of(&self, stored: Option<&Json>, now: Second) -> bool {
        match &self.op {
            Op::Missing => self.read(stored).is_none(),
            Op::Present => self.read(stored).is_some(),
            op => match self.read(stored) {
                Some(value) => op.holds(&value, now),
                None => self.if_missing,
            },
        }
    }

    /// The instants after `now` at which time alone can change the test's truth, in order.
    ///
    /// They are candidates: whoever asks evaluates the whole condition at each.
    #[must_use]
    pub fn flips(&self, properties: &Properties, now: Second) -> Vec<Second> {
        self.flips_of(reach(properties, &self.name), now)
    }

    /// The same for the value that is stored under the test's name.
    #[must_use]
    pub fn flips_of(&self, stored: Option<&Json>, now: Second) -> Vec<Second> {
        let Op::Time(test) = &self.op else { return Vec::new() };
        let Some(Value::Time(value)) = self.read(stored) else { return Vec::new() };
        let mut at = match test {
            TimeTest::InTheNext(d) => vec![value.minus(*d), value],
            TimeTest::InTheLast(d) => vec![value, value.plus(*d)],
            TimeTest::InThePast | TimeTest::InTheFuture => vec![value],
            TimeTest::MoreThanAgo(d) => vec![value.plus(*d).next()],
            TimeTest::MoreThanAway(d) => vec![value.minus(*d)],
            TimeTest::Before(_) | TimeTest::After(_) => Vec::new(),
        };
        at.retain(|instant| *instant > now);
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
        matches!(self.op, Op::Time(test) if !matches!(test, TimeTest::Before(_) | TimeTest::After(_)))
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
    fn holds(&self, value: &Value, now: Second) -> bool {
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
            Self::Time(test) => matches!(value, Value::Time(at) if test.holds(*at, now)),
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
            Self::Time(_) => Some(Type::Time),
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
    fn holds(self, value: Second, now: Second) -> bool {
        match self {
            Self::InTheNext(d) => now < value && value <= now.plus(d),
            Self::InTheLast(d) => now.minus(d) < value && value <= now,
            Self::InThePast => value <= now,
            Self::InTheFuture => value > now,
            Self::MoreThanAgo(d) => value < now.minus(d),
            Self::MoreThanAway(d) => value > now.plus(d),
            Self::Before(at) => value < at,
            Self::After(at) => value > at,
        }
    }
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
