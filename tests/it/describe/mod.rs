//! Rules read back in English. Each golden is a `.yaml` with rule files and a `.txt` with what is said of them;
//! `UPDATE=1` writes the `.txt` anew.

mod variants;

use std::fs;
use std::path::{Path, PathBuf};

use antiphon::diagnostic::render;
use antiphon::dsl::describe::Describer;
use antiphon::dsl::{compile, cost};

use crate::compile::files;

fn goldens() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/describe");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the goldens are there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    paths.sort();
    paths
}

/// What is said of every rule of the files, between lines.
fn said(path: &Path) -> String {
    let name = path.file_stem().expect("it ends in .yaml").to_string_lossy();
    let compiled = compile(&files(&name, &fs::read_to_string(path).expect("it is readable")).0);
    let Some(rules) = compiled.rules else {
        panic!("{}:\n{}", path.display(), render::render(&compiled.diagnostics, &compiled.sources, false));
    };
    let describer = Describer::new(&rules);
    let all: Vec<String> = cost::all(&rules).into_iter().map(|rule| describer.rule(rule)).collect();
    all.join(&format!("\n{}\n\n", "=".repeat(100)))
}

pub fn hold(golden: &Path, said: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(golden, said).expect("the goldens can be written");
    }
    if fs::read_to_string(golden).unwrap_or_default() == said {
        return Ok(());
    }
    Err(format!("{}:\n{said}", golden.display()))
}

#[test]
fn rules_are_read_back() {
    let differing: Vec<String> =
        goldens().iter().filter_map(|path| hold(&path.with_extension("txt"), &said(path)).err()).collect();
    assert!(differing.is_empty(), "run with UPDATE=1 and look at the difference\n{}", differing.join("\n"));
}

#[test]
fn no_line_is_wider_than_a_screen_and_none_ends_in_space() {
    for path in goldens() {
        for line in said(&path).lines() {
            assert!(line.chars().count() <= 110, "{}: {line}", path.display());
            assert_eq!(line.trim_end(), line, "{}", path.display());
        }
    }
}
