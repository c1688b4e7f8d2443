//! A person's way through a campaign, and what is written down about it.

use serde::{Deserialize, Serialize};

use super::id::{EffectId, JourneyId, RulesVersion};
use super::time::Second;
use super::transition::Cause;
use super::value::Properties;

/// One run of a campaign for one subject. It keeps the rule set it started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    pub id: JourneyId,
    pub campaign: String,
    pub rules: RulesVersion,
    /// The value of the campaign's `key`, printed.
    pub key: Option<String>,
    pub cause: Cause,
    pub started: Second,
    /// The properties of the event that started it: `event` in texts. Empty when a segment did.
    pub event: Properties,
    /// The number of the instruction it stands at.
    pub position: u32,
    /// How many effects it has asked for: the ordinal of the next.
    pub effects: u32,
    /// Set while it waits, if time alone can make it go on or end: it is asked when this second is over.
    pub wake: Option<Second>,
    /// Set when it is over.
    pub ended: Option<Ended>,
    pub kept: Kept,
}

/// What a journey keeps from one step to the next, besides its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Set while it waits at its instruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// The properties of the event that ended the latest wait: `answer` in texts.
    #[serde(skip_serializing_if = "Properties::is_empty")]
    pub answer: Properties,
    /// What can become `answer` at this or a later wait. Only where a step asks for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<Heard>,
    /// The waits that nothing ended in time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overdue: Vec<Overdue>,
    /// It waits for its first step, which has its own place behind an occurrence.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub held_back: bool,
    /// The goal is reached, which is noted once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub converted: bool,
    /// What its conditions remember by themselves, in bytes of the engine. Empty where they need nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<u8>,
}

/// A wait under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The second at which a plain wait is over, or the last one in which an outcome counts.
    pub until: Option<Second>,
    /// Something came that happened after `until`: what holds now is not what held by then.
    pub disturbed: bool,
}

/// The newest event that is what an outcome waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The number of the wait's instruction.
    pub position: u32,
    /// The number of the outcome.
    pub outcome: u32,
    pub properties: Properties,
}

/// A wait that ended by its timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overdue {
    /// The number of the wait's instruction.
    pub position: u32,
    /// The last second in which an outcome counted.
    pub deadline: Second,
}

/// The reason of a journey that ended behind its last step.
pub const FINISHED: &str = "finished";

/// How a journey ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub at: Second,
    /// `finished`, `anonymous`, `restarted`, `exit condition`, `goal`, or what an `exit` step says.
    pub reason: String,
}

/// One line about a campaign: a start, a refusal, what a step did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// None for a refusal: there is no journey then.
    pub journey: Option<JourneyId>,
    pub campaign: String,
    pub step: Option<String>,
    pub at: Second,
    pub cause: Cause,
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Started,
    /// A trigger that started nothing: `too old`, `filter`, `frequency`, `already running`, `paused`.
    Refused(String),
    /// The step asked for this effect.
    Asked(EffectId),
    /// A draft would have asked for it.
    Drafted(String),
    /// The step did nothing: `anonymous`, `unsubscribed`, `condition`, `window closed`, `send window`, `limit`,
    /// a failed text.
    Skipped(String),
    /// `update_person` wrote these attributes.
    Updated(Vec<String>),
    /// `record_event` recorded an event of this name.
    Recorded(String),
    /// `manual_segment` put the person into this segment.
    Joined(String),
    /// `manual_segment` took the person out of this segment.
    Left(String),
    /// The step waits: so long, or for something that happens by then.
    WaitsUntil(Second),
    /// The step waits for something that happens, for ever.
    Waits,
    /// The wait ended as this outcome says.
    Outcome(String),
    /// Nothing ended the wait in time.
    TimedOut,
    /// This outcome would have ended a wait, had it been learned in time.
    LateAnswer(String),
    /// A branch or a split went this way.
    Took(String),
    /// The campaign's goal is reached.
    Converted,
    /// The journey ended: `finished` or the reason.
    Ended(String),
    /// The chain of causes was cut at its depth limit.
    Loop,
}
