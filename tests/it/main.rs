//! The one test binary. Data stands beside the code that reads it.

#[cfg(feature = "server")]
mod live;
mod phones;
mod providers;
#[cfg(feature = "server")]
mod store;
mod resolve;
mod texts;
mod tidy;
