//! The pieces that schemas are made of.

use serde_json::{Map, Value as Json, json};

use crate::dsl::envelope::NAME_CHARS_MAX;

/// Where the shared parts of a schema stand.
const DEFINITIONS: &str = "#/definitions/";

/// A whole file.
pub fn document(title: &str, about: &str, root: Json, definitions: &[(&str, Json)]) -> Json {
    let mut out = json!({"$schema": "http://json-schema.org/draft-07/schema#", "title": title, "description": about});
    let shared: Map<String, Json> = definitions.iter().map(|(name, part)| ((*name).to_owned(), part.clone())).collect();
    if let (Json::Object(out), Json::Object(root)) = (&mut out, root) {
        out.extend(root.into_iter().filter(|(key, _)| key != "description"));
        if !shared.is_empty() {
            out.insert("definitions".to_owned(), Json::Object(shared));
        }
    }
    out
}

/// The shared part named `name`, described for this place.
pub fn shared(name: &str, about: &str) -> Json {
    if about.is_empty() {
        return json!({"$ref": format!("{DEFINITIONS}{name}")});
    }
    // Beside a bare `$ref` draft 7 reads nothing.
    json!({"description": about, "allOf": [{"$ref": format!("{DEFINITIONS}{name}")}]})
}

/// A map with these keys and no others.
pub fn map(about: &str, keys: &[(&str, Json)], required: &[&str]) -> Json {
    let properties: Map<String, Json> = keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let mut out =
        json!({"type": "object", "description": about, "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        out["required"] = json!(required);
    }
    out
}

/// Of these keys just one is there.
pub fn exactly_one(mut map: Json, keys: &[&str]) -> Json {
    map["oneOf"] = keys.iter().map(|key| json!({"required": [key]})).collect();
    map
}

/// A map whose keys the author chooses, of a certain form. Nothing at all is an empty one.
pub fn named(about: &str, pattern: &str, each: Json) -> Json {
    let mut out = json!({"type": ["object", "null"], "description": about, "additionalProperties": each});
    if !pattern.is_empty() {
        out["propertyNames"] = json!({"pattern": pattern});
    }
    out
}

/// A map whose keys the author chooses freely; these are offered.
pub fn free_map<'n>(about: &str, offered: impl IntoIterator<Item = &'n String>, each: Json) -> Json {
    let properties: Map<String, Json> = offered.into_iter().map(|name| (name.clone(), each.clone())).collect();
    json!({"type": ["object", "null"], "description": about, "properties": properties, "additionalProperties": each})
}

/// A list.
pub fn list(about: &str, each: Json) -> Json {
    json!({"type": "array", "description": about, "items": each})
}

/// One of these words.
pub fn words(about: &str, words: &[&str]) -> Json {
    json!({"enum": words, "description": about})
}

/// The same, with the one that holds where none is written.
pub fn words_or(about: &str, all: &[&str], default: &str) -> Json {
    let mut out = words(about, all);
    out["default"] = json!(default);
    out
}

/// A text.
pub fn text(about: &str, examples: &[&str]) -> Json {
    let mut out = json!({"type": "string", "description": about});
    if !examples.is_empty() {
        out["examples"] = json!(examples);
    }
    out
}

/// A text that is a name; those that are there are offered.
pub fn name_of<'n>(about: &str, offered: impl IntoIterator<Item = &'n String>) -> Json {
    let offered: Vec<&str> = offered.into_iter().map(String::as_str).collect();
    text(about, &offered)
}

/// `true` or `false`.
pub fn boolean(about: &str, default: bool) -> Json {
    json!({"type": "boolean", "description": about, "default": default})
}

/// A whole number.
pub fn number(about: &str, least: u32, most: u32) -> Json {
    json!({"type": "integer", "description": about, "minimum": least, "maximum": most})
}

/// One of several forms.
pub fn either(about: &str, forms: &[Json]) -> Json {
    json!({"description": about, "oneOf": forms})
}

/// Anything.
pub fn anything(about: &str) -> Json {
    json!({"description": about})
}

/// Seconds: local days have no place here.
pub fn length(about: &str, examples: &[&str]) -> Json {
    let mut out = text(about, examples);
    out["pattern"] = json!(r"^\s*[0-9]+\s+(second|minute|hour|day|week)s?\s*$");
    out
}

/// Seconds or local days.
pub fn any_length(about: &str, examples: &[&str]) -> Json {
    let mut out = text(about, examples);
    out["pattern"] = json!(r"^\s*[0-9]+\s+((second|minute|hour|day|week)s?|calendar\s+(day|week|month|year)s?)\s*$");
    out
}

/// A time of day.
pub fn clock(about: &str, example: &str) -> Json {
    let mut out = text(about, &[example]);
    out["pattern"] = json!("^[0-9]{2}:[0-9]{2}$");
    out
}

/// A condition of the language.
pub fn condition(about: &str) -> Json {
    let about = format!(
        "{about}\n\nA condition, written as a block behind `|`:\n```\nreplied YES within 2 days of the message it answers\n\
         and plan is \"pro\"\n```\nHow often something happened and when has to be said: `ever`, `in the last 2 days`."
    );
    text(&about, &["everyone", "unsubscribed is false", "replied \"yes\" in the last 2 days"])
}

/// What names of segments, campaigns, schedules, limits and steps look like.
pub fn name_pattern() -> String {
    format!("^[a-z0-9][a-z0-9-]{{0,{}}}$", NAME_CHARS_MAX - 1)
}

/// The first key of every file.
pub fn version() -> Json {
    json!({"const": 1, "description": "The version of the language."})
}
