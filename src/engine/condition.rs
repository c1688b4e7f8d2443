//! Conditions, ready: their truth at one instant, and when time alone will change it next.
//! Both are pure functions of what is known about the person.

use std::sync::Arc;

use super::atom::AtomKey;
use super::memory::Memory;
use super::state::State;
use crate::model::calendar::{Calendar, Now};
use crate::model::compare::Comparison;
use crate::model::id::SegmentId;
use crate::model::limit::FLIP_CANDIDATES_MAX;
use crate::model::person::Person;
use crate::model::rule::{Times, Window};
use crate::model::time::{Length, Second, Span};

/// A condition whose names are resolved and whose event phrases are atoms.
#[derive(Clone, Debug)]
pub enum Condition {
    Everyone,
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Attribute(Comparison),
    /// Membership in a segment, with the segment's own condition unless its members come from outside.
    Member(SegmentId, Option<Arc<Condition>>),
    KnownFor(Span),
    Happened {
        atom: AtomKey,
        times: Times,
        window: Window,
    },
}

/// What conditions are true of.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub person: &'a Person,
    pub state: &'a State,
    /// Whether the recorded memberships are those of the condition's own rule set. An older one's are
    /// not recorded any more; there a segment means its condition.
    pub recorded: bool,
}

impl Condition {
    /// Whether the condition holds at `now`.
    #[must_use]
    pub fn truth(&self, scene: Scene<'_>, now: Second) -> bool {
        match self {
            Self::Everyone => true,
            Self::Not(condition) => !condition.truth(scene, now),
            Self::All(parts) => parts.iter().all(|part| part.truth(scene, now)),
            Self::Any(parts) => parts.iter().any(|part| part.truth(scene, now)),
            Self::Attribute(test) => test.holds_of(scene.person.value(&test.name).as_deref(), utc(now)),
            Self::Member(_, Some(meaning)) if !scene.recorded => meaning.truth(scene, now),
            Self::Member(segment, _) => scene.state.is_in(*segment),
            Self::KnownFor(span) => now >= scene.person.known_since.plus(*span),
            Self::Happened { atom, times, window } => {
                let count = scene.state.memory(*atom).map_or(0, |memory| memory.count(*window, now));
                times.holds(count)
            }
        }
    }

    /// The first second after `now` at which time alone changes the truth, which is `truth` now.
    ///
    /// Memberships are taken as they stand: a segment that changes brings its own wake, and whoever
    /// names it is asked again then. After many candidates the next one is taken unseen: an early
    /// wake costs little and changes nothing.
    #[must_use]
    pub fn next_flip(&self, scene: Scene<'_>, now: Second, truth: bool) -> Option<Second> {
        let mut at = Vec::new();
        self.candidates(scene, now, &mut at);
        at.sort_unstable();
        at.dedup();
        let flips = |(tried, at): &(usize, Second)| *tried >= FLIP_CANDIDATES_MAX || self.truth(scene, *at) != truth;
        at.into_iter().enumerate().find(flips).map(|(_, at)| at)
    }

    /// The instants after `now` at which a part can change.
    fn candidates(&self, scene: Scene<'_>, now: Second, at: &mut Vec<Second>) {
        match self {
            Self::Everyone | Self::Member(..) => {}
            Self::Not(condition) => condition.candidates(scene, now, at),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.candidates(scene, now, at)),
            Self::Attribute(test) if test.is_timed() => {
                at.extend(test.flips_of(scene.person.value(&test.name).as_deref(), utc(now)));
            }
            Self::Attribute(_) => {}
            Self::KnownFor(span) => at.extend(Some(scene.person.known_since.plus(*span)).filter(|at| *at > now)),
            Self::Happened { atom, window: Window::Last(Length::Elapsed(span)), .. } => {
                let stamps = scene.state.memory(*atom).into_iter().flat_map(Memory::stamps);
                // Newest first: once one is out of the window, so are the others.
                at.extend(stamps.map(|stamp| stamp.plus(*span)).take_while(|at| *at > now));
            }
            Self::Happened { .. } => {}
        }
    }
}

/// Days in UTC.
pub fn utc(at: Second) -> Now {
    Now { at, calendar: Calendar::default() }
}
