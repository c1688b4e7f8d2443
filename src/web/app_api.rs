//! Customer.io's App API: reading people, segments and what happened. Everything is read from what is
//! committed, so a read after a 200 sees the write.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Map, Value as Json, json};

use super::activity_json;
use super::answer;
use super::handle::{self, Named};
use super::problem::Problem;
use super::request::Query;
use super::site::{Answer, Site};
use crate::model::id::{PersonId, SegmentId};
use crate::model::person::{Handle, Person};
use crate::store::activity::{self, Cursor};
use crate::store::rules::SegmentRow;
use crate::store::{Reader, StoreError, identities, memberships, people, rules};

/// Members of one page, at most and where nobody says.
const MEMBERS_PER_PAGE_MAX: u32 = 30_000;
const ACTIVITIES_PER_PAGE_MAX: u32 = 100;
const ACTIVITIES_PER_PAGE: u32 = 10;
/// A page that is filtered looks at so many items, then hands the caller a cursor to go on from.
const ITEMS_LOOKED_AT_MAX: usize = 2_000;

/// `GET /v1/customers?email=` or `?phone=`, the longest known first.
pub async fn people(site: &Site, query: &Query) -> Answer {
    let named = match (query.filled("email"), query.filled("phone")) {
        (Some(email), _) => handle::email(email),
        (None, Some(phone)) => handle::phone_parameter(phone, site.region()),
        (None, None) => return Err(Problem::field("email", "required", "give `email` or `phone`")),
    };
    let mut results = Vec::new();
    if let Named::Handle(handle) = named {
        let reader = site.store.read();
        let found = identities::find(&reader, &[handle]).await.map_err(|error| site.storage_problem(&error))?;
        let ids: Vec<_> = found.iter().map(|found| found.person).collect();
        let people = load(&reader, &ids).await.map_err(|error| site.storage_problem(&error))?;
        results = ids.iter().filter_map(|id| people.get(id)).map(identifiers).collect();
    }
    Ok(answer::found(&json!({"results": results})))
}

/// `GET /v1/customers/{id}/attributes`
pub async fn attributes(site: &Site, place: &str, query: &Query) -> Answer {
    let reader = site.store.read();
    let id = meant(site, &reader, place, query).await?;
    let people = load(&reader, &[id]).await.map_err(|error| site.storage_problem(&error))?;
    let person = people.get(&id).ok_or_else(|| Problem::no_such("person"))?;
    let mut shown: Map<String, Json> =
        person.attributes.iter().filter_map(|(name, value)| Some((name.clone(), json!(printed(value)?)))).collect();
    let identifiers = identifiers(person);
    for (name, value) in identifiers.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        shown.insert(name.clone(), value.clone());
    }
    let unsubscribed = person.attributes.get("unsubscribed") == Some(&Json::Bool(true));
    Ok(answer::found(&json!({"customer": {
        "id": person.external_id.as_deref().unwrap_or_default(), "identifiers": identifiers, "attributes": shown,
        "timestamps": {}, "unsubscribed": unsubscribed, "devices": [],
    }})))
}

/// `GET /v1/customers/{id}/segments`
pub async fn segments_of(site: &Site, place: &str, query: &Query) -> Answer {
    let reader = site.store.read();
    let id = meant(site, &reader, place, query).await?;
    let (of_person, segments) =
        async { Ok::<_, StoreError>((memberships::of_person(&reader, id).await?, rules::segments(&reader).await?)) }
            .await
            .map_err(|error| site.storage_problem(&error))?;
    let inside = |row: &&SegmentRow| of_person.iter().any(|membership| membership.segment == row.id);
    let shown: Vec<_> = segments.iter().filter(inside).map(|row| segment_json(site, row)).collect();
    Ok(answer::found(&json!({"segments": shown})))
}

/// `GET /v1/segments`
pub async fn segments(site: &Site) -> Answer {
    let segments = rules::segments(&site.store.read()).await.map_err(|error| site.storage_problem(&error))?;
    Ok(answer::found(&json!({"segments": segments.iter().map(|row| segment_json(site, row)).collect::<Vec<_>>()})))
}

/// `GET /v1/segments/{id}`
pub async fn segment(site: &Site, place: &str) -> Answer {
    let row = segment_row(site, place).await?;
    Ok(answer::found(&json!({"segment": segment_json(site, &row)})))
}

/// `GET /v1/segments/{id}/customer_count`: exact and current.
pub async fn count(site: &Site, place: &str) -> Answer {
    let id = segment_row(site, place).await?.id;
    let count = memberships::count(&site.store.read(), id).await.map_err(|error| site.storage_problem(&error))?;
    Ok(answer::found(&json!({"segment_id": id.0, "count": count})))
}

/// `GET /v1/segments/{id}/membership`
pub async fn membership(site: &Site, place: &str, query: &Query) -> Answer {
    let segment = segment_row(site, place).await?.id;
    let after = PersonId(start::<i64>(query)?.unwrap_or(0));
    let limit = limit(query, MEMBERS_PER_PAGE_MAX, MEMBERS_PER_PAGE_MAX);
    let page = members(&site.store.read(), segment, after, limit).await;
    let (ids, people) = page.map_err(|error| site.storage_problem(&error))?;
    // One more was read than is shown: whether there is a next page.
    let more = ids.len() > limit as usize;
    let shown: Vec<_> = ids.iter().take(limit as usize).filter_map(|id| people.get(id)).collect();
    let next = if more { ids.get(limit as usize - 1).map(|id| id.0.to_string()) } else { None };
    Ok(answer::found(&json!({
        "segment_id": segment.0,
        "ids": shown.iter().map(|person| person.external_id.as_deref().unwrap_or_default()).collect::<Vec<_>>(),
        "identifiers": shown.iter().map(|person| identifiers(person)).collect::<Vec<_>>(),
        "next": next.unwrap_or_default(),
    })))
}

