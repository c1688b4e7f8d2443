//! What happened, as JSON: nested, as our own call shows it, and flat, in Customer.io's words.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::model::event::{Event, Kind};
use crate::model::id::SegmentId;
use crate::model::journey::{Entry, What as Step};
use crate::model::time::Second;
use crate::model::transition::Transition;
use crate::model::value::Properties;
use crate::store::activity::{Consequence, Item, What, Who};
use crate::store::events::EventRow;
use crate::store::notices::Notice;
use crate::store::{Source, StoreError, rules};

/// The segments' names, by number.
pub type Names = BTreeMap<SegmentId, String>;

/// Reads them.
///
/// # Errors
/// See [`StoreError`].
pub async fn names(from: &impl Source) -> Result<Names, StoreError> {
    Ok(rules::segments(from).await?.into_iter().map(|row| (row.id, row.name)).collect())
}

/// What a list is narrowed to.
#[derive(Debug, Default)]
pub struct Wanted {
    pub kind: Option<String>,
    pub name: Option<String>,
}

impl Wanted {
    fn wants(&self, kind: &str, name: Option<&str>) -> bool {
        let kind_fits = self.kind.as_deref().is_none_or(|wanted| {
            // Clients send this one misspelt.
            wanted == kind || (wanted == "dropped_whatasapp" && kind == "dropped_whatsapp")
        });
        kind_fits && self.name.as_deref().is_none_or(|wanted| name == Some(wanted))
    }
}

/// One item of our own call: what happened, and below it what followed.
pub fn item(item: &Item, names: &Names) -> Json {
    let mut shown = match &item.what {
        What::Event { row, followed } => json!({
            "id": row.event.key.public_id(row.event.arrived).to_string(),
            "kind": event_type(row), "name": event_name(&row.event.kind), "at": row.event.at.rfc3339(),
            "arrived": row.event.arrived.rfc3339(), "data": event_data(row),
            "followed": followed.iter().map(|consequence| one(consequence, names)).collect::<Vec<_>>(),
        }),
        What::ByItself(consequence) => one(consequence, names),
        What::Notice(notice) => json!({
            "kind": notice.kind, "at": at_ms(notice).rfc3339(), "data": notice.data,
        }),
    };
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("cursor".to_owned(), json!(item.cursor.to_string()));
        shown.insert("person".to_owned(), item.who.as_ref().map_or(Json::Null, identifiers));
    }
    shown
}

fn one(consequence: &Consequence, names: &Names) -> Json {
    let (kind, name, at, data) = parts(consequence, names);
    json!({"kind": kind, "name": name, "at": at.rfc3339(), "data": data})
}

/// Customer.io's rows for one item: the event and each consequence apart, the newest first.
pub fn activities(item: &Item, names: &Names, wanted: &Wanted) -> Vec<Json> {
    let mut rows = Vec::new();
    match &item.what {
        What::Event { row, followed } => {
            let id = row.event.key.public_id(row.event.arrived).to_string();
            for (n, consequence) in followed.iter().enumerate().rev() {
                rows.extend(consequence_row(item, consequence, format!("{id}.{}", n + 1), names, wanted));
            }
            let (kind, name) = (event_type(row), event_name(&row.event.kind));
            if wanted.wants(&kind, Some(name)) {
                let about = row.event.message.as_ref().filter(|_| is_delivery(&row.event.kind));
                let times = (row.event.at, row.event.arrived);
                let mut shown = activity(item, id, &kind, Some(name), times, event_data(row));
                if let (Some(about), Some(shown)) = (about, shown.as_object_mut()) {
                    shown.insert("delivery_id".to_owned(), json!(about.id.0.to_string()));
                    shown.insert("delivery_type".to_owned(), json!(row.provider));
                }
                rows.push(shown);
            }
        }
        What::ByItself(consequence) => {
            rows.extend(consequence_row(item, consequence, own_id(item, names), names, wanted));
        }
        What::Notice(notice) if wanted.wants(&notice.kind, None) => {
            let at = at_ms(notice);
            rows.push(activity(item, own_id(item, names), &notice.kind, None, (at, at), json!(notice.data)));
        }
        What::Notice(_) => {}
    }
    rows
}

/// The id of an item that no event lends one to: made of what it says, so it is the same in every list.
fn own_id(item: &Item, names: &Names) -> String {
    let at = match &item.what {
        What::ByItself(consequence) => parts(consequence, names).2,
        What::Notice(notice) => at_ms(notice),
        What::Event { row, .. } => row.event.arrived,
    };
    let mut said = self::item(item, names);
    if let Some(said) = said.as_object_mut() {
        said.remove("cursor");
    }
    let digest = Sha256::digest(said.to_string());
    let random = digest.iter().take(10).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    Ulid::from_parts(u64::try_from(at.0).unwrap_or(0).saturating_mul(1000), random).to_string()
}

fn consequence_row(item: &Item, consequence: &Consequence, id: String, names: &Names, wanted: &Wanted) -> Option<Json> {
    let (kind, name, at, data) = parts(consequence, names);
    wanted.wants(kind, Some(name)).then(|| activity(item, id, kind, Some(name), (at, at), data))
}

fn activity(item: &Item, id: String, kind: &str, name: Option<&str>, times: (Second, Second), data: Json) -> Json {
    let (at, processed) = times;
    json!({
        "id": id, "type": kind, "name": name, "timestamp": at.0, "processed_at": processed.0,
        "customer_id": item.who.as_ref().and_then(|who| who.external_id.as_deref()),
        "customer_identifiers": item.who.as_ref().map(identifiers),
        "delivery_id": null, "delivery_type": null, "data": data,
    })
}

fn identifiers(who: &Who) -> Json {
    json!({"id": who.external_id, "email": who.email, "cio_id": who.cio_id.to_string().to_lowercase()})
}

