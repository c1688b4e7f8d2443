//! What starts a campaign.

use super::campaign::condition;
use super::scope::{Place, Scope};
use super::value::Carried;
use crate::diagnostic::Code;
use crate::dsl::block;
use crate::dsl::check::names::ScheduleNames;
use crate::dsl::envelope::campaigns::TriggerKind;
use crate::dsl::envelope::fields;
use crate::dsl::node::Node;
use crate::dsl::parse;
use crate::dsl::report::Report;
use crate::model::rule::Trigger;

/// What a trigger means.
pub(super) fn trigger(kind: &TriggerKind<'_>, scope: &mut Scope<'_>, report: &mut Report<'_>) -> Option<Trigger> {
    match kind {
        TriggerKind::Becomes(node) => {
            let place = std::mem::replace(&mut scope.place, Place::Becomes);
            let becomes = condition(node, scope, report);
            scope.place = place;
            becomes.map(Trigger::Becomes)
        }
        TriggerKind::Event(node) => {
            let block = block::read(node, "an event", report)?;
            let chain = parse::parse_event_block(&block.text, &block.origin, &mut scope.complaints)?;
            scope.phrase(&chain).map(Trigger::Event)
        }
        TriggerKind::Each(node) => {
            let block = block::read(node, "a sequence", report)?;
            let chain = parse::parse_chain_block(&block.text, &block.origin, &mut scope.complaints)?;
            scope.phrase(&chain).map(Trigger::Event)
        }
        TriggerKind::Schedule(node) => schedule(node, scope, report).map(Trigger::Schedule),
        TriggerKind::Api => Some(Trigger::Api),
    }
}

/// What `event` is in a campaign that is started so.
pub(super) fn carried(trigger: Option<&Trigger>) -> Carried {
    match trigger {
        None => Carried::Unread,
        Some(Trigger::Event(phrase)) => Carried::by(phrase),
        Some(Trigger::Becomes(_) | Trigger::Schedule(_)) => Carried::Nothing,
        // What a caller gives along is the caller's.
        Some(Trigger::Api) => Carried::Anything,
    }
}

/// The name of a schedule that starts campaigns.
fn schedule(node: &Node, scope: &Scope<'_>, report: &mut Report<'_>) -> Option<String> {
    let name = fields::text(node, "the name of a schedule", report)?;
    let schedules = &scope.names.schedules;
    match schedules.get(name) {
        Some(ScheduleNames { starts: true, .. }) => return Some(name.to_owned()),
        Some(_) => {
            let complaint = report.error(Code::E0301, node.at.clone(), format!("schedule `{name}` starts nobody"));
            complaint.label("it has no `for_each`");
        }
        None => {
            let starts = schedules.iter().filter(|(_, schedule)| schedule.starts);
            let known: Vec<&str> = starts.map(|(name, _)| name.as_str()).collect();
            report.unknown(Code::E0301, node.at.clone(), &format!("there is no schedule `{name}`"), name, &known);
        }
    }
    None
}
