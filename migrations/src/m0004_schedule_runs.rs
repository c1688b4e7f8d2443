//! Occurrences of schedules: which ones there were, how far each has come, and up to where none is due any more.
//!
//! Nothing here is about one person: names of rules, zones, instants and counts. `cursor` is the id of the
//! person up to whom a run has come.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager.get_connection(), TABLES).await
    }
}

/// The key of a run is what makes an occurrence happen once, whoever notices it. `reached` outlives the runs.
const TABLES: &[&str] = &[
    "CREATE TABLE schedule_runs (
        schedule TEXT NOT NULL,
        zone TEXT NOT NULL,
        occurrence INTEGER NOT NULL,
        task TEXT NOT NULL,
        state TEXT NOT NULL,
        rules_version INTEGER NOT NULL,
        opened_at INTEGER NOT NULL,
        ended_at INTEGER,
        cursor INTEGER NOT NULL,
        considered INTEGER NOT NULL,
        started INTEGER NOT NULL,
        refused INTEGER NOT NULL,
        drifted INTEGER NOT NULL,
        repaired INTEGER NOT NULL,
        missed INTEGER NOT NULL,
        PRIMARY KEY (schedule, zone, occurrence)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX schedule_runs_open ON schedule_runs (task, occurrence) WHERE ended_at IS NULL",
    "CREATE INDEX schedule_runs_ended ON schedule_runs (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE TABLE schedule_zones (
        schedule TEXT NOT NULL,
        zone TEXT NOT NULL,
        cadence TEXT NOT NULL,
        reached INTEGER NOT NULL,
        PRIMARY KEY (schedule, zone)
    ) STRICT, WITHOUT ROWID",
];
