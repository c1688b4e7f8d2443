//! What the service does around the engine, in memory: one clock, a few people, what storage keeps of them, and the
//! doors through which inputs come. Where it is judged, the definition lives every person's life beside it.

mod checks;

use std::collections::BTreeSet;
use std::sync::Arc;

use antiphon::engine::{
    Catalogue, Engine, History, Input, State, Step, Subject, Versions, history_needed, refold, step,
};
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::{CampaignId, EventKey, PersonId, RulesVersion, SegmentId};
use antiphon::model::journey::What;
use antiphon::model::person::Person;
use antiphon::model::rule::RuleSet;
use antiphon::model::time::Second;
use antiphon::model::value::Properties;
use ulid::Ulid;

pub use self::checks::{show, sorted};
use super::counts::{self, Counts};
use super::defined::Definition;
use super::world::{Delivery, Do, World};

/// A change of truth: of a segment, or the start of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Moved { segment: String, entered: bool, at: Second },
    Started { campaign: String, at: Second },
}

/// How a story is played. None of it may change what is decided.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// The definition judges at every step.
    pub judged: bool,
    /// The clock never goes back, and whoever falls behind the rules is caught up at once: then nothing of what
    /// follows makes a difference.
    pub plain: bool,
    /// Every body is delivered in parts, with a stop between them.
    pub split: bool,
    /// Every body comes twice.
    pub doubled: bool,
    /// The process restarts before everything.
    pub restarting: bool,
    /// Nobody looks for due wakes before the end.
    pub unpolled: bool,
    /// Every state is dropped and folded again before everything.
    pub folding: bool,
}

/// Everybody, and the rules in force.
pub struct Stage<'w> {
    world: &'w World,
    manner: Manner,
    now: Second,
    /// The latest that the clock has shown.
    top: Second,
    versions: Versions,
    /// The keys of all that was taken in.
    known: BTreeSet<EventKey>,
    pub people: Vec<Someone>,
    pub counts: Counts,
}

/// One person, as storage and the definition know them.
pub struct Someone {
    pub subject: Subject,
    log: Vec<Event>,
    moves: Vec<Event>,
    /// The table of memberships.
    members: BTreeSet<SegmentId>,
    pub seen: Vec<Change>,
    defined: Option<Definition>,
}

pub fn catalogue() -> Catalogue {
    let segments = ["m", "s0", "s1", "s2", "s3", "s4", "s5"].iter().zip(1..);
    let campaigns = ["c0", "c1", "c2"].iter().zip(1..);
    Catalogue {
        segments: segments.map(|(name, id)| ((*name).to_owned(), SegmentId(id))).collect(),
        campaigns: campaigns.map(|(name, id)| ((*name).to_owned(), CampaignId(id))).collect(),
        env: Properties::new(),
    }
}

pub fn compile(rules: &RuleSet, version: RulesVersion) -> Arc<Engine> {
    let engine = Engine::compile(Arc::new(rules.clone()), version, &catalogue());
    Arc::new(engine.expect("random rules compile"))
}

pub fn somebody(number: usize, attributes: &Properties, known_since: Second) -> Person {
    let number = small(number);
    let mut person = Person {
        id: PersonId(i64::from(number) + 1),
        cio_id: Ulid::from_bytes([7 + number; 16]),
        external_id: None,
        email: None,
        phone: None,
        attributes: Properties::new(),
        known_since,
    };
    attributes.iter().for_each(|(name, value)| person.set(name, value));
    person
}

fn small(person: usize) -> u8 {
    u8::try_from(person).expect("a few people")
}

