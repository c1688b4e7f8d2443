//! What a newer rule set changes for people whose state was written under an older one: found once for two rule
//! sets, applied to each person. What did not change keeps its memory; what is new is told the past; everything
//! else about somebody stays as it is.
//!
//! Nothing is kept where that is not plainly the same as folding the log again: where days lie otherwise for
//! everybody, and where a run for `for at least` is new, since it follows a condition second by second.

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

use super::atom::{Atom, AtomKey, What};
use super::compile::atoms::numbers;
use super::compiled::{Engine, Watch};
use super::condition::Condition;
use super::evaluate::Dirty;
use super::matching::Observed;
use super::route::Router;
use super::run::{Mode, Run};
use crate::model::event::{Event, Kind};
use crate::model::id::{CampaignId, SegmentId};
use crate::model::rule::Verb;
use crate::model::time::{Second, Span};
use crate::model::transition::Cause;

/// What is different in a rule set from an older one.
#[derive(Debug, Default)]
pub struct Amendment {
    /// States are folded again from the whole log.
    is_whole: bool,
    /// What schedules find people by is another thing now, so that it is written down of everybody.
    rewrites: bool,
    /// The person's atoms that the older rule set did not keep, or not enough of.
    atoms: FxHashSet<AtomKey>,
    /// Segments whose members come from outside only now.
    manual: Vec<(String, SegmentId)>,
    /// Watched conditions that are new or mean something else, by place.
    conditions: Vec<u32>,
    /// The segments among those, and the manual ones.
    segments: Vec<SegmentId>,
    /// The campaigns whose condition is watched.
    watched: FxHashSet<CampaignId>,
    /// Some of the conditions can be true of people of whose past the atoms know nothing.
    is_for_everybody: bool,
    /// Some of the atoms look for decisions of the engine, which are no events of the log.
    asks_moves: bool,
    /// The tests of the atoms, and how far back each matters.
    tests: Router,
    back: FxHashMap<u32, Option<Span>>,
    kinds: Vec<Kind>,
}

impl Amendment {
    /// What is different in `new` from `old`.
    #[must_use]
    pub fn between(old: &Engine, new: &Engine) -> Self {
        let is_new_way = new.indexed.iter().any(|way| !old.indexed.contains(way));
        let is_whole = old.zone != new.zone;
        let mut found = Self { is_whole, rewrites: is_whole || is_new_way, ..Self::default() };
        for atom in new.atoms.iter().filter(|atom| !atom.scoped) {
            if !old.atom(atom.key).is_some_and(|known| known.serves(atom)) {
                found.add_atom(atom, new);
            }
        }
        for (name, segment) in &new.manual {
            if !old.manual.contains_key(name) {
                found.manual.push((name.clone(), *segment));
                found.segments.push(*segment);
                found.kinds.extend([Kind::SegmentJoined(name.clone()), Kind::SegmentLeft(name.clone())]);
            }
        }
        found.add_conditions(old, new);
        // The few patterns of new rules compile, since all of them together did.
        found.is_whole |= found.tests.finish().is_err();
        found
    }

    fn add_atom(&mut self, atom: &Atom, new: &Engine) {
        self.is_whole |= matches!(atom.what, What::Held);
        self.asks_moves |= atom.moves;
        self.atoms.insert(atom.key);
        for test in numbers(&atom.what) {
            let Some(matcher) = new.matchers.get(test as usize) else { continue };
            let kind = kind(&matcher.rule().verb);
            self.kinds.extend(kind.filter(|kind| !self.kinds.contains(kind)));
            match self.back.entry(test) {
                Entry::Vacant(free) => {
                    free.insert(atom.back);
                    self.tests.add(test, matcher.rule());
                }
                Entry::Occupied(mut known) => {
                    let most = known.get().zip(atom.back).map(|(one, other)| one.max(other));
                    known.insert(most);
                }
            }
        }
    }

