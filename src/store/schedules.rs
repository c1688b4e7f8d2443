//! Occurrences of schedules: one row for each, whoever notices it first, and how far its work has come. Which
//! of them are dealt with is kept apart, so that old rows can go. Nothing here is personal.

use sea_orm::Value;
use serde::{Deserialize, Serialize};

use super::row::{Row, batch};
use super::source::Fetch as _;
use super::sql::Sql;
use super::{Source, StoreError, Tx};
use crate::model::id::{PersonId, RulesVersion};
use crate::model::time::{Second, Span};

/// How long a run that is over is kept to be looked at.
pub const RUNS_KEPT: Span = Span(30 * 24 * 3_600);

/// What makes an occurrence happen once: never the time at which somebody gets to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The name of the schedule; of a one-off run, that of the campaign.
    pub schedule: String,
    /// The zone by whose clocks it comes round, by its IANA name; empty for a one-off run.
    pub zone: String,
    /// The instant it is due; of a one-off run, the number of the version that asks for it.
    pub occurrence: Second,
}

/// What is to be done at an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Start campaigns, for each person of the schedule.
    ForEach,
    /// Compute segments again from the log.
    Recheck,
    /// Start a campaign for those who match already, once.
    OnDeploy,
}

/// How far an occurrence has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is work left, behind the cursor.
    Open,
    Done,
    /// It was noticed too late, and nothing was done.
    Missed,
    /// The rules that asked for it are gone.
    Dropped,
}

/// What came of an occurrence, in people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those who were looked at.
    pub considered: u64,
    /// Journeys that began, and those that were refused.
    pub started: u64,
    pub refused: u64,
    /// Of a recheck: truths that were not as they should be, and those of them that were put right.
    pub drifted: u64,
    pub repaired: u64,
}

/// An occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub key: Key,
    pub task: Task,
    pub state: State,
    /// The rule set that was active when it was noticed.
    pub rules: RulesVersion,
    pub opened: Second,
    /// None while it is open.
    pub ended: Option<Second>,
    /// Everybody up to here is done.
    pub cursor: PersonId,
    pub counts: Counts,
    /// How many occurrences nothing was done about: those since the one before, and this one if it was missed.
    pub missed: u64,
}

impl Run {
    /// One that has yet to do its work.
    #[must_use]
    pub fn new(key: Key, task: Task, rules: RulesVersion, at: Second) -> Self {
        Self {
            key,
            task,
            state: State::Open,
            rules,
            opened: at,
            ended: None,
            cursor: PersonId(0),
            counts: Counts::default(),
            missed: 0,
        }
    }
}

/// Inserts runs; says whose are new. The others were noticed before, by this process or another.
///
/// # Errors
/// See [`StoreError`].
pub async fn open(tx: &Tx, runs: &[Run]) -> Result<Vec<Key>, StoreError> {
    static OPEN: Sql = Sql::new(
        "INSERT INTO schedule_runs (schedule, zone, occurrence, task, state, rules_version, opened_at, ended_at,
                                    missed, cursor, considered, started, refused, drifted, repaired)
         SELECT r.value->>0, r.value->>1, CAST(r.value->>2 AS bigint), r.value->>3, r.value->>4,
                CAST(r.value->>5 AS bigint), CAST(r.value->>6 AS bigint), CAST(r.value->>7 AS bigint),
                CAST(r.value->>8 AS bigint), 0, 0, 0, 0, 0, 0
         FROM {rows} AS r WHERE true
         ON CONFLICT (schedule, zone, occurrence) DO NOTHING RETURNING schedule, zone, occurrence",
    );
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let mut sorted: Vec<&Run> = runs.iter().collect();
    // Two processes that notice the same ones must meet at the first.
    sorted.sort_by_key(|run| &run.key);
    let rows = sorted.into_iter().map(|run| {
        let Key { schedule, zone, occurrence } = &run.key;
        (schedule, zone, occurrence, run.task, run.state, run.rules, run.opened, run.ended, run.missed)
    });
    let mut keys = tx.fetch(&OPEN, vec![batch(rows)]).await?.iter().map(key).collect::<Result<Vec<_>, _>>()?;
    keys.sort();
    Ok(keys)
}

