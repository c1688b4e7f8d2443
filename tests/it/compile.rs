//! Whole rule files in, diagnostics out. Each golden is a `.yaml` with the files and a `.txt` with what is said of them;
//! `UPDATE=1` writes the `.txt` anew.
//!
//! Files of one golden stand below each other, each behind a line `# file: PATH`. Those of a rule set that is in force
//! already, and whose place they take, stand behind `# before: PATH`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::language;
use antiphon::diagnostic::{Code, Severity, Sources, has_errors, render};
use antiphon::dsl::{Before, Compiled, RETENTION, compile, compile_after, decode};

pub type Files = BTreeMap<String, String>;

/// The files of a golden, and those that were in force before.
pub fn files(name: &str, text: &str) -> (Files, Files) {
    if !text.starts_with("# file: ") && !text.starts_with("# before: ") {
        return ([(format!("rules/{name}.yaml"), text.to_owned())].into(), Files::new());
    }
    let (mut now, mut before) = (Files::new(), Files::new());
    for line in text.split_inclusive('\n') {
        let place = |mark: &str| line.strip_prefix(mark).map(|path| path.trim().to_owned());
        let (path, of) = match (place("# file: "), place("# before: ")) {
            (Some(path), _) => (path, &mut now),
            (None, Some(path)) => (path, &mut before),
            (None, None) => continue,
        };
        let from = line.as_ptr() as usize - text.as_ptr() as usize + line.len();
        let rest = &text[from..];
        let end = ["# file: ", "# before: "].iter().filter_map(|mark| rest.find(&format!("\n{mark}"))).min();
        of.insert(path, rest[..end.map_or(rest.len(), |end| end + 1)].to_owned());
    }
    (now, before)
}

pub fn goldens() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/diagnostics");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the goldens are there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    paths.sort();
    paths
}

pub fn compiled(path: &Path) -> Compiled {
    let name = path.file_stem().expect("it ends in .yaml").to_string_lossy();
    let (now, before) = files(&name, &fs::read_to_string(path).expect("it is readable"));
    let before = compile(&before).rules.as_ref().map(Before::from).expect("what is in force is right");
    compile_after(&now, RETENTION, &before)
}

#[test]
fn what_is_said_of_rule_files() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut differing = Vec::new();
    for path in goldens() {
        let compiled = compiled(&path);
        let said = render::render(&compiled.diagnostics, &compiled.sources, false);
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

/// What is said of tests is shown in tests/it/scenarios.
fn is_of_tests(code: Code) -> bool {
    code.as_str().starts_with("E10") || code == Code::W0710
}

#[test]
fn every_code_is_shown_to_somebody() {
    let shown: BTreeSet<Code> =
        goldens().iter().flat_map(|path| compiled(path).diagnostics).map(|diagnostic| diagnostic.code).collect();
    let reading: BTreeSet<Code> = language::mistakes::codes_shown().collect();
    for code in Code::ALL.iter().filter(|code| !shown.contains(code) && !is_of_tests(**code)) {
        let number = code.as_str().get(1..3).unwrap_or_default();
        // What is said while single conditions are read has a table of its own; all of phrases, names, the graph and
        // warnings is shown as people see it.
        let in_table = matches!(number, "01") && reading.contains(code);
        assert!(in_table, "{code}: add a file to tests/it/diagnostics");
    }
}

/// The names of the grammar's rules that nobody could take for words.
fn rule_names() -> BTreeSet<String> {
    let names: BTreeSet<String> = ["rules", "mistakes"]
        .iter()
        .map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("grammar/{name}.pest")))
        .flat_map(|path| {
            fs::read_to_string(path).expect("the grammar is there").lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()))
        .filter(|name| name.contains('_') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        .collect();
    assert!(names.contains("bad_sym") && names.contains("k_within") && names.len() > 150);
    names
}

#[test]
fn nobody_reads_the_names_of_the_grammar() {
    let names = rule_names();
    for path in goldens() {
        for found in compiled(&path).diagnostics {
            let labels = found.labels.iter().map(|label| &label.text);
            let fixes = found.fixes.iter().map(|fix| &fix.message);
            for said in [&found.message].into_iter().chain(labels).chain(&found.notes).chain(fixes) {
                let words = said.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let internal: Vec<&str> = words.filter(|word| names.contains(*word)).collect();
                assert_eq!(internal, [""; 0], "{}: {said}", path.display());
            }
        }
    }
}

