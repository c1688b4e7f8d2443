//! How fast a sender may send: so many messages a second, and not at all while the provider says so. Pure.

/// Messages a second from one number, unless the operator knows better.
pub const MESSAGES_PER_SECOND: u32 = 80;

/// What is remembered of one sender.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    interval_micros: i64,
    /// When the sender would be through with all it was given, at an even pace; in microseconds.
    through_at_micros: i64,
    paused_until_millis: i64,
}

impl Pace {
    /// A sender that may send `per_second` messages a second, those of one second at once.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self { interval_micros: 1_000_000 / i64::from(per_second.max(1)), through_at_micros: 0, paused_until_millis: 0 }
    }

    /// When one more may be sent, in milliseconds; it counts as sent then.
    pub fn next(&mut self, now_millis: i64) -> i64 {
        let now = now_millis.max(self.paused_until_millis).saturating_mul(1000);
        self.through_at_micros = self.through_at_micros.max(now).saturating_add(self.interval_micros);
        let at = self.through_at_micros.saturating_sub(1_000_000).max(now);
        // Up, so that nothing goes early.
        at.saturating_add(999) / 1000
    }

    /// Until when the provider wants nothing from this sender.
    #[must_use]
    pub fn paused_until(&self, now_millis: i64) -> Option<i64> {
        (now_millis < self.paused_until_millis).then_some(self.paused_until_millis)
    }

    /// Nothing is sent until then. An earlier end does not shorten a pause.
    pub fn pause(&mut self, until_millis: i64) {
        self.paused_until_millis = self.paused_until_millis.max(until_millis);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_goes_at_once_and_the_rest_at_an_even_pace() {
        let mut pace = Pace::new(80);
        let start = 1_000_000;
        for _ in 0..80 {
            assert_eq!(pace.next(start), start);
        }
        assert_eq!(pace.next(start), start + 13);
        assert_eq!(pace.next(start), start + 25);
        assert_eq!(pace.next(start + 10_000), start + 10_000);
    }

    #[test]
    fn a_pause_holds_everything_and_only_grows() {
        let mut pace = Pace::new(80);
        pace.pause(9_000);
        pace.pause(5_000);
        assert_eq!(pace.paused_until(8_999), Some(9_000));
        assert_eq!(pace.paused_until(9_000), None);
        assert_eq!(pace.next(0), 9_000);
    }
}
