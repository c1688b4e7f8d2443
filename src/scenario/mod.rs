//! The tests that rule authors write: a story of events on a timeline, and what has to come of it. Read from
//! YAML like rules, played by the product's own engine on a clock that jumps from event to wake, and reported.
//! No clock is read and no file: a year takes as long as its events do.

mod asked;
mod cases;
mod compare;
pub mod coverage;
mod expected;
mod life;
mod moment;
mod names;
mod play;
mod read;
mod reason;
pub mod report;
mod stage;
mod story;
mod timeline;
mod told;

pub use cases::{CASE_VALUES_MAX, CASES_MAX};
pub use life::{SENDS_PER_SECOND_MAX, WAKES_AHEAD_MAX, WAKES_MAX};
pub use play::play;
pub use read::{Tests, read};
pub use report::{Failure, Outcome, Verdict};
pub use stage::Stage;
pub use story::Story;
