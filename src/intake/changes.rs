//! What a batch changes, gathered in memory and written in a fixed number of statements.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::engine::{Step, Subject};
use crate::model::effect::Effect;
use crate::model::event::Event;
use crate::model::id::{EffectId, JourneyId, PersonId, SegmentId};
use crate::model::inbound::Broken;
use crate::model::journey::{Entry, Journey};
use crate::model::message::Outstanding;
use crate::model::time::Second;
use crate::model::transition::Transition;
use crate::resolve::identity::Key;

/// Everything that a transaction writes.
#[derive(Default)]
pub(super) struct Changes {
    pub events: Vec<Logged>,
    pub transitions: Vec<(PersonId, Transition)>,
    /// Where each change of membership ended: since when in, or out.
    pub memberships: BTreeMap<(PersonId, SegmentId), Option<Transition>>,
    pub journeys: BTreeMap<JourneyId, (Option<PersonId>, Journey)>,
    pub entries: Vec<(Option<PersonId>, Entry)>,
    pub effects: Vec<(Option<PersonId>, Effect)>,
    /// Messages whose delivery moved, and those learned.
    pub messages: BTreeMap<EffectId, Outstanding>,
    /// Identifiers that people gain and lose.
    pub gained: Vec<(PersonId, Key, Second)>,
    pub lost: Vec<(PersonId, Key)>,
    pub made: BTreeSet<PersonId>,
    pub touched: BTreeSet<PersonId>,
    pub erased: BTreeSet<PersonId>,
    pub notices: Vec<Notice>,
    pub quarantine: Vec<(&'static str, Broken)>,
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
    pub data: serde_json::Value,
}

impl Changes {
    /// Adds what the engine decided for `person`. The events get `provider` and, the first, `provider_id`.
    pub fn record(&mut self, person: Option<PersonId>, step: Step, provider: &'static str, provider_id: Option<&str>) {
        for (n, event) in step.events.into_iter().enumerate() {
            // What steps write themselves comes from us, whoever sent the first event.
            let provider = if n == 0 { provider } else { "antiphon" };
            let provider_id = provider_id.filter(|_| n == 0).map(str::to_owned);
            self.events.push(Logged { person, event, provider, provider_id });
        }
        if let Some(person) = person {
            for transition in step.transitions {
                let standing = transition.entered.then_some(transition);
                self.memberships.insert((person, transition.segment), standing);
                self.transitions.push((person, transition));
            }
        }
        self.journeys.extend(step.journeys_changed.into_iter().map(|journey| (journey.id, (person, journey))));
        self.entries.extend(step.entries.into_iter().map(|entry| (person, entry)));
        self.effects.extend(step.effects.into_iter().map(|effect| (person, effect)));
    }

    /// Notes something that is no event.
    pub fn notice(&mut self, kind: &'static str, person: Option<PersonId>, data: serde_json::Value) {
        self.notices.push(Notice { kind, person, data });
    }

    /// Forgets what was gathered about somebody who is erased in the same batch.
    pub fn erase(&mut self, person: PersonId) {
        self.events.iter_mut().filter(|logged| logged.person == Some(person)).for_each(blank);
        self.transitions.retain(|(who, _)| *who != person);
        self.memberships.retain(|(who, _), _| *who != person);
        self.journeys.retain(|_, (who, _)| *who != Some(person));
        self.entries.retain(|(who, _)| *who != Some(person));
        self.effects.retain(|(who, _)| *who != Some(person));
        self.messages.retain(|_, message| message.person != person);
        self.gained.retain(|(who, ..)| *who != person);
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
    logged.event.properties.clear();
    logged.event.message = None;
    logged.event.reason = None;
}

/// The earliest wake among `subjects`, if it is earlier than before.
pub(super) fn earliest_wake<'a>(subjects: impl Iterator<Item = &'a Subject>) -> Option<Second> {
    subjects.filter_map(|subject| subject.wake).min()
}
