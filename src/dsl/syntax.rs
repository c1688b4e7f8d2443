//! What may be written in the language, as a tree. Each node knows the bytes of the file that it stands on.
//! Names are not resolved and types not known here.
//!
//! There is one tree: what people wrote by mistake is in it as what they meant, and a diagnostic says so.

mod event;
mod small;
mod spans;
mod value;

use chrono::{NaiveDate, NaiveTime, Weekday};
use rust_decimal::Decimal;

use crate::diagnostic::Span;

pub use event::*;
pub use small::*;
pub use spans::WithoutSpans;
pub use value::*;

/// Something with the place where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At<T> {
    pub span: Span,
    pub node: T,
}

/// True or false of one person at one instant.
pub type Condition = At<ConditionKind>;

/// What a condition says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionKind {
    /// `a and b and c`: two or more, as written side by side.
    All(Vec<Condition>),
    /// `a or b or c`
    Any(Vec<Condition>),
    /// `not a`
    Not(Box<Condition>),
    /// `a for at least D`
    ForAtLeast(Box<Condition>, Length),
    Everyone,
    /// `known for at least D`
    KnownFor(Length),
    InSample {
        name: Name,
        share: At<Decimal>,
    },
    InSegment(Name),
    InCampaign(Name),
    /// `service window is open`; false for `is closed`.
    ServiceWindow {
        open: bool,
    },
    /// `local time is from 09:00 to 18:00`
    LocalTime {
        from: At<NaiveTime>,
        to: At<NaiveTime>,
    },
    /// `local day is one of [mon, tue]`
    LocalDay(Vec<At<Weekday>>),
    History(Box<History>),
    Comparison(Comparison),
}

/// A condition made of events: what happened, how often, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub span: Span,
    pub lead: Option<At<Lead>>,
    pub chain: Chain,
    /// `at least 3 times`
    pub times: Option<At<Bound>>,
    /// `with at least 3 distinct product_id`
    pub distinct: Option<At<Distinct>>,
    pub window: Option<Window>,
}

/// What may stand before an event phrase in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    Has,
    HasNot,
    Never,
    MostRecently,
}

/// One event, or several in sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub span: Span,
    pub first: Event,
    /// `within D of …` behind the first event.
    pub within_of: Option<WithinOf>,
    /// What stands behind each `then`.
    pub steps: Vec<Step>,
}

/// `within D of the message it answers`, `within D of campaign "x"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithinOf {
    pub span: Span,
    pub length: Length,
    pub of: At<Of>,
}

/// What the time of `within D of …` runs from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// `the message it answers`
    Answered,
    Message(Message),
}

/// A step of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub span: Span,
    /// Where `not` stands, if it does.
    pub not: Option<Span>,
    pub event: Event,
    /// `with same cart_id`
    pub same: Option<At<Path>>,
    /// Counted from the step before.
    pub within: Option<At<Length>>,
}

/// `at least 3`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    pub how: How,
    pub count: At<u32>,
}

/// How a count is compared with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    AtLeast,
    AtMost,
    Exactly,
    MoreThan,
    FewerThan,
}

/// How many different values of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distinct {
    pub bound: Bound,
    pub path: Path,
}

/// When.
pub type Window = At<WindowKind>;

/// What a window says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowKind {
    Ever,
    /// `in the last D`
    InTheLast(Length),
    /// `within D`: the same in other words.
    Within(Length),
    /// `this week`
    This(CalendarUnit),
    Today,
    Yesterday,
    SinceEntry,
    Since(Moment),
    Before(Moment),
    On(At<NaiveDate>),
    /// Both days included.
    FromTo(At<NaiveDate>, At<NaiveDate>),
}
