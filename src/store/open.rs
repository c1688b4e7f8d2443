//! Opening: which database, are its settings what the promises need, is its schema up to date.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::place::{self, Place};
use super::source::{Fetch as _, Reader, Tx};
use super::sql::Sql;
use super::{StoreError, migrate, postgres, sqlite};

/// An open database.
#[derive(Debug)]
pub struct Store {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    /// Held as long as this process may write to the SQLite file.
    lock: Option<File>,
    weak: bool,
}

/// What an operator may choose.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Go on although the PostgreSQL server does not flush what it commits.
    pub allow_weak_durability: bool,
    /// Transactions that write at the same time on PostgreSQL. SQLite has one.
    pub postgres_writers: u32,
    /// The name that PostgreSQL lists the connections under.
    pub connected_as: &'static str,
}

/// The name of a server's connections.
pub(super) const SERVER: &str = "antiphon";

impl Default for Options {
    fn default() -> Self {
        Self { allow_weak_durability: false, postgres_writers: 4, connected_as: SERVER }
    }
}

impl Store {
    /// Opens the database at `url`: `sqlite://PATH` (made if missing) or `postgres://…`.
    ///
    /// # Errors
    /// Whatever would break a promise later is refused here: see [`OpenError`].
    pub async fn open(url: &str, options: Options) -> Result<Self, OpenError> {
        let opened = match place::place(url).map_err(OpenError::Url)? {
            Place::Sqlite(path) => sqlite::open(&path).await?,
            Place::Postgres(url) => postgres::open(&url, options).await?,
        };
        migrate::migrate::<migrations::Migrator>(&opened.writer).await?;
        Ok(Self { writer: opened.writer, reader: opened.reader, lock: opened.lock, weak: opened.weak })
    }

    /// Begins a transaction that writes. There is no other way to one.
    ///
    /// # Errors
    /// No connection within a second, or the database refuses; see [`StoreError::is_retryable`].
    pub async fn write(&self) -> Result<Tx, StoreError> {
        Ok(Tx { inner: migrate::begin(&self.writer, sea_orm::SqliteTransactionMode::Immediate).await? })
    }

    /// A handle that reads what is committed.
    #[must_use]
    pub fn read(&self) -> Reader {
        Reader { connection: self.reader.clone() }
    }

    /// The server loses commits in a power cut, and the operator has agreed to it.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.weak
    }

    /// Whether several processes may work on this database at once.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.writer.get_database_backend() == DbBackend::Postgres
    }

    /// How many connections of servers PostgreSQL lists on this database. On SQLite this process is alone.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn servers_connected(&self) -> Result<u64, StoreError> {
        static CONNECTED: Sql = Sql::apart(
            "SELECT 0 WHERE $1 IS NOT NULL",
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1",
        );
        match self.read().fetch(&CONNECTED, vec![SERVER.into()]).await?.first() {
            Some(row) => row.number(0),
            None => Ok(0),
        }
    }

    /// Ends all connections, once those in use are given back. On SQLite everything is in the one
    /// file then, the write-ahead log is empty, and another process may open it.
    ///
    /// # Errors
    /// The last checkpoint failed; nothing is lost by it, the next opening reads the log.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.reader.close_by_ref().await?;
        if !self.is_shared() {
            let checkpoint = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
            self.writer.query_all_raw(checkpoint).await?;
        }
        self.writer.close_by_ref().await?;
        if let Some(lock) = &self.lock {
            // An error leaves the lock to the end of the process.
            let _ = lock.unlock();
        }
        Ok(())
    }
}

/// What the two ways to open give.
pub(super) struct Opened {
    pub(super) writer: DatabaseConnection,
    pub(super) reader: DatabaseConnection,
    pub(super) lock: Option<File>,
    pub(super) weak: bool,
}

/// Why a database is not opened.
#[derive(Debug)]
pub enum OpenError {
    /// The URL is not one of ours.
    Url(String),
    /// Another process has the SQLite file open.
    InUse(PathBuf),
    File(PathBuf, std::io::Error),
    /// The SQLite file lies on a file system of this type, whose locks cannot be relied on.
    Network(PathBuf, String),
    /// The library or server is older than what is relied on.
    Version {
        found: String,
        needed: &'static str,
    },
    /// A setting did not take.
    Setting {
        name: &'static str,
        wanted: &'static str,
        found: String,
    },
    /// This server setting makes commits forgettable.
    WeakDurability(&'static str),
    /// The server only follows another one.
    Standby,
    /// A newer release has been here: its step, which this one does not know.
    NewerSchema(String),
    Database(StoreError),
}

impl From<DbErr> for OpenError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())).into()
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(complaint) => f.write_str(complaint),
            Self::InUse(path) => write!(
                f,
                "another process is writing to `{}`; stop it first, or use PostgreSQL for more than one process",
                path.display()
            ),
            Self::File(path, error) => write!(f, "`{}`: {error}", path.display()),
            Self::Network(path, kind) => write!(
                f,
                "`{}` lies on a network file system ({kind}), where SQLite's locks do not hold; \
                 put it on a local disk, or use PostgreSQL",
                path.display()
            ),
            Self::Version { found, needed } => write!(f, "the database is version {found}; it must be {needed}"),
            Self::Setting { name, wanted, found } => {
                write!(f, "the database setting `{name}` must be `{wanted}` and is `{found}`")
            }
            Self::WeakDurability(name) => write!(
                f,
                "the PostgreSQL server has `{name}` off, so a power cut loses what was acknowledged; \
                 switch it on, or set `allow_weak_durability`"
            ),
            Self::Standby => f.write_str("the PostgreSQL server is a standby; connect to the primary"),
            Self::NewerSchema(step) => {
                write!(
                    f,
                    "a newer release has changed this database (step `{step}`); run that release or restore a backup"
                )
            }
            Self::Database(error) => write!(f, "the database cannot be opened: {error}"),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, error) => Some(error),
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}
