//! `schedules`: when they come round, where, and what they do then.

use std::ops::Range;

use super::campaigns::zone;
use super::fields::{self, Fields};
use super::{name, span};
use crate::diagnostic::Code;
use crate::dsl::node::{Content, Key, Node};
use crate::dsl::report::Report;
use crate::model::rule::ScheduleZone;
use crate::model::time::Span;

/// A schedule as written.
#[derive(Debug)]
pub struct ScheduleFile<'n> {
    pub name: String,
    /// Where its name stands.
    pub at: Range<usize>,
    pub cron: Option<&'n Node>,
    /// None: the schema's zone.
    pub time_zone: Option<ScheduleZone>,
    pub task: Option<TaskFile<'n>>,
    pub run_missed: bool,
    pub max_lateness: Span,
    pub spread: Span,
}

/// What a schedule does, as written.
#[derive(Debug)]
pub enum TaskFile<'n> {
    ForEach(&'n Node),
    /// No list: all segments.
    Recheck {
        segments: Option<&'n [Node]>,
        repair: bool,
    },
}

/// A missed occurrence runs at most so late, where nothing is said.
const MAX_LATENESS: Span = Span::hours(1);

/// Reads the map `schedules`.
pub fn read<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Vec<ScheduleFile<'n>> {
    let entries = fields::entries(node, &key.at, "`schedules`", report).unwrap_or_default();
    entries.iter().filter_map(|(key, node)| schedule(key, node, report)).collect()
}

fn schedule<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<ScheduleFile<'n>> {
    let name = name(key, "a schedule", report);
    let mut map = Fields::open(node, &key.at, "a schedule", report)?;
    let cron = map.require("cron", report);
    let time_zone = map.take_entry("time_zone");
    let missed = map.take("missed");
    let missed = missed.and_then(|node| fields::word(node, "`missed`", &["run once", "skip"], report));
    let max_lateness = map.take("max_lateness").and_then(|node| span::elapsed(node, report));
    let spread = map.take_entry("spread");
    let task = task(key, &mut map, report);
    if let Some(TaskFile::Recheck { .. }) = task {
        let person = time_zone.filter(|(_, node)| node.text() == Some("person"));
        for (key, _) in [person, spread].into_iter().flatten() {
            report
                .error(Code::E0903, key.at.clone(), "a recheck is one task for everybody")
                .label("this is for a schedule with `for_each`");
        }
    }
    map.finish(report);
    Some(ScheduleFile {
        name,
        at: key.at.clone(),
        cron,
        time_zone: time_zone.and_then(|(_, node)| zone(node, report)).map(|zone| match zone {
            None => ScheduleZone::Person,
            Some(zone) => ScheduleZone::Fixed(zone),
        }),
        task,
        run_missed: missed != Some("skip"),
        max_lateness: max_lateness.unwrap_or(MAX_LATENESS),
        spread: spread.and_then(|(_, node)| span::elapsed(node, report)).unwrap_or_default(),
    })
}

/// Exactly one of `for_each` and `recheck`.
fn task<'n>(schedule: &Key, map: &mut Fields<'n>, report: &mut Report<'_>) -> Option<TaskFile<'n>> {
    let (for_each, recheck, repair) = (map.take_entry("for_each"), map.take_entry("recheck"), map.take_entry("repair"));
    if let (Some((key, _)), None) = (repair, recheck) {
        report.error(Code::E0903, key.at.clone(), "`repair` is for a schedule with `recheck`");
    }
    match (for_each, recheck) {
        (Some((_, node)), None) => Some(TaskFile::ForEach(node)),
        (None, Some((_, node))) => {
            let segments = segments(node, report)?;
            let repair = repair.and_then(|(_, node)| fields::boolean(node, "`repair`", report)).unwrap_or(true);
            Some(TaskFile::Recheck { segments, repair })
        }
        (Some((first, _)), Some((second, _))) => {
            report
                .error(Code::E0903, second.at.clone(), "a schedule does one thing: `for_each` or `recheck`")
                .also(first.at.clone(), "the first one");
            None
        }
        (None, None) => {
            if !map.is_left() {
                report
                    .error(Code::E0903, schedule.at.clone(), format!("the schedule `{}` does nothing", schedule.name))
                    .note("`for_each` says for whom it starts campaigns; `recheck` computes segments again");
            }
            None
        }
    }
}

/// `all`, or a list of names.
fn segments<'n>(node: &'n Node, report: &mut Report<'_>) -> Option<Option<&'n [Node]>> {
    match &node.content {
        Content::List(items) if items.is_empty() => {
            report
                .error(Code::E0903, node.at.clone(), "`recheck` names no segment")
                .note("it is `all`, or a list of names");
            None
        }
        Content::List(items) => Some(Some(items)),
        _ => fields::word(node, "`recheck`", &["all"], report).map(|_| None),
    }
}