/// The open run of `task` that is due first and that no other process is busy with. It stays this transaction's
/// on PostgreSQL until that ends.
///
/// # Errors
/// See [`StoreError`].
pub async fn claim(tx: &Tx, task: Task) -> Result<Option<Run>, StoreError> {
    static CLAIM: Sql = Sql::new(
        "SELECT schedule, zone, occurrence, task, state, rules_version, opened_at, ended_at, cursor, considered,
                started, refused, drifted, repaired, missed
         FROM schedule_runs WHERE task = $1 AND ended_at IS NULL
         ORDER BY occurrence, schedule, zone LIMIT 1 {skip_locked}",
    );
    tx.fetch(&CLAIM, vec![word(task).into()]).await?.first().map(run).transpose()
}

/// Up to `limit` open runs of `task`, due first.
///
/// # Errors
/// See [`StoreError`].
pub async fn open_runs(from: &impl Source, task: Task, limit: u32) -> Result<Vec<Run>, StoreError> {
    static OPEN: Sql = Sql::new(
        "SELECT schedule, zone, occurrence, task, state, rules_version, opened_at, ended_at, cursor, considered,
                started, refused, drifted, repaired, missed
         FROM schedule_runs WHERE task = $1 AND ended_at IS NULL
         ORDER BY occurrence, schedule, zone LIMIT $2",
    );
    from.fetch(&OPEN, vec![word(task).into(), i64::from(limit).into()]).await?.iter().map(run).collect()
}

/// Up to `limit` open rechecks, due first: the work of whoever computes segments again.
///
/// # Errors
/// See [`StoreError`].
pub async fn open_rechecks(from: &impl Source, limit: u32) -> Result<Vec<Run>, StoreError> {
    open_runs(from, Task::Recheck, limit).await
}

/// Moves an open run on: everybody up to `cursor` is done, with these counts besides those it has. In the
/// transaction that does their work, so that a kill loses both or neither. False: it is not open at `from` any
/// more, and the caller leaves nothing behind.
///
/// # Errors
/// See [`StoreError`].
pub async fn advance(
    tx: &Tx,
    key: &Key,
    from: PersonId,
    cursor: PersonId,
    counts: &Counts,
) -> Result<bool, StoreError> {
    static ADVANCE: Sql = Sql::new(
        "UPDATE schedule_runs SET cursor = $5, considered = considered + $6, started = started + $7,
                                  refused = refused + $8, drifted = drifted + $9, repaired = repaired + $10
         WHERE schedule = $1 AND zone = $2 AND occurrence = $3 AND cursor = $4 AND ended_at IS NULL",
    );
    let mut values = columns(key);
    values.extend([from.0.into(), cursor.0.into()]);
    let Counts { considered, started, refused, drifted, repaired } = *counts;
    values.extend([considered, started, refused, drifted, repaired].map(number));
    Ok(tx.run(&ADVANCE, values).await? > 0)
}

/// Ends an open run. False: it was over.
///
/// # Errors
/// See [`StoreError`].
pub async fn finish(tx: &Tx, key: &Key, state: State, at: Second) -> Result<bool, StoreError> {
    static FINISH: Sql = Sql::new(
        "UPDATE schedule_runs SET state = $4, ended_at = $5
         WHERE schedule = $1 AND zone = $2 AND occurrence = $3 AND ended_at IS NULL",
    );
    let mut values = columns(key);
    values.extend([word(state).into(), at.0.into()]);
    Ok(tx.run(&FINISH, values).await? > 0)
}

/// Takes away at most `limit` runs that ended before `before`. What was dealt with stays so.
///
/// # Errors
/// See [`StoreError`].
pub async fn purge(tx: &Tx, before: Second, limit: u32) -> Result<u64, StoreError> {
    static PURGE: Sql = Sql::new(
        "DELETE FROM schedule_runs WHERE (schedule, zone, occurrence) IN
             (SELECT schedule, zone, occurrence FROM schedule_runs
              WHERE ended_at IS NOT NULL AND ended_at < $1 ORDER BY ended_at LIMIT $2)",
    );
    tx.run(&PURGE, [before.0.into(), i64::from(limit).into()]).await
}

