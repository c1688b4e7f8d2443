//! What a batch changes, gathered in memory and written in a fixed number of statements.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::engine::Step;
use crate::model::effect::Effect;
use crate::model::event::{Event, Kind};
use crate::model::id::{EffectId, EventKey, JourneyId, PersonId};
use crate::model::identity::Channel;
use crate::model::inbound::{Broken, Ignored};
use crate::model::journey::{Entry, Journey};
use crate::model::message::{Delivery, Outstanding};
use crate::model::time::Second;
use crate::model::transition::Transition;
use crate::store::identities::Identity;
use crate::store::messages::MessageNews;

/// Everything that a transaction writes.
#[derive(Default)]
pub(super) struct Changes {
    pub events: Vec<Logged>,
    pub transitions: Vec<(PersonId, Transition)>,
    pub journeys: BTreeMap<JourneyId, (Option<PersonId>, Journey)>,
    pub entries: Vec<(Option<PersonId>, Entry)>,
    pub effects: Vec<(Option<PersonId>, Effect)>,
    /// What became known of messages.
    pub messages: BTreeMap<EffectId, (PersonId, MessageNews)>,
    /// Identifiers that people gain and lose.
    pub gained: Vec<Identity>,
    pub lost: Vec<(PersonId, Channel)>,
    pub made: BTreeSet<PersonId>,
    pub touched: BTreeSet<PersonId>,
    pub erased: BTreeSet<PersonId>,
    pub notices: Vec<Notice>,
    pub quarantine: Vec<(&'static str, Broken)>,
    /// Sends that a status has settled before their answer came.
    pub concluded: Vec<EffectId>,
}

/// An event on its way into the log, with what only its row keeps.
pub(super) struct Logged {
    pub person: Option<PersonId>,
    pub event: Event,
    pub provider: &'static str,
    /// Personal data: blanked when the person is erased.
    pub provider_id: Option<String>,
}

/// A row of the activity log that is no event: something was noticed on the way.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    pub kind: &'static str,
    pub person: Option<PersonId>,
    /// With a key it is written once, however often it is told.
    pub key: Option<EventKey>,
    pub data: serde_json::Value,
}

impl Changes {
    /// Adds what the engine decided for `person`. The events get `provider` and, the first, `provider_id`.
    pub fn record(&mut self, person: Option<PersonId>, step: Step, provider: &'static str, provider_id: Option<&str>) {
        for (n, event) in step.events.into_iter().enumerate() {
            // What steps of campaigns wrote themselves comes from us, whoever sent the first event.
            let (provider, provider_id) = if n == 0 { (provider, provider_id) } else { ("antiphon", None) };
            self.events.push(Logged { person, event, provider, provider_id: provider_id.map(str::to_owned) });
        }
        if let Some(person) = person {
            self.transitions.extend(step.transitions.into_iter().map(|transition| (person, transition)));
        }
        self.journeys.extend(step.journeys_changed.into_iter().map(|journey| (journey.id, (person, journey))));
        self.entries.extend(step.entries.into_iter().map(|entry| (person, entry)));
        self.effects.extend(step.effects.into_iter().map(|effect| (person, effect)));
    }

    /// What is known of a message now, and when it got so far.
    pub fn heard(&mut self, message: &Outstanding, reached: Option<(Delivery, Second)>) {
        let id = message.message.id;
        let (_, news) = self.messages.entry(id).or_insert_with(|| (message.person, MessageNews::of(message)));
        news.delivery = message.delivery;
        news.provider_key = message.provider_key;
        news.sender.clone_from(&message.sender);
        news.bound = message.bound;
        if let Some((delivery, at)) = reached {
            news.times.note(delivery, at);
        }
    }

    /// Notes something that is no event.
    pub fn notice(&mut self, kind: &'static str, person: Option<PersonId>, data: serde_json::Value) {
        self.notices.push(Notice { kind, person, key: None, data });
    }

    /// Notes something that is deliberately no event; its key makes that it counts once.
    pub fn ignored(&mut self, ignored: &Ignored, key: Option<EventKey>) {
        let data = json!({ "reason": ignored.reason.as_str() });
        self.notices.push(Notice { kind: "ignored", person: None, key, data });
    }

    /// Forgets what was gathered about somebody who is erased in the same batch.
    pub fn erase(&mut self, person: PersonId) {
        self.events.iter_mut().filter(|logged| logged.person == Some(person)).for_each(blank);
        self.transitions.retain(|(who, _)| *who != person);
        self.journeys.retain(|_, (who, _)| *who != Some(person));
        self.entries.retain(|(who, _)| *who != Some(person));
        self.effects.retain(|(who, _)| *who != Some(person));
        self.messages.retain(|_, (who, _)| *who != person);
        self.gained.retain(|gained| gained.person != person);
        self.notices.retain(|notice| notice.person != Some(person));
        self.touched.remove(&person);
        self.made.remove(&person);
        self.erased.insert(person);
        self.notice("profile_delete", None, json!({}));
    }
}

/// The row stays for its key, so that a retried webhook does not bring the message back.
fn blank(logged: &mut Logged) {
    logged.person = None;
    logged.provider_id = None;
    logged.event.kind = Kind::Custom("erased".to_owned());
    logged.event.properties.clear();
    logged.event.message = None;
    logged.event.reason = None;
}
