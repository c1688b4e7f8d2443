//! The conformance suite: every case on SQLite and on PostgreSQL, with equal results.
//!
//! PostgreSQL is where `TEST_POSTGRES_URL` says (`tests/postgres COMMAND` starts one);
//! without it the half that needs it is reported as skipped, by name.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a case that cannot go on ends here")]

mod audit;
mod consequences;
pub mod harness;
mod log;
mod opening;
mod outbox;
mod people;
mod records;
mod sample;
mod schedules;
mod transactions;
