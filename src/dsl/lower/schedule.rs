//! Schedules: when they come round, and for whom.

use super::campaign::condition;
use super::scope::Scope;
use super::value::place as place_of;
use crate::diagnostic::Code;
use crate::dsl::envelope::fields;
use crate::dsl::envelope::schedules::{ScheduleFile, TaskFile};
use crate::dsl::node::Node;
use crate::dsl::report::Report;
use crate::model::cadence::Cadence;
use crate::model::rule::{Condition, Place as RulePlace, Schedule, ScheduleZone, Task};
use crate::model::value::Type;

/// What a schedule means; complaints go to the report, and what was gathered stays in the scope.
pub fn schedule(
    file: &ScheduleFile<'_>,
    place: RulePlace,
    scope: &mut Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Schedule> {
    let cron = file.cron.and_then(|node| cron(node, report));
    let task = match file.task.as_ref()? {
        TaskFile::ForEach(node) => for_each(node, scope, report).map(Task::ForEach),
        TaskFile::Recheck { segments, repair } => {
            let segments = segments.map(|items| rechecked(items, scope, report));
            match segments {
                None => Some(Task::Recheck { segments: None, repair: *repair }),
                Some(segments) => segments.map(|names| Task::Recheck { segments: Some(names), repair: *repair }),
            }
        }
    };
    let otherwise = || ScheduleZone::Fixed(scope.names.declared.schema.time_zone.parse().unwrap_or_default());
    Some(Schedule {
        name: file.name.clone(),
        place,
        cron: cron?,
        time_zone: file.time_zone.unwrap_or_else(otherwise),
        task: task?,
        run_missed: file.run_missed,
        max_lateness: file.max_lateness,
        spread: file.spread,
    })
}

/// A cadence as written.
fn cron(node: &Node, report: &mut Report<'_>) -> Option<String> {
    let text = fields::text(node, "a cron expression", report)?;
    match Cadence::parse(text) {
        Ok(_) => Some(text.to_owned()),
        Err(error) => {
            let at = place_of(node, error.at.start, error.at.len(), report);
            let complaint = report.error(Code::E0911, at.clone(), error.message);
            if let Some(instead) = error.instead {
                complaint.fix("name them", at, instead);
            } else {
                complaint.note("such as `30 9 * * mon-fri`: minute hour day month weekday");
            }
            None
        }
    }
}

fn for_each(node: &Node, scope: &mut Scope<'_>, report: &mut Report<'_>) -> Option<Condition> {
    let condition = condition(node, scope, report)?;
    if is_found_by_index(&condition) {
        return Some(condition);
    }
    report
        .error(Code::E0520, node.at.clone(), "this would look at everybody, each time")
        .label("neither a segment nor a value narrows it down")
        .note(
            "one part, joined by `and`, is `in segment …`, or `is` or `is one of` on a declared attribute that is \
             not true or false",
        );
    None
}

/// Whether those it is true of can be looked up: as members of a segment, or by the value of an attribute. A
/// value of two is no narrower than everybody.
fn is_found_by_index(condition: &Condition) -> bool {
    match condition {
        Condition::InSegment(_) => true,
        Condition::Attribute(test) => test.ty.is_some_and(|ty| ty != Type::Boolean) && test.equals().is_some(),
        Condition::All(parts) => parts.iter().any(is_found_by_index),
        Condition::Any(parts) => parts.iter().all(is_found_by_index),
        _ => false,
    }
}

/// Segments to be computed again: those with a condition.
fn rechecked(items: &[Node], scope: &mut Scope<'_>, report: &mut Report<'_>) -> Option<Vec<String>> {
    let names = scope.names;
    let known: Vec<&str> =
        names.segments.keys().map(String::as_str).filter(|name| !names.manual.contains(*name)).collect();
    let mut found = Vec::new();
    for item in items {
        let name = fields::text(item, "the name of a segment", report)?;
        if known.contains(&name) {
            found.push(Some(name.to_owned()));
        } else {
            let message = if names.manual.contains(name) {
                format!("`{name}` is manual: there is no condition to compute it by")
            } else {
                format!("there is no segment `{name}`")
            };
            report.unknown(Code::E0301, item.at.clone(), &message, name, &known);
            found.push(None);
        }
    }
    found.into_iter().collect()
}
