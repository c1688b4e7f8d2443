//! Plays a world twice: with the engine, and by the definition at every second at which anything could change.

use std::collections::BTreeSet;
use std::sync::Arc;

use antiphon::engine::{
    Audited, Catalogue, Engine, History, Input, State, Step, Stored, Subject, Versions, audit, history_needed, refold,
    step,
};
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::{CampaignId, EventKey, PersonId, RulesVersion, SegmentId};
use antiphon::model::journey::What;
use antiphon::model::person::Person;
use antiphon::model::rule::RuleSet;
use antiphon::model::time::Second;
use antiphon::model::value::Properties;
use ulid::Ulid;

use super::defined::Definition;
use super::world::{Do, World};

/// A change of truth: of a segment, or the start of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Moved { segment: String, entered: bool, at: Second },
    Started { campaign: String, at: Second },
}

pub fn catalogue() -> Catalogue {
    let segments = ["m", "s0", "s1", "s2", "s3", "s4"].iter().zip(1..);
    let campaigns = ["c0", "c1", "c2"].iter().zip(1..);
    Catalogue {
        segments: segments.map(|(name, id)| ((*name).to_owned(), SegmentId(id))).collect(),
        campaigns: campaigns.map(|(name, id)| ((*name).to_owned(), CampaignId(id))).collect(),
        env: Properties::new(),
    }
}

pub fn compile(rules: &RuleSet, version: u32) -> Arc<Engine> {
    let engine = Engine::compile(Arc::new(rules.clone()), RulesVersion(version), &catalogue());
    Arc::new(engine.expect("random rules compile"))
}

pub fn somebody(attributes: &Properties, known_since: Second) -> Person {
    let mut person = Person {
        id: PersonId(1),
        cio_id: Ulid::from_bytes([7; 16]),
        external_id: None,
        email: None,
        phone: None,
        attributes: Properties::new(),
        known_since,
    };
    attributes.iter().for_each(|(name, value)| person.set(name, value));
    person
}

/// Plays `world` with both. An error says where they part.
pub fn judge(world: &World) -> Result<(), String> {
    let mut both = Both::new(world);
    both.born()?;
    for (pause, what) in &world.story {
        both.now = Second(both.now.0 + pause);
        if both.is_outdated() {
            // Rules that are active from a later second on than the clock shows now: of no interest here.
            both.now = both.now.max(both.top);
        }
        both.top = both.top.max(both.now);
        both.play(what)?;
    }
    both.now = Second(both.top.0 + world.scale.end());
    both.audit()?;
    both.poll()?;
    both.audit()?;
    both.compare("at the end")
}

struct Both<'a> {
    world: &'a World,
    now: Second,
    /// The latest that the clock has shown.
    top: Second,
    versions: Versions,
    subject: Subject,
    log: Vec<Event>,
    moves: Vec<Event>,
    /// The table of memberships.
    members: BTreeSet<SegmentId>,
    seen: Vec<Change>,
    defined: Definition,
}

impl<'a> Both<'a> {
    fn new(world: &'a World) -> Self {
        let person = somebody(&world.first, world.start);
        Self {
            world,
            now: world.start,
            top: world.start,
            versions: Versions::new(compile(&world.rules, 1), world.start),
            subject: Subject::new(person.clone()),
            log: Vec::new(),
            moves: Vec::new(),
            members: BTreeSet::new(),
            seen: Vec::new(),
            defined: Definition::new(world.rules.clone(), person),
        }
    }

    fn born(&mut self) -> Result<(), String> {
        let step = step(&self.versions, &mut self.subject, Input::Born, None, self.now);
        self.note(&step);
        self.defined.look(self.now);
        self.compare("at birth")?;
        // What a person is made with stands in the log too.
        let first = Event {
            key: EventKey([9; 16]),
            seq: 0,
            at: self.world.start,
            arrived: self.world.start,
            precedes: None,
            kind: Kind::AttributesSet,
            properties: self.world.first.clone(),
            message: None,
            reason: None,
        };
        self.play(&Do::Arrive(Box::new(first), None))
    }

    fn play(&mut self, what: &Do) -> Result<(), String> {
        match what {
            Do::Arrive(event, precedes) => self.arrive(event, *precedes)?,
            Do::Poll => {
                self.audit()?;
                self.poll()?;
            }
            Do::Store => {
                let bytes = self.subject.state.encode();
                self.subject.state = State::decode(&bytes).map_err(|error| error.to_string())?;
            }
            Do::Refold => self.refold()?,
            Do::Switch => self.switch()?,
        }
        self.compare(&format!("at {} after {what:?}", self.now.since(self.world.start).0))
    }

