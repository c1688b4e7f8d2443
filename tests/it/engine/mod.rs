//! The engine, held against the definition on random histories, and by the example.

mod campaigns;
pub mod chance;
mod edges;
mod life;
mod oracle;
mod properties;
mod world;
