//! An explanation as data. Instants are RFC 3339 in UTC; texts of messages and values of attributes are in it, so
//! it is for whoever may read those.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::time::Second;
use crate::model::value::Properties;

/// An instant, written in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Second);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = chrono::DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
        Ok(Self(Second(at.timestamp())))
    }
}

/// Why a rule is as it is for one person at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub rule: String,
    pub person: Who,
    /// The instant that is explained.
    pub at: Moment,
    /// The person's zone then, by its IANA name.
    pub time_zone: String,
    /// The rule set by which it is explained: the one in force now, also for an instant of the past.
    pub rules_version: u32,
    /// The next second at which time alone may change something for the person, over all rules. Only where the
    /// instant is now.
    pub next_wake: Option<Moment>,
    #[serde(flatten)]
    pub explained: Explained,
}

/// Who it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Their external id, if they have one.
    pub id: Option<String>,
    pub cio_id: String,
}

/// By the kind of the rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Explained {
    Segment(SegmentExplained),
    Campaign(CampaignExplained),
}

/// Why somebody is in a segment or out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentExplained {
    #[serde(rename = "in")]
    pub is_in: bool,
    /// The second since which it has been so without a break.
    pub since: Moment,
    /// False: it has been so for longer, and how long was too much to look at.
    pub since_is_exact: bool,
    /// It has been so for as long as they are known.
    pub from_the_first: bool,
    /// The next second at which time alone changes it; none up to `looked_ahead_to`.
    pub until: Option<Moment>,
    pub looked_ahead_to: Moment,
    /// What has to become true to change it: any one of these lists, all of its entries together.
    pub changed_by: Vec<Vec<String>>,
    /// None for a segment whose members are chosen by hand.
    pub condition: Option<Part>,
    /// Of a segment that is chosen by hand: the move that counts.
    pub chosen: Option<Sighting>,
}

/// A condition, or a part of one, and what decides it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it says, in English.
    pub text: String,
    /// The steps of a sequence, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    pub holds: bool,
    /// How many events count; where events are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The newest of those that count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<Sighting>,
    /// The newest of those that could have counted and do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_counted: Vec<Sighting>,
    /// What a sequence waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Pending>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// Something else that decides a condition: a value, an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
}

/// An event as evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    pub id: String,
    /// The event's name, such as `inbound_message`.
    pub event: String,
    pub at: Moment,
    pub arrived: Moment,
    /// It lies before something that had been taken in already.
    pub is_late: bool,
    /// The text of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What of the text is compared with keywords: its tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Vec<String>>,
    /// The word, or the list and its word, that the text matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<String>,
    /// The message of ours that it answers or is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Answered>,
    /// The data of a custom event, the written attributes.
    #[serde(default, skip_serializing_if = "Properties::is_empty")]
    pub data: Properties,
    /// Why it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// The second from which on it does not count any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_until: Option<Moment>,
}

/// A message of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub id: String,
    pub campaign: Option<String>,
    pub step: Option<String>,
    pub template: Option<String>,
    pub sent: Moment,
    /// Why it is taken to be the one that is answered: `quoted`, `button`, `reaction`, `in_flight`, `inferred`.
    pub reason: Option<String>,
}

/// An event that a sequence goes on from, and what it waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub after: Sighting,
    /// The last second in which the next event counts.
    pub deadline: Moment,
    pub state: Deadline,
    /// When it is decided that nothing came, grace included; where that is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Moment>,
    /// Seconds that the decision waits for what arrives late.
    pub grace: i64,
    /// What came in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Sighting>,
}

/// How far a deadline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deadline {
    /// It can still be met, or is not decided yet.
    Open,
    /// Something came in time.
    Answered,
    /// Nothing came.
    Passed,
}

/// What a campaign did for somebody, and why not more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignExplained {
    /// `live` or `paused`.
    pub state: String,
    /// What starts it, in English.
    pub trigger: String,
    /// The newest that could have started it for this person.
    pub candidate: Option<Candidate>,
    /// In the order in which they are asked.
    pub gates: Vec<Gate>,
    /// The journey that runs, else the newest.
    pub journey: Option<JourneyTold>,
}

/// What could have started a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The event; none where a condition turned true.
    pub event: Option<Sighting>,
    /// When it was decided about.
    pub at: Moment,
    pub outcome: Outcome,
    /// Of a refusal: what was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was written down about a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Started,
    Refused,
    /// Nothing: the campaign was not there or not live.
    Nothing,
}

/// One of the things that can say no to a start, or to a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// `trigger`, `state`, `age`, `filter`, `frequency`, `key`, `limit`.
    pub gate: String,
    /// None: there was nothing to ask about.
    pub passes: Option<bool>,
    pub why: String,
    /// An instant that `why` ends with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// A journey, and what it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JourneyTold {
    pub id: String,
    pub started: Moment,
    /// The value of the campaign's `key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// None: it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Moment>,
    /// The newest of what it did, in order.
    pub lines: Vec<Line>,
}

/// One thing that a journey did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    pub what: String,
    /// The instant that it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}
