//! A year of story time takes as long as its events do, and each of its seconds is exact.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use antiphon::scenario::play;

use super::{files, staged};

const RULES: &str = r#"# file: rules/schema.yaml
version: 1
time_zone: {otherwise: Europe/Berlin}
# file: rules/rules.yaml
version: 1
segments:
  lately:
    when: |
      replied in the last 12 hours
  often:
    when: |
      replied at least 3 times in the last 3 days
campaigns:
  thanks:
    state: draft
    trigger:
      event: |
        replied "thanks"
    steps:
      - wait: 1 hour
      - send: {template: welcome, language: en}
# file: rules/tests/year.test.yaml
"#;

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn a_year_of_replies_takes_no_time() {
    let mut text = format!(
        "{RULES}version: 1\ntest: a year\nstart: 2026-01-01T00:00:00Z\npeople:\n  ana: {{phone: \"+491701234567\"}}\ntimeline:\n"
    );
    for day in 0..365 {
        let _ = writeln!(text, "  - {{at: {day} days 9 hours, who: ana, replied: \"thanks\"}}");
    }
    text.push_str("expect:\n");
    for day in (0..365).step_by(30) {
        let _ = writeln!(
            text,
            "  - {{at: {day} days 9 hours, in: {{lately: [ana]}}, until: {{lately/ana: {day} days 21 hours}}}}\n  \
             - {{at: {day} days 20 hours 59 minutes 59 seconds, in: {{lately: [ana]}}}}\n  \
             - {{at: {day} days 21 hours, in: {{lately: []}}}}"
        );
    }
    text.push_str("  - {at: 364 days 10 hours, in: {often: [ana]}}\neffects:\n");
    for day in 0..365 {
        let _ = writeln!(text, "  - {{at: {day} days 10 hours, who: ana, send: {{template: welcome}}}}");
    }
    let (_, stage, stories) = staged(&files(&text));
    let began = Instant::now();
    let outcome = play(&stage, &stories[0]);
    let took = began.elapsed();
    assert!(outcome.failures().is_empty(), "{:?}", outcome.failures());
    // A tenth of a second without optimisation. A clock that ticked would look at 31 million seconds, and a
    // machine that does other things too is given time.
    assert!(took < Duration::from_secs(30), "{took:?}");
}
