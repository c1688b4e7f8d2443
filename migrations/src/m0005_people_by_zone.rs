//! How the people of a schedule are found: by the zone they live in, and by values of their attributes.
//!
//! All of it is personal data: the zone that somebody says they live in, and keyed values of attributes. Both go
//! with the person.

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

/// A zone is there for people who have one of their own. Everybody is behind the rules once more, so that it is
/// written for those who are there already.
const TABLES: &[&str] = &[
    "ALTER TABLE people ADD COLUMN zone TEXT",
    "CREATE INDEX people_zone ON people (zone) WHERE zone IS NOT NULL",
    "CREATE TABLE person_values (
        value_key BLOB NOT NULL CHECK (length(value_key) = 16),
        person_id INTEGER NOT NULL,
        PRIMARY KEY (value_key, person_id)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX person_values_person ON person_values (person_id)",
    "UPDATE people SET rules_version = 0",
];
