//! What can go wrong with a statement, sorted by what the caller can do about it.

use std::fmt;

use sea_orm::{DbErr, RuntimeErr};

/// A statement, a commit or a look at a row failed.
#[derive(Debug)]
pub struct StoreError(Reason);

#[derive(Debug)]
enum Reason {
    Database(DbErr),
    Unreadable(&'static str),
    TooSlow,
}

impl StoreError {
    /// Something stored does not read back as what it must be.
    pub(super) fn unreadable(what: &'static str) -> Self {
        Self(Reason::Unreadable(what))
    }

    /// A read took longer than a reader may.
    pub(super) fn too_slow() -> Self {
        Self(Reason::TooSlow)
    }

    /// The same work, begun again with fresh reads, may well succeed: busy, deadlocked, timed out, disconnected.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.failure() {
            Failure::Sqlite(code) => matches!(primary(code), SQLITE_BUSY | SQLITE_LOCKED),
            Failure::Postgres(code) => {
                matches!(code, "40001" | "40P01" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" | "25P03")
                    || code.starts_with("08")
            }
            Failure::Connection => true,
            Failure::Other => false,
        }
    }

    /// The database refuses these very rows: halve the batch until the guilty one is alone.
    #[must_use]
    pub fn is_data(&self) -> bool {
        match self.failure() {
            Failure::Sqlite(code) => {
                matches!(primary(code), SQLITE_TOOBIG | SQLITE_CONSTRAINT | SQLITE_MISMATCH)
            }
            Failure::Postgres(code) => ["22", "23", "54"].iter().any(|class| code.starts_with(class)),
            Failure::Connection | Failure::Other => false,
        }
    }

    /// A unique key is taken: somebody else was faster, begin again with fresh reads.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self.failure() {
            Failure::Sqlite(code) => matches!(code, SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE),
            Failure::Postgres(code) => code == "23505",
            Failure::Connection | Failure::Other => false,
        }
    }

    fn failure(&self) -> Failure<'_> {
        match &self.0 {
            Reason::Database(DbErr::ConnectionAcquire(_)) | Reason::TooSlow => Failure::Connection,
            Reason::Database(
                DbErr::Conn(RuntimeErr::SqlxError(error))
                | DbErr::Exec(RuntimeErr::SqlxError(error))
                | DbErr::Query(RuntimeErr::SqlxError(error)),
            ) => Failure::of(error),
            Reason::Database(_) | Reason::Unreadable(_) => Failure::Other,
        }
    }
}

enum Failure<'a> {
    /// The extended result code.
    Sqlite(i32),
    /// The SQLSTATE.
    Postgres(&'a str),
    Connection,
    Other,
}

impl<'a> Failure<'a> {
    fn of(error: &'a sqlx::Error) -> Self {
        use sqlx::Error as E;
        match error {
            E::Database(error) => match error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
                Some(error) => Self::Postgres(error.code()),
                None => error.code().and_then(|code| code.parse().ok()).map_or(Self::Other, Self::Sqlite),
            },
            E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => {
                Self::Connection
            }
            _ => Self::Other,
        }
    }
}

// https://www.sqlite.org/rescode.html
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_TOOBIG: i32 = 18;
const SQLITE_CONSTRAINT: i32 = 19;
const SQLITE_MISMATCH: i32 = 20;
const SQLITE_CONSTRAINT_PRIMARYKEY: i32 = 1555;
const SQLITE_CONSTRAINT_UNIQUE: i32 = 2067;

/// The low byte of an extended result code is the code itself.
fn primary(code: i32) -> i32 {
    code & 0xFF
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self(Reason::Database(error))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Database(error) => error.fmt(f),
            Reason::Unreadable(what) => write!(f, "a stored {what} cannot be read back"),
            Reason::TooSlow => f.write_str("the read took too long"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Reason::Database(error) => Some(error),
            Reason::Unreadable(_) | Reason::TooSlow => None,
        }
    }
}
