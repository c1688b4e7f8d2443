//! The steps of campaigns.

use serde_json::{Value as Json, json};

use super::names::Names;
use super::parts::{
    any_length, anything, boolean, condition, either, exactly_one, free_map, length, list, map, name_of, name_pattern,
    named, number, shared, text, words,
};
use crate::dsl::envelope::messages::RETRIES_MAX;
use crate::dsl::envelope::steps::{STEPS_MAX, WORDS};

pub fn steps(names: &Names) -> Json {
    let mut out = list("Steps, in order. Each does one thing.", step(names));
    out["maxItems"] = json!(STEPS_MAX);
    out
}

fn step(names: &Names) -> Json {
    let mut id = text("Its name in the campaign, where something refers to it.", &["ask"]);
    id["pattern"] = json!(name_pattern());
    let keys = [
        ("id", id),
        ("if", condition("The step is left out for people of whom this is not true.")),
        ("send", send(names)),
        ("webhook", webhook()),
        ("update_person", update_person(names)),
        ("record_event", record_event(names)),
        ("manual_segment", manual_segment(names)),
        (
            "wait",
            text(
                "How long, or until when, the journey stands still.",
                &["2 days", "1 calendar day", "until 09:00", "until event.starts_at - 1 day"],
            ),
        ),
        ("wait_until", wait_until()),
        ("branch", branch()),
        ("split", split()),
        ("exit", text("Ends the journey, with this reason.", &["no-answer"])),
    ];
    exactly_one(map("A step: one thing that is done.", &keys, &[]), &WORDS)
}

fn template_keys(names: &Names) -> [(&'static str, Json); 3] {
    [
        ("template", name_of("A template that WhatsApp has approved. It may be sent at any time.", &names.templates)),
        ("language", text("Its language: a code, or a path.", &["en", "person.language"])),
        (
            "params",
            free_map(
                "Its parameters by name: texts, or paths.",
                [],
                anything("A text, or a path such as `event.total`."),
            ),
        ),
    ]
}

fn send(names: &Names) -> Json {
    let closed = map("Another message then.", &template_keys(names), &["template", "language"]);
    let mut keys = vec![(
        "text",
        text(
            "A free text, in Liquid. Allowed only in the 24 hours after a message of theirs.",
            &["Great, see you on {{ event.starts_at | day }}."],
        ),
    )];
    keys.extend(template_keys(names));
    keys.push((
        "if_window_closed",
        either(
            "What becomes of a free text outside of the service window.",
            &[words("Nothing is sent.", &["skip"]), closed],
        ),
    ));
    keys.push(("even_if_unsubscribed", boolean("Also to people who unsubscribed.", false)));
    let mut out = map("A message: a `text`, or a `template` with its `language`.", &keys, &[]);
    out["oneOf"] = json!([{"required": ["text"]}, {"required": ["template", "language"]}]);
    out
}

fn webhook() -> Json {
    let keys = [
        ("url", text("Where to: a text, or a path.", &["env.DESK_URL", "https://desk.example/hook"])),
        ("body", anything("Any JSON. A text in it that is nothing but a path is its value; other texts are Liquid.")),
        ("timeout", length("What one attempt may take.", &["10 seconds"])),
        ("retries", number("So many attempts follow the first, and no more.", 0, RETRIES_MAX)),
    ];
    map("A signed HTTP request.", &keys, &["url"])
}

/// The short form has attributes as keys, the long one has what becomes of them.
fn update_person(names: &Names) -> Json {
    let value = || anything("A value, a path, or a text in Liquid.");
    let long = [
        ("set", free_map("Attributes and their new values.", &names.attributes, value())),
        ("unset", list("Attributes that are taken away.", name_of("An attribute.", &names.attributes))),
        ("add", free_map("Lists, and an element that each gets, once.", &names.attributes, value())),
        ("remove", free_map("Lists, and an element that each loses.", &names.attributes, value())),
    ];
    let long = map("What becomes of attributes.", &long, &[]);
    let mut short = free_map("Attributes and their new values; `null` takes one away.", &names.attributes, value());
    short["type"] = json!("object");
    json!({
        "description": "Writes attributes: `{plan: pro}`, or `{set: {…}, unset: […], add: {…}, remove: {…}}`.",
        "minProperties": 1,
        "anyOf": [short, long],
    })
}

fn record_event(names: &Names) -> Json {
    let keys = [
        ("name", name_of("The event.", &names.events)),
        ("props", free_map("Its properties.", [], anything("A value, a path, or a text in Liquid."))),
    ];
    map("Records an event of the person.", &keys, &["name"])
}

fn manual_segment(names: &Names) -> Json {
    let keys = [
        ("add", name_of("Puts the person into this manual segment.", &names.manual)),
        ("remove", name_of("Takes the person out of it.", &names.manual)),
    ];
    exactly_one(map("Membership of a manual segment.", &keys, &[]), &["add", "remove"])
}

fn within() -> (&'static str, Json) {
    ("do", shared("steps", "What is done then; nothing, where it is left out."))
}

fn wait_until() -> Json {
    let mut name = text("Its name in the activity, and in the ids of its steps.", &["confirmed"]);
    name["pattern"] = json!(name_pattern());
    let outcome = map(
        "What the wait can come to.",
        &[("name", name), ("when", condition("The wait ends as soon as this is true.")), within()],
        &["name", "when"],
    );
    let timeout =
        map("When nothing came.", &[("after", any_length("How long is waited.", &["2 days"])), within()], &["after"]);
    let keys = [
        ("outcomes", list("What is waited for. Of several at one instant, the first.", outcome)),
        (
            "timeout",
            either(
                "What happens when nothing came. `none`: it waits for ever.",
                &[words("For ever.", &["none"]), timeout],
            ),
        ),
    ];
    map("Waits until something is true, or for so long.", &keys, &["outcomes", "timeout"])
}

fn branch() -> Json {
    let arm = map(
        "One way: `when` and `do`; or `otherwise`, which stands last.",
        &[
            ("when", condition("The first arm of which this is true is taken.")),
            within(),
            ("otherwise", shared("steps", "What is done where no other arm is taken.")),
        ],
        &[],
    );
    list(
        "Ways, of which the first that is open is taken. The last is `otherwise`.",
        exactly_one(arm, &["when", "otherwise"]),
    )
}

fn split() -> Json {
    let mut share = text("A part of everybody. All parts add up to 100%.", &["50%"]);
    share["pattern"] = json!(r"^[0-9]{1,3}(\.[0-9]{1,2})?%$");
    let long = map("An arm with steps.", &[("share", share.clone()), within()], &["share"]);
    let arm = either("A share alone, or with what is done.", &[share, long]);
    named("Ways by name. The same person always goes the same one.", &name_pattern(), arm)
}
