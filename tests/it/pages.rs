//! The pages of codes: each code has one, and what it shows is true: the bad example draws that complaint and no
//! other, the good one draws none.

use std::collections::{BTreeMap, BTreeSet};

use antiphon::diagnostic::{Code, Severity, render};
use antiphon::dsl::{Before, RETENTION, compile, compile_after};
use antiphon::scenario::coverage::Coverage;
use antiphon::scenario::{Outcome, Stage, play, read};

type Files = BTreeMap<String, String>;

/// What conditions of pages may name.
const SCHEMA: &str = "\
version: 1
person:
  age:           {type: number}
  birthday:      {type: date}
  country:       {type: text}
  plan:          {type: text, one_of: [free, trial, pro], always_set: true}
  tags:          {type: list of text}
  trial_ends_at: {type: time}
events:
  order_placed: {total: {type: number, always_set: true}, currency: text, cart_id: text}
lists:
  affirm: [\"yes\", \"ok\"]
  stop:   [\"stop\"]
  start:  [\"start\"]
";

const RULES: &str = "\
version: 1
segments:
  vip:
    kind: manual
campaigns:
  winter:
    state: draft
    trigger:
      event: |
        replied
    steps:
      - id: ask
        send: {template: winter_offer, language: en}
";

/// The files of an example, and those that were in force before.
fn files(example: &str) -> (Files, Files) {
    if !example.starts_with("# ") {
        let condition: String = example.lines().map(|line| format!("      {line}\n")).collect();
        let text = format!("version: 1\nsegments:\n  example:\n    when: |\n{condition}");
        let files = [("schema", SCHEMA), ("rules", RULES), ("example", &text)];
        return (files.map(|(name, text)| (format!("rules/{name}.yaml"), text.to_owned())).into(), Files::new());
    }
    let (mut now, mut before, mut path) = (Files::new(), Files::new(), None);
    for line in example.lines() {
        let place = line.strip_prefix("# before: ").map(|path| (true, path));
        let place = place.or_else(|| line.strip_prefix("# ").map(|path| (false, path)));
        match place.filter(|(_, path)| path.starts_with("rules/")) {
            Some(place) => path = Some(place),
            None => {
                let (earlier, path) = path.expect("an example of files begins with a path");
                let text = if earlier { &mut before } else { &mut now }.entry(path.to_owned()).or_default();
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    (now, before)
}

/// The codes that an example draws. Advice counts only on its own page.
fn drawn(code: Code, example: &str) -> (BTreeSet<Code>, String) {
    let (now, before) = files(example);
    let before = Before::from(&compile(&before).rules.expect("what was in force is right"));
    let compiled = compile_after(&now, RETENTION, &before);
    let tests = read(&compiled);
    let mut diagnostics = compiled.diagnostics.clone();
    diagnostics.extend(tests.diagnostics);
    let said = render::render(&diagnostics, &compiled.sources, false);
    let counts = |found: Code| found.severity() != Severity::Advice || found == code;
    let mut codes: BTreeSet<Code> = diagnostics.iter().map(|one| one.code).filter(|found| counts(*found)).collect();
    let played = codes.is_empty() && (!tests.stories.is_empty() || code == Code::W0710);
    if let Some(rules) = compiled.rules.as_ref().filter(|_| played) {
        let stage = Stage::new(rules).expect("checked rules run");
        let outcomes: Vec<Outcome> = tests.stories.iter().map(|story| play(&stage, story)).collect();
        codes.extend(outcomes.iter().flat_map(Outcome::failures).map(|failure| failure.code));
        let coverage = Coverage::of(rules, outcomes.iter().map(|outcome| &outcome.seen));
        if code == Code::W0710 && coverage.untested().next().is_some() {
            codes.insert(code);
        }
    }
    (codes, said)
}

#[test]
fn each_code_has_a_page_that_is_true() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let page = code.page();
        for (part, text) in [("what", &page.what), ("why", &page.why), ("bad", &page.bad), ("good", &page.good)] {
            if text.is_empty() {
                wrong.push(format!("{code}: nothing is said of `{part}`"));
            }
        }
        // Which test is selected is no matter of files: the command itself is tested elsewhere.
        if *code == Code::E1004 {
            assert!(page.bad.starts_with("$ antiphon test") && page.good.starts_with("$ antiphon test"));
            continue;
        }
        for (example, wanted) in [(&page.bad, [*code].into()), (&page.good, BTreeSet::new())] {
            let (found, said) = drawn(*code, example);
            if found != wanted {
                wrong.push(format!("{code}: {found:?}, not {wanted:?}\n{example}\n\n{said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pages_are_written_in_one_way() {
    for code in Code::ALL {
        let page = code.page();
        for sentence in [&page.what, &page.why] {
            assert!(
                sentence.ends_with(['.', '?']) && sentence.starts_with(|c: char| !c.is_lowercase()),
                "{code}: {sentence}"
            );
            assert!(sentence.lines().all(|line| line.chars().count() <= 100), "{code}: {sentence}");
        }
    }
}

#[test]
fn codes_are_found_by_their_names() {
    assert_eq!(Code::named("E0203"), Some(Code::E0203));
    assert_eq!(Code::named("e0203"), Some(Code::E0203));
    assert_eq!(Code::named("E9999"), None);
    assert_eq!(Code::named(""), None);
}
