//! The definition itself: the language's examples, each with every instant at which its truth changes, and what
//! is settled beside them, worked out by hand.

pub mod examples;
mod past;
mod settled;

use antiphon::dsl::compile;
use antiphon::engine::naive::Case;
use antiphon::model::rule::{Condition, RuleSet};
use antiphon::model::time::{Second, Span};

use past::{Past, START};

/// So far the truth is looked at.
const DAYS: i64 = 130;

const SCHEMA: &str = r#"
version: 1
time_zone: {person: person.timezone, otherwise: Europe/Berlin}
person:
  plan: {type: text}
  country: {type: text}
  tags: {type: list of text}
  trial_ends_at: {type: time}
  signed_up_at: {type: time}
  birthday: {type: date}
  timezone: {type: text}
events:
  viewed_product: {product_id: text}
  order_placed: {total: number, currency: text, cart_id: text}
  cart_created: {cart_id: text}
  paid: {total: number}
lists:
  affirm: ["yes", "sí"]
  deny: ["no", "nope"]
  stop: ["stop"]
  start: ["start"]
"#;

const RULES: &str = r#"
version: 1
segments:
  vip: {kind: manual}
  opted-out: {kind: manual}
campaigns:
  winter: {state: draft, trigger: {event: replied}, steps: [{id: ask, exit: done}]}
  survey: {state: draft, trigger: {event: replied}, steps: [{id: ask, exit: done}]}
  asked:
    state: draft
    trigger: {event: replied}
    steps: [{id: ask, exit: done}]
    filter: |
      CONDITION
"#;

/// What `text` means, by the reader of the language.
fn meaning(text: &str) -> Condition {
    let rules = RULES.replace("CONDITION", text);
    let files = [("rules/schema.yaml".to_owned(), SCHEMA.to_owned()), ("rules/rules.yaml".to_owned(), rules)];
    let compiled = compile(&files.into());
    let rules = compiled.rules.unwrap_or_else(|| panic!("{text}: {:#?}", compiled.diagnostics));
    let asked = rules.campaigns.into_iter().find(|campaign| campaign.name == "asked");
    asked.and_then(|campaign| campaign.filter).expect("a filter was written")
}

/// The schema and segments that the conditions are about.
fn rules() -> RuleSet {
    let mut rules = RuleSet::default();
    rules.schema.time_zone = "Europe/Berlin".to_owned();
    rules.schema.person_time_zone = Some("timezone".to_owned());
    for name in ["vip", "opted-out"] {
        rules.segments.push(super::life::manual(name));
    }
    rules
}

/// Looks at `condition` at `START` and behind it: it is `first` true or not, and changes at exactly these instants.
fn flips(rules: &RuleSet, condition: &Condition, past: &Past, first: bool, changes: &[i64], until: i64) -> Vec<String> {
    let case = Case::new(rules, &past.person, &past.events);
    let mut instants = case.instants(condition, Second(START), Second(START + until));
    instants.insert(Second(START));
    instants.extend(changes.iter().flat_map(|at| [at - 1, *at, at + 1]).map(|at| Second(START + at)));
    let expected = |at: Second| first ^ (changes.iter().filter(|change| START + **change <= at.0).count() % 2 == 1);
    let wrong = instants.into_iter().filter(|at| case.truth(condition, *at) != expected(*at));
    wrong.map(|at| format!("{} s, {}: should be {}", at.since(Second(START)).0, at.rfc3339(), expected(at))).collect()
}

/// Seconds from `START` to an instant in RFC 3339.
fn until(instant: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(instant).expect("an instant").timestamp() - START
}

/// So many days in seconds.
const fn days(days: i64) -> i64 {
    Span::days(days).0
}