/// Plays `world` to its end. An error says where the engine and the definition part.
pub fn play(world: &World, manner: Manner) -> Result<Stage<'_>, String> {
    let mut stage = Stage::new(world, manner);
    stage.be_born()?;
    for (pause, what) in &world.story {
        let pause = if manner.plain { pause.abs() } else { *pause };
        stage.now = Second(stage.now.0 + pause);
        if (0..stage.people.len()).any(|person| stage.is_outdated(person)) {
            // Rules that are active from a later second on than the clock shows now: of no interest here.
            stage.now = stage.now.max(stage.top);
        }
        stage.top = stage.top.max(stage.now);
        stage.act(what)?;
    }
    stage.now = Second(stage.top.0 + world.scale.end());
    stage.top = stage.now;
    stage.audit()?;
    for person in 0..stage.people.len() {
        stage.touch(person)?;
        stage.compare(person, "at the end")?;
    }
    stage.audit()?;
    Ok(stage)
}

impl<'w> Stage<'w> {
    fn new(world: &'w World, manner: Manner) -> Self {
        let first = &world.rules[0];
        let someone = |(number, attributes): (usize, &Properties)| {
            let person = somebody(number, attributes, world.start);
            let defined = manner.judged.then(|| Definition::new(first.clone(), person.clone()));
            let subject = Subject::new(person);
            let members = BTreeSet::new();
            Someone { subject, log: Vec::new(), moves: Vec::new(), members, seen: Vec::new(), defined }
        };
        Self {
            world,
            manner,
            now: world.start,
            top: world.start,
            versions: Versions::new(compile(first, RulesVersion(1)), world.start),
            known: BTreeSet::new(),
            people: world.people.iter().enumerate().map(someone).collect(),
            counts: Counts::default(),
        }
    }

    fn be_born(&mut self) -> Result<(), String> {
        for person in 0..self.people.len() {
            let someone = &mut self.people[person];
            let step = step(&self.versions, &mut someone.subject, Input::Born, None, self.now);
            self.note(person, &step);
            if let Some(defined) = &mut self.people[person].defined {
                defined.look(self.now);
            }
            self.compare(person, "at birth")?;
            // What a person is made with stands in the log too.
            let first = Event {
                key: EventKey([0xf0 + small(person); 16]),
                seq: 0,
                at: self.world.start,
                arrived: self.world.start,
                precedes: None,
                kind: Kind::AttributesSet,
                properties: self.world.people[person].clone(),
                message: None,
                reason: None,
            };
            self.deliver(&Delivery { person, event: first, precedes: None })?;
        }
        Ok(())
    }

    fn act(&mut self, what: &Do) -> Result<(), String> {
        if self.manner.restarting {
            self.restart()?;
        }
        if self.manner.folding {
            for person in 0..self.people.len() {
                self.refold(person)?;
            }
        }
        match what {
            Do::Deliver(body) => {
                for delivery in body {
                    self.deliver(delivery)?;
                    if self.manner.split {
                        self.restart()?;
                    }
                }
                if self.manner.doubled {
                    body.iter().try_for_each(|delivery| self.deliver(delivery))?;
                }
            }
            Do::Poll(_) if self.manner.unpolled => {}
            Do::Poll(people) => {
                self.audit()?;
                self.poll(*people)?;
            }
            Do::Publish => self.publish()?,
            Do::CatchUp(people) => self.catch_up(*people)?,
            Do::Restart => self.restart()?,
            Do::Refold(person) => self.refold(*person)?,
        }
        let place = format!("at {} after {what:?}", self.now.since(self.world.start).0);
        (0..self.people.len()).try_for_each(|person| self.compare(person, &place))
    }

