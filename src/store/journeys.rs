//! Journeys, and the log of what their steps did and why. Event properties, keys and entries may
//! hold personal data.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use sea_orm::Value;
use ulid::Ulid;

use super::people::id_batch;
use super::row::{Hex, Row, batch, json};
use super::source::Fetch as _;
use super::sql::Sql;
use super::{Source, StoreError, Tx, cause};
use crate::model::id::{JourneyId, PersonId, RulesVersion};
use crate::model::journey::{Ended, Entry, Journey};
use crate::model::transition::Cause;

/// A journey with its subject.
#[derive(Clone, Debug, PartialEq)]
pub struct JourneyRow {
    pub journey: Journey,
    /// None: an anonymous event started it.
    pub person: Option<PersonId>,
}

/// A line of the log with its subject.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryRow {
    pub entry: Entry,
    pub person: Option<PersonId>,
}

/// Writes new journeys and says which were new: an id names the occurrence of a trigger, which starts once.
///
/// # Errors
/// See [`StoreError`].
pub async fn insert(tx: &Tx, journeys: &[JourneyRow]) -> Result<BTreeSet<JourneyId>, StoreError> {
    static INSERT: Sql = Sql::new(
        "INSERT INTO journeys (id, person_id, campaign, rules_version, subject_key, started_at, event, position,
                               effects, wake_at, ended_at, ended_reason, cause, cause_seq, cause_key, kept)
         SELECT {bytes:r.value->>0}, CAST(r.value->>1 AS bigint), r.value->>2, CAST(r.value->>3 AS bigint),
                r.value->>4, CAST(r.value->>5 AS bigint), r.value->>6, CAST(r.value->>7 AS bigint),
                CAST(r.value->>8 AS bigint), CAST(r.value->>9 AS bigint), CAST(r.value->>10 AS bigint),
                r.value->>11, r.value->>12, CAST(r.value->>13 AS bigint), {bytes:r.value->>14}, r.value->>15
         FROM {rows} AS r WHERE true ON CONFLICT (id) DO NOTHING RETURNING id",
    );
    if journeys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = journeys.iter().map(|JourneyRow { journey, person }| {
        let (cause, seq, key) = cause::columns(&journey.cause);
        let ended = journey.ended.as_ref();
        (
            Hex(&journey.id.0.to_bytes()).digits(),
            person,
            &journey.campaign,
            journey.rules,
            &journey.key,
            journey.started,
            json(&journey.event),
            journey.position,
            journey.effects,
            journey.wake,
            ended.map(|ended| ended.at),
            ended.map(|ended| &ended.reason),
            cause,
            seq,
            key,
            json(&journey.kept),
        )
    });
    let rows = tx.fetch(&INSERT, vec![batch(rows)]).await?;
    rows.iter().map(|row| Ok(JourneyId(Ulid::from_bytes(row.bytes(0)?)))).collect()
}

/// Writes how far known journeys are.
///
/// # Errors
/// See [`StoreError`].
pub async fn save(tx: &Tx, journeys: &[&Journey]) -> Result<(), StoreError> {
    static SAVE: Sql = Sql::new(
        "UPDATE journeys SET position = CAST(r.value->>1 AS bigint), effects = CAST(r.value->>2 AS bigint),
                             wake_at = CAST(r.value->>3 AS bigint), ended_at = CAST(r.value->>4 AS bigint),
                             ended_reason = r.value->>5, kept = r.value->>6
         FROM {rows} AS r WHERE journeys.id = {bytes:r.value->>0}",
    );
    if journeys.is_empty() {
        return Ok(());
    }
    let rows = journeys.iter().map(|journey| {
        let ended = journey.ended.as_ref();
        let id = Hex(&journey.id.0.to_bytes()).digits();
        (
            id,
            journey.position,
            journey.effects,
            journey.wake,
            ended.map(|ended| ended.at),
            ended.map(|ended| &ended.reason),
            json(&journey.kept),
        )
    });
    tx.run(&SAVE, [batch(rows)]).await.map(drop)
}

