//! Whole files: what changes in them, and what does not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use antiphon::diagnostic::{has_errors, render};
use antiphon::dsl::compile;
use antiphon::dsl::format::{Formatted, Hunk, Outcome, format};
use antiphon::model::rule::{Place, RuleSet};

use crate::compile as goldens;
use crate::engine::chance::Chance;
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

/// Every key that a rule file can have, each map in its order.
const EVERY_KEY: &str = r#"version: 1
segments:
  a:
    title: A
    owner: me
    when: |
      replied ever
    grace: 1 minute
  m:
    title: M
    kind: manual
campaigns:
  c:
    title: C
    state: draft
    trigger:
      event: |
        replied
      max_event_age: 1 day
    on_deploy: {start: none}
    filter: |
      unsubscribed is false
    entry:
      frequency: every time
      key: event.body
      if_running: keep
    limit: marketing
    send_window: {from: "09:00", to: "18:00", time_zone: person, outside: wait}
    exit:
      when: |
        unsubscribed is true
    goal:
      when: |
        replied to step "ask" ever
      within: 3 days
      then: continue
    grace: 1 minute
    steps:
      - id: ask
        if: |
          replied ever
        send:
          template: t
          language: en
          params: {a: b}
          even_if_unsubscribed: false
      - send:
          text: Hello
          if_window_closed: {template: t, language: en, params: {a: b}}
      - webhook: {url: "https://example.com/", body: x, timeout: 10 seconds, retries: 3}
      - update_person: {x: 1}
      - record_event: {name: e, props: {x: 1}}
      - manual_segment: {add: m}
      - wait: until 09:00
      - wait_until:
          outcomes:
            - name: yes-please
              when: |
                replied YES since entry
              do:
                - update_person: {x: 2}
          timeout:
            after: 1 day
            do:
              - update_person: {x: 3}
      - branch:
          - when: |
              replied since entry
            do:
              - update_person: {x: 4}
          - otherwise:
              - update_person: {x: 5}
      - split: {left: {share: 50%, do: []}, right: {share: 50%, do: []}}
      - exit: done
schedules:
  daily:
    cron: "0 9 * * mon"
    time_zone: person
    for_each: |
      in segment "a"
    missed: run once
    max_lateness: 1 hour
    spread: 30 minutes
  nightly:
    cron: "30 3 * * *"
    recheck: all
    repair: true
"#;

const EVERY_KEY_OF_THE_SCHEMA: &str = "\
version: 1
time_zone: {person: person.zone, otherwise: UTC}
week_starts: monday
phones: {default_region: US, oldest_by: known_since}
attribution: {window: 3 days}
opt_out: keywords
grace: 1 minute
person:
  zone: {type: text, one_of: [UTC], always_set: false}
  x: {type: number}
events:
  e: {x: {type: number, always_set: false}}
flows:
  score: {type: number, always_set: false}
templates:
  t: {languages: [en], params: [a]}
