//! Reads what a batch is about. The number of statements does not depend on its size, and locks come first.

use std::collections::{BTreeMap, BTreeSet};

use super::item::{Body, Item, Settle, Settlement};
use super::loaded::Loaded;
use super::write::Failed;
use crate::engine::{State, Subject};
use crate::model::id::{EffectId, EventKey, InstallationKey, PersonId, keyed_hash};
use crate::model::message::Outstanding;
use crate::model::person::{Channel, Handle, Holder};
use crate::model::time::{Second, Span};
use crate::resolve::identity::{self, Key};
use crate::store::messages::Wanted;
use crate::store::outbox::Settled;
use crate::store::{StoreError, Tx, events, identities, journeys, messages, outbox, people as store_people};

/// Everything that `bodies` are about. `shared`: others write to this database, so what was read before the
/// lock is read again behind it.
pub(super) async fn batch(
    tx: &Tx,
    key: &InstallationKey,
    bodies: &[&Body],
    shared: bool,
    attribution_window: Span,
    now: Second,
) -> Result<Loaded, Failed> {
    let names = Names::of(key, bodies);
    let mut loaded = Loaded {
        known: events::known_keys(tx, &names.keys).await?,
        settled: outbox::settle(tx, &names.settled).await?,
        ..Loaded::default()
    };
    names.look_up(tx, &mut loaded).await?;
    let named = messages::outstanding(tx, &names.messages(&loaded)).await?;
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
    }
    people(tx, &mut loaded, &ids).await?;
    loaded.free_ids = store_people::reserve(tx, names.newcomers(&loaded)).await?;
    let wanted = Wanted { people: names.repliers(&ids), since: now.minus(attribution_window), ..Wanted::default() };
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
        // Bytes that do not read back are a cache that is lost: the state is folded again from the log.
        let state = State::decode(&row.state).unwrap_or_default();
        let journeys = open.remove(&id).unwrap_or_default();
        loaded.subjects.insert(id, Subject { person: row.person, state, journeys, wake: row.wake });
    }
    Ok(())
}

/// The whole logs of these people.
pub(super) async fn histories(tx: &Tx, loaded: &mut Loaded, ids: &BTreeSet<PersonId>) -> Result<(), StoreError> {
    let ids: Vec<PersonId> = ids.iter().copied().collect();
    let mut logs = events::of_people(tx, &ids).await?;
    for id in ids {
        loaded.histories.insert(id, logs.remove(&id).unwrap_or_default());
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
    makers: BTreeSet<Handle>,
    replies: bool,
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
                self.senders.extend(identity::keys(&arrival.sender).into_iter().map(Key::into_parts));
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
                let text = |name: &str| identify.attributes.get(name).and_then(super::people::identifier);
                self.handles.extend(text("id").map(Handle::ExternalId));
                self.handles.extend(text("email").map(|email| Handle::Email(email.to_lowercase())));
            }
            Item::Track(track) => {
                self.keys.push(EventKey::of(key, &["api", &track.id]));
                if let Some(handle) = &track.handle {
                    self.name(handle, true);
                }
            }
            Item::Erase(handle) => self.name(handle, false),
            Item::Move(moved) => self.name(&moved.handle, false),
            Item::Settle(settle) => {
                self.effects.push(settle.effect);
                self.settled.push(settled(settle));
            }
        }
    }

    fn name(&mut self, handle: &Handle, maker: bool) {
        if let Handle::Phone(phone) = handle {
            self.senders.push(Key::phone(phone).into_parts());
        } else {
            self.handles.push(handle.clone());
        }
        if maker {
            self.makers.insert(handle.clone());
        }
    }

    async fn look_up(&self, tx: &Tx, loaded: &mut Loaded) -> Result<(), StoreError> {
        let wanted: Vec<(Channel, &str)> = self.senders.iter().map(|(channel, value)| (*channel, value.as_str())).collect();
        loaded.holders = identities::holders(tx, &wanted).await?;
        let found = identities::find(tx, &self.handles).await?;
        loaded.handles = found.into_iter().map(|found| (found.handle, found.person)).collect();
        Ok(())
    }

    fn messages(&self, _: &Loaded) -> Wanted {
        Wanted { provider_keys: self.provider_keys.clone(), ids: self.effects.clone(), ..Wanted::default() }
    }

    /// How many people may have to be made: those ids are set aside.
    fn newcomers(&self, loaded: &Loaded) -> usize {
        let known = |handle: &&Handle| match handle {
            Handle::Phone(phone) => {
                let key = Key::phone(phone);
                loaded.holders.iter().any(|holder: &Holder| key.is_held_by(holder))
            }
            other => loaded.handles.contains_key(other),
        };
        // Somebody erased in this very batch may have to be made again.
        self.makers.iter().filter(|handle| !known(handle) || self.handles.len() > self.makers.len()).count()
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
