//! The ways to the database: a transaction that writes, a handle that reads beside it, and one that goes on seeing
//! what it saw first.

use std::future::Future;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Value};

use super::StoreError;
use super::row::Row;
use super::sql::Sql;

/// A read may take this long; a reader that stays longer keeps the write-ahead log from shrinking.
const READ_DEADLINE: Duration = Duration::from_secs(5);

/// A transaction that writes. It ends by [`Tx::commit`]; dropped, it leaves nothing behind.
///
/// Between its begin and its end nothing may be awaited but the database.
#[derive(Debug)]
pub struct Tx {
    pub(super) inner: DatabaseTransaction,
}

impl Tx {
    /// Makes everything visible at once. After an error the outcome is unknown: the unique keys tell on the next try.
    ///
    /// # Errors
    /// What the database says; see [`StoreError::is_retryable`].
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Leaves nothing behind, and waits until that is so.
    ///
    /// # Errors
    /// The connection is gone; then nothing is left behind either.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }

    /// Runs a statement for its effect; says how many rows it touched.
    pub(super) async fn run(&self, sql: &Sql, values: impl IntoIterator<Item = Value>) -> Result<u64, StoreError> {
        let statement = sql.bind(self.inner.get_database_backend(), values);
        Ok(self.inner.execute_raw(statement).await?.rows_affected())
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }
}

/// Reads beside the writer, statement by statement; each sees what is committed when it begins.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) connection: DatabaseConnection,
}

/// Reads beside the writer; every statement sees what was committed when the first one began. It is for a few
/// statements that have to agree: for as long as it is there, the database keeps what it sees.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) inner: DatabaseTransaction,
}

/// Where rows can be read from: a [`Tx`], which sees its own writes, a [`Reader`], or a [`Snapshot`].
pub trait Source: Sync + sealed::Fetch {}

impl Source for Tx {}
impl Source for Reader {}
impl Source for Snapshot {}

pub(super) use sealed::Fetch;

mod sealed {
    use super::{Future, Row, Sql, StoreError, Value};

    /// Sealed: outside this folder nobody can name its types.
    pub trait Fetch {
        /// The rows of a statement.
        fn fetch(&self, sql: &Sql, values: Vec<Value>) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;
    }
}

impl Fetch for Tx {
    async fn fetch(&self, sql: &Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        rows(&self.inner, sql, values).await
    }
}

impl Fetch for Reader {
    async fn fetch(&self, sql: &Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        in_time(rows(&self.connection, sql, values)).await
    }
}

impl Fetch for Snapshot {
    async fn fetch(&self, sql: &Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        in_time(rows(&self.inner, sql, values)).await
    }
}

async fn in_time<T>(read: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::time::timeout(READ_DEADLINE, read).await.unwrap_or_else(|_| Err(StoreError::too_slow()))
}

async fn rows(connection: &impl ConnectionTrait, sql: &Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
    let statement = sql.bind(connection.get_database_backend(), values);
    Ok(connection.query_all_raw(statement).await?.into_iter().map(Row).collect())
}
