//! Whether a cause starts a campaign: trigger, age, filter, frequency, key. Each refusal says why.

use super::compiled::Campaign;
use super::expression::printed;
use super::run::{Mode, Run};
use crate::model::event::Event;
use crate::model::id::JourneyId;
use crate::model::journey::{Entry, Journey, Kept, What};
use crate::model::rule::{self, CampaignState, Frequency, IfRunning};
use crate::model::time::{Second, Span};
use crate::model::transition::Cause;
use crate::model::value::Properties;

/// A campaign, by its place, that a cause can start.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    pub campaign: u32,
    pub cause: Cause,
    /// The data of the event that completes a sequence, where that is another one than the cause.
    pub data: Option<Properties>,
    /// The second of the first step: the journey waits for it, if that lies ahead.
    pub begins: Second,
}

impl Start {
    #[must_use]
    pub fn new(campaign: u32, cause: Cause) -> Self {
        Self { campaign, cause, data: None, begins: Second(i64::MIN) }
    }
}

impl Run<'_> {
    /// Decides about `starts`, which `event` or time caused. Journeys that begin are queued at `depth`.
    pub fn start_all(&mut self, starts: &[Start], event: Option<&Event>, depth: u32) {
        if self.mode == Mode::Silent {
            return;
        }
        let outer = std::mem::replace(&mut self.depth, depth);
        for start in starts {
            self.start(start, event, depth);
        }
        self.depth = outer;
    }

    fn start(&mut self, start: &Start, event: Option<&Event>, depth: u32) {
        let engine = self.engine;
        let Some((campaign, rule)) = engine.campaign(start.campaign) else { return };
        // Time alone is nobody's event, even where it is noticed at an arrival.
        let event = event.filter(|_| matches!(start.cause, Cause::Event { .. }));
        let starts_it = matches!(rule.trigger, rule::Trigger::Event(_));
        let data = start.data.as_ref().or_else(|| event.map(|event| &event.properties));
        let properties = data.filter(|_| starts_it).cloned().unwrap_or_default();
        let mut journey = self.begun(rule, start.cause, event, properties);
        let key = campaign.key.as_ref().and_then(|key| key.json(&self.scope(&journey)).ok());
        journey.key = key.filter(|key| !key.is_null()).map(|key| printed(&key));
        if let Some(reason) = self.refusal(campaign, rule, &journey, event) {
            self.enter(None, &rule.name, None, start.cause, What::Refused(reason.to_owned()));
        } else if rule.state == CampaignState::Draft {
            self.draft(campaign, rule, &journey);
        } else {
            if self.mode == Mode::Live {
                self.subject.state.set_entry(campaign.id, self.at);
            }
            // Where one runs still, the rule says that it makes way.
            if let Some((place, old)) = self.running(&journey) {
                self.causes.insert(old, start.cause);
                self.end(place, "restarted");
            }
            self.enter(Some(journey.id), &rule.name, None, start.cause, What::Started);
            let place = self.subject.journeys.len();
            self.causes.insert(journey.id, start.cause);
            self.subject.journeys.push(journey);
            self.changed.insert(place);
            if start.begins > self.at {
                self.hold_back(place, start.begins);
            } else {
                self.queue.push_back((place, depth));
            }
            self.entered_campaign(place);
            if let Some(event) = event {
                self.listen(place, event);
            }
        }
    }

    /// A journey at its first step.
    fn begun(&self, rule: &rule::Campaign, cause: Cause, event: Option<&Event>, properties: Properties) -> Journey {
        let subject = match (self.mode, event) {
            (Mode::Anonymous, Some(event)) => event.key.0,
            _ => self.subject.person.cio_id.to_bytes(),
        };
        let id = match cause {
            Cause::Event { key, .. } => JourneyId::derive(&rule.name, &subject, &key.0, self.at),
            Cause::Occurrence(instant) => JourneyId::of_occurrence(&rule.name, self.subject.person.cio_id, instant),
            other => {
                let occurrence = [other.as_str().as_bytes(), &self.at.0.to_be_bytes()].concat();
                JourneyId::derive(&rule.name, &subject, &occurrence, self.at)
            }
        };
        Journey {
            id,
            campaign: rule.name.clone(),
            rules: self.engine.version,
            key: None,
            cause,
            started: self.at,
            event: properties,
            position: 0,
            effects: 0,
            wake: None,
            ended: None,
            kept: Kept::default(),
        }
    }

    /// The journey that runs for the same person and key as `new`.
    fn running(&self, new: &Journey) -> Option<(usize, JourneyId)> {
        let same = |other: &Journey| other.ended.is_none() && other.campaign == new.campaign && other.key == new.key;
        let place = self.subject.journeys.iter().position(same)?;
        Some((place, self.subject.journeys.get(place)?.id))
    }

    /// Why `journey` may not begin, if so.
    fn refusal(
        &self,
        campaign: &Campaign,
        rule: &rule::Campaign,
        journey: &Journey,
        event: Option<&Event>,
    ) -> Option<&'static str> {
        let age = event.map_or(Span(0), |event| self.at.since(event.at));
        let filter = campaign.filter.as_ref();
        let last = self.subject.state.last_entry(campaign.id);
        let too_often = last.is_some_and(|last| match rule.frequency {
            Frequency::EveryTime => false,
            Frequency::Once => true,
            Frequency::OncePer(span) => self.at < last.plus(span),
        });
        if rule.state == CampaignState::Paused {
            Some("paused")
        } else if age > rule.max_event_age {
            Some("too old")
        } else if filter.is_some_and(|filter| !filter.truth(self.scene_now(), self.at)) {
            Some("filter")
        } else if too_often {
            Some("frequency")
        } else if rule.if_running == IfRunning::Keep && self.running(journey).is_some() {
            Some("already running")
        } else {
            None
        }
    }

    /// Writes a line about a campaign.
    pub fn enter(&mut self, journey: Option<JourneyId>, campaign: &str, step: Option<&str>, cause: Cause, what: What) {
        let (campaign, step) = (campaign.to_owned(), step.map(str::to_owned));
        self.step.entries.push(Entry { journey, campaign, step, at: self.at, cause, what });
    }
}
