//! A journey's way from instruction to instruction: until it waits, ends or is over.

use super::change::{Caused, Change};
use super::compiled::Campaign;
use super::condition::Scene;
use super::evaluate::Dirty;
use super::expression::Script;
use super::program::{Arm, Do, Instruction};
use super::run::{Mode, Run};
use super::scoped::Scoped;
use crate::model::calendar::Calendar;
use crate::model::event::{Event, Kind};
use crate::model::id::{EffectId, EventKey};
use crate::model::journey::{Ended, FINISHED, Journey, What};
use crate::model::limit::CASCADE_ROUNDS_MAX;
use crate::model::rule::{self, Move};
use crate::model::sample;
use crate::model::transition::Cause;
use crate::model::value::Properties;

/// At one instant, so many events are caused by campaigns at most, whatever starts what.
pub const CAUSED_EVENTS_MAX: usize = 1_000;

/// What an instruction of a journey says about how it goes on.
pub enum Next {
    /// At this instruction.
    To(u32),
    /// Not now: it waits, or is over.
    Stop,
}

/// Where a journey is.
#[derive(Clone, Copy)]
pub struct Spot<'r> {
    /// Its place among the person's.
    pub place: usize,
    /// So many rounds deep in the chain of causes.
    pub depth: u32,
    pub rule: &'r rule::Campaign,
    pub instruction: &'r Instruction,
}

impl<'a> Run<'a> {
    /// Goes on with the journey at `place`, which stands `depth` rounds deep in the chain of causes.
    pub fn advance(&mut self, place: usize, depth: u32) {
        loop {
            let Some(journey) = self.subject.journeys.get(place).filter(|journey| journey.ended.is_none()) else {
                return;
            };
            let position = journey.position;
            let Some((campaign, rule)) = self.plan(journey) else { return self.end(place, "rule set gone") };
            if self.watch(place, None) {
                return;
            }
            let Some(instruction) = campaign.program.get(position) else { return self.end(place, FINISHED) };
            self.changed.insert(place);
            match self.run_instruction(Spot { place, depth, rule, instruction }) {
                Next::To(target) => self.change(place, |journey| journey.position = target),
                Next::Stop => return,
            }
        }
    }

    fn run_instruction(&mut self, spot: Spot<'_>) -> Next {
        let Spot { place, rule, instruction, .. } = spot;
        let Some(journey) = self.subject.journeys.get(place).cloned() else { return Next::Stop };
        let (step, behind) = (instruction.step.as_str(), Next::To(instruction.behind));
        let is_met = instruction.condition.as_ref().is_none_or(|met| met.truth(self.scene(&journey), self.at));
        if !is_met {
            self.tell(&journey, step, What::Skipped("condition".to_owned()));
            return behind;
        }
        match &instruction.action {
            Do::Ask(script) => self.ask_or_wait(spot, &journey, script),
            Do::Cause(change) => {
                self.cause(spot, &journey, change);
                behind
            }
            Do::Wait(_) | Do::WaitUntil(_) if self.mode == Mode::Anonymous => {
                self.end(place, "anonymous");
                Next::Stop
            }
            Do::Wait(wait) => self.begin_wait(spot, &journey, wait),
            Do::WaitUntil(wait) => self.begin_wait_until(spot, &journey, wait),
            Do::Branch { arms, otherwise } => {
                let scene = self.scene(&journey);
                let taken = (1..).zip(arms).find(|(_, (condition, _))| condition.truth(scene, self.at));
                let (way, target) = match taken {
                    Some((number, (_, target))) => (format!("when {number}"), *target),
                    None => ("otherwise".to_owned(), *otherwise),
                };
                self.tell(&journey, step, What::Took(way));
                Next::To(target)
            }
            Do::Split(arms) => {
                let Some(arm) = self.arm_of(arms, &rule.name, step) else { return behind };
                self.tell(&journey, step, What::Took(arm.name.clone()));
                Next::To(arm.target)
            }
            Do::Jump(target) => Next::To(*target),
            Do::Exit(reason) => {
                self.end(place, reason);
                Next::Stop
            }
        }
    }

    /// Asks for an effect, or waits for the hours in which messages may leave.
    fn ask_or_wait(&mut self, spot: Spot<'_>, journey: &Journey, script: &Script) -> Next {
        let Spot { place, rule, instruction, .. } = spot;
        let asked = match self.ask(journey, rule, &instruction.step, script) {
            Ok(asked) => asked,
            Err(opens) => return self.stand(spot, Some(opens)),
        };
        if let What::Asked(_) = asked {
            self.change(place, |journey| journey.effects = journey.effects.saturating_add(1));
        }
        self.tell(journey, &instruction.step, asked);
        Next::To(instruction.behind)
    }

