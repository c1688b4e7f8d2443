//! What makes this installation itself: one row that travels with every copy of the database.

use super::source::Fetch as _;
use super::sql::Sql;
use super::{StoreError, Tx};
use crate::model::id::InstallationKey;
use crate::model::time::Second;

/// The one row.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Keys every hash of a provider's id.
    pub key: InstallationKey,
    pub created: Second,
}

/// The installation; made with `fresh` as its key where there was none.
///
/// # Errors
/// See [`StoreError`].
pub async fn ensure(tx: &Tx, fresh: &InstallationKey, at: Second) -> Result<Installation, StoreError> {
    static MAKE: Sql =
        Sql::new("INSERT INTO installation (id, hash_key, created_at) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING");
    static READ: Sql = Sql::new("SELECT hash_key, created_at FROM installation WHERE id = 1");
    tx.run(&MAKE, [fresh.0.to_vec().into(), at.0.into()]).await?;
    let rows = tx.fetch(&READ, Vec::new()).await?;
    let row = rows.first().ok_or_else(|| StoreError::unreadable("installation"))?;
    Ok(Installation { key: InstallationKey(row.bytes(0)?), created: row.second(1)? })
}
