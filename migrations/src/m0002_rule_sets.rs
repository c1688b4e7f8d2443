//! Versions of the rule set: counted for lists, and never two of them active. Nothing here is personal data.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager.get_connection(), RULE_SETS).await
    }
}

/// `contents` is missing of versions from before this step.
const RULE_SETS: &[&str] = &[
    "ALTER TABLE rule_sets ADD COLUMN contents TEXT",
    "CREATE UNIQUE INDEX rule_sets_active ON rule_sets (active) WHERE active = 1",
    "CREATE INDEX rule_sets_hash ON rule_sets (hash)",
];
