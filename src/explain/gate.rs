//! What can say no to a start, asked again as of the second of the decision, in the engine's order; and what was
//! written down then, which wins.

use super::campaign::Start;
use super::condition::{Asker, PARTS_MAX};
use super::explanation::{Gate, Moment, Part, Sighting};
use super::past::Past;
use super::question::Question;
use super::told;
use crate::dsl::walk;
use crate::dsl::words::{exact, exact_length, many, quoted, span};
use crate::model::compare::reach;
use crate::model::event::{Event, Kind};
use crate::model::journey::{Entry, Journey, What};
use crate::model::rule::{
    Action, Campaign, CampaignState, Condition, Counted, Frequency, Happened, IfRunning, Match, Move, Path, Phrase,
    Trigger, Window,
};
use crate::model::time::Second;

/// What all gates look at.
pub struct Gates<'a> {
    pub question: &'a Question<'a>,
    pub asker: &'a Asker<'a>,
    pub rule: &'a Campaign,
    /// Of this campaign, in order.
    pub entries: &'a [&'a Entry],
    pub start: Option<Start<'a>>,
}

impl Gates<'_> {
    pub fn all(&self) -> Vec<Gate> {
        let mut gates = vec![self.trigger(), self.state()];
        if let Some(start) = self.start {
            gates.extend([self.age(&start), self.filter(&start), self.frequency(&start), self.key(&start)]);
        }
        gates.extend(self.limit());
        self.recorded(&mut gates);
        gates
    }

    /// What was written down then is what was decided, whatever rules and knowledge have become.
    fn recorded(&self, gates: &mut [Gate]) {
        let Some((_, entry)) = self.start.and_then(|start| start.entry) else { return };
        let refused_by = match &entry.what {
            What::Refused(reason) => Some(match reason.as_str() {
                "paused" => "state",
                "too old" => "age",
                "already running" => "key",
                reason => reason,
            }),
            _ => None,
        };
        let mut is_past = false;
        for gate in gates.iter_mut().filter(|gate| !["trigger", "limit"].contains(&gate.gate.as_str())) {
            let passed = refused_by != Some(gate.gate.as_str());
            if is_past {
                gate.passes = None;
                gate.why = "was not asked any more".to_owned();
                (gate.at, gate.parts) = (None, Vec::new());
            } else if gate.passes.is_some_and(|passes| passes != passed) {
                let said = if passed { "yes" } else { "no" };
                gate.why = format!("said {said} then; what is known or the rules have changed since: {}", gate.why);
            }
            if !is_past {
                gate.passes = Some(passed);
            }
            is_past |= !passed;
        }
    }

    fn trigger(&self) -> Gate {
        let passes = Some(self.start.is_some());
        let mut left = PARTS_MAX;
        let parts = match &self.rule.trigger {
            Trigger::Event(phrase) if self.start.is_none() => {
                let (what, counted) = (phrase.clone(), Counted::ONCE);
                let happened = Happened { what, counted, window: Window::Ever };
                vec![self.asker.part(&Condition::Happened(Box::new(happened)), false, &mut left)]
            }
            Trigger::Event(Phrase::One(test)) => self.newer(test).into_iter().collect(),
            Trigger::Becomes(condition) => vec![self.asker.part(condition, false, &mut left)],
            Trigger::Event(_) | Trigger::Schedule(_) | Trigger::Api => Vec::new(),
        };
        let why = match (&self.rule.trigger, &self.start) {
            (Trigger::Event(_), Some(_)) => "it happened",
            (Trigger::Event(_), None) => "nothing of theirs is what starts it",
            (Trigger::Becomes(_), Some(_)) => "this turned true",
            (Trigger::Becomes(_), None) => "this has not turned true since they are known",
            (Trigger::Schedule(_), Some(_)) => "the schedule ran for them",
            (Trigger::Schedule(_), None) => "the schedule has not started it for them",
            (Trigger::Api, Some(_)) => "the API started it",
            (Trigger::Api, None) => "the API has not started it for them",
        };
        gate("trigger", passes, why, parts)
    }

    /// What came behind the start and is not what starts it, though it looks like it.
    fn newer(&self, test: &Match) -> Option<Part> {
        let (what, counted) = (Phrase::One(Box::new(test.clone())), Counted::ONCE);
        let happened = Happened { what, counted, window: Window::Ever };
        let mut left = PARTS_MAX;
        let part = self.asker.part(&Condition::Happened(Box::new(happened)), false, &mut left);
        let number = self.start?.event?.seq;
        let came_later = |seen: &Sighting| {
            let id = |event: &&Event| event.key.public_id(event.arrived).to_string() == seen.id;
            self.asker.events.iter().find(id).is_some_and(|event| event.seq > number)
        };
        let not_counted: Vec<Sighting> = part.not_counted.into_iter().filter(came_later).collect();
        let text = "newer ones are not what starts it".to_owned();
        (!not_counted.is_empty()).then(|| Part { text, not_counted, ..Part::default() })
    }

    fn state(&self) -> Gate {
        match self.rule.state {
            CampaignState::Paused => {
                gate("state", Some(false), "it is paused: it starts nothing, and its journeys stand still", Vec::new())
            }
            CampaignState::Live | CampaignState::Draft => gate("state", Some(true), "it is live", Vec::new()),
        }
    }

    fn age(&self, start: &Start<'_>) -> Gate {
        let most = exact(self.rule.max_event_age);
        match start.event {
            Some(event) if self.is_by_event(start) => {
                let age = start.at.since(event.at);
                let why = format!("decided {} after it happened; at most {most}", span(age));
                gate("age", Some(age <= self.rule.max_event_age), &why, Vec::new())
            }
            _ => gate("age", Some(true), "time alone caused it, which has no age", Vec::new()),
        }
    }

    /// Whether the decision was about an event, and not about a verdict or time alone.
    fn is_by_event(&self, start: &Start<'_>) -> bool {
        match start.entry {
            Some((_, entry)) => entry.cause.seq().is_some(),
            None => start.event.is_some_and(|event| event.arrived == start.at),
        }
    }

    fn filter(&self, start: &Start<'_>) -> Gate {
        let Some(filter) = &self.rule.filter else { return gate("filter", Some(true), "there is none", Vec::new()) };
        let (log, moves) = self.known_then(start);
        let past = Past::up_to(start.at, self.question.rules, self.asker.past.first, &log, &moves);
        let case = past.case();
        let then = Asker::new(&past, &case, start.at);
        let mut left = PARTS_MAX;
        let part = then.part(filter, false, &mut left);
        let why = if part.holds { "it held then" } else { "it did not hold then" };
        gate("filter", Some(part.holds), why, vec![part])
    }

    /// What had been taken in and decided when the start was decided about, the cause included.
    fn known_then(&self, start: &Start<'_>) -> (Vec<Event>, Vec<Event>) {
        let number = start.event.filter(|_| self.is_by_event(start)).map(|event| event.seq);
        let is_known = |event: &&Event| match number {
            Some(number) => event.seq <= number,
            None => event.arrived <= start.at,
        };
        let (moves, log): (Vec<&Event>, Vec<&Event>) =
            self.asker.events.iter().filter(is_known).partition(|event| matches!(event.kind, Kind::Moved(_)));
        // What the very decision led to came behind it.
        let is_before = |moved: &&Event| match number {
            Some(number) => moved.seq < number || matches!(moved.kind, Kind::Moved(ref what) if is_of_segment(what)),
            None => moved.at < start.at,
        };
        (log.into_iter().cloned().collect(), moves.into_iter().filter(is_before).cloned().collect())
    }

    fn frequency(&self, start: &Start<'_>) -> Gate {
        let before = self.entries.iter().take(start.entry.map_or(self.entries.len(), |(place, _)| place));
        let last = before.rev().find(|entry| entry.what == What::Started && entry.at <= start.at).map(|entry| entry.at);
        match (self.rule.frequency, last) {
            (Frequency::EveryTime, _) => gate("frequency", Some(true), "every time", Vec::new()),
            (Frequency::Once, Some(last)) => {
                with_instant(gate("frequency", Some(false), "once per person, and it started", Vec::new()), last)
            }
            (Frequency::OncePer(every), Some(last)) if start.at < last.plus(every) => {
                let why = format!("once in {}; again from", exact(every));
                with_instant(gate("frequency", Some(false), &why, Vec::new()), last.plus(every))
            }
            (Frequency::Once, None) => gate("frequency", Some(true), "once per person: it was the first", Vec::new()),
            (Frequency::OncePer(every), _) => {
                let why = format!("once in {}: none started so lately", exact(every));
                gate("frequency", Some(true), &why, Vec::new())
            }
        }
    }

    fn key(&self, start: &Start<'_>) -> Gate {
        let key = self.rule.key.as_ref().map(|path| self.value(path, start));
        let own = start.entry.and_then(|(_, entry)| entry.journey);
        let runs = |journey: &&Journey| {
            journey.campaign == self.rule.name
                && Some(journey.id) != own
                && journey.started <= start.at
                && told::ended(journey, start.at).is_none()
                && key.as_ref().is_none_or(|key| journey.key == *key)
        };
        let running = self.question.journeys.iter().find(runs);
        let per = match (&self.rule.key, key.as_ref().and_then(Option::as_ref)) {
            (Some(path), Some(key)) => format!(" and {} {}", path.0, quoted(key)),
            (Some(path), None) => format!(" and missing {}", path.0),
            (None, _) => String::new(),
        };
        let why = |rest: &str| format!("one journey at a time per person{per}: {rest}");
        match (running, self.rule.if_running) {
            (None, _) => gate("key", Some(true), &why("none was running"), Vec::new()),
            (Some(old), IfRunning::Keep) => {
                with_instant(gate("key", Some(false), &why("one was running since"), Vec::new()), old.started)
            }
            (Some(old), IfRunning::Restart) => {
                let why = why("the new one takes the place of the one since");
                with_instant(gate("key", Some(true), &why, Vec::new()), old.started)
            }
        }
    }

    /// The value of the campaign's key, printed as journeys have it.
    fn value(&self, path: &Path, start: &Start<'_>) -> Option<String> {
        let (root, rest) = path.0.split_once('.')?;
        let value = match root {
            "event" => reach(&start.event?.properties, rest).cloned(),
            "person" => self.asker.case.person_at(start.at).value(rest).map(|value| value.into_owned()),
            _ => None,
        };
        value.filter(|value| !value.is_null()).map(|value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        })
    }

    /// A limit lets a campaign start, and keeps its messages back.
    fn limit(&self) -> Option<Gate> {
        let name = self.rule.limit.as_ref()?;
        let limit = self.question.rules.schema.limits.get(name)?;
        let asker = self.asker;
        let window = asker.days.window_start(limit.within, asker.at);
        let asked = self.question.entries.iter().filter(|entry| {
            window <= entry.at
                && entry.at <= asker.at
                && matches!(entry.what, What::Asked(_))
                && self.counts(name, entry)
        });
        let asked = asked.count();
        let passes = asked < limit.messages as usize;
        let most = many(limit.messages, "message");
        let why = format!("{name}: {asked} of at most {most} asked for in {}", exact_length(limit.within));
        let skipped = self.entries.iter().rev().find(|entry| entry.what == What::Skipped("limit".to_owned()));
        Some(match skipped {
            Some(entry) => {
                let step = entry.step.as_deref().unwrap_or("step");
                with_instant(
                    gate("limit", Some(passes), &format!("{why}; it kept back {step} at"), Vec::new()),
                    entry.at,
                )
            }
            None => gate("limit", Some(passes), &why, Vec::new()),
        })
    }

    /// Whether the entry is about a message of a campaign that names the limit.
    fn counts(&self, limit: &str, entry: &Entry) -> bool {
        let campaign = self.question.rules.campaigns.iter().find(|campaign| campaign.name == entry.campaign);
        let Some(campaign) = campaign.filter(|campaign| campaign.limit.as_deref() == Some(limit)) else { return false };
        let mut sends = false;
        walk::each_step(&campaign.steps, &mut |step| {
            sends |= matches!(step.action, Action::Send(_)) && entry.step.as_ref() == Some(&step.id);
        });
        sends
    }
}

fn is_of_segment(what: &Move) -> bool {
    matches!(what, Move::EnteredSegment(_) | Move::LeftSegment(_))
}

fn gate(name: &str, passes: Option<bool>, why: &str, parts: Vec<Part>) -> Gate {
    Gate { gate: name.to_owned(), passes, why: why.to_owned(), at: None, parts }
}

fn with_instant(gate: Gate, at: Second) -> Gate {
    Gate { at: Some(Moment(at)), ..gate }
}
