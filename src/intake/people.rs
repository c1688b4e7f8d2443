//! Calls about people: who is meant, who is made, which identifiers they gain and lose.

use serde_json::{Value as Json, json};
use ulid::Ulid;

use super::item::{Identify, Move, Outcome, Track};
use super::pass::Pass;
use crate::engine::{Input, Subject};
use crate::model::consent;
use crate::model::event::{Event, Kind};
use crate::model::id::{EventKey, PersonId};
use crate::model::identity::Channel;
use crate::model::inbound::Sender;
use crate::model::limit::ATTRIBUTES_PER_PERSON_MAX;
use crate::model::person::{Handle, Person};
use crate::model::phone::{Phone, Region};
use crate::model::time::Second;
use crate::model::value::Properties;
use crate::resolve::identity::{self, Holder, age};
use crate::store::identities::Identity;

impl Pass<'_> {
    pub(super) fn identify(&mut self, identify: &Identify) -> Outcome {
        let mut attributes = identify.attributes.clone();
        let names = Names::take(&mut attributes);
        let unsubscribed = attributes.remove(consent::UNSUBSCRIBED);
        // The reasons are ours: a synchronisation that echoes them must not undo a STOP.
        attributes.remove(consent::REASONS);
        if let Some(person) = self.meant(&identify.handle).or_else(|| self.named(&names)) {
            attributes.extend(unsubscribed.and_then(|written| self.by_call(person, &written)).into_iter().flatten());
            return self.describe(person, &identify.handle, names, attributes, identify.at);
        }
        if identify.update_only {
            self.changes.notice("skipped_update", None, json!({}));
            return Outcome::PassedOver("unknown person");
        }
        let Some(person) = self.make(&identify.handle) else {
            self.changes.notice("failed_attribute_change", None, json!({ "name": "cio_id" }));
            return Outcome::PassedOver("a cio_id of nobody");
        };
        attributes.extend(unsubscribed.and_then(|written| self.by_call(person, &written)).into_iter().flatten());
        // What they are made with holds from their first second on: no condition sees them without it.
        if let Some(subject) = self.subjects.get_mut(&person) {
            let given = attributes.iter().filter(|(_, value)| !is_nothing(value));
            subject.person.attributes.extend(given.map(|(name, value)| (name.clone(), value.clone())));
        }
        let named = self.rename(person, &identify.handle, names);
        if let Some(subject) = self.subjects.get_mut(&person) {
            named.iter().for_each(|(name, value)| subject.person.set(name, value));
        }
        self.number(person, attributes.get("phone"));
        self.step(person, Input::Born, "antiphon", None);
        attributes.retain(|_, value| !is_nothing(value));
        attributes.extend(named);
        if !attributes.is_empty() {
            self.write_attributes(person, attributes, identify.at, "api");
        }
        Outcome::Taken
    }

    fn describe(
        &mut self,
        person: PersonId,
        handle: &Handle,
        names: Names,
        attributes: Properties,
        at: Option<Second>,
    ) -> Outcome {
        let Some(subject) = self.subjects.get(&person) else { return Outcome::PassedOver("unknown person") };
        let mut delta: Properties = attributes
            .into_iter()
            .map(|(name, value)| (name, if is_nothing(&value) { Json::Null } else { value }))
            // With an instant of its own a write of the same value still counts: it outlives an older one.
            .filter(|(name, value)| at.is_some() || subject.person.attributes.get(name).unwrap_or(&Json::Null) != value)
            .collect();
        let added = delta.iter().filter(|(name, v)| !v.is_null() && !subject.person.attributes.contains_key(*name));
        if subject.person.attributes.len() + added.count() > ATTRIBUTES_PER_PERSON_MAX {
            return Outcome::Refused {
                field: "attributes".to_owned(),
                message: format!("a person has at most {ATTRIBUTES_PER_PERSON_MAX} attributes"),
            };
        }
        delta.extend(self.rename(person, handle, names));
        let before = subject_phone(self, person);
        if !delta.is_empty() {
            self.write_attributes(person, delta, at, "api");
        }
        // A write that comes late may have changed nothing: the number follows the attribute.
        let after = subject_phone(self, person);
        if before != after {
            self.number(person, after.as_ref());
        }
        Outcome::Taken
    }

    /// The identifiers that the person gets by this call: they are written like attributes. One that belongs to
    /// somebody else is not among them, and that is noted.
    fn rename(&mut self, person: PersonId, handle: &Handle, names: Names) -> Properties {
        let by_cio_id = matches!(handle, Handle::CioId(_));
        let Some(subject) = self.subjects.get(&person) else { return Properties::new() };
        let (id, email) = (subject.person.external_id.clone(), subject.person.email.clone());
        // The name in the path is added to a person who was found by one in the body.
        let (path_id, path_email) = match handle {
            Handle::ExternalId(id) => (Some(id.clone()), None),
            Handle::Email(email) => (None, Some(email.clone())),
            Handle::CioId(_) | Handle::Phone(_) => (None, None),
        };
        let mut given = Properties::new();
        if let Some(new) = names.id.or(path_id).filter(|new| id.as_deref() != Some(new)) {
            // An id once given changes only under the id that never changes.
            let may = id.is_none() || by_cio_id;
            self.assign(
                person,
                ("id", new.clone()),
                id.map(Handle::ExternalId),
                Handle::ExternalId(new),
                may,
                &mut given,
            );
        }
        if let Some(new) = names.email.or(path_email).filter(|new| email.as_deref() != Some(new)) {
            self.assign(person, ("email", new.clone()), email.map(Handle::Email), Handle::Email(new), true, &mut given);
        }
        given
    }

    fn assign(
        &mut self,
        person: PersonId,
        (name, value): (&str, String),
        old: Option<Handle>,
        new: Handle,
        may: bool,
        given: &mut Properties,
    ) {
        if !may || self.handles.contains_key(&new) {
            self.changes.notice("failed_attribute_change", Some(person), json!({ "name": name }));
            return;
        }
        if let Some(old) = old {
            self.handles.remove(&old);
        }
        self.handles.insert(new, person);
        given.insert(name.to_owned(), json!(value));
    }

    /// The attribute `phone` decides which number leads to the person, from now on.
    fn number(&mut self, person: PersonId, value: Option<&Json>) {
        let region = Region::read(&self.context.schema().phone_region).unwrap_or_default();
        let new = match value.filter(|value| !value.is_null()).map(|value| Phone::from_attribute(value, region)) {
            Some(Ok(phone)) => Some(phone),
            Some(Err(_)) => {
                self.changes.notice("phone_not_usable", Some(person), json!({}));
                None
            }
            None => None,
        };
        let Some(subject) = self.subjects.get_mut(&person) else { return };
        let old = std::mem::replace(&mut subject.person.phone, new.clone());
        self.changes.touched.insert(person);
        if old == new {
            return;
        }
        if old.is_some() {
            self.lose(person, Channel::Phone);
            self.lose(person, Channel::Alias);
        }
        if let Some(new) = new {
            self.gain(person, Channel::Phone, new.as_str().to_owned());
        }
    }

    pub(super) fn write_attributes(
        &mut self,
        person: PersonId,
        delta: Properties,
        at: Option<Second>,
        provider: &'static str,
    ) {
        let at = self.stamp(at);
        let now = self.context.now;
        let key = self.own_key(person, "attributes");
        let event = Event {
            key,
            seq: 0,
            at,
            arrived: now,
            precedes: None,
            kind: Kind::AttributesSet,
            properties: delta,
            message: None,
            reason: None,
        };
        self.step(person, Input::Event(event), provider, None);
    }

    /// The key of something that nobody else gave an id: what it is, of whom, and where in their log. By the id
    /// that never comes again, since one that was set aside and not used may be given to somebody else.
    fn own_key(&self, person: PersonId, what: &str) -> EventKey {
        let (cio_id, seq) = self.subjects.get(&person).map_or_else(Default::default, |subject| {
            (subject.person.cio_id.to_string(), subject.state.last_seq.to_string())
        });
        EventKey::of(self.context.key, &["antiphon", what, &cio_id, &seq])
    }

    pub(super) fn track(&mut self, track: &Track) -> Outcome {
        let key = EventKey::of(self.context.key, &["api", &track.id]);
        if !self.is_new(key) {
            return Outcome::Duplicate;
        }
        let event = Event {
            key,
            seq: 0,
            at: self.stamp(track.at),
            arrived: self.context.now,
            precedes: None,
            kind: Kind::Custom(track.name.clone()),
            properties: track.data.clone(),
            message: None,
            reason: None,
        };
        let Some(handle) = &track.handle else {
            self.anonymous(event, "api", Some(&track.id));
            return Outcome::Taken;
        };
        let known = self.meant(handle);
        match known.or_else(|| self.make(handle)) {
            Some(person) => {
                if known.is_none() {
                    self.step(person, Input::Born, "antiphon", None);
                }
                self.step(person, Input::Event(event), "api", Some(&track.id));
                Outcome::Taken
            }
            None => {
                self.changes.notice("failed_attribute_change", None, json!({ "name": "cio_id" }));
                Outcome::PassedOver("a cio_id of nobody")
            }
        }
    }

    pub(super) fn moved(&mut self, moved: &Move) -> Outcome {
        let Some(person) = self.meant(&moved.handle) else { return Outcome::PassedOver("unknown person") };
        // The state may be of another rule set: it is looked at as of now.
        self.touch(person);
        let Some(subject) = self.subjects.get(&person) else { return Outcome::PassedOver("unknown person") };
        let segment = self.context.versions.active.manual_segment(&moved.segment);
        let Some(segment) = segment else { return Outcome::PassedOver("no manual segment") };
        if subject.state.is_in(segment) == moved.joined {
            return Outcome::Duplicate;
        }
        let kind = if moved.joined { Kind::SegmentJoined } else { Kind::SegmentLeft }(moved.segment.clone());
        let key = self.own_key(person, "move");
        let now = self.context.now;
        let event = Event {
            key,
            seq: 0,
            at: now,
            arrived: now,
            precedes: None,
            kind,
            properties: Properties::new(),
            message: None,
            reason: None,
        };
        self.step(person, Input::Event(event), "api", None);
        Outcome::Taken
    }

    pub(super) fn erase(&mut self, handle: &Handle) -> Outcome {
        let Some(person) = self.meant(handle) else { return Outcome::PassedOver("unknown person") };
        self.subjects.remove(&person);
        self.handles.retain(|_, id| *id != person);
        self.holders.retain(|holder| holder.person != person);
        self.messages.retain(|_, message| message.person != person);
        self.changes.erase(person);
        Outcome::Taken
    }

    /// Who goes by this name.
    fn meant(&self, handle: &Handle) -> Option<PersonId> {
        match handle {
            Handle::Phone(phone) => {
                let sender = Sender { number: Some(phone.clone()), ..Sender::default() };
                let exact = identity::keys(&sender).into_iter().take(1).collect::<Vec<_>>();
                identity::choose(&exact, &self.holders).map(|choice| choice.person)
            }
            other => self.handles.get(other).copied(),
        }
    }

    fn named(&self, names: &Names) -> Option<PersonId> {
        let id = names.id.clone().map(Handle::ExternalId);
        let email = names.email.clone().map(Handle::Email);
        [id, email].into_iter().flatten().find_map(|handle| self.handles.get(&handle).copied())
    }

    /// A new person by this name. A `cio_id` is given by us, so nobody is made for one.
    /// The caller lets them be born, once what they are made with is in place.
    fn make(&mut self, handle: &Handle) -> Option<PersonId> {
        if matches!(handle, Handle::CioId(_)) {
            return None;
        }
        let (id, cio_id) = self.next_person()?;
        let mut person = newcomer(id, cio_id, self.context.now);
        match handle {
            Handle::ExternalId(external_id) => person.external_id = Some(external_id.clone()),
            Handle::Email(email) => person.email = Some(email.clone()),
            Handle::Phone(phone) => {
                person.phone = Some(phone.clone());
                person.attributes.insert("phone".to_owned(), json!(phone.as_str()));
            }
            Handle::CioId(_) => {}
        }
        let phone = person.phone.clone();
        self.subjects.insert(id, Subject::new(person));
        self.changes.made.insert(id);
        match (handle, phone) {
            (_, Some(phone)) => self.gain(id, Channel::Phone, phone.as_str().to_owned()),
            (handle, None) => {
                self.handles.insert(handle.clone(), id);
            }
        }
        self.changes.notice("profile_create", Some(id), json!({}));
        Some(id)
    }

    pub(super) fn gain(&mut self, person: PersonId, channel: Channel, value: String) {
        let Some(subject) = self.subjects.get(&person) else { return };
        let since = age(&subject.person, self.context.schema().oldest_by);
        self.holders.push(Holder { channel, value: value.clone(), person, since });
        self.changes.touched.insert(person);
        self.changes.gained.push(Identity { channel, value, person, since: self.context.now });
    }

    /// A number that is given up leads nowhere: numbers are recycled.
    fn lose(&mut self, person: PersonId, channel: Channel) {
        self.holders.retain(|holder| holder.person != person || holder.channel != channel);
        self.changes.gained.retain(|gained| gained.person != person || gained.channel != channel);
        self.changes.lost.push((person, channel));
    }
}

fn subject_phone(pass: &Pass<'_>, person: PersonId) -> Option<Json> {
    pass.subjects.get(&person).and_then(|subject| subject.person.attributes.get("phone")).cloned()
}

fn newcomer(id: PersonId, cio_id: Ulid, known_since: Second) -> Person {
    Person { id, cio_id, external_id: None, email: None, phone: None, attributes: Properties::new(), known_since }
}

/// `null` and the empty text remove an attribute.
fn is_nothing(value: &Json) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Identifiers that stand among the attributes of a call.
struct Names {
    id: Option<String>,
    email: Option<String>,
}

impl Names {
    /// Takes `id` and `email` out of `attributes`.
    fn take(attributes: &mut Properties) -> Self {
        let mut text = |name: &str| attributes.remove(name).as_ref().and_then(identifier);
        Self { id: text("id"), email: text("email").map(|email| email.to_lowercase()) }
    }
}

/// An identifier as it came in a call: a text or a number.
pub(super) fn identifier(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
