//! A change of truth: somebody enters or leaves a segment, and why.

use serde::{Deserialize, Serialize};

use super::id::{EventKey, SegmentId, Seq};
use super::time::Second;

/// What made the engine look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// An event of this person, by its number; an anonymous one has number 0.
    Event { seq: Seq, key: EventKey },
    /// The person was made: what is true of somebody without a history.
    Born,
    /// Time alone.
    Wake,
    /// Another rule set became active.
    Rules,
    /// What was stored was not what the log gives, and was put right.
    Recheck,
    /// A schedule came round at this instant, whenever that was seen to.
    Occurrence(Second),
}

impl Cause {
    /// The number of the event that caused it, if one did.
    #[must_use]
    pub fn seq(&self) -> Option<Seq> {
        match self {
            Self::Event { seq, .. } => Some(*seq),
            Self::Born | Self::Wake | Self::Rules | Self::Recheck | Self::Occurrence(_) => None,
        }
    }

    /// The word shown in activity.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Event { .. } => "event",
            Self::Born => "born",
            Self::Wake => "wake",
            Self::Rules => "rules",
            Self::Recheck => "recheck",
            Self::Occurrence(_) => "occurrence",
        }
    }
}

/// One entry into or exit from a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub segment: SegmentId,
    /// True: entered. False: left.
    pub entered: bool,
    /// The instant of the decision.
    pub at: Second,
    pub cause: Cause,
    /// The causing event was ordered before something already taken in.
    pub late: bool,
}
