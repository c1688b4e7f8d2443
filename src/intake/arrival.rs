//! Something a person did: who was it, what does it answer, what follows.

use serde_json::json;

use super::item::Outcome;
use super::pass::Pass;
use crate::engine::{self, Input};
use crate::model::event::{Event, Kind, MessageRef, Reason};
use crate::model::id::{EventKey, PersonId, keyed_hash};
use crate::model::inbound::Arrival;
use crate::model::message::Outstanding;
use crate::model::time::Second;
use crate::resolve::attribution;
use crate::resolve::identity;

impl Pass<'_> {
    pub(super) fn arrival(&mut self, arrival: &Arrival) -> Outcome {
        let key = EventKey::of(self.context.key, &[arrival.provider, &arrival.id]);
        if !self.is_new(key) {
            self.changes.notice("duplicate", None, json!({ "name": arrival.kind.name() }));
            return Outcome::Duplicate;
        }
        match self.whose(arrival) {
            Some(person) => self.from_person(person, key, arrival),
            None => self.from_nobody(key, arrival),
        }
        Outcome::Taken
    }

    /// The person behind the sender; what the message teaches about their identifiers is kept.
    fn whose(&mut self, arrival: &Arrival) -> Option<PersonId> {
        let keys = identity::keys(&arrival.sender);
        let choice = identity::choose(&keys, &self.holders)?;
        let lesson = identity::learn(&arrival.sender, &choice, &self.holders);
        for key in lesson.links {
            self.gain(choice.person, key);
        }
        for noticed in lesson.noticed {
            self.changes.notice(noticed, Some(choice.person), json!({}));
        }
        Some(choice.person)
    }

    fn from_person(&mut self, person: PersonId, key: EventKey, arrival: &Arrival) {
        let context = arrival.context.as_deref().map(|id| keyed_hash(self.context.key, &[arrival.provider, id]));
        let at = self.stamp(arrival.at);
        let answered = attribution::attribute(
            &arrival.kind,
            arrival.properties.get("via").and_then(serde_json::Value::as_str),
            context,
            at,
            arrival.our_number_id.as_deref(),
            &self.messages_to(person),
            self.context.schema().attribution_window,
        );
        let event = self.event(key, arrival, at, answered);
        self.step(person, Input::Event(event), arrival.provider, Some(&arrival.id));
    }

    /// Nobody's number: an anonymous event, and it stays one.
    fn from_nobody(&mut self, key: EventKey, arrival: &Arrival) {
        let event = self.event(key, arrival, self.stamp(arrival.at), None);
        self.anonymous(event, arrival.provider, Some(&arrival.id));
    }

    pub(super) fn anonymous(&mut self, event: Event, provider: &'static str, provider_id: Option<&str>) {
        let step = engine::anonymous(self.context.versions, event, self.context.now);
        self.changes.record(None, step, provider, provider_id);
    }

    fn event(
        &self,
        key: EventKey,
        arrival: &Arrival,
        at: Second,
        answered: Option<(MessageRef, Reason)>,
    ) -> Event {
        let mut properties = arrival.properties.clone();
        if let Some((message, _)) = &answered {
            properties.insert("answers".to_owned(), json!(message.id.0.to_string()));
        }
        let (message, reason) = answered.unzip();
        Event {
            key,
            seq: 0,
            at,
            arrived: self.context.now,
            precedes: None,
            kind: arrival.kind.clone(),
            properties,
            message,
            reason,
        }
    }

    /// When something happened: the sender's stamp, never after its arrival.
    pub(super) fn stamp(&self, at: Option<Second>) -> Second {
        at.map_or(self.context.now, |at| at.min(self.context.now))
    }

    pub(super) fn messages_to(&self, person: PersonId) -> Vec<Outstanding> {
        self.messages.values().filter(|message| message.person == person).cloned().collect()
    }
}

/// An event of ours about `message`, before it is numbered.
pub(super) fn about(key: EventKey, kind: Kind, message: MessageRef, at: Second, now: Second) -> Event {
    Event {
        key,
        seq: 0,
        at,
        arrived: now,
        precedes: None,
        kind,
        properties: serde_json::Map::new(),
        message: Some(message),
        reason: None,
    }
}
