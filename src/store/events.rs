//! The log: what happened, each key once. Properties, provider ids and messages are personal data;
//! keys are not.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::people::id_batch;
use super::row::{Hex, Row, batch, json};
use super::source::Fetch as _;
use super::sql::Sql;
use super::{Source, StoreError, Tx};
use crate::model::event::{Event, Kind};
use crate::model::id::{EventKey, PersonId, RulesVersion};
use crate::model::time::Second;

/// An event with what surrounds it. In the database `event.arrived` is `arrived_ms` without its milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    pub event: Event,
    /// None: anonymous, for good.
    pub person: Option<PersonId>,
    pub arrived_ms: i64,
    /// `whatsapp`, `sms`, `api` …
    pub provider: Cow<'static, str>,
    /// The provider's own id, as long as the person is known.
    pub provider_id: Option<String>,
    /// The rule set that evaluated it.
    pub rules: RulesVersion,
}

/// Which of `keys` have been taken in before.
///
/// # Errors
/// See [`StoreError`].
pub async fn known_keys(from: &impl Source, keys: &[EventKey]) -> Result<BTreeSet<EventKey>, StoreError> {
    static KNOWN: Sql = Sql::new(
        "SELECT e.dedupe_key FROM {rows} AS r CROSS JOIN events AS e WHERE e.dedupe_key = {bytes:r.value->>0}",
    );
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = from.fetch(&KNOWN, vec![batch(keys.iter().map(|key| (Hex(&key.0),)))]).await?;
    rows.iter().map(|row| Ok(EventKey(row.bytes(0)?))).collect()
}

/// Writes events and says which were new. A key that is there already stays what it was.
///
/// # Errors
/// [`StoreError::is_conflict`]: a person's number is taken, so somebody wrote without the person's lock.
pub async fn insert(tx: &Tx, events: &[EventRow]) -> Result<BTreeSet<EventKey>, StoreError> {
    static INSERT: Sql = Sql::new(
        "INSERT INTO events (dedupe_key, person_id, seq, kind, name, occurred_at, arrived_ms, provider,
                             provider_id, properties, message, reason, precedes, rules_version)
         SELECT {bytes:r.value->>0}, CAST(r.value->>1 AS bigint), CAST(r.value->>2 AS bigint), r.value->>3,
                r.value->>4, CAST(r.value->>5 AS bigint), CAST(r.value->>6 AS bigint), r.value->>7,
                r.value->>8, r.value->>9, r.value->>10, r.value->>11, CAST(r.value->>12 AS bigint),
                CAST(r.value->>13 AS bigint)
         FROM {rows} AS r WHERE true
         ON CONFLICT (dedupe_key) DO NOTHING RETURNING dedupe_key",
    );
    if events.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut sorted: Vec<&EventRow> = events.iter().collect();
    // Two transactions with the same keys must meet at the first one.
    sorted.sort_by_key(|row| row.event.key);
    let rows = tx.fetch(&INSERT, vec![batch(sorted.into_iter().map(values))]).await?;
    rows.iter().map(|row| Ok(EventKey(row.bytes(0)?))).collect()
}

fn values(row: &EventRow) -> impl serde::Serialize {
    let event = &row.event;
    let (kind, name) = kind_columns(&event.kind);
    (
        Hex(&event.key.0),
        row.person,
        event.seq,
        kind,
        name,
        event.at,
        row.arrived_ms,
        &row.provider,
        &row.provider_id,
        json(&event.properties),
        event.message.as_ref().map(json),
        event.reason,
        event.precedes,
        row.rules,
    )
}

/// The word of a kind, and what distinguishes events of that kind.
fn kind_columns(kind: &Kind) -> (&str, Option<&str>) {
    match kind {
        Kind::Custom(name) => (CUSTOM, Some(name)),
        Kind::SegmentJoined(segment) | Kind::SegmentLeft(segment) => (kind.name(), Some(segment)),
        plain => (plain.name(), None),
    }
}

const CUSTOM: &str = "custom";
/// What erasing a person leaves of a kind: the key stays, so a repeated webhook does not bring the person back.
pub(super) const ERASED: &str = "erased";

fn kind(word: &str, name: Option<String>) -> Result<Kind, StoreError> {
    let named = || name.ok_or_else(|| StoreError::unreadable("event name"));
    Ok(match word {
        CUSTOM => Kind::Custom(named()?),
        "segment_joined" => Kind::SegmentJoined(named()?),
        "segment_left" => Kind::SegmentLeft(named()?),
        plain => [
            Kind::Inbound,
            Kind::Reaction,
            Kind::ReactionRemoved,
            Kind::Sent,
            Kind::Received,
            Kind::Read,
            Kind::Failed,
            Kind::AttributesSet,
        ]
        .into_iter()
        .find(|kind| kind.name() == plain)
        .ok_or_else(|| StoreError::unreadable("event kind"))?,
    })
}

