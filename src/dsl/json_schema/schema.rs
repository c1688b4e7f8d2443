//! The file `schema.yaml`.

use serde_json::{Value as Json, json};

use super::names::Names;
use super::parts::{
    boolean, document, either, length, list, map, name_pattern, named, shared, text, version, words, words_or,
};
use crate::dsl::envelope::schema::{TYPES, WEEKDAYS};
use crate::model::limit::LIST_ENTRIES_MAX;

/// Any name that authors or other systems give.
const ANY: &str = "";

pub fn file(names: &Names) -> Json {
    let keys = [
        ("version", version()),
        ("time_zone", time_zone(names)),
        ("week_starts", words_or("The first day of a week, for `this week`.", &WEEKDAYS, "monday")),
        ("phones", phones()),
        ("attribution", attribution()),
        (
            "opt_out",
            words_or(
                "Whether the words of the lists `stop` and `start` unsubscribe people and lift that.",
                &["keywords", "none"],
                "keywords",
            ),
        ),
        ("grace", length("How long verdicts wait for what arrives late.", &["0 seconds", "2 minutes"])),
        (
            "person",
            named(
                "The attributes of people. Built in: id, known_since, phone, email, unsubscribed.",
                ANY,
                shared("declaration", ""),
            ),
        ),
        (
            "events",
            named(
                "Events that your systems report, each with its properties.",
                ANY,
                named("Properties.", ANY, shared("declaration", "")),
            ),
        ),
        ("flows", named("The fields that WhatsApp flows return.", ANY, shared("declaration", ""))),
        ("templates", named("Message templates, as WhatsApp has approved them.", ANY, template())),
        (
            "lists",
            named(
                "Lists of keywords, for `replied any of affirm`. Each entry in double quotes.",
                "^[A-Za-z_][A-Za-z0-9_]*$",
                keywords(),
            ),
        ),
        (
            "limits",
            named(
                "Caps on messages per person, which campaigns name.",
                &name_pattern(),
                text("A cap.", &["at most 3 messages in 7 calendar days"]),
            ),
        ),
    ];
    document(
        "Schema of Antiphon",
        "What we know about people and events.",
        map("", &keys, &["version"]),
        &[("declaration", declaration())],
    )
}

fn time_zone(names: &Names) -> Json {
    let attributes: Vec<String> = names.attributes.iter().map(|name| format!("person.{name}")).collect();
    let attributes: Vec<&str> = attributes.iter().map(String::as_str).collect();
    let offered = if attributes.is_empty() { vec!["person.timezone"] } else { attributes };
    let keys = [
        ("person", text("The attribute with a person's zone.", &offered)),
        ("otherwise", text("The zone of people without one: an IANA name.", &["UTC", "Europe/Berlin"])),
    ];
    map("Whose midnights count.", &keys, &[])
}

fn phones() -> Json {
    let mut region = text("For numbers without a country code: two letters.", &["US", "DE"]);
    region["pattern"] = json!("^[A-Z]{2}$");
    let keys = [
        ("default_region", region),
        (
            "oldest_by",
            words_or(
                "Who owns a number that several people have: who is oldest by this.",
                &["known_since", "created_at"],
                "known_since",
            ),
        ),
    ];
    map("Telephone numbers.", &keys, &[])
}

fn attribution() -> Json {
    let window =
        length("So long after a message, a reply that points at nothing is taken for its answer.", &["3 days"]);
    map("Which message a reply answers.", &[("window", window)], &[])
}

/// An attribute or property: the type alone, or a map.
fn declaration() -> Json {
    let types = TYPES.map(|(word, _)| word);
    let keys = [
        ("type", words("The type of its values.", &types)),
        ("one_of", list("The only texts that there are.", text("A value.", &[]))),
        ("always_set", boolean("A promise that nobody is without a value.", false)),
    ];
    either("A type, or more about the values.", &[words("A type.", &types), map("More.", &keys, &["type"])])
}

fn template() -> Json {
    let keys = [
        ("languages", list("The languages it is approved in.", text("A language code.", &["en"]))),
        ("params", list("Its parameters, in order.", text("A name.", &["name"]))),
    ];
    map("A template.", &keys, &["languages"])
}

fn keywords() -> Json {
    let mut out = list("Keywords, each in double quotes.", text("A keyword.", &["yes"]));
    out["maxItems"] = json!(LIST_ENTRIES_MAX);
    out
}
