//! Whole files: what changes in them, and what does not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use antiphon::diagnostic::has_errors;
use antiphon::dsl::compile;
use antiphon::dsl::format::{Formatted, Hunk, Outcome, format};
use antiphon::model::rule::{Place, RuleSet};

use crate::compile as goldens;
use crate::examples;

const PATH: &str = "rules/a.yaml";

fn one(text: &str) -> Formatted {
    format(&[(PATH.to_owned(), text.to_owned())].into())
}

/// `text` as it should be.
fn formatted(text: &str) -> String {
    let made = one(text);
    match made.files[PATH].clone() {
        Outcome::Unchanged => text.to_owned(),
        Outcome::Changed { text, .. } => {
            assert!(matches!(one(&text).files[PATH], Outcome::Unchanged), "it has another form:\n{text}");
            text
        }
        other => panic!("{other:?}\n{:?}\n{text}", made.compiled.diagnostics),
    }
}

/// A file with one segment, whose keys are `keys`.
fn segment(keys: &str) -> String {
    format!("version: 1\nsegments:\n  a:\n{keys}")
}

#[test]
fn other_ways_to_write_a_text_become_blocks() {
    let block = segment("    when: |\n      replied YES ever\n");
    for written in [
        "    when: replied  YES ever\n",
        "    when: 'replied YES  ever'\n",
        "    when: \"has replied YES ever\"\n",
        "    when:\n      replied YES ever\n",
        "    when:   |\n      replied YES ever\n",
        "    when: |-\n      replied YES ever\n",
        "    when: |4\n        replied YES ever\n",
        "    when: |\n            replied YES ever\n",
        "    when: |\n\n\n      replied\n\n         YES\n       ever   \n",
        "    when: |\n      replied\tYES ever\n",
        "    \"when\" : replied YES ever\n",
    ] {
        let wanted = if written.contains("\"when\"") { block.replace("when:", "\"when\" :") } else { block.clone() };
        assert_eq!(formatted(&segment(written)), wanted, "{written}");
    }
    // Without a line break at the end there is none at the end.
    assert_eq!(formatted(segment("    when: replied YES ever").as_str()), block.trim_end());
}

#[test]
fn where_no_block_can_stand_the_text_is_written_in_its_place() {
    for (written, wanted) in [
        ("    {when: has replied YES ever, title: x}\n", "    {title: x, when: replied YES ever}\n"),
        ("    {when: \"has replied YES ever\"}\n", "    {when: \"replied YES ever\"}\n"),
        ("    {when: 'has replied \"YES\" in the last 2 day'}\n", "    {when: 'replied \"YES\" in the last 2 days'}\n"),
    ] {
        assert_eq!(formatted(&segment(written)), segment(wanted));
    }
}

#[test]
fn comments_and_blank_lines_of_the_file_stay() {
    let text = "\
# The file.
version: 1   # the language

segments:
  # Those who said yes.
  a:   # a name
    # Which is not all of them.
    when: has replied YES ever   # they said so

    # Who asks.
    owner: me

    # It is shown.
    title: \"A # title\"  # so
    # At the end of a.

  b:
    when: |   # a block
      # inside
      has replied # or not
      ever
    # Behind it.
    title: B

# The end.
";
    let wanted = "\
# The file.
version: 1   # the language

segments:
  # Those who said yes.
  a:   # a name
    # It is shown.
    title: \"A # title\"  # so

    # Who asks.
    owner: me

    # Which is not all of them.
    when: |   # they said so
      replied YES ever
    # At the end of a.

  b:
    # Behind it.
    title: B
    when: |   # a block
      # inside
      replied # or not
        ever

# The end.
";
    assert_eq!(formatted(text), wanted);
}

#[test]
fn line_breaks_are_those_of_the_file() {
    let text =
        segment("    when: has replied YES ever\n    title: x\n\n  b:\n    when: |\n      has replied\n      ever\n");
    let crlf = text.replace('\n', "\r\n");
    assert_eq!(formatted(&crlf), formatted(&text).replace('\n', "\r\n"));
    assert_ne!(formatted(&text), text);
}

#[test]
fn keys_stand_in_their_order() {
    let text = "\
campaigns:
  c:
    steps:
      - send: {language: en, params: {b: 1, a: 2}, template: t}
        # Only then.
        if: |
          has replied ever
        id: ask
      # - wait: 1 day
      - webhook:
          retries: 3
          url: https://example.com
          timeout: 10 second
      - wait: 2 day
    entry: {frequency: once per 30 day}
    trigger:
      max_event_age: 1 days
      event: replied   YES
    filter: |
      has replied in the last 1 days
    state: draft
version: 1
";
    let wanted = "\
version: 1
campaigns:
  c:
    state: draft
    trigger:
      event: |
        replied YES
      max_event_age: 1 day
    filter: |
      replied in the last 1 day
    entry: {frequency: once per 30 days}
    steps:
      - id: ask
        # Only then.
        if: |
          replied ever
        send: {template: t, language: en, params: {b: 1, a: 2}}
      # - wait: 1 day
      - webhook:
          url: https://example.com
          timeout: 10 seconds
          retries: 3
      - wait: 2 days
";
    assert_eq!(formatted(text), wanted);
}

