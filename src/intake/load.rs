//! Reads what a batch is about. The number of statements does not depend on its size, and locks come first.

use std::collections::{BTreeMap, BTreeSet};

use super::item::{Body, Item, Settle, Settlement};
use super::loaded::{Columns, Loaded, Past};
use super::people::identifier;
use super::write::Failed;
use crate::engine::{State, Subject};
use crate::model::id::{EffectId, EventKey, InstallationKey, PersonId, keyed_hash};
use crate::model::identity::Channel;
use crate::model::message::Outstanding;
use crate::model::person::Handle;
use crate::model::rule::Schema;
use crate::model::time::Second;
use crate::resolve::identity::{self, Holder, age};
use crate::store::messages::Wanted;
use crate::store::outbox::Settled;
use crate::store::{StoreError, Tx, events, identities, journeys, messages, moves, outbox, people as store_people};

/// What the reads depend on besides the bodies.
pub(super) struct Question<'a> {
    pub key: &'a InstallationKey,
    pub now: Second,
    pub schema: &'a Schema,
}

/// Everything that `bodies` are about. `shared`: others write to this database, so what was read before the
/// lock is read again behind it.
pub(super) async fn batch(tx: &Tx, question: &Question<'_>, bodies: &[&Body], shared: bool) -> Result<Loaded, Failed> {
    let names = Names::of(question.key, bodies);
    let mut loaded = Loaded { known: events::known_keys(tx, &names.keys).await?, ..Loaded::default() };
    names.look_up(tx, &mut loaded).await?;
    let mut named = messages::outstanding(tx, &names.messages()).await?;
    let mut ids = loaded.people();
    ids.extend(named.iter().map(|message| message.person));
    let ids: Vec<PersonId> = ids.into_iter().collect();
    store_people::lock(tx, &ids).await?;
    if shared {
        let before = loaded.people();
        names.look_up(tx, &mut loaded).await?;
        if loaded.people() != before {
            return Err(Failed::Moved);
        }
        named = messages::outstanding(tx, &names.messages()).await?;
    }
    // Rows of the outbox come behind their people, here and everywhere: so nobody waits in a circle.
    loaded.settled = outbox::settle(tx, &names.settled).await?;
    people(tx, &mut loaded, &ids).await?;
    for holder in &mut loaded.holders {
        let subject = loaded.subjects.get(&holder.person);
        holder.since = subject.and_then(|subject| age(&subject.person, question.schema.oldest_by));
    }
    loaded.free_ids = store_people::reserve(tx, names.newcomers(&loaded)).await?;
    if names.user_ids {
        loaded.own = own(tx, &ids).await?;
    }
    let since = question.now.minus(question.schema.attribution_window);
    let wanted = Wanted { people: names.repliers(&ids), since, ..Wanted::default() };
    let theirs = messages::outstanding(tx, &wanted).await?;
    loaded.messages = by_id(named.into_iter().chain(theirs));
    Ok(loaded)
}

/// These people with their open journeys. They are locked, or the caller's alone.
pub(super) async fn people(tx: &Tx, loaded: &mut Loaded, ids: &[PersonId]) -> Result<(), StoreError> {
    let rows = store_people::load(tx, ids).await?;
    let mut open = journeys::open_of(tx, ids).await?;
    for row in rows {
        let id = row.person.id;
        loaded.newest_rules = loaded.newest_rules.max(row.rules);
        // Bytes that do not read back are a cache that is lost: the state is folded again from the log.
        let mut state = State::decode_under(&row.state, row.rules).unwrap_or_default();
        state.last_seq = row.last_seq;
        let journeys = open.remove(&id).unwrap_or_default();
        loaded.columns.insert(id, Columns { rules: row.rules, zone: row.zone });
        loaded.subjects.insert(id, Subject { person: row.person, state, journeys, wake: row.wake });
    }
    Ok(())
}

