//! Customer.io's Track API v1: people and what they do. 200 means stored with all its consequences.

use serde_json::{Value as Json, json};

use super::handle::{self, Named};
use super::json::object;
use super::problem::Problem;
use super::request::Query;
use super::site::{Answer, Site};
use super::{answer, app_api};
use crate::chance;
use crate::intake::{Body, Identify, Item, Move, Outcome, Track};
use crate::model::limit::{
    ATTRIBUTE_VALUE_BYTES_MAX, ATTRIBUTES_PER_PERSON_MAX, EVENT_DATA_BYTES_MAX, EVENT_NAME_BYTES_MAX,
    IDENTIFIER_BYTES_MAX,
};
use crate::model::person::Handle;
use crate::model::time::Second;
use crate::model::value::{Properties, Type, Value};
use crate::store::rules::SegmentRow;

/// People of one call about a segment.
pub const IDS_PER_CALL_MAX: usize = 1_000;

/// `GET /api/v1/accounts/region`: where this account lives.
pub fn region(site: &Site) -> warp::reply::Response {
    answer::found(&json!({"url": site.url, "region": "us", "environment_id": 1}))
}

/// `PUT /api/v1/customers/{identifier}`
pub async fn identify(site: &Site, place: &str, body: &[u8]) -> Answer {
    let named = handle::in_track_path(place)?;
    let mut attributes = object(body)?;
    let update_only = attributes.remove("_update").is_some_and(|value| is_true(&value));
    let at = attributes.remove("_timestamp").and_then(|value| instant(&value));
    // Relationships and subscription preferences are not kept: taken and left out.
    attributes.retain(|name, _| !name.starts_with("cio_relationships") && !is_preference(name));
    check_attributes(&attributes)?;
    if let Some(written) = attributes.get_mut("unsubscribed") {
        *written = Json::Bool(is_true(written));
    }
    let Named::Handle(handle) = named else { return Ok(answer::done()) };
    take(site, vec![Item::Identify(Identify { handle, attributes, update_only, at })]).await
}

