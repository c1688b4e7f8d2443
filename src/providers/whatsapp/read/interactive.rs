//! Taps on buttons and list rows, completed flows, and the answer to a request to be called.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::content::Draft;
use super::object::{Object, whole};
use crate::model::inbound::BrokenReason;
use crate::model::rule::Via;
use crate::model::said;

/// Reads an `interactive` content.
///
/// # Errors
/// `unknown_type` without an inner type that we know, `no_content` without its content, `value` for what cannot be kept.
pub(super) fn read(interactive: &Object<'_>, draft: &mut Draft) -> Result<(), BrokenReason> {
    let kind = interactive.text("type").ok_or(BrokenReason::UnknownType)?;
    let content = || interactive.object(&kind).ok_or(BrokenReason::NoContent);
    match &*kind {
        "button_reply" => {
            let reply = content()?;
            tap(draft, ("button", Via::Button), reply.text("title"), reply.text("id"))
        }
        "list_reply" => {
            let row = content()?;
            draft.set_some("description", row.text("description"));
            tap(draft, ("list", Via::List), row.text("title"), row.text("id"))
        }
        "nfm_reply" => flow(&content()?, draft),
        "call_permission_reply" => {
            let reply = content()?;
            draft.happened("call_permission");
            for name in ["response", "response_source", "expiration_timestamp", "is_permanent"] {
                draft.set_some(name, reply.whole(name)?);
            }
            Ok(())
        }
        _ => Err(BrokenReason::UnknownType),
    }
}

/// A tap on a button or a row.
pub(super) fn tap(
    draft: &mut Draft,
    (kind, via): (&str, Via),
    title: Option<Cow<'_, str>>,
    id: Option<Cow<'_, str>>,
) -> Result<(), BrokenReason> {
    let is_one = said::tap(&mut draft.properties, kind, via, title.as_deref(), id.as_deref());
    if is_one { Ok(()) } else { Err(BrokenReason::NoContent) }
}

/// A completed flow: its fields as data, or raw what should have been an object.
fn flow(reply: &Object<'_>, draft: &mut Draft) -> Result<(), BrokenReason> {
    draft.came("flow", Via::Flow);
    let mut flow = Map::new();
    if let Some(name) = reply.text("name") {
        flow.insert("name".to_owned(), json!(name));
    }
    match reply.text("response_json") {
        Some(text) => match fields(&text) {
            Some(data) => flow.insert("data".to_owned(), data),
            None => flow.insert("raw".to_owned(), json!(text)),
        },
        None => match reply.whole("response_json")? {
            Some(data) if data.is_object() => flow.insert("data".to_owned(), data),
            Some(other) => flow.insert("raw".to_owned(), json!(other.to_string())),
            None => None,
        },
    };
    draft.set("flow", flow);
    Ok(())
}

/// The object in a text of JSON, if it is one and not too deep to be kept.
fn fields(text: &str) -> Option<Value> {
    let raw = serde_json::from_str(text).ok()?;
    whole(raw).ok().filter(Value::is_object)
}
