//! The bounds of rule files: what lies at one is read, what lies one past it is refused.

use std::collections::BTreeMap;

use antiphon::dsl::parse::DISTINCT_MAX;
use antiphon::dsl::shape::STEPS_PER_SEQUENCE_MAX;
use antiphon::dsl::{RETENTION, compile, compile_for};
use antiphon::model::limit::{ATOMS_PER_RULE_MAX, CONDITION_BYTES_MAX, COUNT_MAX, LIST_ENTRIES_MAX, PATTERN_CHARS_MAX};
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

/// So many different keywords of a list.
fn words(entries: usize) -> String {
    (0..entries).map(|n| format!("\"x{n}\"")).collect::<Vec<_>>().join(", ")
}

const NONE: [&str; 0] = [];

#[test]
fn a_sequence_has_a_number_of_steps() {
    let steps = |n: usize| segment(&format!("replied{} ever", " then replied".repeat(n - 1)));
    assert_eq!(codes(&steps(STEPS_PER_SEQUENCE_MAX)), NONE);
    assert_eq!(codes(&steps(STEPS_PER_SEQUENCE_MAX + 1)), ["E0114"]);
    // The send that a reply is in time for is one of them.
    let of = |n: usize| segment(&format!("replied within 1 day of any message{} ever", " then replied".repeat(n - 2)));
    assert_eq!(codes(&of(STEPS_PER_SEQUENCE_MAX)), NONE);
    assert_eq!(codes(&of(STEPS_PER_SEQUENCE_MAX + 1)), ["E0114"]);
}

#[test]
fn counts_have_a_bound() {
    let times = |n: u32| segment(&format!("replied at least {n} times ever"));
    assert_eq!(codes(&times(COUNT_MAX)), NONE);
    assert_eq!(codes(&times(COUNT_MAX + 1)), ["E0114"]);
    let distinct = |n: u32| segment(&format!("replied with at most {n} distinct body ever"));
    assert_eq!(codes(&distinct(DISTINCT_MAX)), NONE);
    assert_eq!(codes(&distinct(DISTINCT_MAX + 1)), ["E0114"]);
}

#[test]
fn a_list_in_a_condition_has_a_number_of_entries() {
    let short = |entries: usize| (0..entries).map(|n| format!("{n}")).collect::<Vec<_>>().join(",");
    let list = |entries: usize| segment(&format!("x is one of [{}]", short(entries)));
    assert_eq!(codes(&list(LIST_ENTRIES_MAX)), NONE);
    assert_eq!(codes(&list(LIST_ENTRIES_MAX + 1)), ["E0114"]);
}

#[test]
fn a_pattern_has_a_length() {
    let pattern = |chars: usize| segment(&format!("replied matching /.{}/ ever", "a".repeat(chars - 1)));
    assert_eq!(codes(&pattern(PATTERN_CHARS_MAX)), NONE);
    assert_eq!(codes(&pattern(PATTERN_CHARS_MAX + 1)), ["E0114"]);
}

#[test]
fn a_length_of_time_lies_between_a_second_and_a_hundred_years() {
    let known = |length: &str| segment(&format!("known for at least {length}"));
    for (length, codes_said) in [
        ("1 second", &NONE[..]),
        ("0 seconds", &["E0221"]),
        ("3155760000 seconds", &NONE),
        ("3155760001 seconds", &["E0221"]),
    ] {
        assert_eq!(codes(&known(length)), codes_said, "{length}");
    }
    let wait = |unit: &str, n: u32| segment(&format!("t is in the last {n} calendar {unit}"));
    assert_eq!(codes(&wait("years", 100)), NONE);
    assert_eq!(codes(&wait("years", 101)), ["E0221"]);
}

#[test]
fn a_rule_has_a_number_of_tests() {
    let tests = |n: usize| segment(&(0..n).map(|n| format!("replied \"{n}\" ever")).collect::<Vec<_>>().join(" and "));
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
    // The longest that a month or year can be is what counts; the same goes for deadlines and for `for at least`.
    for (kept, window) in [
        (31, "replied in the last 1 calendar month"),
        (62, "replied in the last 2 calendar months"),
        (366, "replied this year"),
        (7, "replied this week"),
        (9, "replied then replied within 9 days ever"),
        (9, "replied then replied within 4 days then replied within 5 days"),
        (9, "replied within 9 days of any message"),
        (2, "replied within 2 days of the message it answers"),
        (9, "x is 1 for at least 9 days"),
    ] {
        let compiled = |days: i64| compile_for(&files(&segment(window)), Span::days(days));
        assert_eq!(compiled(kept).diagnostics, [], "{window}");
        let found: Vec<_> = compiled(kept - 1).diagnostics.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(found, ["E0220"], "{window}");
    }
    let shorter = compile_for(&files(&days(31)), Span::days(30));
    assert!(shorter.rules.is_none());
    assert!(compile_for(&files(&days(kept + 1)), Span::days(kept + 1)).rules.is_some());
}

#[test]
fn a_named_list_has_a_number_of_entries() {
    let list = |entries: usize| {
        let words = words(entries);
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

/// As many rules as a large set has, with every kind of condition: each is there, and nothing is said of any.
#[test]
fn thousands_of_rules_are_one_rule_set() {
    const RULES: usize = 2_000;
    let conditions = [
        "replied \"word {n}\" in the last {d} days",
        "never replied \"word {n}\" within {d} days of the message it answers",
        "in segment \"s{m}\" and attribute_{n} is \"value\"",
        "was sent any message then not replied to it within {d} days in the last 60 days",
        "(performed \"event_{n}\" where total > {d} ever or tapped \"button {n}\" today) and not in segment \"s{m}\"",
        "known for at least {d} days and has not replied in the last {d} days",
        "performed \"event_{n}\" with at least 3 distinct sku this month",
        "in sample \"s{n}\" of 10% and in segment \"s{m}\" for at least {d} days",
    ];
    let mut text = String::from("segments:\n");
    for n in 0..RULES {
        let condition = conditions[n % conditions.len()];
        let condition = condition.replace("{n}", &n.to_string()).replace("{d}", &(n % 3 + 1).to_string());
        let condition = condition.replace("{m}", &(n / 2).to_string());
        text.push_str(&format!("  s{n}:\n    when: |\n      {condition}\n"));
    }
    let compiled = compile(&files(&text));
    assert_eq!(compiled.diagnostics, []);
    assert_eq!(compiled.rules.map(|rules| rules.segments.len()), Some(RULES));
}
