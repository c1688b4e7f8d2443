//! What a batch needs to know, read before anything is decided: in a fixed number of statements.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Subject;
use crate::model::event::Event;
use crate::model::id::{EffectId, EventKey, PersonId};
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
    /// Messages that replies of these people can answer, and those that statuses are about.
    pub messages: BTreeMap<EffectId, Outstanding>,
    /// Whole logs, for those people for whom they were asked.
    pub histories: BTreeMap<PersonId, Vec<Event>>,
    /// Ids for people who may be made.
    pub free_ids: Vec<PersonId>,
    /// Attempts whose fence still held: the effects that may be settled.
    pub settled: BTreeSet<EffectId>,
}

impl Loaded {
    /// Everybody to whom a name of the batch leads.
    pub fn people(&self) -> BTreeSet<PersonId> {
        let holders = self.holders.iter().map(|holder| holder.person);
        holders.chain(self.handles.values().copied()).collect()
    }
}
