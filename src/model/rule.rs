//! Rules as they are meant, after reading and checking: names resolved, types known, one form each.
//!
//! Both evaluators read this and nothing else: the incremental engine and the naive definition.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

use super::compare::Comparison;
use super::time::{CalendarUnit, Length, Second, Span};
use super::value::{Type, Value};

/// All rule files together, in one version. It loads as a whole or not at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RuleSet {
    pub schema: Schema,
    /// In dependency order: a segment stands behind those it names.
    pub segments: Vec<Segment>,
    /// By name.
    pub campaigns: Vec<Campaign>,
    /// By name.
    pub schedules: Vec<Schedule>,
}

/// What the schema says, or its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// Region for phone numbers without a country code, such as `US`.
    pub phone_region: String,
    /// A reply is inferred to answer the newest message at most this old.
    pub attribution_window: Span,
    /// How long a verdict waits for events that arrive late.
    pub grace: Span,
    /// Who is oldest among people with one number.
    pub oldest_by: OldestBy,
    /// Declared attributes; none declared means that names are not checked.
    pub person: BTreeMap<String, Property>,
    /// Declared events with their properties.
    pub events: BTreeMap<String, BTreeMap<String, Property>>,
    /// IANA name of the zone for people without one of their own.
    pub time_zone: String,
    /// The attribute that holds a person's zone.
    pub person_time_zone: Option<String>,
    /// The first day of a week, for windows such as `this week`.
    pub week_starts: Weekday,
    /// Caps on the messages of the campaigns that name them, per person.
    pub limits: BTreeMap<String, Limit>,
    /// Whether the words of the lists `stop` and `start` set and lift `unsubscribed`.
    pub opt_out_keywords: bool,
    /// Named lists, as written; `stop` and `start` are always among them.
    pub lists: BTreeMap<String, Vec<String>>,
    /// Whether a schema file was there at all.
    pub declared: bool,
}

/// The words that unsubscribe where the schema has no list `stop`.
pub const STOP_WORDS: [&str; 4] = ["stop", "stopall", "unsubscribe", "optout"];
/// The words that lift it where the schema has no list `start`.
pub const START_WORDS: [&str; 3] = ["start", "unstop", "subscribe"];

impl Default for Schema {
    fn default() -> Self {
        Self {
            phone_region: "US".to_owned(),
            attribution_window: Span::days(3),
            grace: Span(0),
            oldest_by: OldestBy::KnownSince,
            person: BTreeMap::new(),
            events: BTreeMap::new(),
            time_zone: "UTC".to_owned(),
            person_time_zone: None,
            week_starts: Weekday::Mon,
            limits: BTreeMap::new(),
            opt_out_keywords: true,
            lists: BTreeMap::from([
                ("stop".to_owned(), STOP_WORDS.map(str::to_owned).to_vec()),
                ("start".to_owned(), START_WORDS.map(str::to_owned).to_vec()),
            ]),
            declared: false,
        }
    }
}

/// What decides who is the oldest of several people with one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OldestBy {
    KnownSince,
    /// The attribute `created_at`, for imports.
    CreatedAt,
}

/// A declared attribute or event property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    pub ty: Type,
    pub one_of: Vec<String>,
    pub always_set: bool,
}

/// Where a rule stands in the files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    /// 1-based.
    pub line: u32,
}

/// A named set of people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    pub name: String,
    pub title: Option<String>,
    pub owner: Option<String>,
    pub place: Place,
    pub kind: SegmentKind,
}

/// How a segment gets its members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SegmentKind {
    /// Whoever the condition is true of.
    Data(Condition),
    /// Members come from the API and from steps.
    Manual,
}

/// True or false of one person at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Condition {
    /// `everyone`
    Everyone,
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Attribute(Comparison),
    /// Membership at the same instant, by the segment's name.
    InSegment(String),
    /// A journey of this campaign is running.
    InCampaign(String),
    /// The person's place in a stable shuffle named `name` lies within `share`.
    InSample {
        name: String,
        share: Share,
    },
    /// An inbound message came less than 24 hours ago.
    ServiceWindow,
    /// `from` ≤ local time < `to`; over midnight where `to` is not the later one.
    LocalTime {
        from: NaiveTime,
        to: NaiveTime,
    },
    LocalDay(Vec<Weekday>),
    /// `known for at least D`: t ≥ known_since + D.
    KnownFor(Span),
    /// The condition held at every second of [t − D, t].
    HeldFor {
        condition: Box<Condition>,
        span: Span,
    },
    /// A number of matching events, or of completions of a sequence, within a window.
    Happened(Box<Happened>),
}

