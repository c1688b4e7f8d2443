//! Statuses of messages: ours, and those of other programs on the same number.

use antiphon::model::inbound::{Inbound, Status};
use antiphon::model::message::Delivery;
use antiphon::model::time::Second;
use serde_json::{Value, json};

use super::{body, messages, read_value, text};

fn value(statuses: &[Value]) -> Value {
    let mut value = messages(&[]);
    value["statuses"] = json!(statuses);
    value
}

#[track_caller]
fn only(status: Value) -> Status {
    let reading = read_value(&body(value(&[status])));
    match reading.items.as_slice() {
        [Inbound::Status(status)] => status.clone(),
        _ => panic!("{reading:?}"),
    }
}

#[test]
fn a_status_tells_what_became_of_which_message() {
    let status = only(json!({"id": "wamid.B7", "status": "delivered", "timestamp": "1795334460",
        "recipient_id": "15550100142", "recipient_user_id": "US.20417730558812064417",
        "biz_opaque_callback_data": "ap1:01JD0ZB3T5M9S346Q3D25VT4F5",
        "pricing": {"billable": true, "pricing_model": "PMP"}}));
    assert_eq!(status.id, "wamid.B7");
    assert_eq!(status.delivery, Delivery::Delivered);
    assert_eq!(status.at, Some(Second(1_795_334_460)));
    assert_eq!(status.tag.as_deref(), Some("01JD0ZB3T5M9S346Q3D25VT4F5"));
    assert_eq!(status.recipient.number.as_ref().unwrap().as_str(), "+15550100142");
    assert_eq!(status.our_number_id.as_deref(), Some("770011002200"));
    assert_eq!(status.failure, None);
}

#[test]
fn a_failure_says_why() {
    let errors = |errors: Value| only(json!({"id": "wamid.B8", "status": "failed", "errors": errors})).failure;
    let precise =
        errors(json!([{"code": 131049, "title": "t", "message": "m", "error_data": {"details": "d"}}])).unwrap();
    assert_eq!((precise.code, precise.details.as_str()), (131_049, "d"));
    assert_eq!(errors(json!([{"code": 131049, "title": "t", "message": "m"}])).unwrap().details, "m");
    assert_eq!(errors(json!([{"code": 131049, "title": "t"}])).unwrap().details, "t");
    assert_eq!(errors(json!([null])), None);
    assert_eq!(errors(json!(null)), None);
}

#[test]
fn parents_go_by_three_names() {
    for name in ["recipient_parent_user_id", "parent_recipient_user_id", "parent_user_id"] {
        let status = only(json!({"id": "wamid.B7", "status": "sent", name: "US.ENT.1"}));
        assert_eq!(status.recipient.parent_user_id.as_deref(), Some("US.ENT.1"), "{name}");
    }
}

#[test]
fn a_contact_beside_a_status_is_no_message() {
    let reading = read_value(&body(value(&[json!({"id": "wamid.B7", "status": "read"})])));
    assert!(matches!(reading.items.as_slice(), [Inbound::Status(_)]), "{reading:?}");
}

#[test]
fn another_programs_tag_is_not_ours() {
    for data in [json!("order-17"), json!(""), json!(17), json!(null)] {
        assert_eq!(only(json!({"id": "wamid.B7", "status": "sent", "biz_opaque_callback_data": data})).tag, None);
    }
}

#[test]
fn words_we_do_not_know_and_groups_are_counted_once_each() {
    let ignored = |status: Value| {
        let reading = read_value(&body(value(&[status])));
        let [ignored] = reading.ignored.as_slice() else { panic!("{reading:?}") };
        (ignored.reason.as_str(), ignored.id.clone().unwrap())
    };
    assert_eq!(
        ignored(json!({"id": "wamid.B7", "status": "deleted"})),
        ("unknown_status", "wamid.B7/deleted".to_owned())
    );
    // Ours, but nothing that they say.
    assert_eq!(ignored(json!({"id": "wamid.B7", "status": "pending"})).0, "unknown_status");
    let group = json!({"id": "wamid.B7", "status": "read", "recipient_type": "group", "recipient_participant_id": "15550100142"});
    assert_eq!(ignored(group), ("group", "wamid.B7/read/15550100142".to_owned()));
    let other = json!({"id": "wamid.B7", "status": "read", "participant_recipient_id": "15550100143"});
    assert_eq!(ignored(other), ("group", "wamid.B7/read/15550100143".to_owned()));
}

#[test]
fn a_bad_status_drops_nothing_else() {
    let mut both =
        value(&[json!({"status": "read"}), json!({"id": "wamid.B7"}), json!({"id": "wamid.B7", "status": "read"})]);
    both["messages"] = json!([text("wamid.1", "hi")]);
    let reading = read_value(&body(both));
    assert_eq!(reading.items.len(), 2);
    let broken: Vec<_> = reading.broken.iter().map(|b| (b.pointer.as_str(), b.reason.as_str())).collect();
    let pointer = "/entry/0/changes/0/value/statuses";
    assert_eq!(broken, [(&*format!("{pointer}/0"), "no_content"), (&*format!("{pointer}/1"), "no_content")]);
}
