//! The engine: keeps each person's segments true at every second and starts campaigns. Incremental,
//! pure and total: nothing here waits, reads a clock, storage or chance, or asks anybody.
//! `naive` is the definition that everything else is held against.

mod anonymous;
mod ask;
mod atom;
mod attribute;
mod cap;
mod change;
mod compile;
mod compiled;
mod condition;
mod evaluate;
mod evidence;
mod expression;
mod history;
mod journey;
mod matching;
mod memory;
pub mod naive;
mod program;
mod refold;
mod route;
mod run;
mod state;
mod step;
mod take;
mod trigger;
mod wait;

pub use anonymous::anonymous;
pub use ask::{SERVICE_WINDOW, TEMPLATE_LIFE, WEBHOOK_LIFE};
pub use compile::{Catalogue, CompileError};
pub use compiled::{Engine, Versions};
pub use journey::CAUSED_EVENTS_MAX;
pub use refold::{Refolded, refold};
pub use state::{State, Unreadable};
pub use step::{Input, Step, Subject, history_needed, play_due, step};
