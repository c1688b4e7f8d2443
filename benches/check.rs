//! `antiphon check` without its reading of the disk: 10,000 rules of mixed kinds in 100 files, complaints included.
//!
//! `cargo bench --no-default-features --bench check`. The aim is under two seconds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use antiphon::diagnostic::{has_errors, render};
use antiphon::dsl;
use criterion::{Criterion, criterion_group, criterion_main};

const FILES: usize = 100;
const RULES_PER_FILE: usize = 100;

const SCHEMA: &str = r#"version: 1
time_zone: {person: person.timezone, otherwise: Europe/Berlin}
person:
  timezone:      {type: text}
  plan:          {type: text, one_of: [free, trial, pro], always_set: true}
  country:       {type: text}
  trial_ends_at: {type: time}
events:
  order_placed: {total: number, currency: text, cart_id: text}
  cart_created: {cart_id: {type: text, always_set: true}}
lists:
  affirm: ["yes", "y", "sure", "ok", "sí", "👍"]
  stop:   ["stop"]
  start:  ["start"]
"#;

/// Conditions of every kind that segments have; `N` stands for the number of the rule, `M` for another one's.
const CONDITIONS: [&str; 10] = [
    r#"replied "WORDN" within 2 days"#,
    r#"replied any of affirm within 2 days of the message it answers in the last 30 days"#,
    r#"country is one of ["DE", "AT", "N"] and trial_ends_at is in the next 3 days"#,
    r#"known for at least 7 days and has not replied within 7 days"#,
    r#"was sent campaign "campaign-0" then not replied to it within 2 days in the last 30 days"#,
    r#"performed "order_placed" where (total > N and currency is "EUR") at least 2 times in the last 90 days"#,
    r#"performed "cart_created" then not performed "order_placed" with same cart_id within 1 hour in the last 1 day"#,
    r#"(replied matching /\bAB-?N\b/i within 14 days or tapped "Yes" ever) and plan is "pro""#,
    r#"in segment "segment-M" for at least 30 days and in sample "holdout-N" of 10%"#,
    r#"was sent any message at most 3 times in the last 7 calendar days and unsubscribed is false"#,
];

/// One rule in ten is a campaign, the others are segments.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::from([("rules/schema.yaml".to_owned(), SCHEMA.to_owned())]);
    for file in 0..FILES {
        let mut text = "version: 1\nsegments:\n".to_owned();
        let numbers = (file * RULES_PER_FILE)..((file + 1) * RULES_PER_FILE);
        for n in numbers.clone().filter(|n| n % 10 != 0) {
            // In no circle: the other one comes before, and is not of this kind.
            let other = if n < 10 { 1 } else { n / 10 * 10 - 5 };
            let condition = CONDITIONS[n % 10].replace('M', &other.to_string()).replace('N', &n.to_string());
            let condition = condition.replace(&format!("{n}/i"), "[0-9]{4}/i");
            let _ = write!(text, "  segment-{n}:\n    title: Number {n}\n    when: |\n      {condition}\n");
        }
        text.push_str("campaigns:\n");
        for n in numbers.filter(|n| n % 10 == 0) {
            let _ = write!(
                text,
                "  campaign-{n}:\n    state: draft\n    trigger:\n      event: |\n        replied \"START{n}\"\n    filter: |\n      \
                 in segment \"segment-{}\" and unsubscribed is false\n    steps:\n      \
                 - send: {{template: offer, language: en, params: {{name: \"{{{{ person.plan | upcase }}}}\"}}}}\n      \
                 - wait: 1 day\n      - update_person: {{country: DE}}\n",
                n + 1
            );
        }
        files.insert(format!("rules/file-{file}.yaml"), text);
    }
    files
}

fn check(c: &mut Criterion) {
    let files = files();
    let compiled = dsl::compile(&files);
    let said = || render::render(&compiled.diagnostics, &compiled.sources, false);
    assert!(!has_errors(&compiled.diagnostics), "{}", said());
    let rules = compiled.rules.as_ref().map_or(0, |rules| rules.segments.len() + rules.campaigns.len());
    assert_eq!(rules, FILES * RULES_PER_FILE);
    let mut group = c.benchmark_group("check");
    group.sample_size(10).measurement_time(Duration::from_secs(20));
    group.bench_function("10,000 rules", |b| {
        b.iter(|| {
            let compiled = dsl::compile(black_box(&files));
            render::render(&compiled.diagnostics, &compiled.sources, false).len()
        });
    });
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
