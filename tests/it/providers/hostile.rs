//! Bodies that nobody should send: whatever is done to one item, reading never panics, its healthy neighbours
//! are counted, and it is done soon.

use std::time::Duration;

use antiphon::model::inbound::BrokenReason;
use antiphon::providers::whatsapp::read::read;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::messages::{cases, message};
use super::{arrivals, body, messages, text};

/// What may be put in the place of any value. `RAW …` is written into the text without its quotes.
fn poison() -> impl Strategy<Value = Value> {
    let raw = |text: &str| json!(format!("RAW {text}"));
    prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null, [], {}])),
        Just(json!("")),
        Just(json!("a\0b")),
        Just(json!("\u{202e}\u{200b}٣")),
        Just(json!(-1)),
        Just(json!(u64::MAX)),
        Just(json!(0.1)),
        Just(json!("9".repeat(400))),
        Just(json!("wamid.".repeat(11_000))),
        Just(raw("1e400")),
        Just(raw("-0e-99999999999")),
        Just(raw(r#""\ud83d""#)),
        Just(raw(r#""\udc4d\ud83d""#)),
        Just(raw(r#"{"\ud83d":{"\u0000":"\u0000"}}"#)),
        Just(raw(&format!("{}{}", "[".repeat(2_000), "]".repeat(2_000)))),
        Just(raw(&format!("{}1{}", r#"{"a":"#.repeat(130), "}".repeat(130)))),
        Just(raw(r#"{"type":1,"type":"text","type":null}"#)),
        any::<i64>().prop_map(|number| json!(number)),
        ".*".prop_map(|text| json!(text)),
    ]
}

#[derive(Clone, Debug)]
enum Mutation {
    Remove,
    Replace(Value),
    Wrap,
    Rename(String),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        2 => Just(Mutation::Remove),
        6 => poison().prop_map(Mutation::Replace),
        1 => Just(Mutation::Wrap),
        1 => "[a-z_]{0,8}".prop_map(Mutation::Rename),
    ]
}

/// Every path to a value in `value`, but the empty one.
fn paths(value: &Value, here: &str, found: &mut Vec<String>) {
    let mut go = |name: &str, inner: &Value| {
        let path = format!("{here}/{name}");
        paths(inner, &path, found);
        found.push(path);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| go(name, inner)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, inner)| go(&n.to_string(), inner)),
        _ => {}
    }
}

/// Changes the value at one of the paths; `at` picks which.
fn mutate(value: &mut Value, at: prop::sample::Index, mutation: &Mutation) {
    let mut found = Vec::new();
    paths(value, "", &mut found);
    if found.is_empty() {
        return;
    }
    let path = at.get(&found);
    let (parent, name) = path.rsplit_once('/').unwrap();
    match (value.pointer_mut(parent).unwrap(), mutation) {
        (Value::Object(members), Mutation::Remove) => drop(members.remove(name)),
        (Value::Array(items), Mutation::Remove) => drop(items.remove(name.parse().unwrap())),
        (Value::Object(members), Mutation::Rename(to)) => {
            let inner = members.remove(name).unwrap();
            members.insert(to.clone(), inner);
        }
        (parent, Mutation::Replace(poison)) => *child(parent, name) = poison.clone(),
        (parent, _) => {
            let place = child(parent, name);
            *place = json!([place.take()]);
        }
    }
}

fn child<'a>(parent: &'a mut Value, name: &str) -> &'a mut Value {
    match parent {
        Value::Array(items) => &mut items[name.parse::<usize>().unwrap()],
        parent => &mut parent[name],
    }
}

/// The body's bytes, with raw parts as they are.
fn wire(body: &Value) -> Vec<u8> {
    let text = body.to_string();
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\"RAW ") {
        // A raw part was quoted as one JSON string; it is read back as such.
        let mut string = serde_json::Deserializer::from_str(rest.get(before.len()..).unwrap()).into_iter::<String>();
        let raw = string.next().unwrap().unwrap();
        out.push_str(before);
        out.push_str(raw.strip_prefix("RAW ").unwrap());
        rest = &after[string.byte_offset() - "\"RAW ".len()..];
    }
    out.push_str(rest);
    out.into_bytes()
}

fn any_message() -> impl Strategy<Value = Value> {
    prop::sample::select(cases()).prop_map(|case| message(&case))
}

fn mutations() -> impl Strategy<Value = Vec<(prop::sample::Index, Mutation)>> {
    prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_mutated_item_costs_no_neighbour(bad in any_message(), mutations in mutations(), place in 0..4_usize) {
        let mut bad = bad;
        for (at, mutation) in &mutations {
            mutate(&mut bad, *at, mutation);
        }
        bad["id"] = json!("wamid.BAD");
        let mut all = vec![text("wamid.1", "one"), text("wamid.2", "two"), text("wamid.3", "three")];
        all.insert(place, bad);
        let reading = read(&wire(&body(messages(&all))));
        let healthy: Vec<_> = arrivals(&reading).into_iter().filter(|a| a.id != "wamid.BAD").collect();
        let texts: Vec<_> = healthy.iter().map(|a| a.properties["body"].as_str().unwrap()).collect();
        prop_assert_eq!(texts, ["one", "two", "three"]);
        // The bad one is in exactly one place.
        prop_assert_eq!(reading.items.len() + reading.broken.len() + reading.ignored.len(), 4);
        prop_assert!(reading.broken.iter().all(|b| b.reason != BrokenReason::Panic));
    }

    #[test]
    fn a_mutated_change_costs_no_other(bad in any_message(), mutations in mutations()) {
        let mut change = json!({"field": "messages", "value": messages(&[bad])});
        for (at, mutation) in &mutations {
            mutate(&mut change, *at, mutation);
        }
        let good = json!({"field": "messages", "value": messages(&[text("wamid.1", "one")])});
        let reading = read(&wire(&json!({"entry": [{"changes": [change, good]}]})));
        prop_assert_eq!(arrivals(&reading).iter().filter(|a| a.id == "wamid.1").count(), 1);
        prop_assert!(reading.broken.iter().all(|b| b.reason != BrokenReason::Panic));
    }

    #[test]
    fn nothing_stored_holds_nul_and_all_of_it_reads_back(bad in any_message(), mutations in mutations()) {
        let mut sent = body(messages(&[bad]));
        for (at, mutation) in &mutations {
            mutate(&mut sent, *at, mutation);
        }
        let reading = read(&wire(&sent));
        for arrival in arrivals(&reading) {
            let stored = Value::Object(arrival.properties.clone()).to_string();
            prop_assert!(!stored.contains("\\u0000"), "{}", stored);
            prop_assert!(!arrival.id.contains('\0'));
            prop_assert!(serde_json::from_str::<Value>(&stored).is_ok());
        }
        prop_assert!(reading.broken.iter().all(|b| !b.raw.contains('\0') && b.reason != BrokenReason::Panic));
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in any::<Vec<u8>>(), cut in any::<prop::sample::Index>()) {
        prop_assert!(read(&bytes).items.is_empty());
        let mut whole = wire(&body(messages(&[text("wamid.1", "one")])));
        let at = cut.index(whole.len());
        whole.truncate(at);
        prop_assert_eq!(read(&whole).items.len(), 0);
        whole.extend(bytes);
        prop_assert!(read(&whole).items.len() <= 1);
    }
}

#[test]
fn large_bodies_are_read_in_time() {
    // A debug build is slow; whatever is quadratic takes minutes at this size already.
    const BODY_BYTES: usize = 1 << 20;
    let many = |item: &str| item.repeat(BODY_BYTES / item.len()).trim_end_matches(',').to_owned();
    let contacts = many(r#"{"wa_id":"15550100142"},"#);
    for value in [
        format!(r#"{{"messages":[{}]}}"#, many(r#"{"from":"15550100142","text":{"body":"\ud83d"}},"#)),
        format!(r#"{{"messages":[{}]}}"#, many("0,")),
        format!(r#"{{"contacts":[{contacts}],"messages":[{}]}}"#, many(r#"{"from":"1555"},"#)),
        format!(r#"{{"messages":[{{{}}}]}}"#, many(r#""a":1,"#)),
        format!(r#"{{"messages":[{}1{}]}}"#, "[".repeat(BODY_BYTES / 2), "]".repeat(BODY_BYTES / 2)),
        format!(r#"{{"messages":[{{"from":"1555","text":{{"body":"{}"}}}}]}}"#, "\\ud83d".repeat(BODY_BYTES / 6)),
    ] {
        let body = format!(r#"{{"entry":[{{"changes":[{{"value":{value}}}]}}]}}"#);
        let (answered, answer) = std::sync::mpsc::channel();
        std::thread::spawn(move || answered.send(read(body.as_bytes()).items.len()));
        assert!(answer.recv_timeout(Duration::from_secs(20)).is_ok(), "{}", &value[..60]);
    }
}
