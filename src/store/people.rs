//! People with their engine state. All of it is personal data but ids, versions and instants.

mod behind;
mod lookup;

use sea_orm::{DbBackend, Value};
use ulid::Ulid;

use super::row::{Hex, Row, batch, json};
use super::source::Fetch as _;
use super::sql::Sql;
use super::{Source, StoreError, Tx};
use crate::model::id::{PersonId, RulesVersion, Seq};
use crate::model::person::Person;
use crate::model::phone::Phone;
use crate::model::time::Second;
use crate::model::value::Properties;

pub use behind::{Range, amended, by_version, carry_over, is_anybody_behind, stale};
pub use lookup::{In, found_by, set_values, set_zones, zones_in_use};

/// A person as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonRow {
    pub person: Person,
    /// The number of the newest event.
    pub last_seq: Seq,
    /// The engine's own bytes; empty for somebody new.
    pub state: Vec<u8>,
    /// The rule set under which the bytes are good: that which wrote them, or a newer one.
    pub rules: RulesVersion,
    /// The earliest second after which time alone changes something.
    pub wake: Option<Second>,
    /// The zone of their own, by its name.
    pub zone: Option<String>,
}

/// Somebody to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPerson {
    /// One of those that [`reserve`] set aside.
    pub id: PersonId,
    pub cio_id: Ulid,
    pub external_id: Option<String>,
    pub email: Option<String>,
    /// Only of a person made from nothing but a number: it keeps two of them from being made.
    pub first_number: Option<Phone>,
    pub phone: Option<Phone>,
    pub attributes: Properties,
    pub known_since: Second,
}

/// What an event or a wake leaves behind in the person's row.
#[derive(Clone, Debug, PartialEq)]
pub struct StateRow {
    pub id: PersonId,
    pub last_seq: Seq,
    pub rules: RulesVersion,
    pub state: Vec<u8>,
}

/// Keeps others from these people until the transaction ends. It goes before every read of them
/// and is a statement of its own; always in the order of ids, so that two callers cannot wait for each other.
///
/// # Errors
/// Somebody holds them for longer than the lock time-out.
pub async fn lock(tx: &Tx, ids: &[PersonId]) -> Result<(), StoreError> {
    static LOCK: Sql = Sql::new(
        "SELECT p.id FROM people AS p
         WHERE p.id IN (SELECT CAST(r.value->>0 AS bigint) FROM {rows} AS r)
         ORDER BY p.id {for_update}",
    );
    if tx.backend() == DbBackend::Postgres && !ids.is_empty() {
        tx.run(&LOCK, [id_batch(ids)]).await?;
    }
    Ok(())
}

