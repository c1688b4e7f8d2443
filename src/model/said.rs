//! What an inbound message says, as rules see it: the properties that every reader of messages writes alike.

use serde_json::Value as Json;

use super::limit::TEXT_BYTES_MAX;
use super::rule::Via;
use super::value::Properties;

/// Notes a message of this kind that came by this way.
pub fn came(properties: &mut Properties, kind: &str, via: Via) {
    set(properties, "kind", kind);
    set(properties, "via", via.as_str());
}

/// Notes the text that keywords are compared with, cut where it is too long.
pub fn say(properties: &mut Properties, text: &str) {
    let cut = text.floor_char_boundary(TEXT_BYTES_MAX);
    if cut < text.len() {
        set(properties, "truncated", true);
    }
    set(properties, "body", &text[..cut]);
}

/// Notes a tap on a button or a row: its title is its text, and its id too where it has none.
/// False: it has neither.
pub fn tap(properties: &mut Properties, kind: &str, via: Via, title: Option<&str>, id: Option<&str>) -> bool {
    let Some(id) = id.filter(|id| !id.is_empty()).or(title) else { return false };
    came(properties, kind, via);
    set(properties, "button_id", id);
    if let Some(title) = title {
        set(properties, "title", title);
        say(properties, title);
    }
    true
}

fn set(properties: &mut Properties, name: &str, value: impl Into<Json>) {
    properties.insert(name.to_owned(), value.into());
}
