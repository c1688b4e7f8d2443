//! What could not be read or processed, with the raw text: personal data.

use super::row::{Row, batch};
use super::sql::Sql;
use super::{Source, StoreError, Tx};
use crate::model::inbound::Broken;

/// Something to be kept for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQuarantined {
    pub arrived_ms: i64,
    pub provider: &'static str,
    pub broken: Broken,
}

/// The same as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow {
    pub id: i64,
    pub arrived_ms: i64,
    pub provider: String,
    /// JSON pointer of the item in its body.
    pub pointer: String,
    pub reason: String,
    pub raw: String,
}

/// Puts items into quarantine.
///
/// # Errors
/// See [`StoreError`].
pub async fn insert(tx: &Tx, items: &[NewQuarantined]) -> Result<(), StoreError> {
    static INSERT: Sql = Sql::new(
        "INSERT INTO quarantine (arrived_ms, provider, pointer, reason, raw)
         SELECT CAST(r.value->>0 AS bigint), r.value->>1, r.value->>2, r.value->>3, r.value->>4
         FROM {rows} AS r",
    );
    if items.is_empty() {
        return Ok(());
    }
    let rows = items.iter().map(|item| {
        let broken = &item.broken;
        (item.arrived_ms, item.provider, &broken.pointer, broken.reason.as_str(), &broken.raw)
    });
    tx.run(&INSERT, [batch(rows)]).await.map(drop)
}

/// Up to `limit` items before `before`, newest first.
///
/// # Errors
/// See [`StoreError`].
pub async fn page(from: &impl Source, before: Option<i64>, limit: u32) -> Result<Vec<QuarantineRow>, StoreError> {
    static PAGE: Sql = Sql::new(
        "SELECT id, arrived_ms, provider, pointer, reason, raw FROM quarantine
         WHERE id < $1 ORDER BY id DESC LIMIT $2",
    );
    let values = vec![before.unwrap_or(i64::MAX).into(), i64::from(limit).into()];
    from.fetch(&PAGE, values).await?.iter().map(read).collect()
}

/// One item.
///
/// # Errors
/// See [`StoreError`].
pub async fn get(from: &impl Source, id: i64) -> Result<Option<QuarantineRow>, StoreError> {
    static GET: Sql = Sql::new("SELECT id, arrived_ms, provider, pointer, reason, raw FROM quarantine WHERE id = $1");
    from.fetch(&GET, vec![id.into()]).await?.first().map(read).transpose()
}

/// How many there are.
///
/// # Errors
/// See [`StoreError`].
pub async fn count(from: &impl Source) -> Result<u64, StoreError> {
    static COUNT: Sql = Sql::new("SELECT count(*) FROM quarantine");
    match from.fetch(&COUNT, Vec::new()).await?.first() {
        Some(row) => row.number(0),
        None => Ok(0),
    }
}

fn read(row: &Row) -> Result<QuarantineRow, StoreError> {
    Ok(QuarantineRow {
        id: row.get(0)?,
        arrived_ms: row.get(1)?,
        provider: row.get(2)?,
        pointer: row.get(3)?,
        reason: row.get(4)?,
        raw: row.get(5)?,
    })
}
