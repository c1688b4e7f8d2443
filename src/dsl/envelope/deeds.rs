//! The steps that write: attributes, events, manual segments.

use std::ops::Range;

use super::fields::{self, Fields};
use crate::diagnostic::Code;
use crate::dsl::node::{Content, Key, Node};
use crate::dsl::report::Report;

/// One attribute to be changed.
#[derive(Debug)]
pub struct UpdateFile<'n> {
    pub name: String,
    pub at: Range<usize>,
    pub change: ChangeFile<'n>,
}

/// What becomes of an attribute, as written.
#[derive(Clone, Copy, Debug)]
pub enum ChangeFile<'n> {
    Set(&'n Node),
    Unset,
    Add(&'n Node),
    Remove(&'n Node),
}

/// An event to be recorded.
#[derive(Debug)]
pub struct RecordFile<'n> {
    pub name: &'n Node,
    pub properties: Vec<(&'n Key, &'n Node)>,
}

/// A manual segment to be joined or left.
#[derive(Debug)]
pub struct ManualFile<'n> {
    pub segment: &'n Node,
    pub join: bool,
}

const CHANGES: [&str; 4] = ["set", "unset", "add", "remove"];

/// `{x: 1}`, or `{set: {…}, unset: […], add: {…}, remove: {…}}`.
pub fn update_person<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<Vec<UpdateFile<'n>>> {
    let entries = fields::entries(node, &key.at, "`update_person`", report)?;
    if entries.is_empty() {
        report.error(Code::E0903, key.at.clone(), "`update_person` changes nothing");
        return None;
    }
    // An attribute may be named like one of them; but a change of several is a map or a list.
    let is_change = |(key, node): &(Key, Node)| {
        CHANGES.contains(&key.name.as_str()) && matches!(node.content, Content::Map(_) | Content::List(_))
    };
    if !entries.iter().any(is_change) {
        return Some(entries.iter().map(set).collect());
    }
    let mut map = Fields::open(node, &key.at, "`update_person`", report)?;
    let mut updates = Vec::new();
    if let Some((key, node)) = map.take_entry("set") {
        updates.extend(fields::entries(node, &key.at, "`set`", report).unwrap_or_default().iter().map(set));
    }
    for item in map.take("unset").and_then(|node| fields::items(node, "`unset`", report)).unwrap_or_default() {
        if let Some(name) = fields::text(item, "the name of an attribute", report) {
            updates.push(UpdateFile { name: name.to_owned(), at: item.at.clone(), change: ChangeFile::Unset });
        }
    }
    for (word, change) in [("add", ChangeFile::Add as fn(&'n Node) -> _), ("remove", ChangeFile::Remove)] {
        let Some((key, node)) = map.take_entry(word) else { continue };
        let elements = fields::entries(node, &key.at, "what is added or removed", report).unwrap_or_default();
        updates.extend(elements.iter().map(|(key, node)| UpdateFile {
            name: key.name.clone(),
            at: key.at.clone(),
            change: change(node),
        }));
    }
    map.finish(report);
    refuse_double(&updates, report);
    Some(updates)
}

fn set((key, node): &(Key, Node)) -> UpdateFile<'_> {
    let change = if node.is_null() { ChangeFile::Unset } else { ChangeFile::Set(node) };
    UpdateFile { name: key.name.clone(), at: key.at.clone(), change }
}

fn refuse_double(updates: &[UpdateFile<'_>], report: &mut Report<'_>) {
    for (n, update) in updates.iter().enumerate() {
        if let Some(first) = updates.iter().take(n).find(|first| first.name == update.name) {
            report
                .error(Code::E0302, update.at.clone(), format!("one step changes `{}` twice", update.name))
                .also(first.at.clone(), "the first time");
        }
    }
}

/// `{name: order_confirmed, props: {…}}`
pub fn record_event<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<RecordFile<'n>> {
    let mut map = Fields::open(node, &key.at, "`record_event`", report)?;
    let name = map.require("name", report);
    let properties = match map.take_entry("props") {
        Some((key, node)) => fields::entries(node, &key.at, "`props`", report).unwrap_or_default(),
        None => &[],
    };
    map.finish(report);
    fields::text(name?, "the name of an event", report)?;
    Some(RecordFile { name: name?, properties: properties.iter().map(|(key, node)| (key, node)).collect() })
}

/// `{add: vips}`, `{remove: vips}`
pub fn manual_segment<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<ManualFile<'n>> {
    let mut map = Fields::open(node, &key.at, "`manual_segment`", report)?;
    let (add, remove) = (map.take_entry("add"), map.take_entry("remove"));
    map.finish(report);
    let (segment, join) = match (add, remove) {
        (Some((_, segment)), None) => (segment, true),
        (None, Some((_, segment))) => (segment, false),
        (Some((first, _)), Some((second, _))) => {
            report
                .error(Code::E0903, second.at.clone(), "a step joins or leaves one segment")
                .also(first.at.clone(), "the first one");
            return None;
        }
        (None, None) => {
            report
                .error(Code::E0903, key.at.clone(), "`manual_segment` names no segment")
                .label("write `{add: …}` or `{remove: …}`");
            return None;
        }
    };
    fields::text(segment, "the name of a segment", report)?;
    Some(ManualFile { segment, join })
}
