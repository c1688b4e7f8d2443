//! What a message says, type by type. A type of a message is one arm here.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::interactive;
use super::object::Object;
use crate::model::event::Kind;
use crate::model::inbound::BrokenReason;
use crate::model::rule::Via;
use crate::model::said;
use crate::model::value::Properties;

/// A message being read.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) properties: Properties,
    /// The provider's id of the message that it is about.
    pub(super) context: Option<String>,
}

impl Default for Draft {
    fn default() -> Self {
        Self { kind: Kind::Inbound, properties: Properties::new(), context: None }
    }
}

impl Draft {
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.properties.insert(name.to_owned(), value.into());
    }

    pub(super) fn set_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// The text that keywords are compared with, cut where it is too long.
    pub(super) fn set_body(&mut self, text: Option<Cow<'_, str>>) {
        if let Some(text) = text {
            said::say(&mut self.properties, &text);
        }
    }

    /// An inbound message of this kind that came by this way.
    pub(super) fn came(&mut self, kind: &str, via: Via) {
        said::came(&mut self.properties, kind, via);
    }

    /// An event of ours rather than a message, reached by its name.
    pub(super) fn happened(&mut self, name: &str) {
        self.kind = Kind::Custom(name.to_owned());
    }
}

/// Reads the content of a message of a known type.
///
/// # Errors
/// `no_content` if it is not there, `unknown_type` for an interactive one of a kind we do not know, `value` if
/// something that is kept whole cannot be.
pub(super) fn read(kind: &str, item: &Object<'_>, draft: &mut Draft) -> Result<(), BrokenReason> {
    match kind {
        "text" => {
            draft.came(kind, Via::Text);
            draft.set_body(Some(item.object(kind).and_then(|c| c.text("body")).ok_or(BrokenReason::NoContent)?));
        }
        "button" => {
            let content = item.object(kind).ok_or(BrokenReason::NoContent)?;
            interactive::tap(draft, (kind, Via::Button), content.text("text"), content.text("payload"))?;
        }
        "interactive" => interactive::read(&item.object(kind).ok_or(BrokenReason::UnknownType)?, draft)?,
        "image" | "video" | "document" | "audio" | "voice" | "sticker" => media(kind, item, draft)?,
        "location" => {
            draft.came(kind, Via::Media);
            let place = item.whole(kind)?.filter(Value::is_object).ok_or(BrokenReason::NoContent)?;
            draft.set("location", place);
        }
        "contacts" => {
            draft.came(kind, Via::Media);
            let cards = item.whole(kind)?.filter(Value::is_array).ok_or(BrokenReason::NoContent)?;
            draft.set("cards", cards);
        }
        "order" => {
            draft.came(kind, Via::Media);
            let order = item.object(kind).ok_or(BrokenReason::NoContent)?;
            draft.set_body(order.text("text"));
            draft.set_some("order", item.whole(kind)?);
        }
        "reaction" => reaction(&item.object(kind).ok_or(BrokenReason::NoContent)?, draft),
        "edit" => edit(&item.object(kind).ok_or(BrokenReason::NoContent)?, draft),
        "revoke" => {
            let revoked = item.object(kind).ok_or(BrokenReason::NoContent)?;
            draft.happened("message_revoked");
            draft.set_some("original_message_id", revoked.word("original_message_id"));
        }
        "request_welcome" => draft.happened("chat_opened"),
        _ => return Err(BrokenReason::UnknownType),
    }
    Ok(())
}

/// A file. Where Meta could not fetch it, the person did answer all the same.
fn media(kind: &str, item: &Object<'_>, draft: &mut Draft) -> Result<(), BrokenReason> {
    let content = item.object(kind).or_else(|| item.object("audio").filter(|_| kind == "voice"));
    let failure = item.array("errors").and_then(|errors| Object::read(errors.first()?)).map(|error| {
        let code = error.word("code").and_then(|code| code.parse::<i64>().ok());
        json!({"code": code, "details": super::status::details(&error)})
    });
    if content.is_none() && failure.is_none() {
        return Err(BrokenReason::NoContent);
    }
    draft.came(if kind == "voice" { "audio" } else { kind }, Via::Media);
    draft.set_some("media_error", failure);
    let Some(content) = content else { return Ok(()) };
    draft.set_body(content.text("caption"));
    draft.set_some("media_type", content.text("mime_type"));
    let mut media = Map::new();
    for name in ["id", "sha256", "filename"] {
        if let Some(text) = content.word(name) {
            media.insert(name.to_owned(), json!(text));
        }
    }
    for name in ["voice", "animated"] {
        if content.get(name).is_some() {
            media.insert(name.to_owned(), json!(content.flag(name)));
        }
    }
    draft.set("media", media);
    Ok(())
}

/// A reaction without an emoji takes the earlier one back.
fn reaction(content: &Object<'_>, draft: &mut Draft) {
    let emoji = content.text("emoji").filter(|emoji| !emoji.is_empty());
    draft.kind = if emoji.is_some() { Kind::Reaction } else { Kind::ReactionRemoved };
    draft.set_body(emoji);
    if let Some(id) = content.word("message_id") {
        draft.set("context", Map::from_iter([("message_id".to_owned(), json!(id))]));
        draft.context = Some(id.into_owned());
    }
}

/// The new text is kept beside the id of the message it replaces; what was counted stays counted.
fn edit(content: &Object<'_>, draft: &mut Draft) {
    draft.happened("message_edited");
    draft.set_some("original_message_id", content.word("original_message_id"));
    let Some(message) = content.object("message") else { return };
    let Some(kind) = message.text("type") else { return };
    if let Some(inner) = message.object(&kind) {
        draft.set_body(inner.text("body").or_else(|| inner.text("caption")));
    }
    draft.set("kind", kind);
}
