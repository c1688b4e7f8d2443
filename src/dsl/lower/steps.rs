//! The steps of a campaign, walked in the order in which a journey runs them: what each means, and what is
//! known where it stands.

use std::ops::Range;

use super::flow::{AtMost, Flow, longest};
use super::reference::StepNames;
use super::scope::Scope;
use super::value::{Carried, Roots};
use crate::diagnostic::{Code, Diagnostic};
use crate::dsl::block;
use crate::dsl::check::outcomes;
use crate::dsl::check::values::with_article;
use crate::dsl::envelope::forks::{BranchFile, OutcomeFile, TimeoutFile, WaitUntilFile};
use crate::dsl::envelope::span;
use crate::dsl::envelope::steps::{ActionFile, StepFile};
use crate::dsl::node::Node;
use crate::dsl::parse;
use crate::dsl::report::Report;
use crate::dsl::syntax;
use crate::model::rule::{Action, Arm, Condition, Outcome, Path, Share, Step, Timeout, Wait, WaitUntil};
use crate::model::time::Span;
use crate::model::value::Type;
use crate::template;

/// A local time comes round again after so long at most: the clocks may change in between.
const UNTIL_TIME_MAX: Span = Span::hours(25);

/// One walk through a campaign.
pub(super) struct Walk<'w, 'a, 's> {
    pub scope: &'w mut Scope<'a>,
    pub report: &'w mut Report<'s>,
    pub names: &'w StepNames<'w>,
    /// What `event` is.
    pub event: Carried,
    /// How long the send window can hold a message back.
    pub hold: Span,
    /// How long a timeout waits for events that arrive late.
    pub grace: Span,
}

