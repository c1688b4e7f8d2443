//! `segments`: named conditions, and manual segments.

use std::ops::Range;

use super::fields::{self, Fields};
use super::{name, span};
use crate::diagnostic::Code;
use crate::dsl::node::{Key, Node};
use crate::dsl::report::Report;
use crate::model::time::Span;

/// A segment as written.
#[derive(Debug)]
pub struct SegmentFile<'n> {
    pub name: String,
    /// Where its name stands.
    pub at: Range<usize>,
    pub title: Option<String>,
    pub owner: Option<String>,
    /// None: its members come from outside.
    pub when: Option<&'n Node>,
    /// How long its verdicts wait for events that arrive late; none: as long as the schema says.
    pub grace: Option<Span>,
}

/// Reads the map `segments`.
pub fn read<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Vec<SegmentFile<'n>> {
    let entries = fields::entries(node, &key.at, "`segments`", report).unwrap_or_default();
    entries.iter().filter_map(|(key, node)| segment(key, node, report)).collect()
}

fn segment<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<SegmentFile<'n>> {
    let name = name(key, "a segment", report);
    let mut map = Fields::open(node, &key.at, "a segment", report)?;
    let title = map.take("title").and_then(|node| fields::text(node, "a title", report)).map(str::to_owned);
    let owner = map.take("owner").and_then(|node| fields::text(node, "an owner", report)).map(str::to_owned);
    let when = map.take_entry("when");
    let manual = map.take("kind").map(|node| (node, fields::word(node, "the kind of a segment", &["manual"], report)));
    let grace = map.take_entry("grace");
    let is_left = map.is_left();
    map.finish(report);
    match (&when, &manual) {
        // A misspelt key was complained of already.
        (None, None) if is_left => {}
        (None, None) => {
            report
                .error(Code::E0903, key.at.clone(), format!("`when` is missing in segment `{name}`"))
                .note("a segment has a condition under `when`, or `kind: manual`");
        }
        (Some((when, _)), Some((manual, _))) => {
            report
                .error(Code::E0903, when.at.clone(), "a manual segment has no condition")
                .also(manual.at.clone(), "its members come from the API");
        }
        _ => {}
    }
    if let (Some((grace, _)), None, Some((manual, _))) = (&grace, &when, &manual) {
        report
            .error(Code::E0903, grace.at.clone(), "a manual segment waits for nothing")
            .also(manual.at.clone(), "its members come from the API");
    }
    let grace = grace.and_then(|(_, node)| span::grace(node, report));
    Some(SegmentFile { name, at: key.at.clone(), title, owner, when: when.map(|(_, node)| node), grace })
}
