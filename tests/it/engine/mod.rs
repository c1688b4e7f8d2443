//! The engine, held against the definition on random histories, and by the example.

mod chance;
mod oracle;
mod properties;
mod world;
