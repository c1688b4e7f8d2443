//! A PostgreSQL server: is it one that keeps what it commits, and the settings of each connection.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, Statement};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor};

use super::OpenError;
use super::open::{Opened, Options};

const VERSION_MIN: i64 = 150_000;
const VERSION_NEEDED: &str = "PostgreSQL 15 or newer";
const ACQUIRE: Duration = Duration::from_secs(1);
const READERS: u32 = 4;
/// A connection that has rested for so long may be dead.
const PING_AFTER: Duration = Duration::from_secs(5);
const STATEMENTS_CACHED: usize = 200;

/// Per connection, with what reading them back must give.
const SETTINGS: &[(&str, &str)] = &[
    ("synchronous_commit", "on"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("default_transaction_isolation", "read committed"),
    ("TimeZone", "UTC"),
];
/// A statement of a batch may take so long; the whole batch has little more.
const WRITER_TIMEOUT: (&str, &str) = ("statement_timeout", "4s");
const READER_TIMEOUT: (&str, &str) = ("statement_timeout", "10s");

/// Opens pools to the server and asks it what it is.
pub(super) async fn open(url: &str, options: Options) -> Result<Opened, OpenError> {
    let connection = url.parse::<PgConnectOptions>()?.application_name(options.connected_as);
    let connection = connection.statement_cache_capacity(STATEMENTS_CACHED).disable_statement_logging();
    let writer = connect(connection.clone(), options.postgres_writers, WRITER_TIMEOUT).await?;
    let weak = check_server(&writer, options).await?;
    let reader = connect(connection, READERS, READER_TIMEOUT).await?;
    Ok(Opened { writer, reader, lock: None, weak })
}

async fn connect(
    options: PgConnectOptions,
    connections: u32,
    timeout: (&'static str, &'static str),
) -> Result<DatabaseConnection, OpenError> {
    let set: String =
        SETTINGS.iter().chain([&timeout]).map(|(name, value)| format!("SET {name} = '{value}';")).collect();
    let pool = PgPoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .before_acquire(|connection, resting| {
            Box::pin(async move {
                if resting.idle_for >= PING_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let set = set.clone();
            Box::pin(async move {
                connection.execute(sqlx::AssertSqlSafe(set)).await?;
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    for (name, wanted) in SETTINGS.iter().chain([&timeout]) {
        let found = setting(&connection, name).await?;
        if found != *wanted {
            return Err(OpenError::Setting { name, wanted, found });
        }
    }
    Ok(connection)
}

/// Whether it may be relied on. True: its durability is weak, and that is allowed.
async fn check_server(connection: &DatabaseConnection, options: Options) -> Result<bool, OpenError> {
    let number = setting(connection, "server_version_num").await?;
    if number.parse().is_ok_and(|number: i64| number < VERSION_MIN) {
        let found = setting(connection, "server_version").await?;
        return Err(OpenError::Version { found: format!("PostgreSQL {found}"), needed: VERSION_NEEDED });
    }
    let encoding = setting(connection, "server_encoding").await?;
    if encoding != "UTF8" {
        return Err(OpenError::Setting { name: "server_encoding", wanted: "UTF8", found: encoding });
    }
    if ask(connection, "SELECT pg_is_in_recovery()::text").await? != "false" {
        return Err(OpenError::Standby);
    }
    for name in ["fsync", "full_page_writes"] {
        if setting(connection, name).await? != "on" {
            return if options.allow_weak_durability { Ok(true) } else { Err(OpenError::WeakDurability(name)) };
        }
    }
    Ok(false)
}

async fn setting(connection: &DatabaseConnection, name: &str) -> Result<String, OpenError> {
    ask(connection, &format!("SELECT current_setting('{name}')")).await
}

/// The one text of one row.
async fn ask(connection: &DatabaseConnection, sql: &str) -> Result<String, OpenError> {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    Ok(row.map(|row| row.try_get_by::<String, usize>(0)).transpose()?.unwrap_or_default())
}
