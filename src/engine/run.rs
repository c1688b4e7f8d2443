//! One step under way: the person, the instant, and what came of it so far. Here is the order in which
//! things happen; what happens stands in `take`, `evaluate`, `trigger` and `journey`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::compiled::{Engine, Versions};
use super::condition::Found;
use super::evaluate::Dirty;
use super::history::{self, History};
use super::moves::Decided;
use super::refold::refold;
use super::scoped::Scoped;
use super::step::{Occurrence, Step, Subject, is_disturbing, is_outdated};
use crate::model::calendar::{Calendar, Now};
use crate::model::event::Event;
use crate::model::id::JourneyId;
use crate::model::time::Second;
use crate::model::transition::Cause;

/// What a run may do besides keeping truths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Starts campaigns and goes on with journeys.
    Live,
    /// Folds a log: nothing is started, nothing asked for.
    Silent,
    /// An event of nobody: nothing is remembered.
    Anonymous,
}

/// A step under way.
pub struct Run<'a> {
    pub versions: &'a Versions,
    /// The rule set whose segments are kept.
    pub engine: &'a Engine,
    pub subject: &'a mut Subject,
    /// The person's past before this step, if the caller was asked for it.
    pub history: Option<History<'a>>,
    pub mode: Mode,
    /// The instant that is being played.
    pub at: Second,
    /// The event being taken in is ordered before something already taken in, a wake included.
    pub late: bool,
    /// It changes what depends on the order of the past, which is at hand.
    pub disturbing: bool,
    /// How the person's days lie.
    pub calendar: Calendar,
    /// What journeys remember by themselves, by their place.
    pub scoped: BTreeMap<usize, Scoped>,
    /// What was found of the person as they are, while something is asked.
    pub found: Found,
    /// How deep in the chain of causes it stands now.
    pub depth: u32,
    pub decided: Decided,
    /// What happened to journeys, and how deep in the chain of causes: those that wait are asked about it.
    pub asks: VecDeque<(Event, u32)>,
    /// The event that this step is about, while it is taken in.
    pub arriving: Option<Rc<Event>>,
    /// How many events campaigns caused at this instant.
    pub caused: usize,
    pub step: Step,
    /// The input's event.
    pub input: Option<Event>,
    /// Journeys to be gone on with at this instant: place, depth in the chain of causes.
    pub queue: VecDeque<(usize, u32)>,
    /// Places of journeys that changed.
    pub changed: BTreeSet<usize>,
    /// What makes journeys go on at this instant; of the others it is time.
    pub causes: BTreeMap<JourneyId, Cause>,
    /// The earliest flip among the conditions evaluated since the wake was last set.
    pub flip: Option<Second>,
}

impl<'a> Run<'a> {
    pub fn new(versions: &'a Versions, subject: &'a mut Subject, history: Option<History<'a>>) -> Self {
        let scoped = subject.journeys.iter().enumerate().filter(|(_, journey)| !journey.kept.memory.is_empty());
        Self {
            versions,
            engine: &versions.active,
            at: subject.state.floor,
            calendar: Calendar::of(&versions.active.rules.schema, &subject.person),
            scoped: scoped.map(|(place, journey)| (place, Scoped::decode(&journey.kept.memory))).collect(),
            found: Found::default(),
            depth: 0,
            decided: Decided::default(),
            asks: VecDeque::new(),
            arriving: None,
            subject,
            history,
            mode: Mode::Live,
            late: false,
            disturbing: false,
            caused: 0,
            step: Step::default(),
            input: None,
            queue: VecDeque::new(),
            changed: BTreeSet::new(),
            causes: BTreeMap::new(),
            flip: None,
        }
    }

    /// Evaluates what holds of somebody new.
    pub fn be_born(&mut self, now: Second) {
        let state = &mut self.subject.state;
        (state.rules, state.fingerprint) = (self.engine.version, self.engine.fingerprint);
        self.set_instant(now);
        let first = self.engine.attributes.first(&self.subject.person);
        let born = self.engine.born.iter().copied();
        let known_for = self.engine.known_for.iter().map(|(_, place)| *place);
        let own = self.engine.sampled.iter().chain(&self.engine.clocks).copied();
        let mut dirty = born.chain(first).chain(known_for).chain(own).map(|place| (place, Cause::Born)).collect();
        self.behind_touch(self.subject.person.known_since.min(now), &mut dirty);
        let mut starts = self.evaluate(dirty, true);
        starts.sort_by_key(|start| start.campaign);
        starts.dedup_by_key(|start| start.campaign);
        self.start_all(&starts, None, 0);
        self.go_on();
        self.arm(false);
    }