/// Up to `limit` runs of one schedule, newest first.
///
/// # Errors
/// See [`StoreError`].
pub async fn newest(from: &impl Source, schedule: &str, limit: u32) -> Result<Vec<Run>, StoreError> {
    static NEWEST: Sql = Sql::new(
        "SELECT schedule, zone, occurrence, task, state, rules_version, opened_at, ended_at, cursor, considered,
                started, refused, drifted, repaired, missed
         FROM schedule_runs WHERE schedule = $1 ORDER BY occurrence DESC, zone LIMIT $2",
    );
    from.fetch(&NEWEST, vec![schedule.into(), i64::from(limit).into()]).await?.iter().map(run).collect()
}

/// A schedule in one of its zones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneRow {
    pub schedule: String,
    pub zone: String,
    /// What decides when it comes round, as whoever plans writes it. Another one is another schedule.
    pub cadence: String,
    /// Occurrences up to here are dealt with.
    pub reached: Second,
}

/// All schedules in all their zones.
///
/// # Errors
/// See [`StoreError`].
pub async fn zones(from: &impl Source) -> Result<Vec<ZoneRow>, StoreError> {
    static ZONES: Sql = Sql::new("SELECT schedule, zone, cadence, reached FROM schedule_zones ORDER BY schedule, zone");
    let rows = from.fetch(&ZONES, Vec::new()).await?;
    let zone = |row: &Row| {
        Ok(ZoneRow { schedule: row.get(0)?, zone: row.get(1)?, cadence: row.get(2)?, reached: row.second(3)? })
    };
    rows.iter().map(zone).collect()
}

/// Adds zones and moves them on. What was reached is never taken back, whoever is behind.
///
/// # Errors
/// See [`StoreError`].
pub async fn reach(tx: &Tx, zones: &[ZoneRow]) -> Result<(), StoreError> {
    static REACH: Sql = Sql::new(
        "INSERT INTO schedule_zones (schedule, zone, cadence, reached)
         SELECT r.value->>0, r.value->>1, r.value->>2, CAST(r.value->>3 AS bigint) FROM {rows} AS r WHERE true
         ON CONFLICT (schedule, zone) DO UPDATE
         SET cadence = excluded.cadence,
             reached = CASE WHEN excluded.reached > schedule_zones.reached THEN excluded.reached
                            ELSE schedule_zones.reached END",
    );
    if zones.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<&ZoneRow> = zones.iter().collect();
    sorted.sort_by_key(|row| (&row.schedule, &row.zone));
    let rows = sorted.into_iter().map(|row| (&row.schedule, &row.zone, &row.cadence, row.reached));
    tx.run(&REACH, [batch(rows)]).await.map(drop)
}

/// Forgets schedules that are gone, and zones that nobody is in any more: who comes back begins anew.
///
/// # Errors
/// See [`StoreError`].
pub async fn forget(tx: &Tx, zones: &[(&str, &str)]) -> Result<(), StoreError> {
    static FORGET: Sql = Sql::new(
        "DELETE FROM schedule_zones WHERE (schedule, zone) IN
             (SELECT r.value->>0, r.value->>1 FROM {rows} AS r)",
    );
    if zones.is_empty() {
        return Ok(());
    }
    tx.run(&FORGET, [batch(zones)]).await.map(drop)
}

fn columns(key: &Key) -> Vec<Value> {
    vec![key.schedule.as_str().into(), key.zone.as_str().into(), key.occurrence.0.into()]
}

/// A number of the database; no count comes near its end.
fn number(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

/// The word that the database keeps for a state or task.
fn word(what: impl Serialize) -> String {
    match serde_json::to_value(what) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Reads three columns from the first on.
fn key(row: &Row) -> Result<Key, StoreError> {
    Ok(Key { schedule: row.get(0)?, zone: row.get(1)?, occurrence: row.second(2)? })
}

fn run(row: &Row) -> Result<Run, StoreError> {
    Ok(Run {
        key: key(row)?,
        task: row.word(3)?,
        state: row.word(4)?,
        rules: RulesVersion(row.number(5)?),
        opened: row.second(6)?,
        ended: row.second_or_null(7)?,
        cursor: PersonId(row.get(8)?),
        counts: Counts {
            considered: row.number(9)?,
            started: row.number(10)?,
            refused: row.number(11)?,
            drifted: row.number(12)?,
            repaired: row.number(13)?,
        },
        missed: row.number(14)?,
    })
}
