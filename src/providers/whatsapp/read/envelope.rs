//! From the body down to its items: `entry[]`, `changes[]`, `value`, `messages[]` and `statuses[]`.
//! Every level is read apart from its neighbours, and every item behind a net that catches its panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::value::RawValue;

use super::super::NAME;
use super::message::message;
use super::object::{Object, elements};
use super::party::Parties;
use super::plain;
use super::repair::{self, Text};
use super::status::status;
use crate::model::inbound::{Broken, BrokenReason, Ignored, IgnoredReason, Inbound, Reading};

/// The product whose bodies are ours. A body that names none is taken to be.
pub(super) const OBJECT: &str = "whatsapp_business_account";

/// Fields that tell about the account, never about a person. Names ending in `*` stand for all that start so.
const NOTICES: &[&str] = &[
    "account_alerts",
    "account_review_update",
    "account_update",
    "automatic_events",
    "business_capability_update",
    "business_username_update",
    "business_username_updates",
    "calls",
    "flows",
    "group_*",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "template_category_update",
];

/// An item that could be read: for us, or known and nothing to us.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is moved once, from its reader into the list")]
pub(super) enum Item {
    Read(Inbound),
    Ignored(Ignored),
}

impl Item {
    pub(super) fn ignored(reason: IgnoredReason, id: Option<String>) -> Self {
        Self::Ignored(Ignored { provider: NAME, reason, id })
    }
}

/// Reads a body whose signature was verified. Any bytes at all give an answer.
#[must_use]
pub fn read(body: &[u8]) -> Reading {
    let text = repair::text(body);
    match plain::values(&text.text) {
        Some(values) => {
            let mut reading = Reading::default();
            for (at, value) in values {
                both(&mut reading, &text, at, &value);
            }
            reading
        }
        None => carefully(&text),
    }
}

/// Reads a body level by level.
fn carefully(text: &Text<'_>) -> Reading {
    let mut reading = Reading::default();
    let Ok(top) = serde_json::from_str::<&RawValue>(&text.text) else {
        let raw = text.text.replace('\0', "\u{FFFD}");
        reading.broken.push(Broken { pointer: String::new(), reason: BrokenReason::NotJson, raw });
        return reading;
    };
    let Some(object) = Object::read(top) else {
        broken(&mut reading, String::new(), BrokenReason::Envelope, top);
        return reading;
    };
    if object.text("object").is_some_and(|product| product != OBJECT) {
        reading.ignored.push(Ignored { provider: NAME, reason: IgnoredReason::Notice, id: None });
        return reading;
    }
    let Some(entries) = object.array("entry") else {
        broken(&mut reading, String::new(), BrokenReason::Envelope, top);
        return reading;
    };
    for (n, raw) in entries.into_iter().enumerate() {
        entry(&mut reading, text, n, raw);
    }
    reading
}

fn entry(reading: &mut Reading, text: &Text<'_>, n: usize, raw: &RawValue) {
    if is_null(raw) {
        return;
    }
    let Some(object) = Object::read(raw) else {
        return broken(reading, format!("/entry/{n}"), BrokenReason::Envelope, raw);
    };
    let Some(changes) = object.get("changes") else { return };
    let Some(changes) = elements(changes) else {
        return broken(reading, format!("/entry/{n}/changes"), BrokenReason::Envelope, changes);
    };
    for (c, raw) in changes.into_iter().enumerate() {
        change(reading, text, (n, c), raw);
    }
}

fn change(reading: &mut Reading, text: &Text<'_>, at: (usize, usize), raw: &RawValue) {
    if is_null(raw) {
        return;
    }
    let pointer = || format!("/entry/{}/changes/{}", at.0, at.1);
    let Some(object) = Object::read(raw) else {
        return broken(reading, pointer(), BrokenReason::Envelope, raw);
    };
    let Some(value) = object.get("value") else { return };
    let field = object.get("field").map(|_| object.text("field").unwrap_or_default());
    let with_messages = match field.as_deref() {
        None | Some("messages") => true,
        Some("statuses" | "status") => false,
        Some(field) if is_notice(field) => {
            reading.ignored.push(Ignored { provider: NAME, reason: IgnoredReason::Notice, id: None });
            return;
        }
        Some(_) => return broken(reading, pointer(), BrokenReason::UnknownField, raw),
    };
    let Some(value) = Object::read(value) else {
        return broken(reading, pointer(), BrokenReason::Value, raw);
    };
    if with_messages { both(reading, text, at, &value) } else { items(reading, text, at, &value, "statuses") }
}

fn both(reading: &mut Reading, text: &Text<'_>, at: (usize, usize), value: &Object<'_>) {
    // What became of our messages comes first, since the people's may answer them.
    items(reading, text, at, value, "statuses");
    items(reading, text, at, value, "messages");
}

/// Reads the items of one array of a change.
fn items(reading: &mut Reading, text: &Text<'_>, at: (usize, usize), value: &Object<'_>, name: &str) {
    let pointer = || format!("/entry/{}/changes/{}/value/{name}", at.0, at.1);
    let Some(raw) = value.get(name) else { return };
    let Some(list) = elements(raw) else {
        return broken(reading, pointer(), BrokenReason::Value, raw);
    };
    if list.is_empty() {
        return;
    }
    let parties = Parties::read(value, list.len());
    for (n, raw) in list.into_iter().enumerate().filter(|(_, raw)| !is_null(raw)) {
        let item = guarded(|| match name {
            "messages" => message(raw, &parties, text.repaired(raw.get())),
            _ => status(raw, &parties),
        });
        match item {
            Ok(Item::Read(inbound)) => reading.items.push(inbound),
            Ok(Item::Ignored(ignored)) => reading.ignored.push(ignored),
            Err(reason) => broken(reading, format!("{}/{n}", pointer()), reason, raw),
        }
    }
}

/// A mistake of ours in one item must not cost the others.
fn guarded(read: impl FnOnce() -> Result<Item, BrokenReason>) -> Result<Item, BrokenReason> {
    // Nothing that is shared is written inside, so nothing can be left half-done.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(BrokenReason::Panic))
}

fn broken(reading: &mut Reading, pointer: String, reason: BrokenReason, raw: &RawValue) {
    reading.broken.push(Broken { pointer, reason, raw: raw.get().to_owned() });
}

fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

fn is_notice(field: &str) -> bool {
    NOTICES.iter().any(|notice| match notice.strip_suffix('*') {
        Some(start) => field.starts_with(start),
        None => field == *notice,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_way_and_the_careful_one_read_the_same() {
        let item = r#"{"id":"wamid.1","from":"15550100142","status":"sent","text":{"body":"hi"}}"#;
        let value = format!(r#"{{"metadata":{{}},"contacts":[],"messages":[{item},4],"statuses":[{item}]}}"#);
        for sent in [
            format!(r#"{{"object":"{OBJECT}","entry":[{{"changes":[{{"field":"messages","value":{value}}}]}}]}}"#),
            format!(r#"{{"entry":[{{"changes":[{{"value":{value}}},{{"value":{value}}}]}},{{"changes":[]}}]}}"#),
            r#"{"entry":[]}"#.to_owned(),
        ] {
            let text = repair::text(sent.as_bytes());
            assert!(plain::values(&text.text).is_some(), "{sent}");
            assert_eq!(read(sent.as_bytes()), carefully(&text), "{sent}");
        }
    }

    #[test]
    fn a_panic_costs_its_item_only() {
        let caught = guarded(|| panic!("planted"));
        assert!(matches!(caught, Err(BrokenReason::Panic)));
    }
}
