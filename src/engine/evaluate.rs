//! From changed memories to changed truths: the conditions concerned, in dependency order.

use std::collections::BTreeMap;

use super::compiled::Watch;
use super::condition::Scene;
use super::run::Run;
use super::trigger::Start;
use crate::model::id::SegmentId;
use crate::model::transition::{Cause, Transition};

/// Watched conditions to be evaluated, in dependency order, and why.
pub type Dirty = BTreeMap<u32, Cause>;

impl Run<'_> {
    /// Evaluates the conditions in `dirty` and those that depend on what changes. Returns the
    /// campaigns whose condition became true.
    ///
    /// `born`: memberships are compared with what was assumed of somebody new, too.
    pub fn evaluate(&mut self, mut dirty: Dirty, born: bool) -> Vec<Start> {
        let mut risen = Vec::new();
        while let Some((place, cause)) = dirty.pop_first() {
            let Some(watched) = self.engine.watched.get(place as usize) else { continue };
            let scene = Scene { person: &self.subject.person, state: &self.subject.state, recorded: true };
            let truth = watched.condition.truth(scene, self.at);
            let flip = watched.condition.next_flip(scene, self.at, truth);
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
                }
                Watch::Becomes(campaign, id) => {
                    if self.subject.state.set_risen(id, truth) && truth {
                        risen.push(Start::new(campaign, cause));
                    }
                }
            }
        }
        risen
    }

    /// Notes the conditions that name `segment`, because of `cause`.
    pub fn depend(&self, segment: SegmentId, cause: Cause, dirty: &mut Dirty) {
        for place in self.engine.dependents.get(&segment).into_iter().flatten() {
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
        let places = atoms.chain(known_for.map(|(_, place)| *place)).chain(attributes);
        places.map(|place| (place, Cause::Wake)).collect()
    }
}
