//! A person's life once more, from the log alone: folded from nothing, to see whether what is stored comes out the
//! same; and lived again from birth with all that follows, to see whether the same effects are asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::audit::{Drift, Lived, Stored, Wrong, parts_that_differ, remembers_otherwise};
use super::compiled::{Engine, Versions};
use super::history::{Biography, History};
use super::refold::refold;
use super::step::{Input, Step, Subject, step};
use crate::model::event::Event;
use crate::model::id::{EffectId, JourneyId, RulesVersion, Seq};
use crate::model::person::Person;
use crate::model::time::Second;

/// Folds the log from nothing and says what of `stored` does not come out of it, as of `now`. What is due is played
/// first, on a copy.
#[must_use]
pub fn replay(versions: &Versions, stored: Stored, history: History<'_>, now: Second) -> Vec<Drift> {
    let lived = Lived::until(versions, stored, history, now);
    if lived.is_mid_second() {
        // What this second brings is in the fold already, and will be in the state when the second is over.
        return Vec::new();
    }
    let engine = &versions.active;
    let folded = refold(versions, &lived.subject, lived.history(), lived.now).state;
    let mut drifts = Vec::new();
    for (id, name) in &engine.segment_names {
        let truth = folded.is_in(*id);
        let told = [
            (lived.members.contains(id), Wrong::Member { truth }),
            (lived.subject.state.is_in(*id), Wrong::State { truth }),
        ];
        let wrong = told.into_iter().filter(|(stored, _)| *stored != truth);
        drifts.extend(wrong.map(|(_, wrong)| Drift { rule: Some(name.clone()), ..Drift::of(wrong) }));
    }
    drifts.sort_by(|a, b| (&a.rule, a.wrong.as_str()).cmp(&(&b.rule, b.wrong.as_str())));
    let mut parts = parts_that_differ(&lived.subject.state, &folded);
    if remembers_otherwise(engine, &lived.subject, &folded, lived.now) {
        parts.push("what conditions remember");
    }
    if !parts.is_empty() {
        drifts.push(Drift::of(Wrong::Memory { parts }));
    }
    drifts
}

/// A rule set that was in force, from some second on.
#[derive(Clone, Debug)]
pub struct InForce {
    pub since: Second,
    pub engine: Arc<Engine>,
}

/// A life lived again.
#[derive(Clone, Debug, PartialEq)]
pub struct Relived {
    /// The effects that were asked for, and the journeys that began.
    pub effects: BTreeSet<EffectId>,
    pub journeys: BTreeSet<JourneyId>,
    /// Where it is not what was lived.
    pub parted: Option<Seq>,
    /// Several rule sets came into force between two events: when each reached this person is not written down, and
    /// it was taken that each did.
    pub assumed: bool,
}

/// Why a life cannot be lived again from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The log does not begin with the first event.
    Cut,
    /// The rule set that evaluated an event is not at hand.
    NoRules,
    /// Several rule sets came into force between two events, or an older one once more: when each reached this person
    /// is not written down.
    RulesBetween,
    /// What was stored of them was put right, which is no part of the log.
    Mended,
}

impl Doubt {
    /// Why, for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "their log does not begin with their first event",
            Self::NoRules => "a rule set that evaluated their events does not load any more",
            Self::RulesBetween => "several rule sets came into force between two of their events",
            Self::Mended => "what was stored of them was put right, which is no part of the log",
        }
    }
}

/// Lives the life of `person`, whose log is `log`, again: each event under the rule set that evaluated it, wakes in
/// between, up to the second before `until`, at last under `rules`. `sets` are all rule sets that were in force,
/// oldest first.
///
/// # Errors
/// [`Doubt`] says why that cannot be known from the log.
pub fn relive(
    sets: &[InForce],
    person: &Person,
    log: &[(RulesVersion, Event)],
    rules: RulesVersion,
    until: Second,
) -> Result<Relived, Doubt> {
    if log.first().is_some_and(|(_, event)| event.seq != 1) {
        return Err(Doubt::Cut);
    }
    let events: Vec<Event> = log.iter().map(|(_, event)| event.clone()).collect();
    let born = Biography::before(person, events.iter()).person;
    let first = log.first().map_or_else(|| in_force_at(sets, person.known_since), |(version, _)| Some(*version));
    let mut life = Again::new(sets, place(sets, first)?, born);
    life.go_on(Input::Born, person.known_since);
    while let Some((version, event)) = log.get(life.seen) {
        // One thing after the other: what came of it can be what the log says next.
        let goes_on = life.turn_to(place(sets, Some(*version))?)? || life.play_one(event.arrived);
        if !goes_on && !life.causes(event) {
            life.go_on(Input::Event(event.clone()), event.arrived);
        }
        if !life.has_seen(&events) {
            break;
        }
    }
    if life.parted.is_none() {
        // What came into force since then reached them by itself.
        life.turn_to(place(sets, Some(rules))?)?;
        while life.has_seen(&events) && life.play_one(until) {}
    }
    let Again { effects, journeys, parted, assumed, .. } = life;
    Ok(Relived { effects, journeys, parted, assumed })
}

