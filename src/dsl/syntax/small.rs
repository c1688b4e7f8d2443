//! What stands in rule files beside conditions: waits, frequencies, limits.

use chrono::NaiveTime;

use super::{At, Length, Path};

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
