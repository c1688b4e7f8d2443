//! A journey's way from step to step: until it waits, ends or is over.

use std::cell::RefCell;

use super::compiled::{Campaign, Step};
use super::condition::{Members, Scene};
use super::evaluate::Dirty;
use super::expression::{Script, Value};
use super::run::{Mode, Run};
use super::scoped::Scoped;
use crate::model::event::{Event, Kind};
use crate::model::id::{EffectId, EventKey};
use crate::model::journey::{Ended, Journey, What};
use crate::model::limit::CASCADE_ROUNDS_MAX;
use crate::model::rule::{self, Move};
use crate::model::transition::Cause;
use crate::model::value::Properties;

/// At one instant, so many events are caused by campaigns at most, whatever starts what.
pub const CAUSED_EVENTS_MAX: usize = 1_000;

/// How a journey ends behind its last step.
const FINISHED: &str = "finished";

/// What a step of a journey says about how it goes on.
enum Next {
    Step,
    Stop,
}

impl Run<'_> {
    /// Goes on with the journey at `place`, which stands `depth` rounds deep in the chain of causes.
    pub fn advance(&mut self, place: usize, depth: u32) {
        let versions = self.versions;
        loop {
            let Some(journey) = self.subject.journeys.get(place).filter(|journey| journey.ended.is_none()) else {
                return;
            };
            let found = versions.get(journey.rules).and_then(|engine| engine.campaign_named(&journey.campaign));
            let Some((campaign, rule)) = found else { return self.end(place, "rule set gone", depth) };
            let position = journey.position as usize;
            let (Some(step), Some(step_rule)) = (campaign.steps.get(position), rule.steps.get(position)) else {
                return self.end(place, FINISHED, depth);
            };
            let was_waiting = journey.wake.is_some();
            self.changed.insert(place);
            self.change(place, |journey| {
                journey.wake = None;
                journey.position = journey.position.saturating_add(1);
            });
            if was_waiting {
                // The step it stood at was the wait.
                continue;
            }
            if matches!(self.run_step(place, step, &step_rule.id, depth), Next::Stop) {
                return;
            }
        }
    }

    fn run_step(&mut self, place: usize, step: &Step, id: &str, depth: u32) -> Next {
        let Some(journey) = self.subject.journeys.get(place).cloned() else { return Next::Stop };
        if !self.is_met(step, &journey) {
            self.tell(&journey, id, What::Skipped("condition".to_owned()));
            return Next::Step;
        }
        match &step.script {
            Script::Send { .. } | Script::Webhook { .. } => {
                let asked = self.ask(&journey, id, &step.script);
                if let What::Asked(_) = asked {
                    self.change(place, |journey| journey.effects = journey.effects.saturating_add(1));
                }
                self.tell(&journey, id, asked);
                Next::Step
            }
            Script::UpdatePerson(writes) => {
                self.update_person(place, &journey, id, writes, depth);
                Next::Step
            }
            Script::Wait(_) if self.mode == Mode::Anonymous => {
                self.end(place, "anonymous", depth);
                Next::Stop
            }
            Script::Wait(span) => {
                let until = self.at.plus(*span);
                // It stands at the wait until that is over.
                self.change(place, |journey| {
                    journey.wake = Some(until);
                    journey.position = journey.position.saturating_sub(1);
                });
                self.tell(&journey, id, What::WaitsUntil(until));
                Next::Stop
            }
            Script::Exit(reason) => {
                self.end(place, reason, depth);
                Next::Stop
            }
        }
    }

    /// What a journey remembers by itself.
    pub fn scoped_of(&self, journey: &Journey) -> Option<&Scoped> {
        let same = |place: &usize| self.subject.journeys.get(*place).is_some_and(|other| other.id == journey.id);
        self.scoped.iter().find(|(place, _)| same(place)).map(|(_, scoped)| scoped)
    }

    fn is_met(&self, step: &Step, journey: &Journey) -> bool {
        let scoped = self.scoped_of(journey);
        let meant = RefCell::default();
        // Memberships of another rule set are not recorded any more.
        let recorded = journey.rules == self.engine.version;
        let members = if recorded { Members::Recorded } else { Members::Meant(&meant) };
        let scene = Scene { members, ..self.scene_of(scoped) };
        step.condition.as_ref().is_none_or(|condition| condition.truth(scene, self.at))
    }

    /// Writes attributes: an event of this second, evaluated before the journey goes on.
    fn update_person(
        &mut self,
        place: usize,
        journey: &Journey,
        id: &str,
        writes: &[(String, Option<Value>)],
        depth: u32,
    ) {
        if self.mode == Mode::Anonymous {
            return self.tell(journey, id, What::Skipped("anonymous".to_owned()));
        }
        let scope = self.scope(journey);
        let values = writes.iter().map(|(name, value)| {
            let value = value.as_ref().map(|value| value.json(&scope)).transpose()?;
            Ok((name.clone(), value.unwrap_or_default()))
        });
        let properties = match values.collect::<Result<Properties, String>>() {
            Ok(properties) => properties,
            Err(problem) => return self.tell(journey, id, What::Skipped(problem)),
        };
        let effect = EffectId::derive(journey.id, id, journey.effects, self.at);
        self.change(place, |journey| journey.effects = journey.effects.saturating_add(1));
        self.tell(journey, id, What::Updated(properties.keys().cloned().collect()));
        self.cause(EventKey(effect.0.to_bytes()), properties, journey, depth.saturating_add(1));
    }

    /// Takes in an event that a step caused. Past the depth limit it stays, and starts nothing.
    fn cause(&mut self, key: EventKey, properties: Properties, journey: &Journey, depth: u32) {
        let event = Event {
            key,
            seq: self.subject.state.last_seq.saturating_add(1),
            at: self.at,
            arrived: self.at,
            precedes: None,
            kind: Kind::AttributesSet,
            properties,
            message: None,
            reason: None,
        };
        self.caused = self.caused.saturating_add(1);
        self.note(&event);
        let starts = self.take_in(&event, Dirty::new());
        if depth > CASCADE_ROUNDS_MAX || self.caused > CAUSED_EVENTS_MAX {
            if !starts.is_empty() {
                self.enter(Some(journey.id), &journey.campaign, None, self.cause_of(journey), What::Loop);
            }
        } else {
            self.start_all(&starts, Some(&event), depth);
        }
        self.step.events.push(event);
    }

    /// Ends a journey.
    fn end(&mut self, place: usize, reason: &str, depth: u32) {
        let ended = Ended { at: self.at, reason: reason.to_owned() };
        self.changed.insert(place);
        self.change(place, |journey| {
            journey.wake = None;
            journey.ended = Some(ended);
        });
        if let Some(journey) = self.subject.journeys.get(place).cloned() {
            let cause = self.cause_of(&journey);
            self.enter(Some(journey.id), &journey.campaign, None, cause, What::Ended(reason.to_owned()));
            if reason == FINISHED {
                self.moved(Move::FinishedCampaign(journey.campaign.clone()), cause, depth);
            }
            self.moved(Move::LeftCampaign(journey.campaign), cause, depth);
        }
    }

    fn change(&mut self, place: usize, change: impl FnOnce(&mut Journey)) {
        if let Some(journey) = self.subject.journeys.get_mut(place) {
            change(journey);
        }
    }

    /// Writes a line about a step.
    fn tell(&mut self, journey: &Journey, step: &str, what: What) {
        let cause = self.cause_of(journey);
        self.enter(Some(journey.id), &journey.campaign, Some(step), cause, what);
    }

    /// What makes the journey go on now: its start, or a wait that is over.
    fn cause_of(&self, journey: &Journey) -> Cause {
        if journey.started == self.at { journey.cause } else { Cause::Wake }
    }

    /// Walks a draft as far as it can be told now, and only writes down what it would do.
    pub fn draft(&mut self, campaign: &Campaign, rule: &rule::Campaign, journey: &Journey) {
        let would = |run: &mut Self, step: Option<&str>, what: String| {
            run.enter(None, &rule.name, step, journey.cause, What::Drafted(what));
        };
        would(self, None, "start".to_owned());
        for (step, step_rule) in campaign.steps.iter().zip(&rule.steps) {
            if !self.is_met(step, journey) {
                continue;
            }
            let (word, goes_on) = match &step.script {
                Script::Send { .. } => ("send", true),
                Script::Webhook { .. } => ("webhook", true),
                Script::UpdatePerson(_) => ("update_person", true),
                // What comes after it depends on what happens meanwhile.
                Script::Wait(_) => ("wait", false),
                Script::Exit(_) => ("exit", false),
            };
            would(self, Some(&step_rule.id), word.to_owned());
            if !goes_on {
                return;
            }
        }
    }
}
