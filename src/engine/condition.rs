//! Conditions, ready: their truth at one instant, and when time alone will change it next.
//! Both are pure functions of what is known about the person.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike as _, NaiveTime, Weekday};
use rustc_hash::FxHashMap;

use super::ask::SERVICE_WINDOW;
use super::atom::AtomKey;
use super::chain::Deadline;
use super::held::Held;
use super::memory::Memory;
use super::scoped::Scoped;
use super::state::State;
use crate::model::calendar::{Calendar, Now};
use crate::model::compare::Comparison;
use crate::model::id::SegmentId;
use crate::model::limit::FLIP_CANDIDATES_MAX;
use crate::model::person::Person;
use crate::model::rule::{Share, Times, Window};
use crate::model::sample;
use crate::model::time::{Second, Span};

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
    /// A journey of the campaign of this name is running.
    Running(String),
    Sample {
        name: String,
        share: Share,
    },
    ServiceWindow,
    LocalTime {
        from: NaiveTime,
        to: NaiveTime,
    },
    LocalDay(Vec<Weekday>),
    KnownFor(Span),
    /// The condition has held for so long; its run is what the atom remembers.
    HeldFor {
        atom: AtomKey,
        condition: Arc<Condition>,
        span: Span,
    },
    Happened {
        atom: AtomKey,
        times: Times,
        window: Window,
        /// Of a sequence that ends with an absence.
        deadline: Option<Deadline>,
    },
}

/// What conditions are true of.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub person: &'a Person,
    pub state: &'a State,
    /// The memory of the journey that asks.
    pub scoped: Option<&'a Scoped>,
    /// Whether `in segment` looks at the recorded memberships. Those of another rule set are not recorded, nor is
    /// the past as it is known now: there a segment means its condition.
    pub recorded: bool,
    pub calendar: Calendar,
    /// What was found of this very person and state.
    pub found: &'a Found,
}

/// What was found so far, by second: so that conditions which hold each other are not asked over and over.
#[derive(Default)]
pub struct Found {
    segments: RefCell<FxHashMap<(SegmentId, Second), bool>>,
    runs: RefCell<BTreeMap<(AtomKey, Second), Held>>,
}

impl Found {
    /// Forgets it: something else is asked about.
    pub fn clear(&self) {
        self.segments.borrow_mut().clear();
        self.runs.borrow_mut().clear();
    }
}

