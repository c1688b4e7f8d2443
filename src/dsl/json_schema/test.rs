//! Tests that rule authors write.

use serde_json::{Value as Json, json};

use super::names::Names;
use super::parts::{anything, document, either, exactly_one, free_map, list, map, name_of, text, version, words};

/// What happens, each under its verb.
/// What an entry of a timeline can say, one each.
pub const VERBS: [&str; 12] = [
    "replied",
    "tapped",
    "reacted",
    "removed_reaction",
    "performed",
    "was_sent",
    "received",
    "read",
    "failed",
    "set",
    "joins",
    "leaves",
];
/// What an effect can be, one each.
pub const EFFECTS: [&str; 5] = ["send", "webhook", "update_person", "record_event", "manual_segment"];

pub fn file(names: &Names) -> Json {
    let keys = [
        ("version", version()),
        ("test", text("What is tested.", &["yes across the spring clock change"])),
        ("todo", text("Why it is not played yet. It is shown, and does not fail.", &[])),
        (
            "cases",
            list(
                "Sets of values. The test is played with each, put where `$name` stands without quotes.",
                free_map("Values by name.", [], anything("A value.")),
            ),
        ),
        ("start", text("The instant that offsets count from.", &["2026-03-28T10:00:00+01:00"])),
        (
            "people",
            free_map(
                "People by name, each with attributes; they are made at the start, or `known_since` says when.",
                [],
                person(names),
            ),
        ),
        ("timeline", list("What happens, sorted by `at`.", happening(names))),
        ("expect", list("Who is in which segment, and until when.", expectation(names))),
        ("effects", list("Everything that campaigns ask for. Left out, nothing is checked.", effect(names))),
    ];
    document("Test of Antiphon", "A story with its expectations.", map("", &keys, &["version", "test"]), &[])
}

/// A value of a case may stand for anything.
fn or_value(form: Json) -> Json {
    let about = form["description"].clone();
    json!({"description": about, "anyOf": [form, {"type": "string", "pattern": "^\\$[A-Za-z_][A-Za-z0-9_]*$"}]})
}

fn person(names: &Names) -> Json {
    let mut out = free_map("Attributes.", &names.attributes, anything("A value."));
    out["properties"]["phone"] = text("A number with its plus.", &["+15550100142"]);
    out["properties"]["known_since"] = text("When we came to know them.", &["2026-01-31T09:00:00Z"]);
    or_value(out)
}

fn at() -> (&'static str, Json) {
    ("at", text("How long after the start: lengths behind each other.", &["0 seconds", "1 hour", "2 days 1 hour"]))
}

fn which(names: &Names, about: &str) -> Json {
    let keys = [
        ("campaign", name_of("Of this campaign.", &names.campaigns)),
        ("step", name_of("Of this step.", &names.steps)),
        ("template", name_of("Made from this template.", &names.templates)),
    ];
    or_value(map(about, &keys, &[]))
}

fn happening(names: &Names) -> Json {
    let title = text("The title of the button or row.", &["Yes"]);
    let tapped =
        map("What was tapped.", &[("title", title.clone()), ("id", text("Its payload or id.", &["confirm_v2"]))], &[]);
    let keys = [
        at(),
        ("who", text("A person; or a number that nobody has, for messages and reactions.", &["+15550100199"])),
        ("arrives", text("When we learn of it, if that is later.", &["9 hours"])),
        (
            "replied",
            json!({"type": ["string", "null"], "description": "A message of theirs. Nothing, for media and flows that say nothing.", "examples": ["YES"]}),
        ),
        ("tapped", either("A button or list row: its title, or `{title, id}`.", &[title, tapped])),
        ("reacted", text("A reaction.", &["👍"])),
        ("removed_reaction", json!({"enum": [true, "$removed"], "description": "A reaction was taken back."})),
        ("performed", name_of("An event, with `props`.", &names.events)),
        ("was_sent", which(names, "A message of ours that the provider accepts.")),
        ("received", which(names, "A message of ours that reached them.")),
        ("read", which(names, "A message of ours that they read.")),
        ("failed", which(names, "A message of ours that failed to reach them.")),
        (
            "set",
            or_value(free_map(
                "Attributes that are written; `null` takes one away.",
                &names.attributes,
                anything("A value."),
            )),
        ),
        ("joins", name_of("A manual segment that they are put into.", &names.manual)),
        ("leaves", name_of("A manual segment that they are taken out of.", &names.manual)),
        ("to", which(names, "Which message of ours a reply points at: the newest of these.")),
        (
            "via",
            words("How a reply came. As text, where nothing is said.", &["text", "button", "list", "media", "flow"]),
        ),
        (
            "kind",
            words(
                "What came by `via: media`.",
                &["image", "video", "document", "audio", "sticker", "location", "contacts", "order"],
            ),
        ),
        ("fields", or_value(free_map("What a flow returned.", [], anything("A value.")))),
        ("props", or_value(free_map("The properties of an event.", [], anything("A value.")))),
    ];
    exactly_one(map("Something that happens.", &keys, &["at", "who"]), &VERBS)
}

fn expectation(names: &Names) -> Json {
    let members = list("The people in it, exactly.", text("A person.", &[]));
    let mut until = free_map(
        "When a membership flips next, by `segment/person`; `never`.",
        [],
        text("An offset, or `never`.", &["2 days 1 hour", "never"]),
    );
    until["propertyNames"] = json!({"pattern": "/"});
    let keys = [
        at(),
        (
            "in",
            or_value(free_map("Segments, each with the people in it, exactly.", &names.segments, or_value(members))),
        ),
        ("until", or_value(until)),
    ];
    map("What holds at a second, after everything in it.", &keys, &["at"])
}

fn effect(names: &Names) -> Json {
    let value = || anything("A value.");
    let send = [
        ("template", name_of("Its template.", &names.templates)),
        ("language", value()),
        ("params", value()),
        ("text", value()),
    ];
    let webhook = [("url", value()), ("body", value())];
    let record = [("name", name_of("The event.", &names.events)), ("props", value())];
    let manual = [("add", name_of("The segment.", &names.manual)), ("remove", name_of("The segment.", &names.manual))];
    let keys = [
        at(),
        ("who", text("A person or a number.", &[])),
        ("campaign", name_of("The campaign that asked.", &names.campaigns)),
        ("step", name_of("Its step.", &names.steps)),
        ("send", or_value(map("A message, as far as it is said.", &send, &[]))),
        ("webhook", or_value(map("A request, as far as it is said.", &webhook, &[]))),
        ("update_person", or_value(free_map("Attributes and their values.", &names.attributes, value()))),
        (
            "record_event",
            either("An event: its name, or more.", &[name_of("Its name.", &names.events), map("More.", &record, &[])]),
        ),
        ("manual_segment", or_value(map("A manual segment.", &manual, &[]))),
    ];
    exactly_one(map("One thing that campaigns ask for.", &keys, &["at", "who"]), &EFFECTS)
}
