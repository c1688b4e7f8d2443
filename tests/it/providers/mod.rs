//! The providers: what they send, read; what we send, written. All data is invented.

mod bodies;
mod hostile;
mod messages;
mod senders;
mod signature;
mod statuses;
mod table;
mod writing;

use antiphon::model::inbound::{Arrival, Inbound, Reading};
use antiphon::providers::whatsapp::read::read;
use serde_json::{Value, json};

/// A body with one change, as Meta wraps it.
fn body(value: Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "330011002200", "time": 1795334401,
        "changes": [{"field": "messages", "value": value}]}]})
}

/// The value of a change with these messages from Ada.
fn messages(messages: &[Value]) -> Value {
    json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "+1 555-010-0900", "phone_number_id": "770011002200"},
        "contacts": [{"profile": {"name": "Ada L.", "username": "@ada.l"}, "wa_id": "15550100142",
            "user_id": "US.20417730558812064417"}],
        "messages": messages})
}

/// A text from Ada with this id.
fn text(id: &str, body: &str) -> Value {
    json!({"from": "15550100142", "id": id, "timestamp": "1795334400", "type": "text", "text": {"body": body}})
}

fn read_value(value: &Value) -> Reading {
    read(value.to_string().as_bytes())
}

fn arrivals(reading: &Reading) -> Vec<&Arrival> {
    reading
        .items
        .iter()
        .filter_map(|item| match item {
            Inbound::Arrival(arrival) => Some(arrival),
            Inbound::Status(_) => None,
        })
        .collect()
}

/// Reads a body that must hold exactly one message and nothing else.
#[track_caller]
fn only_arrival(value: &Value) -> Arrival {
    let reading = read_value(value);
    assert_eq!((reading.items.len(), reading.broken.len(), reading.ignored.len()), (1, 0, 0), "{reading:?}");
    arrivals(&reading)[0].clone()
}
