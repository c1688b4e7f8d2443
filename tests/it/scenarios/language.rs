//! The rows of the language's table of examples, as authors test them: each flip one second before, at and after.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use antiphon::scenario::report::{self, Played};
use antiphon::scenario::{Story, play};

use super::{files, staged};
use crate::engine::definition::examples;

const ROWS: u32 = 47;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios/language")
}

/// The rule sets of the folder, one a file. They share a schema.
fn sets() -> Vec<BTreeMap<String, String>> {
    let read = |path: &Path| fs::read_to_string(path).expect("it is readable");
    let schema = read(&folder().join("schema.yaml"));
    let paths = fs::read_dir(folder()).expect("the rows are there").map(|entry| entry.expect("a file").path());
    let rows = paths.filter(|path| !path.ends_with("schema.yaml"));
    let set = |path: PathBuf| {
        let mut files = files(&read(&path));
        files.insert("rules/schema.yaml".to_owned(), schema.clone());
        files
    };
    rows.map(set).collect()
}

/// The row that a test is about: what stands in front of the `:` of its name.
fn row(story: &Story) -> u32 {
    let number = story.name.split_once(':').and_then(|(number, _)| number.parse().ok());
    number.unwrap_or_else(|| panic!("`{}` does not begin with the number of its row", story.name))
}

#[test]
fn the_rows_hold_in_the_words_of_authors() {
    let mut rows = BTreeSet::new();
    let mut said = String::new();
    for files in &sets() {
        let (compiled, stage, stories) = staged(files);
        rows.extend(stories.iter().map(row));
        let played: Vec<Played<'_>> = stories
            .iter()
            .map(|story| Played { story, sources: &compiled.sources, outcome: play(&stage, story), millis: 0 })
            .collect();
        if played.iter().any(|played| !played.outcome.failures().is_empty()) {
            said.push_str(&report::human(&played));
        }
    }
    assert!(said.is_empty(), "{said}");
    assert_eq!(rows, (1..=ROWS).collect(), "each row is named by a test");
}

/// A test that would pass whatever the rule says shows nothing: without their condition, all rows but the first are
/// told apart from everyone.
#[test]
fn the_rows_are_told_apart_from_everyone() {
    let mut blind = Vec::new();
    for files in sets() {
        for number in 2..=ROWS {
            let key = format!("  row-{number}:\n    when: |\n");
            let filter = format!("  row-{number}:\n    state: draft\n");
            let Some((path, text)) = files.iter().find(|(_, text)| text.contains(&key) || text.contains(&filter))
            else {
                continue;
            };
            let start = text.find(&key).or_else(|| text.find(&filter)).expect("it was found");
            let mut lines: Vec<&str> = text[start..].lines().collect();
            let block = if text.contains(&key) { "    when: |" } else { "    filter: |" };
            let at = lines.iter().position(|line| *line == block).expect("it has a condition") + 1;
            lines[at] = "      everyone";
            let mut changed = files.clone();
            changed.insert(path.clone(), format!("{}{}\n", &text[..start], lines.join("\n")));
            let (_, stage, stories) = staged(&changed);
            let failing = |story: &&Story| row(story) == number && !play(&stage, story).failures().is_empty();
            if !stories.iter().any(|story| failing(&story)) {
                blind.push(number);
            }
        }
    }
    assert!(blind.is_empty(), "{blind:?}");
}

/// The same conditions are held against the definition itself: these are they.
#[test]
fn the_rows_are_those_of_the_definition() {
    let all: Vec<String> = sets().into_iter().flat_map(BTreeMap::into_values).collect();
    for (number, text) in examples::texts() {
        // There the share is all or nothing, so that nobody has to be lucky.
        let text = text.replace("of 100%", "of 10%").replace("of 0%", "of 10%");
        let line = format!("      {text}\n");
        assert!(all.iter().any(|file| file.contains(&line)), "{number}: `{text}`");
    }
}
