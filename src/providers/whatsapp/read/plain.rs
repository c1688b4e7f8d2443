//! The quick way into a plain body: every level there, nothing odd, nothing but messages and statuses.
//! Most bodies are so, and are split in one go; for any other the careful way finds out what is wrong where.

use serde::Deserialize;

use super::envelope::OBJECT;
use super::object::Object;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    object: Option<&'a str>,
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    field: Option<&'a str>,
    #[serde(borrow)]
    value: Object<'a>,
}

impl Change<'_> {
    fn is_plain(&self) -> bool {
        self.field.is_none_or(|field| field == "messages")
    }
}

/// The values of a plain body by their place (entry, change); none if it is not one.
pub(super) fn values(text: &str) -> Option<Vec<((usize, usize), Object<'_>)>> {
    let body: Body<'_> = serde_json::from_str(text).ok()?;
    let is_plain = body.object.is_none_or(|product| product == OBJECT)
        && body.entry.iter().all(|entry| entry.changes.iter().all(Change::is_plain));
    if !is_plain {
        return None;
    }
    let entries = body.entry.into_iter().enumerate();
    let values = entries
        .flat_map(|(n, entry)| entry.changes.into_iter().enumerate().map(move |(c, change)| ((n, c), change.value)));
    Some(values.collect())
}
