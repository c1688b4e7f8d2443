//! The past once more, in the order in which it happened, as if each event had arrived on time: what depends
//! on that order is told again when an event comes late, or when the person's days lie otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::atom::{Atom, AtomKey};
use super::compiled::Engine;
use super::evaluate::Dirty;
use super::follow::World;
use super::held::Holder;
use super::history::{self, Biography};
use super::matching::{Observed, Witness};
use super::memory::Memory;
use super::run::Run;
use super::scoped::Scoped;
use super::sequence::Met;
use super::state::State;
use super::take::{Encounter, Rememberer, meet};
use super::tally::Stamp;
use super::trigger::Start;
use crate::model::calendar::Calendar;
use crate::model::event::{Event, Kind, Order};
use crate::model::id::{RulesVersion, Seq};
use crate::model::person::Person;
use crate::model::rule::{Move, Schema};
use crate::model::time::Second;
use crate::model::transition::Cause;

/// An event of the past, and who the person was when it arrived.
struct Past<'a> {
    event: &'a Event,
    witness: Rc<Person>,
}

/// A past, ready to be told.
struct Replay<'a> {
    schema: &'a Schema,
    engines: Vec<&'a Engine>,
    /// In the order in which they happened.
    entries: Vec<Past<'a>>,
    /// The person when they were made.
    first: Person,
    holders: Vec<Holder<'a>>,
    rememberers: Vec<Rememberer>,
    /// Where those journeys began.
    entered: BTreeMap<usize, Order>,
    now: Second,
    /// The newest wake that was played.
    woken: Option<Second>,
}

/// What was told.
struct Told {
    person: Person,
    state: State,
    scoped: BTreeMap<usize, Scoped>,
    calendar: Calendar,
    /// By atom of the person: where its sequence was completed, and by which event. Of an absence, by the second of
    /// the event that was not answered, since there is one verdict on all those of a second: that, 0, and the event.
    /// A move has no number: 0.
    completed: BTreeMap<AtomKey, BTreeMap<(Second, Seq), Seq>>,
    /// The campaigns that start on the late event as it is.
    triggers: Vec<(RulesVersion, u32)>,
}

/// How to tell it.
#[derive(Clone, Copy)]
struct Telling {
    /// As if this event had not been.
    without: Option<Seq>,
    /// Deadlines and days are cut by this calendar, and nothing is followed second by second.
    cut_by: Option<Calendar>,
    /// Only so many entries.
    upto: usize,
}

