//! Steps that a condition names: there must be one, it must send something, and it must stand before.

use super::flow::Flow;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::dsl::envelope::steps::{self, ActionFile, StepFile};
use crate::dsl::syntax::{Chain, Condition, ConditionKind, Message, MessageKind, Name, Of};

/// The steps of one campaign.
pub(super) struct StepNames<'f> {
    /// Ids with whether the step sends something.
    steps: Vec<(&'f str, bool)>,
}

impl<'f> StepNames<'f> {
    pub fn of(file: &'f [StepFile<'_>]) -> Self {
        let sends = |step: &StepFile<'_>| matches!(step.action, ActionFile::Send(_));
        Self { steps: steps::all(file).into_iter().map(|step| (step.id.as_str(), sends(step))).collect() }
    }

    /// Complains of steps that `condition` names and that cannot be meant. `flow` is where it is asked; without
    /// one it is asked all the time.
    pub fn check(&self, condition: &Condition, flow: Option<&Flow>, scope: &mut Scope<'_>) {
        for name in named(condition) {
            let found = self.steps.iter().find(|(id, _)| *id == name.node);
            let complaint = match found {
                // That it is there is looked at where it is lowered.
                None => continue,
                Some((id, false)) => {
                    Diagnostic::new(Code::E0605, name.span, format!("step `{id}` sends nothing that could be answered"))
                }
                Some((id, true)) if flow.is_some_and(|flow| !flow.has_sent(id)) => {
                    let complaint = Diagnostic::new(Code::E0605, name.span, format!("step `{id}` has not run here"));
                    let before: Vec<&str> = flow.into_iter().flat_map(Flow::senders).collect();
                    if before.is_empty() {
                        complaint.note("nothing is sent before this")
                    } else {
                        complaint.note(format!("before this: `{}`", before.join("`, `")))
                    }
                }
                Some(_) => continue,
            };
            scope.complaints.push(complaint);
        }
    }
}

/// The steps that are named alone.
fn named(condition: &Condition) -> Vec<&Name> {
    match &condition.node {
        ConditionKind::All(parts) | ConditionKind::Any(parts) => parts.iter().flat_map(named).collect(),
        ConditionKind::Not(inner) | ConditionKind::ForAtLeast(inner, _) => named(inner),
        ConditionKind::History(history) => in_chain(&history.chain),
        _ => Vec::new(),
    }
}

fn in_chain(chain: &Chain) -> Vec<&Name> {
    let within = chain.within_of.iter().filter_map(|within| match &within.of.node {
        Of::Message(message) => Some(message),
        Of::Answered => None,
    });
    let events = [&chain.first].into_iter().chain(chain.steps.iter().map(|step| &step.event));
    within.chain(events.filter_map(|event| event.node.message())).filter_map(alone).collect()
}

fn alone(message: &Message) -> Option<&Name> {
    match &message.node {
        MessageKind::Step(name) => Some(name),
        _ => None,
    }
}
