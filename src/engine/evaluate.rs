//! From changed memories to changed truths: the conditions concerned, in dependency order.

use std::collections::BTreeMap;

use super::compiled::{Engine, Watch};
use super::condition::Scene;
use super::history;
use super::memory::Memory;
use super::run::Run;
use super::scoped::Scoped;
use super::sequence::Verdict;
use super::state::State;
use super::trigger::Start;
use crate::model::calendar::Calendar;
use crate::model::event::Event;
use crate::model::id::SegmentId;
use crate::model::time::Second;
use crate::model::transition::{Cause, Transition};

/// Watched conditions to be evaluated, in dependency order, and why.
pub type Dirty = BTreeMap<u32, Cause>;

impl Run<'_> {
    /// What conditions of the rule set in force see.
    pub fn scene_now(&self) -> Scene<'_> {
        self.scene_of(None)
    }

    /// The same for a journey of it, with what that remembers by itself.
    pub fn scene_of<'s>(&'s self, scoped: Option<&'s Scoped>) -> Scene<'s> {
        let (person, state) = (&self.subject.person, &self.subject.state);
        self.found.clear();
        Scene { person, state, scoped, recorded: true, calendar: self.calendar, found: &self.found }
    }

    /// Evaluates the conditions in `dirty` and those that depend on what changes. Returns the
    /// campaigns whose condition became true, or that start on what the person thereby enters or leaves.
    ///
    /// `born`: memberships are compared with what was assumed of somebody new, too.
    pub fn evaluate(&mut self, mut dirty: Dirty, born: bool) -> Vec<Start> {
        let mut starts = Vec::new();
        while let Some((place, cause)) = dirty.pop_first() {
            let Some(watched) = self.engine.watched.get(place as usize) else { continue };
            if let Watch::Held(_) = watched.what {
                // What touches a run was told already, and time needs not be.
                continue;
            }
            let truth = watched.condition.truth(self.scene_now(), self.at);
            let flip = watched.condition.next_flip(self.scene_now(), self.at, truth);
            self.flip = [self.flip, flip].into_iter().flatten().min();
            match watched.what {
                Watch::Segment(segment) => {
                    let changed = self.subject.state.set_member(segment, truth, self.at);
                    if changed {
                        self.step.transitions.push(self.transition(segment, truth, cause));
                    }
                    if changed || (born && truth != watched.at_birth) {
                        self.depend(segment, cause, &mut dirty);
                    }
                    if changed {
                        starts.extend(self.moved_segment(segment, truth, cause, &mut dirty));
                    }
                }
                Watch::Becomes(campaign, id) => {
                    if self.subject.state.set_risen(id, truth) && truth {
                        starts.push(Start::new(campaign, cause));
                    }
                }
                Watch::Held(_) => {}
            }
        }
        starts
    }

    /// Notes the conditions that name `segment`, because of `cause`.
    pub fn depend(&self, segment: SegmentId, cause: Cause, dirty: &mut Dirty) {
        self.note_dirty(self.engine.dependents.get(&segment).into_iter().flatten(), cause, dirty);
    }

    /// Notes conditions, because of `cause`.
    pub fn note_dirty<'p>(&self, places: impl IntoIterator<Item = &'p u32>, cause: Cause, dirty: &mut Dirty) {
        for place in places {
            let known = dirty.entry(*place).or_insert(cause);
            // An event says more than that time has passed.
            if *known == Cause::Wake {
                *known = cause;
            }
        }
    }

    pub fn transition(&self, segment: SegmentId, entered: bool, cause: Cause) -> Transition {
        let late = self.late && matches!(cause, Cause::Event { .. });
        Transition { segment, entered, at: self.at, cause, late }
    }

    /// The conditions that time alone can have changed, for this person.
    pub fn timed(&self) -> Dirty {
        let (engine, subject, at) = (self.engine, &*self.subject, self.at);
        let atoms = subject.state.memories.iter().filter_map(|(key, _)| engine.atom(*key));
        let atoms = atoms.flat_map(|atom| atom.timed.iter().copied());
        let known_since = subject.person.known_since;
        let known_for = engine.known_for.iter().take_while(|(span, _)| known_since.plus(*span) >= at);
        let attributes = engine.attributes.timed(&subject.person);
        let window = engine.service_window.iter().filter(|_| subject.state.newest_inbound.is_some());
        let places = atoms.chain(known_for.map(|(_, place)| *place)).chain(attributes);
        let places = places.chain(window.chain(&engine.clocks).copied());
        places.filter(|place| !engine.is_held(*place)).map(|place| (place, Cause::Wake)).collect()
    }

    /// Takes verdicts whose second is now, or before, for completions. Returns the campaigns that those of now start.
    pub fn settle(&mut self) -> Vec<Start> {
        let mut verdicts = Vec::new();
        let now = self.now();
        // From then on it is not known any more when it was not so yet.
        self.before_verdicts();
        for engine in history::engines(self.versions, self.engine, &self.subject.journeys) {
            for atom in engine.absences.iter().filter_map(|place| engine.atoms.get(*place as usize)) {
                let (Some(chain), Some(memory)) = (atom.chain(), self.subject.state.memory_known(atom.key)) else {
                    continue;
                };
                let Memory::Sequence(progress) = memory else { continue };
                let of_now = progress.settle(chain, atom.keep(), now);
                let of_now = of_now.filter(|_| engine.version == self.engine.version);
                verdicts.extend(of_now.into_iter().flat_map(|it| atom.triggers.iter().map(move |place| (*place, it))));
            }
        }
        let start = |(campaign, verdict): (u32, Verdict)| Start {
            data: self.unanswered(verdict).map(|event| event.properties.clone()),
            ..Start::new(campaign, Cause::Wake)
        };
        verdicts.into_iter().map(start).collect()
    }

    /// The event that a verdict is about. The past is at hand where one starts something: see `history_needed`.
    fn unanswered(&self, verdict: Verdict) -> Option<&Event> {
        let number = verdict.about?;
        self.past().into_iter().find(|event| event.seq == number)
    }

    /// The next second at which a verdict starts a campaign.
    pub fn next_verdict(&self) -> Option<Second> {
        next_verdict(self.engine, &self.subject.state, self.calendar)
    }
}

/// The next second at which a verdict starts a campaign of `engine`.
pub(super) fn next_verdict(engine: &Engine, state: &State, calendar: Calendar) -> Option<Second> {
    let atoms = engine.absences.iter().filter_map(|place| engine.atoms.get(*place as usize));
    let verdicts = atoms.filter(|atom| !atom.triggers.is_empty()).filter_map(|atom| {
        let deadline = atom.chain()?.absent.as_ref()?.deadline;
        let Memory::Sequence(progress) = state.memory(atom.key)? else { return None };
        let verdicts = progress.verdicts(deadline, calendar).map(|verdict| verdict.at);
        verdicts.filter(|at| *at >= state.floor).min()
    });
    verdicts.min()
}
