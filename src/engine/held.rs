//! `for at least`: since when a condition has held without a break. By event time: an event that arrives a
//! little later is taken in as of its own second. Between two events that touch the condition its truth is a
//! function of time alone, so its run is known for every second ahead.

use serde::{Deserialize, Serialize};

use super::atom::AtomKey;
use super::condition::{Condition, Scene};
use super::tally::Stamp;
use crate::model::time::{Second, Span};

/// The run of seconds in which a condition holds, as of one second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The second up to which this is so.
    upto: Stamp,
    since: Option<Stamp>,
    /// The newest run that is over: its first second, and the first one behind it. What happens in that
    /// second can still mean that it is not over.
    last: Option<(Stamp, Stamp)>,
}

/// A condition whose run is kept, and where it is remembered.
pub struct Holder<'a> {
    pub condition: &'a Condition,
    pub atom: AtomKey,
    /// The place of the journey in whose memory it lives.
    pub journey: Option<usize>,
}

impl Held {
    /// Nothing held before `since`.
    #[must_use]
    pub fn new(since: Second) -> Self {
        Self { upto: Stamp::from(since), since: None, last: None }
    }

    /// The second up to which it is known.
    #[must_use]
    pub fn upto(&self) -> Second {
        Second::from(self.upto)
    }

    /// Notes the truth at `at`, which is no earlier than what was noted before.
    pub fn tell(&mut self, truth: bool, at: Second) {
        let at = Stamp::from(at);
        self.upto = self.upto.max(at);
        match (self.since, truth) {
            (None, true) => match self.last.filter(|(_, over)| *over == at) {
                Some((start, _)) => (self.since, self.last) = (Some(start), None),
                None => self.since = Some(at),
            },
            (Some(start), false) => {
                self.since = None;
                if start < at {
                    self.last = Some((start, at));
                }
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// Lets time pass up to `to`, with nothing that happens.
    pub fn advance(&mut self, condition: &Condition, scene: Scene<'_>, to: Second) {
        let mut at = Second::from(self.upto);
        while at < to {
            match condition.next_flip(scene, at, self.since.is_some()) {
                Some(next) if next <= to => {
                    self.tell(condition.truth(scene, next), next);
                    at = next;
                }
                _ => break,
            }
        }
        self.upto = self.upto.max(Stamp::from(to));
    }

    /// Whether it has held for `span` at `now`.
    #[must_use]
    pub fn holds(&self, span: Span, now: Second) -> bool {
        self.since.is_some_and(|since| Second::from(since) <= now.minus(span))
    }

    /// When it will have held for `span`.
    #[must_use]
    pub fn flip(&self, span: Span) -> Option<Second> {
        self.since.map(|since| Second::from(since).plus(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_ends_and_begins_in_one_second_never_ended() {
        let mut held = Held::new(Second(0));
        held.tell(true, Second(5));
        held.tell(false, Second(10));
        assert!(!held.holds(Span(1), Second(10)));
        held.tell(true, Second(10));
        assert_eq!(held.flip(Span(0)), Some(Second(5)));
        held.tell(false, Second(10));
        held.tell(true, Second(11));
        assert_eq!(held.flip(Span(0)), Some(Second(11)));
    }

    #[test]
    fn a_run_of_no_second_is_none() {
        let mut held = Held::new(Second(0));
        held.tell(true, Second(5));
        held.tell(false, Second(5));
        held.tell(true, Second(5));
        assert!(held.holds(Span(0), Second(5)) && !held.holds(Span(1), Second(5)));
    }
}
