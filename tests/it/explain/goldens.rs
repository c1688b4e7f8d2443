//! Whole explanations by the example: as they are read on a terminal, one file for each, and what is refused.
//! `UPDATE=1` writes the files anew.

use std::fs;
use std::path::Path;

use antiphon::explain::{Explained, Explanation, PARTS_MAX, Part, SIGHTINGS_MAX, Unexplained, WAYS_MAX, render};
use antiphon::model::event::Reason;
use antiphon::model::time::Second;
use serde_json::json;

use super::stories::Story;

const SCHEMA: &str = r#"
version: 1
time_zone: {person: person.timezone, otherwise: Europe/Berlin}
grace: 5 minutes
person:
  plan: {type: text}
  age: {type: number}
  timezone: {type: text}
events:
  go: {cart_id: text}
  paid: {total: number}
lists:
  affirm: ["yes", "sí"]
  deny: ["no", "nope"]
  stop: ["stop"]
  start: ["start"]
limits: {marketing: at most 1 message in 7 days}
templates: {hello: {languages: [en]}}
"#;

const RULES: &str = r#"
version: 1
segments:
  chosen: {kind: manual}
  confirmed-recently: {when: 'replied any of affirm to campaign "ask-them" in the last 2 days'}
  in-time: {when: 'replied directly to campaign "ask-them" within 2 hours of the message it answers ever'}
  winter-silent: {when: 'was sent campaign "ask-them" then not replied to it within 2 days'}
  quiet: {when: 'known for at least 3 days and has not replied in the last 3 days'}
  nested: {when: 'in segment "confirmed-recently" and not in segment "chosen"'}
  this-month: {when: 'performed "paid" where total > 50 at least 2 times this month'}
  grown-up: {when: 'age >= 18 or plan is "pro"'}
  paid-after-yes: {when: 'replied any of affirm then performed "paid" within 1 day'}
  long-pro: {when: 'plan is "pro" for at least 14 days'}
campaigns:
  ask-them: {state: live, trigger: {event: 'replied "never"'}, steps: [{id: ask, exit: done}]}
  once-only:
    state: live
    trigger: {event: 'performed "go"'}
    entry: {frequency: once}
    steps: [{id: w, wait: 1 hour}]
  fresh:
    state: live
    trigger: {event: 'performed "go"', max_event_age: 1 hour}
    steps: [{id: w, wait: 1 hour}]
  for-pros:
    state: live
    trigger: {event: 'performed "go"'}
    filter: 'plan is "pro"'
    steps: [{id: w, wait: 1 hour}]
  per-cart:
    state: live
    trigger: {event: 'performed "go"'}
    entry: {key: event.cart_id}
    limit: marketing
    steps:
      - {id: hello, send: {template: hello, language: en}}
      - {id: again, send: {template: hello, language: en}}
      - {id: answer, wait_until: {outcomes: [{name: paid, when: 'performed "paid" since entry'}], timeout: {after: 1 day}}}
  big-spender:
    state: live
    trigger: {event: 'performed "paid" where total > 1'}
    filter: 'not in campaign "once-only"'
    steps: [{id: w, wait: 1 hour}]
  when-quiet:
    state: live
    trigger: {becomes: 'has not replied in the last 3 days'}
    steps: [{id: w, wait: 1 hour}]
  standing-still:
    state: paused
    trigger: {event: 'performed "go"'}
    steps: [{id: w, wait: 1 hour}]
  sketch:
    state: draft
    trigger: {event: 'performed "go"'}
    steps: [{id: w, wait: 1 hour}]
schedules:
  nightly: {cron: "0 3 * * *", recheck: all}
"#;

fn ana(start: &str) -> Story {
    Story::new(SCHEMA, RULES, start, json!({"plan": "trial"}))
}

/// Ana was asked before the clocks change, and answered.
fn asked() -> Story {
    ana("2026-03-01T10:00:00Z").at("2026-03-28T09:00:00Z").sent("ask-them", "ask").at("2026-03-28T10:00:00Z").answers(
        "Sí!!",
        "ask-them",
        Reason::Quoted,
    )
}

