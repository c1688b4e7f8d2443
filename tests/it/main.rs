//! The one test binary. Data stands beside the code that reads it.

mod phones;
<<<<<<< HEAD
#[cfg(feature = "server")]
mod store;
=======
mod providers;
>>>>>>> prov
mod tidy;
