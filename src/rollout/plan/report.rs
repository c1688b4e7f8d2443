//! What a plan says, as plain data: the server writes it, the command line reads it.

use serde::{Deserialize, Serialize};

use crate::model::time::Span;

/// People shown of those who enter, and of those who leave.
pub const SAMPLES_MAX: usize = 3;

/// Who enters within this time if nothing happens is counted too.
pub const SOON: Span = Span::days(2);

/// What would change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version that is in force; 0 before the first one.
    pub against: u32,
    /// Rules of which something changes: segments in the order of their names, then campaigns, then schedules.
    pub changes: Vec<Change>,
    pub cost: Cost,
}

/// What bringing everybody up to the new rules reads. Zero where every state goes over as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub people: u64,
    pub events: u64,
}

/// A rule of which something changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `segment`, `campaign`, `schedule` or `schema`.
    pub kind: String,
    pub name: String,
    pub what: What,
    /// The statements of a segment that are no more, and those that are new.
    pub was: Vec<String>,
    pub is: Vec<String>,
    /// The keys of another rule whose values are others.
    pub keys: Vec<String>,
    /// Of a segment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub people: Option<People>,
    /// Of a campaign that starts when a condition becomes true.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub starts: Option<Starts>,
}

/// What happens to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Added,
    Changed,
    Removed,
    /// It stays as it is, and others change what it is about.
    Touched,
}

/// Who is in a segment, before and behind the change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// Before.
    pub members: u64,
    pub enter: u64,
    pub leave: u64,
    /// Out behind the change, and in by time alone within [`SOON`].
    pub enter_soon: u64,
    pub wakes: Wakes,
    pub entering: Vec<Sample>,
    pub leaving: Vec<Sample>,
}

/// The seconds at which time alone puts somebody in or takes them out: of so many people they are new, or others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wakes {
    pub new: u64,
    pub earlier: u64,
    pub later: u64,
    pub gone: u64,
}

/// Somebody, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub cio_id: String,
    /// Their external id.
    pub id: Option<String>,
    /// The newest thing they did that the segment is about, or the attributes that it looks at.
    pub because: String,
}

/// What a campaign does with people it finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starts {
    /// `live`, `draft` or `paused`.
    pub state: String,
    /// People of whom its condition is true behind the change and was not before.
    pub found: u64,
    /// Journeys that start for them.
    pub journeys: u64,
    /// As the campaign says it: `none`, or `matching` with the most that may start.
    pub on_deploy: String,
}
