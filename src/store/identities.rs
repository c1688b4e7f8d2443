//! Who holds which number or provider id. Several people may hold one; who wins is decided
//! elsewhere. Values are personal data.

use ulid::Ulid;

use super::people::id_batch;
use super::row::{Hex, batch, word};
use super::sql::Sql;
use super::{Source, StoreError, Tx};
use crate::model::id::PersonId;
use crate::model::identity::Channel;
use crate::model::person::Handle;
use crate::model::phone::Phone;
use crate::model::time::Second;

/// One value that leads to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub channel: Channel,
    pub value: String,
    pub person: PersonId,
    pub since: Second,
}

/// Somebody who holds a value that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub channel: Channel,
    pub value: String,
    pub person: PersonId,
    pub known_since: Second,
}

/// All who hold one of `wanted`: by channel and value, the longest known first, then the smaller id.
///
/// # Errors
/// See [`StoreError`].
pub async fn holders(from: &impl Source, wanted: &[(Channel, &str)]) -> Result<Vec<Holder>, StoreError> {
    static HOLDERS: Sql = Sql::new(
        "SELECT i.channel, i.value, p.id, p.known_since
         FROM {rows} AS r CROSS JOIN identities AS i CROSS JOIN people AS p
         WHERE i.channel = r.value->>0 AND i.value = r.value->>1 AND p.id = i.person_id",
    );
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let rows = from.fetch(&HOLDERS, vec![batch(wanted)]).await?;
    let holder = |row: &super::row::Row| {
        Ok(Holder {
            channel: row.word(0)?,
            value: row.get(1)?,
            person: PersonId(row.get(2)?),
            known_since: row.second(3)?,
        })
    };
    let mut holders = rows.iter().map(holder).collect::<Result<Vec<_>, StoreError>>()?;
    holders.sort_by(|a, b| {
        (a.channel, &a.value, a.known_since, a.person).cmp(&(b.channel, &b.value, b.known_since, b.person))
    });
    holders.dedup();
    Ok(holders)
}

/// Somebody to whom a handle leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub handle: Handle,
    pub person: PersonId,
    pub known_since: Second,
}

/// All to whom one of `handles` leads: by handle, the longest known first, then the smaller id.
/// Only a number can lead to several.
///
/// # Errors
/// See [`StoreError`].
pub async fn find(from: &impl Source, handles: &[Handle]) -> Result<Vec<Found>, StoreError> {
    static FIND: Sql = Sql::new(
        "SELECT 'external_id', p.external_id, p.id, p.known_since
         FROM {rows} AS r CROSS JOIN people AS p
         WHERE r.value->>0 = 'external_id' AND p.external_id = r.value->>1
         UNION ALL
         SELECT 'email', p.email, p.id, p.known_since
         FROM {rows} AS r CROSS JOIN people AS p
         WHERE r.value->>0 = 'email' AND p.email = r.value->>1
         UNION ALL
         SELECT 'phone', i.value, p.id, p.known_since
         FROM {rows} AS r CROSS JOIN identities AS i CROSS JOIN people AS p
         WHERE r.value->>0 = 'phone' AND i.channel = 'phone' AND i.value = r.value->>1 AND p.id = i.person_id
         UNION ALL
         SELECT 'cio_id', r.value->>1, p.id, p.known_since
         FROM {rows2} AS r CROSS JOIN people AS p
         WHERE p.cio_id = {bytes:r.value->>0}",
    );
    if handles.is_empty() {
        return Ok(Vec::new());
    }
    let mut texts = Vec::new();
    let mut cio_ids = Vec::new();
    for handle in handles {
        match handle {
            Handle::ExternalId(id) => texts.push(("external_id", id.as_str())),
            Handle::Email(email) => texts.push(("email", email)),
            Handle::Phone(phone) => texts.push(("phone", phone.as_str())),
            Handle::CioId(id) => cio_ids.push((Hex(&id.to_bytes()).digits(), id.to_string())),
        }
    }
    let rows = from.fetch(&FIND, vec![batch(texts), batch(cio_ids)]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let value: String = row.get(1)?;
        let handle = match row.get::<String>(0)?.as_str() {
            "external_id" => Handle::ExternalId(value),
            "email" => Handle::Email(value),
            "phone" => Handle::Phone(word::<Phone>(value)?),
            _ => Handle::CioId(Ulid::from_string(&value).map_err(|_| StoreError::unreadable("cio_id"))?),
        };
        found.push(Found { handle, person: PersonId(row.get(2)?), known_since: row.second(3)? });
    }
    found.sort_by(|a, b| (&a.handle, a.known_since, a.person).cmp(&(&b.handle, b.known_since, b.person)));
    found.dedup();
    Ok(found)
}

/// The person of `handle`; of several with one number the longest known.
///
/// # Errors
/// See [`StoreError`].
pub async fn by_handle(from: &impl Source, handle: &Handle) -> Result<Option<PersonId>, StoreError> {
    Ok(find(from, std::slice::from_ref(handle)).await?.first().map(|found| found.person))
}

/// Everything that leads to these people.
///
/// # Errors
/// See [`StoreError`].
pub async fn of_people(from: &impl Source, ids: &[PersonId]) -> Result<Vec<Identity>, StoreError> {
    static OF_PEOPLE: Sql = Sql::new(
        "SELECT i.channel, i.value, i.person_id, i.since FROM {rows} AS r CROSS JOIN identities AS i
         WHERE i.person_id = CAST(r.value->>0 AS bigint) ORDER BY i.person_id, i.channel, i.value",
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = from.fetch(&OF_PEOPLE, vec![id_batch(ids)]).await?;
    rows.iter()
        .map(|row| {
            Ok(Identity {
                channel: row.word(0)?,
                value: row.get(1)?,
                person: PersonId(row.get(2)?),
                since: row.second(3)?,
            })
        })
        .collect()
}

/// Adds identities; those that are there keep their `since`.
///
/// # Errors
/// See [`StoreError`].
pub async fn insert(tx: &Tx, identities: &[Identity]) -> Result<(), StoreError> {
    static INSERT: Sql = Sql::new(
        "INSERT INTO identities (channel, value, person_id, since)
         SELECT r.value->>0, r.value->>1, CAST(r.value->>2 AS bigint), CAST(r.value->>3 AS bigint)
         FROM {rows} AS r WHERE true ON CONFLICT DO NOTHING",
    );
    if identities.is_empty() {
        return Ok(());
    }
    let rows = identities.iter().map(|i| (i.channel, i.value.as_str(), i.person, i.since));
    tx.run(&INSERT, [batch(rows)]).await.map(drop)
}

/// Takes all values of a channel away from people: before a changed number is written.
///
/// # Errors
/// See [`StoreError`].
pub async fn delete(tx: &Tx, of: &[(PersonId, Channel)]) -> Result<(), StoreError> {
    static DELETE: Sql = Sql::new(
        "DELETE FROM identities WHERE EXISTS (
             SELECT 1 FROM {rows} AS r
             WHERE CAST(r.value->>0 AS bigint) = identities.person_id AND r.value->>1 = identities.channel)
         AND person_id IN (SELECT CAST(r.value->>0 AS bigint) FROM {rows} AS r)",
    );
    if of.is_empty() {
        return Ok(());
    }
    tx.run(&DELETE, [batch(of)]).await.map(drop)
}
