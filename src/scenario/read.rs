//! A test's file, read and held against the rules: its form, its names, its order. Nothing is played here.

use std::ops::Range;

use super::cases::{self, Case};
use super::expected;
use super::moment;
use super::names::Names;
use super::story::{Someone, Story, Who};
use super::timeline;
use crate::diagnostic::{Code, Diagnostic};
use crate::dsl::file::{Content, Fields, Key, Node, Report, fields};
use crate::dsl::{Compiled, TestFile};
use crate::model::phone::{Phone, Region};
use crate::model::rule::RuleSet;
use crate::model::time::Second;
use crate::model::value::Properties;

/// What came of the test files.
#[derive(Debug, Default)]
pub struct Tests {
    /// Those that can be played, in the order of their files.
    pub stories: Vec<Story>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the test files of `compiled`. Names are looked up where the rules are right.
#[must_use]
pub fn read(compiled: &Compiled) -> Tests {
    let mut tests = Tests::default();
    for file in &compiled.tests {
        let mut report = Report::new(file.file, compiled.sources.text(file.file));
        let stories = test(file, compiled.rules.as_ref(), &mut report);
        let mut diagnostics: Vec<Diagnostic> = Vec::new();
        for diagnostic in report.into_diagnostics() {
            // What is wrong in all cases alike is said once.
            if !diagnostics.contains(&diagnostic) {
                diagnostics.push(diagnostic);
            }
        }
        if diagnostics.is_empty() {
            tests.stories.extend(stories);
        }
        tests.diagnostics.extend(diagnostics);
    }
    tests.diagnostics.sort_by_key(Diagnostic::span);
    tests
}

fn test(file: &TestFile, rules: Option<&RuleSet>, report: &mut Report<'_>) -> Vec<Story> {
    let Content::Map(entries) = &file.root.content else { return Vec::new() };
    let at = entries.first().map_or(0..0, |(key, _)| key.at.clone());
    let Some(mut head) = Fields::open(&file.root, &at, "a test", report) else { return Vec::new() };
    let name = head.take("test");
    let todo = head.take("todo").and_then(|node| fields::text(node, "the reason of `todo`", report));
    let cases = head.take("cases");
    let span = name.map_or_else(|| report.span(&at), |node| report.span(&node.at));
    let name = name.and_then(|node| fields::text(node, "the name of a test", report)).unwrap_or_default();
    let header = Header { name, span, todo, names: Names(rules.filter(|_| todo.is_none())), region: region(rules) };
    let body = Node { at: file.root.at.clone(), content: Content::Map(body(entries)) };
    let mut stories = Vec::new();
    for case in cases::read(cases, &body, report) {
        stories.extend(header.story(&case, &case.put(&body), report));
    }
    stories
}

/// What is the same in all cases is read once, and stands not in the way of the rest.
fn body(entries: &[(Key, Node)]) -> Vec<(Key, Node)> {
    let head = ["version", "test", "todo", "cases"];
    entries.iter().filter(|(key, _)| !head.contains(&key.name.as_str())).cloned().collect()
}

fn region(rules: Option<&RuleSet>) -> Region {
    rules.and_then(|rules| Region::read(&rules.schema.phone_region)).unwrap_or_default()
}

/// What all cases of a test have in common.
struct Header<'a> {
    name: &'a str,
    span: crate::diagnostic::Span,
    todo: Option<&'a str>,
    names: Names<'a>,
    region: Region,
}

/// What the parts of a test are read with.
pub struct Cast<'a> {
    pub start: Second,
    pub names: Names<'a>,
    pub people: &'a [Someone],
}

impl Header<'_> {
    fn story(&self, case: &Case<'_>, body: &Node, report: &mut Report<'_>) -> Option<Story> {
        let at = self.span.start..self.span.end;
        let mut map = Fields::open(body, &at, "a test", report)?;
        for known in ["version", "test", "todo", "cases"] {
            // Known all the same, so that a misspelt one is told what it may mean.
            map.take(known);
        }
        let start = map.require("start", report).and_then(|node| moment::date_time(node, "`start`", report));
        let start = start.unwrap_or_default();
        let people = map.take_entry("people").map(|(key, node)| self.people(key, node, start, report));
        let people = people.unwrap_or_default();
        let cast = Cast { start, names: self.names, people: &people };
        let timeline = map.take("timeline").map(|node| timeline::read(node, &cast, report)).unwrap_or_default();
        let expectations = map.take("expect").map(|node| expected::expectations(node, &cast, report));
        let effects = map.take("effects").map(|node| expected::effects(node, &cast, report));
        map.finish(report);
        let name = match &case.label {
            Some(label) => format!("{} [{label}]", self.name),
            None => self.name.to_owned(),
        };
        Some(Story {
            name,
            span: self.span,
            todo: self.todo.map(str::to_owned),
            start,
            people,
            timeline,
            expectations: expectations.unwrap_or_default(),
            effects,
        })
    }

    fn people(&self, key: &Key, node: &Node, start: Second, report: &mut Report<'_>) -> Vec<Someone> {
        let entries = fields::entries(node, &key.at, "`people`", report).unwrap_or_default();
        entries.iter().filter_map(|(key, node)| self.someone(key, node, start, report)).collect()
    }

    fn someone(&self, key: &Key, node: &Node, start: Second, report: &mut Report<'_>) -> Option<Someone> {
        if key.name.contains('/') || key.name.starts_with('+') {
            report
                .error(Code::E0903, key.at.clone(), format!("a person of a test cannot be named `{}`", key.name))
                .label("a name has no `/` in it and begins with no `+`");
        }
        let mut known_since = start;
        let mut attributes = Properties::new();
        for (key, node) in fields::entries(node, &key.at, "a person", report)? {
            if key.name == "known_since" {
                known_since = moment::date_time(node, "`known_since`", report).unwrap_or(start);
                continue;
            }
            self.names.attribute(&key.name, &key.at, report);
            let value = node.json();
            if key.name == "phone" && Phone::from_attribute(&value, self.region).is_err() {
                report.error(Code::E0320, node.at.clone(), "this is no telephone number");
            }
            attributes.insert(key.name.clone(), value);
        }
        Some(Someone { name: key.name.clone(), known_since, attributes })
    }
}

impl Cast<'_> {
    /// The instant of an entry: an offset from the start.
    pub fn at(&self, map: &mut Fields<'_>, report: &mut Report<'_>) -> Option<(Second, Range<usize>)> {
        let node = map.require("at", report)?;
        Some((moment::after(self.start, node, report)?, node.at.clone()))
    }

    /// The person named `name`.
    pub fn person(&self, name: &str, at: &Range<usize>, report: &mut Report<'_>) -> Option<usize> {
        let found = self.people.iter().position(|someone| someone.name == name);
        if found.is_none() {
            let known: Vec<&str> = self.people.iter().map(|someone| someone.name.as_str()).collect();
            report.unknown(Code::E1002, at.clone(), &format!("there is no person `{name}`"), name, &known);
        }
        found
    }

    /// A person by name, or a number.
    pub fn who(&self, map: &mut Fields<'_>, report: &mut Report<'_>) -> Option<(Who, Range<usize>)> {
        let node = map.require("who", report)?;
        let text = fields::text(node, "`who`", report)?;
        if !text.starts_with('+') {
            return Some((Who::Person(self.person(text, &node.at, report)?), node.at.clone()));
        }
        let phone = Phone::from_whatsapp(text);
        if phone.is_none() {
            report.error(Code::E0320, node.at.clone(), "this is no telephone number");
        }
        Some((Who::Number(phone?), node.at.clone()))
    }
}
