//! What journeys did, in words.

use super::explanation::{JourneyTold, Line, Moment};
use crate::model::journey::{Entry, Journey, What};
use crate::model::time::Second;

/// So many of the newest lines of a journey are told.
pub const LINES_MAX: usize = 12;

/// The journey as it was at `at`, by what was written down about its campaign.
pub fn journey(journey: &Journey, entries: &[&Entry], at: Second) -> JourneyTold {
    let own: Vec<&&Entry> = entries.iter().filter(|entry| entry.journey == Some(journey.id)).collect();
    let newest = own.iter().skip(own.len().saturating_sub(LINES_MAX));
    JourneyTold {
        id: journey.id.0.to_string(),
        started: Moment(journey.started),
        key: journey.key.clone(),
        ended: ended(journey, at).map(Moment),
        lines: newest.map(|entry| line(entry)).collect(),
    }
}

/// When it ended, if it had by `at`.
pub fn ended(journey: &Journey, at: Second) -> Option<Second> {
    journey.ended.as_ref().map(|ended| ended.at).filter(|ended| *ended <= at)
}

fn line(entry: &Entry) -> Line {
    let (what, until) = words(&entry.what);
    Line { at: Moment(entry.at), step: entry.step.clone(), what, until: until.map(Moment) }
}

fn words(what: &What) -> (String, Option<Second>) {
    let said = match what {
        What::Started => "started".to_owned(),
        What::Refused(reason) => format!("not started: {reason}"),
        What::Asked(_) => "recorded to be sent".to_owned(),
        What::Drafted(what) => format!("a draft, would do: {what}"),
        What::Skipped(reason) => format!("skipped: {reason}"),
        What::Updated(names) => format!("wrote {}", names.join(", ")),
        What::Recorded(name) => format!("recorded event {name}"),
        What::Joined(segment) => format!("put into segment {segment}"),
        What::Left(segment) => format!("taken out of segment {segment}"),
        What::WaitsUntil(until) => return ("waits until".to_owned(), Some(*until)),
        What::Waits => "waits, however long it takes".to_owned(),
        What::Outcome(outcome) => format!("goes on: {outcome}"),
        What::TimedOut => "nothing happened in time".to_owned(),
        What::LateAnswer(outcome) => format!("answered too late: {outcome}"),
        What::Took(way) => format!("took {way}"),
        What::Converted => "the goal is reached".to_owned(),
        What::Ended(reason) => format!("ended: {reason}"),
        What::Loop => "cut off: it caused itself too many times".to_owned(),
    };
    (said, None)
}
