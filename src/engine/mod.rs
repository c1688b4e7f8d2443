//! The engine: keeps each person's segments true at every second and starts campaigns. Incremental,
//! pure and total: nothing here waits, reads a clock, storage or chance, or asks anybody.
//! `naive` is the definition that everything else is held against.

mod amendment;
mod anonymous;
mod ask;
mod atom;
mod attribute;
mod audit;
mod cap;
mod chain;
mod change;
mod compile;
mod compiled;
mod condition;
mod evaluate;
mod evidence;
mod expression;
mod follow;
mod held;
mod history;
mod journey;
mod matching;
mod memory;
mod moves;
pub mod naive;
mod program;
mod refold;
mod relive;
mod replay;
mod route;
mod run;
mod schedule;
mod scoped;
mod sequence;
mod standing;
mod state;
mod step;
mod take;
mod tally;
mod trigger;
mod wait;
mod window;

pub use amendment::Amendment;
pub use anonymous::anonymous;
pub use ask::{SERVICE_WINDOW, TEMPLATE_LIFE, WEBHOOK_LIFE};
pub use atom::AtomKey;
pub use audit::{AUDITED_EVENTS_MAX, Audited, Deciding, Drift, Stored, Wrong, audit, mend};
pub use compile::{Catalogue, CompileError};
pub use compiled::{Engine, Versions};
pub use history::{History, as_made};
pub use journey::CAUSED_EVENTS_MAX;
pub use refold::{Refolded, refold};
pub use relive::{Doubt, InForce, Relived, relive, replay};
pub use standing::Standing;
pub use state::{State, Unreadable};
pub use step::{Input, Occurrence, Step, Subject, history_needed, next_verdict, play_due, step};