impl Walk<'_, '_, '_> {
    /// What the steps mean, and where they lead.
    pub fn list(&mut self, files: &[StepFile<'_>], flow: &mut Flow) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        for file in files {
            if flow.over {
                self.report
                    .error(Code::E0605, file.at.clone(), format!("step `{}` is never reached", file.id))
                    .label("every way ends before it");
                // Once is enough.
                flow.over = false;
            }
            steps.push(self.step(file, flow));
        }
        steps.into_iter().collect()
    }

    fn step(&mut self, file: &StepFile<'_>, flow: &mut Flow) -> Option<Step> {
        let condition = file.condition.map(|node| self.condition(node, flow));
        let mut met = flow.clone();
        if let Some(Some(condition)) = &condition {
            met.know(condition);
        }
        let action = self.action(file, &met, flow);
        let condition = match condition {
            None => None,
            Some(condition) => Some(condition?),
        };
        Some(Step { id: file.id.clone(), condition, action: action? })
    }

    /// `met`: what is known if the step runs. `flow`: what is known behind it.
    fn action(&mut self, file: &StepFile<'_>, met: &Flow, flow: &mut Flow) -> Option<Action> {
        let roots = Roots { event: self.event.clone(), answer: flow.answer.clone() };
        match &file.action {
            ActionFile::Send(send) => {
                flow.send(&file.id);
                self.scope.send(send, &roots, met.is_open(self.hold), self.report).map(Action::Send)
            }
            ActionFile::Webhook(webhook) => self.scope.webhook(webhook, &roots, self.report).map(Action::Webhook),
            ActionFile::UpdatePerson(updates) => {
                self.scope.updates(updates, &roots, self.report).map(Action::UpdatePerson)
            }
            ActionFile::RecordEvent(event) => self.scope.record(event, &roots, self.report),
            ActionFile::ManualSegment(manual) => self.scope.manual(manual, self.report),
            ActionFile::Wait(wait) => self.wait(wait, &roots, flow).map(Action::Wait),
            ActionFile::WaitUntil(wait) => self.wait_until(wait, flow).map(Action::WaitUntil),
            ActionFile::Branch(branch) => self.branch(branch, flow),
            ActionFile::Split(arms) => {
                let arms: Vec<(&str, Share, &[StepFile<'_>])> =
                    arms.iter().map(|arm| (arm.name.as_str(), arm.share, arm.steps.as_slice())).collect();
                self.split(&arms, flow)
            }
            ActionFile::Exit(reason) => {
                flow.over = file.condition.is_none();
                Some(Action::Exit(reason.clone()))
            }
        }
    }

    /// A condition that is asked at one step.
    fn condition(&mut self, node: &Node, flow: &Flow) -> Option<Condition> {
        let block = block::read(node, "a condition", self.report)?;
        let tree = parse::parse_condition(&block.text, &block.origin, &mut self.scope.complaints)?;
        self.names.check(&tree, Some(flow), self.scope);
        self.scope.condition(&tree)
    }

    fn wait(&mut self, wait: &syntax::Wait, roots: &Roots, flow: &mut Flow) -> Option<Wait> {
        match wait {
            syntax::Wait::For(length) => {
                flow.pass(Some(longest(length.meant())));
                Some(Wait::For(length.meant()))
            }
            syntax::Wait::UntilTime(time) => {
                flow.pass(Some(UNTIL_TIME_MAX));
                Some(Wait::UntilTime(time.node))
            }
            syntax::Wait::Until { path, offset } => {
                flow.pass(None);
                let offset = match offset {
                    None => Some(Span(0)),
                    Some(offset) => span::seconds(&offset.length, self.report)
                        .map(|span| if offset.back { Span(-span.0) } else { span }),
                };
                let path = self.instant(path, roots);
                Some(Wait::Until { path: path?, offset: offset? })
            }
        }
    }

    /// A path to an instant.
    fn instant(&mut self, path: &syntax::Path, roots: &Roots) -> Option<Path> {
        let written = match path.root {
            syntax::Root::Person => format!("person.{}", path.name),
            syntax::Root::Event => format!("event.{}", path.name),
            syntax::Root::None => path.name.clone(),
        };
        let at = path.span.start..path.span.end;
        let Some(read) = template::Path::read(&written) else {
            let complaint = self.report.error(Code::E0621, at, format!("`{written}` is no path"));
            complaint.note("a path begins with `person`, `event` or `answer`");
            return None;
        };
        let errors = self.report.errors();
        self.scope.can_be_missing(&read, &at, roots, self.report);
        if self.report.errors() > errors {
            return None;
        }
        let path = Path(written);
        if let Some(ty) = self.scope.type_of(&path, roots).filter(|ty| *ty != Type::Time) {
            let message = format!("`{}` is {}, and a wait ends at a time", path.0, with_article(ty));
            self.report.error(Code::E0320, at, message);
            return None;
        }
        Some(path)
    }

    fn wait_until(&mut self, file: &WaitUntilFile<'_>, flow: &mut Flow) -> Option<WaitUntil> {
        let timeout_after = file.timeout.as_ref().map(|timeout| {
            let late = self.grace.0.saturating_add(1);
            Span(longest(timeout.after).0.saturating_add(late))
        });
        let mut ways = Vec::new();
        let outcomes: Vec<Option<Outcome>> =
            file.outcomes.iter().map(|outcome| self.outcome(outcome, timeout_after, flow, &mut ways)).collect();
        let timeout = file.timeout.as_ref().map(|timeout| self.timeout(timeout, timeout_after, flow, &mut ways));
        self.check_outcomes(&file.outcomes, &outcomes, file.timeout.as_ref());
        *flow = Flow::join(ways);
        let timeout = match timeout {
            None => None,
            Some(timeout) => Some(timeout?),
        };
        Some(WaitUntil { outcomes: outcomes.into_iter().collect::<Option<_>>()?, timeout })
    }

    fn outcome(
        &mut self,
        file: &OutcomeFile<'_>,
        at_most: AtMost,
        flow: &Flow,
        ways: &mut Vec<Flow>,
    ) -> Option<Outcome> {
        let condition = self.condition(file.when, flow);
        let mut way = match &condition {
            Some(condition) => flow.after_waiting(condition, at_most),
            None => flow.after_something(at_most),
        };
        let steps = self.list(&file.steps, &mut way);
        ways.push(way);
        Some(Outcome { name: file.name.clone(), condition: condition?, steps: steps? })
    }

    fn timeout(
        &mut self,
        file: &TimeoutFile<'_>,
        at_most: AtMost,
        flow: &Flow,
        ways: &mut Vec<Flow>,
    ) -> Option<Timeout> {
        let mut way = flow.clone();
        way.answer = None;
        way.pass(at_most);
        let steps = self.list(&file.steps, &mut way);
        ways.push(way);
        Some(Timeout { after: file.after, steps: steps? })
    }

    /// Outcomes that an earlier one always comes before.
    fn check_outcomes(
        &mut self,
        files: &[OutcomeFile<'_>],
        outcomes: &[Option<Outcome>],
        timeout: Option<&TimeoutFile<'_>>,
    ) {
        let mut earlier: Vec<(&OutcomeFile<'_>, &Condition)> = Vec::new();
        for (file, outcome) in files.iter().zip(outcomes) {
            let Some(outcome) = outcome else { continue };
            let same = |condition: &Condition| *condition == Condition::Everyone || *condition == outcome.condition;
            if let Some((first, _)) = earlier.iter().find(|(_, condition)| same(condition)) {
                self.report
                    .error(Code::E0603, file.at.clone(), format!("the outcome `{}` is never reached", file.name))
                    .also(first.at.clone(), "this one always comes first");
                continue;
            }
            for (first, words) in outcomes::shadowed(&earlier, &outcome.condition) {
                let complaint = Diagnostic::new(Code::W0703, self.report.span(&file.at), words.says(&file.name));
                self.report.complain(complaint).also(first.at.clone(), "of two that are met the first wins");
            }
            earlier.push((file, &outcome.condition));
        }
        let everyone = earlier.iter().find(|(_, condition)| **condition == Condition::Everyone);
        if let (Some((first, _)), Some(timeout)) = (everyone, timeout) {
            self.report
                .error(Code::E0603, timeout.at.clone(), "this timeout is never reached")
                .also(first.at.clone(), "this outcome ends the wait at once");
        }
    }

    fn branch(&mut self, file: &BranchFile<'_>, flow: &mut Flow) -> Option<Action> {
        let mut ways = Vec::new();
        let mut arms: Vec<Option<(Condition, Vec<Step>)>> = Vec::new();
        let mut always: Option<Range<usize>> = None;
        for arm in &file.arms {
            let condition = self.condition(arm.when, flow);
            if let Some(first) = &always {
                self.refuse_unreached(&arm.at, first);
            } else if condition == Some(Condition::Everyone) {
                always = Some(arm.at.clone());
            }
            let mut way = flow.clone();
            if let Some(condition) = &condition {
                way.know(condition);
            }
            let steps = self.list(&arm.steps, &mut way);
            ways.push(way);
            arms.push(condition.zip(steps));
        }
        if let Some(first) = &always {
            self.refuse_unreached(&file.otherwise_at, first);
        }
        let mut way = flow.clone();
        let otherwise = self.list(&file.otherwise, &mut way);
        ways.push(way);
        *flow = Flow::join(ways);
        Some(Action::Branch { arms: arms.into_iter().collect::<Option<_>>()?, otherwise: otherwise? })
    }

    fn refuse_unreached(&mut self, at: &Range<usize>, first: &Range<usize>) {
        self.report
            .error(Code::E0603, at.clone(), "this arm is never reached")
            .also(first.clone(), "everybody takes this one");
    }

    fn split(&mut self, files: &[(&str, Share, &[StepFile<'_>])], flow: &mut Flow) -> Option<Action> {
        let mut ways = Vec::new();
        let arms: Vec<Option<Arm>> = files
            .iter()
            .map(|(name, share, steps)| {
                let mut way = flow.clone();
                let steps = self.list(steps, &mut way);
                ways.push(way);
                Some(Arm { name: (*name).to_owned(), share: *share, steps: steps? })
            })
            .collect();
        *flow = Flow::join(ways);
        arms.into_iter().collect::<Option<_>>().map(Action::Split)
    }
}
