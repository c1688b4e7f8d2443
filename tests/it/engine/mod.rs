//! The engine, held against the definition on random histories, and by the example.

mod audit;
mod campaigns;
pub mod chance;
mod defined;
pub mod definition;
mod edges;
mod journeys;
mod language;
mod life;
mod oracle;
mod pointwise;
mod properties;
mod waits;
mod world;