    /// An event arrives, unless its key is known.
    fn deliver(&mut self, delivery: &Delivery) -> Result<(), String> {
        if !self.known.insert(delivery.event.key) {
            self.counts.note(counts::DUPLICATE, true);
            return Ok(());
        }
        let person = delivery.person;
        self.count_before(delivery);
        self.count_rules(person);
        let is_outdated = self.is_outdated(person);
        let someone = &mut self.people[person];
        let raw = &delivery.event;
        let mut event = Event { arrived: self.now, ..raw.clone() };
        let before = delivery.precedes.and_then(|key| someone.log.iter().find(|event| event.key == key));
        event.precedes = before.map(|reply| reply.seq);
        let input = Input::Event(event);
        let needed = history_needed(&self.versions, &someone.subject, &input);
        let history = needed.then_some(History { events: &someone.log, moves: &someone.moves });
        let step = step(&self.versions, &mut someone.subject, input, history, self.now);
        self.counts.note(counts::LATE_FOLDED, needed && !is_outdated);
        self.counts.note(counts::CAUGHT_UP_TOUCHED, is_outdated);
        self.note(person, &step);
        let numbered = step.events.into_iter().next().ok_or("the event is gone")?;
        self.check_stamps(person, raw, &numbered)?;
        self.counts.note(counts::STOOD_STILL, numbered.arrived > self.now);
        let (rules, since) = (self.active_rules(), self.versions.since);
        let someone = &mut self.people[person];
        someone.log.push(numbered.clone());
        if let Some(defined) = &mut someone.defined {
            if is_outdated {
                defined.switch(rules.clone(), since);
            }
            let arrived = numbered.arrived;
            defined.wait_until(arrived);
            defined.take_in(numbered, arrived);
        }
        Ok(())
    }

    /// Plays the due wakes of at most so many people, in due order. Returns how many there were.
    fn poll(&mut self, limit: usize) -> Result<usize, String> {
        let due = |(person, someone): (usize, &Someone)| {
            someone.subject.wake.filter(|wake| *wake < self.now).map(|wake| (wake, person))
        };
        let mut due: Vec<(Second, usize)> = self.people.iter().enumerate().filter_map(due).collect();
        due.sort_unstable();
        due.truncate(limit);
        self.counts.note(counts::WAKES_OF_SEVERAL, due.len() > 1);
        for (wake, person) in &due {
            self.counts.note(counts::WAKE_LATE, wake.next().next() < self.now);
            let before = self.people[*person].seen.len();
            self.touch(*person)?;
            self.counts.note(counts::WAKE_FOR_NOTHING, self.people[*person].seen.len() == before);
        }
        Ok(due.len())
    }

    /// Lets time pass for somebody: what is due is played, and an outdated state is folded again.
    fn touch(&mut self, person: usize) -> Result<(), String> {
        self.count_rules(person);
        let is_outdated = self.is_outdated(person);
        let someone = &mut self.people[person];
        let was_due = someone.subject.wake.is_some_and(|wake| wake < self.now);
        let needed = history_needed(&self.versions, &someone.subject, &Input::Wake);
        let history = needed.then_some(History { events: &someone.log, moves: &someone.moves });
        let step = step(&self.versions, &mut someone.subject, Input::Wake, history, self.now);
        self.note(person, &step);
        let (rules, since) = (self.active_rules(), self.versions.since);
        if let Some(defined) = &mut self.people[person].defined {
            if is_outdated {
                defined.switch(rules.clone(), since);
            }
            defined.wait_until(self.now);
        }
        // What journeys did was evaluated besides, and so is a fold: there the earlier of two flips is kept.
        let is_exact = was_due && step.entries.is_empty() && !is_outdated && self.now >= self.top;
        if is_exact { self.check_wake(person) } else { Ok(()) }
    }

    fn catch_up(&mut self, limit: usize) -> Result<(), String> {
        let stale: Vec<usize> = (0..self.people.len()).filter(|person| self.is_outdated(*person)).collect();
        for person in stale.into_iter().take(limit) {
            self.counts.note(counts::CAUGHT_UP_EAGERLY, true);
            self.touch(person)?;
        }
        Ok(())
    }