/// A part of all people, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Share(pub u16);

impl Share {
    /// Everybody.
    pub const ALL: Self = Self(10_000);
}

/// How often something happened within a window, compared with a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    pub what: Phrase,
    pub counted: Counted,
    pub window: Window,
}

/// What of the matching events is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// How many there are. Sequences are not counted beyond at least once.
    Times(Times),
    /// How many different values of the property are present among them.
    Distinct { times: Times, property: String },
    /// `most recently`: the newest event with the same verb, `to` and `via` is one of them, and lies in
    /// the window. Of `performed` the name belongs to the verb; of deliveries the message does not.
    Newest,
}

impl Counted {
    /// At least one.
    pub const ONCE: Self = Self::Times(Times::AtLeast(1));
}

impl From<Times> for Counted {
    fn from(times: Times) -> Self {
        Self::Times(times)
    }
}

/// One event, or several in sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phrase {
    One(Box<Match>),
    /// Each event, or each verdict, that completes it.
    Sequence(Box<Sequence>),
}

impl Phrase {
    /// `first then event within D`
    #[must_use]
    pub fn pair(first: Match, event: Match, within: impl Into<Length>) -> Self {
        let then = Then { not: false, event, same: None, within: Some(within.into()) };
        Self::Sequence(Box::new(Sequence { first, steps: vec![then], grace: Span(0) }))
    }
}

/// `A then B then not C …`. `E within D of M` is `was sent M then E within D`.
///
/// One event fills at most one place. A `not` in the middle is followed by a step without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub first: Match,
    /// At least one.
    pub steps: Vec<Then>,
    /// How long a verdict on a last `not` waits for events that arrive late.
    pub grace: Span,
}

/// What stands behind a `then`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Then {
    /// No such event: until the next step in the middle, within `within` at the end.
    pub not: bool,
    pub event: Match,
    /// This property is present in both and equal to that of the nearest earlier step without `not`.
    pub same: Option<String>,
    /// Counted from the nearest earlier step without `not`; its last second is included.
    /// A last step with `not` always has one.
    pub within: Option<Length>,
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Times {
    AtLeast(u32),
    AtMost(u32),
    Exactly(u32),
}

impl Times {
    /// Whether `count` is such a number.
    #[must_use]
    pub fn holds(self, count: u32) -> bool {
        match self {
            Self::AtLeast(k) => count >= k,
            Self::AtMost(k) => count <= k,
            Self::Exactly(k) => count == k,
        }
    }

    /// Counting may stop here: one more makes no difference.
    #[must_use]
    pub fn enough(self) -> u32 {
        match self {
            Self::AtLeast(k) => k,
            Self::AtMost(k) | Self::Exactly(k) => k.saturating_add(1),
        }
    }
}

/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    Ever,
    /// (now − D, now], or from the local midnight that begins the last N calendar units, to now.
    Last(Length),
    /// From the start of the local day, week, month or year, to now.
    This(CalendarUnit),
    /// The local day before today.
    Yesterday,
    /// [point, now]
    Since(Point),
    /// (−∞, point)
    Before(Point),
    /// These local days whole, both included.
    Days(NaiveDate, NaiveDate),
    /// Behind the journey's entry in order. Only where a journey runs.
    SinceEntry,
}

impl Window {
    /// The last D, in seconds.
    #[must_use]
    pub fn last(span: Span) -> Self {
        Self::Last(Length::Elapsed(span))
    }
}

/// A fixed instant, or the start of a local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Point {
    Instant(Second),
    Day(NaiveDate),
}

/// A test on one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    pub verb: Verb,
    pub text: Option<TextTest>,
    pub target: Option<Target>,
    pub via: Option<Via>,
    /// `where …`
    pub filter: Option<Test>,
    /// `within D of the message it answers`: there is one, and the event came at most D after it.
    pub in_time: Option<Length>,
}

impl Match {
    /// Any event of `verb`.
    #[must_use]
    pub fn any(verb: Verb) -> Self {
        Self { verb, text: None, target: None, via: None, filter: None, in_time: None }
    }
}

/// The event verbs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verb {
    Replied,
    /// An inbound message by button or list.
    Tapped,
    Reacted,
    RemovedReaction,
    WasSent,
    Received,
    Read,
    FailedToReceive,
    Performed(String),
    Moved(Move),
    /// An attribute's value became another one.
    Changed(Box<Change>),
}