lists:
  stop: [\"stop\"]
  start: [\"start\"]
limits:
  marketing: at most 3 messages in 7 calendar days
";

/// The lines of `node` with the keys of every map turned round.
fn turned_round(text: &str) -> String {
    let column = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let lines: Vec<&str> = text.lines().collect();
    let least = lines.iter().map(|line| column(line)).min().unwrap_or_default();
    let starts: Vec<usize> = (0..lines.len()).filter(|n| column(lines[*n]) == least).collect();
    let mut entries: Vec<Vec<String>> = Vec::new();
    for (n, start) in starts.iter().enumerate() {
        let end = starts.get(n + 1).copied().unwrap_or(lines.len());
        let mut entry = vec![lines[*start].to_owned()];
        let below = lines[start + 1..end].join("\n");
        let is_text = entry[0].ends_with('|');
        entry.extend(if is_text || below.is_empty() { below } else { turned_round(&below) }.lines().map(str::to_owned));
        entries.push(entry);
    }
    // Items of a list stay in their order, each by itself turned round.
    let mut out = Vec::new();
    for item in entries.chunk_by(|_, next| !next[0].trim_start().starts_with('-')) {
        let dash = item[0][0].trim_start().starts_with('-');
        let mut item: Vec<Vec<String>> = item.to_vec();
        item.reverse();
        if dash && item.len() > 1 {
            let last = item.last_mut().expect("there are several");
            last[0] = last[0].replacen("- ", "  ", 1);
            let first = item.first_mut().expect("there are several");
            first[0] = format!("{}- {}", &first[0][..least - 2], &first[0][least..]);
        }
        out.extend(item.concat());
    }
    out.join("\n") + "\n"
}

#[test]
fn every_key_has_its_place() {
    let files = |rules: &str, schema: &str| {
        [("rules/a.yaml".to_owned(), rules.to_owned()), ("rules/schema.yaml".to_owned(), schema.to_owned())].into()
    };
    let made = format(&files(EVERY_KEY, EVERY_KEY_OF_THE_SCHEMA));
    let said = render::render(&made.compiled.diagnostics, &made.compiled.sources, false);
    assert!(made.files.values().all(|outcome| *outcome == Outcome::Unchanged), "{:?}\n{said}", made.files);
    let (rules, schema) = (turned_round(EVERY_KEY), turned_round(EVERY_KEY_OF_THE_SCHEMA));
    assert!(rules.find("steps:") < rules.find("trigger:"), "{rules}");
    let made = format(&files(&rules, &schema));
    for (path, wanted) in [("rules/a.yaml", EVERY_KEY), ("rules/schema.yaml", EVERY_KEY_OF_THE_SCHEMA)] {
        let Outcome::Changed { text, .. } = &made.files[path] else { panic!("{:?}\n{rules}", made.files[path]) };
        // Names that authors chose stay in the order in which they stand.
        assert_eq!(sorted_names(text), sorted_names(wanted), "{text}");
    }
}

/// Comments and blank lines wherever YAML takes them, and where it does not: what is written says the same, or
/// nothing is written.
#[test]
fn comments_of_the_file_survive_wherever_they_stand() {
    let mut changed = 0;
    for seed in 0..80 {
        let mut chance = Chance::new(seed);
        let mut text = String::new();
        let base = if seed % 2 == 0 { turned_round(EVERY_KEY) } else { EVERY_KEY.to_owned() };
        for (n, line) in base.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            if chance.percent(12) {
                let indent = *chance.one(&[0, indent, indent, indent + 2, indent.saturating_sub(2)]);
                text.push_str(&format!("{:indent$}# above {n}\n", ""));
            }
            if chance.percent(8) {
                text.push_str(chance.one::<&str>(&["\n", "   \n", "\n\n"]));
            }
            text.push_str(line);
            if chance.percent(8) {
                text.push_str(&format!("  # behind {n}"));
            }
            text.push('\n');
        }
        let files =
            [("rules/a.yaml".to_owned(), text), ("rules/schema.yaml".to_owned(), EVERY_KEY_OF_THE_SCHEMA.into())];
        let files: BTreeMap<String, String> = files.into();
        let made = format(&files);
        match &made.files["rules/a.yaml"] {
            Outcome::Changed { text, .. } => {
                changed += 1;
                let mut again = files.clone();
                again.insert("rules/a.yaml".to_owned(), text.clone());
                assert_eq!(format(&again).files["rules/a.yaml"], Outcome::Unchanged, "seed {seed}:\n{text}");
            }
            Outcome::Refused(fault) => panic!("seed {seed}:\n{}\n---\n{}", fault.before, fault.after),
            // A comment further out than a block ends it, and what follows is none of it.
            Outcome::Wrong | Outcome::Unchanged => {}
        }
    }
    assert!(changed >= 20, "{changed}");
}

/// The lines of names below `segments`, `person` and so on, with what belongs to each, in the order of names.
fn sorted_names(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut top = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if indent == 0 {
            top = line.to_owned();
        }
        match parts.last_mut().filter(|_| indent > 2) {
            Some(part) => part.push_str(&format!("\n{line}")),
            None => parts.push(format!("{top}\n{line}")),
        }
    }
    let mut order: Vec<String> = Vec::new();
    for part in &parts {
        let head = part.lines().next().unwrap_or_default().to_owned();
        if order.last() != Some(&head) {
            order.push(head);
        }
    }
    parts.sort();
    [order, parts].concat()
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
        sets.push((name.clone(), goldens::files(&name, &fs::read_to_string(&path).unwrap()).0));
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
