//! Comparisons, values, names and lengths of time.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::diagnostic::Span;
use crate::model::time::{self, Second};

pub use crate::model::time::CalendarUnit;

use super::At;

/// A test on one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub span: Span,
    pub path: Path,
    pub operator: Operator,
    /// What a missing value gives, where the author says so.
    pub missing: Option<At<IfMissing>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// `(or missing)`: true.
    True,
    /// `(and present)`: false.
    False,
}

/// What a value is tested for.
pub type Operator = At<OperatorKind>;

/// The tests of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorKind {
    Missing,
    Present,
    Is(Literal),
    IsNot(Literal),
    OneOf(List),
    NotOneOf(List),
    More(Literal),
    AtLeast(Literal),
    Less(Literal),
    AtMost(Literal),
    Contains(Literal),
    DoesNotContain(Literal),
    StartsWith(Text),
    EndsWith(Text),
    Matches(Pattern),
    Time(TimeTest),
}

/// `is in the next D` and its like: an instant against now, or against a fixed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeTest {
    InTheNext(Length),
    InTheLast(Length),
    InThePast,
    InTheFuture,
    MoreThanAgo(Length),
    LessThanAgo(Length),
    MoreThanAway(Length),
    LessThanAway(Length),
    Before(Moment),
    After(Moment),
    On(Moment),
    Today,
    Yesterday,
    Tomorrow,
}

/// `[…]`, or the name of a list of the schema.
pub type List = At<ListKind>;

/// How a list is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListKind {
    Literals(Vec<Literal>),
    Named(String),
}

/// The name of a segment, campaign, step, template, event or sample.
pub type Name = At<String>;

/// A text in quotes, or a keyword in capitals without them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub span: Span,
    pub text: String,
    /// A keyword in capitals that stands without quotes.
    pub bare: bool,
}

/// `/…/i`: flags stand in front inside, `(?i)…`.
pub type Pattern = At<String>;

/// A path to an attribute of the person or a property of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub span: Span,
    pub root: Root,
    /// Without the root; dots reach into nested values.
    pub name: String,
}

/// What a path starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// Nothing is said: the event inside `where`, `with same` and `distinct`, else the person.
    None,
    Person,
    Event,
}

/// A value as written.
pub type Literal = At<LiteralKind>;

/// The kinds of values that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralKind {
    Text(String),
    Number(Decimal),
    Boolean(bool),
    Moment(MomentKind),
}

/// An instant, or a whole local day.
pub type Moment = At<MomentKind>;

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentKind {
    Date(NaiveDate),
    Time(Second),
}

/// A length of time as written: `2 days`, `1 calendar month`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    pub span: Span,
    pub amount: u32,
    pub unit: Unit,
}

/// Units of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Calendar(CalendarUnit),
}

impl Length {
    /// Seconds, if its unit has always the same number of them.
    #[must_use]
    pub fn elapsed(&self) -> Option<time::Span> {
        let unit = match self.unit {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3_600,
            Unit::Day => 86_400,
            Unit::Week => 604_800,
            Unit::Calendar(_) => return None,
        };
        Some(time::Span(i64::from(self.amount) * unit))
    }

    /// Without its place.
    #[must_use]
    pub fn meant(&self) -> time::Length {
        match (self.unit, self.elapsed()) {
            (Unit::Calendar(unit), _) => time::Length::Calendar { amount: self.amount, unit },
            (_, span) => time::Length::Elapsed(span.unwrap_or_default()),
        }
    }

    /// As many seconds as it can have: of the longest months and years.
    #[must_use]
    pub fn longest(&self) -> time::Span {
        self.meant().longest()
    }
}
