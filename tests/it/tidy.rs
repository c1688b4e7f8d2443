//! The rules of the house, held against its sources: who may import whom, who is whose only home.
//!
//! The table is the one of `src/README.md`. A violation says what to do instead.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Behind each room of `src/`, the rooms it may import. What is not listed is forbidden.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("diagnostic", &[]),
    ("template", &["model", "diagnostic"]),
    ("dsl", &["model", "diagnostic", "template"]),
    ("engine/naive.rs", &["model"]),
    ("engine/naive", &["model"]),
    ("engine", &["model", "template"]),
    ("providers", &["model"]),
    ("resolve", &["model"]),
    ("scenario", &["model", "diagnostic", "template", "dsl", "engine", "resolve"]),
    ("settings", &["model", "diagnostic", "chance"]),
    ("clock.rs", &["model"]),
    ("chance.rs", &["model"]),
    ("telemetry.rs", &["settings"]),
    ("store", &["model"]),
    ("intake", &["model", "providers", "resolve", "engine", "store", "clock", "chance", "telemetry"]),
    ("schedule", &["model", "store", "intake", "clock"]),
    ("rollout", &["model", "diagnostic", "dsl", "engine", "store", "intake", "clock", "chance"]),
    ("outbox", &["model", "providers", "store", "intake", "clock", "chance"]),
    (
        "web",
        &[
            "model",
            "diagnostic",
            "dsl",
            "providers",
            "engine",
            "settings",
            "intake",
            "rollout",
            "store",
            "clock",
            "chance",
            "telemetry",
            "outbox",
        ],
    ),
];

/// Crates with one home: everybody else goes through it.
const ONLY_HOME: &[(&str, &[&str])] = &[
    ("phonenumber", &["model/phone.rs"]),
    ("cron", &["model/cadence.rs"]),
    ("pest", &["dsl/parse"]),
    ("saphyr_parser", &["dsl/document"]),
    ("serde_yaml", &["dsl/document", "settings"]),
    ("similar", &["dsl/format"]),
    ("liquid_core", &["template"]),
    ("liquid_lib", &["template"]),
    ("sea_orm", &["store"]),
    ("sqlx", &["store"]),
    ("warp", &["web", "demo"]),
    ("reqwest", &["outbox", "cli", "demo"]),
    ("rand", &["chance.rs"]),
    ("prometheus_client", &["telemetry.rs"]),
];

/// The core has no runtime, socket, file, clock, chance or environment.
const CORE: &[&str] = &["model", "diagnostic", "template", "dsl", "engine", "providers", "resolve", "scenario"];
const NOT_IN_CORE: &[&str] = &[
    "tokio",
    "warp",
    "hyper",
    "reqwest",
    "sea_orm",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread::spawn",
    "std::process",
    "SystemTime",
    "Instant::now",
];

struct Source {
    /// Path below `src/`, with slashes.
    path: String,
    text: String,
}

#[test]
fn every_room_imports_only_what_it_may() {
    let complaints = imports(&sources(Path::new("src")));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_library_stays_in_its_home() {
    let complaints = homes(&sources(Path::new("src")));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let complaints = purity(&sources(Path::new("src")));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_file_says_what_lives_in_it() {
    for source in sources(Path::new("src")) {
        assert!(source.text.starts_with("//!"), "src/{}: open with `//!` lines that say what lives here", source.path);
    }
}

#[test]
fn a_planted_violation_is_seen() {
    let planted = |path: &str, text: &str| vec![Source { path: path.to_owned(), text: text.to_owned() }];
    assert_eq!(imports(&planted("engine/step.rs", "use crate::store::Store;")).len(), 1);
    assert_eq!(imports(&planted("engine/naive.rs", "use crate::template::Text;")).len(), 1);
    assert_eq!(imports(&planted("engine/naive/happened.rs", "use crate::engine::State;")).len(), 1);
    assert_eq!(imports(&planted("engine/step.rs", "use crate::engine::State;\nuse crate::model::id::Seq;")).len(), 0);
    assert_eq!(imports(&planted("somewhere/new.rs", "use crate::model::id::Seq;")).len(), 1);
    assert_eq!(homes(&planted("intake/gather.rs", "use sea_orm::Value;")).len(), 1);
    assert_eq!(purity(&planted("dsl/check.rs", "let text = std::fs::read(path);")).len(), 1);
    assert_eq!(purity(&planted("dsl/check.rs", "// std::fs is not for us")).len(), 0);
}

/// The row of the table for a file: the longest entry that is a prefix of its path.
fn row(path: &str) -> Option<(&'static str, &'static [&'static str])> {
    MAY_IMPORT
        .iter()
        .filter(|(room, _)| path == *room || path.starts_with(&format!("{room}/")))
        .max_by_key(|(room, _)| room.len())
        .map(|(room, allowed)| (*room, *allowed))
}

fn imports(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        // The command line builds the whole, the demo tells its story with it, and the crate root names the rooms.
        if ["cli/", "demo/"].iter().any(|free| source.path.starts_with(free))
            || ["main.rs", "lib.rs"].contains(&source.path.as_str())
        {
            continue;
        }
        let Some((room, allowed)) = row(&source.path) else {
            complaints.push(format!("src/{}: give this room a row in the table of tests/it/tidy.rs", source.path));
            continue;
        };
        let own = room.split('/').next().unwrap_or(room);
        for (line, text) in code_lines(&source.text) {
            for imported in text.match_indices("crate::").map(|(at, found)| &text[at + found.len()..]) {
                let target: String = imported.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = target == own || allowed.contains(&target.as_str());
                let strict = room.contains('/') && !allowed.contains(&target.as_str());
                let named = target.chars().next().is_some_and(char::is_lowercase);
                if named && (!known || strict) {
                    complaints.push(format!(
                        "src/{}:{line}: `{room}` may not import `{target}`, only {allowed:?}: \
                         pass what it needs as an argument, or move the code to where it may be known",
                        source.path
                    ));
                }
            }
        }
    }
    complaints
}

fn homes(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        for (library, homes) in ONLY_HOME {
            if homes.iter().any(|home| source.path.starts_with(home)) {
                continue;
            }
            for (line, text) in code_lines(&source.text) {
                if mentions(text, &format!("{library}::")) {
                    complaints.push(format!(
                        "src/{}:{line}: `{library}` lives in {homes:?} only: add what you need there and call it",
                        source.path
                    ));
                }
            }
        }
    }
    complaints
}

fn purity(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|s| CORE.iter().any(|room| s.path.starts_with(&format!("{room}/")))) {
        for (line, text) in code_lines(&source.text) {
            for word in NOT_IN_CORE.iter().filter(|word| mentions(text, word)) {
                complaints.push(format!(
                    "src/{}:{line}: `{word}` has no place in the core: take it as an argument",
                    source.path
                ));
            }
        }
    }
    complaints
}

/// Whether `word` stands in `text` and is not the tail of a longer name.
fn mentions(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':')
    })
}

/// The lines that are code, with their numbers: no comments, and nothing behind `#[cfg(test)]`.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .map(|(n, line)| (n + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn sources(root: &Path) -> Vec<Source> {
    let mut found = BTreeMap::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(root), &mut found);
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    found
        .into_iter()
        .map(|(path, text)| Source {
            path: path.strip_prefix(&base).expect("it was found below").to_string_lossy().replace('\\', "/"),
            text,
        })
        .collect()
}

fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).expect("the sources are there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            found.insert(path, text);
        }
    }
}