    /// Brings the person to `now`: under the rule set in force, with everything played that was due.
    pub fn reach(&mut self, now: Second) {
        if self.subject.state.rules != self.versions.active.version {
            self.change_rules(now);
        }
        self.play_due(now);
    }

    /// Plays an occurrence of a schedule behind everything of its second: wakes, and another rule set that became
    /// active since.
    pub fn reach_occurrence(&mut self, occurrence: &Occurrence) {
        let is_behind = self.subject.state.rules != self.versions.active.version;
        let since = if is_behind { self.versions.since } else { occurrence.at };
        let at = occurrence.at.max(since).max(self.subject.state.floor);
        self.reach(at.next());
        let floor = self.subject.state.floor.max(at.next());
        self.set_instant(at);
        self.occur(&occurrence.schedule, occurrence.at);
        // The second is over: nothing comes before it any more.
        self.subject.state.floor = floor;
    }

    /// Starts a campaign by its publication, if its `becomes` is true at `now`.
    pub fn reach_deployment(&mut self, campaign: &str, now: Second) {
        self.reach(now);
        self.set_instant(now);
        self.deploy(campaign);
    }

    /// Takes in an event that arrives at `now`.
    pub fn arrive(&mut self, mut event: Event, now: Second) {
        self.set_instant(now);
        history::settle(&mut event, self.subject.state.last_seq.saturating_add(1), now);
        self.note(&event);
        // A wake of this very second comes behind all its arrivals, but what it will find is true now.
        let scratch = self.subject.wake.is_some_and(|wake| wake <= now);
        let timed = if scratch { self.timed() } else { Dirty::new() };
        let event = Rc::new(event);
        self.arriving = Some(Rc::clone(&event));
        let starts = self.take_in(&event, timed);
        self.start_all(&starts, Some(&event), 0);
        self.ask_journeys(Some(&event), 0);
        self.go_on();
        self.arriving = None;
        self.input = Some(Rc::unwrap_or_clone(event));
        self.arm(scratch);
    }

    /// Plays the wakes due before `now`, each as of its own second.
    pub fn play_due(&mut self, now: Second) {
        while let Some(due) = self.subject.wake.filter(|wake| *wake < now) {
            self.play_wake(due);
        }
    }

    fn play_wake(&mut self, due: Second) {
        self.set_instant(due);
        // Segments first, so that what goes on afterwards sees them as they are.
        let mut starts = self.settle();
        starts.extend(self.evaluate(self.timed(), false));
        starts.sort_by_key(|start| start.campaign);
        starts.dedup_by_key(|start| start.campaign);
        self.start_all(&starts, None, 0);
        self.go_on();
        self.ask_journeys(None, 0);
        self.go_on();
        let state = &mut self.subject.state;
        state.woken = Some(due);
        state.floor = due.next();
        self.arm(true);
    }

    /// Goes over to the active rule set, as of the second it became active in. What was due before
    /// belongs to the old one.
    fn change_rules(&mut self, now: Second) {
        let since = self.versions.since.clamp(self.subject.state.floor, now);
        let active = &*self.versions.active;
        if let Some(old) = self.versions.get(self.subject.state.rules) {
            self.go_by(old);
            self.play_due(since);
            self.go_by(active);
        }
        self.set_instant(since);
        // What was played under the old rules can have given the state up.
        let amendment = self.versions.amendment(self.subject.state.rules);
        let kept = amendment.filter(|amendment| amendment.can_keep(&self.past()));
        if !is_outdated(active, &self.subject.state) {
            (self.subject.state.rules, self.subject.state.fingerprint) = (active.version, active.fingerprint);
        } else if let Some(amendment) = kept {
            self.amend(&amendment);
        } else {
            let (events, moves): (Vec<Event>, Vec<Event>) =
                (self.past().into_iter().cloned().collect(), self.past_moves().into_iter().cloned().collect());
            let past = History { events: &events, moves: &moves };
            let refolded = refold(self.versions, self.subject, past, since);
            self.subject.state = refolded.state;
            self.subject.wake = refolded.wake;
            self.step.transitions.extend(refolded.transitions);
        }
        self.recall_journeys();
        self.arm(false);
    }