impl Run<'_> {
    /// Tells again what `event` changes in what depends on the order of the past. Returns the campaigns that it
    /// starts by that: of what it completes, the newest.
    pub fn retell(&mut self, event: &Event, days_were: Calendar, cause: Cause, dirty: &mut Dirty) -> Vec<Start> {
        let past: Vec<Event> = self.past().into_iter().cloned().collect();
        let moves: Vec<Event> = self.past_moves().into_iter().cloned().collect();
        let engines = self.engines();
        let rememberers = self.rememberers();
        let holders: Vec<Holder<'_>> = engines.iter().copied().take(1).flat_map(history::followed).collect();
        let elsewhere =
            history::followed_for_journeys(self.versions, self.engine, &self.subject.journeys, &self.scoped);
        let mut replay = Replay::new(
            self.engine,
            engines,
            (&past, &moves, Some(event)),
            &self.subject.person,
            holders.into_iter().chain(elsewhere).collect(),
            rememberers,
            self.scoped.iter().map(|(place, scoped)| (*place, scoped.entered())).collect(),
            self.at,
        );
        replay.woken = self.subject.state.woken;
        let cut_by = replay.holders.is_empty().then_some(self.calendar);
        let whole = Telling { without: None, cut_by, upto: replay.entries.len() };
        let told = replay.tell(whole);
        let met = replay.met(event, &self.subject.person);
        let zone_changed = days_were != self.calendar;
        let is_told = |atom: &Atom| self.retold(atom, &met, event, zone_changed);
        let mut keys = BTreeSet::new();
        for atom in replay.engines.iter().flat_map(|engine| &engine.atoms).filter(|atom| is_told(atom)) {
            keys.insert(atom.key);
        }
        let mut starts = self.newly_completed(&replay, &keys, (event, &past), days_were, cause);
        let own = told.triggers.iter().filter(|(version, _)| *version == self.engine.version);
        if event.kind == Kind::AttributesSet && self.is_late_write(event) {
            starts.extend(own.map(|(_, campaign)| Start::new(*campaign, cause)));
        }
        drop(replay);
        for key in keys {
            self.take_over(key, &told, cause, dirty);
        }
        starts
    }

    /// Tells the whole past to these atoms of the person, which have not seen it: what they remembered is forgotten.
    /// None of them is a run.
    pub fn learn_past(&mut self, keys: &FxHashSet<AtomKey>) {
        let past: Vec<Event> = self.past().into_iter().cloned().collect();
        let moves: Vec<Event> = self.past_moves().into_iter().cloned().collect();
        let told = {
            let nobody = (Vec::new(), Vec::new(), BTreeMap::new());
            let past = (past.as_slice(), moves.as_slice(), None);
            let person = &self.subject.person;
            let (engine, engines) = (self.engine, self.engines());
            let replay = Replay::new(engine, engines, past, person, nobody.0, nobody.1, nobody.2, self.at);
            replay.tell(Telling { without: None, cut_by: Some(self.calendar), upto: replay.entries.len() })
        };
        for key in keys {
            match told.state.memory(*key) {
                Some(memory) => *self.subject.state.memory_mut(*key, || memory.clone()) = memory.clone(),
                None => self.subject.state.forget_memory(*key),
            }
        }
    }

    /// Whether `event` did not go the way of a write in order.
    fn is_late_write(&self, event: &Event) -> bool {
        self.subject.state.newest_write.is_some_and(|newest| event.order() < newest)
    }

    fn take_over(&mut self, key: AtomKey, told: &Told, cause: Cause, dirty: &mut Dirty) {
        let known = told.state.memory(key);
        if self.subject.state.memory(key) != known {
            match known {
                Some(memory) => *self.subject.state.memory_mut(key, || memory.clone()) = memory.clone(),
                None => self.subject.state.forget_memory(key),
            }
        }
        for (place, scoped) in &mut self.scoped {
            if let Some(memory) = told.scoped.get(place).and_then(|told| told.memory(key)) {
                *scoped.memory_mut(key, || memory.clone()) = memory.clone();
            }
        }
        let conditions = self.engine.atom(key).into_iter().flat_map(|atom| &atom.conditions);
        self.note_dirty(conditions, cause, dirty);
    }

    /// The campaigns whose sequence is complete by the late event, or by the days that lie otherwise since, and
    /// would not be without it.
    fn newly_completed(
        &self,
        replay: &Replay<'_>,
        keys: &BTreeSet<AtomKey>,
        (event, past): (&Event, &[Event]),
        days_were: Calendar,
        cause: Cause,
    ) -> Vec<Start> {
        let atoms = self.engine.atoms.iter();
        let triggering: Vec<&Atom> =
            atoms.filter(|atom| !atom.triggers.is_empty() && keys.contains(&atom.key)).collect();
        if triggering.is_empty() {
            return Vec::new();
        }
        let upto = replay.entries.len();
        let with = replay.tell(Telling { without: None, cut_by: Some(self.calendar), upto });
        let without = replay.tell(Telling { without: Some(event.seq), cut_by: Some(days_were), upto });
        let mut starts = Vec::new();
        for atom in triggering {
            let of = |told: &Told| told.completed.get(&atom.key).cloned().unwrap_or_default();
            let (with, without) = (of(&with), of(&without));
            let Some((_, seq)) = with.iter().rfind(|(place, _)| !without.contains_key(*place)) else { continue };
            // A move has no data, and nothing of the late event's.
            let completing = past.iter().find(|other| other.seq == *seq);
            let data = (*seq != event.seq).then(|| completing.map(|it| it.properties.clone()).unwrap_or_default());
            starts.extend(atom.triggers.iter().map(|place| Start { data: data.clone(), ..Start::new(*place, cause) }));
        }
        starts
    }
}

