//! Effects on their way out: who may work on which, and what became of each. Payloads are personal data.
//!
//! An effect is claimed for a while (the lease) under a number that only grows (the fence). Whoever
//! comes back with another number has lost it, and writes nothing. Instants with `ms` are
//! milliseconds on the clock that all who claim share.
//!
//! The newest row of a person and endpoint carries the count of their effects: whoever cleans up
//! leaves it there.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::Value;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::people::id_batch;
use super::row::{Hex, Row, batch, json};
use super::source::Fetch as _;
use super::sql::Sql;
use super::{Source, StoreError, Tx};
use crate::model::effect::Effect;
use crate::model::id::{EffectId, JourneyId, PersonId};
use crate::model::time::Second;

/// How far an effect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be attempted when due.
    Pending,
    /// Somebody is at it; when due again, they have lost it.
    Leased,
    /// It may have happened; nobody attempts it.
    Held,
    Done,
    Failed,
    Cancelled,
}

/// An effect to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEffect {
    pub effect: Effect,
    /// None: it concerns an anonymous event.
    pub person: Option<PersonId>,
    /// What effects are counted by for one person; at most 512 bytes.
    pub endpoint: String,
}

/// Records effects, due at `due_ms`, and says which were new: the same cause asks for the same id
/// again. Those of one person and endpoint are numbered 1, 2, 3 … in the order given. The people are locked.
///
/// # Errors
/// See [`StoreError`].
pub async fn insert(tx: &Tx, effects: &[NewEffect], due_ms: i64) -> Result<BTreeSet<EffectId>, StoreError> {
    static INSERT: Sql = Sql::new(
        "INSERT INTO outbox (id, kind, person_id, endpoint, number, state, attempts, fence, due_ms, expires_at, payload)
         SELECT {bytes:r.value->>0}, r.value->>1, CAST(r.value->>2 AS bigint), r.value->>3,
                CASE WHEN r.value->>2 IS NULL THEN 0 ELSE
                    COALESCE((SELECT max(o.number) FROM outbox AS o
                              WHERE o.person_id = CAST(r.value->>2 AS bigint) AND o.endpoint = r.value->>3), 0)
                    + row_number() OVER (PARTITION BY r.value->>2, r.value->>3 ORDER BY CAST(r.value->>6 AS bigint))
                END,
                'pending', 0, 0, $2, CAST(r.value->>4 AS bigint), r.value->>5
         FROM {rows} AS r WHERE true ON CONFLICT (id) DO NOTHING RETURNING id",
    );
    if effects.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = effects.iter().enumerate().map(|(place, new)| {
        let effect = &new.effect;
        (id_hex(effect.id), effect.kind.as_str(), new.person, &new.endpoint, effect.expires, json(effect), place)
    });
    let rows = tx.fetch(&INSERT, vec![batch(rows), due_ms.into()]).await?;
    ids(&rows)
}

/// An effect to be attempted now.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    pub effect: Effect,
    pub person: Option<PersonId>,
    pub endpoint: String,
    /// Of this person and endpoint, from 1 on; 0 without a person.
    pub number: u64,
    /// This one included.
    pub attempts: u32,
    pub fence: i64,
    /// Who had it before lost the lease without a word: that attempt may have gone through.
    pub is_abandoned: bool,
}

/// The outcome of an attempt whose holder lost the lease.
const ABANDONED: &str = "the lease ran out";

/// Takes up to `limit` effects that are due at `now_ms`, or whose lease is over, until `now_ms + lease_ms`;
/// the longest due first. Counted as an attempt, so that one that ends the process ends some day.
///
/// # Errors
/// See [`StoreError`].
pub async fn claim(tx: &Tx, now_ms: i64, lease_ms: i64, limit: u32) -> Result<Vec<Claimed>, StoreError> {
    // Kinds that a newer release has made are left to it.
    static CLAIM: Sql = Sql::new(
        "WITH due AS MATERIALIZED (
             SELECT id FROM outbox WHERE due_ms <= $1 AND kind IN ('send', 'webhook')
             ORDER BY due_ms, id LIMIT $3 {skip_locked})
         UPDATE outbox SET state = 'leased', attempts = attempts + 1, fence = fence + 1, due_ms = $2,
                           outcome = CASE WHEN outbox.state = 'leased' THEN $4 ELSE outcome END
         FROM due WHERE outbox.id = due.id
         RETURNING outbox.payload, outbox.person_id, outbox.endpoint, outbox.number, outbox.attempts, outbox.fence,
                   outbox.outcome",
    );
    let until_ms = now_ms.saturating_add(lease_ms);
    let values = vec![now_ms.into(), until_ms.into(), i64::from(limit).into(), ABANDONED.into()];
    let mut claimed = tx.fetch(&CLAIM, values).await?.iter().map(claimed).collect::<Result<Vec<_>, _>>()?;
    claimed.sort_by_key(|c| (c.effect.at, c.number, c.effect.id));
    Ok(claimed)
}