#[test]
fn three_mistakes_in_one_file_give_three_framed_diagnostics() {
    let text = "version: 1\nsegments:\n  a:\n    when: |\n      replied yes ever\n  b:\n    when: |\n      \
                replied YES\n  c:\n    wehn: everyone\n";
    let compiled = compile(&[("rules/a.yaml".to_owned(), text.to_owned())].into());
    assert!(compiled.rules.is_none());
    let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity() == Severity::Error).collect();
    assert_eq!(errors.iter().map(|d| d.code.as_str()).collect::<Vec<_>>(), ["E0103", "E0203", "E0903"]);
    let places: Vec<_> = errors.iter().map(|d| compiled.sources.place(d.span())).collect();
    assert_eq!(places, [(5, 15), (8, 7), (10, 5)]);
    let said = render::render(&compiled.diagnostics, &compiled.sources, false);
    assert!(said.contains("replied yes ever") && said.contains("wehn: everyone"), "{said}");
}

#[test]
fn fixes_of_files_can_be_applied_and_help() {
    let mut useless = Vec::new();
    for path in goldens() {
        let name = path.file_stem().expect("it ends in .yaml").to_string_lossy().into_owned();
        let (files, _) = files(&name, &fs::read_to_string(&path).expect("it is readable"));
        let before = compiled(&path);
        for diagnostic in &before.diagnostics {
            for fix in &diagnostic.fixes {
                let file = diagnostic.span().file;
                let mut files = files.clone();
                files.insert(before.sources.path(file).to_owned(), fix.apply(before.sources.text(file)));
                let after = compile(&files);
                let there = |compiled: &Compiled| {
                    compiled.diagnostics.iter().filter(|found| found.code == diagnostic.code).count()
                };
                let unreadable = |compiled: &Compiled| {
                    let reading = [Code::E0100, Code::E0101, Code::E0902];
                    compiled.diagnostics.iter().filter(|found| reading.contains(&found.code)).count()
                };
                // Whose kind was in doubt is read from then on, and may be wrong.
                let spoilt = diagnostic.code != Code::E0901 && unreadable(&after) > unreadable(&before);
                if there(&after) >= there(&before) || spoilt {
                    useless.push(format!("{}: {}, {}", path.display(), diagnostic.message, fix.message));
                }
            }
        }
    }
    assert!(useless.is_empty(), "{}", useless.join("\n"));
}

#[test]
fn warnings_and_advice_stop_nothing() {
    let text = "version: 1\nsegments:\n  a:\n    when: |\n      has not replied within 2 days\n";
    let compiled = compile(&[("rules/a.yaml".to_owned(), text.to_owned())].into());
    assert!(!has_errors(&compiled.diagnostics));
    let codes: Vec<&str> = compiled.diagnostics.iter().map(|d| d.code.as_str()).collect();
    assert_eq!(codes, ["A0803", "W0705", "A0801"]);
    assert!(compiled.rules.is_some());
}

#[test]
fn no_files_are_an_empty_rule_set() {
    let compiled = compile(&BTreeMap::new());
    assert_eq!(compiled.diagnostics, []);
    assert!(compiled.rules.is_some_and(|rules| rules.segments.is_empty() && !rules.schema.declared));
}

#[test]
fn files_of_tests_are_known_and_not_run() {
    let text = "version: 1\ntest: later\nstart: 2026-03-28T10:00:00+01:00\ntimeline: []\n";
    let compiled = compile(&[("rules/tests/a.test.yaml".to_owned(), text.to_owned())].into());
    assert_eq!(compiled.diagnostics, []);
    assert!(compiled.rules.is_some());
}

#[test]
fn what_is_not_text_is_said_to_be_none() {
    let mut sources = Sources::default();
    let complaint = decode("rules/a.yaml", b"version: 1\nsegments: {\xff}\n".to_vec(), &mut sources)
        .expect_err("0xff is in no UTF-8 text");
    assert_eq!(complaint.code.as_str(), "E0905");
    assert_eq!(sources.place(complaint.span()), (2, 12));
    assert!(decode("rules/a.yaml", b"version: 1\n".to_vec(), &mut sources).is_ok());
}