/// The events of people in the order of their numbers: what a fold from the log begins with.
///
/// # Errors
/// See [`StoreError`].
pub async fn of_people(from: &impl Source, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<Event>>, StoreError> {
    let logs = rows_of_people(from, ids).await?.into_iter();
    Ok(logs.map(|(id, rows)| (id, rows.into_iter().map(|row| row.event).collect())).collect())
}

/// The same, each with what surrounds it.
///
/// # Errors
/// See [`StoreError`].
pub async fn rows_of_people(
    from: &impl Source,
    ids: &[PersonId],
) -> Result<BTreeMap<PersonId, Vec<EventRow>>, StoreError> {
    static OF_PEOPLE: Sql = Sql::new(
        "SELECT e.dedupe_key, e.person_id, e.seq, e.kind, e.name, e.occurred_at, e.arrived_ms, e.provider,
                e.provider_id, e.properties, e.message, e.reason, e.precedes, e.rules_version
         FROM {rows} AS r CROSS JOIN events AS e
         WHERE e.person_id = CAST(r.value->>0 AS bigint)",
    );
    let mut events: BTreeMap<PersonId, Vec<EventRow>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(events);
    }
    for row in &from.fetch(&OF_PEOPLE, vec![id_batch(ids)]).await? {
        let row = event(row, 0)?;
        if let Some(person) = row.person {
            events.entry(person).or_default().push(row);
        }
    }
    for list in events.values_mut() {
        list.sort_by_key(|row| row.event.seq);
    }
    Ok(events)
}

/// The row number of the newest event; 0 where there is none.
///
/// # Errors
/// See [`StoreError`].
pub async fn last_row(from: &impl Source) -> Result<i64, StoreError> {
    static LAST: Sql = Sql::new("SELECT max(id) FROM events");
    match from.fetch(&LAST, Vec::new()).await?.first() {
        Some(row) => Ok(row.get::<Option<i64>>(0)?.unwrap_or(0)),
        None => Ok(0),
    }
}

/// What was said in the events of these kinds that lie at `since` or later, of the rows behind number `after` up to
/// `upto`, with whose they are. Keys, numbers and arrivals are not read.
///
/// # Errors
/// See [`StoreError`].
pub async fn said_in(
    from: &impl Source,
    (after, upto): (i64, i64),
    kinds: &[Kind],
    since: Second,
) -> Result<Vec<(PersonId, Event)>, StoreError> {
    static SAID: Sql = Sql::new(
        "SELECT e.person_id, e.kind, e.name, e.occurred_at, e.properties, e.message FROM events AS e
         WHERE e.id > $2 AND e.id <= $3 AND e.occurred_at >= $4 AND e.person_id IS NOT NULL
           AND e.kind IN (SELECT r.value->>0 FROM {rows} AS r)
         ORDER BY e.id",
    );
    let kinds: BTreeSet<&str> = kinds.iter().map(|kind| kind_columns(kind).0).collect();
    let values = vec![batch(kinds.into_iter().map(|word| (word,))), after.into(), upto.into(), since.0.into()];
    from.fetch(&SAID, values).await?.iter().map(said).collect()
}

fn said(row: &Row) -> Result<(PersonId, Event), StoreError> {
    let at = row.second(3)?;
    let event = Event {
        key: EventKey([0; 16]),
        seq: 0,
        at,
        arrived: at,
        precedes: None,
        kind: kind(&row.get::<String>(1)?, row.get(2)?)?,
        properties: row.json(4)?,
        message: row.json_or_null(5)?,
        reason: None,
    };
    Ok((PersonId(row.get(0)?), event))
}

/// The newest events before the one with row number `before`, newest first, each with its row number.
///
/// # Errors
/// See [`StoreError`].
pub async fn newest(from: &impl Source, before: i64, limit: u32) -> Result<Vec<(i64, Event)>, StoreError> {
    static NEWEST: Sql = Sql::new(
        "SELECT e.id, e.dedupe_key, e.person_id, e.seq, e.kind, e.name, e.occurred_at, e.arrived_ms, e.provider,
                e.provider_id, e.properties, e.message, e.reason, e.precedes, e.rules_version
         FROM events AS e WHERE e.id < $1 AND e.kind <> 'erased' ORDER BY e.id DESC LIMIT $2",
    );
    let rows = from.fetch(&NEWEST, vec![before.into(), i64::from(limit).into()]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, event(row, 1)?.event))).collect()
}

/// Reads the fourteen columns from `first` on, in the order of the table.
pub(super) fn event(row: &Row, first: usize) -> Result<EventRow, StoreError> {
    let arrived_ms: i64 = row.get(first + 6)?;
    Ok(EventRow {
        event: Event {
            key: EventKey(row.bytes(first)?),
            seq: row.number(first + 2)?,
            at: row.second(first + 5)?,
            arrived: Second(arrived_ms.div_euclid(1000)),
            precedes: row.number_or_null(first + 12)?,
            kind: kind(&row.get::<String>(first + 3)?, row.get(first + 4)?)?,
            properties: row.json(first + 9)?,
            message: row.json_or_null(first + 10)?,
            reason: row.word_or_null(first + 11)?,
        },
        person: row.get::<Option<i64>>(first + 1)?.map(PersonId),
        arrived_ms,
        provider: Cow::Owned(row.get(first + 7)?),
        provider_id: row.get(first + 8)?,
        rules: RulesVersion(row.number(first + 13)?),
    })
}