    fn arrive(&mut self, raw: &Event, precedes: Option<EventKey>) -> Result<(), String> {
        let mut event = Event { arrived: self.now, ..raw.clone() };
        let before = precedes.and_then(|key| self.log.iter().find(|event| event.key == key));
        event.precedes = before.map(|reply| reply.seq);
        let input = Input::Event(event);
        let needed = history_needed(&self.versions, &self.subject, &input);
        let history = needed.then_some(History { events: &self.log, moves: &self.moves });
        let step = step(&self.versions, &mut self.subject, input, history, self.now);
        self.note(&step);
        let numbered = step.events.into_iter().next().ok_or("the event is gone")?;
        self.check_stamps(raw, &numbered)?;
        let arrived = numbered.arrived;
        self.defined.wait_until(arrived);
        self.log.push(numbered.clone());
        self.defined.take_in(numbered, arrived);
        Ok(())
    }

    /// The number, the arrival and the event's own second, as the language says they are made.
    fn check_stamps(&self, raw: &Event, numbered: &Event) -> Result<(), String> {
        let last = self.log.last();
        let answers = matches!(raw.kind, Kind::Inbound | Kind::Reaction | Kind::ReactionRemoved);
        let sent = raw.message.as_ref().filter(|_| answers).map_or(raw.at, |message| message.at);
        let right = numbered.seq == last.map_or(1, |last| last.seq + 1)
            && numbered.arrived >= self.now
            && numbered.arrived >= last.map_or(self.world.start, |last| last.arrived)
            && (numbered.arrived == self.now || self.now < self.top)
            && numbered.at == raw.at.max(sent).min(numbered.arrived);
        if right { Ok(()) } else { Err(format!("{raw:?} became {numbered:?}")) }
    }

    fn poll(&mut self) -> Result<(), String> {
        let was_due = self.subject.wake.is_some_and(|wake| wake < self.now);
        let needed = history_needed(&self.versions, &self.subject, &Input::Wake);
        let history = needed.then_some(History { events: &self.log, moves: &self.moves });
        let step = step(&self.versions, &mut self.subject, Input::Wake, history, self.now);
        self.note(&step);
        self.defined.wait_until(self.now);
        // What journeys did was evaluated besides, and the earlier of two flips is kept.
        let is_exact = was_due && step.entries.is_empty() && self.now >= self.top;
        if is_exact { self.check_wake() } else { Ok(()) }
    }

    /// Where everything that depends on time was just looked at, the wake is the very next second at which truth
    /// changes by itself.
    fn check_wake(&self) -> Result<(), String> {
        let since = |at: Second| at.since(self.world.start).0;
        let horizon = Second(self.now.0 + self.world.scale.end());
        let wake = self.subject.wake.filter(|wake| *wake <= horizon);
        let next = self.defined.next_flip(horizon);
        let (wake, next) = (wake.map(since), next.map(since));
        if wake == next { Ok(()) } else { Err(format!("at {}: wake {wake:?}, but {next:?}", since(self.now))) }
    }