    /// Goes on by these rules, and by the zone that they give to people without one.
    fn go_by(&mut self, engine: &'a Engine) {
        self.engine = engine;
        self.calendar = Calendar::of(&engine.rules.schema, &self.subject.person);
    }

    /// The person's events before the one that is being taken in, by number.
    pub fn past(&self) -> Vec<&Event> {
        self.history.into_iter().flat_map(|history| history.events).chain(&self.step.events).collect()
    }

    /// What happened to their journeys and segments by decisions of the engine, in order.
    pub fn past_moves(&self) -> Vec<&Event> {
        self.history.into_iter().flat_map(|history| history.moves).chain(&self.step.moves).collect()
    }

    /// The instant that is being played, as the person's clocks show it.
    pub fn now(&self) -> Now {
        Now { at: self.at, calendar: self.calendar }
    }

    pub fn set_instant(&mut self, at: Second) {
        self.at = at;
        self.late = false;
        self.caused = 0;
        self.causes.clear();
        self.subject.state.floor = at;
    }

    /// Notes where a numbered event lies, and so whether it is late.
    pub fn note(&mut self, event: &Event) {
        // Without the past at hand the event is taken for the newest.
        self.disturbing =
            self.history.is_some() && is_disturbing(&self.engines(), &self.subject.state, event, event.order());
        let (state, order) = (&mut self.subject.state, event.order());
        let disordered = state.newest.is_some_and(|newest| order < newest);
        self.late = disordered || state.woken.is_some_and(|woken| event.at < woken);
        state.newest = state.newest.max(Some(order));
        state.last_seq = state.last_seq.max(event.seq);
    }

    /// Sets the wake: to the earliest flip known, and from scratch only where everything that depends
    /// on time was evaluated.
    pub fn arm(&mut self, scratch: bool) {
        let kept = self.subject.wake.filter(|_| !scratch);
        let waits = if self.mode == Mode::Silent { None } else { self.next_wait() };
        let verdict = self.next_verdict();
        self.subject.wake = [kept, self.flip.take(), waits, verdict].into_iter().flatten().min();
    }

    /// When the first journey that waits goes on.
    pub fn next_wait(&self) -> Option<Second> {
        let open = self.subject.journeys.iter().filter(|journey| journey.ended.is_none());
        let waits = open.filter(|journey| !self.versions.is_paused(journey)).filter_map(|journey| journey.wake);
        // A wait that ended while its campaign was paused goes on now: nothing is evaluated in the past.
        waits.min().map(|wait| wait.max(self.subject.state.floor))
    }

    /// Goes on with the journeys that can.
    pub fn go_on(&mut self) {
        loop {
            if self.look_at_moves() {
                continue;
            }
            if let Some((place, depth)) = self.queue.pop_front() {
                self.depth = depth;
                self.advance(place, depth);
            } else if let Some((moved, depth)) = self.asks.pop_front() {
                self.ask_journeys(Some(&moved), depth);
            } else {
                self.depth = 0;
                return;
            }
        }
    }

    /// What came of it all.
    pub fn finish(mut self) -> Step {
        let journeys = &mut self.subject.journeys;
        for (place, scoped) in &self.scoped {
            let Some(journey) = journeys.get_mut(*place) else { continue };
            let memory = if journey.ended.is_some() { Vec::new() } else { scoped.encode() };
            if journey.kept.memory != memory {
                journey.kept.memory = memory;
                self.changed.insert(*place);
            }
        }
        let changed = self.changed.iter().filter_map(|place| journeys.get(*place)).cloned();
        self.step.journeys_changed = changed.collect();
        journeys.retain(|journey| journey.ended.is_none());
        self.step.wake = self.subject.wake;
        if let Some(input) = self.input.take() {
            self.step.events.insert(0, input);
        }
        self.step
    }
}