fn in_force_at(sets: &[InForce], at: Second) -> Option<RulesVersion> {
    sets.iter().rev().find(|set| set.since <= at).or(sets.first()).map(|set| set.engine.version())
}

fn place(sets: &[InForce], version: Option<RulesVersion>) -> Result<usize, Doubt> {
    sets.iter().position(|set| Some(set.engine.version()) == version).ok_or(Doubt::NoRules)
}

/// A life being lived again.
#[derive(Clone)]
struct Again<'a> {
    sets: &'a [InForce],
    place: usize,
    versions: Versions,
    subject: Subject,
    events: Vec<Event>,
    moves: Vec<Event>,
    effects: BTreeSet<EffectId>,
    journeys: BTreeSet<JourneyId>,
    /// So many events of the log have come out.
    seen: usize,
    parted: Option<Seq>,
    assumed: bool,
}

impl<'a> Again<'a> {
    fn new(sets: &'a [InForce], place: usize, person: Person) -> Self {
        Self {
            sets,
            place,
            versions: versions(sets, place),
            subject: Subject::new(person),
            events: Vec::new(),
            moves: Vec::new(),
            effects: BTreeSet::new(),
            journeys: BTreeSet::new(),
            seen: 0,
            parted: None,
            assumed: false,
        }
    }

    /// Goes over to the rule set at `place`. Says whether that was to be done.
    fn turn_to(&mut self, place: usize) -> Result<bool, Doubt> {
        if place == self.place {
            return Ok(false);
        }
        if place < self.place {
            return Err(Doubt::RulesBetween);
        }
        self.assumed |= place > self.place + 1;
        while self.place < place {
            self.place += 1;
            let next = versions(self.sets, self.place);
            // What was due before belongs to the old ones.
            while self.play_one(next.since) {}
            let since = next.since;
            self.versions = next;
            self.go_on(Input::Wake, since);
        }
        Ok(true)
    }

    /// Plays the first wake that is due before `now`, if one is.
    fn play_one(&mut self, now: Second) -> bool {
        let due = self.subject.wake.filter(|wake| *wake < now);
        if let Some(due) = due {
            self.go_on(Input::Wake, due.next());
        }
        due.is_some()
    }

    /// Plays the wake of the second in which `event` arrived, if it is that which caused it: it comes behind what
    /// arrived by itself.
    fn causes(&mut self, event: &Event) -> bool {
        if self.subject.wake != Some(event.arrived) {
            return false;
        }
        let mut ahead = self.clone();
        ahead.play_one(event.arrived.next());
        let is_caused = ahead.events.get(self.seen).is_some_and(|caused| is_same(event, caused));
        if is_caused {
            *self = ahead;
        }
        is_caused
    }

    fn go_on(&mut self, input: Input, now: Second) {
        let history = History { events: &self.events, moves: &self.moves };
        let step = step(&self.versions, &mut self.subject, input, Some(history), now);
        self.note(step);
    }

    fn note(&mut self, step: Step) {
        self.effects.extend(step.effects.iter().map(|effect| effect.id));
        self.journeys.extend(step.journeys_changed.iter().map(|journey| journey.id));
        self.moves.extend(step.moves);
        self.events.extend(step.events);
        self.events.sort_unstable_by_key(|event| event.seq);
    }

    /// Whether all that has come out so far is what the log says.
    fn has_seen(&mut self, log: &[Event]) -> bool {
        while let Some(event) = self.events.get(self.seen) {
            if log.get(self.seen).is_none_or(|known| !is_same(known, event)) {
                self.parted = Some(event.seq);
                return false;
            }
            self.seen += 1;
        }
        true
    }
}

/// Whether an event that came out again is the one that was taken in.
fn is_same(known: &Event, event: &Event) -> bool {
    (known.seq, known.key, known.at, &known.kind) == (event.seq, event.key, event.at, &event.kind)
        && known.properties == event.properties
}

/// The rule set at `place` in force, with all before it at hand.
fn versions(sets: &[InForce], place: usize) -> Versions {
    let (set, older) = match sets.split_at_checked(place) {
        Some((older, [set, ..])) => (set.clone(), older),
        _ => unreachable!("a place is that of a rule set"),
    };
    let older = older.iter().map(|set| (set.engine.version(), Arc::clone(&set.engine))).collect();
    Versions { older, ..Versions::new(set.engine, set.since) }
}
