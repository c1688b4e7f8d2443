//! From an event to changed memories: attributes, manual segments, atoms.

use super::atom::{Atom, Form};
use super::compiled::Engine;
use super::evaluate::Dirty;
use super::history;
use super::matching::Observed;
use super::memory::{Memory, Stamp};
use super::route::Hit;
use super::run::Run;
use super::trigger::Start;
use crate::model::event::{Event, Kind};
use crate::model::transition::Cause;
use crate::model::value::Properties;

/// An atom that an event met.
struct Met<'a> {
    engine: &'a Engine,
    atom: &'a Atom,
    /// The most that any rule set in play keeps of it.
    keep: u32,
    is_first: bool,
    is_then: bool,
}

/// Whether an event completed a sequence.
enum Completed {
    No,
    ByThis,
    /// The event was late and lies before one that it makes complete: with this data.
    ByEarlier(Properties),
}

impl<'a> Run<'a> {
    /// Takes in a numbered event and evaluates what it touched, besides what is in `dirty` already.
    /// Returns the campaigns it can start, in the order of the rule set, each once.
    pub fn take_in(&mut self, event: &Event, mut dirty: Dirty) -> Vec<Start> {
        let cause = Cause::Event { seq: event.seq, key: event.key };
        let mut starts = Vec::new();
        match &event.kind {
            Kind::AttributesSet => self.write(event, cause, &mut dirty),
            Kind::SegmentJoined(name) => self.shift(event, name, true, cause, &mut dirty),
            Kind::SegmentLeft(name) => self.shift(event, name, false, cause, &mut dirty),
            _ => starts = self.remember(event, cause, &mut dirty),
        }
        starts.extend(self.evaluate(dirty, false));
        starts.sort_by_key(|start| start.campaign);
        starts.dedup_by_key(|start| start.campaign);
        starts
    }

    /// Writes attributes, except what a later write has taken up already.
    fn write(&mut self, event: &Event, cause: Cause, dirty: &mut Dirty) {
        let order = event.order();
        let is_late = self.subject.state.newest_write.is_some_and(|newest| order < newest);
        let names = if is_late {
            history::unwritten(event, &self.past())
        } else {
            event.properties.keys().map(String::as_str).collect()
        };
        let person = &mut self.subject.person;
        let before = self.engine.attributes.before(names.iter().copied(), person);
        for (name, value) in event.properties.iter().filter(|(name, _)| names.contains(&name.as_str())) {
            person.set(name, value);
        }
        let touched = self.engine.attributes.touched(&before, person);
        dirty.extend(touched.into_iter().map(|place| (place, cause)));
        let newest = &mut self.subject.state.newest_write;
        *newest = (*newest).max(Some(order));
    }

    /// Moves the person into or out of a manual segment.
    fn shift(&mut self, event: &Event, name: &str, joined: bool, cause: Cause, dirty: &mut Dirty) {
        let Some(segment) = self.engine.manual.get(name).copied() else { return };
        let state = &mut self.subject.state;
        if state.set_moved(segment, event.order()) && state.set_member(segment, joined, self.at) {
            self.step.transitions.push(self.transition(segment, joined, cause));
            self.depend(segment, cause, dirty);
        }
    }

    /// Goes on with the memories of the atoms that the event meets. Returns the campaigns it starts.
    pub fn remember(&mut self, event: &Event, cause: Cause, dirty: &mut Dirty) -> Vec<Start> {
        if event.kind == Kind::Inbound {
            let newest = &mut self.subject.state.newest_inbound;
            *newest = (*newest).max(Some(Stamp::from(event.at)));
        }
        let observed = Observed::new(event);
        let mut starts = Vec::new();
        for met in self.meet(&observed, cause, &mut starts) {
            let completed = self.update(&met, event);
            // Another rule set's conditions are not watched: they are asked when its journeys go on.
            let own =
                if met.engine.version == self.engine.version { Some(met.atom) } else { self.engine.atom(met.atom.key) };
            let Some(atom) = own else { continue };
            dirty.extend(atom.conditions.iter().map(|place| (*place, cause)));
            let data = match completed {
                Completed::No => continue,
                Completed::ByThis => None,
                Completed::ByEarlier(data) => Some(data),
            };
            let start = |campaign: &u32| Start { data: data.clone(), ..Start::new(*campaign, cause) };
            starts.extend(atom.triggers.iter().map(start));
        }
        starts
    }

    /// The atoms that an event meets, each once, and the campaigns that start on it as it is.
    fn meet(&self, observed: &Observed<'_>, cause: Cause, starts: &mut Vec<Start>) -> Vec<Met<'a>> {
        let mut met: Vec<Met<'a>> = Vec::new();
        for engine in history::engines(self.versions, self.engine, &self.subject.journeys) {
            for Hit { number, is_sure } in engine.router.candidates(observed) {
                let matcher = engine.matchers.get(number as usize);
                if !is_sure && !matcher.is_some_and(|matcher| matcher.matches(observed, &self.subject.person)) {
                    continue;
                }
                let Some(uses) = engine.uses.get(number as usize) else { continue };
                if engine.version == self.engine.version {
                    starts.extend(uses.triggers.iter().map(|campaign| Start::new(*campaign, cause)));
                }
                for atom in uses.atoms.iter().filter_map(|place| engine.atoms.get(*place as usize)) {
                    let (is_first, is_then) = (atom.first == number, atom.then == Some(number));
                    met.push(Met { engine, atom, keep: atom.keep, is_first, is_then });
                }
            }
        }
        // Both places of a sequence, or two rule sets in play, make one of what they share.
        met.sort_unstable_by_key(|met| (met.atom.key, met.engine.version));
        met.dedup_by(|other, met| {
            let is_same = other.atom.key == met.atom.key;
            if is_same {
                met.keep = met.keep.max(other.keep);
                met.is_first |= other.is_first;
                met.is_then |= other.is_then;
            }
            is_same
        });
        met
    }

    /// Goes on with one memory. Says whether a sequence was completed.
    fn update(&mut self, met: &Met<'_>, event: &Event) -> Completed {
        let atom = met.atom;
        if atom.form == Form::Follows && self.disordered {
            let retold = history::retell(met.engine, atom, &self.past(), event, &self.subject.person);
            let completed = match retold.completing {
                None => Completed::No,
                Some(completing) if completing.seq == event.seq => Completed::ByThis,
                Some(completing) => Completed::ByEarlier(completing.properties.clone()),
            };
            let memory = Memory::Follows(retold.trail);
            *self.subject.state.memory_mut(atom.key, || Memory::empty(atom.form)) = memory;
            return completed;
        }
        match self.subject.state.memory_mut(atom.key, || Memory::empty(atom.form)) {
            Memory::Follows(trail) => {
                let completes = trail.walk(atom, event.at, met.is_first, met.is_then);
                if completes { Completed::ByThis } else { Completed::No }
            }
            memory => {
                memory.add(event.at, met.keep);
                Completed::No
            }
        }
    }
}
