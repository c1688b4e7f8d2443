//! When and how often a campaign may send: its window of the day, and its limit.

use chrono::NaiveTime;
use sha2::{Digest, Sha256};

use super::run::Run;
use crate::model::calendar::Calendar;
use crate::model::journey::Journey;
use crate::model::rule::{self, Limit, SendWindow};
use crate::model::time::Second;

impl Run<'_> {
    /// When the send window of `rule` opens; none if it is open.
    pub fn window_opens(&self, journey: &Journey, window: &SendWindow) -> Option<Second> {
        let own = self.calendar(journey);
        let calendar = Calendar { zone: window.time_zone.unwrap_or(own.zone), ..own };
        let local = calendar.local(self.at).time();
        let is_open = match window.from < window.to {
            true => window.from <= local && local < window.to,
            // Over midnight.
            false => window.from <= local || local < window.to,
        };
        (!is_open).then(|| next_time(calendar, window.from, self.at))
    }

    /// Whether one more message of `rule` would be too many.
    pub fn is_over_limit(&self, journey: &Journey, rule: &rule::Campaign) -> bool {
        let Some((name, limit)) = self.limit(journey, rule) else { return false };
        let start = self.calendar(journey).window_start(limit.within, self.at);
        let asked = self.subject.state.asked(hash(name)).take_while(|at| *at >= start).count();
        asked >= limit.messages as usize
    }

    /// Writes down that a message of `rule` was asked for.
    pub fn count_message(&mut self, journey: &Journey, rule: &rule::Campaign) {
        let Some((name, limit)) = self.limit(journey, rule) else { return };
        // A journey of older rules must not make the newer ones forget.
        let newest = self.engine.rules.schema.limits.get(name).map_or(0, |limit| limit.messages);
        let keep = limit.messages.max(newest) as usize;
        self.subject.state.set_asked(hash(name), self.at, keep);
    }

    fn limit<'r>(&self, journey: &Journey, rule: &'r rule::Campaign) -> Option<(&'r str, Limit)> {
        let name = rule.limit.as_deref()?;
        let engine = self.versions.get(journey.rules).unwrap_or(self.engine);
        Some((name, *engine.rules.schema.limits.get(name)?))
    }
}

/// The next instant, this one included, at which local clocks show `time`: where they jump over it, the jump;
/// where they show it twice, the first time.
#[must_use]
pub fn next_time(calendar: Calendar, time: NaiveTime, at: Second) -> Second {
    let today = calendar.day(at);
    // A zone that leaves a day out has the time again on the day after.
    let days = today.iter_days().take(3).map(|day| calendar.instant(day.and_time(time)));
    days.into_iter().find(|next| *next >= at).unwrap_or(Second::LAST.max(at))
}

/// A limit's name in states: it stays the same from rule set to rule set.
fn hash(name: &str) -> u64 {
    Sha256::digest(name.as_bytes()).iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
