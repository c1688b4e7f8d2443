//! A campaign's steps as a flat program: blocks become jumps, so that a journey stands at one number.
//! Jumps lead forward only, so every journey comes to an end.

use chrono::NaiveTime;

use super::change::Change;
use super::compile::CompileError;
use super::condition::Condition;
use super::evidence::Awaited;
use super::expression::{Script, Value};
use crate::model::rule::{self, Action, Share, Step};
use crate::model::time::{Length, Span};

/// The instructions of a campaign.
#[derive(Debug, Default)]
pub struct Program {
    instructions: Vec<Instruction>,
    /// Some text says `answer`, so it is worth keeping.
    pub uses_answer: bool,
}

/// One step, or the jump behind a block.
#[derive(Debug)]
pub struct Instruction {
    /// The step's id.
    pub step: String,
    /// The step is passed over where this is not met.
    pub condition: Option<Condition>,
    /// The instruction behind the step and everything inside it.
    pub behind: u32,
    pub action: Do,
}

/// What an instruction does.
#[derive(Debug)]
pub enum Do {
    /// Asks the world for something.
    Ask(Script),
    /// Something happens to the person in the same second.
    Cause(Change),
    Wait(Wait),
    WaitUntil(WaitUntil),
    Branch {
        arms: Vec<(Condition, u32)>,
        otherwise: u32,
    },
    Split(Vec<Arm>),
    Jump(u32),
    /// Ends the journey with this reason.
    Exit(String),
}

/// How long a journey stands still.
#[derive(Debug)]
pub enum Wait {
    For(Length),
    UntilTime(NaiveTime),
    Until { path: Value, offset: Span },
}

/// Waits until something happens.
#[derive(Debug)]
pub struct WaitUntil {
    pub outcomes: Vec<Outcome>,
    /// After how long nothing has happened, and where it goes on then.
    pub timeout: Option<(Length, u32)>,
}

/// What a wait can come to.
#[derive(Debug)]
pub struct Outcome {
    pub name: String,
    pub awaited: Awaited,
    pub target: u32,
}

/// One arm of a split.
#[derive(Debug)]
pub struct Arm {
    pub name: String,
    /// Its share and those of the arms before it.
    pub up_to: Share,
    pub target: u32,
}

impl Program {
    /// Flattens the steps of `campaign`; `condition` makes their conditions ready.
    ///
    /// # Errors
    /// The first condition, text or path that cannot be made ready.
    pub fn compile(
        campaign: &rule::Campaign,
        condition: &mut dyn FnMut(&rule::Condition) -> Result<Condition, CompileError>,
    ) -> Result<Self, CompileError> {
        let mut flat = Flat { campaign: &campaign.name, condition, instructions: Vec::new() };
        flat.steps(&campaign.steps)?;
        // Too much is kept where a text only looks like it, and nothing is missed.
        let text = serde_json::to_string(&campaign.steps);
        Ok(Self { instructions: flat.instructions, uses_answer: text.is_ok_and(|text| text.contains("answer")) })
    }

    /// The instruction with this number; none behind the last.
    #[must_use]
    pub fn get(&self, position: u32) -> Option<&Instruction> {
        self.instructions.get(position as usize)
    }

    /// The waits from `position` on, with their numbers.
    pub fn waits_from(&self, position: u32) -> impl Iterator<Item = (u32, &WaitUntil)> {
        let ahead = (0..).zip(&self.instructions).skip(position as usize);
        ahead.filter_map(|(number, instruction)| match &instruction.action {
            Do::WaitUntil(wait) => Some((number, wait)),
            _ => None,
        })
    }
}

struct Flat<'a> {
    campaign: &'a str,
    condition: &'a mut dyn FnMut(&rule::Condition) -> Result<Condition, CompileError>,
    instructions: Vec<Instruction>,
}

