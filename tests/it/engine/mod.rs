//! The engine and the definition by the example. Random histories are in `simulation`.

mod audit;
mod campaigns;
pub mod chance;
pub mod definition;
mod edges;
mod journeys;
mod language;
pub mod life;
mod waits;