    fn add_conditions(&mut self, old: &Engine, new: &Engine) {
        let known: FxHashSet<(Followed, AtomKey)> =
            old.watched.iter().map(|watched| (Followed::of(watched.what), watched.meaning)).collect();
        let mut settled: FxHashMap<SegmentId, Option<bool>> = FxHashMap::default();
        settled.extend(self.manual.iter().map(|(_, segment)| (*segment, Some(false))));
        for (place, watched) in (0..).zip(&new.watched) {
            if let Watch::Becomes(_, campaign) = watched.what {
                self.watched.insert(campaign);
            }
            if known.contains(&(Followed::of(watched.what), watched.meaning)) {
                continue;
            }
            let truth = self.truth_of_strangers(&watched.condition, &settled);
            match watched.what {
                Watch::Segment(segment) => {
                    self.conditions.push(place);
                    self.segments.push(segment);
                    self.is_for_everybody |= truth != Some(false);
                    settled.insert(segment, truth);
                }
                Watch::Becomes(..) => {
                    self.conditions.push(place);
                    // Nobody but their state knows for whom it was true when the campaign was here before.
                    self.is_for_everybody = true;
                }
                // That its atom is new says it.
                Watch::Held(_) => {}
            }
        }
    }

    /// The truth of a condition for everybody of whom the new atoms remember nothing, at any time: if it is the same
    /// for all of them.
    fn truth_of_strangers(&self, condition: &Condition, settled: &FxHashMap<SegmentId, Option<bool>>) -> Option<bool> {
        let parts_of = |parts: &[Condition], decisive: bool| {
            let mut all = true;
            for part in parts {
                match self.truth_of_strangers(part, settled) {
                    Some(truth) if truth == decisive => return Some(decisive),
                    Some(_) => {}
                    None => all = false,
                }
            }
            all.then_some(!decisive)
        };
        match condition {
            Condition::Everyone => Some(true),
            Condition::Not(part) => self.truth_of_strangers(part, settled).map(|truth| !truth),
            Condition::All(parts) => parts_of(parts, false),
            Condition::Any(parts) => parts_of(parts, true),
            Condition::Member(segment, _) => settled.get(segment).copied().flatten(),
            Condition::Happened { atom, times, .. } => self.atoms.contains(atom).then(|| times.holds(0)),
            Condition::Attribute(_)
            | Condition::Running(_)
            | Condition::Sample { .. }
            | Condition::ServiceWindow
            | Condition::LocalTime { .. }
            | Condition::LocalDay(_)
            | Condition::KnownFor(_)
            | Condition::HeldFor { .. } => None,
        }
    }

    /// Whether there is anything in somebody's past that it asks about.
    #[must_use]
    pub fn asks_past(&self) -> bool {
        self.is_whole || !self.atoms.is_empty() || !self.manual.is_empty()
    }

    /// Whether it asks for the past of everybody: no event alone says whom it concerns.
    #[must_use]
    pub fn asks_every_past(&self) -> bool {
        self.is_whole || self.asks_moves
    }

    /// Whether everybody has to be looked at. If not, it changes nothing but for people with an event that
    /// [`Amendment::concerns`], for members of [`Amendment::segments`], for those who have a journey, and for those
    /// whose wake is due.
    #[must_use]
    pub fn is_for_everybody(&self) -> bool {
        self.asks_every_past() || self.is_for_everybody || self.rewrites
    }

    /// Whether everybody is written down anew, changed or not: schedules find people by something else.
    #[must_use]
    pub fn rewrites_everybody(&self) -> bool {
        self.rewrites
    }

    /// The segments that are new or mean something else.
    #[must_use]
    pub fn segments(&self) -> &[SegmentId] {
        &self.segments
    }

    /// The kinds of events that it can concern.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// How far behind the activation the oldest event lies that it can concern; none: no matter how far.
    #[must_use]
    pub fn back(&self) -> Option<Span> {
        if !self.manual.is_empty() {
            return None;
        }
        self.back.values().copied().try_fold(Span(0), |most, back| Some(most.max(back?)))
    }

