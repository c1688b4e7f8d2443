//! What an atom remembers about one person, in a few bytes. Seconds take four: they run until the year 2106.

use serde::{Deserialize, Serialize};

use super::atom::{Atom, Form};
use crate::model::rule::Window;
use crate::model::time::{Length, Second};

/// A second in four bytes. What lies outside stands at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp(u32);

impl From<Second> for Stamp {
    fn from(second: Second) -> Self {
        Self(u32::try_from(second.0.max(0)).unwrap_or(u32::MAX))
    }
}

impl From<Stamp> for Second {
    fn from(stamp: Stamp) -> Self {
        Self(i64::from(stamp.0))
    }
}

/// The memory of one atom. An atom that never met an event has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Memory {
    /// The newest seconds, newest first.
    Times(Vec<Stamp>),
    /// How many, up to where it stops to matter.
    Count(u32),
    Follows(Trail),
}

/// How far a sequence of two got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// The newest first event: it leaves the smallest gap to whatever comes.
    pub first: Option<Stamp>,
    /// The newest event that came in time after a first one.
    pub completed: Option<Stamp>,
}

impl Memory {
    /// The memory of nothing.
    #[must_use]
    pub fn empty(form: Form) -> Self {
        match form {
            Form::Times => Self::Times(Vec::new()),
            Form::Count => Self::Count(0),
            Form::Follows => Self::Follows(Trail::default()),
        }
    }

    /// Takes in one more match, in order or late: where it lies is its second alone.
    pub fn add(&mut self, at: Second, keep: u32) {
        match self {
            Self::Times(times) => insert(times, Stamp::from(at), keep as usize),
            Self::Count(count) => *count = count.saturating_add(1).min(keep),
            // A sequence depends on the order of its events, so it is walked on by `Trail`.
            Self::Follows(_) => {}
        }
    }

    /// How many matches lie in `window` as of `now`, up to where it stops to matter.
    /// Of a sequence only whether there is one.
    #[must_use]
    pub fn count(&self, window: Window, now: Second) -> u32 {
        let inside = |stamp: &Stamp| match window {
            Window::Ever => true,
            Window::Last(Length::Elapsed(span)) => Second::from(*stamp) > now.minus(span),
            _ => false,
        };
        let count = match self {
            Self::Times(times) => times.iter().take_while(|stamp| inside(stamp)).count(),
            Self::Count(count) => return *count,
            Self::Follows(trail) => usize::from(trail.completed.as_ref().is_some_and(inside)),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The seconds that slide out of windows, newest first.
    pub fn stamps(&self) -> impl Iterator<Item = Second> {
        let (times, completed) = match self {
            Self::Times(times) => (times.as_slice(), None),
            Self::Count(_) => ([].as_slice(), None),
            Self::Follows(trail) => ([].as_slice(), trail.completed),
        };
        times.iter().copied().chain(completed).map(Second::from)
    }
}

/// Keeps the `keep` newest, newest first. A second that comes twice counts twice.
fn insert(times: &mut Vec<Stamp>, at: Stamp, keep: usize) {
    let place = times.partition_point(|stamp| *stamp > at);
    if place < keep {
        times.insert(place, at);
        times.truncate(keep);
    }
}

impl Trail {
    /// Goes on by the next event in order. Returns whether the event completed the sequence.
    pub fn walk(&mut self, atom: &Atom, at: Second, is_first: bool, is_then: bool) -> bool {
        // One event never fills both places: the second is looked at before the first is set.
        let completes = is_then && self.first.is_some_and(|first| at <= Second::from(first).plus(atom.within));
        if completes {
            self.completed = self.completed.max(Some(Stamp::from(at)));
        }
        if is_first {
            self.first = self.first.max(Some(Stamp::from(at)));
        }
        completes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Span;

    #[test]
    fn the_newest_are_kept_whatever_the_order_of_arrival() {
        let mut memory = Memory::empty(Form::Times);
        for at in [5, 1, 9, 3, 9] {
            memory.add(Second(at), 3);
        }
        assert_eq!(memory.stamps().map(|s| s.0).collect::<Vec<_>>(), [9, 9, 5]);
    }

    #[test]
    fn a_window_is_open_behind_and_closed_in_front() {
        let mut memory = Memory::empty(Form::Times);
        memory.add(Second(100), 1);
        let last = Window::Last(Length::Elapsed(Span(10)));
        assert_eq!(memory.count(last, Second(109)), 1);
        assert_eq!(memory.count(last, Second(110)), 0);
    }

    #[test]
    fn a_count_stops_where_it_stops_to_matter() {
        let mut memory = Memory::empty(Form::Count);
        for _ in 0..5 {
            memory.add(Second(1), 3);
        }
        assert_eq!(memory, Memory::Count(3));
    }
}