/// The effects that were ever recorded for these people, each with its journey; nobody is listed who has none.
///
/// # Errors
/// See [`StoreError`].
pub async fn of_people(
    from: &impl Source,
    ids: &[PersonId],
) -> Result<BTreeMap<PersonId, BTreeMap<EffectId, JourneyId>>, StoreError> {
    static OF_PEOPLE: Sql = Sql::new(
        "SELECT o.person_id, o.payload FROM {rows} AS r CROSS JOIN outbox AS o
         WHERE o.person_id = CAST(r.value->>0 AS bigint)",
    );
    let mut found: BTreeMap<PersonId, BTreeMap<EffectId, JourneyId>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    for row in &from.fetch(&OF_PEOPLE, vec![id_batch(ids)]).await? {
        let effect: Effect = row.json(1)?;
        found.entry(PersonId(row.get(0)?)).or_default().insert(effect.id, effect.journey);
    }
    Ok(found)
}

/// How many effects concern nobody who is known.
///
/// # Errors
/// See [`StoreError`].
pub async fn count_of_nobody(from: &impl Source) -> Result<u64, StoreError> {
    static COUNT: Sql = Sql::new("SELECT count(*) FROM outbox WHERE person_id IS NULL");
    match from.fetch(&COUNT, Vec::new()).await?.first() {
        Some(row) => row.number(0),
        None => Ok(0),
    }
}

fn claimed(row: &Row) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        effect: row.json(0)?,
        person: row.get::<Option<i64>>(1)?.map(PersonId),
        endpoint: row.get(2)?,
        number: row.number(3)?,
        attempts: row.number(4)?,
        fence: row.get(5)?,
        is_abandoned: row.get::<Option<String>>(6)?.as_deref() == Some(ABANDONED),
    })
}

/// An effect that was claimed and not attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutBack {
    pub id: EffectId,
    /// As claimed.
    pub fence: i64,
    /// When it is due again.
    pub due_ms: i64,
}

/// Gives effects back as if they had not been claimed; says for how many the fence still held.
///
/// # Errors
/// See [`StoreError`].
pub async fn put_back(tx: &Tx, effects: &[PutBack]) -> Result<u64, StoreError> {
    static PUT_BACK: Sql = Sql::new(
        "UPDATE outbox SET state = 'pending', attempts = attempts - 1, due_ms = CAST(r.value->>2 AS bigint),
                           outcome = NULLIF(outcome, $2)
         FROM {rows} AS r
         WHERE outbox.id = {bytes:r.value->>0} AND outbox.fence = CAST(r.value->>1 AS bigint)
           AND outbox.state = 'leased'",
    );
    if effects.is_empty() {
        return Ok(0);
    }
    let rows = batch(effects.iter().map(|back| (id_hex(back.id), back.fence, back.due_ms)));
    tx.run(&PUT_BACK, [rows, ABANDONED.into()]).await
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub id: EffectId,
    /// As claimed.
    pub fence: i64,
    pub state: State,
    /// When it is to be attempted again; only with [`State::Pending`].
    pub due_ms: Option<i64>,
    /// What happened, for people to read.
    pub outcome: Option<String>,
}

/// Writes how attempts ended; says for which the fence still held. The others wrote nothing.
///
/// # Errors
/// See [`StoreError`].
pub async fn settle(tx: &Tx, settled: &[Settled]) -> Result<BTreeSet<EffectId>, StoreError> {
    static SETTLE: Sql = Sql::new(
        "UPDATE outbox SET state = r.value->>2, due_ms = CAST(r.value->>3 AS bigint), outcome = r.value->>4
         FROM {rows} AS r
         WHERE outbox.id = {bytes:r.value->>0} AND outbox.fence = CAST(r.value->>1 AS bigint)
           AND outbox.state = 'leased'
         RETURNING outbox.id",
    );
    if settled.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = settled.iter().map(|s| (id_hex(s.id), s.fence, s.state, s.due_ms, &s.outcome));
    let rows = tx.fetch(&SETTLE, vec![batch(rows)]).await?;
    ids(&rows)
}