/// The people among `ids` that exist, by id.
///
/// # Errors
/// See [`StoreError`].
pub async fn load(from: &impl Source, ids: &[PersonId]) -> Result<Vec<PersonRow>, StoreError> {
    static LOAD: Sql = Sql::new(
        "SELECT p.id, p.cio_id, p.external_id, p.email, p.phone, p.attributes, p.known_since,
                p.last_seq, p.rules_version, p.wake_at, p.state, p.zone
         FROM {rows} AS r CROSS JOIN people AS p
         WHERE p.id = CAST(r.value->>0 AS bigint)",
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = from.fetch(&LOAD, vec![id_batch(ids)]).await?;
    let mut people = rows.iter().map(person).collect::<Result<Vec<_>, _>>()?;
    people.sort_by_key(|row| row.person.id);
    people.dedup_by_key(|row| row.person.id);
    Ok(people)
}

fn person(row: &Row) -> Result<PersonRow, StoreError> {
    Ok(PersonRow {
        person: Person {
            id: PersonId(row.get(0)?),
            cio_id: Ulid::from_bytes(row.bytes(1)?),
            external_id: row.get(2)?,
            email: row.get(3)?,
            phone: row.phone_or_null(4)?,
            attributes: row.json(5)?,
            known_since: row.second(6)?,
        },
        last_seq: row.number(7)?,
        rules: RulesVersion(row.number(8)?),
        wake: row.second_or_null(9)?,
        state: row.get(10)?,
        zone: row.get(11)?,
    })
}

/// The attributes of the newest people before `before`, newest first.
///
/// # Errors
/// See [`StoreError`].
pub async fn newest_attributes(
    from: &impl Source,
    before: PersonId,
    limit: u32,
) -> Result<Vec<(PersonId, Properties)>, StoreError> {
    static NEWEST: Sql =
        Sql::new("SELECT p.id, p.attributes FROM people AS p WHERE p.id < $1 ORDER BY p.id DESC LIMIT $2");
    let rows = from.fetch(&NEWEST, vec![before.0.into(), i64::from(limit).into()]).await?;
    rows.iter().map(|row| Ok((PersonId(row.get(0)?), row.json(1)?))).collect()
}

/// Sets `count` ids aside, ascending, above all that were ever given. Those that are not used stay unused.
///
/// # Errors
/// See [`StoreError`].
pub async fn reserve(tx: &Tx, count: usize) -> Result<Vec<PersonId>, StoreError> {
    // The one writer of SQLite keeps what it read until it commits; the newest id is noted even when it is gone.
    static RESERVE: Sql = Sql::apart(
        "WITH RECURSIVE free (id) AS (
             SELECT COALESCE((SELECT max(seq) FROM sqlite_sequence WHERE name = 'people'), 0) + 1
             UNION ALL SELECT id + 1 FROM free)
         SELECT id FROM free LIMIT $1",
        "SELECT nextval(pg_get_serial_sequence('people', 'id')) FROM generate_series(1, $1)",
    );
    if count == 0 {
        return Ok(Vec::new());
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows = tx.fetch(&RESERVE, vec![count.into()]).await?;
    rows.iter().map(|row| Ok(PersonId(row.get(0)?))).collect()
}

/// Makes people, with an empty state under `rules`.
///
/// # Errors
/// [`StoreError::is_conflict`]: one of the unique identifiers is taken; begin again with fresh reads.
pub async fn insert(tx: &Tx, people: &[NewPerson], rules: RulesVersion) -> Result<(), StoreError> {
    static INSERT: Sql = Sql::new(
        "INSERT INTO people (id, cio_id, external_id, email, first_number, phone, attributes, known_since,
                             last_seq, rules_version, state)
         SELECT CAST(r.value->>0 AS bigint), {bytes:r.value->>1}, r.value->>2, r.value->>3, r.value->>4,
                r.value->>5, r.value->>6, CAST(r.value->>7 AS bigint), 0, $2, {bytes:''}
         FROM {rows} AS r WHERE true",
    );
    if people.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<&NewPerson> = people.iter().collect();
    // Two transactions that make the same people must meet at the first one.
    sorted.sort_by_key(|new| (&new.external_id, &new.email, &new.first_number));
    let rows = sorted.into_iter().map(|new| {
        (
            new.id,
            Hex(&new.cio_id.to_bytes()).digits(),
            new.external_id.as_deref(),
            new.email.as_deref(),
            new.first_number.as_ref().map(Phone::as_str),
            new.phone.as_ref().map(Phone::as_str),
            json(&new.attributes),
            new.known_since.0,
        )
    });
    tx.run(&INSERT, [batch(rows), i64::from(rules.0).into()]).await.map(drop)
}

/// Writes what the engine keeps of these people. They are locked and distinct.
///
/// # Errors
/// See [`StoreError`].
pub async fn save_states(tx: &Tx, rows: &[StateRow]) -> Result<(), StoreError> {
    static SAVE: Sql = Sql::new(
        "UPDATE people SET last_seq = CAST(r.value->>1 AS bigint), rules_version = CAST(r.value->>2 AS bigint),
                           state = {bytes:r.value->>3}
         FROM {rows} AS r WHERE people.id = CAST(r.value->>0 AS bigint)",
    );
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.iter().map(|row| (row.id, row.last_seq, row.rules, Hex(&row.state)));
    tx.run(&SAVE, [batch(rows)]).await.map(drop)
}

/// Moves wakes, or takes them away. Only for those whose wake differs: each touches the index of wakes.
///
/// # Errors
/// See [`StoreError`].
pub async fn set_wakes(tx: &Tx, wakes: &[(PersonId, Option<Second>)]) -> Result<(), StoreError> {
    static SET: Sql = Sql::new(
        "UPDATE people SET wake_at = CAST(r.value->>1 AS bigint)
         FROM {rows} AS r WHERE people.id = CAST(r.value->>0 AS bigint)",
    );
    if wakes.is_empty() {
        return Ok(());
    }
    tx.run(&SET, [batch(wakes)]).await.map(drop)
}

