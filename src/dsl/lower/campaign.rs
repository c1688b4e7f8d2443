//! Campaigns: trigger, filter, key and steps, in the order in which they run.

use super::condition::SERVICE_WINDOW;
use super::scope::{Place, Scope};
use super::value::Roots;
use crate::dsl::block;
use crate::dsl::check::names::Owner;
use crate::dsl::envelope::campaigns::{CampaignFile, TriggerFile};
use crate::dsl::envelope::steps::{ActionFile, StepFile};
use crate::dsl::node::Node;
use crate::dsl::parse;
use crate::dsl::report::Report;
use crate::model::rule::{
    Action, Campaign, Condition, IfRunning, OnDeploy, Phrase, Place as RulePlace, Step, Trigger, Verb, Wait,
};
use crate::model::time;

/// What a campaign means; complaints go to the report, and what was gathered stays in the scope.
pub fn campaign(
    file: &CampaignFile<'_>,
    place: RulePlace,
    scope: &mut Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Campaign> {
    let trigger = file.trigger.as_ref().map(|trigger| read_trigger(trigger, scope, report));
    scope.close_trigger();
    let filter = file.filter.map(|node| condition(node, scope, report));
    let owner = trigger.as_ref().and_then(Option::as_ref).map_or(Owner::Nothing, event_owner);
    let roots = Roots { event: owner, known: matches!(trigger, Some(Some(_))) };
    let key = file.key.map(|node| scope.key(node, roots, report));
    let mut open = trigger.as_ref().and_then(Option::as_ref).is_some_and(opens_window).then_some(SERVICE_WINDOW);
    let steps: Vec<Option<Step>> = file
        .steps
        .iter()
        .map(|step| {
            let place = std::mem::replace(&mut scope.place, Place::Journey);
            let step = read_step(step, roots, &mut open, scope, report);
            scope.place = place;
            step
        })
        .collect();
    let steps: Option<Vec<Step>> = steps.into_iter().collect();
    Some(Campaign {
        name: file.name.clone(),
        title: file.title.clone(),
        place,
        state: file.state,
        trigger: trigger??,
        max_event_age: file.max_event_age,
        filter: flat(filter)?,
        frequency: file.frequency,
        key: flat(key)?,
        if_running: IfRunning::Keep,
        limit: None,
        send_window: None,
        exit: None,
        goal: None,
        grace: time::Span(0),
        on_deploy: OnDeploy::Nobody,
        steps: steps?,
    })
}

/// Nothing written is nothing meant; something written without a meaning is none at all.
fn flat<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    part.map_or(Some(None), |meant| meant.map(Some))
}

/// A condition of the language in a YAML value.
pub fn condition(node: &Node, scope: &mut Scope<'_>, report: &mut Report<'_>) -> Option<Condition> {
    let block = block::read(node, "a condition", report)?;
    let tree = parse::parse_condition(&block.text, &block.origin, &mut scope.complaints)?;
    scope.condition(&tree)
}

fn read_trigger(trigger: &TriggerFile<'_>, scope: &mut Scope<'_>, report: &mut Report<'_>) -> Option<Trigger> {
    match trigger {
        TriggerFile::Becomes(node) => {
            let place = std::mem::replace(&mut scope.place, Place::Becomes);
            let becomes = condition(node, scope, report);
            scope.place = place;
            becomes.map(Trigger::Becomes)
        }
        TriggerFile::Event(node) => {
            let block = block::read(node, "an event", report)?;
            let chain = parse::parse_event_block(&block.text, &block.origin, &mut scope.complaints)?;
            scope.phrase(&chain).map(Trigger::Event)
        }
    }
}

fn event_owner(trigger: &Trigger) -> Owner<'_> {
    let Trigger::Event(phrase) = trigger else { return Owner::Nothing };
    match verb(phrase) {
        Verb::Performed(name) => Owner::Event(name),
        Verb::Replied | Verb::Tapped | Verb::Reacted | Verb::RemovedReaction => Owner::Message,
        Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive | Verb::Moved(_) | Verb::Changed(_) => {
            Owner::Nothing
        }
    }
}

/// Whether the trigger is a message of theirs.
fn opens_window(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Event(phrase) if matches!(verb(phrase), Verb::Replied | Verb::Tapped))
}

fn verb(phrase: &Phrase) -> &Verb {
    match phrase {
        Phrase::One(event) => &event.verb,
        Phrase::Sequence(sequence) => &sequence.steps.last().map_or(&sequence.first, |step| &step.event).verb,
    }
}

/// `open`: how long the service window is still open for sure, when the step runs.
fn read_step(
    step: &StepFile<'_>,
    roots: Roots<'_>,
    open: &mut Option<time::Span>,
    scope: &mut Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Step> {
    let condition = step.condition.map(|node| condition(node, scope, report));
    let asked = condition.as_ref().and_then(Option::as_ref).is_some_and(asks_for_window);
    let action = match &step.action {
        ActionFile::Send(send) => {
            let sure = asked || open.is_some_and(|left| left > time::Span(0));
            scope.send(send, roots, sure, report).map(Action::Send)
        }
        ActionFile::Webhook(webhook) => scope.webhook(webhook, roots, report).map(Action::Webhook),
        ActionFile::UpdatePerson(updates) => scope.updates(updates, roots, report).map(Action::UpdatePerson),
        ActionFile::Wait(span) => {
            *open = open.map(|left| time::Span(left.0.saturating_sub(span.0)));
            Some(Action::Wait(Wait::For(time::Length::Elapsed(*span))))
        }
        ActionFile::Exit(reason) => Some(Action::Exit(reason.clone())),
    };
    Some(Step { id: step.id.clone(), condition: flat(condition)?, action: action? })
}

/// Whether the step runs only while the service window is open.
fn asks_for_window(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().any(asks_for_window),
        condition => *condition == Condition::ServiceWindow,
    }
}
