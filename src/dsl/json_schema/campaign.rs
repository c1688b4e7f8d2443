//! Campaigns: everything but their steps.

use serde_json::{Value as Json, json};

use super::names::Names;
use super::parts::{
    boolean, clock, condition, exactly_one, length, map, name_of, number, shared, text, words, words_or,
};
use crate::dsl::envelope::campaigns::START_AT_MOST_MAX;

pub fn campaign(names: &Names) -> Json {
    let keys = [
        ("title", text("What people call it.", &[])),
        (
            "state",
            words(
                "`draft` writes down what it would do and does nothing; `paused` starts nothing, and its journeys stand \
                 still.",
                &["draft", "live", "paused"],
            ),
        ),
        ("trigger", trigger(names)),
        ("filter", condition("Only people of whom this is true when it is triggered.")),
        ("entry", entry()),
        ("limit", name_of("A limit of the schema, which caps messages per person.", &names.limits)),
        ("send_window", send_window()),
        (
            "exit",
            map(
                "Ends a journey early.",
                &[("when", condition("As soon as this is true, the journey ends."))],
                &["when"],
            ),
        ),
        ("goal", goal()),
        (
            "grace",
            length(
                "How long deadlines wait for what arrives late. As in the schema, where nothing is said.",
                &["2 minutes"],
            ),
        ),
        ("on_deploy", on_deploy()),
        ("steps", shared("steps", "What it does, in order.")),
    ];
    map("A campaign: what starts it, for whom, and its steps.", &keys, &["state", "trigger", "steps"])
}

fn trigger(names: &Names) -> Json {
    let keys = [
        (
            "event",
            text(
                "Each such event. An event alone, without how often and when.",
                &[
                    "performed \"appointment_booked\"",
                    "replied any of affirm to campaign \"ask\"",
                    "replied where answers is missing",
                ],
            ),
        ),
        ("becomes", condition("Each time this changes from false to true.")),
        (
            "each",
            text(
                "Each time a sequence becomes complete, or it is decided that something did not come.",
                &["was sent campaign \"ask\" then not replied to it within 2 days"],
            ),
        ),
        ("schedule", name_of("Each time this schedule comes round, for each of its people.", &names.schedules)),
        ("api", boolean("Started through the API, whose data is `event`.", true)),
        (
            "max_event_age",
            length("What arrives later than this starts nothing. 1 day, where nothing is said.", &["1 day"]),
        ),
    ];
    exactly_one(
        map("What starts it: exactly one of `event`, `becomes`, `each`, `schedule`, `api`.", &keys, &[]),
        &["event", "becomes", "each", "schedule", "api"],
    )
}

fn entry() -> Json {
    let keys = [
        (
            "frequency",
            text(
                "How often one person may start it. Every time, where nothing is said.",
                &["every time", "once", "once per 30 days"],
            ),
        ),
        (
            "key",
            text(
                "One running journey per person and value of this path. Without it, one per person.",
                &["event.appointment_id"],
            ),
        ),
        (
            "if_running",
            words_or(
                "`keep`: a start is refused while a journey with this key runs. `restart`: it ends, and another begins.",
                &["keep", "restart"],
                "keep",
            ),
        ),
    ];
    map("How often a person may start it, and what counts as the same start.", &keys, &[])
}

fn send_window() -> Json {
    let keys = [
        ("from", clock("Messages leave from this time on.", "09:00")),
        ("to", clock("And before this one.", "18:00")),
        ("time_zone", text("`person`, or an IANA name.", &["person", "Europe/Berlin"])),
        (
            "outside",
            words_or(
                "Whether a message outside the window waits until it opens, or is left out.",
                &["wait", "skip"],
                "wait",
            ),
        ),
    ];
    map("When messages may leave.", &keys, &["from", "to"])
}

fn goal() -> Json {
    let keys = [
        ("when", condition("What the campaign is for. It is noted once for a journey.")),
        ("within", length("So long after the start it still counts.", &["3 days"])),
        ("then", words_or("Whether the journey goes on then.", &["continue", "exit"], "continue")),
    ];
    map("What the campaign is for.", &keys, &["when"])
}

fn on_deploy() -> Json {
    let keys = [
        (
            "start",
            words_or(
                "Whether people who match already when the campaign is published start it. Only with the trigger `becomes`.",
                &["none", "matching"],
                "none",
            ),
        ),
        ("at_most", number("No more people than this; needed with `matching`.", 1, START_AT_MOST_MAX)),
    ];
    let mut out = map("Who starts it when it is published.", &keys, &["start"]);
    out["if"] = json!({"properties": {"start": {"const": "matching"}}});
    out["then"] = json!({"required": ["at_most"]});
    out
}
