//! From counts to the text of a schema.

use super::observed::{Column, Counts, Observed, Shape};
use super::write::{quoted, scalar};
use crate::dsl::envelope::schema::{RESERVED, type_word};
use crate::dsl::words::{grouped, many};
use crate::model::rule::{START_WORDS, STOP_WORDS};
use crate::model::value::Type;

/// A rule file may have a mebibyte; what does not fit in here is left out.
pub const FILE_BYTES_MAX: usize = 768 << 10;
/// With fewer things than this, a few different texts may be a matter of chance.
const CHOICE_SEEN_MIN: u64 = 20;
/// Attributes that hold a time zone, if they are there.
const ZONES: [&str; 3] = ["timezone", "time_zone", "tz"];
/// How names of instants end, where seconds could be any number.
const INSTANTS: [&str; 5] = ["_at", "_time", "_date", "_on", "timestamp"];

/// A schema that fits what was looked at. Everything in it is a proposal; the numbers are in its comments.
#[must_use]
pub fn propose(observed: &Observed) -> String {
    let mut file = Writer::default();
    let events: u64 = observed.events.values().map(|counts| counts.looked_at).sum();
    file.line(&format!(
        "# Proposed from {} and {}. Behind each name stands how many values looked like what; a value",
        if observed.people.looked_at == 1 {
            "1 person".to_owned()
        } else {
            format!("{} people", grouped(observed.people.looked_at))
        },
        many(events, "event")
    ));
    file.line("# of another type counts as missing. `always_set: true` is a promise that only you can make.");
    file.line("version: 1");
    let zone = ZONES.iter().find(|zone| type_of(zone, observed.people.columns.get(**zone)) == Some(Type::Text));
    let person = zone.map_or_else(String::new, |zone| format!("person: person.{zone}, "));
    file.line(&format!("time_zone: {{{person}otherwise: UTC}}   # otherwise: the zone that most people live in"));
    file.line("phones: {default_region: US}   # for numbers without a country code");
    if !observed.people.columns.is_empty() {
        file.line("person:   # built in: id, known_since, phone, email, unsubscribed");
        file.columns("  ", &observed.people);
    }
    if !observed.events.is_empty() {
        file.line("events:");
        for (name, counts) in &observed.events {
            let seen = format!("# {} seen", grouped(counts.looked_at));
            let declared = counts.columns.iter().any(|(name, column)| declaration(name, column).is_ok());
            let name = scalar(name);
            if declared {
                file.entry(&format!("  {name}:   {seen}"));
            } else {
                file.entry(&format!("  {name}: {{}}   {seen}"));
            }
            file.columns("    ", counts);
        }
    }
    if !observed.flows.columns.is_empty() {
        file.line("flows:   # fields that WhatsApp flows returned");
        file.columns("  ", &observed.flows);
    }
    file.line("lists:");
    file.line(&format!("  stop: [{}]", STOP_WORDS.map(quoted).join(", ")));
    file.line(&format!("  start: [{}]", START_WORDS.map(quoted).join(", ")));
    let left_out = observed.left_out + file.left_out;
    if left_out > 0 {
        file.line(&format!("# Left out, for want of room: {} more.", grouped(left_out)));
    }
    file.text
}

#[derive(Default)]
struct Writer {
    text: String,
    left_out: u64,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line that may be left out.
    fn entry(&mut self, line: &str) {
        if self.text.len() + line.len() < FILE_BYTES_MAX { self.line(line) } else { self.left_out += 1 }
    }

    fn columns(&mut self, indent: &str, counts: &Counts) {
        for (name, column) in &counts.columns {
            let seen = seen(column, counts.looked_at);
            match declaration(name, column) {
                Ok(declaration) => self.entry(&format!("{indent}{}: {{{declaration}}}   # {seen}", scalar(name))),
                Err(why) => self.entry(&format!("{indent}# {}: {why}; {seen}", quoted(name))),
            }
        }
    }
}

