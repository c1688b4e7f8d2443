//! The catalogue of messages: each row of `whatsapp/messages.json` is a message and what it is read as.

use std::collections::BTreeSet;

use antiphon::model::inbound::Arrival;
use antiphon::model::limit::TEXT_BYTES_MAX;
use antiphon::model::time::Second;
use antiphon::providers::whatsapp::read::{TYPES, read};
use serde_json::{Value, json};

use super::{arrivals, body, messages, only_arrival, read_value, text};

const COMMON: &[&str] = &[
    "provider",
    "channel",
    "message_id",
    "our_number",
    "our_number_id",
    "sender",
    "user_id",
    "profile_name",
    "username",
];

pub(super) fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("whatsapp/messages.json")).unwrap()
}

/// The case's message with what all messages have.
pub(super) fn message(case: &Value) -> Value {
    let mut message = case["message"].clone();
    message["from"] = json!("15550100142");
    message["id"] = json!("wamid.CASE");
    message["timestamp"] = json!("1795334400");
    message
}

#[test]
fn every_row_of_the_catalogue_is_read_as_it_says() {
    for case in cases() {
        let name = &case["case"];
        // A number that no JSON value can hold is written into the text afterwards.
        let sent = body(messages(&[message(&case)])).to_string().replace("\"RAW 1e400\"", "1e400");
        let reading = read(sent.as_bytes());
        let broken = reading.broken.first().map(|b| json!(b.reason.as_str())).unwrap_or_default();
        let ignored = reading.ignored.first().map(|i| json!(i.reason.as_str())).unwrap_or_default();
        assert_eq!(broken, case["broken"], "{name}");
        assert_eq!(ignored, case["ignored"], "{name}");
        assert!(reading.ignored.iter().all(|i| i.id.as_deref() == Some("wamid.CASE")), "{name}");
        match arrivals(&reading).as_slice() {
            [arrival] => check(name, arrival, &case),
            others => assert_eq!((others.len(), &case["event"]), (0, &Value::Null), "{name}"),
        }
    }
}

fn check(name: &Value, arrival: &Arrival, case: &Value) {
    assert_eq!(json!(arrival.kind.name()), case["event"], "{name}");
    assert_eq!(arrival.context.as_ref().map_or(Value::Null, |c| json!(c)), case["answers"], "{name}");
    assert_eq!(arrival.at, Some(Second(1_795_334_400)), "{name}");
    let mut properties = arrival.properties.clone();
    for common in COMMON {
        assert!(properties.remove(*common).is_some(), "{name}: {common}");
    }
    assert_eq!(Value::Object(properties), case["properties"], "{name}");
}

#[test]
fn every_type_has_a_row() {
    let cases = cases();
    let shown: BTreeSet<&str> = cases.iter().filter_map(|case| case["message"]["type"].as_str()).collect();
    for kind in TYPES {
        assert!(shown.contains(kind), "give `{kind}` a row in whatsapp/messages.json");
    }
}

#[test]
fn what_all_messages_have() {
    let arrival = only_arrival(&body(messages(&[text("wamid.1", "hi")])));
    assert_eq!(arrival.id, "wamid.1");
    assert_eq!(arrival.provider, "whatsapp");
    assert_eq!(arrival.sender.number.as_ref().unwrap().as_str(), "+15550100142");
    assert_eq!(arrival.sender.user_id.as_deref(), Some("US.20417730558812064417"));
    assert_eq!(arrival.our_number.as_ref().unwrap().as_str(), "+15550100900");
    assert_eq!(arrival.our_number_id.as_deref(), Some("770011002200"));
    assert_eq!(
        Value::Object(arrival.properties),
        json!({"provider": "whatsapp", "channel": "whatsapp", "message_id": "wamid.1", "our_number": "+15550100900",
            "our_number_id": "770011002200", "sender": "+15550100142", "user_id": "US.20417730558812064417",
            "profile_name": "Ada L.", "username": "ada.l", "kind": "text", "via": "text", "body": "hi"})
    );
}

#[test]
fn stamps_come_in_many_forms() {
    for (stamp, expected) in [
        (json!("1795334400"), Some(1_795_334_400)),
        (json!(1_795_334_400), Some(1_795_334_400)),
        (json!("1795334400123"), Some(1_795_334_400)),
        (json!(1_795_334_400_123_i64), Some(1_795_334_400)),
        (json!(1_795_334_400.7), Some(1_795_334_400)),
        (json!("99999999999"), Some(99_999_999_999)),
        (json!("100000000000"), Some(100_000_000)),
        (json!("253402300799999"), Some(253_402_300_799)),
        (json!("253402300800000"), None),
        (json!(0), None),
        (json!("-5"), None),
        (json!(""), None),
        (json!("soon"), None),
        (json!("99999999999999999999"), None),
        (json!(null), None),
        (json!([1]), None),
    ] {
        let mut message = text("wamid.1", "hi");
        message["timestamp"] = stamp.clone();
        assert_eq!(only_arrival(&body(messages(&[message]))).at, expected.map(Second), "{stamp}");
    }
}

#[test]
fn a_text_is_cut_at_a_character() {
    for (sent, kept, cut) in [
        ("x".repeat(TEXT_BYTES_MAX), TEXT_BYTES_MAX, false),
        ("x".repeat(TEXT_BYTES_MAX + 1), TEXT_BYTES_MAX, true),
        (format!("x{}", "é".repeat(TEXT_BYTES_MAX / 2)), TEXT_BYTES_MAX - 1, true),
    ] {
        let arrival = only_arrival(&body(messages(&[text("wamid.1", &sent)])));
        assert_eq!(arrival.properties["body"].as_str().unwrap().len(), kept);
        assert_eq!(arrival.properties.contains_key("truncated"), cut);
    }
}

#[test]
fn a_message_without_id_is_known_by_its_content() {
    let id = |sent: &str| {
        let reading = read(body(messages(&[json!("HERE")])).to_string().replace("\"HERE\"", sent).as_bytes());
        arrivals(&reading)[0].id.clone()
    };
    let first = id(r#"{"from":"15550100142","type":"text","text":{"body":"sí"}}"#);
    assert!(first.starts_with("sha256:") && first.len() == 71, "{first}");
    assert_eq!(first, id(r#"{ "type":"text", "text":{"body":"s\u00ed"}, "from":"15550100142" }"#));
    assert_ne!(first, id(r#"{"from":"15550100142","type":"text","text":{"body":"no"}}"#));
}

#[test]
fn what_is_kept_whole_is_not_kept_too_deep() {
    use antiphon::providers::whatsapp::read::KEPT_DEPTH_MAX;
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!({"a": inner}));
    for (depth, good) in [(KEPT_DEPTH_MAX, true), (KEPT_DEPTH_MAX + 1, false)] {
        let mut message = text("wamid.1", "hi");
        message["referral"] = nested(depth);
        let reading = read_value(&body(messages(&[message])));
        assert_eq!((reading.items.len(), reading.broken.len()), (usize::from(good), usize::from(!good)), "{depth}");
    }
}
