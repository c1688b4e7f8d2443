//! Explanations: held against the definition on random histories, and whole ones by the example.

mod goldens;
mod properties;
mod stories;
