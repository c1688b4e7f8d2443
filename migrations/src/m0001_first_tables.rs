//! People, what happened to them, what follows from it, and what is sent because of it.
//!
//! How many pages a row touches decides how many events a second go in, so the log has two
//! indexes and the rest as few as its readers need. Instants are Unix seconds where truth is
//! decided and milliseconds (`…_ms`) where lateness is measured. JSON is text in one written form.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for part in [FOUNDATION, PEOPLE, LOG, CONSEQUENCES, EFFECTS, RECORDS] {
            run(connection, part).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            run(connection, POSTGRES_ONLY).await?;
        }
        Ok(())
    }
}

/// Names get their number once and keep it: a deleted row's number is not given again.
const FOUNDATION: &[&str] = &[
    "CREATE TABLE installation (
        id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
        hash_key BLOB NOT NULL CHECK (length(hash_key) = 32),
        created_at INTEGER NOT NULL
    ) STRICT",
    "CREATE TABLE rule_sets (
        version INTEGER PRIMARY KEY AUTOINCREMENT,
        hash BLOB NOT NULL,
        sources TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        activated_at INTEGER,
        active INTEGER NOT NULL CHECK (active IN (0, 1))
    ) STRICT",
    "CREATE TABLE segments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        title TEXT,
        kind TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT",
    "CREATE TABLE campaigns (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
    ) STRICT",
];

/// `state` is the engine's, `wake_at` the earliest second after which time alone changes something.
const PEOPLE: &[&str] = &[
    "CREATE TABLE people (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        cio_id BLOB NOT NULL UNIQUE CHECK (length(cio_id) = 16),
        external_id TEXT UNIQUE,
        email TEXT UNIQUE,
        first_number TEXT UNIQUE,
        phone TEXT,
        attributes TEXT NOT NULL,
        known_since INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        rules_version INTEGER NOT NULL,
        wake_at INTEGER,
        state BLOB NOT NULL
    ) STRICT",
    "CREATE INDEX people_wake ON people (wake_at) WHERE wake_at IS NOT NULL",
    "CREATE TABLE identities (
        channel TEXT NOT NULL,
        value TEXT NOT NULL,
        person_id INTEGER NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (channel, value, person_id)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX identities_person ON identities (person_id)",
];

const LOG: &[&str] = &[
    "CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        dedupe_key BLOB NOT NULL UNIQUE CHECK (length(dedupe_key) = 16),
        person_id INTEGER,
        seq INTEGER NOT NULL,
        kind TEXT NOT NULL,
        name TEXT,
        occurred_at INTEGER NOT NULL,
        arrived_ms INTEGER NOT NULL,
        provider TEXT NOT NULL,
        provider_id TEXT,
        properties TEXT NOT NULL,
        message TEXT,
        reason TEXT,
        precedes INTEGER,
        rules_version INTEGER NOT NULL
    ) STRICT",
    "CREATE UNIQUE INDEX events_person ON events (person_id, seq) WHERE person_id IS NOT NULL",
];

