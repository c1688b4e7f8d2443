//! A person: identifiers, attributes, and since when we know them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use ulid::Ulid;

use super::compare::reach;
use super::id::PersonId;
use super::phone::Phone;
use super::time::Second;
use super::value::Properties;

/// Somebody we know. Their history begins at `known_since`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    /// The id that never changes, shown as a lower-case ULID.
    pub cio_id: Ulid,
    pub external_id: Option<String>,
    /// Lower-case.
    pub email: Option<String>,
    /// The number made from attribute `phone`, if that was usable.
    pub phone: Option<Phone>,
    /// What was written: any JSON. Built-in names (`id`, `email`, `known_since`) are not among them;
    /// `phone` and `unsubscribed` are.
    pub attributes: Properties,
    pub known_since: Second,
}

impl Person {
    /// The subject of an anonymous event: nobody we know, so nothing is known of them.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            id: PersonId(0),
            cio_id: Ulid::from_bytes([0; 16]),
            external_id: None,
            email: None,
            phone: None,
            attributes: Properties::new(),
            known_since: Second(i64::MAX),
        }
    }

    /// The value that rules see under `name`: a built-in one, or an attribute; a dot reaches into nested values.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Cow<'_, Json>> {
        match name {
            "id" => self.external_id.clone().map(|id| Cow::Owned(Json::String(id))),
            "email" => self.email.clone().map(|email| Cow::Owned(Json::String(email))),
            "known_since" => (self.known_since <= Second::LAST).then(|| Cow::Owned(Json::from(self.known_since.0))),
            // Never missing: nobody has unsubscribed unless they did.
            "unsubscribed" => Some(self.attributes.get(name).map_or(Cow::Owned(Json::Bool(false)), Cow::Borrowed)),
            name => reach(&self.attributes, name).map(Cow::Borrowed),
        }
    }

    /// Whether a value was written under `name`, one of the names that can be. What is built in and never missing
    /// is not written by that.
    #[must_use]
    pub fn is_given(&self, name: &str) -> bool {
        match name {
            "id" => self.external_id.is_some(),
            "email" => self.email.is_some(),
            name => self.attributes.contains_key(name),
        }
    }

    /// Writes one value. `null` and the empty text remove; what is not settable stays.
    pub fn set(&mut self, name: &str, value: &Json) {
        let removed = value.is_null() || value.as_str() == Some("");
        let printed = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match name {
            "known_since" => {}
            "id" => self.external_id = (!removed).then(printed),
            "email" => self.email = (!removed).then(|| printed().to_lowercase()),
            name if removed => {
                self.attributes.remove(name);
            }
            name => {
                self.attributes.insert(name.to_owned(), value.clone());
            }
        }
    }
}

/// How an API names a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handle {
    ExternalId(String),
    /// Lower-case.
    Email(String),
    CioId(Ulid),
    Phone(Phone),
}
