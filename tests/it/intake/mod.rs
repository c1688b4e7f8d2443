//! What comes in, what it changes, and that it does so whole, once, and for the right person.

mod consent;
mod delivery;
mod journeys;
mod people;
mod queue;
mod replies;
mod rules;
mod schedules;
mod together;
pub mod world;
