//! What the log says of a story: the events that a provider, a program or the outbox would have told us of.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use ulid::Ulid;

use super::asked;
use super::stage::KEY;
use crate::model::event::{Event, Kind, MessageRef};
use crate::model::id::{EffectId, EventKey, PersonId};
use crate::model::inbound::{Arrival, Sender};
use crate::model::message::{Delivery, Outstanding};
use crate::model::phone::Phone;
use crate::model::time::Second;
use crate::model::value::Properties;

/// The provider that messages come by, and the number of ours that they go to.
const PROVIDER: &str = "whatsapp";
const OUR_NUMBER: &str = "+12025550100";

/// Something that somebody says.
pub struct Saying<'s> {
    pub kind: &'s Kind,
    pub properties: &'s Properties,
    /// The message of ours that it points at.
    pub context: Option<EffectId>,
    pub at: Second,
    pub arrives: Second,
}

/// The key of what an entry of the timeline makes.
pub fn entry_key(entry: usize) -> EventKey {
    EventKey::of(&KEY, &["timeline", &entry.to_string()])
}

/// What the provider would have told us.
pub fn arrival(saying: &Saying<'_>, number: Option<Phone>) -> Arrival {
    let mut properties = saying.properties.clone();
    let mut set = |name: &str, value: &str| properties.insert(name.to_owned(), Json::from(value));
    set("provider", PROVIDER);
    set("channel", PROVIDER);
    set("our_number", OUR_NUMBER);
    if let Some(number) = &number {
        set("sender", number.as_str());
    }
    Arrival {
        provider: PROVIDER,
        id: String::new(),
        sender: Sender { number, ..Sender::default() },
        our_number: Phone::from_e164(OUR_NUMBER),
        our_number_id: Some(OUR_NUMBER.to_owned()),
        at: Some(saying.at),
        kind: saying.kind.clone(),
        properties,
        context: None,
    }
}

pub fn event(key: EventKey, kind: Kind, properties: Properties, at: Second) -> Event {
    // The engine gives it its number and its arrival.
    Event { key, seq: 0, at, arrived: at, precedes: None, kind, properties, message: None, reason: None }
}

pub fn outstanding(person: PersonId, message: MessageRef) -> Outstanding {
    Outstanding {
        person,
        provider_key: Some(provider_key(message.id)),
        sender: Some(OUR_NUMBER.to_owned()),
        delivery: Delivery::Accepted,
        accepted: Some(message.at),
        in_flight: false,
        bound: None,
        message,
    }
}

/// Stands for the hash of the provider's id.
pub fn provider_key(message: EffectId) -> [u8; 16] {
    message.0.to_bytes()
}

/// An id that is the same whenever and wherever a test is played.
pub fn lasting_id(name: &str) -> Ulid {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(Sha256::digest(name.as_bytes())) {
        *to = from;
    }
    Ulid::from_bytes(bytes)
}

/// An event that is no entry of the timeline, in words.
pub fn described(event: &Event) -> String {
    if let Some(asked) = asked::of_event(event) {
        return asked.kind.to_owned();
    }
    let about = event.message.as_ref().map(|message| {
        let names: Vec<&str> = [&message.campaign, &message.step].into_iter().flatten().map(String::as_str).collect();
        if names.is_empty() { String::new() } else { format!(" of {}", names.join("/")) }
    });
    format!("{}{}", event.kind.name(), about.unwrap_or_default())
}
