//! The command line: one file per verb. `serve` is the only place that builds the whole; the verbs that ask a
//! running server are its HTTP clients.

mod activity;
mod audit;
mod check;
mod client;
mod cost;
mod demo;
mod describe;
mod exit;
mod explain;
mod fmt;
mod init;
mod load;
mod paint;
mod plain;
mod plan;
mod progress;
mod publish;
mod replay;
mod rules;
mod run;
mod schema;
mod send;
pub mod serve;
mod test;

pub use run::run;
