//! Forgiving access to JSON objects. Members stay raw until they are asked for, so that what is wrong with one
//! costs that one only; `null` and a wrong type mean missing; of equal names the last one counts.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::model::inbound::BrokenReason;

/// What is kept whole (a referral, an order) nests at most so deep: stored, it must read back within any parser's limit.
pub const KEPT_DEPTH_MAX: usize = 32;

/// One object, split into its members.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// None if it is no object.
    pub(super) fn read(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }

    /// The member, unless it is missing or `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.0.iter().rev().find(|(key, _)| key == name)?;
        (raw.get() != "null").then_some(*raw)
    }

    pub(super) fn object(&self, name: &str) -> Option<Object<'a>> {
        Object::read(self.get(name)?)
    }

    pub(super) fn array(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        elements(self.get(name)?)
    }

    /// A text; NUL in it becomes U+FFFD, since not every database can hold it.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.get(name)?)
    }

    /// An identifier that some senders write as a whole number. Empty means missing.
    pub(super) fn word(&self, name: &str) -> Option<Cow<'a, str>> {
        let raw = self.get(name)?;
        let is_whole = raw.get().bytes().all(|b| b == b'-' || b.is_ascii_digit());
        let word = if is_whole { Cow::Borrowed(raw.get()) } else { text(raw)? };
        (!word.is_empty()).then_some(word)
    }

    /// A text's value, or another value's JSON.
    pub(super) fn printed(&self, name: &str) -> Option<Cow<'a, str>> {
        let raw = self.get(name)?;
        Some(text(raw).unwrap_or(Cow::Borrowed(raw.get())))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|raw| raw.get() == "true")
    }

    /// The member as it is, to be kept.
    ///
    /// # Errors
    /// It nests too deeply, or holds a number that no double can: `value`.
    pub(super) fn whole(&self, name: &str) -> Result<Option<Value>, BrokenReason> {
        self.get(name).map(whole).transpose()
    }
}

/// The elements of an array; none if it is none.
pub(super) fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// The value as it is, to be kept; NUL in texts replaced.
pub(super) fn whole(raw: &RawValue) -> Result<Value, BrokenReason> {
    serde_json::from_str(raw.get()).ok().and_then(|value| kept(value, 0)).ok_or(BrokenReason::Value)
}

/// A text's value, without NUL.
pub(super) fn without_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { text }
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inside = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        serde_json::from_str::<String>(raw.get()).ok().map(|text| without_nul(Cow::Owned(text)))
    } else {
        Some(Cow::Borrowed(inside))
    }
}

fn kept(value: Value, depth: usize) -> Option<Value> {
    if depth > KEPT_DEPTH_MAX {
        return None;
    }
    Some(match value {
        Value::String(text) => Value::String(without_nul(Cow::Owned(text)).into_owned()),
        Value::Array(items) => Value::Array(items.into_iter().map(|v| kept(v, depth + 1)).collect::<Option<_>>()?),
        Value::Object(members) => {
            let pair =
                |(name, v): (String, Value)| Some((without_nul(Cow::Owned(name)).into_owned(), kept(v, depth + 1)?));
            Value::Object(members.into_iter().map(pair).collect::<Option<Map<_, _>>>()?)
        }
        other => other,
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Name(name), raw)) = map.next_entry()? {
                    members.push((name, raw));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Members).map(Object)
    }
}

/// A member's name, borrowed where it holds no escape.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Letters;
        impl<'de> Visitor<'de> for Letters {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Letters).map(Name)
    }
}
