//! People and events to put into a store.

use antiphon::model::effect::{Body, Effect, EffectKind, Outgoing};
use antiphon::model::event::{Event, Kind, MessageRef, Reason};
use antiphon::model::id::{EffectId, EventKey, InstallationKey, JourneyId, PersonId, RulesVersion};
use antiphon::model::phone::Phone;
use antiphon::model::time::Second;
use antiphon::model::value::Properties;
use antiphon::store::events::EventRow;
use antiphon::store::outbox::NewEffect;
use antiphon::store::people::{self, NewPerson};
use antiphon::store::{Store, StoreError, Tx};
use serde_json::json;
use ulid::Ulid;

pub const T0: Second = Second(1_795_334_400);
pub const RULES: RulesVersion = RulesVersion(1);

pub fn phone(number: &str) -> Phone {
    serde_json::from_value(json!(number)).unwrap()
}

pub fn key(name: &str) -> EventKey {
    EventKey::of(&InstallationKey([7; 32]), &["test", name])
}

pub fn effect(number: u128) -> EffectId {
    EffectId(Ulid(number))
}

pub fn properties(value: serde_json::Value) -> Properties {
    value.as_object().cloned().unwrap()
}

/// Somebody with this external id; everything else follows from it.
pub fn somebody(external_id: &str) -> NewPerson {
    let EventKey(bytes) = key(external_id);
    NewPerson {
        id: PersonId(0),
        cio_id: Ulid::from_bytes(bytes),
        external_id: Some(external_id.to_owned()),
        email: Some(format!("{external_id}@example.org")),
        first_number: None,
        phone: None,
        attributes: properties(json!({"plan": "gold", "age": 44, "é\"\\": [1, null, "\u{1F600}"]})),
        known_since: T0,
    }
}

/// Makes people by their external ids and commits.
pub async fn made(store: &Store, external_ids: &[&str]) -> Vec<PersonId> {
    let tx = store.write().await.unwrap();
    let new: Vec<NewPerson> = external_ids.iter().map(|id| somebody(id)).collect();
    let ids = make(&tx, new).await.unwrap();
    tx.commit().await.unwrap();
    ids
}

/// Makes people under the next free ids.
pub async fn make(tx: &Tx, mut new: Vec<NewPerson>) -> Result<Vec<PersonId>, StoreError> {
    let ids = people::reserve(tx, new.len()).await?;
    for (new, id) in new.iter_mut().zip(&ids) {
        new.id = *id;
    }
    people::insert(tx, &new, RULES).await?;
    Ok(ids)
}

/// An inbound message, with everything that a row can hold.
pub fn reply(name: &str, person: Option<PersonId>, seq: u32) -> EventRow {
    EventRow {
        event: Event {
            key: key(name),
            seq,
            at: Second(T0.0 + i64::from(seq)),
            arrived: Second(T0.0 + 100),
            precedes: None,
            kind: Kind::Inbound,
            properties: properties(json!({"body": "Yes! \u{1F600}\n\"quoted\"", "via": "text"})),
            message: Some(MessageRef {
                id: effect(5),
                at: T0,
                campaign: Some("ask".to_owned()),
                step: Some("step-1".to_owned()),
                journey: Some(JourneyId(Ulid(9))),
                template: None,
            }),
            reason: Some(Reason::InFlight),
        },
        person,
        arrived_ms: (T0.0 + 100) * 1000 + 999,
        provider: "whatsapp".into(),
        provider_id: Some(format!("wamid.{name}")),
        rules: RULES,
    }
}

/// A text to be sent.
pub fn new_send(number: u128, person: Option<PersonId>) -> NewEffect {
    let effect = Effect {
        id: effect(number),
        journey: JourneyId(Ulid(9)),
        campaign: "ask".to_owned(),
        step: "step-1".to_owned(),
        at: T0,
        expires: Second(T0.0 + 172_800),
        kind: EffectKind::Send(Outgoing {
            body: Body::Text("Are you coming? \u{1F600}".to_owned()),
            if_window_closed: None,
            even_if_unsubscribed: false,
            window_closes: Some(T0),
        }),
    };
    NewEffect { effect, person, endpoint: "whatsapp".to_owned() }
}
