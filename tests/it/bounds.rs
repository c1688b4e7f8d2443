//! The bounds of rule files: what lies at one is read, what lies one past it is refused.

use std::collections::BTreeMap;

use antiphon::dsl::{RETENTION, compile, compile_for};
use antiphon::model::limit::{ATOMS_PER_RULE_MAX, CONDITION_BYTES_MAX, LIST_ENTRIES_MAX};
use antiphon::model::time::Span;

fn files(text: &str) -> BTreeMap<String, String> {
    let schema = "version: 1\nlists: {stop: [\"stop\"], start: [\"start\"]}\n";
    [("rules/schema.yaml".to_owned(), schema.to_owned()), ("rules/a.yaml".to_owned(), format!("version: 1\n{text}"))]
        .into()
}

/// The codes of what is complained of.
fn codes(text: &str) -> Vec<&'static str> {
    compile(&files(text)).diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

fn segment(condition: &str) -> String {
    format!("segments:\n  a:\n    when: |\n      {condition}\n")
}

fn campaign(steps: &str) -> String {
    format!("campaigns:\n  a:\n    state: draft\n    trigger: {{event: replied}}\n    steps:\n{steps}")
}

const NONE: [&str; 0] = [];

#[test]
fn a_rule_has_a_number_of_tests() {
    let tests = |n: usize| segment(&vec!["everyone"; n].join(" and "));
    assert_eq!(codes(&tests(ATOMS_PER_RULE_MAX)), NONE);
    assert_eq!(codes(&tests(ATOMS_PER_RULE_MAX + 1)), ["E0114"]);
}

#[test]
fn a_condition_has_a_length() {
    let padded = |bytes: usize| segment(&format!("everyone #{}", "x".repeat(bytes - "everyone #\n".len())));
    assert_eq!(codes(&padded(CONDITION_BYTES_MAX)), NONE);
    assert_eq!(codes(&padded(CONDITION_BYTES_MAX + 1)), ["E0114"]);
}

#[test]
fn a_window_is_no_longer_than_events_are_kept() {
    let days = |n: i64| segment(&format!("replied in the last {n} days"));
    let kept = RETENTION.0 / Span::DAY.0;
    assert_eq!(codes(&days(kept)), NONE);
    assert_eq!(codes(&days(kept + 1)), ["E0220"]);
    let shorter = compile_for(&files(&days(31)), Span::days(30));
    assert!(shorter.rules.is_none());
    assert!(compile_for(&files(&days(kept + 1)), Span::days(kept + 1)).rules.is_some());
}

#[test]
fn a_named_list_has_a_number_of_entries() {
    let list = |entries: usize| {
        let words = vec!["\"x\""; entries].join(", ");
        let schema = format!("version: 1\nlists: {{stop: [\"stop\"], start: [\"start\"], a: [{words}]}}\n");
        let compiled = compile(&[("rules/schema.yaml".to_owned(), schema)].into());
        compiled.diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(list(LIST_ENTRIES_MAX), NONE);
    assert_eq!(list(LIST_ENTRIES_MAX + 1), ["E0114"]);
}

#[test]
fn a_campaign_has_a_number_of_steps_and_a_request_of_retries() {
    let steps = |n: usize| campaign(&"      - wait: 1 second\n".repeat(n));
    assert_eq!(codes(&steps(100)), NONE);
    assert_eq!(codes(&steps(101)), ["E0114"]);
    let retries = |n: u32| campaign(&format!("      - webhook: {{url: \"https://example.org/\", retries: {n}}}\n"));
    assert_eq!(codes(&retries(100)), NONE);
    assert_eq!(codes(&retries(101)), ["E0320"]);
}

#[test]
fn no_more_complaints_of_a_file_are_kept_than_can_be_shown() {
    let wrong: String = (0..500).map(|n| format!("  a{n}: {{wehn: everyone}}\n")).collect();
    let compiled = compile(&files(&format!("segments:\n{wrong}")));
    assert!(compiled.diagnostics.len() > 100 && compiled.diagnostics.len() <= 102);
}
