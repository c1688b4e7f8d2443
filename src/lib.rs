//! Antiphon: a rules engine for replies. `src/README.md` is the map.

// The core: no runtime, socket, file, clock or chance.
pub mod diagnostic;
pub mod dsl;
pub mod engine;
pub mod explain;
pub mod model;
pub mod providers;
pub mod resolve;
pub mod scenario;
pub mod template;

// The shell: everything that waits, reads or writes.
#[cfg(feature = "server")]
pub mod chance;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "server")]
pub mod demo;
#[cfg(feature = "server")]
pub mod intake;
#[cfg(feature = "server")]
pub mod outbox;
#[cfg(feature = "server")]
pub mod rollout;
#[cfg(feature = "server")]
pub mod schedule;
#[cfg(feature = "server")]
pub mod settings;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
#[cfg(feature = "server")]
pub mod web;