/// The provider ids that these people go by.
async fn own(tx: &Tx, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<(Channel, String)>>, StoreError> {
    let mut own: BTreeMap<PersonId, Vec<(Channel, String)>> = BTreeMap::new();
    for identity in identities::of_people(tx, ids).await? {
        own.entry(identity.person).or_default().push((identity.channel, identity.value));
    }
    Ok(own)
}

/// The whole past of these people.
pub(super) async fn histories(tx: &Tx, loaded: &mut Loaded, ids: &BTreeSet<PersonId>) -> Result<(), StoreError> {
    let ids: Vec<PersonId> = ids.iter().copied().collect();
    let mut logs = events::of_people(tx, &ids).await?;
    // Somebody without an event can have entered something all the same.
    for id in ids {
        logs.entry(id).or_default();
    }
    let mut moves = moves::of_people(tx, &logs).await?;
    for (id, events) in logs {
        loaded.histories.insert(id, Past { events, moves: moves.remove(&id).unwrap_or_default() });
    }
    Ok(())
}

fn by_id(messages: impl Iterator<Item = Outstanding>) -> BTreeMap<EffectId, Outstanding> {
    messages.map(|message| (message.message.id, message)).collect()
}

/// What the items of a batch mention by name.
#[derive(Default)]
struct Names {
    keys: Vec<EventKey>,
    handles: Vec<Handle>,
    senders: Vec<(Channel, String)>,
    provider_keys: Vec<[u8; 16]>,
    effects: Vec<EffectId>,
    settled: Vec<Settled>,
    /// Handles under which somebody may have to be made.
    makers: Vec<Handle>,
    /// Some item erases somebody, or may give them another name.
    changes_names: bool,
    replies: bool,
    /// Some sender comes with a provider id of theirs.
    user_ids: bool,
}

impl Names {
    fn of(key: &InstallationKey, bodies: &[&Body]) -> Self {
        let mut names = Self::default();
        for item in bodies.iter().flat_map(|body| &body.items) {
            names.add(key, item);
        }
        for ignored in bodies.iter().flat_map(|body| &body.ignored) {
            names.keys.extend(ignored.id.as_deref().map(|id| EventKey::of(key, &[ignored.provider, id])));
        }
        names
    }

    fn add(&mut self, key: &InstallationKey, item: &Item) {
        match item {
            Item::Arrival(arrival) => {
                self.replies = true;
                self.keys.push(EventKey::of(key, &[arrival.provider, &arrival.id]));
                self.user_ids |= arrival.sender.user_id.is_some();
                self.senders.extend(identity::keys(&arrival.sender).into_iter().map(|key| (key.channel, key.value)));
                let quoted = arrival.context.as_deref();
                self.provider_keys.extend(quoted.map(|id| keyed_hash(key, &[arrival.provider, id])));
            }
            Item::Status(status) => {
                self.provider_keys.push(keyed_hash(key, &[status.provider, &status.id]));
                let tag = status.tag.as_deref().and_then(|tag| ulid::Ulid::from_string(tag).ok());
                self.effects.extend(tag.map(EffectId));
            }
            Item::Identify(identify) => {
                self.name(&identify.handle, !identify.update_only);
                let text = |name: &str| identify.attributes.get(name).and_then(identifier);
                self.changes_names |=
                    identify.attributes.contains_key("id") || identify.attributes.contains_key("email");
                self.handles.extend(text("id").map(Handle::ExternalId));
                self.handles.extend(text("email").map(|email| Handle::Email(email.to_lowercase())));
            }
            Item::Track(track) => {
                self.keys.push(EventKey::of(key, &["api", &track.id]));
                if let Some(handle) = &track.handle {
                    self.name(handle, true);
                }
            }
            Item::Erase(handle) => {
                self.changes_names = true;
                self.name(handle, false);
            }
            Item::Move(moved) => self.name(&moved.handle, false),
            Item::Settle(settle) => {
                self.effects.push(settle.effect);
                self.settled.push(settled(settle));
            }
        }
    }

    fn name(&mut self, handle: &Handle, maker: bool) {
        if let Handle::Phone(phone) = handle {
            self.senders.push((Channel::Phone, phone.as_str().to_owned()));
        } else {
            self.handles.push(handle.clone());
        }
        if maker {
            self.makers.push(handle.clone());
        }
    }

    async fn look_up(&self, tx: &Tx, loaded: &mut Loaded) -> Result<(), StoreError> {
        let wanted: Vec<(Channel, &str)> =
            self.senders.iter().map(|(channel, value)| (*channel, value.as_str())).collect();
        let holders = identities::holders(tx, &wanted).await?;
        loaded.holders = holders
            .into_iter()
            .map(|held| Holder {
                channel: held.channel,
                value: held.value,
                person: held.person,
                // Known once the person is loaded: what counts as age is for the schema to say.
                since: None,
            })
            .collect();
        let found = identities::find(tx, &self.handles).await?;
        loaded.handles = found.into_iter().map(|found| (found.handle, found.person)).collect();
        Ok(())
    }

    fn messages(&self) -> Wanted {
        Wanted { provider_keys: self.provider_keys.clone(), ids: self.effects.clone(), ..Wanted::default() }
    }

    /// How many people may have to be made: those ids are set aside.
    fn newcomers(&self, loaded: &Loaded) -> usize {
        let known = |handle: &Handle| match handle {
            Handle::Phone(phone) => {
                let held = |holder: &Holder| holder.channel == Channel::Phone && holder.value == phone.as_str();
                loaded.holders.iter().any(held)
            }
            other => loaded.handles.contains_key(other),
        };
        if self.changes_names {
            // Who is renamed or erased in this very batch may have to be made, more than once.
            return self.makers.len();
        }
        let unknown: BTreeSet<&Handle> = self.makers.iter().filter(|handle| !known(handle)).collect();
        unknown.len()
    }

    /// Only replies look for the message they answer.
    fn repliers(&self, ids: &[PersonId]) -> Vec<PersonId> {
        if self.replies { ids.to_vec() } else { Vec::new() }
    }
}

fn settled(settle: &Settle) -> Settled {
    use crate::store::outbox::State::{Done, Failed, Held, Pending};
    let (state, due_ms, outcome) = match &settle.outcome {
        Settlement::Accepted { .. } => (Done, None, "accepted".to_owned()),
        Settlement::Delivered { status } => (Done, None, format!("answered {status}")),
        Settlement::Retry { at_millis, reason } => (Pending, Some(*at_millis), reason.clone()),
        Settlement::Failed { reason } => (Failed, None, reason.clone()),
        Settlement::Unknown { reason } => (Held, None, reason.clone()),
    };
    Settled { id: settle.effect, fence: settle.fence, state, due_ms, outcome: Some(outcome) }
}
