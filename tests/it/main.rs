//! The one test binary. Data stands beside the code that reads it.

mod phones;
#[cfg(feature = "server")]
mod store;
mod tidy;
