//! `schema.yaml`: zones, phones, attributes, events, templates, lists.
//! What of it the engine needs becomes the model's `Schema`; the rest serves the checker.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;

use chrono_tz::Tz;

use super::fields::{self, Fields};
use super::{name, span};
use crate::diagnostic::{Code, FileId};
use crate::dsl::node::{Content, Node, Style};
use crate::dsl::report::Report;
use crate::model::limit::LIST_ENTRIES_MAX;
use crate::model::phone::Region;
use crate::model::rule::{OldestBy, Property, Schema};
use crate::model::value::Type;

/// What the schema declares, with the places that complaints point to.
#[derive(Debug, Default)]
pub struct Declared {
    pub schema: Schema,
    /// Where the attribute with a person's zone is named.
    pub zone_at: Range<usize>,
    /// The schema's file.
    pub file: FileId,
    /// Whether attributes are declared; else any name goes.
    pub person: bool,
    /// Whether events are declared; else any name goes.
    pub events: bool,
    pub attributes_at: BTreeMap<String, Range<usize>>,
    /// By event, then by property.
    pub properties_at: BTreeMap<(String, String), Range<usize>>,
    /// The fields that flows return; they are properties of replies.
    pub flows: BTreeMap<String, Property>,
    /// None: templates are not checked.
    pub templates: Option<BTreeMap<String, TemplateDeclared>>,
    /// Where each entry of a list stands.
    pub entries_at: BTreeMap<String, Vec<Range<usize>>>,
}

/// A message template as approved at the provider.
#[derive(Debug, Default)]
pub struct TemplateDeclared {
    pub languages: Vec<String>,
    /// None: parameters are not checked.
    pub params: Option<Vec<String>>,
}

/// Words that root a path, so that no attribute, property or list can have them as its name.
pub const RESERVED: [&str; 5] = ["person", "event", "answer", "journey", "env"];

/// Attributes that everybody has, or can have, whatever the schema says.
pub fn built_in(attribute: &str) -> Option<Property> {
    let property = |ty, always_set| Some(Property { ty, one_of: Vec::new(), always_set });
    match attribute {
        "id" => property(Type::Text, false),
        "email" => property(Type::Text, false),
        "phone" => property(Type::Phone, false),
        "known_since" => property(Type::Time, true),
        "unsubscribed" => property(Type::Boolean, true),
        _ => None,
    }
}

/// The words for types.
pub const TYPES: [(&str, Type); 8] = [
    ("text", Type::Text),
    ("number", Type::Number),
    ("boolean", Type::Boolean),
    ("time", Type::Time),
    ("date", Type::Date),
    ("phone", Type::Phone),
    ("list of text", Type::ListOfText),
    ("list of number", Type::ListOfNumber),
];

/// Days that a week can begin with.
pub const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The word for a type in a schema.
pub fn type_word(ty: Type) -> &'static str {
    TYPES.iter().find(|(_, t)| *t == ty).map_or("text", |(word, _)| word)
}

/// Reads the schema's file, `version` apart.
pub fn read(mut file: Fields<'_>, report: &mut Report<'_>) -> Declared {
    let mut declared = Declared { file: report.file(), ..Declared::default() };
    declared.schema.declared = true;
    settings(&mut file, &mut declared, report);
    if let Some((key, node)) = file.take_entry("person") {
        declared.person = true;
        attributes(node, &key.at, &mut declared, report);
    }
    if let Some((key, node)) = file.take_entry("events") {
        declared.events = true;
        events(node, &key.at, &mut declared, report);
    }
    if let Some((key, node)) = file.take_entry("flows") {
        for (key, node) in fields::entries(node, &key.at, "`flows`", report).unwrap_or_default() {
            refuse_reserved(&key.name, &key.at, report);
            if let Some(property) = property(node, &key.at, report) {
                declared.flows.insert(key.name.clone(), property);
            }
        }
    }
    if let Some((key, node)) = file.take_entry("templates") {
        declared.templates = Some(templates(node, &key.at, report));
    }
    if let Some((key, node)) = file.take_entry("lists") {
        lists(node, &key.at, &mut declared, report);
    }
    if let Some((key, node)) = file.take_entry("limits") {
        for (key, node) in fields::entries(node, &key.at, "`limits`", report).unwrap_or_default() {
            let name = name(key, "a limit", report);
            declared.schema.limits.extend(span::limit(node, report).map(|limit| (name, limit)));
        }
    }
    file.finish(report);
    check_zone_attribute(&declared, report);
    declared
}

