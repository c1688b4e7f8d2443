//! What may be written in the language, as a tree. Each node knows the bytes of the file that it stands on.
//! Names are not resolved and types not known here.
//!
//! There is one tree: what people wrote by mistake is in it as what they meant, and a diagnostic says so.

use chrono::{NaiveDate, NaiveTime};
use rust_decimal::Decimal;

use crate::diagnostic::Span;
use crate::model::rule::Via;
use crate::model::time::Second;

/// Something with the place where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At<T> {
    pub span: Span,
    pub node: T,
}

/// True or false of one person at one instant.
pub type Condition = At<ConditionKind>;

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
    LocalDay(Vec<At<chrono::Weekday>>),
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    AtLeast,
    AtMost,
    Exactly,
    MoreThan,
    FewerThan,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distinct {
    pub bound: Bound,
    pub path: Path,
}

/// When.
pub type Window = At<WindowKind>;

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

/// One happening. The person is left out.
pub type Event = At<EventKind>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    Replied(Box<Reply>),
    Reacted {
        emoji: Option<Words>,
        target: Option<Target>,
    },
    RemovedReaction {
        target: Option<Target>,
    },
    Tapped {
        what: Option<Tap>,
        target: Option<Target>,
    },
    /// `was sent M`; with the place of the `not` in `was not sent M`.
    WasSent {
        not: Option<Span>,
        message: Message,
    },
    Received(Message),
    Read(Message),
    FailedToReceive(Message),
    Performed {
        name: Name,
        filter: Option<Test>,
    },
    Segment {
        went: Went,
        name: Name,
    },
    Campaign {
        went: Went,
        name: Name,
    },
    Changed {
        path: Path,
        from: Option<Literal>,
        to: Option<Literal>,
    },
}

/// `replied …`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub text: Option<TextTest>,
    pub target: Option<Target>,
    pub via: Option<At<Via>>,
    /// `where …`
    pub filter: Option<Test>,
}

/// What a person did with a segment or campaign. Segments know only the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    Entered,
    Left,
    Finished,
    ConvertedIn,
}

/// A test on an inbound text.
pub type TextTest = At<TextTestKind>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTestKind {
    /// The whole message: `"YES"`, `any of affirm`
    Whole(Words),
    Containing(Words),
    StartingWith(Words),
    Exactly(Text),
    Matching(Pattern),
}

/// Keywords: one, or any of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    One(Text),
    AnyOf(List),
}

/// Which button or row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tap {
    /// Its visible title.
    Title(Words),
    /// Its payload or id.
    Id(Text),
}

/// `to M`, `directly to M`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub span: Span,
    pub directly: bool,
    pub message: Message,
}

/// Which message of ours.
pub type Message = At<MessageKind>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// `it`: that of the nearest earlier message step.
    It,
    Any,
    Campaign {
        name: Name,
        step: Option<Name>,
    },
    /// A step of the campaign that this stands in.
    Step(Name),
    Template(Name),
}

/// A `where` test of one event.
pub type Test = At<TestKind>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestKind {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Comparison(Comparison),
}

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

pub type Operator = At<OperatorKind>;

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralKind {
    Text(String),
    Number(Decimal),
    Boolean(bool),
    Moment(MomentKind),
}

/// An instant, or a whole local day.
pub type Moment = At<MomentKind>;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Calendar(CalendarUnit),
}

/// Units that end with local days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarUnit {
    Day,
    Week,
    Month,
    Year,
}

impl Length {
    /// Seconds, if its unit has always the same number of them.
    #[must_use]
    pub fn elapsed(&self) -> Option<crate::model::time::Span> {
        let unit = match self.unit {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3_600,
            Unit::Day => 86_400,
            Unit::Week => 604_800,
            Unit::Calendar(_) => return None,
        };
        Some(crate::model::time::Span(i64::from(self.amount) * unit))
    }
}

/// What a journey waits for: `2 days`, `until 09:00`, `until event.starts_at - 1 day`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    For(Length),
    UntilTime(At<NaiveTime>),
    Until { path: Path, offset: Option<Offset> },
}

/// `+ 1 day`, `- 1 day`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    pub back: bool,
    pub length: Length,
}

/// How often one person may start a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    EveryTime,
    Once,
    OncePer(Length),
}

/// `at most 3 messages in 7 calendar days`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub messages: At<u32>,
    pub length: Length,
}
