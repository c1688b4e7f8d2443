//! The one form in which rule files are written.
//!
//! A text is read to its tree, the tree printed in pieces (`print`, `event`, `value`), comments put beside the pieces
//! that they stood at (`comments`), and the pieces set in lines (`layout`). Around that stands the file: which of its
//! values are such texts and in which order keys stand (`keys`), and which of its bytes change (`file`, `order`).
//! Files of tests hold neither, and stay as they are.

mod block;
mod comments;
mod doc;
mod event;
mod file;
mod keys;
mod layout;
mod order;
mod print;
mod proof;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use similar::{DiffTag, TextDiff};

use super::compile::{Compiled, compile};
use super::document;
use super::envelope::{Kind as FileKind, kind};
use super::node::Node;
use super::report::Report;
use crate::diagnostic::{FileId, Severity, Sources};

pub use block::{Fault, Kind, Tree, format as format_text};
pub use layout::{LINE_COLUMNS_MAX, Room};

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it should be, or holds nothing that has a form.
    Unchanged,
    Changed {
        text: String,
        hunks: Vec<Hunk>,
    },
    /// There are errors in it, and they are in the diagnostics.
    Wrong,
    /// What would be written does not say what is written. That is a fault in here.
    Refused(Fault),
}

/// Lines that follow each other, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The first of the lines, from 1.
    pub line: usize,
    pub before: Vec<String>,
    pub after: Vec<String>,
}

/// What became of the rule files.
#[derive(Clone, Debug)]
pub struct Formatted {
    pub files: BTreeMap<String, Outcome>,
    pub compiled: Compiled,
}

/// Rule files, by path, in canonical form. Of a file with an error nothing is changed.
#[must_use]
pub fn format(files: &BTreeMap<String, String>) -> Formatted {
    let compiled = compile(files);
    let errors = compiled.diagnostics.iter().filter(|diagnostic| diagnostic.severity() == Severity::Error);
    let wrong: BTreeSet<&str> = errors.map(|error| compiled.sources.path(error.span().file)).collect();
    let outcome = |path: &String, text: &String| {
        if wrong.contains(path.as_str()) { Outcome::Wrong } else { one(path, text).unwrap_or_else(Outcome::Refused) }
    };
    let files = files.iter().map(|(path, text)| (path.clone(), outcome(path, text))).collect();
    Formatted { files, compiled }
}

fn one(path: &str, text: &str) -> Result<Outcome, Fault> {
    // What cannot be read was complained of by the compiler.
    let Some((root, keys)) = read(path, text) else { return Ok(Outcome::Unchanged) };
    let after = file::rewrite(text, &root, keys)?;
    if after == text {
        return Ok(Outcome::Unchanged);
    }
    let same = read(path, &after).is_some_and(|(read, _)| proof::same(text, &root, &after, &read, keys));
    if !same {
        return Err(Fault { before: text.to_owned(), after });
    }
    let hunks = hunks(text, &after);
    Ok(Outcome::Changed { text: after, hunks })
}

/// The file as a tree, with the keys that it may have; nothing for a file without any that have an order.
fn read(path: &str, text: &str) -> Option<(Node, &'static keys::Keys)> {
    let mut sources = Sources::default();
    let file: FileId = sources.add(path, text);
    let mut report = Report::new(file, sources.text(file));
    let root = document::read(&mut report)?;
    let keys = match kind(path, &root, &mut report)?.0 {
        FileKind::Rules => &keys::RULES,
        FileKind::Schema => &keys::SCHEMA,
        FileKind::Test => return None,
    };
    Some((root, keys))
}

/// The lines that differ.
fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    let diff = TextDiff::from_lines(before, after);
    let line = |line: Option<&str>| line.map(|line| line.trim_end().to_owned());
    let changed = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    changed
        .map(|op| Hunk {
            line: op.old_range().start + 1,
            before: op.old_range().filter_map(|n| line(diff.old_slice(n))).collect(),
            after: op.new_range().filter_map(|n| line(diff.new_slice(n))).collect(),
        })
        .collect()
}
