//! Something a person did: who was it, what does it answer, what follows.

use serde_json::json;

use super::item::Outcome;
use super::pass::Pass;
use crate::engine::{self, Input};
use crate::model::event::{Event, Kind, MessageRef, Reason};
use crate::model::id::{EffectId, EventKey, PersonId, keyed_hash};
use crate::model::identity::Channel;
use crate::model::inbound::Arrival;
use crate::model::message::Outstanding;
use crate::model::time::Second;
use crate::resolve::attribution::{self, Question};
use crate::resolve::identity;

impl Pass<'_> {
    pub(super) fn arrival(&mut self, arrival: &Arrival) -> Outcome {
        let key = EventKey::of(self.context.key, &[arrival.provider, &arrival.id]);
        if !self.is_new(key) {
            self.changes.notice("duplicate", None, json!({ "name": arrival.kind.name() }));
            return Outcome::Duplicate;
        }
        match self.whose(arrival) {
            Some(person) => self.of_person(person, key, arrival),
            None => self.of_nobody(key, arrival),
        }
        Outcome::Taken
    }

    /// The person behind the sender; what the message teaches about their identifiers is kept.
    fn whose(&mut self, arrival: &Arrival) -> Option<PersonId> {
        let choice = identity::choose(&identity::keys(&arrival.sender), &self.holders)?;
        let own: Vec<(Channel, &str)> =
            self.own.get(&choice.person).into_iter().flatten().map(|(channel, id)| (*channel, id.as_str())).collect();
        let learned = identity::learn(&arrival.sender, choice, &self.holders, &own);
        for link in learned.links {
            self.own.entry(link.person).or_default().push((link.channel, link.value.clone()));
            self.gain(link.person, link.channel, link.value);
        }
        for conflict in learned.conflicts {
            self.changes.notice(conflict.as_str(), Some(choice.person), json!({}));
        }
        Some(choice.person)
    }

    fn of_person(&mut self, person: PersonId, key: EventKey, arrival: &Arrival) {
        let context = arrival.context.as_deref().map(|id| keyed_hash(self.context.key, &[arrival.provider, id]));
        let at = self.stamp(arrival.at);
        let question = Question::of(arrival, Some(person), context, at);
        let window = self.context.schema().attribution_window;
        let answered = attribution::attribute(&question, &self.candidates(person, context), window);
        let bound = answered.as_ref().filter(|(_, reason)| *reason == Reason::InFlight).map(|(message, _)| message.id);
        if let Some(written) = self.keyword(person, arrival) {
            self.write_attributes(person, written, Some(at), arrival.provider);
        }
        let event = self.event(key, arrival, at, answered);
        self.step(person, Input::Event(event), arrival.provider, Some(&arrival.id));
        if let Some(message) = bound {
            self.bind(message, person, at);
        }
    }

    /// A reply bound to a message in flight: when that is accepted, its `sent` goes before the first of them.
    fn bind(&mut self, message: EffectId, person: PersonId, at: Second) {
        let seq = self.subjects.get(&person).map_or(0, |subject| subject.state.last_seq);
        let Some(outstanding) = self.messages.get_mut(&message) else { return };
        if outstanding.bound.is_none_or(|bound| (at, seq) < bound) {
            outstanding.bound = Some((at, seq));
            self.changes.heard(outstanding, None);
        }
    }

    /// Nobody's number: an anonymous event, and it stays one.
    fn of_nobody(&mut self, key: EventKey, arrival: &Arrival) {
        let event = self.event(key, arrival, self.stamp(arrival.at), None);
        self.anonymous(event, arrival.provider, Some(&arrival.id));
    }

    pub(super) fn anonymous(&mut self, event: Event, provider: &'static str, provider_id: Option<&str>) {
        let step = engine::anonymous(self.context.versions, &event, self.context.now);
        self.changes.record(None, step, provider, provider_id);
    }

    fn event(&self, key: EventKey, arrival: &Arrival, at: Second, answered: Option<(MessageRef, Reason)>) -> Event {
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

    /// What a reply of this person can answer: what went to them, and the message that it quotes.
    fn candidates(&self, person: PersonId, quoted: Option<[u8; 16]>) -> Vec<Outstanding> {
        let is_quoted = |message: &Outstanding| quoted.is_some() && message.provider_key == quoted;
        self.messages.values().filter(|message| message.person == person || is_quoted(message)).cloned().collect()
    }

    /// When something happened: the sender's stamp, never after its arrival.
    pub(super) fn stamp(&self, at: Option<Second>) -> Second {
        at.map_or(self.context.now, |at| at.min(self.context.now))
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