async fn members(
    reader: &Reader,
    segment: SegmentId,
    after: PersonId,
    limit: u32,
) -> Result<(Vec<PersonId>, BTreeMap<PersonId, Person>), StoreError> {
    let members = memberships::members(reader, segment, after, limit + 1).await?;
    let ids: Vec<_> = members.iter().map(|membership| membership.person).collect();
    let people = load(reader, &ids).await?;
    Ok((ids, people))
}

/// `GET /v1/activities`, newest first.
pub async fn activities(site: &Site, query: &Query) -> Answer {
    let reader = site.store.read();
    let person = match query.filled("customer_id") {
        Some(id) => Some(meant(site, &reader, id, query).await?),
        None => None,
    };
    let limit = limit(query, ACTIVITIES_PER_PAGE, ACTIVITIES_PER_PAGE_MAX);
    let from = start::<Cursor>(query)?.unwrap_or(Cursor::END);
    let wanted = activity_json::Wanted {
        kind: query.filled("type").map(str::to_owned),
        name: query.filled("name").map(str::to_owned),
    };
    let page = page_of_activities(&reader, from, person, limit as usize, &wanted).await;
    let (shown, next) = page.map_err(|error| site.storage_problem(&error))?;
    Ok(answer::found(&json!({"activities": shown, "next": next.map(|c| c.to_string()).unwrap_or_default()})))
}

async fn page_of_activities(
    reader: &Reader,
    mut from: Cursor,
    person: Option<PersonId>,
    limit: usize,
    wanted: &activity_json::Wanted,
) -> Result<(Vec<Json>, Option<Cursor>), StoreError> {
    let names = activity_json::names(reader).await?;
    let (mut shown, mut looked_at) = (Vec::new(), 0);
    while looked_at < ITEMS_LOOKED_AT_MAX {
        let items = activity::newest(reader, from, person, ACTIVITIES_PER_PAGE_MAX).await?;
        let last = items.len() < ACTIVITIES_PER_PAGE_MAX as usize;
        looked_at += items.len();
        for item in items {
            let rows = activity_json::activities(&item, &names, wanted);
            // What one item tells stays on one page.
            if !shown.is_empty() && shown.len() + rows.len() > limit {
                return Ok((shown, Some(from)));
            }
            shown.extend(rows);
            from = item.cursor;
        }
        if last {
            return Ok((shown, None));
        }
    }
    Ok((shown, Some(from)))
}

/// The person that a path or parameter names.
async fn meant(site: &Site, reader: &Reader, text: &str, query: &Query) -> Result<PersonId, Problem> {
    let handle = handle::by_type(text, query, site.region())?.or_not_found()?;
    find(site, reader, &handle).await
}

/// The person of a handle, or 404.
pub async fn find(site: &Site, reader: &Reader, handle: &Handle) -> Result<PersonId, Problem> {
    let found = identities::by_handle(reader, handle).await.map_err(|error| site.storage_problem(&error))?;
    found.ok_or_else(|| Problem::no_such("person"))
}

async fn load(reader: &Reader, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Person>, StoreError> {
    let rows = people::load(reader, ids).await?;
    Ok(rows.into_iter().map(|row| (row.person.id, row.person)).collect())
}

async fn segment_row(site: &Site, place: &str) -> Result<SegmentRow, Problem> {
    by_number(site, place).await?.ok_or_else(|| Problem::no_such("segment"))
}

/// The segment with the number in a path.
pub async fn by_number(site: &Site, place: &str) -> Result<Option<SegmentRow>, Problem> {
    let segments = rules::segments(&site.store.read()).await.map_err(|error| site.storage_problem(&error))?;
    let Ok(id) = place.parse::<u32>() else { return Ok(None) };
    Ok(segments.into_iter().find(|segment| segment.id.0 == id))
}

fn segment_json(site: &Site, row: &SegmentRow) -> Json {
    // Manual segments have the members that they were given.
    let building = site.building().filter(|building| row.kind != "manual" && building.concerns(row.id));
    let state = if building.is_some() { "build" } else { "finished" };
    json!({
        "id": row.id.0, "deduplicate_id": format!("{}:{}", row.id.0, row.updated.0), "name": row.name,
        "description": row.title.as_deref().unwrap_or_default(), "state": state, "progress": building.map(|building| building.percent()),
        "type": row.kind, "tags": null, "created_at": row.created.0, "updated_at": row.updated.0,
    })
}

fn identifiers(person: &Person) -> Json {
    json!({"id": person.external_id, "email": person.email, "cio_id": person.cio_id.to_string().to_lowercase()})
}

/// A value as this API shows all of them: as a text.
fn printed(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// `limit`, clamped.
pub fn limit(query: &Query, default: u32, max: u32) -> u32 {
    query.filled("limit").and_then(|text| text.parse().ok()).unwrap_or(default).clamp(1, max)
}

/// The cursor in `start`, as `next` gave it.
fn start<T: FromStr>(query: &Query) -> Result<Option<T>, Problem> {
    let parsed = query.filled("start").map(str::parse).transpose();
    parsed.map_err(|_| Problem::field("start", "invalid", "must be a `next` of an earlier answer"))
}
