//! One pass over a batch, in memory: who is meant, what does it change. Pure: it reads no database and no
//! clock, so it can be run again with more history, or without an item that panics.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::Changes;
use super::item::{Body, Item, Outcome, Receipt};
use super::loaded::{Loaded, Past};
use crate::engine::{self, History, Input, Occurrence, Subject, Versions};
use crate::model::id::{EffectId, EventKey, InstallationKey, PersonId, RulesVersion};
use crate::model::identity::Channel;
use crate::model::inbound::{Broken, BrokenReason};
use crate::model::message::Outstanding;
use crate::model::person::Handle;
use crate::model::rule::Schema;
use crate::model::time::Second;
use crate::resolve::consent::Words;
use crate::resolve::identity::Holder;

/// What stays the same for a whole batch.
pub(super) struct Context<'a> {
    pub versions: &'a Versions,
    pub key: &'a InstallationKey,
    pub now: Second,
    pub words: Words,
    /// New ids for people who are made, one for each of [`Loaded::free_ids`].
    pub fresh: &'a [ulid::Ulid],
}

impl Context<'_> {
    pub fn schema(&self) -> &Schema {
        &self.versions.active.rules().schema
    }
}

/// The state of a pass: the loaded part of the database as the items so far have changed it.
pub(super) struct Pass<'a> {
    pub context: &'a Context<'a>,
    pub known: BTreeSet<EventKey>,
    pub handles: BTreeMap<Handle, PersonId>,
    pub holders: Vec<Holder>,
    /// The provider ids that people of the batch go by already.
    pub own: BTreeMap<PersonId, Vec<(Channel, String)>>,
    pub subjects: BTreeMap<PersonId, Subject>,
    pub messages: BTreeMap<EffectId, Outstanding>,
    histories: BTreeMap<PersonId, Past>,
    unconcerned: &'a BTreeSet<PersonId>,
    free: std::vec::IntoIter<(PersonId, ulid::Ulid)>,
    pub settled: &'a BTreeSet<EffectId>,
    pub changes: Changes,
    /// People whose whole log the engine asks for. If there are any, this pass counts for nothing.
    pub wanted: BTreeSet<PersonId>,
}

/// Where an item stands: body, item.
pub(super) type Spot = (usize, usize);

/// Runs over all bodies. `skip` names the items that are known to panic: they go to quarantine.
pub(super) fn run<'a>(
    context: &'a Context<'a>,
    loaded: &'a Loaded,
    bodies: &[&Body],
    skip: &BTreeSet<Spot>,
    at: &std::cell::Cell<Spot>,
) -> (Pass<'a>, Vec<Receipt>) {
    let mut pass = Pass::new(context, loaded);
    let receipts = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| {
            let outcomes = body
                .items
                .iter()
                .enumerate()
                .map(|(m, item)| {
                    at.set((n, m));
                    if skip.contains(&(n, m)) { pass.quarantine(item) } else { pass.take(item) }
                })
                .collect();
            pass.remains(body);
            Receipt { outcomes }
        })
        .collect();
    (pass, receipts)
}

impl<'a> Pass<'a> {
    /// A pass that has not taken anything yet.
    pub fn new(context: &'a Context<'a>, loaded: &'a Loaded) -> Self {
        Self {
            context,
            known: loaded.known.clone(),
            handles: loaded.handles.clone(),
            holders: loaded.holders.clone(),
            own: loaded.own.clone(),
            subjects: loaded.subjects.clone(),
            messages: loaded.messages.clone(),
            histories: loaded.histories.clone(),
            unconcerned: &loaded.unconcerned,
            free: loaded.free_ids.iter().copied().zip(context.fresh.iter().copied()).collect::<Vec<_>>().into_iter(),
            settled: &loaded.settled,
            changes: Changes::default(),
            wanted: BTreeSet::new(),
        }
    }

