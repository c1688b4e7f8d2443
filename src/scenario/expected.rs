//! `expect` and `effects`: what has to come of a story.

use serde_json::{Value as Json, json};

use super::moment;
use super::read::Cast;
use super::story::{Expectation, ExpectedEffect, Members, Until};
use crate::diagnostic::Code;
use crate::dsl::file::{EFFECTS, Fields, Key, Node, Report, fields};

/// What a test says instead of an offset about a membership that does not flip.
const NEVER: &str = "never";

/// Reads `expect`.
pub fn expectations(node: &Node, cast: &Cast<'_>, report: &mut Report<'_>) -> Vec<Expectation> {
    let items = fields::items(node, "`expect`", report).unwrap_or_default();
    items.iter().filter_map(|item| expectation(item, cast, report)).collect()
}

fn expectation(node: &Node, cast: &Cast<'_>, report: &mut Report<'_>) -> Option<Expectation> {
    let mut map = Fields::open(node, &node.at, "an expectation", report)?;
    let at = cast.at(&mut map, report);
    let inside = map.take_entry("in").map(|(key, node)| members(key, node, cast, report));
    let until = map.take_entry("until").map(|(key, node)| untils(key, node, cast, report));
    if inside.is_none() && until.is_none() && !map.is_left() {
        report
            .error(Code::E0903, node.at.clone(), "this expects nothing")
            .note("an expectation has `in`, `until`, or both");
    }
    map.finish(report);
    Some(Expectation { at: at?.0, members: inside.unwrap_or_default(), until: until.unwrap_or_default() })
}

/// `{segment: [people]}`
fn members(key: &Key, node: &Node, cast: &Cast<'_>, report: &mut Report<'_>) -> Vec<Members> {
    let mut found = Vec::new();
    for (key, node) in fields::entries(node, &key.at, "`in`", report).unwrap_or_default() {
        cast.names.segment(&key.name, &key.at, report);
        let mut people = Vec::new();
        for item in fields::items(node, "the members of a segment", report).unwrap_or_default() {
            let name = fields::text(item, "a person", report);
            people.extend(name.and_then(|name| cast.person(name, &item.at, report)));
        }
        people.sort_unstable();
        people.dedup();
        found.push(Members { segment: key.name.clone(), people, span: report.span(&key.at) });
    }
    found
}

/// `{segment/person: offset}`
fn untils(key: &Key, node: &Node, cast: &Cast<'_>, report: &mut Report<'_>) -> Vec<Until> {
    let mut found = Vec::new();
    for (key, node) in fields::entries(node, &key.at, "`until`", report).unwrap_or_default() {
        let Some((segment, person)) = key.name.split_once('/') else {
            report
                .error(Code::E0903, key.at.clone(), format!("`{}` is not a segment and a person", key.name))
                .label("written as `segment/person`");
            continue;
        };
        // Both halves of the key have their own place.
        let quote = usize::from(report.text().get(key.at.clone()).is_some_and(|text| text.starts_with(['"', '\''])));
        let (start, end) = (key.at.start + quote, key.at.end.saturating_sub(quote));
        cast.names.segment(segment, &(start..start + segment.len()), report);
        let person = cast.person(person, &(end.saturating_sub(person.len())..end), report);
        let flip =
            if node.text() == Some(NEVER) { Some(None) } else { moment::after(cast.start, node, report).map(Some) };
        if let (Some(person), Some(flip)) = (person, flip) {
            found.push(Until { segment: segment.to_owned(), person, flip, span: report.span(&key.at) });
        }
    }
    found
}

/// Reads `effects`.
pub fn effects(node: &Node, cast: &Cast<'_>, report: &mut Report<'_>) -> Vec<ExpectedEffect> {
    let items = fields::items(node, "`effects`", report).unwrap_or_default();
    items.iter().filter_map(|item| effect(item, cast, report)).collect()
}

fn effect(node: &Node, cast: &Cast<'_>, report: &mut Report<'_>) -> Option<ExpectedEffect> {
    let mut map = Fields::open(node, &node.at, "an effect", report)?;
    let at = cast.at(&mut map, report);
    let who = cast.who(&mut map, report);
    let mut origin = Vec::new();
    for name in ["campaign", "step"] {
        let node = map.take(name).and_then(|node| fields::text(node, "a name", report));
        origin.extend(node.map(|text| (name.to_owned(), json!(text))));
    }
    let said: Vec<(&'static str, &Key, &Node)> =
        EFFECTS.iter().filter_map(|kind| map.take_entry(kind).map(|(key, node)| (*kind, key, node))).collect();
    let [(kind, key, value)] = said.as_slice() else {
        if said.len() > 1 || !map.is_left() {
            report
                .error(Code::E0903, node.at.clone(), "an effect is one thing that is done")
                .note(format!("it is one of `{}`", EFFECTS.join("`, `")));
        }
        map.finish(report);
        return None;
    };
    map.finish(report);
    let mut body = body(kind, key, value, report)?;
    if let Json::Object(body) = &mut body {
        if !matches!(*kind, "send" | "webhook") && !origin.is_empty() {
            report.error(Code::E0903, key.at.clone(), format!("`campaign` and `step` do not stand beside `{kind}`"));
        }
        body.extend(origin);
    }
    Some(ExpectedEffect { at: at?.0, who: who?.0, kind, body, span: report.span(&key.at) })
}

/// The part of an effect that is said, in the form of [`super::asked`].
fn body(kind: &str, key: &Key, node: &Node, report: &mut Report<'_>) -> Option<Json> {
    if kind == "record_event"
        && let Some(name) = node.text()
    {
        return Some(json!({ "name": name }));
    }
    if kind == "update_person" {
        let entries = fields::entries(node, &key.at, "`update_person`", report)?;
        return Some(Json::Object(entries.iter().map(|(key, node)| (key.name.clone(), node.json())).collect()));
    }
    let known: &[&'static str] = match kind {
        "send" => &["template", "language", "params", "text"],
        "webhook" => &["url", "body"],
        "record_event" => &["name", "props"],
        _ => &["add", "remove"],
    };
    let mut map = Fields::open(node, &key.at, "what is done", report)?;
    let said = known.iter().filter_map(|name| Some(((*name).to_owned(), map.take(name)?.json()))).collect();
    map.finish(report);
    Some(Json::Object(said))
}
