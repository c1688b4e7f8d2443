//! Why somebody is in a segment or out of it, since when and until when, on what evidence; and why a campaign
//! started for them or did not. Worked out by the definition from what is known of them, so it is right whatever
//! the engine keeps. No clock is read and no storage: the person's past is an argument.

mod campaign;
mod change;
mod condition;
mod explanation;
mod gate;
mod membership;
pub mod moment;
mod past;
mod question;
mod sequence;
mod sighting;
mod text;
mod told;

pub use change::WAYS_MAX;
pub use condition::PARTS_MAX;
pub use explanation::{
    Answered, CampaignExplained, Candidate, Deadline, Explained, Explanation, Fact, Gate, JourneyTold, Line, Moment,
    Outcome, Part, Pending, SegmentExplained, Sighting, Who,
};
pub use membership::{AHEAD_DAYS_MAX, WORK_MAX};
pub use question::{Question, Unexplained, explain};
pub use sighting::SIGHTINGS_MAX;
pub use text::render;
