//! How schedules find people: by the zone that they have, by the values of attributes, by their segments. Zones are
//! personal data, and so are values, of which digests are kept.

use sea_orm::Value;

use crate::model::id::PersonId;
use crate::model::lookup::{Lookup, ValueKey};
use crate::store::row::{Hex, batch};
use crate::store::sql::Sql;
use crate::store::{Source, StoreError, Tx};

/// Writes the zones of people who have got another one, or none any more. They are locked.
///
/// # Errors
/// See [`StoreError`].
pub async fn set_zones(tx: &Tx, zones: &[(PersonId, Option<&str>)]) -> Result<(), StoreError> {
    static SET: Sql =
        Sql::new("UPDATE people SET zone = r.value->>1 FROM {rows} AS r WHERE people.id = CAST(r.value->>0 AS bigint)");
    if zones.is_empty() {
        return Ok(());
    }
    tx.run(&SET, [batch(zones)]).await.map(drop)
}

/// The zones that people have of their own, by name: one look at the index for each.
///
/// # Errors
/// See [`StoreError`].
pub async fn zones_in_use(from: &impl Source) -> Result<Vec<String>, StoreError> {
    static ZONES: Sql = Sql::new(
        "WITH RECURSIVE used (zone) AS (
             SELECT min(zone) FROM people WHERE zone IS NOT NULL
             UNION ALL
             SELECT (SELECT min(p.zone) FROM people AS p WHERE p.zone > used.zone) FROM used
             WHERE used.zone IS NOT NULL)
         SELECT zone FROM used WHERE zone IS NOT NULL",
    );
    from.fetch(&ZONES, Vec::new()).await?.iter().map(|row| row.get(0)).collect()
}

/// Writes by which values these people are found, in the place of those before. They are locked and distinct.
///
/// # Errors
/// See [`StoreError`].
pub async fn set_values(tx: &Tx, people: &[(PersonId, Vec<ValueKey>)]) -> Result<(), StoreError> {
    static CLEAR: Sql =
        Sql::new("DELETE FROM person_values WHERE person_id IN (SELECT CAST(r.value->>0 AS bigint) FROM {rows} AS r)");
    static INSERT: Sql = Sql::new(
        "INSERT INTO person_values (value_key, person_id)
         SELECT {bytes:r.value->>0}, CAST(r.value->>1 AS bigint) FROM {rows} AS r WHERE true
         ON CONFLICT (value_key, person_id) DO NOTHING",
    );
    if people.is_empty() {
        return Ok(());
    }
    tx.run(&CLEAR, [batch(people.iter().map(|(id, _)| (id,)))]).await?;
    let rows = people.iter().flat_map(|(id, keys)| keys.iter().map(move |key| (Hex(&key.0).digits(), id)));
    tx.run(&INSERT, [batch(rows)]).await.map(drop)
}

/// Whose clocks are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum In<'a> {
    Everywhere,
    /// Those who have this zone; with `otherwise` also those who have none of their own.
    Zone {
        zone: &'a str,
        otherwise: bool,
    },
}

/// Up to `limit` people after `after`, by id, whom `lookup` leads to.
///
/// # Errors
/// See [`StoreError`].
pub async fn found_by(
    from: &impl Source,
    lookup: Lookup,
    whose: In<'_>,
    after: PersonId,
    limit: u32,
) -> Result<Vec<PersonId>, StoreError> {
    static MEMBERS: Sql = Sql::new(
        "SELECT person_id FROM memberships WHERE segment_id = $1 AND person_id > $2 ORDER BY person_id LIMIT $3",
    );
    static MEMBERS_IN: Sql = Sql::new(
        "SELECT m.person_id FROM memberships AS m CROSS JOIN people AS p
         WHERE m.segment_id = $1 AND m.person_id > $2 AND p.id = m.person_id
           AND (p.zone = $4 OR (p.zone IS NULL AND $5 = 1))
         ORDER BY m.person_id LIMIT $3",
    );
    static HOLDERS: Sql = Sql::new(
        "SELECT person_id FROM person_values WHERE value_key = $1 AND person_id > $2 ORDER BY person_id LIMIT $3",
    );
    static HOLDERS_IN: Sql = Sql::new(
        "SELECT v.person_id FROM person_values AS v CROSS JOIN people AS p
         WHERE v.value_key = $1 AND v.person_id > $2 AND p.id = v.person_id
           AND (p.zone = $4 OR (p.zone IS NULL AND $5 = 1))
         ORDER BY v.person_id LIMIT $3",
    );
    let (all, inside, what): (&Sql, &Sql, Value) = match lookup {
        Lookup::Members(segment) => (&MEMBERS, &MEMBERS_IN, i64::from(segment.0).into()),
        Lookup::Holders(key) => (&HOLDERS, &HOLDERS_IN, key.0.to_vec().into()),
    };
    let mut values = vec![what, after.0.into(), i64::from(limit).into()];
    let sql = match whose {
        In::Everywhere => all,
        In::Zone { zone, otherwise } => {
            values.extend([zone.into(), i64::from(otherwise).into()]);
            inside
        }
    };
    from.fetch(sql, values).await?.iter().map(|row| Ok(PersonId(row.get(0)?))).collect()
}