/// What time alone brought about has no event to be found by: that is what the `…_timed` indexes are for.
const CONSEQUENCES: &[&str] = &[
    "CREATE TABLE memberships (
        segment_id INTEGER NOT NULL,
        person_id INTEGER NOT NULL,
        since INTEGER NOT NULL,
        cause TEXT NOT NULL,
        cause_seq INTEGER,
        cause_key BLOB,
        PRIMARY KEY (segment_id, person_id)
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE transitions (
        id INTEGER PRIMARY KEY,
        person_id INTEGER NOT NULL,
        segment_id INTEGER NOT NULL,
        entered INTEGER NOT NULL CHECK (entered IN (0, 1)),
        at INTEGER NOT NULL,
        late INTEGER NOT NULL CHECK (late IN (0, 1)),
        cause TEXT NOT NULL,
        cause_seq INTEGER,
        cause_key BLOB,
        rules_version INTEGER NOT NULL
    ) STRICT",
    "CREATE INDEX transitions_person ON transitions (person_id, cause_seq)",
    "CREATE INDEX transitions_timed ON transitions (id) WHERE cause_seq IS NULL",
    "CREATE TABLE journeys (
        id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
        person_id INTEGER,
        campaign TEXT NOT NULL,
        rules_version INTEGER NOT NULL,
        subject_key TEXT,
        cause TEXT NOT NULL,
        cause_seq INTEGER,
        cause_key BLOB,
        started_at INTEGER NOT NULL,
        event TEXT NOT NULL,
        position INTEGER NOT NULL,
        effects INTEGER NOT NULL,
        wake_at INTEGER,
        ended_at INTEGER,
        ended_reason TEXT,
        kept TEXT NOT NULL
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX journeys_person ON journeys (person_id, ended_at) WHERE person_id IS NOT NULL",
    "CREATE TABLE journey_log (
        id INTEGER PRIMARY KEY,
        journey_id BLOB,
        person_id INTEGER,
        campaign TEXT NOT NULL,
        step TEXT,
        at INTEGER NOT NULL,
        cause TEXT NOT NULL,
        cause_seq INTEGER,
        cause_key BLOB,
        what TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX journey_log_person ON journey_log (person_id, cause_seq) WHERE person_id IS NOT NULL",
    "CREATE INDEX journey_log_anonymous ON journey_log (cause_key) WHERE person_id IS NULL",
    "CREATE INDEX journey_log_timed ON journey_log (id) WHERE cause_seq IS NULL",
];

/// `due_ms` is set exactly while somebody may claim the row: at once, after a pause, or when a lease has run out.
const EFFECTS: &[&str] = &[
    "CREATE TABLE messages (
        id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
        person_id INTEGER NOT NULL,
        campaign TEXT,
        step TEXT,
        journey_id BLOB,
        template TEXT,
        sender TEXT,
        provider_key BLOB,
        delivery TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        accepted_at INTEGER,
        sent_at INTEGER,
        failed_at INTEGER,
        delivered_at INTEGER,
        read_at INTEGER,
        played_at INTEGER,
        replied_at INTEGER,
        bound_at INTEGER,
        bound_seq INTEGER,
        failure TEXT,
        body TEXT
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX messages_person ON messages (person_id, accepted_at)",
    "CREATE INDEX messages_provider ON messages (provider_key) WHERE provider_key IS NOT NULL",
    "CREATE TABLE outbox (
        id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
        kind TEXT NOT NULL,
        person_id INTEGER,
        endpoint TEXT NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        fence INTEGER NOT NULL,
        due_ms INTEGER,
        expires_at INTEGER NOT NULL,
        outcome TEXT,
        payload TEXT NOT NULL
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX outbox_due ON outbox (due_ms, id) WHERE due_ms IS NOT NULL",
    "CREATE INDEX outbox_person ON outbox (person_id, endpoint, number) WHERE person_id IS NOT NULL",
];

const RECORDS: &[&str] = &[
    "CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        arrived_ms INTEGER NOT NULL,
        provider TEXT NOT NULL,
        pointer TEXT NOT NULL,
        reason TEXT NOT NULL,
        raw TEXT NOT NULL
    ) STRICT",
    "CREATE TABLE notices (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        person_id INTEGER,
        dedupe_key BLOB,
        data TEXT NOT NULL
    ) STRICT",
    "CREATE UNIQUE INDEX notices_key ON notices (dedupe_key) WHERE dedupe_key IS NOT NULL",
    "CREATE INDEX notices_person ON notices (person_id) WHERE person_id IS NOT NULL",
];

/// Rows that are rewritten in place find room for the next version on their own page.
const POSTGRES_ONLY: &[&str] =
    &["ALTER TABLE people SET (fillfactor = 80)", "ALTER TABLE outbox SET (fillfactor = 80)"];
