//! Whole rule files in, diagnostics out. Each golden is a `.yaml` with the files and a `.txt` with what is said of them;
//! `UPDATE=1` writes the `.txt` anew.
//!
//! Files of one golden stand below each other, each behind a line `# file: PATH`. Those of a rule set that is in force
//! already, and whose place they take, stand behind `# before: PATH`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use antiphon::diagnostic::{Code, Severity, Sources, has_errors, render};
use antiphon::dsl::{Before, Compiled, RETENTION, compile, compile_after, decode};

type Files = BTreeMap<String, String>;

/// The files of a golden, and those that were in force before.
fn files(name: &str, text: &str) -> (Files, Files) {
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

fn goldens() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/diagnostics");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the goldens are there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    paths.sort();
    paths
}

fn compiled(path: &Path) -> Compiled {
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

/// What is said while single conditions are read has cases of its own; all else has a golden here.
#[test]
fn every_code_of_whole_files_has_a_golden() {
    let shown: BTreeSet<Code> =
        goldens().iter().flat_map(|path| compiled(path).diagnostics).map(|diagnostic| diagnostic.code).collect();
    let mut reading = String::new();
    for path in ["src/dsl/parse", "src/dsl/shape", "src/dsl"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is there").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if path != "src/dsl" || ["parse.rs", "shape.rs"].contains(&name.as_str()) {
                reading.push_str(&fs::read_to_string(entry.path()).expect("sources are UTF-8"));
            }
        }
    }
    // What is said of tests is shown in tests/it/scenarios.
    let of_tests = |code: &Code| code.as_str().starts_with("E10") || *code == Code::W0710;
    for code in Code::ALL.iter().filter(|code| !shown.contains(code) && !of_tests(code)) {
        assert!(reading.contains(&format!("Code::{code}")), "{code}: add a file to tests/it/diagnostics");
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
    for path in goldens() {
        let before = compiled(&path);
        for diagnostic in before.diagnostics.iter().filter(|d| d.code.as_str() == "E0312" || d.code.as_str() == "E0901")
        {
            for fix in &diagnostic.fixes {
                let file = diagnostic.span().file;
                let fixed = fix.apply(before.sources.text(file));
                let name = path.file_stem().expect("it ends in .yaml").to_string_lossy();
                let (mut files, _) = files(&name, &fs::read_to_string(&path).expect("it is readable"));
                files.insert(before.sources.path(file).to_owned(), fixed);
                let after = compile(&files);
                let there =
                    |compiled: &Compiled| compiled.diagnostics.iter().filter(|d| d.code == diagnostic.code).count();
                assert!(there(&after) < there(&before), "{}: {}", path.display(), fix.message);
            }
        }
    }
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
