//! Our own calls under `/antiphon/` about what happens.

use serde_json::{Value as Json, json};
use warp::http::HeaderMap;
use warp::http::header::ACCEPT;

use super::activity_json;
use super::app_api::{find, limit};
use super::follow::{Chosen, follow};
use super::problem::Problem;
use super::request::Query;
use super::site::{Answer, Site};
use super::{answer, handle};
use crate::model::id::PersonId;
use crate::store::activity::{self, Cursor};
use crate::store::{Reader, StoreError};

/// Items of one page.
const ITEMS_PER_PAGE: u32 = 50;
const ITEMS_PER_PAGE_MAX: u32 = 500;
/// A page that is filtered looks at so many items, then hands the caller a cursor to go on from.
const ITEMS_LOOKED_AT_MAX: usize = 5_000;

/// `GET /antiphon/activity`: a page, newest first; or, for who asks for `text/event-stream`, what happens
/// from now on, resumable by `Last-Event-ID`. The `live` of a first page, sent as that, gives what happened
/// since the page was read.
pub async fn activity(site: &Site, query: &Query, headers: &HeaderMap) -> Answer {
    let reader = site.store.read();
    let person = match query.filled("person") {
        Some(text) => Some(find(site, &reader, &handle::in_own_words(text)?.or_not_found()?).await?),
        None => None,
    };
    let kind = query.filled("kind").map(str::to_owned);
    let streamed = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if streamed.is_some_and(|accept| accept.contains("text/event-stream")) {
        return follow(site, reader, Chosen { person, kind }, headers).await;
    }
    let after = cursor(query.filled("after"))?;
    let limit = limit(query, ITEMS_PER_PAGE, ITEMS_PER_PAGE_MAX);
    let read = async {
        // Before the page, which ends there: what is committed meanwhile is the live stream's to tell.
        let live = if after.is_none() { Some(activity::head(&reader).await?) } else { None };
        let before = after.or(live.map(Cursor::backwards)).unwrap_or(Cursor::END);
        Ok::<_, StoreError>((live, page(&reader, before, person, kind.as_deref(), limit).await?))
    };
    let (live, (items, next)) = read.await.map_err(|error| site.storage_problem(&error))?;
    let mut shown = json!({"activity": items, "next": next.map(|c| c.to_string()).unwrap_or_default()});
    if let Some(live) = live {
        shown["live"] = live.to_string().into();
    }
    Ok(answer::found(&shown))
}

async fn page(
    reader: &Reader,
    mut before: Cursor,
    person: Option<PersonId>,
    kind: Option<&str>,
    limit: u32,
) -> Result<(Vec<Json>, Option<Cursor>), StoreError> {
    let names = activity_json::names(reader).await?;
    let (mut shown, mut looked_at) = (Vec::new(), 0);
    while looked_at < ITEMS_LOOKED_AT_MAX {
        let items = activity::newest(reader, before, person, limit).await?;
        let last = items.len() < limit as usize;
        looked_at += items.len();
        for item in items {
            before = item.cursor;
            let json = activity_json::item(&item, &names);
            if wanted(&json, kind) {
                shown.push(json);
            }
            if shown.len() == limit as usize {
                return Ok((shown, Some(before)));
            }
        }
        if last {
            return Ok((shown, None));
        }
    }
    Ok((shown, Some(before)))
}

/// Whether an item, or something that followed from it, is of this kind or has this name.
pub fn wanted(item: &Json, kind: Option<&str>) -> bool {
    let Some(kind) = kind else { return true };
    let followed = item.get("followed").and_then(Json::as_array).into_iter().flatten();
    std::iter::once(item).chain(followed).any(|one| one["kind"] == kind || one["name"] == kind)
}

pub fn cursor(text: Option<&str>) -> Result<Option<Cursor>, Problem> {
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|_| Problem::field("after", "invalid", "must be a cursor of an earlier answer"))
}