/// What a person can do with a segment or campaign, which is named. Seen when it is decided, and never
/// of the past: what is true when a person is made is entered then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Move {
    EnteredSegment(String),
    LeftSegment(String),
    EnteredCampaign(String),
    /// A journey ended, however.
    LeftCampaign(String),
    /// A journey ended behind its last step.
    FinishedCampaign(String),
    /// A journey reached its campaign's goal.
    ConvertedIn(String),
}

/// `changed x from A to B`. First values are no change, nor is a write of the same value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    pub name: String,
    /// The declared type; none where no schema declares it.
    pub ty: Option<Type>,
    pub from: Option<Value>,
    pub to: Option<Value>,
}

/// A test on an inbound text. Keywords are kept as written and compared after norm/1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextTest {
    /// The whole message equals one of these after norm/1.
    AnyOf(Vec<String>),
    /// It contains one of these as whole tokens after norm/1.
    Containing(Vec<String>),
    /// It starts with one of these as whole tokens after norm/1.
    StartingWith(Vec<String>),
    /// The whole message equals this after NFC only.
    Exactly(String),
    /// The pattern is found in the raw text. Flags are written inside: `(?i)…`.
    Matching(String),
    /// The payload or id of the button or row equals this.
    ButtonId(String),
}

/// Which message of ours is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub message: MessageTest,
    /// Only where the person pointed at the message.
    pub directly: bool,
}

/// A test on a message of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageTest {
    Any,
    Campaign {
        campaign: String,
        step: Option<String>,
    },
    Template(String),
    /// `to it` in a sequence: the message of the nearest earlier step that is about one.
    It,
    /// What this step of the journey has sent. Only where a journey runs.
    Step(String),
}

/// By which way an inbound message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Via {
    Text,
    Button,
    List,
    Media,
    Flow,
}

impl Via {
    /// The word in the property `via`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Button => "button",
            Self::List => "list",
            Self::Media => "media",
            Self::Flow => "flow",
        }
    }
}

/// A `where` test: comparisons of the event's properties, or of the person's attributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Test {
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
    Property(Comparison),
    /// `person.x`, at the event's arrival.
    Person(Comparison),
}

/// A campaign: who starts it and what it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    pub name: String,
    pub title: Option<String>,
    pub place: Place,
    pub state: CampaignState,
    pub trigger: Trigger,
    /// An older cause starts nothing.
    pub max_event_age: Span,
    pub filter: Option<Condition>,
    pub frequency: Frequency,
    /// One running journey per person and value of this path; without it one per person.
    pub key: Option<Path>,
    pub if_running: IfRunning,
    /// The name of a limit of the schema.
    pub limit: Option<String>,
    pub send_window: Option<SendWindow>,
    /// Ends the journey as soon as it is true.
    pub exit: Option<Condition>,
    pub goal: Option<Goal>,
    /// How long a wait's timeout, and verdicts in this campaign, wait for events that arrive late.
    pub grace: Span,
    pub on_deploy: OnDeploy,
    pub steps: Vec<Step>,
}

impl Campaign {
    /// A live campaign that says nothing beside its trigger and steps, with the defaults of the language.
    #[must_use]
    pub fn new(name: impl Into<String>, trigger: Trigger, steps: Vec<Step>) -> Self {
        Self {
            name: name.into(),
            title: None,
            place: Place::default(),
            state: CampaignState::Live,
            trigger,
            max_event_age: Span::DAY,
            filter: None,
            frequency: Frequency::EveryTime,
            key: None,
            if_running: IfRunning::Keep,
            limit: None,
            send_window: None,
            exit: None,
            goal: None,
            grace: Span(0),
            on_deploy: OnDeploy::Nobody,
            steps,
        }
    }
}

/// What a new start does while a journey with the same key runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IfRunning {
    /// It is refused.
    Keep,
    /// The running one ends, and another begins.
    Restart,
}

/// When messages may leave: `from` ≤ local time < `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendWindow {
    pub from: NaiveTime,
    pub to: NaiveTime,
    /// The zone it is local to; none means the person's.
    pub time_zone: Option<chrono_tz::Tz>,
    /// A message outside of it is skipped rather than kept until it opens.
    pub skip: bool,
}

/// What a journey is for. It is noted once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    pub condition: Condition,
    /// Counted from entry.
    pub within: Option<Span>,
    /// The journey ends then.
    pub exit: bool,
}

