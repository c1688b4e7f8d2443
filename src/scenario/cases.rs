//! `cases`: one test with several sets of values. Where `$name` stands unquoted, the value of that name is put,
//! whatever it is: a text, a list, a map. In quotes it is the text that it looks like.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Code;
use crate::dsl::file::{COMPLAINTS_MAX, Content, Key, Node, Report, Style, fields};

/// Cases of one test.
pub const CASES_MAX: usize = 1_000;
/// Values of a test, times its cases.
pub const CASE_VALUES_MAX: usize = 100_000;
/// Characters of a case's values that stand behind a test's name.
const LABEL_CHARS_MAX: usize = 60;

/// One set of values.
pub struct Case<'n> {
    /// The values as they are written; none where a test is its only case.
    pub label: Option<String>,
    values: &'n [(Key, Node)],
}

/// The cases of a test whose other keys are `template`. Without any the test is its own.
pub fn read<'n>(cases: Option<&'n Node>, template: &Node, report: &mut Report<'_>) -> Vec<Case<'n>> {
    let mut wanted = BTreeMap::new();
    placeholders(template, &mut wanted);
    let Some(node) = cases else {
        for (name, at) in wanted {
            report
                .error(Code::E0301, at, format!("`${name}` stands for a value of `cases`, and there are none"))
                .note("a text that begins with `$` is written in double quotes");
        }
        return vec![Case { label: None, values: &[] }];
    };
    let items = fields::items(node, "`cases`", report).unwrap_or_default();
    if items.is_empty() {
        report.error(Code::E0903, node.at.clone(), "a test with `cases` has at least one");
    }
    if let Some(extra) = items.get(CASES_MAX) {
        report.error(Code::E0114, extra.at.clone(), format!("a test has at most {CASES_MAX} cases"));
    }
    if items.len().saturating_mul(values(template)) > CASE_VALUES_MAX {
        report.error(Code::E0114, node.at.clone(), "this test is too long for so many cases");
        return Vec::new();
    }
    items.iter().take(CASES_MAX).filter_map(|item| case(item, &wanted, report)).collect()
}

fn case<'n>(node: &'n Node, wanted: &BTreeMap<&str, Range<usize>>, report: &mut Report<'_>) -> Option<Case<'n>> {
    if report.errors() > COMPLAINTS_MAX {
        return None;
    }
    let values = fields::entries(node, &node.at, "a case", report)?;
    let known: Vec<&str> = wanted.keys().copied().collect();
    for (key, _) in values.iter().filter(|(key, _)| !wanted.contains_key(key.name.as_str())) {
        let message = format!("`${}` stands nowhere in this test", key.name);
        report.unknown(Code::E0903, key.at.clone(), &message, &key.name, &known);
    }
    let mut whole = true;
    for (name, at) in wanted.iter().filter(|(name, _)| !values.iter().any(|(key, _)| key.name == **name)) {
        report
            .error(Code::E0903, node.at.clone(), format!("`{name}` is missing in this case"))
            .also(at.clone(), "its value stands here");
        whole = false;
    }
    let written: Vec<String> =
        values.iter().map(|(key, node)| format!("{}: {}", key.name, shown(node, report))).collect();
    whole.then(|| Case { label: Some(cut(&written.join(", "))), values })
}

/// A value as its author wrote it, on one line.
pub fn shown(node: &Node, report: &Report<'_>) -> String {
    let source = report.text().get(node.at.clone()).unwrap_or_default();
    let source = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if source.is_empty() { node.json().to_string() } else { cut(&source) }
}

/// At most so much of `text` as fits on a line beside other things.
fn cut(text: &str) -> String {
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(LABEL_CHARS_MAX).collect();
    if chars.next().is_some() { start + "…" } else { start }
}

/// The name behind an unquoted `$`.
fn placeholder(node: &Node) -> Option<&str> {
    let Content::Scalar(scalar) = &node.content else { return None };
    let name = scalar.value.as_str().filter(|_| scalar.style == Style::Plain)?.strip_prefix('$')?;
    let mut letters = name.chars();
    let is_name = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(name)
}

/// How many values there are in `node`, itself counted.
fn values(node: &Node) -> usize {
    1 + match &node.content {
        Content::List(items) => items.iter().map(values).sum(),
        Content::Map(entries) => entries.iter().map(|(_, node)| values(node)).sum::<usize>(),
        Content::Scalar(_) => 0,
    }
}

/// Where each placeholder stands first. Files nest no deeper than their reader allows.
fn placeholders<'n>(node: &'n Node, found: &mut BTreeMap<&'n str, Range<usize>>) {
    if let Some(name) = placeholder(node) {
        found.entry(name).or_insert_with(|| node.at.clone());
    }
    match &node.content {
        Content::List(items) => items.iter().for_each(|item| placeholders(item, found)),
        Content::Map(entries) => entries.iter().for_each(|(_, node)| placeholders(node, found)),
        Content::Scalar(_) => {}
    }
}

impl Case<'_> {
    /// `template` with this case's values in it. A value keeps the place where it is written.
    pub fn put(&self, template: &Node) -> Node {
        if let Some(name) = placeholder(template)
            && let Some((_, value)) = self.values.iter().find(|(key, _)| key.name == name)
        {
            return value.clone();
        }
        let content = match &template.content {
            Content::List(items) => Content::List(items.iter().map(|item| self.put(item)).collect()),
            Content::Map(entries) => {
                Content::Map(entries.iter().map(|(key, node)| (key.clone(), self.put(node))).collect())
            }
            Content::Scalar(scalar) => Content::Scalar(scalar.clone()),
        };
        Node { at: template.at.clone(), content }
    }
}
