//! A rest for a host that only fails. Pure: instants are arguments, in milliseconds.

/// After so many failures in a row the host gets a rest.
pub const FAILURES_MAX: u32 = 20;
/// How long the rest is; then one webhook tries whether it is over.
pub const REST_MILLIS: i64 = 60_000;

/// What is remembered of one host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    rests_until: Option<i64>,
    /// Somebody is trying whether the rest is over.
    is_probed: bool,
}

impl Breaker {
    /// Asks to call the host; [`Breaker::hear`] follows.
    ///
    /// # Errors
    /// The instant at which to ask again.
    pub fn ask(&mut self, now: i64) -> Result<(), i64> {
        match self.rests_until {
            None => Ok(()),
            Some(until) if now < until => Err(until),
            Some(_) if self.is_probed => Err(now.saturating_add(REST_MILLIS)),
            Some(_) => {
                self.is_probed = true;
                Ok(())
            }
        }
    }

    /// How a call ended; calls that began before the rest count too.
    pub fn hear(&mut self, failed: bool, now: i64) {
        if !failed {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        let is_resting = self.rests_until.is_some_and(|until| now < until);
        if self.failures >= FAILURES_MAX && !is_resting {
            self.rests_until = Some(now.saturating_add(REST_MILLIS));
            self.is_probed = false;
        }
    }

    /// Whoever asked went away without calling.
    pub fn give_up(&mut self) {
        self.is_probed = false;
    }

    /// It rests, or somebody is trying whether the rest is over.
    #[must_use]
    pub fn is_resting(&self) -> bool {
        self.rests_until.is_some()
    }

    /// Nothing speaks against the host.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES_MAX {
            assert_eq!(breaker.ask(0), Ok(()));
            breaker.hear(true, 0);
        }
        breaker
    }

    #[test]
    fn the_twentieth_failure_in_a_row_brings_a_rest() {
        let mut breaker = Breaker::default();
        for _ in 1..FAILURES_MAX {
            breaker.hear(true, 0);
        }
        assert_eq!(breaker.ask(0), Ok(()));
        breaker.hear(false, 0);
        assert!(breaker.is_blank());
        assert_eq!(broken().ask(0), Err(REST_MILLIS));
        assert_eq!(broken().ask(REST_MILLIS - 1), Err(REST_MILLIS));
    }

    #[test]
    fn one_probe_decides() {
        let mut breaker = broken();
        assert_eq!(breaker.ask(REST_MILLIS), Ok(()));
        assert_eq!(breaker.ask(REST_MILLIS), Err(2 * REST_MILLIS));
        breaker.hear(true, REST_MILLIS + 7);
        assert_eq!(breaker.ask(REST_MILLIS + 7), Err(2 * REST_MILLIS + 7));
        assert_eq!(breaker.ask(2 * REST_MILLIS + 7), Ok(()));
        breaker.hear(false, 2 * REST_MILLIS + 7);
        assert_eq!(breaker.ask(2 * REST_MILLIS + 7), Ok(()));
        assert!(breaker.is_blank());
    }

    #[test]
    fn a_probe_that_was_not_made_leaves_the_question_open() {
        let mut breaker = broken();
        assert_eq!(breaker.ask(REST_MILLIS), Ok(()));
        breaker.give_up();
        assert_eq!(breaker.ask(REST_MILLIS), Ok(()));
        assert!(breaker.is_resting());
    }

    #[test]
    fn those_who_were_under_way_do_not_make_the_rest_longer() {
        let mut breaker = broken();
        breaker.hear(true, REST_MILLIS / 2);
        assert_eq!(breaker.ask(REST_MILLIS), Ok(()));
    }
}
