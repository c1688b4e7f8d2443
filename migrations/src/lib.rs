//! The database schema, step by step. This crate must not see the types of the product: a step
//! that has run somewhere says for good what it did, whatever the types become.
//!
//! Nobody starts a transaction here; the caller wraps all pending steps in one.

mod dialect;
mod m0001_first_tables;
mod m0004_schedule_runs;
mod m0005_people_by_zone;

pub use sea_orm_migration;
use sea_orm_migration::prelude::*;

/// All steps, oldest first.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first_tables::Migration),
            Box::new(m0004_schedule_runs::Migration),
            Box::new(m0005_people_by_zone::Migration),
        ]
    }
}