/// Who starts when a campaign is first published, or its rule changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnDeploy {
    Nobody,
    /// People who match then, so many at most.
    Matching {
        at_most: u32,
    },
}

/// A cap on messages, per person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub messages: u32,
    pub within: Length,
}

/// Whether a campaign does anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CampaignState {
    /// Records what it would do and does nothing.
    Draft,
    Live,
    /// Starts nothing; its journeys stand still.
    Paused,
}

/// What starts a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Trigger {
    /// Each matching event, or each that completes a sequence.
    Event(Phrase),
    /// Each change of the condition from false to true.
    Becomes(Condition),
    /// Each occurrence of the schedule of this name, for each person it is for.
    Schedule(String),
    /// Started through the API.
    Api,
}

/// How often one person may start a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frequency {
    EveryTime,
    Once,
    OncePer(Span),
}

/// One step of a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the campaign; made from the position (`step-2`) where none is written.
    pub id: String,
    /// The step is skipped where this is not met.
    pub condition: Option<Condition>,
    pub action: Action,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    Send(Send),
    Webhook(Webhook),
    /// Attribute name → what becomes of it.
    UpdatePerson(Vec<(String, Update)>),
    /// A custom event of the person.
    RecordEvent {
        name: String,
        properties: Vec<(String, Expression)>,
    },
    ManualSegment {
        segment: String,
        join: bool,
    },
    Wait(Wait),
    WaitUntil(WaitUntil),
    /// The first that is true; each with its steps.
    Branch {
        arms: Vec<(Condition, Vec<Step>)>,
        otherwise: Vec<Step>,
    },
    /// Each person always takes the same arm of a step. The shares add up to all.
    Split(Vec<Arm>),
    /// Ends the journey with this reason.
    Exit(String),
}

/// What becomes of an attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Update {
    Set(Expression),
    Unset,
    /// An element of a list, once.
    Add(Expression),
    Remove(Expression),
}

/// How long a journey stands still.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Wait {
    For(Length),
    /// The next time that local clocks show this.
    UntilTime(NaiveTime),
    /// An instant that a path holds, moved by so much. A missing or past one is waited for no longer.
    Until {
        path: Path,
        offset: Span,
    },
}

/// Waits until something happens, or for so long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitUntil {
    /// The first in this order, where several are true at one instant.
    pub outcomes: Vec<Outcome>,
    /// None: for ever.
    pub timeout: Option<Timeout>,
}

/// What a wait can come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub name: String,
    pub condition: Condition,
    pub steps: Vec<Step>,
}

/// What happens when nothing has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeout {
    pub after: Length,
    pub steps: Vec<Step>,
}

/// One arm of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    pub name: String,
    pub share: Share,
    pub steps: Vec<Step>,
}

/// A message to the journey's person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Send {
    pub content: Content,
    /// What a free text becomes when the 24 hours after an inbound message are over.
    pub if_window_closed: Option<Content>,
    pub even_if_unsubscribed: bool,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Liquid. Allowed only within 24 hours after an inbound message.
    Text(String),
    Template {
        name: String,
        language: Expression,
        params: Vec<(String, Expression)>,
    },
}

/// A signed HTTP request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    pub url: Expression,
    pub body: serde_json::Value,
    /// Shortens the deadline of one attempt.
    pub timeout: Option<Span>,
    /// Cuts the schedule after so many retries.
    pub retries: Option<u32>,
}

/// A value to be computed when a step runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Expression {
    Literal(serde_json::Value),
    Path(Path),
    /// Liquid.
    Text(String),
}

/// A dotted path with its root: `person.first_name`, `event.total`, `journey.id`, `env.DESK_URL`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Path(pub String);

/// Something that happens at certain local times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    pub name: String,
    pub place: Place,
    /// minute hour day month weekday
    pub cron: String,
    pub time_zone: ScheduleZone,
    pub task: Task,
    /// Whether the newest occurrence that was missed runs late.
    pub run_missed: bool,
    /// So late it may run.
    pub max_lateness: Span,
    /// Each person gets a fixed place within this length behind the occurrence.
    pub spread: Span,
}

/// Where a schedule's times are local.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleZone {
    /// In each person's zone, over the people there.
    Person,
    Fixed(chrono_tz::Tz),
}

/// What a schedule does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// Starts the campaigns that name it, for each person the condition is true of.
    ForEach(Condition),
    /// Computes segments again from the log. No list: all of them.
    Recheck { segments: Option<Vec<String>>, repair: bool },
}
