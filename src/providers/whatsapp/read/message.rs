//! `messages[]`: what all messages have in common. The contents of each type are read beside this file.

use std::borrow::Cow;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::NAME;
use super::content::{self, Draft};
use super::envelope::Item;
use super::object::{Object, whole};
use super::party::{Contact, IdFields, Parties};
use crate::model::inbound::{Arrival, BrokenReason, IgnoredReason, Inbound, Sender};
use crate::model::phone::Phone;
use crate::model::time::Second;
use crate::model::value::Properties;

/// The message types that are read. Each has its content under its own name, but for `request_welcome`.
pub const TYPES: &[&str] = &[
    "text",
    "button",
    "interactive",
    "image",
    "video",
    "document",
    "audio",
    "voice",
    "sticker",
    "location",
    "contacts",
    "order",
    "reaction",
    "edit",
    "revoke",
    "request_welcome",
];

const IDS: IdFields = IdFields { any: "from", user: "from_user_id", parents: &["from_parent_user_id"] };

/// Stamps from here on are milliseconds.
const MILLIS_FROM: i64 = 100_000_000_000;

/// Reads one message.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn message(raw: &RawValue, parties: &Parties, repaired: bool) -> Result<Item, BrokenReason> {
    let item = Object::read(raw).ok_or(BrokenReason::Value)?;
    let id = item.word("id").map_or_else(|| content_hash(raw), |id| id.into_owned());
    if item.get("group_id").is_some() {
        return Ok(Item::ignored(IgnoredReason::Group, Some(id)));
    }
    let kind = type_of(&item).ok_or(BrokenReason::NoContent)?;
    if matches!(&*kind, "unsupported" | "unknown" | "ephemeral") {
        return Ok(Item::ignored(IgnoredReason::Unsupported, Some(id)));
    }
    if !TYPES.contains(&&*kind) {
        return Err(BrokenReason::UnknownType);
    }
    let (sender, contact) = parties.of(&item, &IDS)?;
    let mut draft = Draft::default();
    content::read(&kind, &item, &mut draft)?;
    common(&item, &id, parties, &sender, contact, &mut draft)?;
    if repaired {
        draft.set("repaired", true);
    }
    Ok(Item::Read(Inbound::Arrival(Arrival {
        provider: NAME,
        id,
        sender,
        our_number: parties.our_number.clone(),
        our_number_id: parties.our_number_id.clone(),
        at: stamp(&item),
        kind: draft.kind,
        properties: draft.properties,
        context: draft.context,
    })))
}

/// The properties that do not depend on the type.
fn common(
    item: &Object<'_>,
    id: &str,
    parties: &Parties,
    sender: &Sender,
    contact: Option<&Contact>,
    draft: &mut Draft,
) -> Result<(), BrokenReason> {
    draft.set("provider", NAME);
    draft.set("channel", NAME);
    draft.set("message_id", id);
    draft.set_some("our_number", parties.our_number.as_ref().map(Phone::as_str));
    draft.set_some("our_number_id", parties.our_number_id.as_deref());
    draft.set_some("sender", sender.number.as_ref().map(Phone::as_str));
    draft.set_some("user_id", sender.user_id.as_deref());
    draft.set_some("parent_user_id", sender.parent_user_id.as_deref());
    draft.set_some("profile_name", contact.and_then(|c| c.profile_name.as_deref()));
    draft.set_some("username", contact.and_then(|c| c.username.as_deref()));
    draft.set_some("referral", item.whole("referral")?);
    if let Some(context) = item.object("context") {
        quoted(&context, draft)?;
    }
    Ok(())
}

/// What is quoted or forwarded. Who wrote the quoted message is not told reliably, so it is not read.
fn quoted(context: &Object<'_>, draft: &mut Draft) -> Result<(), BrokenReason> {
    let mut kept = Map::new();
    if let Some(id) = context.word("id") {
        kept.insert("message_id".to_owned(), json!(id));
        draft.context.get_or_insert_with(|| id.into_owned());
    }
    for name in ["forwarded", "frequently_forwarded"] {
        if context.flag(name) {
            kept.insert(name.to_owned(), json!(true));
        }
    }
    if let Some(product) = context.whole("referred_product")? {
        kept.insert("product".to_owned(), product);
    }
    if !kept.is_empty() && !draft.properties.contains_key("context") {
        draft.set("context", kept);
    }
    Ok(())
}

/// The message's type. One that does not say is of the type whose content it carries, if that is one.
fn type_of<'a>(item: &Object<'a>) -> Option<Cow<'a, str>> {
    if let Some(kind) = item.text("type").filter(|kind| !kind.is_empty()) {
        return Some(kind);
    }
    let mut carried = TYPES.iter().chain(&["system"]).filter(|name| item.get(name).is_some());
    let only = carried.next()?;
    carried.next().is_none().then_some(Cow::Borrowed(only))
}

/// When it happened: seconds or milliseconds, as a number or a text. None: the arrival will have to do.
pub(super) fn stamp(item: &Object<'_>) -> Option<Second> {
    let written = item.printed("timestamp")?;
    let written = written.trim();
    let number = written.parse::<i64>().ok().or_else(|| {
        let float = written.parse::<f64>().ok().filter(|float| (0.0..1e15).contains(float))?;
        // Within the range of whole numbers that a double holds exactly.
        Some(float as i64)
    })?;
    let seconds = if number >= MILLIS_FROM { number / 1000 } else { number };
    (seconds > 0 && seconds <= Second::LAST.0).then_some(Second(seconds))
}

/// The id of a message that has none: a hash of its JSON, whatever the order and the spacing of its members.
fn content_hash(raw: &RawValue) -> String {
    let canonical = whole(raw).map_or_else(|_| raw.get().to_owned(), |value| canonical(value).to_string());
    let digest = Sha256::digest(canonical.as_bytes());
    digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// The value with sorted members, also where a build keeps members in their order.
fn canonical(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().map(|(name, v)| (name, canonical(v))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(Properties::from_iter(members))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(canonical).collect()),
        other => other,
    }
}
