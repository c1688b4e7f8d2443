//! Rules as they are meant, after reading and checking: names resolved, types known, one form each.
//!
//! Both evaluators read this and nothing else: the incremental engine and the naive definition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compare::Comparison;
use super::time::Span;
use super::value::Type;

/// All rule files together, in one version. It loads as a whole or not at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RuleSet {
    pub schema: Schema,
    /// In dependency order: a segment stands behind those it names.
    pub segments: Vec<Segment>,
    /// By name.
    pub campaigns: Vec<Campaign>,
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
    /// `known for at least D`: t ≥ known_since + D.
    KnownFor(Span),
    /// A number of matching events, or of completions of a sequence, within a window.
    Happened(Box<Happened>),
}

/// How often something happened within a window, compared with a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    pub what: Phrase,
    pub times: Times,
    pub window: Window,
}

/// One event, or two in sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phrase {
    One(Box<Match>),
    /// `E within D of M` is `was sent M` followed by `E`: each such second event completes it.
    /// It is not counted: `times` is at least once.
    Follows(Box<Follows>),
}

/// An event that comes in time after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    pub first: Match,
    pub then: Match,
    /// This second included.
    pub within: Span,
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
    /// (now − D, now]: truth that an event brought ends exactly at its second + D.
    Last(Span),
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
    pub in_time: Option<Span>,
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
    Campaign { campaign: String, step: Option<String> },
    Template(String),
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
    pub steps: Vec<Step>,
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
    /// Attribute name → new value; none unsets.
    UpdatePerson(Vec<(String, Option<Expression>)>),
    Wait(Span),
    /// Ends the journey with this reason.
    Exit(String),
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
