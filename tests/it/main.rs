//! The one test binary. Data stands beside the code that reads it.

mod phones;
mod texts;
mod tidy;
