//! A person: identifiers, attributes, and since when we know them.

use serde::{Deserialize, Serialize};
use ulid::Ulid;

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

/// How an API names a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handle {
    ExternalId(String),
    /// Lower-case.
    Email(String),
    CioId(Ulid),
    Phone(Phone),
}
