//! `schedules`: their keys are known, so that a misspelt one is found; running them is not in this version.

use super::fields::{self, Fields};
use super::name;
use crate::dsl::node::{Key, Node};
use crate::dsl::report::Report;

const KEYS: [&str; 8] = ["cron", "time_zone", "for_each", "missed", "max_lateness", "spread", "recheck", "repair"];

/// Reads the map `schedules` and refuses each of its entries.
pub fn read(key: &Key, node: &Node, report: &mut Report<'_>) {
    for (key, node) in fields::entries(node, &key.at, "`schedules`", report).unwrap_or_default() {
        let name = name(key, "a schedule", report);
        if let Some(mut map) = Fields::open(node, &key.at, "a schedule", report) {
            map.require("cron", report);
            for key in KEYS {
                map.take(key);
            }
            map.finish(report);
        }
        report.unsupported(key.at.clone(), &format!("the schedule `{name}`"));
    }
}