fn check(name: &str, explanation: &Explanation) {
    let said = render(explanation);
    let said = said.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/explain/{name}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &said).unwrap();
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(golden, said, "{name}: run with UPDATE=1 and look at the difference");
    // What is shown is what is answered: as data it is the same.
    let json = serde_json::to_string(explanation).unwrap();
    assert_eq!(&serde_json::from_str::<Explanation>(&json).unwrap(), explanation, "{json}");
}

#[test]
fn in_for_as_long_as_a_window_lasts() {
    let story = asked().at("2026-03-28T18:00:00Z").late(14_400).says("no").at("2026-03-28T19:00:00Z");
    check("in_with_window", &story.explain("confirmed-recently", None));
    check("in_nested", &story.explain("nested", None));
    let later = story.joins("chosen").at("2026-03-30T18:00:00Z").passes();
    check("out_after_window", &later.explain("confirmed-recently", None));
    check("out_nested", &later.explain("nested", Some("2026-03-28T19:30Z")));
    check("chosen", &later.explain("chosen", None));
    // What is known by now of then: the "no" had not arrived.
    check("in_at_an_instant", &later.explain("confirmed-recently", Some("2026-03-28T15:00+01:00")));
}

#[test]
fn what_is_inferred_and_what_comes_too_late_does_not_count() {
    let story = asked().at("2026-03-28T10:30:00Z").answers("ok", "ask-them", Reason::Inferred);
    let story = story.at("2026-03-28T15:00:00Z").answers("hm", "ask-them", Reason::Quoted).says("hello?");
    check("attribution", &story.explain("in-time", None));
}

#[test]
fn an_absence_is_pending_answered_or_decided() {
    let story = ana("2026-03-01T10:00:00Z").at("2026-03-03T09:14:07Z").sent("ask-them", "ask");
    let story = story.at("2026-03-03T10:00:00Z").says("what?").at("2026-03-04T06:00:00Z");
    check("absence_pending", &story.explain("winter-silent", None));
    let silent = story.at("2026-03-06T00:00:00Z").passes();
    check("absence_decided", &silent.explain("winter-silent", None));
    let answered = asked();
    check("absence_answered", &answered.explain("winter-silent", None));
    check("sequence_open", &answered.explain("paid-after-yes", None));
}

#[test]
fn silence_calendar_windows_and_attributes() {
    let story = ana("2026-03-01T10:00:00Z");
    check("quiet_not_yet", &story.explain("quiet", None));
    let paid = story
        .at("2026-03-30T10:00:00Z")
        .does("paid", json!({"total": 60}))
        .does("paid", json!({"total": 50}))
        .at("2026-03-31T10:00:00Z")
        .does("paid", json!({"total": 70.5}));
    check("calendar_window", &paid.explain("this-month", None));
    let paid = paid.late(172_800).does("paid", json!({"total": 55}));
    check("late_event", &paid.explain("this-month", None));
    let april = paid.at("2026-04-02T10:00:00Z").passes();
    check("calendar_window_over", &april.explain("this-month", None));
    check("attribute_missing", &april.explain("grown-up", None));
    let odd = april.at("2026-04-03T10:00:00Z").sets(json!({"age": "many", "plan": "pro"}));
    check("attribute_of_another_type", &odd.explain("grown-up", None));
    check("held_not_long_enough", &odd.at("2026-04-10T10:00:00Z").explain("long-pro", None));
}

#[test]
fn campaigns_and_what_says_no() {
    let story = ana("2026-03-01T10:00:00Z");
    check("campaign_no_trigger", &story.explain("once-only", None));
    let story = story.at("2026-03-02T10:00:00Z").does("go", json!({"cart_id": "a"}));
    check("campaign_running", &story.explain("per-cart", None));
    check("campaign_filter", &story.explain("for-pros", None));
    let other = story.does("paid", json!({"total": 2})).does("paid", json!({"total": 1}));
    check("campaign_other_event", &other.explain("big-spender", None));
    let story = other;
    check("campaign_paused", &story.explain("standing-still", None));
    let story = story.at("2026-03-02T10:10:00Z").does("go", json!({"cart_id": "a"}));
    check("campaign_key", &story.explain("per-cart", None));
    let story = story.at("2026-03-02T13:00:00Z").passes().late(7_200).does("go", json!({"cart_id": "b"}));
    check("campaign_too_old", &story.explain("fresh", None));
    check("campaign_frequency", &story.explain("once-only", None));
    let story = story.at("2026-03-05T13:00:00Z").says("here").at("2026-03-09T10:00:00Z").passes();
    check("campaign_by_time", &story.explain("when-quiet", None));
}

