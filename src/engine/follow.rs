//! Keeping the runs of conditions for `for at least`: brought up to the second before something touches them,
//! and told what is true behind it.

use std::collections::{BTreeMap, BTreeSet};

use super::compiled::{Engine, Watch};
use super::condition::{Found, Scene};
use super::evaluate::Dirty;
use super::held::{Held, Holder};
use super::history;
use super::matching::Observed;
use super::memory::Memory;
use super::run::Run;
use super::scoped::Scoped;
use super::state::State;
use crate::model::calendar::Calendar;
use crate::model::event::{Event, Kind};
use crate::model::person::Person;
use crate::model::rule::Move;
use crate::model::time::{Second, Span};
use crate::model::transition::Cause;

/// Somebody, and what is remembered of them.
pub struct World<'a> {
    pub person: &'a Person,
    pub state: &'a mut State,
    pub scoped: &'a mut BTreeMap<usize, Scoped>,
    pub calendar: Calendar,
}

impl World<'_> {
    /// Brings runs up to the second before `at`, as nothing has happened since.
    pub fn advance(&mut self, holders: &[Holder<'_>], at: Second) {
        for holder in holders {
            // One that never held, and that nothing touched, has no memory.
            let Some(mut held) = self.known(holder) else { continue };
            self.with_scene(holder, |scene| held.advance(holder.condition, scene, at.minus(Span(1))));
            self.keep(holder, held);
        }
    }

    /// Tells runs what is true at `at`. Inner conditions come before those that hold them.
    pub fn tell(&mut self, holders: &[Holder<'_>], at: Second) {
        // Before somebody is known, nothing holds of them.
        let since = self.person.known_since;
        for holder in holders {
            let known = self.known(holder);
            // What lies before a second that is known, and yet was not told as a whole, does not touch the run.
            let at = known.as_ref().map_or(at, |held| at.max(held.upto()));
            let mut held = known.unwrap_or_else(|| Held::new(since));
            let truth = at >= since && self.with_scene(holder, |scene| holder.condition.truth(scene, at));
            held.tell(truth, at.max(since));
            self.keep(holder, held);
        }
    }

    fn known(&self, holder: &Holder<'_>) -> Option<Held> {
        let memory = match holder.journey {
            Some(place) => self.scoped.get(&place)?.memory(holder.atom),
            None => self.state.memory(holder.atom),
        };
        match memory? {
            Memory::Held(held) => Some(held.clone()),
            _ => None,
        }
    }

    fn keep(&mut self, holder: &Holder<'_>, held: Held) {
        let memory = match holder.journey.map(|place| self.scoped.get_mut(&place)) {
            Some(Some(scoped)) => scoped.memory_mut(holder.atom, || Memory::Held(held.clone())),
            Some(None) => return,
            None => self.state.memory_mut(holder.atom, || Memory::Held(held.clone())),
        };
        *memory = Memory::Held(held);
    }

    fn with_scene<T>(&self, holder: &Holder<'_>, ask: impl FnOnce(Scene<'_>) -> T) -> T {
        // In the past a segment means its condition: what was recorded is what was known then.
        let found = Found::default();
        ask(Scene {
            person: self.person,
            state: self.state,
            scoped: holder.journey.and_then(|place| self.scoped.get(&place)),
            recorded: false,
            found: &found,
            calendar: self.calendar,
        })
    }
}

impl Engine {
    /// The conditions followed for `for at least` that `event` can touch.
    pub(super) fn touchable_runs(&self, event: &Event) -> BTreeSet<u32> {
        let mut places = BTreeSet::new();
        if self.held.is_empty() {
            return places;
        }
        for hit in self.router.candidates(&Observed::new(event)) {
            let uses = self.uses.get(hit.number as usize).into_iter().flat_map(|uses| &uses.atoms);
            let atoms = uses.filter_map(|place| self.atoms.get(*place as usize));
            places.extend(atoms.flat_map(|atom| &atom.conditions));
        }
        match &event.kind {
            Kind::AttributesSet => {
                places.extend(self.attributes.touchable(event.properties.keys().map(String::as_str)));
                let zone = self.rules.schema.person_time_zone.as_ref();
                if zone.is_some_and(|zone| event.properties.contains_key(zone)) {
                    places.extend(&self.local);
                }
            }
            Kind::SegmentJoined(name) | Kind::SegmentLeft(name) => {
                let segment = self.manual.get(name);
                places.extend(segment.and_then(|segment| self.dependents.get(segment)).into_iter().flatten());
            }
            Kind::Inbound => places.extend(&self.service_window),
            Kind::Moved(Move::EnteredCampaign(name) | Move::LeftCampaign(name)) => {
                places.extend(self.running.get(name).into_iter().flatten());
            }
            _ => {}
        }
        places.retain(|place| self.is_held(*place));
        places
    }

