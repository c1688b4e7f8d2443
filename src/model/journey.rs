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
    /// The number of the step it stands at.
    pub position: u32,
    /// How many effects it has asked for: the ordinal of the next.
    pub effects: u32,
    /// Set while it waits: it goes on when this second is over.
    pub wake: Option<Second>,
    /// What its conditions remember by themselves, in bytes of the engine. Empty where they need nothing.
    pub memory: Vec<u8>,
    /// Set when it is over.
    pub ended: Option<Ended>,
}

/// How a journey ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub at: Second,
    /// `finished`, `anonymous`, or what an `exit` step says.
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
    /// The step did nothing: `anonymous`, `unsubscribed`, `condition`, `window closed`, a failed text.
    Skipped(String),
    /// `update_person` wrote these attributes.
    Updated(Vec<String>),
    WaitsUntil(Second),
    /// The journey ended: `finished` or the reason.
    Ended(String),
    /// The chain of causes was cut at its depth limit.
    Loop,
}