impl Flat<'_> {
    fn steps(&mut self, steps: &[Step]) -> Result<(), CompileError> {
        steps.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &Step) -> Result<(), CompileError> {
        let condition = step.condition.as_ref().map(|condition| (self.condition)(condition)).transpose()?;
        let place = self.instructions.len();
        // Where a block ends is known when it is written.
        self.push(step, Do::Jump(0));
        let action = self.action(step)?;
        let behind = self.next();
        if let Some(instruction) = self.instructions.get_mut(place) {
            *instruction = Instruction { step: step.id.clone(), condition, behind, action };
        }
        Ok(())
    }

    fn action(&mut self, step: &Step) -> Result<Do, CompileError> {
        let (campaign, id) = (self.campaign, &step.id);
        let broken = |problem| CompileError::Step { campaign: campaign.to_owned(), step: id.clone(), problem };
        Ok(match &step.action {
            Action::Send(send) => Do::Ask(Script::send(send).map_err(broken)?),
            Action::Webhook(webhook) => Do::Ask(Script::webhook(webhook).map_err(broken)?),
            Action::UpdatePerson(writes) => Do::Cause(Change::update(writes).map_err(broken)?),
            Action::RecordEvent { name, properties } => Do::Cause(Change::record(name, properties).map_err(broken)?),
            Action::ManualSegment { segment, join } => {
                Do::Cause(Change::Move { segment: segment.clone(), join: *join })
            }
            Action::Wait(wait) => Do::Wait(Wait::compile(wait).map_err(broken)?),
            Action::WaitUntil(wait) => Do::WaitUntil(self.wait_until(step, wait)?),
            Action::Branch { arms, otherwise } => self.branch(step, arms, otherwise)?,
            Action::Split(arms) => self.split(step, arms)?,
            Action::Exit(reason) => Do::Exit(reason.clone()),
        })
    }

    fn wait_until(&mut self, step: &Step, wait: &rule::WaitUntil) -> Result<WaitUntil, CompileError> {
        let mut outcomes = Vec::new();
        let mut ends = Vec::new();
        for outcome in &wait.outcomes {
            let condition = (self.condition)(&outcome.condition)?;
            let awaited = Awaited::compile(&outcome.condition, condition, self.campaign)?;
            let target = self.block(step, &outcome.steps, &mut ends)?;
            outcomes.push(Outcome { name: outcome.name.clone(), awaited, target });
        }
        let mut timeout = None;
        if let Some(rule) = &wait.timeout {
            timeout = Some((rule.after, self.block(step, &rule.steps, &mut ends)?));
        }
        self.close(&ends);
        Ok(WaitUntil { outcomes, timeout })
    }

    fn branch(
        &mut self,
        step: &Step,
        rules: &[(rule::Condition, Vec<Step>)],
        otherwise: &[Step],
    ) -> Result<Do, CompileError> {
        let mut arms = Vec::new();
        let mut ends = Vec::new();
        for (condition, steps) in rules {
            arms.push(((self.condition)(condition)?, self.block(step, steps, &mut ends)?));
        }
        let otherwise = self.block(step, otherwise, &mut ends)?;
        self.close(&ends);
        Ok(Do::Branch { arms, otherwise })
    }

    fn split(&mut self, step: &Step, rules: &[rule::Arm]) -> Result<Do, CompileError> {
        let mut arms = Vec::new();
        let mut ends = Vec::new();
        let mut up_to = Share(0);
        for arm in rules {
            up_to = Share(up_to.0.saturating_add(arm.share.0));
            let target = self.block(step, &arm.steps, &mut ends)?;
            arms.push(Arm { name: arm.name.clone(), up_to, target });
        }
        self.close(&ends);
        Ok(Do::Split(arms))
    }

    /// Writes the steps of one way through a block. Returns where it begins; its end goes to `ends`.
    fn block(&mut self, step: &Step, steps: &[Step], ends: &mut Vec<usize>) -> Result<u32, CompileError> {
        let begin = self.next();
        self.steps(steps)?;
        ends.push(self.instructions.len());
        self.push(step, Do::Jump(0));
        Ok(begin)
    }

    /// Lets all ways through a block meet behind it.
    fn close(&mut self, ends: &[usize]) {
        let behind = self.next();
        for end in ends {
            if let Some(instruction) = self.instructions.get_mut(*end) {
                (instruction.behind, instruction.action) = (behind, Do::Jump(behind));
            }
        }
    }

    fn push(&mut self, step: &Step, action: Do) {
        self.instructions.push(Instruction { step: step.id.clone(), condition: None, behind: 0, action });
    }

    fn next(&self) -> u32 {
        u32::try_from(self.instructions.len()).expect("the bounds on rule files keep their steps below four billion")
    }
}

impl Wait {
    fn compile(wait: &rule::Wait) -> Result<Self, String> {
        Ok(match wait {
            rule::Wait::For(length) => Self::For(*length),
            rule::Wait::UntilTime(time) => Self::UntilTime(*time),
            rule::Wait::Until { path, offset } => {
                Self::Until { path: Value::compile(&rule::Expression::Path(path.clone()))?, offset: *offset }
            }
        })
    }
}
