//! Values: what people and events carry (any JSON), and the typed values that rules compare them with.

use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::time::Second;

/// Attributes of a person, properties of an event: any JSON, sorted by name.
pub type Properties = serde_json::Map<String, serde_json::Value>;

/// The declared type of an attribute or property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Type {
    Text,
    Number,
    Boolean,
    Time,
    Date,
    Phone,
    ListOfText,
    ListOfNumber,
}

/// A value of a known type, as a rule writes it or as a stored value reads under its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Value {
    Text(String),
    /// Exact decimal.
    Number(Decimal),
    Boolean(bool),
    Time(Second),
    Date(NaiveDate),
    List(Vec<Value>),
}

impl Value {
    /// What a stored value reads as under `ty`, if it does so exactly; another type counts as missing.
    #[must_use]
    pub fn read(stored: &Json, ty: Type) -> Option<Self> {
        match (ty, stored) {
            (Type::Text | Type::Phone, Json::String(text)) => Some(Self::Text(nfc(text))),
            (Type::Number, Json::Number(_) | Json::String(_)) => number(stored).map(Self::Number),
            (Type::Boolean, _) => boolean(stored).map(Self::Boolean),
            (Type::Time, _) => instant(stored).map(Self::Time),
            (Type::Date, Json::String(text)) => text.parse().ok().map(Self::Date),
            (Type::ListOfText, Json::Array(items)) => list(items, Type::Text),
            (Type::ListOfNumber, Json::Array(items)) => list(items, Type::Number),
            _ => None,
        }
    }

    /// A stored value as what it is, where no type is asked for. Objects, mixed lists and `null` are none.
    #[must_use]
    pub fn natural(stored: &Json) -> Option<Self> {
        match stored {
            Json::String(_) => Self::read(stored, Type::Text),
            Json::Number(_) => Self::read(stored, Type::Number),
            Json::Bool(_) => Self::read(stored, Type::Boolean),
            Json::Array(_) => Self::read(stored, Type::ListOfText).or_else(|| Self::read(stored, Type::ListOfNumber)),
            Json::Null | Json::Object(_) => None,
        }
    }

    /// The type of the stored value that this literal can be compared with where nothing is declared.
    #[must_use]
    pub fn natural_type(&self) -> Type {
        match self {
            Self::Text(_) => Type::Text,
            Self::Number(_) => Type::Number,
            Self::Boolean(_) => Type::Boolean,
            Self::Time(_) => Type::Time,
            Self::Date(_) => Type::Date,
            Self::List(items) => match items.first() {
                Some(Self::Number(_)) => Type::ListOfNumber,
                _ => Type::ListOfText,
            },
        }
    }
}

fn list(items: &[Json], ty: Type) -> Option<Value> {
    items.iter().map(|item| Value::read(item, ty)).collect::<Option<Vec<_>>>().map(Value::List)
}

/// Text compares after NFC, case included.
#[must_use]
pub fn nfc(text: &str) -> String {
    icu_normalizer::ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

fn number(stored: &Json) -> Option<Decimal> {
    match stored {
        // The shortest decimal that reads back as the same double: 50.1 stays 50.1.
        Json::Number(n) => {
            let text = n.to_string();
            Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
        }
        Json::String(text) => Decimal::from_str(text.trim()).ok(),
        _ => None,
    }
}

fn boolean(stored: &Json) -> Option<bool> {
    match stored {
        Json::Bool(b) => Some(*b),
        Json::Number(n) => match n.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Json::String(text) => match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Unix seconds, milliseconds from 100,000,000,000 on, digits in a text, or RFC 3339.
fn instant(stored: &Json) -> Option<Second> {
    let seconds = match stored {
        Json::Number(n) => n.as_i64().or_else(|| n.as_f64().map(|f| f.floor() as i64))?,
        Json::String(text) => match text.parse::<i64>() {
            Ok(seconds) => seconds,
            Err(_) => chrono::DateTime::parse_from_rfc3339(text).ok()?.timestamp(),
        },
        _ => return None,
    };
    let seconds = if seconds >= 100_000_000_000 { seconds / 1000 } else { seconds };
    (seconds <= Second::LAST.0).then_some(Second(seconds))
}
