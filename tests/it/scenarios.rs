//! Tests of rule authors: rule files and test files in, a report out. Each golden is a `.yaml` with the files and
//! a `.txt` with what is said of them; `UPDATE=1` writes the `.txt` anew.

mod bounds;
mod language;
mod long;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use antiphon::diagnostic::{Severity, render};
use antiphon::dsl::{Compiled, compile};
use antiphon::scenario::coverage::Coverage;
use antiphon::scenario::report::{self, Played};
use antiphon::scenario::{Outcome, Stage, Story, play, read};

/// Files stand below each other, each behind a line `# file: PATH`.
pub fn files(text: &str) -> BTreeMap<String, String> {
    text.split("# file: ")
        .filter_map(|part| part.split_once('\n'))
        .map(|(path, text)| (path.trim().to_owned(), text.to_owned()))
        .collect()
}

/// The rules, ready, and the stories about them. Ends where either is wrong.
pub fn staged(files: &BTreeMap<String, String>) -> (Compiled, Stage, Vec<Story>) {
    let compiled = compile(files);
    let tests = read(&compiled);
    let said = render::render(&compiled.diagnostics, &compiled.sources, false);
    let rules = compiled.rules.as_ref().unwrap_or_else(|| panic!("{said}"));
    let wrong = render::render(&tests.diagnostics, &compiled.sources, false);
    assert!(tests.diagnostics.is_empty(), "{wrong}");
    let stage = Stage::new(rules).expect("checked rules run");
    (compiled, stage, tests.stories)
}

/// What is said of `files`: complaints about them, or what came of the tests.
fn said(files: &BTreeMap<String, String>, coverage: bool) -> String {
    let compiled = compile(files);
    let tests = read(&compiled);
    let mut diagnostics = compiled.diagnostics.clone();
    diagnostics.retain(|diagnostic| diagnostic.severity() != Severity::Advice);
    diagnostics.extend(tests.diagnostics);
    let mut out = render::render(&diagnostics, &compiled.sources, false);
    let Some(rules) = &compiled.rules else { return out };
    let stage = Stage::new(rules).expect("checked rules run");
    let outcomes: Vec<Outcome> = tests.stories.iter().map(|story| play(&stage, story)).collect();
    let seen: Vec<_> = outcomes.iter().map(|outcome| outcome.seen.clone()).collect();
    let sources = &compiled.sources;
    let played = tests.stories.iter().zip(outcomes);
    let played: Vec<Played<'_>> =
        played.map(|(story, outcome)| Played { story, sources, outcome, millis: 0 }).collect();
    out.push_str(&report::human(&played));
    if coverage {
        out.push_str(&Coverage::of(rules, &seen).human());
    }
    out
}

fn goldens() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the goldens are there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn what_is_said_of_tests() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut differing = Vec::new();
    for path in goldens() {
        let text = fs::read_to_string(&path).expect("it is readable");
        let coverage = path.file_stem().is_some_and(|stem| stem == "coverage");
        let said = said(&files(&text), coverage);
        let said = said.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
        let golden = path.with_extension("txt");
        if update {
            fs::write(&golden, &said).expect("the goldens can be written");
        }
        if fs::read_to_string(&golden).unwrap_or_default() != said {
            differing.push(format!("{}:\n{said}", path.display()));
        }
    }
    assert!(differing.is_empty(), "run with UPDATE=1 and look at the difference\n{}", differing.join("\n"));
}

#[test]
fn every_code_of_tests_has_a_golden() {
    let said: String = goldens()
        .iter()
        .map(|path| fs::read_to_string(path.with_extension("txt")).expect("each case has its golden"))
        .collect();
    for code in ["E1002", "E1003", "W0710"] {
        assert!(said.contains(code), "{code}: add a case to tests/it/scenarios");
    }
    // In reports for people an expectation that is not met needs no code.
    assert!(said.contains("FAIL"));
}
