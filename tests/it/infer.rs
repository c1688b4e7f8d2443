//! A schema that is proposed: from values to text, and the text is always right.

use std::collections::BTreeMap;

use antiphon::diagnostic::render;
use antiphon::dsl::compile;
use antiphon::dsl::infer::{
    COLUMNS_MAX, Column, Counts, FILE_BYTES_MAX, NAME_BYTES_MAX, Observed, Shape, VALUES_MAX, propose,
};
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::{EventKey, InstallationKey};
use antiphon::model::time::Second;
use antiphon::model::value::Properties;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use snapbox::{assert_data_eq, str};

fn properties(value: Json) -> Properties {
    value.as_object().cloned().unwrap()
}

fn event(kind: Kind, data: Json) -> Event {
    Event {
        key: EventKey::of(&InstallationKey([7; 32]), &["test"]),
        seq: 1,
        at: Second(0),
        arrived: Second(0),
        precedes: None,
        kind,
        properties: properties(data),
        message: None,
        reason: None,
    }
}

fn booked(data: Json) -> Event {
    event(Kind::Custom("booked".to_owned()), data)
}

/// What is complained of, but for advice about what the author may still add.
fn complaints(schema: &str) -> String {
    let rules = "version: 1\nsegments: {a: {when: everyone}}";
    let files = [("rules/schema.yaml", schema), ("rules/a.yaml", rules)];
    let compiled = compile(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    render::render(&compiled.diagnostics, &compiled.sources, false)
}

#[test]
fn values_become_a_schema_with_their_counts() {
    let mut observed = Observed::default();
    for n in 0..30 {
        observed.person(&properties(json!({
            "phone": "+15550100142", "unsubscribed": false, "first_name": format!("Name {n}"), "timezone": "Europe/Berlin",
            "plan": if n % 3 == 0 { "pro" } else { "free" }, "age": n, "vip": n % 2 == 0, "person": "x",
            "answer ok": if n < 20 { "yes" } else { "no" }, "tags": ["a"], "born": "1990-05-01", "mobile": "+4917012345678",
            "address": {"city": "x"}, "signed_up_at": if n == 0 { json!("soon") } else { json!(1_795_334_400 + n) },
        })));
    }
    observed.person(&properties(json!({"plan": null})));
    observed.event(&booked(json!({"starts_at": "2026-04-01T09:00:00+02:00", "total": 12.5})));
    observed.event(&booked(json!({"starts_at": "2026-04-02T09:00:00+02:00"})));
    observed.event(&event(Kind::Custom("pinged".to_owned()), json!({})));
    observed.event(&event(Kind::Custom("message_edited".to_owned()), json!({"body": "x"})));
    observed.event(&event(Kind::Inbound, json!({"body": "x"})));
    observed.event(&event(Kind::Inbound, json!({"via": "flow", "flow": {"name": "f", "data": {"score": 3}}})));
    observed.forget_rare();
    let schema = propose(&observed);
    assert_data_eq!(
        &schema,
        str![[r##"
# Proposed from 31 people and 3 events. Behind each name stands how many values looked like what; a value
# of another type counts as missing. `always_set: true` is a promise that only you can make.
version: 1
time_zone: {person: person.timezone, otherwise: UTC}   # otherwise: the zone that most people live in
phones: {default_region: US}   # for numbers without a country code
person:   # built in: id, known_since, phone, email, unsubscribed
  # "address": no type of the language fits; map or mixed list 30, missing 1
  age: {type: number}   # number 30, missing 1
  "answer ok": {type: text, one_of: ["no", "yes"]}   # text 30, missing 1
  born: {type: date}   # date 30, missing 1
  first_name: {type: text}   # text 30, missing 1
  mobile: {type: phone}   # phone 30, missing 1
  # "person": a word of the language, which cannot be a name; text 30, missing 1
  plan: {type: text, one_of: [free, pro]}   # text 30, missing 1
  signed_up_at: {type: time}   # text 1, number that can be a time 29, missing 1
  tags: {type: list of text}   # list of text 30, missing 1
  timezone: {type: text}   # text 30, missing 1
  vip: {type: boolean}   # boolean 30, missing 1
events:
  booked:   # 2 seen
    starts_at: {type: time}   # time 2, never missing
    total: {type: number}   # number 1, missing 1
  pinged: {}   # 1 seen
flows:   # fields that WhatsApp flows returned
  score: {type: number}   # number 1, never missing
lists:
  stop: ["stop", "stopall", "unsubscribe", "optout"]
  start: ["start", "unstop", "subscribe"]

"##]]
    );
    assert_data_eq!(complaints(&schema), "");
}

#[test]
fn texts_that_only_a_few_have_are_not_told() {
    let plans = |rare: u32| {
        let mut observed = Observed::default();
        for n in 0..40 {
            observed.person(&properties(json!({"plan": if n < rare { "secret" } else { "free" }})));
        }
        observed.forget_rare();
        observed
    };
    assert!(propose(&plans(5)).contains("one_of: [free, secret]"));
    assert!(!format!("{:?}", plans(4)).contains("secret"));
    let mut many = Observed::default();
    for n in 0..=VALUES_MAX * 10 {
        many.person(&properties(json!({"plan": (n % (VALUES_MAX + 1)).to_string()})));
    }
    assert!(many.people.columns["plan"].many && many.people.columns["plan"].values.is_empty());
}

#[test]
fn what_is_counted_is_bounded() {
    let mut observed = Observed::default();
    for n in 0..COLUMNS_MAX + 2 {
        observed.person(&properties(json!({format!("a{n}"): 1})));
    }
    assert_eq!((observed.people.columns.len(), observed.left_out), (COLUMNS_MAX, 2));
    observed.event(&booked(json!({"x": 1})));
    assert_eq!((observed.events.len(), observed.left_out), (0, 3));

    let mut long = Observed::default();
    for bytes in [NAME_BYTES_MAX, NAME_BYTES_MAX + 1] {
        long.person(&properties(json!({"x".repeat(bytes): 1})));
        long.event(&event(Kind::Custom("y".repeat(bytes)), json!({})));
    }
    assert_eq!((long.people.columns.len(), long.events.len(), long.left_out), (1, 1, 2));
    assert_data_eq!(complaints(&propose(&long)), "");
}

#[test]
fn a_large_proposal_still_fits_a_file() {
    let mut observed = Observed::default();
    let name = |n: usize| format!("{n:04}{}", "\u{202e}".repeat((NAME_BYTES_MAX - 4) / 3));
    for n in 0..COLUMNS_MAX {
        observed.person(&properties(json!({name(n): "x"})));
    }
    let schema = propose(&observed);
    assert!(schema.len() < FILE_BYTES_MAX + 1_000 && schema.contains("Left out"), "{}", schema.len());
    assert_data_eq!(complaints(&schema), "");
}

/// Any JSON that an event can carry.
fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (1_000_000_000_i64..2_000_000_000).prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".*".prop_map(Json::from),
        "(yes|no|on|1.0|~|2026-05-01|\\+15550100142)".prop_map(Json::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map(".*", inner, 0..3).prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,8}",
        ".{0,12}",
        Just("person".to_owned()),
        Just("id".to_owned()),
        Just("no".to_owned()),
        Just("- x: #".to_owned()),
    ]
}

fn data() -> impl Strategy<Value = Properties> {
    prop::collection::btree_map(name(), value(), 0..5).prop_map(|map: BTreeMap<String, Json>| map.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_values_give_a_schema_that_is_right(
        people in prop::collection::vec(data(), 0..30), events in prop::collection::vec((name(), data()), 0..8),
    ) {
        let mut observed = Observed::default();
        people.iter().for_each(|attributes| observed.person(attributes));
        for (name, data) in events {
            observed.event(&event(Kind::Custom(name), Json::Object(data.clone())));
            observed.event(&event(Kind::Inbound, json!({"flow": {"data": data}})));
        }
        let told: Observed = serde_json::from_str(&serde_json::to_string(&observed).unwrap()).unwrap();
        prop_assert_eq!(&told, &observed);
        let schema = propose(&told);
        prop_assert_eq!(complaints(&schema), "", "{}", schema);
    }
}

#[test]
fn what_a_server_could_say_is_proposed_too() {
    // More of a shape than was looked at, and a text among few that is empty.
    let column = Column {
        shapes: [(Shape::Text, 90)].into(),
        values: [(String::new(), 40), ("a\nb".to_owned(), 50)].into(),
        many: false,
    };
    let people = Counts { looked_at: 1, columns: [("plan".to_owned(), column)].into() };
    let schema = propose(&Observed { people, ..Observed::default() });
    assert!(schema.contains(r#"one_of: ["", "a\u000Ab"]"#), "{schema}");
    assert_data_eq!(complaints(&schema), "");
}