fn settings(file: &mut Fields<'_>, declared: &mut Declared, report: &mut Report<'_>) {
    let schema = &mut declared.schema;
    if let Some((key, node)) = file.take_entry("time_zone")
        && let Some(mut zone) = Fields::open(node, &key.at, "`time_zone`", report)
    {
        if let Some(node) = zone.take("person") {
            schema.person_time_zone = zone_attribute(node, report);
            declared.zone_at = node.at.clone();
        }
        if let Some(node) = zone.take("otherwise")
            && let Some(name) = fields::text(node, "a time zone", report)
        {
            time_zone(name, &node.at, report);
            schema.time_zone = name.to_owned();
        }
        zone.finish(report);
    }
    if let Some(node) = file.take("week_starts") {
        let day = fields::word(node, "`week_starts`", &WEEKDAYS, report).and_then(|day| day.parse().ok());
        schema.week_starts = day.unwrap_or(schema.week_starts);
    }
    if let Some((key, node)) = file.take_entry("phones")
        && let Some(mut phones) = Fields::open(node, &key.at, "`phones`", report)
    {
        if let Some(node) = phones.take("default_region") {
            region(node, schema, report);
        }
        if let Some(node) = phones.take("oldest_by")
            && let Some(word) = fields::word(node, "`oldest_by`", &["known_since", "created_at"], report)
        {
            schema.oldest_by = if word == "created_at" { OldestBy::CreatedAt } else { OldestBy::KnownSince };
        }
        phones.finish(report);
    }
    if let Some((key, node)) = file.take_entry("attribution")
        && let Some(mut attribution) = Fields::open(node, &key.at, "`attribution`", report)
    {
        if let Some(window) = attribution.take("window").and_then(|node| span::elapsed(node, report)) {
            schema.attribution_window = window;
        }
        attribution.finish(report);
    }
    if let Some(node) = file.take("opt_out")
        && let Some(word) = fields::word(node, "`opt_out`", &["keywords", "none"], report)
    {
        schema.opt_out_keywords = word == "keywords";
    }
    if let Some(grace) = file.take("grace").and_then(|node| span::grace(node, report)) {
        schema.grace = grace;
    }
}

/// `person.timezone`, as the name of the attribute.
fn zone_attribute(node: &Node, report: &mut Report<'_>) -> Option<String> {
    let text = fields::text(node, "the attribute with a person's zone", report)?;
    let name = text.strip_prefix("person.");
    if name.is_none() {
        report
            .error(Code::E0621, node.at.clone(), format!("`{text}` is no attribute of a person"))
            .label("write it as `person.timezone`");
    }
    name.map(str::to_owned)
}