/// The journeys of people that have not ended, by id.
///
/// # Errors
/// See [`StoreError`].
pub async fn open_of(from: &impl Source, people: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<Journey>>, StoreError> {
    static OPEN: Sql = Sql::new(
        "SELECT j.id, j.person_id, j.campaign, j.rules_version, j.subject_key, j.started_at, j.event, j.position,
                j.effects, j.wake_at, j.ended_at, j.ended_reason, j.cause, j.cause_seq, j.cause_key, j.kept
         FROM {rows} AS r CROSS JOIN journeys AS j
         WHERE j.person_id = CAST(r.value->>0 AS bigint) AND j.ended_at IS NULL ORDER BY j.person_id, j.id",
    );
    let mut open: BTreeMap<PersonId, Vec<Journey>> = BTreeMap::new();
    if people.is_empty() {
        return Ok(open);
    }
    for row in &from.fetch(&OPEN, vec![id_batch(people)]).await? {
        let JourneyRow { journey, person } = read(row)?;
        if let Some(person) = person {
            open.entry(person).or_default().push(journey);
        }
    }
    Ok(open)
}

/// The rule sets that open journeys began under.
///
/// # Errors
/// See [`StoreError`].
pub async fn versions_in_use(from: &impl Source) -> Result<Vec<RulesVersion>, StoreError> {
    static IN_USE: Sql =
        Sql::new("SELECT DISTINCT rules_version FROM journeys WHERE ended_at IS NULL ORDER BY rules_version");
    let rows = from.fetch(&IN_USE, Vec::new()).await?;
    rows.iter().map(|row| Ok(RulesVersion(row.number(0)?))).collect()
}

/// Which journeys a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub person: Option<PersonId>,
    pub campaign: Option<String>,
    /// Only those before this one; none begins with the newest.
    pub before: Option<JourneyId>,
}

/// Up to `limit` journeys, newest first.
///
/// # Errors
/// See [`StoreError`].
pub async fn page(from: &impl Source, filter: &Filter, limit: u32) -> Result<Vec<JourneyRow>, StoreError> {
    static OF_PERSON: Sql = Sql::new(
        "SELECT id, person_id, campaign, rules_version, subject_key, started_at, event, position,
                effects, wake_at, ended_at, ended_reason, cause, cause_seq, cause_key, kept
         FROM journeys WHERE id < $1 AND ($2 IS NULL OR campaign = $2) AND person_id = $4
         ORDER BY id DESC LIMIT $3",
    );
    static OF_ALL: Sql = Sql::new(
        "SELECT id, person_id, campaign, rules_version, subject_key, started_at, event, position,
                effects, wake_at, ended_at, ended_reason, cause, cause_seq, cause_key, kept
         FROM journeys WHERE id < $1 AND ($2 IS NULL OR campaign = $2)
         ORDER BY id DESC LIMIT $3",
    );
    let before = filter.before.map_or([0xFF; 16], |id| id.0.to_bytes());
    let mut values: Vec<Value> = vec![before.to_vec().into(), filter.campaign.clone().into(), i64::from(limit).into()];
    let rows = match filter.person {
        Some(person) => {
            values.push(person.0.into());
            from.fetch(&OF_PERSON, values).await?
        }
        None => from.fetch(&OF_ALL, values).await?,
    };
    rows.iter().map(read).collect()
}

/// One journey.
///
/// # Errors
/// See [`StoreError`].
pub async fn get(from: &impl Source, id: JourneyId) -> Result<Option<JourneyRow>, StoreError> {
    static GET: Sql = Sql::new(
        "SELECT id, person_id, campaign, rules_version, subject_key, started_at, event, position,
                effects, wake_at, ended_at, ended_reason, cause, cause_seq, cause_key, kept
         FROM journeys WHERE id = $1",
    );
    from.fetch(&GET, vec![id.0.to_bytes().to_vec().into()]).await?.first().map(read).transpose()
}

/// Those among `ids` that began before, whether they are over or not.
///
/// # Errors
/// See [`StoreError`].
pub async fn known(from: &impl Source, ids: &[JourneyId]) -> Result<BTreeSet<JourneyId>, StoreError> {
    static KNOWN: Sql =
        Sql::new("SELECT j.id FROM {rows} AS r CROSS JOIN journeys AS j WHERE j.id = {bytes:r.value->>0}");
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = ids.iter().map(|id| (Hex(&id.0.to_bytes()).digits(),));
    let rows = from.fetch(&KNOWN, vec![batch(rows)]).await?;
    rows.iter().map(|row| Ok(JourneyId(Ulid::from_bytes(row.bytes(0)?)))).collect()
}

