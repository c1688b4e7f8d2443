//! Campaigns: what starts them, for whom, how they end; and then their steps.

use super::flow::Flow;
use super::reference::StepNames;
use super::scope::{Place, Scope};
use super::steps::Walk;
use super::trigger::{carried, trigger};
use super::unsupported;
use super::value::Roots;
use crate::diagnostic::Code;
use crate::dsl::block;
use crate::dsl::envelope::campaigns::{CampaignFile, GoalFile};
use crate::dsl::envelope::fields;
use crate::dsl::node::Node;
use crate::dsl::parse;
use crate::dsl::report::Report;
use crate::model::rule::{Campaign, Condition, Goal, Place as RulePlace, SendWindow};
use crate::model::time::{Length, Span};

/// What a campaign means; complaints go to the report, and what was gathered stays in the scope.
pub fn campaign(
    file: &CampaignFile<'_>,
    place: RulePlace,
    scope: &mut Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Campaign> {
    let grace = file.grace.unwrap_or(scope.names.declared.schema.grace);
    scope.grace = grace;
    let started = file.trigger.as_ref().map(|file| trigger(&file.kind, scope, report));
    scope.close_trigger();
    let filter = file.filter.map(|node| condition(node, scope, report));
    let meant = started.as_ref().and_then(Option::as_ref);
    unsupported::refuse(file, meant, report);
    let event = carried(meant);
    let roots = Roots { event: event.clone(), answer: None };
    let key = file.entry.key.map(|node| scope.key(node, &roots, report));
    let limit = file.limit.map(|node| limit(node, scope, report));
    let before = std::mem::replace(&mut scope.place, Place::Journey);
    let names = StepNames::of(&file.steps);
    let exit = file.exit.map(|node| watched(node, &names, scope, report));
    let goal = file.goal.as_ref().map(|file| goal(file, &names, scope, report));
    let mut flow = Flow::entry(meant, filter.as_ref().and_then(Option::as_ref), grace);
    let hold = file.send_window.as_ref().map_or(Span(0), hold);
    let mut walk = Walk { scope: &mut *scope, report, names: &names, event, hold, grace };
    let steps = walk.list(&file.steps, &mut flow);
    scope.place = before;
    Some(Campaign {
        name: file.name.clone(),
        title: file.title.clone(),
        place,
        state: file.state,
        trigger: started??,
        max_event_age: file.max_event_age,
        filter: flat(filter)?,
        frequency: file.entry.frequency,
        key: flat(key)?,
        if_running: file.entry.if_running,
        limit: flat(limit)?,
        send_window: file.send_window,
        exit: flat(exit)?,
        goal: flat(goal)?,
        grace,
        on_deploy: file.on_deploy.1,
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

/// A condition that is asked all the time while the journey runs.
fn watched(node: &Node, names: &StepNames<'_>, scope: &mut Scope<'_>, report: &mut Report<'_>) -> Option<Condition> {
    let block = block::read(node, "a condition", report)?;
    let tree = parse::parse_condition(&block.text, &block.origin, &mut scope.complaints)?;
    names.check(&tree, None, scope);
    scope.condition(&tree)
}

fn goal(file: &GoalFile<'_>, names: &StepNames<'_>, scope: &mut Scope<'_>, report: &mut Report<'_>) -> Option<Goal> {
    let condition = watched(file.when, names, scope, report)?;
    Some(Goal { condition, within: file.within, exit: file.exit })
}

/// The name of a limit.
fn limit(node: &Node, scope: &Scope<'_>, report: &mut Report<'_>) -> Option<String> {
    let name = fields::text(node, "the name of a limit", report)?;
    let limits = &scope.names.declared.schema.limits;
    match limits.get(name) {
        None => {
            let known: Vec<&str> = limits.keys().map(String::as_str).collect();
            report.unknown(Code::E0301, node.at.clone(), &format!("there is no limit `{name}`"), name, &known);
            None
        }
        Some(limit) if matches!(limit.within, Length::Elapsed(within) if within > scope.retention) => {
            let days = scope.retention.0 / Span::DAY.0;
            let message = format!("this limit looks back longer than events are kept, which is {days} days");
            report.error(Code::E0220, node.at.clone(), message);
            None
        }
        Some(_) => Some(name.to_owned()),
    }
}

/// How long a message can wait for the window to open: as long as it is closed, and an hour more when the
/// clocks are set back.
fn hold(window: &SendWindow) -> Span {
    if window.skip {
        return Span(0);
    }
    let open = (window.to - window.from).num_seconds().rem_euclid(Span::DAY.0);
    Span(Span::DAY.0 - open + 3_600)
}