    /// The arm that the person takes, always the same of one step.
    fn arm_of<'r>(&self, arms: &'r [Arm], campaign: &str, step: &str) -> Option<&'r Arm> {
        let place = sample::place(&format!("{campaign}/{step}"), self.subject.person.cio_id);
        arms.iter().find(|arm| sample::is_within(place, arm.up_to)).or(arms.last())
    }

    /// Lets something happen to the person: an event of this second, evaluated before the journey goes on.
    fn cause(&mut self, spot: Spot<'_>, journey: &Journey, change: &Change) {
        let step = &spot.instruction.step;
        if self.mode == Mode::Anonymous {
            return self.tell(journey, step, What::Skipped("anonymous".to_owned()));
        }
        let Caused { kind, properties, what } = match change.event(&self.scope(journey), &self.subject.person) {
            Ok(caused) => caused,
            Err(problem) => return self.tell(journey, step, What::Skipped(problem)),
        };
        let effect = EffectId::derive(journey.id, step, journey.effects, self.at);
        self.change(spot.place, |journey| journey.effects = journey.effects.saturating_add(1));
        self.tell(journey, step, what);
        self.take_in_caused(EventKey(effect.0.to_bytes()), (kind, properties), journey, spot.depth.saturating_add(1));
    }

    /// Takes in an event that a step caused. Past the depth limit it stays, and starts nothing.
    fn take_in_caused(&mut self, key: EventKey, what: (Kind, Properties), journey: &Journey, depth: u32) {
        let (kind, properties) = what;
        let event = Event {
            key,
            seq: self.subject.state.last_seq.saturating_add(1),
            at: self.at,
            arrived: self.at,
            precedes: None,
            kind,
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
            self.ask_journeys(Some(&event), depth);
        }
        self.step.events.push(event);
    }

    /// Ends a journey.
    pub fn end(&mut self, place: usize, reason: &str) {
        let ended = Ended { at: self.at, reason: reason.to_owned() };
        self.changed.insert(place);
        self.change(place, |journey| {
            journey.wake = None;
            journey.kept.waiting = None;
            journey.ended = Some(ended);
        });
        if let Some(journey) = self.subject.journeys.get(place).cloned() {
            let cause = self.cause_of(&journey);
            self.enter(Some(journey.id), &journey.campaign, None, cause, What::Ended(reason.to_owned()));
            if reason == FINISHED {
                self.moved(Move::FinishedCampaign(journey.campaign.clone()), cause);
            }
            self.moved(Move::LeftCampaign(journey.campaign), cause);
        }
    }

    pub fn change(&mut self, place: usize, change: impl FnOnce(&mut Journey)) {
        if let Some(journey) = self.subject.journeys.get_mut(place) {
            change(journey);
        }
    }

    /// Writes a line about a step.
    pub fn tell(&mut self, journey: &Journey, step: &str, what: What) {
        let cause = self.cause_of(journey);
        self.enter(Some(journey.id), &journey.campaign, Some(step), cause, what);
    }

    /// What makes the journey go on at this instant.
    pub fn cause_of(&self, journey: &Journey) -> Cause {
        self.causes.get(&journey.id).copied().unwrap_or(Cause::Wake)
    }

    /// The campaign that the journey is about, in the rule set it runs on.
    pub fn plan(&self, journey: &Journey) -> Option<(&'a Campaign, &'a rule::Campaign)> {
        self.versions.get(journey.rules)?.campaign_named(&journey.campaign)
    }

    /// What conditions of the journey are true of.
    pub fn scene(&self, journey: &Journey) -> Scene<'_> {
        let recorded = journey.rules == self.engine.version;
        // Memberships of another rule set are not recorded any more.
        Scene { recorded, calendar: self.calendar(journey), ..self.scene_of(self.scoped_of(journey)) }
    }

    /// What a journey remembers by itself.
    fn scoped_of(&self, journey: &Journey) -> Option<&Scoped> {
        let same = |place: &usize| self.subject.journeys.get(*place).is_some_and(|other| other.id == journey.id);
        self.scoped.iter().find(|(place, _)| same(place)).map(|(_, scoped)| scoped)
    }

    /// How days lie for the journey's person.
    pub fn calendar(&self, journey: &Journey) -> Calendar {
        let engine = self.versions.get(journey.rules).unwrap_or(self.engine);
        Calendar::of(&engine.rules.schema, &self.subject.person)
    }

    /// Walks a draft as far as it can be told now, and only writes down what it would do.
    pub fn draft(&mut self, campaign: &Campaign, rule: &rule::Campaign, journey: &Journey) {
        let would = |run: &mut Self, step: Option<&str>, what: &str| {
            run.enter(None, &rule.name, step, journey.cause, What::Drafted(what.to_owned()));
        };
        would(self, None, "start");
        if campaign.exit.as_ref().is_some_and(|exit| exit.truth(self.scene(journey), self.at)) {
            return would(self, None, "exit");
        }
        let mut position = 0;
        while let Some(instruction) = campaign.program.get(position) {
            let scene = self.scene(journey);
            let holds = |condition: &super::condition::Condition| condition.truth(scene, self.at);
            if !instruction.condition.as_ref().is_none_or(holds) {
                position = instruction.behind;
                continue;
            }
            let (word, next) = match &instruction.action {
                Do::Ask(Script::Send { .. }) => ("send", Some(instruction.behind)),
                Do::Ask(Script::Webhook { .. }) => ("webhook", Some(instruction.behind)),
                Do::Cause(Change::Update(_)) => ("update_person", Some(instruction.behind)),
                Do::Cause(Change::Record { .. }) => ("record_event", Some(instruction.behind)),
                Do::Cause(Change::Move { .. }) => ("manual_segment", Some(instruction.behind)),
                // What comes after it depends on what happens meanwhile.
                Do::Wait(wait) => ("wait", self.is_past(journey, wait).then_some(instruction.behind)),
                Do::WaitUntil(wait) => {
                    let outcome = wait.outcomes.iter().find(|outcome| holds(&outcome.awaited.condition));
                    ("wait_until", outcome.map(|outcome| outcome.target))
                }
                Do::Branch { arms, otherwise } => {
                    let arm = arms.iter().find(|(condition, _)| holds(condition));
                    ("branch", Some(arm.map_or(*otherwise, |(_, target)| *target)))
                }
                Do::Split(arms) => {
                    let arm = self.arm_of(arms, &rule.name, &instruction.step);
                    ("split", Some(arm.map_or(instruction.behind, |arm| arm.target)))
                }
                Do::Jump(target) => {
                    position = *target;
                    continue;
                }
                Do::Exit(_) => ("exit", None),
            };
            would(self, Some(&instruction.step), word);
            match next {
                Some(next) => position = next,
                None => return,
            }
        }
    }
}
