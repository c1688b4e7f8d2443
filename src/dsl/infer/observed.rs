//! What values look like, counted by name and shape. It never holds more than a bounded part of them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::dsl::check::names::OWN_EVENTS;
use crate::dsl::envelope::schema::built_in;
use crate::model::consent::REASONS;
use crate::model::event::{Event, Kind};
use crate::model::limit::IDENTIFIER_BYTES_MAX;
use crate::model::value::Properties;

/// Attributes and properties that are counted, over all events together. Others are left out.
pub const COLUMNS_MAX: usize = 5_000;
/// Different texts of one attribute that are kept: with more of them it is no choice among few.
pub const VALUES_MAX: usize = 12;
/// A longer name is nobody's choice.
pub const NAME_BYTES_MAX: usize = IDENTIFIER_BYTES_MAX;
/// Characters of a text that may be one of few.
const VALUE_CHARS_MAX: usize = 40;
/// A text that fewer have than this could tell who they are, and is not shown.
const VALUE_SHARED_MIN: u64 = 5;
/// Whole numbers that can be seconds: from September 2001 to 2100.
const UNIX_SECONDS: std::ops::Range<i64> = 1_000_000_000..4_102_444_800;

/// What a stored value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    Text,
    Number,
    Boolean,
    /// RFC 3339.
    Time,
    /// A whole number that can be the seconds of an instant.
    Seconds,
    Date,
    /// A number with its plus.
    Phone,
    ListOfText,
    ListOfNumber,
    /// A map, or a list of other things.
    Other,
}

/// The values under one name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// How many values have which shape.
    pub shapes: BTreeMap<Shape, u64>,
    /// How many have which text; empty where there are many texts, or others than texts.
    pub values: BTreeMap<String, u64>,
    /// Whether there are too many texts to be kept.
    pub many: bool,
}

/// The values of one kind of thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// How many things were looked at.
    pub looked_at: u64,
    pub columns: BTreeMap<String, Column>,
}

/// Everything that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    pub people: Counts,
    /// Custom events, by name.
    pub events: BTreeMap<String, Counts>,
    /// What flows returned.
    pub flows: Counts,
    /// Names that there was no room for.
    pub left_out: u64,
}

impl Observed {
    /// Counts a person's attributes.
    pub fn person(&mut self, attributes: &Properties) {
        let mut room = self.room();
        let known = attributes.iter().filter(|(name, _)| built_in(name).is_none() && *name != REASONS);
        self.left_out += self.people.take(known, &mut room);
    }

    /// Counts an event, if it is of a kind that a schema declares.
    pub fn event(&mut self, event: &Event) {
        let mut room = self.room();
        match &event.kind {
            Kind::Custom(name) if OWN_EVENTS.contains(&name.as_str()) => {}
            // An event without properties takes room too.
            Kind::Custom(name) if !self.events.contains_key(name) && (room == 0 || name.len() > NAME_BYTES_MAX) => {
                self.left_out += 1;
            }
            Kind::Custom(name) => {
                let counts = self.events.entry(name.clone()).or_default();
                self.left_out += counts.take(event.properties.iter(), &mut room);
            }
            Kind::Inbound => {
                if let Some(fields) = event.properties.get("flow").and_then(|flow| flow["data"].as_object()) {
                    self.left_out += self.flows.take(fields.iter(), &mut room);
                }
            }
            _ => {}
        }
    }

    fn room(&self) -> usize {
        let all = self.events.values().chain([&self.people, &self.flows]);
        COLUMNS_MAX.saturating_sub(self.events.len() + all.map(|counts| counts.columns.len()).sum::<usize>())
    }

    /// Forgets texts that only a few have.
    pub fn forget_rare(&mut self) {
        for counts in self.events.values_mut().chain([&mut self.people, &mut self.flows]) {
            for column in counts.columns.values_mut() {
                if column.many || column.values.values().any(|count| *count < VALUE_SHARED_MIN) {
                    column.values.clear();
                }
            }
        }
    }
}

impl Counts {
    /// Counts one thing. Returns how many of its names found no room.
    fn take<'v>(&mut self, values: impl Iterator<Item = (&'v String, &'v Json)>, room: &mut usize) -> u64 {
        self.looked_at += 1;
        let mut left_out = 0;
        for (name, value) in values {
            let Some(shape) = shape(value) else { continue };
            if !self.columns.contains_key(name) {
                if *room == 0 || name.len() > NAME_BYTES_MAX {
                    left_out += 1;
                    continue;
                }
                *room -= 1;
            }
            self.columns.entry(name.clone()).or_default().take(shape, value);
        }
        left_out
    }
}

impl Column {
    fn take(&mut self, shape: Shape, value: &Json) {
        *self.shapes.entry(shape).or_default() += 1;
        if self.many {
            return;
        }
        match value.as_str().filter(|text| text.chars().count() <= VALUE_CHARS_MAX) {
            Some(text) if shape == Shape::Text => *self.values.entry(text.to_owned()).or_default() += 1,
            _ => self.many = true,
        }
        if self.many || self.values.len() > VALUES_MAX {
            self.many = true;
            self.values.clear();
        }
    }

    /// How many values there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.shapes.values().sum()
    }
}

/// None: there is no value.
fn shape(value: &Json) -> Option<Shape> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(_) => Shape::Boolean,
        Json::Number(number) if number.as_i64().is_some_and(|n| UNIX_SECONDS.contains(&n)) => Shape::Seconds,
        Json::Number(_) => Shape::Number,
        Json::String(text) if text.parse::<NaiveDate>().is_ok() => Shape::Date,
        Json::String(text) if DateTime::parse_from_rfc3339(text).is_ok() => Shape::Time,
        Json::String(text) if is_phone(text) => Shape::Phone,
        Json::String(_) => Shape::Text,
        Json::Array(items) if items.iter().all(Json::is_string) => Shape::ListOfText,
        Json::Array(items) if items.iter().all(Json::is_number) => Shape::ListOfNumber,
        Json::Array(_) | Json::Object(_) => Shape::Other,
    })
}

/// As numbers are stored: a plus and 8 to 15 digits.
fn is_phone(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}
