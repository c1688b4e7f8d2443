//! Who is in which segment, since when and why; and every entry and exit there was.

use std::collections::{BTreeMap, BTreeSet};

use super::people::id_batch;
use super::row::{Row, batch};
use super::sql::Sql;
use super::{Source, StoreError, Tx, cause};
use crate::model::id::{PersonId, RulesVersion, SegmentId};
use crate::model::time::Second;
use crate::model::transition::{Cause, Transition};

/// An entry or exit of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionRow {
    pub person: PersonId,
    pub transition: Transition,
    /// The rule set that decided it.
    pub rules: RulesVersion,
}

/// Somebody in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub segment: SegmentId,
    pub person: PersonId,
    pub since: Second,
    pub cause: Cause,
}

/// Writes down transitions in the order given and lets memberships follow the last one of each
/// person and segment. The people are locked.
///
/// # Errors
/// See [`StoreError`].
pub async fn write(tx: &Tx, transitions: &[TransitionRow]) -> Result<(), StoreError> {
    if transitions.is_empty() {
        return Ok(());
    }
    let mut last = BTreeMap::new();
    for row in transitions {
        last.insert((row.transition.segment, row.person), &row.transition);
    }
    let (entered, left): (Vec<_>, Vec<_>) = last.into_iter().partition(|(_, transition)| transition.entered);
    record(tx, transitions).await?;
    enter(tx, &entered).await?;
    leave(tx, &left).await
}

type Last<'a> = ((SegmentId, PersonId), &'a Transition);

async fn record(tx: &Tx, transitions: &[TransitionRow]) -> Result<(), StoreError> {
    static RECORD: Sql = Sql::new(
        "INSERT INTO transitions (person_id, segment_id, entered, at, late, rules_version, cause, cause_seq, cause_key)
         SELECT CAST(r.value->>0 AS bigint), CAST(r.value->>1 AS bigint), CAST(r.value->>2 AS bigint),
                CAST(r.value->>3 AS bigint), CAST(r.value->>4 AS bigint), CAST(r.value->>5 AS bigint),
                r.value->>6, CAST(r.value->>7 AS bigint), {bytes:r.value->>8}
         FROM {rows} AS r",
    );
    let rows = transitions.iter().map(|row| {
        let t = &row.transition;
        let (cause, seq, key) = cause::columns(&t.cause);
        (row.person, t.segment, u8::from(t.entered), t.at, u8::from(t.late), row.rules, cause, seq, key)
    });
    tx.run(&RECORD, [batch(rows)]).await.map(drop)
}

