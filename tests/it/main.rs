//! The one test binary. Data stands beside the code that reads it.

mod engine;
mod phones;
mod tidy;
