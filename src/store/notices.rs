//! Rows of the activity log that are neither events nor their consequences: a profile was made,
//! something was ignored, a number is not usable, a send ended badly. Data may be personal.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::row::{Hex, Row, batch, json};
use super::source::Fetch as _;
use super::sql::Sql;
use super::{StoreError, Tx};
use crate::model::id::{EventKey, PersonId};
use crate::model::value::Properties;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub at_ms: i64,
    /// The activity type: `profile_create`, `ignored`, `phone_not_usable` …
    pub kind: Cow<'static, str>,
    pub person: Option<PersonId>,
    /// With a key it is written once, however often it is told.
    pub key: Option<EventKey>,
    pub data: Properties,
}

/// Writes lines in the order given; says which keys were new.
///
/// # Errors
/// See [`StoreError`].
pub async fn insert(tx: &Tx, notices: &[Notice]) -> Result<BTreeSet<EventKey>, StoreError> {
    static INSERT: Sql = Sql::new(
        "INSERT INTO notices (at_ms, kind, person_id, dedupe_key, data)
         SELECT CAST(r.value->>0 AS bigint), r.value->>1, CAST(r.value->>2 AS bigint), {bytes:r.value->>3},
                r.value->>4
         FROM {rows} AS r WHERE true ON CONFLICT DO NOTHING RETURNING dedupe_key",
    );
    if notices.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = notices.iter().map(|n| (n.at_ms, &n.kind, n.person, n.key.as_ref().map(|k| Hex(&k.0)), json(&n.data)));
    let rows = tx.fetch(&INSERT, vec![batch(rows)]).await?;
    let keys = rows.iter().map(|row| Ok(row.bytes_or_null(0)?.map(EventKey)));
    Ok(keys.collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten().collect())
}

/// Reads five columns from `first` on, in the order of the table.
pub(super) fn read(row: &Row, first: usize) -> Result<Notice, StoreError> {
    Ok(Notice {
        at_ms: row.get(first)?,
        kind: Cow::Owned(row.get(first + 1)?),
        person: row.get::<Option<i64>>(first + 2)?.map(PersonId),
        key: row.bytes_or_null(first + 3)?.map(EventKey),
        data: row.json(first + 4)?,
    })
}
