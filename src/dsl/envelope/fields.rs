//! One map of a rule file, read key by key: what nobody asked for is unknown, and complained of.

use std::ops::Range;

use chrono::NaiveTime;

use crate::diagnostic::Code;
use crate::dsl::node::{Content, Key, Node};
use crate::dsl::report::Report;

/// The entries of a map that are still to be read.
pub struct Fields<'n> {
    entries: Vec<(&'n Key, &'n Node)>,
    /// Where the map is named: its key, or the map itself where it has none.
    at: Range<usize>,
    /// What the map describes, with its article: "a segment".
    of: &'static str,
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The entries of `node`, which stands at `at` and describes `of`. Anything but a map is E0903.
    pub fn open(node: &'n Node, at: &Range<usize>, of: &'static str, report: &mut Report<'_>) -> Option<Self> {
        let entries = entries(node, at, of, report)?.iter().map(|(key, value)| (key, value)).collect();
        Some(Self { entries, at: at.clone(), of, asked: Vec::new() })
    }

    /// The value of `name`, if it is there.
    pub fn take(&mut self, name: &'static str) -> Option<&'n Node> {
        self.take_entry(name).map(|(_, node)| node)
    }

    /// The key and the value of `name`, if it is there.
    pub fn take_entry(&mut self, name: &'static str) -> Option<(&'n Key, &'n Node)> {
        self.asked.push(name);
        let index = self.entries.iter().position(|(key, _)| key.name == name)?;
        Some(self.entries.remove(index))
    }

    /// The value of `name`; E0903 where it is missing.
    pub fn require(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<&'n Node> {
        let found = self.take(name);
        if found.is_none() {
            report.error(Code::E0903, self.at.clone(), format!("`{name}` is missing in {}", self.of));
        }
        found
    }

    /// Whether something is there that nobody asked for.
    pub fn is_left(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Whether `name` is still there to be read.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(key, _)| key.name == name)
    }

    /// Complains of every key that nobody asked for.
    pub fn finish(self, report: &mut Report<'_>) {
        for (key, _) in self.entries {
            report.unknown(
                Code::E0903,
                key.at.clone(),
                &format!("`{}` is no key of {}", key.name, self.of),
                &key.name,
                &self.asked,
            );
        }
    }
}

/// The entries of a map whose keys are names that the author chose. Nothing there is an empty map.
pub fn entries<'n>(node: &'n Node, at: &Range<usize>, of: &str, report: &mut Report<'_>) -> Option<&'n [(Key, Node)]> {
    match &node.content {
        Content::Map(entries) => Some(entries),
        _ if node.is_null() => Some(&[]),
        _ => {
            let place = if node.at.is_empty() { at.clone() } else { node.at.clone() };
            report.error(Code::E0903, place, format!("{of} is a map of keys and values, not {}", node.noun()));
            None
        }
    }
}

/// The elements of a list.
pub fn items<'n>(node: &'n Node, of: &str, report: &mut Report<'_>) -> Option<&'n [Node]> {
    match &node.content {
        Content::List(items) => Some(items),
        _ => {
            report.error(Code::E0903, node.at.clone(), format!("{of} is a list, not {}", node.noun()));
            None
        }
    }
}

/// A text.
pub fn text<'n>(node: &'n Node, of: &str, report: &mut Report<'_>) -> Option<&'n str> {
    let text = node.text();
    if text.is_none() {
        report
            .error(Code::E0320, node.at.clone(), format!("{of} is a text, not {}", node.noun()))
            .label("a text is written in double quotes");
    }
    text
}

/// True or false.
pub fn boolean(node: &Node, of: &str, report: &mut Report<'_>) -> Option<bool> {
    let value = node.json().as_bool();
    if value.is_none() && !node.is_ambiguous() {
        report.error(Code::E0320, node.at.clone(), format!("{of} is `true` or `false`, not {}", node.noun()));
    }
    value
}

/// One of a few words.
pub fn word<'w>(node: &Node, of: &str, words: &[&'w str], report: &mut Report<'_>) -> Option<&'w str> {
    let written = node.json();
    let written = match &written {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let found = words.iter().copied().find(|word| *word == written);
    if found.is_none() && !node.is_ambiguous() {
        let message = format!("{of} cannot be `{written}`");
        report.unknown(Code::E0322, node.at.clone(), &message, &written, words);
    }
    found
}

/// A time of day, `09:00`.
pub fn time(node: &Node, of: &str, report: &mut Report<'_>) -> Option<NaiveTime> {
    let text = text(node, of, report)?;
    let digits = |at: std::ops::Range<usize>| text.get(at).filter(|two| two.bytes().all(|byte| byte.is_ascii_digit()));
    let parts = digits(0..2).zip(digits(3..5)).filter(|_| text.len() == 5 && text.get(2..3) == Some(":"));
    let parts = parts.and_then(|(hour, minute)| hour.parse().ok().zip(minute.parse().ok()));
    let time = parts.and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0));
    if time.is_none() {
        report
            .error(Code::E0320, node.at.clone(), format!("{of} is a time of day, not `{text}`"))
            .label("from `00:00` to `23:59`");
    }
    time
}

/// A whole number from `least` to `most`.
pub fn number(node: &Node, of: &str, least: u32, most: u32, report: &mut Report<'_>) -> Option<u32> {
    let number = node.json().as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (least..=most).contains(n));
    if number.is_none() {
        report.error(Code::E0320, node.at.clone(), format!("{of} is a number from {least} to {most}"));
    }
    number
}
