//! What a test cannot have more of: cases, values, messages in a second, wakes.

use antiphon::diagnostic::Code;
use antiphon::dsl::compile;
use antiphon::scenario::{CASE_VALUES_MAX, CASES_MAX, WAKES_MAX, play, read};

use super::{files, staged};

const RULES: &str = "# file: rules/rules.yaml
version: 1
segments:
  lately:
    when: |
      replied in the last 12 hours
campaigns:
  echo:
    state: draft
    trigger:
      event: |
        was sent any message
    steps:
      - send: {template: again, language: en}
# file: rules/tests/a.test.yaml
";

fn codes(test: &str) -> Vec<Code> {
    read(&compile(&files(&format!("{RULES}{test}")))).diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn a_test_has_so_many_cases() {
    let test = |cases: usize| {
        let cases = "  - {reply: \"x\"}\n".repeat(cases);
        format!(
            "version: 1\ntest: a\nstart: 2026-01-01T00:00:00Z\npeople: {{ana: {{}}}}\n\
             timeline: [{{at: 0 seconds, who: ana, replied: $reply}}]\ncases:\n{cases}"
        )
    };
    assert_eq!(codes(&test(CASES_MAX)), []);
    assert_eq!(codes(&test(CASES_MAX + 1)), [Code::E0114]);
}

#[test]
fn a_long_test_has_fewer_cases() {
    // Without its timeline a test is 4 values: itself, `start`, `people` and `ana`. An entry is 5, the list 1.
    let test = |entries: usize, cases: usize| {
        let entry = "  - {at: 0 seconds, who: ana, replied: \"x\", via: text}\n".repeat(entries);
        let case = "  - {reply: \"x\"}\n".repeat(cases);
        format!(
            "version: 1\ntest: a\nstart: 2026-01-01T00:00:00Z\npeople: {{ana: {{}}}}\ntimeline:\n{entry}  \
             - {{at: 0 seconds, who: ana, replied: $reply, via: text}}\ncases:\n{case}"
        )
    };
    let most = (CASE_VALUES_MAX / 1_000 - 5) / 5 - 1;
    assert_eq!(codes(&test(most, 1_000)), []);
    assert_eq!(codes(&test(most + 1, 1_000)), [Code::E0114]);
}

#[test]
fn messages_because_of_messages_come_to_an_end() {
    let test = "version: 1\ntest: a\nstart: 2026-01-01T00:00:00Z\npeople: {ana: {phone: \"+491701234567\"}}\n\
                timeline: [{at: 0 seconds, who: ana, was_sent: {}}]\n";
    let (_, stage, stories) = staged(&files(&format!("{RULES}{test}")));
    let outcome = play(&stage, &stories[0]);
    assert_eq!(outcome.failures().len(), 1);
    assert_eq!(outcome.failures()[0].what, "messages to ana");
}

/// Two campaigns that start each other, each a second later.
const TICKING: &str = "# file: rules/rules.yaml
version: 1
campaigns:
  tick:
    state: draft
    trigger:
      event: |
        performed \"tick\"
    entry: {frequency: every time}
    steps:
      - wait: 1 second
      - record_event: {name: tock}
  tock:
    state: draft
    trigger:
      event: |
        performed \"tock\"
    entry: {frequency: every time}
    steps:
      - wait: 1 second
      - record_event: {name: tick}
# file: rules/tests/a.test.yaml
version: 1
test: a
start: 2026-01-01T00:00:00Z
people: {ana: {}}
timeline: [{at: 0 seconds, who: ana, performed: tick}]
";

#[test]
fn a_story_has_so_many_wakes() {
    let test = format!("{TICKING}expect: [{{at: 36500 days, in: {{}}}}]\n");
    let (_, stage, stories) = staged(&files(&test));
    let outcome = play(&stage, &stories[0]);
    let [failure] = outcome.failures() else { panic!("{:?}", outcome.failures()) };
    assert_eq!(failure.what, "the length of the story");
    // A wake a second: the first that is not played is the one behind the bound.
    let at = failure.at.as_ref().map(|at| at.offset.as_str());
    assert_eq!((WAKES_MAX + 1, at), (20_001, Some("5 hours 33 minutes 21 seconds")));
}
