//! Transactions begin here, and the schema is brought up to date in one: all pending steps or none.

use migrations::sea_orm_migration::MigratorTrait;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
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

/// Begins a transaction that reads. On SQLite the first statement decides what it sees.
pub(super) async fn begin_to_read(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = match connection.get_database_backend() {
        DbBackend::Postgres => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..Default::default()
        },
        _ => {
            TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred), ..Default::default() }
        }
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

#[cfg(test)]
mod tests {
    use migrations::sea_orm_migration::async_trait::async_trait;
    use migrations::sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};
    use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};

    use super::migrate;
    use crate::store::OpenError;

    struct Step(&'static str, &'static [&'static str]);

    impl MigrationName for Step {
        fn name(&self) -> &str {
            self.0
        }
    }

    #[async_trait]
    impl MigrationTrait for Step {
        async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            for statement in self.1 {
                manager.get_connection().execute_unprepared(statement).await?;
            }
            Ok(())
        }
    }

    const GOOD: Step = Step("m1", &["CREATE TABLE first (id bigint)"]);

    struct Good;
    impl MigratorTrait for Good {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(GOOD)]
        }
    }

    /// Its second step fails half way.
    struct Failing;
    impl MigratorTrait for Failing {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(GOOD), Box::new(Step("m2", &["CREATE TABLE second (id bigint)", "CREATE TABLE"]))]
        }
    }

    struct Older;
    impl MigratorTrait for Older {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            Vec::new()
        }
    }

    async fn tables(connection: &DatabaseConnection) -> i64 {
        let sql = match connection.get_database_backend() {
            DbBackend::Postgres => "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()",
            _ => "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
        };
        let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
        row.unwrap().unwrap().try_get_by(0_usize).unwrap()
    }

    async fn all_or_nothing(connection: &DatabaseConnection) {
        assert!(migrate::<Failing>(connection).await.is_err());
        assert_eq!(tables(connection).await, 0);
        migrate::<Good>(connection).await.unwrap();
        migrate::<Good>(connection).await.unwrap();
        assert!(migrate::<Failing>(connection).await.is_err());
        assert_eq!(tables(connection).await, 2, "the good step and the list of steps");
        let newer = migrate::<Older>(connection).await.unwrap_err();
        assert!(matches!(&newer, OpenError::NewerSchema(step) if step == "m1"), "{newer}");
    }

    fn block_on(future: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
    }

    #[test]
    fn steps_run_all_or_none_on_sqlite() {
        block_on(async { all_or_nothing(&Database::connect("sqlite::memory:").await.unwrap()).await });
    }

    #[test]
    fn steps_run_all_or_none_on_postgres() {
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("SKIP steps_run_all_or_none_on_postgres: TEST_POSTGRES_URL is not set");
            return;
        };
        block_on(async {
            let schema = format!("migrate_{}", std::process::id());
            let outside = Database::connect(&server).await.unwrap();
            outside.execute_unprepared(&format!("CREATE SCHEMA {schema}")).await.unwrap();
            let inside = Database::connect(format!("{server}?options[search_path]={schema}")).await.unwrap();
            all_or_nothing(&inside).await;
            inside.close().await.unwrap();
            outside.execute_unprepared(&format!("DROP SCHEMA {schema} CASCADE")).await.unwrap();
        });
    }
}