#[test]
fn hunks_show_the_lines_that_differ() {
    let text = segment(
        "    when: |\n      has replied YES within 2 day of the message it answers ever\n  b:\n    when: |\n      \
         replied ever\n    title: B\n",
    );
    let Outcome::Changed { hunks, .. } = one(&text).files[PATH].clone() else { panic!("it changes") };
    assert_eq!(
        hunks.first(),
        Some(&Hunk {
            line: 5,
            before: vec!["      has replied YES within 2 day of the message it answers ever".to_owned()],
            after: vec!["      replied YES within 2 days of the message it answers".to_owned()],
        })
    );
    let lines: Vec<usize> = hunks.iter().map(|hunk| hunk.line).collect();
    assert!(lines.is_sorted() && lines.len() >= 2, "{hunks:?}");
}

#[test]
fn a_file_with_an_error_is_not_touched_and_others_are() {
    let right = segment("    when: has replied YES ever\n");
    let wrong = segment("    when: has replied yes ever\n").replace("a:", "b:");
    let made = format(&[("rules/a.yaml".to_owned(), right), ("rules/b.yaml".to_owned(), wrong)].into());
    assert!(matches!(made.files["rules/a.yaml"], Outcome::Changed { .. }));
    assert_eq!(made.files["rules/b.yaml"], Outcome::Wrong);
    assert!(has_errors(&made.compiled.diagnostics));
}

#[test]
fn tests_stay_as_they_are() {
    let text = "version: 1\ntest: x  \nstart: 2026-03-28T10:00:00+01:00\ntimeline: []\n";
    let made = format(&[("rules/tests/a.test.yaml".to_owned(), text.to_owned())].into());
    assert_eq!(made.files["rules/tests/a.test.yaml"], Outcome::Unchanged);
}

/// The rules without the lines on which they stand, which change where keys change their order.
fn meaning(rules: Option<RuleSet>) -> Option<RuleSet> {
    rules.map(|mut rules| {
        let places = rules.segments.iter_mut().map(|segment| &mut segment.place);
        let places = places.chain(rules.campaigns.iter_mut().map(|campaign| &mut campaign.place));
        places.for_each(|place| *place = Place { file: std::mem::take(&mut place.file), line: 0 });
        rules
    })
}

/// The rule sets that stand around in this repository.
fn sets() -> Vec<(String, BTreeMap<String, String>)> {
    let mut sets = vec![("rules/".to_owned(), examples::samples())];
    for path in goldens::goldens() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        sets.push((name.clone(), goldens::files(&name, &fs::read_to_string(&path).unwrap())));
    }
    for page in examples::pages() {
        let right = page.right();
        for example in &page.files {
            let files = page.with(&right, &example.path, &example.text);
            sets.push((format!("{}:{}", page.path, example.line), files));
        }
        for (line, condition) in &page.conditions {
            let text = segment(&format!("    when: |\n      {condition}\n"));
            sets.push((format!("{}:{line}", page.path), page.with(&right, "rules/condition.yaml", &text)));
        }
    }
    let init = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/init");
    let files = fs::read_dir(init).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| format!("rules/{}", path.file_name().unwrap().to_string_lossy());
    sets.push(("init".to_owned(), files.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()));
    sets
}

#[test]
fn no_rule_set_changes_its_meaning() {
    let (mut changed, mut rules) = (0, 0);
    for (name, files) in sets() {
        let made = format(&files);
        let mut after = files.clone();
        for (path, outcome) in made.files {
            match outcome {
                Outcome::Changed { text, .. } => {
                    changed += 1;
                    after.insert(path, text);
                }
                Outcome::Unchanged | Outcome::Wrong => {}
                Outcome::Refused(fault) => panic!("{name}: {path}: {}\n---\n{}", fault.before, fault.after),
            }
        }
        let (before, now) = (compile(&files), compile(&after));
        rules += usize::from(before.rules.is_some());
        assert_eq!(meaning(now.rules), meaning(before.rules), "{name}");
        let codes = |found: &[antiphon::diagnostic::Diagnostic]| {
            let mut codes: Vec<_> = found.iter().map(|diagnostic| diagnostic.code).collect();
            codes.sort_unstable();
            codes
        };
        assert_eq!(codes(&now.diagnostics), codes(&before.diagnostics), "{name}");
        assert!(format(&after).files.values().all(|outcome| !matches!(outcome, Outcome::Changed { .. })), "{name}");
    }
    assert!(changed >= 3 && rules >= 50, "{changed} files changed, {rules} sets have rules");
}

#[test]
fn our_own_samples_have_the_form() {
    for (name, files) in sets().into_iter().filter(|(name, _)| name == "rules/" || name == "init") {
        for (path, outcome) in format(&files).files {
            assert_eq!(outcome, Outcome::Unchanged, "{name}: {path}");
        }
    }
}
