//! The HTTP server: who may ask, how much, in which words it is answered. The only home of `warp`.
//!
//! A request goes through `server` (connections), `policy` (which route, which key, how much), `auth`, `body`,
//! and one of the handlers; every answer is made in `answer` or `problem`. A route that is not in the table of
//! `policy` does not exist. Not here: what a request means for people and segments, that is the intake's.

mod activity_json;
mod answer;
mod app_api;
mod audit;
mod auth;
mod body;
mod connection;
mod deadline;
mod dispatch;
mod follow;
mod handle;
mod health;
mod json;
mod own_api;
mod policy;
mod problem;
mod request;
mod server;
mod site;
mod survey;
mod track_api;
mod warnings;
mod webhooks;

pub use deadline::Deadlines;
pub use health::{Readiness, Unready};
pub use policy::{Access, ROUTES, Route};
pub use server::serve;
pub use site::{Parts, Site, Submit};