impl Scene<'_> {
    fn memory(&self, key: AtomKey) -> Option<&Memory> {
        self.scoped.and_then(|scoped| scoped.memory(key)).or_else(|| self.state.memory(key))
    }

    fn at(&self, at: Second) -> Now {
        Now { at, calendar: self.calendar }
    }

    /// The run of `condition` up to `now`, if it is remembered: from the nearest second at which it is known.
    fn run(&self, atom: AtomKey, condition: &Condition, now: Second) -> Option<Held> {
        let Some(Memory::Held(held)) = self.memory(atom) else { return None };
        let earlier = (atom, Second(i64::MIN))..=(atom, now);
        let known = self.found.runs.borrow().range(earlier).next_back().map(|(_, held)| held.clone());
        let mut held = known.unwrap_or_else(|| held.clone());
        held.advance(condition, Self { recorded: false, ..*self }, now);
        self.found.runs.borrow_mut().insert((atom, now), held.clone());
        Some(held)
    }

    /// Whether the person is in a data-driven segment, which means `meaning`.
    fn means(&self, segment: SegmentId, meaning: &Condition, now: Second) -> bool {
        let known = self.found.segments.borrow().get(&(segment, now)).copied();
        known.unwrap_or_else(|| {
            let truth = meaning.truth(*self, now);
            self.found.segments.borrow_mut().insert((segment, now), truth);
            truth
        })
    }

    fn service_window_closes(&self) -> Option<Second> {
        self.state.newest_inbound().map(|newest| newest.plus(SERVICE_WINDOW))
    }
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
            Self::Attribute(test) => test.holds_of(scene.person.value(&test.name).as_deref(), scene.at(now)),
            Self::Member(segment, Some(meaning)) if !scene.recorded => scene.means(*segment, meaning, now),
            Self::Member(segment, _) => scene.state.is_in(*segment),
            Self::Running(campaign) => scene.state.is_running(campaign),
            Self::Sample { name, share } => sample::is_within(sample::place(name, scene.person.cio_id), *share),
            // Like every window it ends now: what lies ahead opens nothing.
            Self::ServiceWindow => scene.service_window_closes().is_some_and(|closes| now < closes),
            Self::LocalTime { from, to } => {
                let time = scene.calendar.local(now).time();
                if from < to { *from <= time && time < *to } else { *from <= time || time < *to }
            }
            Self::LocalDay(days) => days.contains(&scene.calendar.day(now).weekday()),
            Self::KnownFor(span) => now >= scene.person.known_since.plus(*span),
            Self::HeldFor { atom, condition, span } => {
                scene.run(*atom, condition, now).is_some_and(|held| held.holds(*span, now))
            }
            Self::Happened { atom, times, window, deadline } => {
                let count = |memory: &Memory| memory.count(*window, *deadline, scene.at(now));
                times.holds(scene.memory(*atom).map_or(0, count))
            }
        }
    }

    /// The first second after `now` at which time alone changes the truth, which is `truth` now.
    ///
    /// Recorded memberships are taken as they stand: a segment that changes brings its own wake, and whoever
    /// names it is asked again then. So does what has to hold for some time. After many candidates the next
    /// one is taken unseen: an early wake costs little and changes nothing.
    #[must_use]
    pub fn next_flip(&self, scene: Scene<'_>, now: Second, truth: bool) -> Option<Second> {
        let mut at = Vec::new();
        self.candidates(scene, now, &mut at, &mut BTreeSet::new());
        keep_tried(&mut at, now);
        let flips = |(tried, at): &(usize, Second)| *tried >= FLIP_CANDIDATES_MAX || self.truth(scene, *at) != truth;
        at.into_iter().enumerate().find(flips).map(|(_, at)| at)
    }

    /// The instants at which a part can change. Only those after `now` are of interest.
    fn candidates(&self, scene: Scene<'_>, now: Second, at: &mut Vec<Second>, seen: &mut BTreeSet<SegmentId>) {
        match self {
            Self::Everyone | Self::Running(_) | Self::Sample { .. } => {}
            Self::Not(condition) => condition.candidates(scene, now, at, seen),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.candidates(scene, now, at, seen)),
            Self::Attribute(test) if test.is_timed() => {
                at.extend(test.flips_of(scene.person.value(&test.name).as_deref(), scene.at(now)));
            }
            Self::Attribute(_) => {}
            Self::Member(segment, meaning) => {
                if let Some(meaning) = meaning
                    && !scene.recorded
                    && seen.insert(*segment)
                {
                    meaning.candidates(scene, now, at, seen);
                }
            }
            Self::ServiceWindow => at.extend(scene.service_window_closes()),
            Self::LocalTime { from, to } => at.extend(scene.calendar.clock_flips(now, &[*from, *to])),
            Self::LocalDay(_) => at.extend(scene.calendar.midnights_after(now)),
            Self::KnownFor(span) => at.push(scene.person.known_since.plus(*span)),
            Self::HeldFor { atom, condition, span } => {
                let Some(held) = scene.run(*atom, condition, now) else { return };
                at.extend(held.flip(*span));
                // A run ends where the condition flips, and has lasted so long after it began there.
                let mut inner = Vec::new();
                let scene = Scene { recorded: false, ..scene };
                condition.candidates(scene, now, &mut inner, &mut BTreeSet::new());
                keep_tried(&mut inner, now);
                at.extend(inner.into_iter().flat_map(|flip| [flip, flip.plus(*span)]));
            }
            Self::Happened { atom, window, deadline, .. } => {
                if let Some(memory) = scene.memory(*atom) {
                    memory.flips(*window, *deadline, scene.calendar, at);
                }
            }
        }
    }
}

/// Keeps of candidates those that are tried: ahead of `now`, each once, and no more than are looked at, with the
/// next one that is taken unseen.
fn keep_tried(at: &mut Vec<Second>, now: Second) {
    at.retain(|at| *at > now);
    at.sort_unstable();
    at.dedup();
    at.truncate(FLIP_CANDIDATES_MAX + 1);
}
