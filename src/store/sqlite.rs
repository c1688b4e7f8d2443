//! A SQLite file: whose it is, and the settings without which the promises do not hold.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, SqlxSqliteConnector, Statement};
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::OpenError;
use super::open::Opened;
use super::place;

/// Older ones can corrupt the file when the write-ahead log is reset.
const VERSION_MIN: (u32, u32, u32) = (3, 51, 3);
const VERSION_NEEDED: &str = "SQLite 3.51.3 or newer";
const BUSY: Duration = Duration::from_secs(2);
const ACQUIRE: Duration = Duration::from_secs(1);
const READERS: u32 = 4;
/// As many statements as the product has, and some.
const STATEMENTS_CACHED: usize = 200;
const ROWS_BUFFERED: usize = 2048;

/// Settings and what reading them back must give. The log is folded into the file each 16,000
/// pages (64 MB): at SQLite's own 1,000 the throughput halves.
const PRAGMAS: &[(&str, &str)] = &[
    ("foreign_keys", "1"),
    ("cell_size_check", "1"),
    ("trusted_schema", "0"),
    ("mmap_size", "0"),
    ("journal_size_limit", "67108864"),
    ("wal_autocheckpoint", "16000"),
    ("secure_delete", "1"),
    ("temp_store", "2"),
];
/// The writer's pages, in kB: those that batches touch over and over.
const WRITER_CACHE: (&str, &str) = ("cache_size", "-65536");
/// A reader's. There are several, and the system keeps the file's pages too.
const READER_CACHE: (&str, &str) = ("cache_size", "-8192");
/// Set by functions of the driver rather than by name.
const DRIVER_PRAGMAS: &[(&str, &str)] = &[("journal_mode", "wal"), ("synchronous", "2"), ("busy_timeout", "2000")];

/// Opens the file, made with mode 0600 if missing, for this process alone.
pub(super) async fn open(path: &Path) -> Result<Opened, OpenError> {
    let at = |error| OpenError::File(path.to_owned(), error);
    private_file(path).map_err(at)?;
    let path = path.canonicalize().map_err(at)?;
    if let Some(kind) = place::network_file_system(&place::mounts(), &path) {
        return Err(OpenError::Network(path, kind));
    }
    let lock = lock(&path)?;
    let writer = connect(options(&path).pragma(WRITER_CACHE.0, WRITER_CACHE.1), 1).await?;
    check_version(&writer).await?;
    let reader = options(&path).pragma(READER_CACHE.0, READER_CACHE.1).pragma("query_only", "1");
    let reader = connect(reader, READERS).await?;
    for (name, wanted) in DRIVER_PRAGMAS.iter().chain(PRAGMAS) {
        check(&writer, name, wanted).await?;
        check(&reader, name, wanted).await?;
    }
    check(&writer, WRITER_CACHE.0, WRITER_CACHE.1).await?;
    check(&reader, READER_CACHE.0, READER_CACHE.1).await?;
    check(&reader, "query_only", "1").await?;
    Ok(Opened { writer, reader, lock: Some(lock), weak: false })
}

fn options(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .statement_cache_capacity(STATEMENTS_CACHED)
        .row_buffer_size(ROWS_BUFFERED)
        .disable_statement_logging();
    PRAGMAS.iter().fold(options, |options, (name, value)| options.pragma(*name, *value))
}

async fn connect(options: SqliteConnectOptions, connections: u32) -> Result<DatabaseConnection, OpenError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        // A ping costs as much as a statement, and a file does not hang up.
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// Makes the file if it is missing: nobody else may read what people wrote.
fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Takes the lock file beside the database. The system lets go of it when the process ends, however it ends.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = private_file(&name).map_err(|error| OpenError::File(name.clone(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(OpenError::File(name, error)),
    }
}

async fn check_version(connection: &DatabaseConnection) -> Result<(), OpenError> {
    let found = ask(connection, "SELECT sqlite_version()").await?;
    let mut parts = found.split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < VERSION_MIN {
        return Err(OpenError::Version { found: format!("SQLite {found}"), needed: VERSION_NEEDED });
    }
    Ok(())
}

async fn check(connection: &DatabaseConnection, name: &'static str, wanted: &'static str) -> Result<(), OpenError> {
    let found = ask(connection, &format!("PRAGMA {name}")).await?;
    if found == wanted { Ok(()) } else { Err(OpenError::Setting { name, wanted, found }) }
}

/// The one value of one row, as text.
async fn ask(connection: &DatabaseConnection, sql: &str) -> Result<String, OpenError> {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    let Some(row) = row else { return Ok(String::new()) };
    match row.try_get_by::<String, usize>(0) {
        Ok(text) => Ok(text),
        Err(_) => Ok(row.try_get_by::<i64, usize>(0)?.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, Database};

    use super::{OpenError, check};

    /// What is set is read back: another value is seen, and named.
    #[test]
    fn a_setting_that_did_not_take_is_refused() {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let connection = Database::connect("sqlite::memory:").await.unwrap();
            connection.execute_unprepared("PRAGMA synchronous = NORMAL").await.unwrap();
            assert!(check(&connection, "synchronous", "1").await.is_ok());
            let error = check(&connection, "synchronous", "2").await.unwrap_err();
            assert!(matches!(&error, OpenError::Setting { name: "synchronous", found, .. } if found == "1"), "{error}");
        });
    }
}
