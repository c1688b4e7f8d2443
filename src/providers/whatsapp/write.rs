//! A message as a request to the Cloud API. Whether it may be sent at all is decided before.

use std::fmt;

use serde_json::{Map, Value, json};

use super::super::{Method, Request};
use crate::model::effect::Body;
use crate::model::id::EffectId;
use crate::model::phone::Phone;

/// Longest text that the API takes.
pub const TEXT_CHARS_MAX: usize = 4_096;

/// In front of our tag, so that we know it from the tags of other programs on the same number.
const TAG_PREFIX: &str = "ap1:";

/// A number we send from.
#[derive(Clone)]
pub struct Account {
    /// The API with its version, for instance `https://graph.facebook.com/v25.0`.
    pub api_url: String,
    pub phone_number_id: String,
    pub access_token: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("phone_number_id", &self.phone_number_id).finish_non_exhaustive()
    }
}

/// Whom it goes to. A number is better: what goes to a user id alone cannot be an authentication template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient<'a> {
    Number(&'a Phone),
    UserId(&'a str),
}

/// Why a message is not written: the API would refuse it each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// The text is empty or blank.
    Empty,
    /// The text is longer than [`TEXT_CHARS_MAX`].
    TooLong,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the text is empty"),
            Self::TooLong => write!(f, "the text is longer than {TEXT_CHARS_MAX} characters"),
        }
    }
}

impl std::error::Error for Unwritable {}

/// The request that sends `body`. `id` travels along as a tag and comes back in every status.
///
/// # Errors
/// [`Unwritable`].
pub fn write(id: EffectId, body: &Body, to: Recipient<'_>, from: &Account) -> Result<Request, Unwritable> {
    let mut message = Map::new();
    let mut set = |name: &str, value: Value| message.insert(name.to_owned(), value);
    set("messaging_product", json!("whatsapp"));
    set("recipient_type", json!("individual"));
    set("biz_opaque_callback_data", json!(tag(id)));
    match to {
        // With its plus: without, the country code of our own number would be put in front.
        Recipient::Number(number) => set("to", json!(number.as_str())),
        // Under `to` a user id is accepted and nothing is sent.
        Recipient::UserId(user_id) => set("recipient", json!(user_id)),
    };
    match body {
        Body::Text(text) => {
            set("type", json!("text"));
            set("text", json!({"body": checked(text)?, "preview_url": false}))
        }
        Body::Template { name, language, params } => {
            set("type", json!("template"));
            set("template", template(name, language, params))
        }
    };
    Ok(Request {
        method: Method::Post,
        url: format!("{}/{}/messages", from.api_url.trim_end_matches('/'), from.phone_number_id),
        headers: vec![
            ("authorization", format!("Bearer {}", from.access_token)),
            ("content-type", "application/json".to_owned()),
        ],
        body: Value::Object(message).to_string(),
    })
}

/// What a send carries to be recognised by.
#[must_use]
pub fn tag(id: EffectId) -> String {
    format!("{TAG_PREFIX}{}", id.0)
}

/// The effect's id in a tag, if the tag is one of ours.
#[must_use]
pub fn tag_in(data: &str) -> Option<&str> {
    data.strip_prefix(TAG_PREFIX)
}

fn checked(text: &str) -> Result<&str, Unwritable> {
    if text.trim().is_empty() {
        return Err(Unwritable::Empty);
    }
    if text.chars().count() > TEXT_CHARS_MAX { Err(Unwritable::TooLong) } else { Ok(text) }
}

/// The parameters of a template's body. Names that are numbers fill `{{1}}`, `{{2}}` … in that order;
/// other names are the template's own.
fn template(name: &str, language: &str, params: &[(String, String)]) -> Value {
    let mut template = json!({"name": name, "language": {"policy": "deterministic", "code": language}});
    let position = |name: &str| name.parse::<u32>().ok();
    let mut params: Vec<_> = params.iter().collect();
    params.sort_by_key(|(name, _)| position(name));
    let parameters: Vec<Value> = params
        .into_iter()
        .map(|(name, text)| match position(name) {
            Some(_) => json!({"type": "text", "text": text}),
            None => json!({"type": "text", "parameter_name": name, "text": text}),
        })
        .collect();
    if !parameters.is_empty() {
        template["components"] = json!([{"type": "body", "parameters": parameters}]);
    }
    template
}