fn read(row: &Row) -> Result<JourneyRow, StoreError> {
    let ended = match row.second_or_null(10)? {
        Some(at) => Some(Ended { at, reason: row.get(11)? }),
        None => None,
    };
    Ok(JourneyRow {
        journey: Journey {
            id: JourneyId(Ulid::from_bytes(row.bytes(0)?)),
            campaign: row.get(2)?,
            rules: RulesVersion(row.number(3)?),
            key: row.get(4)?,
            cause: cause::read(row, 12)?,
            started: row.second(5)?,
            event: row.json(6)?,
            position: row.number(7)?,
            effects: row.number(8)?,
            wake: row.second_or_null(9)?,
            ended,
            kept: row.json(15)?,
        },
        person: row.get::<Option<i64>>(1)?.map(PersonId),
    })
}

/// Adds lines to the log, in the order given.
///
/// # Errors
/// See [`StoreError`].
pub async fn log(tx: &Tx, entries: &[EntryRow]) -> Result<(), StoreError> {
    static LOG: Sql = Sql::new(
        "INSERT INTO journey_log (journey_id, person_id, campaign, step, at, what, cause, cause_seq, cause_key)
         SELECT {bytes:r.value->>0}, CAST(r.value->>1 AS bigint), r.value->>2, r.value->>3,
                CAST(r.value->>4 AS bigint), r.value->>5, r.value->>6, CAST(r.value->>7 AS bigint),
                {bytes:r.value->>8}
         FROM {rows} AS r",
    );
    if entries.is_empty() {
        return Ok(());
    }
    let rows = entries.iter().map(|EntryRow { entry, person }| {
        let (cause, seq, key) = cause::columns(&entry.cause);
        let journey = entry.journey.map(|id| Hex(&id.0.to_bytes()).digits());
        (journey, person, &entry.campaign, &entry.step, entry.at, json(&entry.what), cause, seq, key)
    });
    tx.run(&LOG, [batch(rows)]).await.map(drop)
}

/// What a journey did, in order.
///
/// # Errors
/// See [`StoreError`].
pub async fn log_of(from: &impl Source, row: &JourneyRow) -> Result<Vec<Entry>, StoreError> {
    static OF_PERSON: Sql = Sql::new(
        "SELECT journey_id, campaign, step, at, what, cause, cause_seq, cause_key FROM journey_log
         WHERE journey_id = $1 AND person_id = $2 ORDER BY id",
    );
    static ANONYMOUS: Sql = Sql::new(
        "SELECT journey_id, campaign, step, at, what, cause, cause_seq, cause_key FROM journey_log
         WHERE journey_id = $1 AND person_id IS NULL AND cause_key = $2 ORDER BY id",
    );
    let id: Value = row.journey.id.0.to_bytes().to_vec().into();
    let rows = match (row.person, row.journey.cause) {
        (Some(person), _) => from.fetch(&OF_PERSON, vec![id, person.0.into()]).await?,
        (None, Cause::Event { key, .. }) => from.fetch(&ANONYMOUS, vec![id, key.0.to_vec().into()]).await?,
        (None, Cause::Born | Cause::Wake | Cause::Rules | Cause::Recheck | Cause::Occurrence(_)) => Vec::new(),
    };
    rows.iter().map(|row| entry(row, 0)).collect()
}

/// Reads eight columns from `first` on: journey, campaign, step, at, what, cause.
pub(super) fn entry(row: &Row, first: usize) -> Result<Entry, StoreError> {
    Ok(Entry {
        journey: row.bytes_or_null(first)?.map(|bytes| JourneyId(Ulid::from_bytes(bytes))),
        campaign: row.get(first + 1)?,
        step: row.get(first + 2)?,
        at: row.second(first + 3)?,
        what: row.json(first + 4)?,
        cause: cause::read(row, first + 5)?,
    })
}
