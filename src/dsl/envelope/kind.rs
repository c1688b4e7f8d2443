//! Which kind of file this is.

use std::ops::Range;

use super::fields::Fields;
use crate::diagnostic::Code;
use crate::dsl::node::{Content, Node};
use crate::dsl::report::Report;

/// The kinds of rule files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The one `schema.yaml`.
    Schema,
    /// Any of `segments`, `campaigns`, `schedules`.
    Rules,
    /// Cases of the author's own.
    Test,
}

const RULES: [&str; 3] = ["segments", "campaigns", "schedules"];

/// The kind of the file `path`, and its fields without `version`. E0906 and E0907 are found here.
pub fn kind<'n>(path: &str, root: &'n Node, report: &mut Report<'_>) -> Option<(Kind, Fields<'n>)> {
    let start = first_line(root);
    let Content::Map(entries) = &root.content else {
        report
            .error(Code::E0907, start, "this file holds no rules")
            .note("a rule file is a map with `version: 1` and any of `segments`, `campaigns`, `schedules`");
        return None;
    };
    let kind = if matches!(path.rsplit('/').next(), Some("schema.yaml" | "schema.yml")) {
        Kind::Schema
    } else if let Some((test, _)) = entries.iter().find(|(key, _)| key.name == "test") {
        if let Some((rule, _)) = entries.iter().find(|(key, _)| RULES.contains(&key.name.as_str())) {
            report
                .error(Code::E0907, rule.at.clone(), format!("`{}` cannot stand in a file with `test`", rule.name))
                .also(test.at.clone(), "this makes it a test");
            return None;
        }
        Kind::Test
    } else if entries.iter().any(|(key, _)| RULES.contains(&key.name.as_str())) {
        Kind::Rules
    } else {
        let at = entries.iter().find(|(key, _)| key.name != "version").map_or(start, |(key, _)| key.at.clone());
        report
            .error(Code::E0907, at, "it is not clear what this file holds")
            .note("any of `segments`, `campaigns`, `schedules`; or `test`; the schema's file is named `schema.yaml`");
        return None;
    };
    let (of, at) = match kind {
        Kind::Schema => ("the schema", start),
        Kind::Rules => ("a rule file", start),
        Kind::Test => ("a test", start),
    };
    let mut fields = Fields::open(root, &at, of, report)?;
    version(&mut fields, at, report);
    Some((kind, fields))
}

fn version(fields: &mut Fields<'_>, start: Range<usize>, report: &mut Report<'_>) {
    match fields.take("version") {
        None => {
            report.error(Code::E0906, start, "`version` is missing").label("a rule file says `version: 1`");
        }
        Some(node) if node.json() == 1 => {}
        Some(node) => {
            report.error(Code::E0906, node.at.clone(), "only version 1 of the language is known");
        }
    }
}

/// The file's first key, or its start.
fn first_line(root: &Node) -> Range<usize> {
    match &root.content {
        Content::Map(entries) => entries.first().map_or(0..0, |(key, _)| key.at.clone()),
        _ => root.at.start..root.at.start,
    }
}