#[test]
fn what_is_not_explained_is_refused_with_a_reason() {
    let story = ana("2026-03-01T10:00:00Z").at("2026-03-02T10:00:00Z");
    let refused = |rule: &str, at: Option<&str>| story.try_explain(rule, at).unwrap_err();
    assert_eq!(refused("quite", None), Unexplained::NoSuchRule { meant: Some("quiet".to_owned()) });
    assert_eq!(refused("quite", None).sentence("quite"), "there is no rule `quite`; did you mean `quiet`?");
    assert_eq!(refused("something-else", None), Unexplained::NoSuchRule { meant: None });
    assert_eq!(refused("campaign:quiet", None), Unexplained::NoSuchRule { meant: Some("quiet".to_owned()) });
    assert!(story.try_explain("segment:quiet", None).is_ok());
    assert_eq!(refused("sketch", None), Unexplained::Draft);
    assert_eq!(refused("nightly", None), Unexplained::Schedule);
    // The last second that has come, and the one after it.
    assert!(story.try_explain("quiet", Some("2026-03-02T10:00:00Z")).is_ok());
    assert_eq!(refused("quiet", Some("2026-03-02T10:00:01Z")), Unexplained::Future);
    // The first second that they are known, and the one before it.
    assert!(story.try_explain("quiet", Some("2026-03-01T10:00:00Z")).is_ok());
    let unknown = refused("quiet", Some("2026-03-01T09:59:59Z"));
    assert_eq!(unknown, Unexplained::NotKnownYet { since: Second(1_772_359_200) });
}

#[test]
fn an_explanation_has_its_bounds() {
    // Of what counts the newest are shown, and one more is counted.
    let mut story = ana("2026-03-01T10:00:00Z");
    for n in 1..=SIGHTINGS_MAX + 1 {
        story = story.at(&format!("2026-03-02T10:00:0{n}Z")).does("paid", json!({"total": 60 + n}));
        let Explained::Segment(segment) = story.explain("this-month", None).explained else { panic!("a segment") };
        let condition = segment.condition.unwrap();
        assert_eq!(condition.counted.len(), n.min(SIGHTINGS_MAX));
        assert_eq!(condition.counted[0].data["total"], 60 + n, "the newest first");
        assert_eq!(condition.count, Some(u32::try_from(n).unwrap()));
    }
    // As many parts as there may be, and one more, which is only said to hold or not.
    let any = |tests: usize| (0..tests).map(|n| format!("plan is \"p{n}\"")).collect::<Vec<_>>().join(" or ");
    let told = |last: usize| {
        let sizes = [("a", 48), ("b", 48), ("c", 48), ("d", last)];
        let segments = sizes.map(|(name, tests)| format!("  {name}: {{when: '{}'}}\n", any(tests))).concat();
        let all = sizes.map(|(name, _)| format!("in segment \"{name}\"")).join(" or ");
        let rules = format!("version: 1\nsegments:\n{segments}  many: {{when: '{all}'}}\n");
        let story = Story::new(SCHEMA, &rules, "2026-03-01T10:00:00Z", json!({"plan": "trial"}));
        let Explained::Segment(segment) = story.explain("many", None).explained else { panic!("a segment") };
        values(&segment.condition.unwrap())
    };
    // The whole, four segments, their conditions, and the tests.
    let most = PARTS_MAX - 1 - 4 - 4;
    assert_eq!((told(most - 3 * 48), told(most - 3 * 48 + 1)), (most, most));
    for ways in [WAYS_MAX, WAYS_MAX + 1] {
        let rules = format!("version: 1\nsegments:\n  many: {{when: '{}'}}\n", any(ways));
        let story = Story::new(SCHEMA, &rules, "2026-03-01T10:00:00Z", json!({"plan": "trial"}));
        let Explained::Segment(segment) = story.explain("many", None).explained else { panic!("a segment") };
        assert_eq!(segment.changed_by.len(), WAYS_MAX);
    }
}

/// The tests of attributes whose values are told.
fn values(part: &Part) -> usize {
    let own = part.facts.iter().filter(|fact| fact.label == "value").count();
    own + part.parts.iter().map(values).sum::<usize>()
}
