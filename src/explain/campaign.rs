//! A campaign for one person: the newest that could have started it, what came of that, and the journey.

use super::change::in_one_line;
use super::condition::Asker;
use super::explanation::{CampaignExplained, Candidate, Moment, Outcome};
use super::gate::Gates;
use super::membership::around;
use super::question::Question;
use super::told;
use crate::model::event::{Event, Kind};
use crate::model::journey::{Entry, Journey, What};
use crate::model::rule::{Campaign, CampaignState, Phrase, Trigger};
use crate::model::time::{Second, Span};
use crate::model::transition::Cause;

/// What could have started the campaign.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    /// None: time, or a condition that turned true.
    pub event: Option<&'a Event>,
    /// When it was decided about, or would have been.
    pub at: Second,
    /// What was written down about it, by its place among the campaign's entries.
    pub entry: Option<(usize, &'a Entry)>,
}

pub fn explained(question: &Question<'_>, asker: &Asker<'_>, rule: &Campaign) -> CampaignExplained {
    let theirs = question.entries.iter().filter(|entry| entry.campaign == rule.name && entry.at <= asker.at);
    let entries: Vec<&Entry> = theirs.collect();
    let start = newest(asker, rule, &entries);
    let gates = Gates { question, asker, rule, entries: &entries, start };
    CampaignExplained {
        state: match rule.state {
            CampaignState::Live => "live",
            CampaignState::Paused => "paused",
            CampaignState::Draft => "draft",
        }
        .to_owned(),
        trigger: in_one_line(&asker.describer.trigger(&rule.trigger)),
        candidate: start.map(|start| candidate(asker, rule, &start)),
        gates: gates.all(),
        journey: journey(question, rule, asker.at).map(|journey| told::journey(journey, &entries, asker.at)),
    }
}

fn candidate(asker: &Asker<'_>, rule: &Campaign, start: &Start<'_>) -> Candidate {
    let test = match &rule.trigger {
        Trigger::Event(Phrase::One(test)) => Some(&**test),
        _ => None,
    };
    let (outcome, reason) = match start.entry.map(|(_, entry)| &entry.what) {
        Some(What::Started) => (Outcome::Started, None),
        Some(What::Refused(reason)) => (Outcome::Refused, Some(reason.clone())),
        _ => (Outcome::Nothing, None),
    };
    let event = start.event.map(|event| asker.sighting(event, test));
    Candidate { event, at: Moment(start.at), outcome, reason }
}

/// The newest that could have started it by the instant, of what had arrived.
fn newest<'a>(asker: &Asker<'a>, rule: &Campaign, entries: &[&'a Entry]) -> Option<Start<'a>> {
    let decided = |entry: &&Entry| matches!(entry.what, What::Started | What::Refused(_));
    let places = || entries.iter().copied().enumerate().filter(|(_, entry)| decided(entry));
    match &rule.trigger {
        Trigger::Event(phrase) => {
            let found = asker.case.completions(phrase, asker.at).into_iter();
            let known = found.filter(|one| one.event.arrived <= asker.at);
            // A verdict is decided when its second comes, an event when it arrives.
            let newest = known.max_by_key(|one| {
                let at = if one.is_verdict { one.at } else { one.event.arrived };
                (at, one.event.seq)
            })?;
            let entry = if newest.is_verdict {
                places().find(|(_, entry)| entry.at == newest.at && !matches!(entry.cause, Cause::Event { .. }))
            } else {
                places().find(|(_, entry)| entry.cause.seq() == Some(newest.event.seq))
            };
            let at = if newest.is_verdict { newest.at } else { newest.event.arrived };
            Some(Start { event: Some(newest.event), at, entry })
        }
        Trigger::Becomes(condition) => {
            let now = around(asker.past, condition, asker.at);
            let turned = if now.holds {
                now.since
            } else if now.from_the_first || !now.since_is_exact {
                return None;
            } else {
                around(asker.past, condition, now.since.minus(Span(1))).since
            };
            let entry = places().find(|(_, entry)| entry.at >= turned);
            let at = entry.map_or(turned, |(_, entry)| entry.at);
            let event = entry.and_then(|(_, entry)| entry.cause.seq()).and_then(|seq| by_number(asker, seq));
            Some(Start { event, at, entry })
        }
        Trigger::Schedule(_) | Trigger::Api => {
            let (place, entry) = places().next_back()?;
            let event = entry.cause.seq().and_then(|seq| by_number(asker, seq));
            Some(Start { event, at: entry.at, entry: Some((place, entry)) })
        }
    }
}

fn by_number<'a>(asker: &Asker<'a>, seq: u32) -> Option<&'a Event> {
    asker.events.iter().find(|event| event.seq == seq && !matches!(event.kind, Kind::Moved(_)))
}

/// The newest journey that runs at `at`, else the newest that there was.
fn journey<'a>(question: &Question<'a>, rule: &Campaign, at: Second) -> Option<&'a Journey> {
    let theirs = question.journeys.iter().filter(|one| one.campaign == rule.name && one.started <= at);
    theirs.max_by_key(|journey| (told::ended(journey, at).is_none(), journey.started, journey.id))
}