async fn enter(tx: &Tx, entered: &[Last<'_>]) -> Result<(), StoreError> {
    static ENTER: Sql = Sql::new(
        "INSERT INTO memberships (segment_id, person_id, since, cause, cause_seq, cause_key)
         SELECT CAST(r.value->>0 AS bigint), CAST(r.value->>1 AS bigint), CAST(r.value->>2 AS bigint),
                r.value->>3, CAST(r.value->>4 AS bigint), {bytes:r.value->>5}
         FROM {rows} AS r WHERE true
         ON CONFLICT (segment_id, person_id) DO UPDATE
         SET since = excluded.since, cause = excluded.cause,
             cause_seq = excluded.cause_seq, cause_key = excluded.cause_key",
    );
    if entered.is_empty() {
        return Ok(());
    }
    let rows = entered.iter().map(|((segment, person), transition)| {
        let (cause, seq, key) = cause::columns(&transition.cause);
        (segment, person, transition.at, cause, seq, key)
    });
    tx.run(&ENTER, [batch(rows)]).await.map(drop)
}

async fn leave(tx: &Tx, left: &[Last<'_>]) -> Result<(), StoreError> {
    static LEAVE: Sql = Sql::new(
        "DELETE FROM memberships WHERE (segment_id, person_id) IN
             (SELECT CAST(r.value->>0 AS bigint), CAST(r.value->>1 AS bigint) FROM {rows} AS r)",
    );
    if left.is_empty() {
        return Ok(());
    }
    tx.run(&LEAVE, [batch(left.iter().map(|(key, _)| key))]).await.map(drop)
}

/// Up to `limit` members of a segment after `after`, by id.
///
/// # Errors
/// See [`StoreError`].
pub async fn members(
    from: &impl Source,
    segment: SegmentId,
    after: PersonId,
    limit: u32,
) -> Result<Vec<Membership>, StoreError> {
    static MEMBERS: Sql = Sql::new(
        "SELECT segment_id, person_id, since, cause, cause_seq, cause_key FROM memberships
         WHERE segment_id = $1 AND person_id > $2 ORDER BY person_id LIMIT $3",
    );
    let values = vec![i64::from(segment.0).into(), after.0.into(), i64::from(limit).into()];
    from.fetch(&MEMBERS, values).await?.iter().map(membership).collect()
}

/// How many are in a segment.
///
/// # Errors
/// See [`StoreError`].
pub async fn count(from: &impl Source, segment: SegmentId) -> Result<u64, StoreError> {
    static COUNT: Sql = Sql::new("SELECT count(*) FROM memberships WHERE segment_id = $1");
    match from.fetch(&COUNT, vec![i64::from(segment.0).into()]).await?.first() {
        Some(row) => row.number(0),
        None => Ok(0),
    }
}

/// The segments that somebody is in, by id. One look per segment there is: entries and exits stay
/// cheaper by the index that this does without.
///
/// # Errors
/// See [`StoreError`].
pub async fn of_person(from: &impl Source, person: PersonId) -> Result<Vec<Membership>, StoreError> {
    static OF_PERSON: Sql = Sql::new(
        "SELECT m.segment_id, m.person_id, m.since, m.cause, m.cause_seq, m.cause_key
         FROM segments AS s CROSS JOIN memberships AS m
         WHERE m.segment_id = s.id AND m.person_id = $1 ORDER BY m.segment_id",
    );
    from.fetch(&OF_PERSON, vec![person.0.into()]).await?.iter().map(membership).collect()
}

/// The segments that each of these people is in; nobody is listed who is in none.
///
/// # Errors
/// See [`StoreError`].
pub async fn of_people(
    from: &impl Source,
    ids: &[PersonId],
) -> Result<BTreeMap<PersonId, BTreeSet<SegmentId>>, StoreError> {
    static OF_PEOPLE: Sql = Sql::new(
        "SELECT m.person_id, m.segment_id
         FROM {rows} AS r CROSS JOIN segments AS s CROSS JOIN memberships AS m
         WHERE m.segment_id = s.id AND m.person_id = CAST(r.value->>0 AS bigint)",
    );
    let mut found: BTreeMap<PersonId, BTreeSet<SegmentId>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    for row in &from.fetch(&OF_PEOPLE, vec![id_batch(ids)]).await? {
        found.entry(PersonId(row.get(0)?)).or_default().insert(SegmentId(row.number(1)?));
    }
    Ok(found)
}

/// Those among these people of whom something was ever put right.
///
/// # Errors
/// See [`StoreError`].
pub async fn mended(from: &impl Source, ids: &[PersonId]) -> Result<BTreeSet<PersonId>, StoreError> {
    static MENDED: Sql = Sql::new(
        "SELECT DISTINCT t.person_id FROM {rows} AS r CROSS JOIN transitions AS t
         WHERE t.person_id = CAST(r.value->>0 AS bigint) AND t.cause = 'recheck'",
    );
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    from.fetch(&MENDED, vec![id_batch(ids)]).await?.iter().map(|row| Ok(PersonId(row.get(0)?))).collect()
}

fn membership(row: &Row) -> Result<Membership, StoreError> {
    Ok(Membership {
        segment: SegmentId(row.number(0)?),
        person: PersonId(row.get(1)?),
        since: row.second(2)?,
        cause: cause::read(row, 3)?,
    })
}
