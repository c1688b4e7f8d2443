//! What a rule set would change if it were published now: who would enter and leave, what would start, what it
//! costs to bring everybody up to it. Nothing is written.
//!
//! People are looked at in slices, each in a snapshot of its own and as of its own second, so that events go on
//! coming in meanwhile. Each person is brought up to both rule sets by the engine that would do it for good; the
//! difference is what is told.

mod changes;
mod fold;
mod plans;
mod report;
mod walk;

pub use plans::{Plans, Progress, RESULT_LIFE, Started};
pub use report::{Change, Cost, People, Plan, SAMPLES_MAX, SOON, Sample, Starts, Wakes, What};