    /// These conditions and those that hold them, in order.
    fn holders(&self, mut places: BTreeSet<u32>) -> Vec<(u32, Holder<'_>)> {
        let mut holders = Vec::new();
        while let Some(place) = places.pop_first() {
            let Some(watched) = self.watched.get(place as usize) else { continue };
            let Watch::Held(atom) = watched.what else { continue };
            holders.push((place, Holder { condition: &watched.condition, atom, journey: None }));
            let outer = self.atom(atom).into_iter().flat_map(|atom| &atom.conditions);
            places.extend(outer.filter(|outer| self.is_held(**outer)));
        }
        holders
    }
}

impl<'a> Run<'a> {
    /// Brings the runs that `event` can touch up to the second before `at`.
    pub fn before_touch(&mut self, event: &Event, at: Second) {
        let engine = self.engine;
        let holders = engine.holders(engine.touchable_runs(event));
        let holders: Vec<Holder<'a>> = holders.into_iter().map(|(_, holder)| holder).collect();
        self.advance_runs(holders, at);
    }

    /// Brings the runs that depend on an absence up to now, before what is decided by now is written down as such.
    pub fn before_verdicts(&mut self) {
        let engine = self.engine;
        let absences = engine.absences.iter().filter_map(|place| engine.atoms.get(*place as usize));
        let conditions = absences.filter(|atom| self.subject.state.memory(atom.key).is_some());
        let places = conditions.flat_map(|atom| &atom.conditions).copied().filter(|place| engine.is_held(*place));
        let holders = engine.holders(places.collect()).into_iter().map(|(_, holder)| holder).collect();
        self.advance_runs(holders, self.at.next());
    }

    fn advance_runs(&mut self, mut holders: Vec<Holder<'a>>, at: Second) {
        holders.extend(self.followed_elsewhere());
        if !holders.is_empty() {
            self.world().advance(&holders, at);
        }
    }

    /// Tells the runs in `dirty`, and those that are not this rule set's to watch, what is true at `at`, and notes
    /// in `dirty` what depends on them.
    pub fn behind_touch(&mut self, at: Second, dirty: &mut Dirty) {
        let engine = self.engine;
        let touched: BTreeSet<u32> = dirty.keys().copied().filter(|place| engine.is_held(*place)).collect();
        let mut holders = Vec::new();
        let mut cause = None;
        for (place, holder) in engine.holders(touched) {
            // What holds an inner one is touched for its reason.
            cause = dirty.remove(&place).or(cause);
            let outer = engine.atom(holder.atom).into_iter().flat_map(|atom| &atom.conditions);
            let outer = outer.filter(|outer| !engine.is_held(**outer));
            self.note_dirty(outer, cause.unwrap_or(Cause::Wake), dirty);
            holders.push(holder);
        }
        holders.extend(self.followed_elsewhere());
        if !holders.is_empty() {
            self.world().tell(&holders, at);
        }
    }

    /// What is followed for journeys: for rule sets that are not in force any more, and for conditions of their own.
    fn followed_elsewhere(&self) -> Vec<Holder<'a>> {
        history::followed_for_journeys(self.versions, self.engine, &self.subject.journeys, &self.scoped)
    }

    fn world(&mut self) -> World<'_> {
        let (person, state) = (&self.subject.person, &mut self.subject.state);
        World { person, state, scoped: &mut self.scoped, calendar: self.calendar }
    }
}
