//! The engine, held against the definition on random histories, and by the example.

mod campaigns;
mod chance;
mod edges;
mod journeys;
mod life;
mod oracle;
mod properties;
mod waits;
mod world;