    /// Whether `event` can be one that new atoms remember, or a move of a segment that was unknown. `since` is the
    /// activation: what lies before everything that conditions look at then says nothing any more.
    #[must_use]
    pub fn concerns(&self, event: &Event, since: Second) -> bool {
        if let Kind::SegmentJoined(name) | Kind::SegmentLeft(name) = &event.kind {
            return self.manual.iter().any(|(known, _)| known == name);
        }
        let is_near = |back: &Option<Span>| back.is_none_or(|back| event.at >= since.minus(back));
        let hits = self.tests.candidates(&Observed::new(event));
        hits.iter().any(|hit| self.back.get(&hit.number).is_some_and(is_near))
    }

    /// Whether a state can be kept, of somebody with this past, as far as it is at hand.
    pub(super) fn can_keep(&self, past: &[&Event]) -> bool {
        let is_moved = |event: &&Event| {
            let named = |name: &String| self.manual.iter().any(|(known, _)| known == name);
            matches!(&event.kind, Kind::SegmentJoined(name) | Kind::SegmentLeft(name) if named(name))
        };
        !self.is_whole && (self.manual.is_empty() || !past.iter().any(is_moved))
    }
}

/// What a condition decides, without its place in a rule set.
#[derive(PartialEq, Eq, Hash)]
enum Followed {
    Segment(u32),
    Campaign(u32),
    Run,
}

impl Followed {
    fn of(watch: Watch) -> Self {
        match watch {
            Watch::Segment(segment) => Self::Segment(segment.0),
            Watch::Becomes(_, campaign) => Self::Campaign(campaign.0),
            Watch::Held(_) => Self::Run,
        }
    }
}

/// The kind of the events in the log that a verb means. Decisions are not in it.
fn kind(verb: &Verb) -> Option<Kind> {
    Some(match verb {
        Verb::Replied | Verb::Tapped => Kind::Inbound,
        Verb::Reacted => Kind::Reaction,
        Verb::RemovedReaction => Kind::ReactionRemoved,
        Verb::WasSent => Kind::Sent,
        Verb::Received => Kind::Received,
        Verb::Read => Kind::Read,
        Verb::FailedToReceive => Kind::Failed,
        Verb::Performed(name) => Kind::Custom(name.clone()),
        Verb::Changed(_) => Kind::AttributesSet,
        Verb::Moved(_) => return None,
    })
}

impl Run<'_> {
    /// Goes over to the active rule set as of this instant, with what is remembered. Nothing is started for the past:
    /// what the new rules find is where they begin.
    pub fn amend(&mut self, amendment: &Amendment) {
        let engines = self.engines();
        let state = &mut self.subject.state;
        (state.rules, state.fingerprint) = (self.engine.version, self.engine.fingerprint);
        let is_kept = |key: AtomKey| engines.iter().any(|engine| engine.atom(key).is_some_and(|atom| !atom.scoped));
        state.memories.retain(|(key, _)| is_kept(*key));
        state.risen.retain(|campaign| amendment.watched.contains(campaign));
        if !amendment.atoms.is_empty() {
            self.learn_past(&amendment.atoms);
        }
        self.mode = Mode::Silent;
        let mut transitions = std::mem::take(&mut self.step.transitions);
        for (_, segment) in &amendment.manual {
            // Nobody has moved into it yet; those who are in it were so by a condition.
            if self.subject.state.set_member(*segment, false, self.at) {
                self.step.transitions.push(self.transition(*segment, false, Cause::Rules));
            }
        }
        let mut dirty: Dirty = amendment.conditions.iter().map(|place| (*place, Cause::Rules)).collect();
        // As with a fold, what this very second changes by itself is found now.
        let is_due = self.subject.wake.is_some_and(|wake| wake <= self.at);
        if is_due {
            dirty.extend(self.timed().into_keys().map(|place| (place, Cause::Rules)));
        }
        self.evaluate(dirty, false);
        self.step.transitions.sort_by_key(|transition| transition.segment);
        transitions.append(&mut self.step.transitions);
        self.step.transitions = transitions;
        self.mode = Mode::Live;
        self.arm(is_due);
    }
}
