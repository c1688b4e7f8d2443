//! What has to happen sometimes: a run in which it never does proves nothing about it.

use std::collections::BTreeMap;

/// How often each thing happened.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<&'static str, u64>);

pub const LATE_ENTERED: &str = "a late event let somebody into a segment again";
pub const LATE_LEFT: &str = "a late event took somebody out of a segment";
pub const LATE_FOLDED: &str = "a late event had the past told again";
pub const DUPLICATE: &str = "an event came twice and counted once";
pub const AT_ONCE: &str = "two events of one person arrived in one second";
pub const AHEAD: &str = "a stamp ahead of its arrival was brought back to it";
pub const STOOD_STILL: &str = "the clock went back and the person's instant stood still";
pub const ON_THE_EDGE: &str = "an event arrived in the second of a wake, and came first";
pub const WAKE_LATE: &str = "a wake was played late and counted as of its second";
pub const WAKES_IN_A_ROW: &str = "an event found several wakes due before it";
pub const WAKES_OF_SEVERAL: &str = "wakes of several people were played in due order";
pub const WAKE_BY_RESTART: &str = "a wake that was due during a stop was played after it";
pub const WAKE_FOR_NOTHING: &str = "a wake changed nothing and was set again";
pub const CAUGHT_UP_TOUCHED: &str = "somebody was caught up by an event";
pub const CAUGHT_UP_EAGERLY: &str = "somebody was caught up before anything touched them";
pub const CAUGHT_UP_OVER: &str = "somebody was caught up over a version that they never had";
pub const MOVED_BY_RULES: &str = "other rules moved somebody";
pub const STATE_WENT_OVER: &str = "a state went over to rules that say the same";
pub const REFOLDED: &str = "a state was dropped and folded to the same";
pub const STARTED_BY_EVENT: &str = "an event started a campaign";
pub const STARTED_BY_TIME: &str = "time alone started a campaign";
pub const REFUSED: &str = "a campaign refused a start";
pub const CASCADE: &str = "one event moved several segments";
pub const SHORT_DAY: &str = "a membership changed on a day of less than 24 hours";
pub const LONG_DAY: &str = "a membership changed on a day of more than 24 hours";

/// All of it.
pub const SOMETIMES: [&str; 25] = [
    LATE_ENTERED,
    LATE_LEFT,
    LATE_FOLDED,
    DUPLICATE,
    AT_ONCE,
    AHEAD,
    STOOD_STILL,
    ON_THE_EDGE,
    WAKE_LATE,
    WAKES_IN_A_ROW,
    WAKES_OF_SEVERAL,
    WAKE_BY_RESTART,
    WAKE_FOR_NOTHING,
    CAUGHT_UP_TOUCHED,
    CAUGHT_UP_EAGERLY,
    CAUGHT_UP_OVER,
    MOVED_BY_RULES,
    STATE_WENT_OVER,
    REFOLDED,
    STARTED_BY_EVENT,
    STARTED_BY_TIME,
    REFUSED,
    CASCADE,
    SHORT_DAY,
    LONG_DAY,
];

impl Counts {
    /// It happened, where `is_so`.
    pub fn note(&mut self, what: &'static str, is_so: bool) {
        if is_so {
            *self.0.entry(what).or_default() += 1;
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (what, number) in &other.0 {
            *self.0.entry(what).or_default() += number;
        }
    }

    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// A line for each.
    pub fn lines(&self) -> String {
        let line = |what: &&str| format!("{:>10}  {what}", self.of(what));
        SOMETIMES.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