    fn history(&self) -> History<'_> {
        History { events: &self.log, moves: &self.moves }
    }

    /// Drops the state. What is folded must say the same, and go on as the old one would have.
    fn refold(&mut self) -> Result<(), String> {
        self.now = self.top;
        self.poll()?;
        let folded = refold(&self.versions, &self.subject, self.history(), self.now);
        // What new rules found is so since they found it; a fold says since when it would have been.
        let has_changed = self.versions.active.version() > RulesVersion(1);
        let since = |state: &State| {
            let since = state.memberships();
            since.map(|(segment, at)| (segment, if has_changed { Second(0) } else { at })).collect::<Vec<_>>()
        };
        // A flip of this very second is in the fold already and will be in the state when the second is over.
        if self.subject.wake.is_none_or(|wake| wake > self.now) && since(&folded.state) != since(&self.subject.state) {
            return Err(format!("folded {:?}, kept {:?}", since(&folded.state), since(&self.subject.state)));
        }
        if self.subject.wake.is_none_or(|wake| wake > self.now) {
            self.subject.state = folded.state;
            self.subject.wake = folded.wake;
        }
        Ok(())
    }

    /// An audit finds nothing, however late what is due is played.
    fn audit(&self) -> Result<(), String> {
        if self.now < self.top {
            // Rules that are active from a later second on than the clock shows now: of no interest here.
            return Ok(());
        }
        let stored = Stored { subject: self.subject.clone(), members: self.members.clone() };
        match audit(&self.versions, stored, self.history(), self.now) {
            Audited::Looked(drifts) if !drifts.is_empty() => {
                Err(format!("at {}: {drifts:?}\n{:?}", self.now.since(self.world.start).0, self.subject))
            }
            Audited::Looked(_) | Audited::TooLong => Ok(()),
        }
    }

    fn is_outdated(&self) -> bool {
        self.subject.state.rules != self.versions.active.version()
    }

    fn switch(&mut self) -> Result<(), String> {
        self.now = self.top;
        // People are caught up when they are touched; here before the rules change once more.
        if self.is_outdated() {
            self.poll()?;
        }
        let version = self.versions.active.version().0;
        let rules = if version % 2 == 1 { &self.world.later } else { &self.world.rules };
        let engine = compile(rules, version + 1);
        let old = Arc::clone(&self.versions.active);
        self.versions.older.insert(old.version(), old);
        self.versions.active = engine;
        self.versions.since = self.now;
        self.defined.switch(rules.clone(), self.now);
        self.check_kept()
    }

    /// What is kept under the new rules is what a fold of the whole log gives.
    fn check_kept(&self) -> Result<(), String> {
        if self.world.rules == self.world.later {
            // The state goes over as it is, and what this second changes by itself is found when it is over.
            return Ok(());
        }
        let mut before = Versions::clone(&self.versions);
        let last = before.older.get(&self.subject.state.rules).cloned();
        before.active = last.ok_or("the rules of the state are at hand")?;
        let (mut log, mut moves) = (self.log.clone(), self.moves.clone());
        let mut kept = self.subject.clone();
        // What was due is due under the old rules.
        let played = step(&before, &mut kept, Input::Wake, Some(self.history()), self.now);
        log.extend(played.events);
        moves.extend(played.moves);
        let history = History { events: &log, moves: &moves };
        let mut folded = kept.clone();
        folded.state.rules = RulesVersion(0);
        let needed = history_needed(&self.versions, &kept, &Input::Wake);
        let kept_step = step(&self.versions, &mut kept, Input::Wake, needed.then_some(history), self.now);
        let folded_step = step(&self.versions, &mut folded, Input::Wake, Some(history), self.now);
        let (kept, folded) = (kept_step.transitions, folded_step.transitions);
        if kept == folded { Ok(()) } else { Err(format!("kept {kept:?}\n  folded {folded:?}")) }
    }

    fn note(&mut self, step: &Step) {
        self.moves.extend(step.moves.iter().cloned());
        for transition in &step.transitions {
            let was_in = if transition.entered {
                !self.members.insert(transition.segment)
            } else {
                !self.members.remove(&transition.segment)
            };
            debug_assert!(!was_in, "each entry is followed by an exit: {transition:?}");
        }
        let names = catalogue().segments;
        let name = |id| names.iter().find(|(_, known)| **known == id).map(|(name, _)| name.clone()).unwrap_or_default();
        let moved = step.transitions.iter().map(|transition| Change::Moved {
            segment: name(transition.segment),
            entered: transition.entered,
            at: transition.at,
        });
        let started = step.entries.iter().filter(|entry| entry.what == What::Started);
        let started = started.map(|entry| Change::Started { campaign: entry.campaign.clone(), at: entry.at });
        self.seen.extend(moved.chain(started));
    }

    /// The streams may only part by what is not played yet.
    fn compare(&self, place: &str) -> Result<(), String> {
        let sorted = |changes: &[Change]| {
            let (moved, started): (Vec<_>, Vec<_>) =
                changes.iter().cloned().partition(|change| matches!(change, Change::Moved { .. }));
            (moved, started)
        };
        let is_behind = self.subject.wake.is_some_and(|wake| wake < self.now) || self.is_outdated();
        if !is_behind && sorted(&self.seen) != sorted(&self.defined.stream) {
            let show = |changes: &[Change]| changes.iter().map(|change| show(change, self.world.start)).collect();
            let (seen, defined): (Vec<String>, Vec<String>) = (show(&self.seen), show(&self.defined.stream));
            return Err(format!("{place}:\n  engine     {}\n  definition {}", seen.join(" "), defined.join(" ")));
        }
        Ok(())
    }
}

fn show(change: &Change, start: Second) -> String {
    match change {
        Change::Moved { segment, entered, at } => {
            format!("{}{segment}@{}", if *entered { '+' } else { '-' }, at.since(start).0)
        }
        Change::Started { campaign, at } => format!("!{campaign}@{}", at.since(start).0),
    }
}