/// Type, name, instant and data of something that followed.
fn parts<'a>(consequence: &'a Consequence, names: &'a Names) -> (&'static str, &'a str, Second, Json) {
    match consequence {
        Consequence::Transition { transition, .. } => transition_parts(transition, names),
        Consequence::Journey(entry) => {
            let (kind, data) = entry_parts(entry);
            (kind, &entry.campaign, entry.at, data)
        }
    }
}

fn transition_parts<'a>(transition: &Transition, names: &'a Names) -> (&'static str, &'a str, Second, Json) {
    let kind = if transition.entered { "segment_entered" } else { "segment_left" };
    let name = names.get(&transition.segment).map_or("", String::as_str);
    let data = json!({
        "segment_id": transition.segment.0, "segment_name": name, "cause": transition.cause.as_str(),
        "late": transition.late,
    });
    (kind, name, transition.at, data)
}

fn entry_parts(entry: &Entry) -> (&'static str, Json) {
    let (kind, detail, value) = match &entry.what {
        Step::Started => ("journey_started", "", Json::Null),
        Step::Refused(why) => ("journey_refused", "reason", json!(why)),
        Step::Asked(effect) => ("step_asked", "effect", json!(effect.0.to_string())),
        Step::Drafted(what) => ("step_drafted", "what", json!(what)),
        Step::Skipped(why) => ("step_skipped", "reason", json!(why)),
        Step::Updated(attributes) => ("step_updated", "attributes", json!(attributes)),
        Step::Recorded(name) => ("step_recorded", "event", json!(name)),
        Step::Joined(segment) => ("step_joined", "segment", json!(segment)),
        Step::Left(segment) => ("step_left", "segment", json!(segment)),
        Step::WaitsUntil(until) => ("step_waits", "until", json!(until.rfc3339())),
        Step::Waits => ("step_waits", "", Json::Null),
        Step::Outcome(name) => ("step_outcome", "outcome", json!(name)),
        Step::TimedOut => ("step_timed_out", "", Json::Null),
        Step::LateAnswer(name) => ("late_answer", "outcome", json!(name)),
        Step::Took(way) => ("step_took", "way", json!(way)),
        Step::Converted => ("journey_converted", "", Json::Null),
        Step::Ended(reason) if reason == "finished" => ("journey_finished", "", Json::Null),
        Step::Ended(reason) => ("journey_exited", "reason", json!(reason)),
        Step::Loop => ("loop", "", Json::Null),
    };
    let mut data = json!({
        "campaign_name": entry.campaign, "cause": entry.cause.as_str(),
        "journey_id": entry.journey.map(|id| id.0.to_string()),
    });
    if let Some(data) = data.as_object_mut() {
        if let Some(step) = &entry.step {
            data.insert("step".to_owned(), json!(step));
        }
        if !detail.is_empty() {
            data.insert(detail.to_owned(), value);
        }
    }
    (kind, data)
}

fn is_delivery(kind: &Kind) -> bool {
    matches!(kind, Kind::Sent | Kind::Received | Kind::Read | Kind::Failed)
}

/// Customer.io's word for an event.
fn event_type(row: &EventRow) -> String {
    let channel = if row.provider == "sms" { "twilio" } else { "whatsapp" };
    match &row.event.kind {
        Kind::Sent => format!("sent_{channel}"),
        Kind::Received => format!("delivered_{channel}"),
        Kind::Read => format!("opened_{channel}"),
        Kind::Failed => format!("failed_{channel}"),
        Kind::AttributesSet => "attribute_change".to_owned(),
        _ => "event".to_owned(),
    }
}

fn event_name(kind: &Kind) -> &str {
    match kind {
        Kind::Inbound => "inbound_message",
        Kind::Reaction => "reaction",
        Kind::ReactionRemoved => "reaction_removed",
        Kind::Sent => "sent",
        Kind::Received => "received",
        Kind::Read => "read",
        Kind::Failed => "failed",
        Kind::Custom(name) => name,
        Kind::AttributesSet => "attributes_set",
        Kind::SegmentJoined(_) => "segment_joined",
        Kind::SegmentLeft(_) => "segment_left",
        // Not in the log; its name says what it is.
        Kind::Moved(_) => kind.name(),
    }
}

fn event_data(row: &EventRow) -> Json {
    let Event { kind, properties, message, reason, .. } = &row.event;
    if *kind == Kind::AttributesSet {
        let changes: Properties = properties.iter().map(|(name, to)| (name.clone(), json!({"to": to}))).collect();
        return Json::Object(changes);
    }
    let renamed = matches!(kind, Kind::Inbound | Kind::Reaction | Kind::ReactionRemoved);
    let mut data: Properties = properties
        .iter()
        .map(|(name, value)| {
            let name = match name.as_str() {
                "sender" if renamed => "from",
                "our_number" if renamed => "to",
                other => other,
            };
            (name.to_owned(), value.clone())
        })
        .collect();
    if let Kind::SegmentJoined(segment) | Kind::SegmentLeft(segment) = kind {
        data.insert("segment_name".to_owned(), json!(segment));
    }
    if let Some(message) = message {
        let label = if is_delivery(kind) { "message" } else { "answers" };
        data.insert(label.to_owned(), json!(message.id.0.to_string()));
        for (name, value) in [("campaign", &message.campaign), ("step", &message.step), ("template", &message.template)]
        {
            if let Some(value) = value {
                data.entry(name).or_insert_with(|| json!(value));
            }
        }
    }
    if let Some(reason) = reason {
        data.insert("reason".to_owned(), json!(reason.as_str()));
    }
    Json::Object(data)
}

fn at_ms(notice: &Notice) -> Second {
    Second(notice.at_ms.div_euclid(1000))
}