/// Writes identifiers, number and attributes of people who were changed from outside.
/// A first number goes when it is not the person's number any more.
///
/// # Errors
/// [`StoreError::is_conflict`]: an identifier belongs to somebody else.
pub async fn save_profiles(tx: &Tx, people: &[&Person]) -> Result<(), StoreError> {
    static SAVE: Sql = Sql::new(
        "UPDATE people SET external_id = r.value->>1, email = r.value->>2, phone = r.value->>3,
                           first_number = CASE WHEN first_number = r.value->>3 THEN first_number END,
                           attributes = r.value->>4
         FROM {rows} AS r WHERE people.id = CAST(r.value->>0 AS bigint)",
    );
    if people.is_empty() {
        return Ok(());
    }
    let rows = people.iter().map(|person| {
        let phone = person.phone.as_ref().map(Phone::as_str);
        (person.id, person.external_id.as_deref(), person.email.as_deref(), phone, json(&person.attributes))
    });
    tx.run(&SAVE, [batch(rows)]).await.map(drop)
}

/// Up to `limit` people whose wake lies before `now`: its second is over. Earliest first; on
/// PostgreSQL locked, without those that another node is busy with.
///
/// # Errors
/// See [`StoreError`].
pub async fn due(tx: &Tx, now: Second, limit: u32) -> Result<Vec<PersonId>, StoreError> {
    static DUE: Sql = Sql::new("SELECT id FROM people WHERE wake_at < $1 ORDER BY wake_at, id LIMIT $2 {skip_locked}");
    let rows = tx.fetch(&DUE, vec![now.0.into(), i64::from(limit).into()]).await?;
    rows.iter().map(|row| Ok(PersonId(row.get(0)?))).collect()
}

/// The earliest wake of all.
///
/// # Errors
/// See [`StoreError`].
pub async fn next_wake(from: &impl Source) -> Result<Option<Second>, StoreError> {
    static NEXT: Sql = Sql::new("SELECT min(wake_at) FROM people WHERE wake_at IS NOT NULL");
    match from.fetch(&NEXT, Vec::new()).await?.first() {
        Some(row) => row.second_or_null(0),
        None => Ok(None),
    }
}

/// The newest person's id; 0 where there is nobody.
///
/// # Errors
/// See [`StoreError`].
pub async fn newest(from: &impl Source) -> Result<PersonId, StoreError> {
    static NEWEST: Sql = Sql::new("SELECT max(id) FROM people");
    match from.fetch(&NEWEST, Vec::new()).await?.first() {
        Some(row) => Ok(PersonId(row.get::<Option<i64>>(0)?.unwrap_or(0))),
        None => Ok(PersonId(0)),
    }
}

/// How many people there are, and how many of them are not yet at `version`.
///
/// # Errors
/// See [`StoreError`].
pub async fn count(from: &impl Source, version: RulesVersion) -> Result<(u64, u64), StoreError> {
    static COUNT: Sql = Sql::new("SELECT count(*), count(CASE WHEN rules_version <> $1 THEN 1 END) FROM people");
    match from.fetch(&COUNT, vec![i64::from(version.0).into()]).await?.first() {
        Some(row) => Ok((row.number(0)?, row.number(1)?)),
        None => Ok((0, 0)),
    }
}

/// Up to `limit` people after `after`, by id, for lists.
///
/// # Errors
/// See [`StoreError`].
pub async fn page(from: &impl Source, after: PersonId, limit: u32) -> Result<Vec<PersonId>, StoreError> {
    static PAGE: Sql = Sql::new("SELECT id FROM people WHERE id > $1 ORDER BY id LIMIT $2");
    let rows = from.fetch(&PAGE, vec![after.0.into(), i64::from(limit).into()]).await?;
    rows.iter().map(|row| Ok(PersonId(row.get(0)?))).collect()
}

/// Rows of one number.
pub(super) fn id_batch(ids: &[PersonId]) -> Value {
    batch(ids.iter().map(|id| (id,)))
}