    fn take(&mut self, item: &Item) -> Outcome {
        match item {
            Item::Arrival(arrival) => self.arrival(arrival),
            Item::Status(status) => self.status(status),
            Item::Identify(identify) => self.identify(identify),
            Item::Track(track) => self.track(track),
            Item::Erase(handle) => self.erase(handle),
            Item::Move(moved) => self.moved(moved),
            Item::Settle(settle) => self.settle(settle),
        }
    }

    /// True the first time that `key` comes by.
    pub fn is_new(&mut self, key: EventKey) -> bool {
        self.known.insert(key)
    }

    /// A person whose id is taken from those set aside.
    pub fn next_person(&mut self) -> Option<(PersonId, ulid::Ulid)> {
        self.free.next()
    }

    /// Gives `input` to the engine, which first plays what was due before now.
    pub fn step(&mut self, person: PersonId, input: Input, provider: &'static str, provider_id: Option<&str>) {
        let Some(subject) = self.subjects.get_mut(&person) else { return };
        let history = self.histories.get(&person);
        let is_known = history.is_some() || (input == Input::Wake && self.unconcerned.contains(&person));
        if !is_known && engine::history_needed(self.context.versions, subject, &input) {
            self.wanted.insert(person);
            return;
        }
        let is_event = matches!(input, Input::Event(_));
        let step = engine::step(self.context.versions, subject, input, history.map(Past::history), self.context.now);
        if let Some(past) = self.histories.get_mut(&person) {
            past.add(&step);
        }
        self.changes.touched.insert(person);
        self.changes.record(Some(person), step, provider, provider_id.filter(|_| is_event));
    }

    /// Somebody's past, if it was loaded.
    pub fn history(&self, person: PersonId) -> History<'_> {
        self.histories.get(&person).map(Past::history).unwrap_or_default()
    }

    /// Lets time pass for somebody: what is due is played, and an outdated state is brought up to the rules.
    pub fn touch(&mut self, person: PersonId) {
        self.step(person, Input::Wake, "antiphon", None);
    }

    /// Lets a schedule come round for somebody.
    pub fn occur(&mut self, person: PersonId, occurrence: &Occurrence) {
        self.step(person, Input::Occurrence(occurrence.clone()), "antiphon", None);
    }

    /// Starts a campaign by its publication, for somebody who matches already.
    pub fn deploy(&mut self, person: PersonId, campaign: &str) {
        self.step(person, Input::Deployed(campaign.to_owned()), "antiphon", None);
    }

    /// Leaves out of what is written those to whom the rules in force mean no more than those of `from`.
    pub fn leave_unchanged(&mut self, loaded: &Loaded, from: RulesVersion) {
        let subjects = &self.subjects;
        let is_changed = |person: &PersonId| match (loaded.subjects.get(person), subjects.get(person)) {
            (Some(before), Some(behind)) => {
                before.state.rules != from
                    || (before.wake, &before.person) != (behind.wake, &behind.person)
                    || before.journeys != behind.journeys
                    || !before.state.says_what(&behind.state)
            }
            _ => true,
        };
        self.changes.touched.retain(is_changed);
    }

    /// What a body holds besides its items: what could not be read, and what is known to be nothing.
    fn remains(&mut self, body: &Body) {
        for (provider, broken) in &body.broken {
            self.changes.set_aside(provider, broken.clone());
        }
        for ignored in &body.ignored {
            let key = ignored.id.as_deref().map(|id| EventKey::of(self.context.key, &[ignored.provider, id]));
            if key.is_none_or(|key| self.is_new(key)) {
                self.changes.ignored(ignored, key);
            }
        }
    }

    /// An item that cannot be processed is kept for a person to look at; what it says stays out of the log.
    fn quarantine(&mut self, item: &Item) -> Outcome {
        let provider = match item {
            Item::Arrival(arrival) => arrival.provider,
            Item::Status(status) => status.provider,
            _ => "antiphon",
        };
        let raw = format!("{item:?}");
        let broken = Broken { pointer: String::new(), reason: BrokenReason::Panic, raw };
        self.changes.set_aside(provider, broken);
        Outcome::Quarantined
    }
}
