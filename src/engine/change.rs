//! What a step does to its person in the same second: an event, as if it had arrived.

use serde_json::Value as Json;

use super::expression::{Scope, Value, printed};
use crate::model::consent::{self, REASONS, UNSUBSCRIBED};
use crate::model::event::Kind;
use crate::model::journey::What;
use crate::model::limit::{ATTRIBUTE_VALUE_BYTES_MAX, EVENT_DATA_BYTES_MAX};
use crate::model::person::Person;
use crate::model::rule::{Expression, Update};
use crate::model::value::Properties;

/// What happens to the person.
#[derive(Debug)]
pub enum Change {
    /// Attributes are written, in this order.
    Update(Vec<(String, Write)>),
    /// A custom event.
    Record { name: String, properties: Vec<(String, Value)> },
    /// The person is put into a manual segment, or taken out.
    Move { segment: String, join: bool },
}

/// What becomes of an attribute.
#[derive(Debug)]
pub enum Write {
    Set(Value),
    Unset,
    /// An element of a list, once.
    Add(Value),
    Remove(Value),
}

/// An event to be caused, and what is written down about it.
pub struct Caused {
    pub kind: Kind,
    pub properties: Properties,
    pub what: What,
}

impl Change {
    /// Compiles `update_person`.
    ///
    /// # Errors
    /// What is wrong with a text or a path.
    pub fn update(writes: &[(String, Update)]) -> Result<Self, String> {
        let compile = |update: &Update| -> Result<Write, String> {
            Ok(match update {
                Update::Set(value) => Write::Set(Value::compile(value)?),
                Update::Unset => Write::Unset,
                Update::Add(value) => Write::Add(Value::compile(value)?),
                Update::Remove(value) => Write::Remove(Value::compile(value)?),
            })
        };
        let writes = writes.iter().map(|(name, update)| Ok((name.clone(), compile(update)?)));
        writes.collect::<Result<_, String>>().map(Self::Update)
    }

    /// Compiles `record_event`.
    ///
    /// # Errors
    /// What is wrong with a text or a path.
    pub fn record(name: &str, properties: &[(String, Expression)]) -> Result<Self, String> {
        let properties = properties.iter().map(|(name, value)| Ok((name.clone(), Value::compile(value)?)));
        Ok(Self::Record { name: name.to_owned(), properties: properties.collect::<Result<_, String>>()? })
    }

    /// The event, as of now.
    ///
    /// # Errors
    /// Why nothing happens.
    pub fn event(&self, scope: &Scope<'_>, person: &Person) -> Result<Caused, String> {
        match self {
            Self::Update(writes) => {
                let properties = written(writes, scope, person)?;
                let names = properties.keys().cloned().collect();
                Ok(Caused { kind: Kind::AttributesSet, properties, what: What::Updated(names) })
            }
            Self::Record { name, properties } => {
                let mut filled = Properties::new();
                for (name, value) in properties {
                    // What is missing is left out: it is missing in the event, too.
                    filled.extend(Some(value.json(scope)?).filter(|v| !v.is_null()).map(|v| (name.clone(), v)));
                }
                if Json::Object(filled.clone()).to_string().len() > EVENT_DATA_BYTES_MAX {
                    return Err(format!("the data of an event has at most {EVENT_DATA_BYTES_MAX} bytes"));
                }
                Ok(Caused { kind: Kind::Custom(name.clone()), properties: filled, what: What::Recorded(name.clone()) })
            }
            Self::Move { segment, join } => {
                let name = segment.clone();
                let (kind, what) = match join {
                    true => (Kind::SegmentJoined(name.clone()), What::Joined(name)),
                    false => (Kind::SegmentLeft(name.clone()), What::Left(name)),
                };
                Ok(Caused { kind, properties: Properties::new(), what })
            }
        }
    }
}

fn written(writes: &[(String, Write)], scope: &Scope<'_>, person: &Person) -> Result<Properties, String> {
    let mut delta = Properties::new();
    for (name, write) in writes {
        let value = match write {
            Write::Set(value) => value.json(scope)?,
            Write::Unset => Json::Null,
            Write::Add(value) | Write::Remove(value) => {
                // A write of the same step comes first.
                let stored = delta.get(name).cloned().or_else(|| person.value(name).map(std::borrow::Cow::into_owned));
                let mut list = elements(name, stored)?;
                let element = element(value, scope)?;
                match write {
                    Write::Add(_) if !list.contains(&element) => list.push(element),
                    Write::Remove(_) => list.retain(|other| *other != element),
                    _ => {}
                }
                Json::Array(list)
            }
        };
        if printed(&value).len() > ATTRIBUTE_VALUE_BYTES_MAX {
            return Err(format!("`{name}` is longer than {ATTRIBUTE_VALUE_BYTES_MAX} bytes"));
        }
        match name.as_str() {
            // Why somebody is unsubscribed is not for steps to say: they have a reason of their own.
            REASONS => {}
            UNSUBSCRIBED => delta.extend(consent::by_program(&person.attributes, &value).into_iter().flatten()),
            _ => {
                delta.insert(name.clone(), value);
            }
        }
    }
    Ok(delta)
}

fn elements(name: &str, stored: Option<Json>) -> Result<Vec<Json>, String> {
    match stored {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(list)) => Ok(list),
        Some(_) => Err(format!("`{name}` is no list")),
    }
}

fn element(value: &Value, scope: &Scope<'_>) -> Result<Json, String> {
    // Asked as a text, a missing value says which.
    value.text(scope)?;
    value.json(scope)
}
