//! `GET /antiphon/people/{person}/explain`: why somebody is in a segment or out of it, why a campaign started or
//! did not. Everything is read from what is committed; nothing is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::app_api::find;
use super::problem::Problem;
use super::request::Query;
use super::site::{Answer, Site};
use super::{answer, handle};
use crate::engine::Versions;
use crate::explain::{Explanation, Question, Unexplained, explain as explained, moment};
use crate::model::event::Event;
use crate::model::id::PersonId;
use crate::model::journey::{Entry, Journey};
use crate::model::time::Second;
use crate::store::journeys::{self, Filter};
use crate::store::people::PersonRow;
use crate::store::{Reader, StoreError, events, moves, people};

/// A person with more events is not explained: the whole log of theirs is read for it.
pub const EVENTS_MAX: u32 = 10_000;
/// So many of the newest lines that campaigns wrote about the person are read …
const ENTRIES_MAX: u32 = 5_000;
/// … and so many of the newest journeys of the campaign.
const JOURNEYS_MAX: u32 = 500;

/// `?rule=NAME`, or `segment:NAME`, `campaign:NAME`; `&at=` an instant that has come, without it now.
pub async fn explain(site: &Site, place: &str, query: &Query) -> Answer {
    let Some(rule) = query.filled("rule") else {
        return Err(Problem::field("rule", "required", "name a segment or a campaign"));
    };
    let at = instant(query.filled("at"))?;
    let reader = site.store.read();
    let person = find(site, &reader, &handle::in_own_words(place)?.or_not_found()?).await?;
    // Each takes memory and a core: the others wait before they read.
    let permit = site.explaining.acquire().await;
    let known = known(&reader, person, rule).await.map_err(|error| site.storage_problem(&error))?;
    let known = known.ok_or_else(|| Problem::no_such("person"))?;
    if known.row.last_seq > EVENTS_MAX {
        let message = format!("the person has more than {EVENTS_MAX} events, which are not explained at once");
        return Err(Problem::unanswerable("person", message));
    }
    // Another node's clock may be a little ahead of this one.
    let newest = known.log.iter().map(|event| event.arrived).max();
    let now = site.clock.second().max(newest.unwrap_or_default());
    let (versions, rule) = (site.publisher.rules.now(), rule.to_owned());
    let work = move || (known.answer(&versions, &rule, at.unwrap_or(now), now), rule);
    let (answered, rule) = tokio::task::spawn_blocking(work).await.map_err(|_| Problem::quarantined())?;
    drop(permit);
    match answered {
        Ok(explanation) => Ok(answer::found(&explanation)),
        Err(why) => Err(problem(&why, &rule)),
    }
}

/// A plus that was not escaped was read as a space.
fn instant(text: Option<&str>) -> Result<Option<Second>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let read = moment::read(text).or_else(|| moment::read(&text.replace(' ', "+")));
    let message = "must be an instant with its zone, such as `2026-03-28T20:00:00+01:00`";
    read.map(Some).ok_or_else(|| Problem::unanswerable("at", message))
}

fn problem(why: &Unexplained, rule: &str) -> Problem {
    let sentence = why.sentence(rule);
    match why {
        Unexplained::NoSuchRule { .. } => Problem::unknown(sentence),
        Unexplained::Ambiguous | Unexplained::Schedule | Unexplained::Draft => Problem::unanswerable("rule", sentence),
        Unexplained::Future | Unexplained::NotKnownYet { .. } => Problem::unanswerable("at", sentence),
    }
}

/// Everything that is known of somebody, as far as an explanation looks at it.
struct Known {
    row: PersonRow,
    log: Vec<Event>,
    moves: Vec<Event>,
    entries: Vec<Entry>,
    journeys: Vec<Journey>,
}

async fn known(reader: &Reader, person: PersonId, rule: &str) -> Result<Option<Known>, StoreError> {
    let Some(row) = people::load(reader, &[person]).await?.pop() else { return Ok(None) };
    let mut known = Known { row, log: Vec::new(), moves: Vec::new(), entries: Vec::new(), journeys: Vec::new() };
    if known.row.last_seq > EVENTS_MAX {
        return Ok(Some(known));
    }
    let mut logs = events::of_people(reader, &[person]).await?;
    // Somebody without an event can have entered something all the same.
    logs.entry(person).or_default();
    let mut moved: BTreeMap<_, _> = moves::of_people(reader, &logs).await?;
    known.log = logs.remove(&person).unwrap_or_default();
    known.moves = moved.remove(&person).unwrap_or_default();
    known.entries = journeys::log_of_person(reader, person, ENTRIES_MAX).await?;
    let campaign = rule.split_once(':').map_or(rule, |(_, name)| name).to_owned();
    let filter = Filter { person: Some(person), campaign: Some(campaign), before: None };
    known.journeys = journeys::page(reader, &filter, JOURNEYS_MAX).await?.into_iter().map(|row| row.journey).collect();
    Ok(Some(known))
}

impl Known {
    fn answer(
        &self,
        versions: &Arc<Versions>,
        rule: &str,
        at: Second,
        now: Second,
    ) -> Result<Explanation, Unexplained> {
        let question = Question {
            rules: versions.active.rules(),
            version: versions.active.version(),
            person: &self.row.person,
            log: &self.log,
            moves: &self.moves,
            entries: &self.entries,
            journeys: &self.journeys,
            wake: self.row.wake.filter(|wake| *wake >= now),
            now,
            at,
        };
        explained(&question, rule)
    }
}