impl<'a> Replay<'a> {
    #[expect(clippy::too_many_arguments, reason = "it is built in one place, from what a run knows")]
    fn new(
        engine: &'a Engine,
        engines: Vec<&'a Engine>,
        (past, moves, late): (&'a [Event], &'a [Event], Option<&'a Event>),
        person: &Person,
        holders: Vec<Holder<'a>>,
        rememberers: Vec<Rememberer>,
        entered: BTreeMap<usize, Order>,
        now: Second,
    ) -> Self {
        let arrivals = || past.iter().chain(late);
        let mut biography = Biography::before(person, arrivals());
        let first = biography.person.clone();
        let mut witness = Rc::new(first.clone());
        let mut entries = Vec::new();
        for event in arrivals() {
            if event.kind == Kind::AttributesSet {
                biography.tell(event);
                witness = Rc::new(biography.person.clone());
            }
            entries.push(Past { event, witness: Rc::clone(&witness) });
        }
        entries.extend(moves.iter().map(|event| Past { event, witness: Rc::clone(&witness) }));
        // Moves at one place stay as they were decided.
        entries.sort_by_key(|past| past.event.order());
        let schema = &engine.rules.schema;
        Self { schema, engines, entries, first, holders, rememberers, entered, now, woken: None }
    }

    /// The atoms that `event` meets or, if it is a write, would.
    fn met(&self, event: &Event, person: &Person) -> Vec<AtomKey> {
        let calendar = Calendar::of(self.schema, person);
        let witness = Witness { person, then: calendar, today: calendar, journey: None };
        let meeting = meet(&self.engines, &Observed::new(event), witness, &self.rememberers);
        meeting.encounters.iter().map(|met| met.atom.key).collect()
    }

    fn tell(&self, telling: Telling) -> Told {
        let person = self.first.clone();
        let calendar = telling.cut_by.unwrap_or_else(|| Calendar::of(self.schema, &person));
        let (state, scoped) = (State::default(), BTreeMap::new());
        let mut told = Told { person, state, scoped, calendar, completed: BTreeMap::new(), triggers: Vec::new() };
        let follows = telling.cut_by.is_none();
        if follows {
            let since = told.person.known_since;
            self.world(&mut told).tell(&self.holders, since);
        }
        for (place, past) in self.entries.iter().enumerate().take(telling.upto) {
            let is_move = matches!(past.event.kind, Kind::Moved(_));
            if !is_move && telling.without == Some(past.event.seq) {
                continue;
            }
            let at = past.event.at;
            if follows {
                self.world(&mut told).advance(&self.holders, at);
            }
            self.take(&mut told, past, place, telling);
            if follows {
                self.world(&mut told).tell(&self.holders, at);
            }
        }
        if let Some(woken) = self.woken.filter(|_| follows) {
            // Where this is taken over, verdicts up to there are written down as such: from that it is not known any
            // more when they were not so yet.
            self.world(&mut told).advance(&self.holders, woken.next());
        }
        self.note_verdicts(&mut told);
        told
    }

    fn world<'t>(&self, told: &'t mut Told) -> World<'t> {
        World { person: &told.person, state: &mut told.state, scoped: &mut told.scoped, calendar: told.calendar }
    }

    /// Takes in one entry.
    fn take(&self, told: &mut Told, past: &Past<'_>, place: usize, telling: Telling) {
        let event = past.event;
        self.begin(told, event);
        match &event.kind {
            Kind::AttributesSet => {
                let before = told.person.clone();
                // What somebody is made with is newer than what is stamped before they are known.
                let is_early = event.at < self.first.known_since;
                for (name, value) in &event.properties {
                    if !is_early || !self.first.is_given(name) {
                        told.person.set(name, value);
                    }
                }
                if telling.cut_by.is_none() {
                    self.cut(told, place, telling);
                }
                let behind = told.person.clone();
                self.learn(told, &Observed::write(event, &before, &behind), past, telling);
            }
            Kind::SegmentJoined(name) => self.shift(told, name, event, true),
            Kind::SegmentLeft(name) => self.shift(told, name, event, false),
            _ => {
                match &event.kind {
                    Kind::Inbound => {
                        told.state.newest_inbound = told.state.newest_inbound.max(Some(Stamp::from(event.at)));
                    }
                    Kind::Moved(Move::EnteredCampaign(campaign)) => {
                        told.state.set_running(campaign, true);
                    }
                    Kind::Moved(Move::LeftCampaign(campaign)) => {
                        told.state.set_running(campaign, false);
                    }
                    _ => {}
                }
                self.learn(told, &Observed::new(event), past, telling);
            }
        }
    }

    fn shift(&self, told: &mut Told, name: &str, event: &Event, joined: bool) {
        for engine in &self.engines {
            if let Some(segment) = engine.manual.get(name).copied() {
                told.state.set_member(segment, joined, event.at);
            }
        }
    }

    /// Where the person's days lie otherwise from here on, what depends on them is told again by that.
    fn cut(&self, told: &mut Told, place: usize, telling: Telling) {
        let calendar = Calendar::of(self.schema, &told.person);
        if calendar == told.calendar {
            return;
        }
        told.calendar = calendar;
        let again = self.tell(Telling { cut_by: Some(calendar), upto: place, ..telling });
        for atom in self.engines.iter().flat_map(|engine| &engine.atoms).filter(|atom| atom.local) {
            if let Some(memory) = again.state.memory(atom.key) {
                *told.state.memory_mut(atom.key, || atom.empty()) = memory.clone();
            }
            for (place, scoped) in &mut told.scoped {
                if let Some(memory) = again.scoped.get(place).and_then(|scoped| scoped.memory(atom.key)) {
                    *scoped.memory_mut(atom.key, || atom.empty()) = memory.clone();
                }
            }
        }
    }

    /// The journeys that begin with `event`, or before it.
    fn begin(&self, told: &mut Told, event: &Event) {
        for asks in &self.rememberers {
            let Some(entered) = self.entered.get(&asks.place).copied() else { continue };
            if told.scoped.contains_key(&asks.place) || event.order() < entered {
                continue;
            }
            let Some(engine) = self.engines.iter().find(|engine| engine.version == asks.rules) else { continue };
            let Some((campaign, _)) = engine.campaign_named(&asks.campaign) else { continue };
            let atoms = campaign.scoped.atoms.iter();
            let atoms = atoms.filter_map(|(place, twin)| Some((engine.atoms.get(*place as usize)?, *twin)));
            let scoped = Scoped::begin(entered, atoms, &told.state, told.calendar);
            told.scoped.insert(asks.place, scoped);
        }
    }

    fn learn(&self, told: &mut Told, observed: &Observed<'_>, past: &Past<'_>, telling: Telling) {
        let event = observed.event;
        let then = Calendar::of(self.schema, &past.witness);
        let witness = Witness { person: &past.witness, then, today: told.calendar, journey: None };
        let meeting = meet(&self.engines, observed, witness, &self.rememberers);
        for met in &meeting.encounters {
            if self.learn_one(told, met, event) && met.journey.is_none() {
                told.completed.entry(met.atom.key).or_default().insert((event.at, event.seq), event.seq);
            }
        }
        let is_late = telling.upto == self.entries.len() && event.kind == Kind::AttributesSet;
        if is_late && self.is_newest_arrival(event) {
            told.triggers = meeting.triggers;
        }
    }

    fn is_newest_arrival(&self, event: &Event) -> bool {
        let moves = |past: &&Past<'_>| !matches!(past.event.kind, Kind::Moved(_));
        self.entries.iter().filter(moves).all(|past| past.event.seq <= event.seq)
    }

    fn learn_one(&self, told: &mut Told, met: &Encounter<'_>, event: &Event) -> bool {
        let memory = match met.journey {
            None => told.state.memory_mut(met.atom.key, || met.atom.empty()),
            Some(place) => {
                let Some(scoped) = told.scoped.get_mut(&place).filter(|scoped| scoped.is_behind(event)) else {
                    return false;
                };
                scoped.memory_mut(met.atom.key, || met.atom.empty())
            }
        };
        met.atom.learn(memory, &Met { event, passed: &met.passed }, met.keep, told.calendar)
    }

    /// Verdicts that lie in the past are completions, by the event that was not answered.
    fn note_verdicts(&self, told: &mut Told) {
        for atom in self.engines.iter().flat_map(|engine| &engine.atoms).filter(|atom| !atom.scoped) {
            let Some(absent) = atom.chain().and_then(|chain| chain.absent.as_ref()) else { continue };
            let Some(Memory::Sequence(progress)) = told.state.memory(atom.key) else { continue };
            let verdicts = progress.verdicts(absent.deadline, told.calendar);
            let over: Vec<_> = verdicts.filter(|verdict| verdict.at < self.now).collect();
            let completed = told.completed.entry(atom.key).or_default();
            for verdict in over {
                completed.entry((verdict.since, 0)).or_insert(verdict.about.unwrap_or(0));
            }
        }
    }
}
