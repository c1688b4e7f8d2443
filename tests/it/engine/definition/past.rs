//! A few lines of one person's past.

use antiphon::engine::naive::Case;
use antiphon::model::event::{Event, Kind, MessageRef, Reason};
use antiphon::model::id::{EffectId, EventKey, PersonId};
use antiphon::model::person::Person;
use antiphon::model::rule::{Condition, Move, RuleSet};
use antiphon::model::time::Second;
use antiphon::model::value::Properties;
use serde_json::{Value as Json, json};
use ulid::Ulid;

/// The second in which everybody here becomes known: 2026-03-03T09:14:07Z, a Tuesday. Tests count from here.
pub const START: i64 = 1_772_529_247;

/// A person, and what happened.
#[derive(Clone)]
pub struct Past {
    pub person: Person,
    pub events: Vec<Event>,
}

/// Somebody with no attributes, of whom nothing is known.
pub fn past() -> Past {
    let person =
        Person { id: PersonId(1), cio_id: Ulid::from_bytes([1; 16]), known_since: Second(START), ..Person::nobody() };
    Past { person, events: Vec::new() }
}

/// A message of `campaign` that was accepted at `at`; its second is its name.
pub fn message(campaign: &str, at: i64) -> MessageRef {
    MessageRef {
        id: EffectId(Ulid::from_parts(at.unsigned_abs(), 0)),
        at: Second(START + at),
        campaign: Some(campaign.to_owned()),
        step: Some("ask".to_owned()),
        journey: None,
        template: None,
    }
}

fn properties<const N: usize>(properties: [(&str, Json); N]) -> Properties {
    properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Past {
    /// Is made with this attribute.
    pub fn with(mut self, name: &str, value: Json) -> Self {
        self.person.set(name, &value);
        self
    }

    /// An event at `at` that arrives at once.
    pub fn event(mut self, at: i64, kind: Kind, properties: Properties) -> Self {
        let seq = u32::try_from(self.events.len() + 1).expect("few");
        self.events.push(Event {
            key: EventKey(u128::from(seq).to_be_bytes()),
            seq,
            at: Second(START + at),
            arrived: Second(START + at),
            precedes: None,
            kind,
            properties,
            message: None,
            reason: None,
        });
        self
    }

    /// What was decided behind everything told so far.
    pub fn moved(mut self, at: i64, moved: Move) -> Self {
        let behind = self.events.last().map_or(0, |event| event.seq);
        self = self.event(at, Kind::Moved(moved), Properties::new());
        self.change(|event| event.seq = behind)
    }

    fn change(mut self, change: impl FnOnce(&mut Event)) -> Self {
        change(self.events.last_mut().expect("something happened"));
        self
    }

    /// What was told last answers `message`, or is about it.
    pub fn about(self, message: &MessageRef, reason: Option<Reason>) -> Self {
        self.change(|event| {
            event.message = Some(message.clone());
            event.reason = reason;
            if reason.is_some() {
                event.properties.insert("answers".to_owned(), json!(message.id.0.to_string()));
            }
        })
    }

    /// It came at `at` only.
    pub fn arrives(self, at: i64) -> Self {
        self.change(|event| event.arrived = Second(START + at))
    }

    pub fn sets(self, at: i64, name: &str, value: Json) -> Self {
        self.event(at, Kind::AttributesSet, properties([(name, value)]))
    }

    pub fn says(self, at: i64, text: &str) -> Self {
        self.event(at, Kind::Inbound, properties([("body", json!(text)), ("via", json!("text"))]))
    }

    /// Says it, and is taken to answer `message`.
    pub fn answers(self, at: i64, text: &str, message: &MessageRef) -> Self {
        self.says(at, text).about(message, Some(Reason::Inferred))
    }

    /// Says it, and quotes `message`.
    pub fn quotes(self, at: i64, text: &str, message: &MessageRef) -> Self {
        self.says(at, text).about(message, Some(Reason::Quoted))
    }

    pub fn taps(self, at: i64, title: &str, id: &str) -> Self {
        let tap = [("body", json!(title)), ("via", json!("button")), ("button_id", json!(id))];
        self.event(at, Kind::Inbound, properties(tap))
    }

    pub fn reacts(self, at: i64, emoji: &str, message: &MessageRef) -> Self {
        self.event(at, Kind::Reaction, properties([("body", json!(emoji))])).about(message, Some(Reason::Reaction))
    }

    pub fn sent(self, message: &MessageRef) -> Self {
        self.event(message.at.0 - START, Kind::Sent, Properties::new()).about(message, None)
    }

    pub fn does<const N: usize>(self, at: i64, name: &str, with: [(&str, Json); N]) -> Self {
        self.event(at, Kind::Custom(name.to_owned()), properties(with))
    }

    /// Whether `condition` is true at `at`.
    pub fn is(&self, rules: &RuleSet, condition: &Condition, at: i64) -> bool {
        Case::new(rules, &self.person, &self.events).truth(condition, Second(START + at))
    }
}
