//! Effects on their way out: claimed under a lease, judged, attempted, settled through the intake.
//!
//! What is decided is pure (`policy`, `outcome`, `retry`, `guard`, `breaker`, `pace`), what waits is in `lanes`,
//! and `deliver` is the only socket of the server that leads outward.

mod attempt;
mod breaker;
mod claim;
mod deliver;
mod guard;
mod lanes;
mod outcome;
mod pace;
mod policy;
mod retry;
mod run;
mod start;

pub use attempt::{Attempts, Due, Outcome, Phase, Recorded, Timing};
pub use deliver::{ANSWER_BYTES_MAX, Courier, Ending, Looking, Lookup, NoClient, Trouble, Written};
pub use guard::{Allow, Destination, NotAnEntry, Refused};
pub use outcome::DETAILS_CHARS_MAX;
pub use policy::Addressee;
pub use run::{CLAIM_MAX, UNDER_WAY_MAX};
pub use start::{CannotStart, Outbox, Settings};