fn check_zone_attribute(declared: &Declared, report: &mut Report<'_>) {
    let schema = &declared.schema;
    let Some(name) = &schema.person_time_zone else { return };
    if !declared.person || schema.person.contains_key(name) {
        return;
    }
    let known: Vec<String> = schema.person.keys().map(|name| format!("person.{name}")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let (written, at) = (format!("person.{name}"), declared.zone_at.clone());
    report.unknown(Code::E0301, at, &format!("there is no attribute `{name}`"), &written, &known);
}

/// A time zone by its IANA name; E0912 where there is none.
pub fn time_zone(name: &str, at: &Range<usize>, report: &mut Report<'_>) -> Option<Tz> {
    let zone = Tz::from_str(name).ok();
    if zone.is_none() {
        let known: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
        report.unknown(Code::E0912, at.clone(), &format!("`{name}` is no time zone"), name, &known);
    }
    zone
}

fn region(node: &Node, schema: &mut Schema, report: &mut Report<'_>) {
    let Some(region) = fields::text(node, "a region", report) else { return };
    if Region::read(region).is_some() {
        schema.phone_region = region.to_owned();
    } else {
        report
            .error(Code::E0322, node.at.clone(), format!("`{region}` is no region"))
            .label("two capital letters, such as `US`");
    }
}

fn attributes(node: &Node, at: &Range<usize>, declared: &mut Declared, report: &mut Report<'_>) {
    for (key, node) in fields::entries(node, at, "`person`", report).unwrap_or_default() {
        refuse_reserved(&key.name, &key.at, report);
        if built_in(&key.name).is_some() {
            report
                .error(Code::E0302, key.at.clone(), format!("the attribute `{}` is built in", key.name))
                .label("it needs no declaration");
        }
        if let Some(property) = property(node, &key.at, report) {
            declared.attributes_at.insert(key.name.clone(), key.at.clone());
            declared.schema.person.insert(key.name.clone(), property);
        }
    }
}

fn events(node: &Node, at: &Range<usize>, declared: &mut Declared, report: &mut Report<'_>) {
    for (event, node) in fields::entries(node, at, "`events`", report).unwrap_or_default() {
        let mut properties = BTreeMap::new();
        for (key, node) in fields::entries(node, &event.at, "an event", report).unwrap_or_default() {
            refuse_reserved(&key.name, &key.at, report);
            if let Some(property) = property(node, &key.at, report) {
                declared.properties_at.insert((event.name.clone(), key.name.clone()), key.at.clone());
                properties.insert(key.name.clone(), property);
            }
        }
        declared.schema.events.insert(event.name.clone(), properties);
    }
}

/// `{type: text, one_of: […], always_set: true}`, or the type alone.
fn property(node: &Node, at: &Range<usize>, report: &mut Report<'_>) -> Option<Property> {
    if !matches!(node.content, Content::Map(_)) {
        return Some(Property { ty: ty(node, report)?, one_of: Vec::new(), always_set: false });
    }
    let mut map = Fields::open(node, at, "a declaration", report)?;
    let ty = map.require("type", report).and_then(|node| ty(node, report));
    let mut one_of = Vec::new();
    if let Some(node) = map.take("one_of") {
        for item in fields::items(node, "`one_of`", report).unwrap_or_default() {
            one_of.extend(fields::text(item, "a value of `one_of`", report).map(str::to_owned));
        }
    }
    let always_set = map.take("always_set").and_then(|node| fields::boolean(node, "`always_set`", report));
    map.finish(report);
    let ty = ty?;
    if !one_of.is_empty() && ty != Type::Text {
        report.error(Code::E0320, at.clone(), format!("`one_of` lists texts, and this is a {}", type_word(ty)));
    }
    Some(Property { ty, one_of, always_set: always_set.unwrap_or(false) })
}

fn ty(node: &Node, report: &mut Report<'_>) -> Option<Type> {
    let words = TYPES.map(|(word, _)| word);
    let word = fields::word(node, "a type", &words, report)?;
    TYPES.iter().find(|(w, _)| *w == word).map(|(_, ty)| *ty)
}

fn templates(node: &Node, at: &Range<usize>, report: &mut Report<'_>) -> BTreeMap<String, TemplateDeclared> {
    let mut templates = BTreeMap::new();
    for (key, node) in fields::entries(node, at, "`templates`", report).unwrap_or_default() {
        let Some(mut map) = Fields::open(node, &key.at, "a template", report) else { continue };
        let texts = |node: &Node, of: &str, report: &mut Report| {
            let items = fields::items(node, of, report).unwrap_or_default();
            items.iter().filter_map(|item| fields::text(item, of, report).map(str::to_owned)).collect::<Vec<_>>()
        };
        let languages = map.require("languages", report).map(|node| texts(node, "`languages`", report));
        let params = map.take("params").map(|node| texts(node, "`params`", report));
        map.finish(report);
        templates.insert(key.name.clone(), TemplateDeclared { languages: languages.unwrap_or_default(), params });
    }
    templates
}

fn lists(node: &Node, at: &Range<usize>, declared: &mut Declared, report: &mut Report<'_>) {
    for (key, node) in fields::entries(node, at, "`lists`", report).unwrap_or_default() {
        refuse_reserved(&key.name, &key.at, report);
        let mut letters = key.name.chars();
        let bare = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !bare {
            report
                .error(Code::E0903, key.at.clone(), format!("a list cannot be named `{}`", key.name))
                .label("letters, digits and `_`, since lists are named without quotes");
        }
        let items = fields::items(node, "a list of keywords", report).unwrap_or_default();
        if let Some(extra) = items.get(LIST_ENTRIES_MAX) {
            report.error(Code::E0114, extra.at.clone(), format!("a list has at most {LIST_ENTRIES_MAX} entries"));
        }
        let (mut words, mut places) = (Vec::new(), Vec::new());
        for item in items {
            if let Some(word) = list_entry(item, report) {
                words.push(word);
                places.push(item.at.clone());
            }
        }
        declared.schema.lists.insert(key.name.clone(), words);
        declared.entries_at.insert(key.name.clone(), places);
    }
}

/// An entry is quoted: what YAML makes of a bare `no` or `1.0` depends on who reads it.
fn list_entry(node: &Node, report: &mut Report<'_>) -> Option<String> {
    let Content::Scalar(scalar) = &node.content else {
        report.error(Code::E0320, node.at.clone(), format!("an entry of a list is a text, not {}", node.noun()));
        return None;
    };
    if node.is_ambiguous() {
        return None;
    }
    if scalar.style == Style::Plain {
        let written = match &scalar.value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        };
        report.error(Code::E0901, node.at.clone(), "an entry of a list is written in double quotes").fix(
            "quote it",
            node.at.clone(),
            format!("\"{}\"", written.replace('\\', "\\\\").replace('"', "\\\"")),
        );
        return None;
    }
    scalar.value.as_str().map(str::to_owned)
}

fn refuse_reserved(name: &str, at: &Range<usize>, report: &mut Report<'_>) {
    if RESERVED.contains(&name) {
        report.error(Code::E0304, at.clone(), format!("`{name}` is the root of paths and cannot be a name"));
    }
}
