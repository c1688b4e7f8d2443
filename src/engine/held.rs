//! `for at least`: since when a condition has held without a break. Such a condition is followed second by
//! second, by event time: an event that arrives a little later is taken in as of its own second.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::atom::AtomKey;
use super::condition::{Condition, Members, Scene};
use super::memory::Memory;
use super::scoped::Scoped;
use super::state::State;
use super::tally::Stamp;
use crate::model::calendar::Calendar;
use crate::model::person::Person;
use crate::model::time::{Second, Span};

/// The run of seconds in which a condition holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    since: Option<Stamp>,
    /// The newest run that is over: its first second, and the first one behind it. What happens in that
    /// second can still mean that it is not over.
    last: Option<(Stamp, Stamp)>,
}

impl Held {
    /// Notes the truth at `at`, which is no earlier than what was noted before.
    fn tell(&mut self, truth: bool, at: Second) -> bool {
        let at = Stamp::from(at);
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
            (None, false) | (Some(_), true) => return false,
        }
        true
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

    /// The newest second at which a run began or ended.
    #[must_use]
    pub fn changed(&self) -> Option<Second> {
        self.since.max(self.last.map(|(_, over)| over)).map(Second::from)
    }
}

/// A condition that is followed, and where its run is remembered.
pub struct Holder<'a> {
    pub condition: &'a Condition,
    pub atom: AtomKey,
    /// The place of the journey in whose memory it lives.
    pub journey: Option<usize>,
}

/// What is followed through time: somebody, and what is remembered of them.
pub struct World<'a> {
    pub person: &'a Person,
    pub state: &'a mut State,
    pub scoped: &'a mut BTreeMap<usize, Scoped>,
    pub calendar: Calendar,
}

/// What came of following.
#[derive(Default)]
pub struct Followed {
    /// The atoms of whose runs one began or ended.
    pub changed: Vec<AtomKey>,
    /// The next second at which time alone changes one of the conditions.
    pub flip: Option<Second>,
}

/// Follows conditions from `from` to `to`, both included. Inner conditions come before those that hold them.
pub fn follow(world: &mut World<'_>, holders: &[Holder<'_>], from: Second, to: Second) -> Followed {
    let mut followed = Followed::default();
    // Before somebody is known, nothing holds of them.
    let mut at = from.max(world.person.known_since);
    while at <= to {
        let mut next: Option<Second> = None;
        // In the past a segment means its condition: what was recorded is what was known then.
        let meant = RefCell::default();
        for holder in holders {
            let scene = Scene {
                person: world.person,
                state: world.state,
                scoped: holder.journey.and_then(|place| world.scoped.get(&place)),
                members: Members::Meant(&meant),
                calendar: world.calendar,
            };
            let truth = holder.condition.truth(scene, at);
            next = [next, holder.condition.next_flip(scene, at, truth)].into_iter().flatten().min();
            let memory = match holder.journey.and_then(|place| world.scoped.get_mut(&place)) {
                Some(scoped) => scoped.memory_mut(holder.atom, || Memory::Held(Held::default())),
                None => world.state.memory_mut(holder.atom, || Memory::Held(Held::default())),
            };
            if let Memory::Held(held) = memory
                && held.tell(truth, at)
            {
                followed.changed.push(holder.atom);
            }
        }
        match next {
            Some(next) if next <= to => at = next,
            next => {
                followed.flip = next;
                return followed;
            }
        }
    }
    followed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_ends_and_begins_in_one_second_never_ended() {
        let mut held = Held::default();
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
        let mut held = Held::default();
        held.tell(true, Second(5));
        held.tell(false, Second(5));
        held.tell(true, Second(5));
        assert!(held.holds(Span(0), Second(5)) && !held.holds(Span(1), Second(5)));
    }
}