    /// The next rule set becomes active, after the last one the first again.
    fn publish(&mut self) -> Result<(), String> {
        self.now = self.top;
        for person in 0..self.people.len() {
            self.counts.note(counts::CAUGHT_UP_OVER, self.is_outdated(person));
        }
        let old = Arc::clone(&self.versions.active);
        let next = RulesVersion(old.version().0 + 1);
        self.versions.older.insert(old.version(), old);
        self.versions.active = compile(self.rules_of(next), next);
        self.versions.since = self.now;
        self.check_kept()?;
        if self.manner.plain { self.catch_up(usize::MAX) } else { Ok(()) }
    }

    fn rules_of(&self, version: RulesVersion) -> &'w RuleSet {
        let number = usize::try_from(version.0).expect("small") - 1;
        &self.world.rules[number % self.world.rules.len()]
    }

    fn active_rules(&self) -> &'w RuleSet {
        self.rules_of(self.versions.active.version())
    }

    /// Everything that was known is read from storage, and what was due comes first.
    fn restart(&mut self) -> Result<(), String> {
        let again = |engine: &Arc<Engine>| compile(engine.rules(), engine.version());
        let older = self.versions.older.iter().map(|(version, engine)| (*version, again(engine))).collect();
        self.versions = Versions { active: again(&self.versions.active), since: self.versions.since, older };
        for someone in &mut self.people {
            let bytes = someone.subject.state.encode();
            someone.subject.state = State::decode(&bytes).map_err(|error| error.to_string())?;
        }
        if !self.manner.unpolled {
            let played = self.poll(usize::MAX)?;
            self.counts.note(counts::WAKE_BY_RESTART, played > 0);
        }
        Ok(())
    }

    /// Drops the state. What is folded must say the same, and goes on as the old one would have.
    fn refold(&mut self, person: usize) -> Result<(), String> {
        if self.now < self.top || person >= self.people.len() {
            return Ok(());
        }
        if self.manner.unpolled && self.is_behind(person) {
            return Ok(());
        }
        self.touch(person)?;
        let someone = &mut self.people[person];
        // A flip of this very second is in the fold already and will be in the state when the second is over.
        if someone.subject.wake.is_some_and(|wake| wake <= self.now) {
            return Ok(());
        }
        let history = History { events: &someone.log, moves: &someone.moves };
        let folded = refold(&self.versions, &someone.subject, history, self.now);
        let since = |state: &State| state.memberships().collect::<Vec<_>>();
        if since(&folded.state) != since(&someone.subject.state) {
            return Err(format!("folded {:?}, kept {:?}", since(&folded.state), since(&someone.subject.state)));
        }
        (someone.subject.state, someone.subject.wake) = (folded.state, folded.wake);
        self.counts.note(counts::REFOLDED, true);
        Ok(())
    }

    fn is_outdated(&self, person: usize) -> bool {
        self.people[person].subject.state.rules != self.versions.active.version()
    }

    /// Whether something is due that was not played yet.
    fn is_behind(&self, person: usize) -> bool {
        self.people[person].subject.wake.is_some_and(|wake| wake < self.now) || self.is_outdated(person)
    }

    /// Writes down what came of a step.
    fn note(&mut self, person: usize, step: &Step) {
        self.count_step(step, person);
        let names = catalogue().segments;
        let name = |id| names.iter().find(|(_, known)| **known == id).map(|(name, _)| name.clone()).unwrap_or_default();
        let moved = step.transitions.iter().map(|transition| Change::Moved {
            segment: name(transition.segment),
            entered: transition.entered,
            at: transition.at,
        });
        let started = step.entries.iter().filter(|entry| entry.what == What::Started);
        let started = started.map(|entry| Change::Started { campaign: entry.campaign.clone(), at: entry.at });
        let someone = &mut self.people[person];
        for transition in &step.transitions {
            if transition.entered {
                someone.members.insert(transition.segment);
            } else {
                someone.members.remove(&transition.segment);
            }
        }
        someone.moves.extend(step.moves.iter().cloned());
        someone.seen.extend(moved.chain(started));
    }
}