fn is_preference(name: &str) -> bool {
    let rest = name.strip_prefix("cio_subscription_preferences");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn check_attributes(attributes: &Properties) -> Result<(), Problem> {
    if attributes.len() > ATTRIBUTES_PER_PERSON_MAX {
        let message = format!("a person has at most {ATTRIBUTES_PER_PERSON_MAX} attributes");
        return Err(Problem::field("attributes", "too_many", message));
    }
    for (name, value) in attributes {
        if name.is_empty() || name.len() > IDENTIFIER_BYTES_MAX {
            let shown: String = name.chars().take(40).collect();
            return Err(Problem::field(shown, "length", format!("a name has 1 to {IDENTIFIER_BYTES_MAX} bytes")));
        }
        let identifies = name == "id" || name == "email";
        let limit = if identifies { IDENTIFIER_BYTES_MAX } else { ATTRIBUTE_VALUE_BYTES_MAX };
        let bytes = value.as_str().map_or_else(|| value.to_string().len(), str::len);
        if bytes > limit {
            return Err(Problem::field(name, "length", format!("must have at most {limit} bytes")));
        }
    }
    Ok(())
}

/// `DELETE /api/v1/customers/{identifier}`: the person and everything about them is erased.
pub async fn erase(site: &Site, place: &str) -> Answer {
    match handle::in_track_path(place)? {
        Named::Handle(handle) => take(site, vec![Item::Erase(handle)]).await,
        Named::Nobody => Ok(answer::done()),
    }
}

/// `POST /api/v1/customers/{identifier}/events`, and `POST /api/v1/events` without a `place`.
pub async fn track(site: &Site, place: Option<&str>, body: &[u8]) -> Answer {
    let handle = match place.map(handle::in_track_path).transpose()? {
        Some(Named::Handle(handle)) => Some(handle),
        None => None,
        Some(Named::Nobody) => return Ok(answer::done()),
    };
    let mut body = object(body)?;
    let name = event_name(body.get("name"))?;
    let id = match body.get("id") {
        None | Some(Json::Null) => chance::ulid(site.clock.second()).to_string(),
        Some(Json::String(id)) => {
            handle::measured("id", id)?;
            id.clone()
        }
        Some(_) => return Err(Problem::field("id", "invalid", "must be a text")),
    };
    let data = match body.remove("data") {
        None | Some(Json::Null) => Properties::new(),
        Some(Json::Object(data)) => data,
        Some(_) => return Err(Problem::field("data", "invalid", "must be an object")),
    };
    let bytes = serde_json::to_vec(&data).map_or(0, |text| text.len());
    if bytes > EVENT_DATA_BYTES_MAX {
        return Err(Problem::field("data", "length", format!("must have at most {EVENT_DATA_BYTES_MAX} bytes")));
    }
    let at = body.get("timestamp").and_then(instant);
    take(site, vec![Item::Track(Track { handle, name, id, at, data })]).await
}

fn event_name(written: Option<&Json>) -> Result<String, Problem> {
    let name = match written {
        None | Some(Json::Null) => "",
        Some(Json::String(name)) => name.trim(),
        Some(_) => return Err(Problem::field("name", "invalid", "must be a text")),
    };
    if name.is_empty() {
        return Err(Problem::field("name", "required", "must not be empty"));
    }
    if name.len() > EVENT_NAME_BYTES_MAX {
        return Err(Problem::field("name", "length", format!("must have at most {EVENT_NAME_BYTES_MAX} bytes")));
    }
    Ok(name.to_owned())
}

/// `POST /api/v1/segments/{id}/add_customers` and `…/remove_customers`. People who are unknown, or there
/// already, are passed over.
pub async fn move_people(site: &Site, place: &str, query: &Query, body: &[u8], joined: bool) -> Answer {
    let body = object(body)?;
    let Some(Json::Array(ids)) = body.get("ids") else {
        return Err(Problem::field("ids", "required", "must be a list of identifiers"));
    };
    if !(1..=IDS_PER_CALL_MAX).contains(&ids.len()) {
        return Err(Problem::field("ids", "length", format!("must hold 1 to {IDS_PER_CALL_MAX} identifiers")));
    }
    let mut handles: Vec<Handle> = Vec::with_capacity(ids.len());
    let region = site.region();
    for id in ids {
        let text = match id {
            Json::String(text) => text.clone(),
            Json::Number(number) => number.to_string(),
            _ => return Err(Problem::field("ids", "invalid", "must hold texts or numbers")),
        };
        if let Named::Handle(handle) = handle::by_type(&text, query, region)? {
            handles.push(handle);
        }
    }
    let segment = manual_segment(site, place).await?;
    let moves = handles.into_iter().map(|handle| Item::Move(Move { segment: segment.clone(), handle, joined }));
    take(site, moves.collect()).await
}

/// The name of the manual segment with this number.
async fn manual_segment(site: &Site, place: &str) -> Result<String, Problem> {
    match app_api::by_number(site, place).await? {
        Some(SegmentRow { name, kind, .. }) if kind == "manual" => Ok(name),
        Some(_) => Err(Problem::field("segment", "invalid", "its members follow from its condition")),
        None => Err(Problem::field("segment", "not_found", "there is no such segment")),
    }
}

/// Hands items to the intake and says what became of them.
async fn take(site: &Site, items: Vec<Item>) -> Answer {
    if items.is_empty() {
        return Ok(answer::done());
    }
    let receipt = (site.submit)(Body { items, ..Body::default() }).await.map_err(|refusal| {
        tracing::warn!(?refusal, "a call was not taken in");
        Problem::refused(refusal)
    })?;
    for outcome in receipt.outcomes {
        match outcome {
            Outcome::Taken | Outcome::Duplicate | Outcome::PassedOver(_) => {}
            Outcome::Refused { field, message } => return Err(Problem::field(field, "refused", message)),
            Outcome::Quarantined => return Err(Problem::quarantined()),
        }
    }
    Ok(answer::done())
}

/// `true` in any case, 1 or `"1"`.
fn is_true(value: &Json) -> bool {
    match value {
        Json::Bool(truth) => *truth,
        Json::Number(number) => number.as_i64() == Some(1),
        Json::String(text) => text == "1" || text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// Seconds, milliseconds or digits; what cannot be read is as if it were not there.
fn instant(value: &Json) -> Option<Second> {
    match Value::read(value, Type::Time) {
        Some(Value::Time(at)) if at.0 > 0 => Some(at),
        _ => None,
    }
}
