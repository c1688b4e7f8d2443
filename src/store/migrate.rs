//! Transactions begin here, and the schema is brought up to date in one: all pending steps or none.

use migrations::sea_orm_migration::MigratorTrait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use super::OpenError;

/// Any number that is ours: whoever migrates holds it, so that of several nodes one does.
const ADVISORY_LOCK: i64 = 0x616e_7469_7068_6f6e;

/// Begins a transaction. On SQLite a deferred one, the library's default, fails at its first write
/// when another has committed since its first read, and no time-out helps.
pub(super) async fn begin(
    connection: &DatabaseConnection,
    mode: SqliteTransactionMode,
) -> Result<DatabaseTransaction, DbErr> {
    let options = match connection.get_database_backend() {
        DbBackend::Postgres => {
            TransactionOptions { isolation_level: Some(IsolationLevel::ReadCommitted), ..Default::default() }
        }
        _ => TransactionOptions { sqlite_transaction_mode: Some(mode), ..Default::default() },
    };
    connection.begin_with_options(options).await
}

/// Runs the steps that this database has not seen.
pub(super) async fn migrate<M: MigratorTrait>(connection: &DatabaseConnection) -> Result<(), OpenError> {
    let tx = begin(connection, SqliteTransactionMode::Exclusive).await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        // Another node may be at it for a while.
        tx.execute_unprepared("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0").await?;
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    }
    M::install(&tx).await?;
    let known: Vec<String> = M::migrations().iter().map(|step| step.name().to_owned()).collect();
    let seen = M::get_migration_models(&tx).await?;
    if let Some(unknown) = seen.into_iter().find(|step| !known.contains(&step.version)) {
        return Err(OpenError::NewerSchema(unknown.version));
    }
    M::up(&tx, None).await?;
    Ok(tx.commit().await?)
}
