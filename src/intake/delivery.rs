//! What became of our messages: statuses from providers, and the outcome of our own attempts.

use serde_json::json;

use super::arrival::about;
use super::item::{Outcome, Settle, Settlement};
use super::pass::Pass;
use crate::engine::Input;
use crate::model::event::Kind;
use crate::model::id::{EffectId, EventKey, keyed_hash};
use crate::model::identity::Channel;
use crate::model::inbound::Status;
use crate::model::message::Delivery;
use crate::model::time::Second;
use crate::resolve::identity;

impl Pass<'_> {
    pub(super) fn status(&mut self, status: &Status) -> Outcome {
        let provider_key = keyed_hash(self.context.key, &[status.provider, &status.id]);
        let Some(id) = self.message_of(status, provider_key) else {
            return Outcome::PassedOver("a message of another tool");
        };
        let at = self.stamp(status.at);
        // The status can come before the answer to the send: then it is the acceptance too.
        if self.accept(id, status.provider, provider_key, status.our_number_id.as_deref(), at) {
            self.changes.concluded.push(id);
        }
        let mut heard = false;
        // `read` may come without `delivered`, and it implies it.
        if matches!(status.delivery, Delivery::Read | Delivery::Played) {
            heard |= self.hear(id, status, Delivery::Delivered, at);
        }
        heard |= self.hear(id, status, status.delivery, at);
        if heard { Outcome::Taken } else { Outcome::Duplicate }
    }

    fn message_of(&self, status: &Status, provider_key: [u8; 16]) -> Option<EffectId> {
        let tagged = status.tag.as_deref().and_then(|tag| ulid::Ulid::from_string(tag).ok()).map(EffectId);
        tagged.filter(|id| self.messages.contains_key(id)).or_else(|| {
            self.messages.values().find(|message| message.provider_key == Some(provider_key)).map(|m| m.message.id)
        })
    }

    /// Moves the delivery upward; makes the event that rules see, once per message and state.
    fn hear(&mut self, id: EffectId, status: &Status, delivery: Delivery, at: Second) -> bool {
        let Some(message) = self.messages.get_mut(&id) else { return false };
        let key = EventKey::of(self.context.key, &[status.provider, "status", &status.id, delivery.as_str()]);
        if message.delivery.hear(delivery) == message.delivery || self.known.contains(&key) {
            return false;
        }
        message.delivery = message.delivery.hear(delivery);
        let (person, about_message) = (message.person, message.message.clone());
        self.changes.heard(message, Some((delivery, at)));
        if let Some(kind) = delivery.event() {
            self.is_new(key);
            let mut event = about(key, kind, about_message, at, self.context.now);
            if let Some(failure) = &status.failure {
                event.properties.insert("code".to_owned(), json!(failure.code));
                event.properties.insert("details".to_owned(), json!(failure.details));
            }
            self.step(person, Input::Event(event), status.provider, None);
        }
        true
    }

    /// The provider took the message: it becomes a `sent` event, to which replies are attributed.
    /// False if that was known already.
    fn accept(
        &mut self,
        id: EffectId,
        provider: &'static str,
        provider_key: [u8; 16],
        sender: Option<&str>,
        at: Second,
    ) -> bool {
        let Some(message) = self.messages.get_mut(&id).filter(|message| message.delivery == Delivery::Pending) else {
            return false;
        };
        let at = message.bound.map_or(at, |(reply_at, _)| at.min(reply_at));
        message.delivery = Delivery::Accepted;
        message.in_flight = false;
        message.sender = sender.map(str::to_owned).or(message.sender.take());
        message.accepted = Some(at);
        message.message.at = at;
        message.provider_key = Some(provider_key);
        let (person, precedes) = (message.person, message.bound.map(|(_, seq)| seq));
        let about_message = message.message.clone();
        self.changes.heard(message, Some((Delivery::Accepted, at)));
        let key = EventKey::of(self.context.key, &[provider, "accepted", &id.0.to_string()]);
        if self.is_new(key) {
            let mut event = about(key, Kind::Sent, about_message, at, self.context.now);
            event.precedes = precedes;
            self.step(person, Input::Event(event), provider, None);
        }
        true
    }

    pub(super) fn settle(&mut self, settle: &Settle) -> Outcome {
        if !self.settled.contains(&settle.effect) {
            return Outcome::PassedOver("the lease went to somebody else");
        }
        match &settle.outcome {
            Settlement::Accepted { provider, provider_id, sender, wa_id } => {
                let provider_key = keyed_hash(self.context.key, &[provider, provider_id]);
                self.accept(settle.effect, provider, provider_key, Some(sender), self.context.now);
                self.learn_wa_id(settle.effect, wa_id.as_deref());
            }
            Settlement::Failed { reason } => self.failed(settle.effect, reason),
            Settlement::Retry { .. } => {
                if let Some(message) = self.messages.get_mut(&settle.effect) {
                    message.in_flight = false;
                }
            }
            Settlement::Delivered { .. } | Settlement::Unknown { .. } => {}
        }
        Outcome::Taken
    }

    /// Never accepted: rules see that it failed, if it was a message.
    fn failed(&mut self, id: EffectId, reason: &str) {
        let Some(message) = self.messages.get_mut(&id) else { return };
        message.delivery = message.delivery.hear(Delivery::Failed);
        message.in_flight = false;
        let (person, about_message) = (message.person, message.message.clone());
        self.changes.heard(message, Some((Delivery::Failed, self.context.now)));
        let key = EventKey::of(self.context.key, &["antiphon", "failed", &id.0.to_string()]);
        if self.is_new(key) {
            let mut event = about(key, Kind::Failed, about_message, self.context.now, self.context.now);
            event.properties.insert("details".to_owned(), json!(reason));
            self.step(person, Input::Event(event), "antiphon", None);
        }
    }

    /// What WhatsApp calls the person's number, where it differs from ours: replies will come from there.
    fn learn_wa_id(&mut self, id: EffectId, wa_id: Option<&str>) {
        let Some(person) = self.messages.get(&id).map(|message| message.person) else { return };
        let number = self.subjects.get(&person).and_then(|subject| subject.person.phone.as_ref());
        let (Some(number), Some(wa_id)) = (number, wa_id) else { return };
        if let Some(alias) = identity::learned_alias(number, wa_id) {
            self.gain(person, Channel::Alias, alias.as_str().to_owned());
        }
    }
}
