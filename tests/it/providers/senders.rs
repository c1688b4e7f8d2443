//! Who an item is from: shapes decide, and `contacts` helps.

use serde_json::{Value, json};

use super::{body, messages, only_arrival, read_value, text};

/// (number, user id, parent user id, profile name) of a message with these ids beside these contacts.
#[track_caller]
fn check(ids: Value, contacts: Value, expected: [Option<&str>; 4]) {
    let arrival = only_arrival(&body(value(&ids, contacts)));
    let sender = &arrival.sender;
    let seen = [
        sender.number.as_ref().map(|n| n.as_str()),
        sender.user_id.as_deref(),
        sender.parent_user_id.as_deref(),
        arrival.properties.get("profile_name").and_then(Value::as_str),
    ];
    assert_eq!(seen, expected, "{ids}");
}

fn value(ids: &Value, contacts: Value) -> Value {
    let mut message = text("wamid.1", "hi");
    message["from"] = json!(null);
    for (name, id) in ids.as_object().unwrap() {
        message[name] = id.clone();
    }
    let mut value = messages(&[message]);
    value["contacts"] = contacts;
    value
}

#[test]
fn the_shape_decides_and_not_the_name() {
    let number = Some("+15550100142");
    check(json!({"from": "15550100142"}), json!([]), [number, None, None, None]);
    check(json!({"from": "+15550100142"}), json!([]), [number, None, None, None]);
    check(json!({"from": 15_550_100_142_i64}), json!([]), [number, None, None, None]);
    check(json!({"from": "US.204"}), json!([]), [None, Some("US.204"), None, None]);
    check(
        json!({"from": "15550100142", "from_user_id": "US.204", "from_parent_user_id": "US.ENT.9"}),
        json!([]),
        [number, Some("US.204"), Some("US.ENT.9"), None],
    );
    check(json!({"from": "", "from_user_id": "US.204"}), json!([]), [None, Some("US.204"), None, None]);
    // Written with its country code already: no country is guessed.
    check(json!({"from": "447911123456"}), json!([]), [Some("+447911123456"), None, None, None]);
}

#[test]
fn a_contact_is_found_by_id_and_adds_what_is_missing() {
    let contacts = json!([
        {"profile": {"name": "Bo"}, "wa_id": "15550100177", "user_id": "US.B"},
        {"profile": {"name": "Ada"}, "wa_id": "15550100142", "user_id": "US.A", "parent_user_id": "US.ENT.A"},
    ]);
    let ada = [Some("+15550100142"), Some("US.A"), Some("US.ENT.A"), Some("Ada")];
    check(json!({"from": "15550100142"}), contacts.clone(), ada);
    // The user id goes before the number.
    check(
        json!({"from": "15550100142", "from_user_id": "US.B"}),
        contacts.clone(),
        [Some("+15550100142"), Some("US.B"), None, Some("Bo")],
    );
    // What is missing may be the number.
    check(json!({"from_user_id": "US.A"}), contacts.clone(), ada);
    check(json!({"from": "15550100199"}), contacts, [Some("+15550100199"), None, None, None]);
}

#[test]
fn the_only_contact_belongs_to_the_only_item() {
    let contacts = json!([{"profile": {"name": "Ada"}, "wa_id": "15550100142", "user_id": "US.A"}]);
    let ada = [Some("+15550100142"), Some("US.A"), None, Some("Ada")];
    check(json!({}), contacts.clone(), ada);
    check(json!({"from": ""}), contacts.clone(), ada);
    check(json!({"from": "?"}), contacts.clone(), ada);
    let parent = json!({"from_parent_user_id": "US.ENT.9"});
    check(parent, contacts.clone(), [ada[0], ada[1], Some("US.ENT.9"), ada[3]]);
    // The item's own number wins; whose user id that is, is not certain then.
    check(json!({"from": "15550100199"}), contacts, [Some("+15550100199"), None, None, Some("Ada")]);
}

#[test]
fn without_a_sender_it_is_quarantined() {
    for (ids, contacts, reason) in [
        (json!({}), json!([]), "no_sender"),
        (json!({"from": ""}), json!([{"wa_id": "x"}]), "no_sender"),
        (json!({"from": "?"}), json!([]), "bad_sender"),
        (json!({"from": "12"}), json!([]), "bad_sender"),
        // A number of this form would have the shape of a user id.
        (json!({"from": 1.5e300}), json!([]), "no_sender"),
        (json!({}), json!([{"wa_id": "15550100142"}, {"wa_id": "15550100143"}]), "no_sender"),
    ] {
        let reading = read_value(&body(value(&ids, contacts)));
        assert_eq!(reading.broken.first().map(|b| b.reason.as_str()), Some(reason), "{ids}");
        assert!(reading.items.is_empty());
    }
}
