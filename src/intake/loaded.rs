//! What a batch needs to know, read before anything is decided: in a fixed number of statements.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{History, Step, Subject};
use crate::model::event::Event;
use crate::model::id::{EffectId, EventKey, PersonId, RulesVersion};
use crate::model::identity::Channel;
use crate::model::message::Outstanding;
use crate::model::person::Handle;
use crate::resolve::identity::Holder;

/// The part of the database that a batch is about, as it was when the batch began.
#[derive(Default)]
pub(super) struct Loaded {
    /// The keys among the batch's that are in the log already.
    pub known: BTreeSet<EventKey>,
    /// Who goes by the names that the batch uses.
    pub handles: BTreeMap<Handle, PersonId>,
    /// Who holds the numbers and user ids that the batch mentions.
    pub holders: Vec<Holder>,
    /// The provider ids that these people go by already.
    pub own: BTreeMap<PersonId, Vec<(Channel, String)>>,
    pub subjects: BTreeMap<PersonId, Subject>,
    /// What else their rows say.
    pub columns: BTreeMap<PersonId, Columns>,
    /// The newest rule set that a state of theirs was written under.
    pub newest_rules: RulesVersion,
    /// Messages that replies of these people can answer, and those that statuses are about.
    pub messages: BTreeMap<EffectId, Outstanding>,
    /// The whole past of those people for whom it was asked.
    pub histories: BTreeMap<PersonId, Past>,
    /// People in whose past there is nothing that the rules in force ask about, though their state does not say so.
    pub unconcerned: BTreeSet<PersonId>,
    /// Ids for people who may be made.
    pub free_ids: Vec<PersonId>,
    /// Attempts whose fence still held: the effects that may be settled.
    pub settled: BTreeSet<EffectId>,
}

/// What a person's row says besides what the engine needs.
pub(super) struct Columns {
    /// The rule set that they were brought up to.
    pub rules: RulesVersion,
    /// The zone of their own.
    pub zone: Option<String>,
}

/// What happened to somebody, as far as it is written down.
#[derive(Clone, Default)]
pub(super) struct Past {
    /// Their log, by number.
    pub events: Vec<Event>,
    /// What the engine decided, in order.
    pub moves: Vec<Event>,
}

impl Past {
    pub fn history(&self) -> History<'_> {
        History { events: &self.events, moves: &self.moves }
    }

    /// Adds what came of a step.
    pub fn add(&mut self, step: &Step) {
        self.events.extend(step.events.iter().cloned());
        self.events.sort_unstable_by_key(|event| event.seq);
        self.moves.extend(step.moves.iter().cloned());
    }
}

impl Loaded {
    /// Everybody to whom a name of the batch leads.
    pub fn people(&self) -> BTreeSet<PersonId> {
        let holders = self.holders.iter().map(|holder| holder.person);
        holders.chain(self.handles.values().copied()).collect()
    }
}
