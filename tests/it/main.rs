//! The one test binary. Data stands beside the code that reads it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

#[cfg(feature = "server")]
mod audit;
mod bounds;
mod cadence;
mod calendar;
#[cfg(feature = "server")]
mod cli;
mod compile;
#[cfg(feature = "server")]
mod demo;
mod describe;
mod engine;
mod envelope;
mod examples;
mod explain;
mod format;
mod hostile;
mod infer;
#[cfg(feature = "server")]
mod intake;
mod json_schema;
#[cfg(feature = "server")]
mod kill;
mod language;
#[cfg(feature = "server")]
mod live;
mod machine;
mod meaning;
#[cfg(feature = "server")]
mod outbox;
mod pages;
mod phones;
mod providers;
mod resolve;
mod scenarios;
#[cfg(feature = "server")]
mod settings;
mod simulation;
#[cfg(feature = "server")]
mod store;
mod texts;
mod tidy;
#[cfg(feature = "server")]
mod tools;
#[cfg(feature = "server")]
mod web;