/// `text 97, number 2, missing 1`
fn seen(column: &Column, looked_at: u64) -> String {
    let mut parts: Vec<String> =
        column.shapes.iter().map(|(shape, count)| format!("{} {}", shape_word(*shape), grouped(*count))).collect();
    match looked_at.saturating_sub(column.total()) {
        0 => parts.push("never missing".to_owned()),
        missing => parts.push(format!("missing {}", grouped(missing))),
    }
    parts.join(", ")
}

fn shape_word(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "text",
        Shape::Number => "number",
        Shape::Boolean => "boolean",
        Shape::Time => "time",
        Shape::Seconds => "number that can be a time",
        Shape::Date => "date",
        Shape::Phone => "phone",
        Shape::ListOfText => "list of text",
        Shape::ListOfNumber => "list of number",
        Shape::Other => "map or mixed list",
    }
}

/// `type: text, one_of: […]`, or why the name cannot be declared.
fn declaration(name: &str, column: &Column) -> Result<String, &'static str> {
    if RESERVED.contains(&name) {
        return Err("a word of the language, which cannot be a name");
    }
    let ty = type_of(name, Some(column)).ok_or("no type of the language fits")?;
    let mut out = format!("type: {}", type_word(ty));
    let choice = ty == Type::Text && column.values.len() > 1 && column.total() >= CHOICE_SEEN_MIN;
    if choice {
        let values: Vec<String> = column.values.keys().map(|value| scalar(value)).collect();
        out.push_str(&format!(", one_of: [{}]", values.join(", ")));
    }
    Ok(out)
}

/// The type that most values have.
fn type_of(name: &str, column: Option<&Column>) -> Option<Type> {
    let column = column?;
    let of = |shape: Shape| column.shapes.get(&shape).copied().unwrap_or(0);
    let is_instant = INSTANTS.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let (seconds, numbers) = if is_instant { (of(Shape::Seconds), 0) } else { (0, of(Shape::Seconds)) };
    let texts = [Shape::Text, Shape::Time, Shape::Date, Shape::Phone];
    let strings: u64 = texts.iter().map(|shape| of(*shape)).sum();
    // A text takes in whatever is written as one; the narrower types only where all are so.
    let narrow = [(Shape::Time, Type::Time), (Shape::Date, Type::Date), (Shape::Phone, Type::Phone)];
    let written = narrow.into_iter().find(|(shape, _)| of(*shape) == strings && strings > 0);
    let written = written.map_or(Type::Text, |(_, ty)| ty);
    let mut all = vec![
        (of(Shape::Number) + numbers, Type::Number),
        (of(Shape::Boolean), Type::Boolean),
        (of(Shape::ListOfText), Type::ListOfText),
        (of(Shape::ListOfNumber), Type::ListOfNumber),
    ];
    if written == Type::Time || strings == 0 {
        all.push((strings + seconds, Type::Time));
    } else {
        all.extend([(strings, written), (seconds, Type::Time)]);
    }
    all.into_iter().filter(|(count, _)| *count > 0).max_by_key(|(count, _)| *count).map(|(_, ty)| ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(shapes: &[(Shape, u64)]) -> Column {
        Column { shapes: shapes.iter().copied().collect(), ..Column::default() }
    }

    #[test]
    fn the_type_is_the_one_that_most_values_have() {
        for (name, shapes, ty) in [
            ("plan", vec![(Shape::Text, 3), (Shape::Number, 2)], Some(Type::Text)),
            ("age", vec![(Shape::Text, 1), (Shape::Number, 2), (Shape::Seconds, 1)], Some(Type::Number)),
            ("signed_up_at", vec![(Shape::Seconds, 2), (Shape::Time, 1)], Some(Type::Time)),
            ("order", vec![(Shape::Seconds, 2)], Some(Type::Number)),
            ("born", vec![(Shape::Date, 2)], Some(Type::Date)),
            ("born", vec![(Shape::Date, 2), (Shape::Text, 1)], Some(Type::Text)),
            ("mobile", vec![(Shape::Phone, 2)], Some(Type::Phone)),
            ("address", vec![(Shape::Other, 2)], None),
            ("tags", vec![(Shape::ListOfText, 2), (Shape::Other, 9)], Some(Type::ListOfText)),
        ] {
            assert_eq!(type_of(name, Some(&column(&shapes))), ty, "{name} {shapes:?}");
        }
    }
}
