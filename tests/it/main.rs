//! The one test binary. Data stands beside the code that reads it.

#[cfg(feature = "server")]
mod live;
#[cfg(feature = "server")]
mod outbox;
mod phones;
mod providers;
mod resolve;
#[cfg(feature = "server")]
mod store;
mod texts;
mod tidy;