/// Ends effects that are still open, whoever has claimed them: a status has told what became of
/// one, or it is cancelled. Who has claimed it loses the fence. Says which were open.
///
/// # Errors
/// See [`StoreError`].
pub async fn conclude(
    tx: &Tx,
    effects: &[EffectId],
    state: State,
    outcome: &str,
) -> Result<BTreeSet<EffectId>, StoreError> {
    static CONCLUDE: Sql = Sql::new(
        "UPDATE outbox SET state = $2, due_ms = NULL, outcome = $3, fence = fence + 1
         FROM {rows} AS r
         WHERE outbox.id = {bytes:r.value->>0} AND outbox.state IN ('pending', 'leased', 'held')
         RETURNING outbox.id",
    );
    if effects.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = batch(effects.iter().map(|id| (id_hex(*id),)));
    let rows = tx.fetch(&CONCLUDE, vec![rows, word(state), outcome.into()]).await?;
    ids(&rows)
}

/// When the next effect is due, in milliseconds; the end of a lease counts.
///
/// # Errors
/// See [`StoreError`].
pub async fn next_due(from: &impl Source) -> Result<Option<i64>, StoreError> {
    static NEXT: Sql = Sql::new("SELECT min(due_ms) FROM outbox WHERE due_ms IS NOT NULL");
    match from.fetch(&NEXT, Vec::new()).await?.first() {
        Some(row) => row.get(0),
        None => Ok(None),
    }
}

/// An effect as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    pub id: EffectId,
    /// None once its person is erased.
    pub effect: Option<Effect>,
    pub person: Option<PersonId>,
    pub endpoint: String,
    pub number: u64,
    pub state: State,
    pub attempts: u32,
    pub due_ms: Option<i64>,
    pub expires: Second,
    pub outcome: Option<String>,
}

/// One effect.
///
/// # Errors
/// See [`StoreError`].
pub async fn get(from: &impl Source, id: EffectId) -> Result<Option<OutboxRow>, StoreError> {
    static GET: Sql = Sql::new(
        "SELECT id, payload, person_id, endpoint, number, state, attempts, due_ms, expires_at, outcome
         FROM outbox WHERE id = $1",
    );
    from.fetch(&GET, vec![id.0.to_bytes().to_vec().into()]).await?.first().map(read).transpose()
}

/// Up to `limit` effects before `before`, newest first; only those in `state`, if given.
///
/// # Errors
/// See [`StoreError`].
pub async fn page(
    from: &impl Source,
    state: Option<State>,
    before: Option<EffectId>,
    limit: u32,
) -> Result<Vec<OutboxRow>, StoreError> {
    static PAGE: Sql = Sql::new(
        "SELECT id, payload, person_id, endpoint, number, state, attempts, due_ms, expires_at, outcome
         FROM outbox WHERE id < $1 AND ($2 IS NULL OR state = $2) ORDER BY id DESC LIMIT $3",
    );
    let before = before.map_or([0xFF; 16], |id| id.0.to_bytes());
    let state = state.map_or(Value::String(None), word);
    let values = vec![before.to_vec().into(), state, i64::from(limit).into()];
    from.fetch(&PAGE, values).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<OutboxRow, StoreError> {
    let payload: String = row.get(1)?;
    Ok(OutboxRow {
        id: EffectId(Ulid::from_bytes(row.bytes(0)?)),
        effect: if payload == ERASED { None } else { Some(super::row::parse(&payload, "effect")?) },
        person: row.get::<Option<i64>>(2)?.map(PersonId),
        endpoint: row.get(3)?,
        number: row.number(4)?,
        state: row.word(5)?,
        attempts: row.number(6)?,
        due_ms: row.get(7)?,
        expires: row.second(8)?,
        outcome: row.get(9)?,
    })
}

/// What erasing leaves of a payload.
pub(super) const ERASED: &str = "{}";

fn ids(rows: &[Row]) -> Result<BTreeSet<EffectId>, StoreError> {
    rows.iter().map(|row| Ok(EffectId(Ulid::from_bytes(row.bytes(0)?)))).collect()
}

fn id_hex(id: EffectId) -> String {
    Hex(&id.0.to_bytes()).digits()
}

fn word(state: State) -> Value {
    json(&state).trim_matches('"').into()
}
