//! Files with segments, campaigns and schedules.

use serde_json::{Value as Json, json};

use super::campaign::campaign;
use super::names::Names;
use super::parts::{
    boolean, condition, document, either, exactly_one, length, list, map, name_of, name_pattern, named, shared, text,
    version, words, words_or,
};
use super::steps::steps;

pub fn file(names: &Names) -> Json {
    let pattern = name_pattern();
    let keys = [
        ("version", version()),
        ("segments", named("Segments by name: who is in each.", &pattern, segment())),
        ("campaigns", named("Campaigns by name: what starts each, and its steps.", &pattern, shared("campaign", ""))),
        ("schedules", named("Schedules by name: what happens at certain local times.", &pattern, schedule(names))),
    ];
    let mut root = map("", &keys, &["version"]);
    root["anyOf"] = json!([{"required": ["segments"]}, {"required": ["campaigns"]}, {"required": ["schedules"]}]);
    document(
        "Rules of Antiphon",
        "Segments, campaigns and schedules.",
        root,
        &[("campaign", campaign(names)), ("steps", steps(names))],
    )
}

fn segment() -> Json {
    let keys = [
        ("title", text("What people call it.", &[])),
        ("owner", text("Who answers for it.", &["lifecycle@acme.example"])),
        ("when", condition("Whoever this is true of is in the segment, at every second.")),
        ("kind", words("`manual`: its members come from the API and from `manual_segment` steps.", &["manual"])),
        (
            "grace",
            length(
                "How long a verdict that something did not come waits for what arrives late. As in the schema, \
                    where nothing is said.",
                &["0 seconds", "5 minutes"],
            ),
        ),
    ];
    exactly_one(map("A segment: a condition, or `kind: manual`.", &keys, &[]), &["when", "kind"])
}

fn schedule(names: &Names) -> Json {
    let keys = [
        (
            "cron",
            text(
                "`minute hour day month weekday`. Weekdays by name; where a day and a weekday are given, both must hold.",
                &["0 9 * * mon", "30 3 * * *", "0 8-18/2 * * mon-fri"],
            ),
        ),
        (
            "time_zone",
            text(
                "Whose local times: `person`, each in their own zone; or an IANA name. The zone of the schema, where \
                  nothing is said.",
                &["person", "Europe/Berlin", "UTC"],
            ),
        ),
        (
            "for_each",
            condition(
                "The campaigns that name this schedule start for each person this is true of. One of its parts \
                       is a segment.",
            ),
        ),
        (
            "recheck",
            either(
                "Computes the members of segments again from the log.",
                &[words("All segments.", &["all"]), list("These segments.", name_of("A segment.", &names.segments))],
            ),
        ),
        ("repair", boolean("Whether differences that a recheck finds are repaired, or only reported.", true)),
        (
            "missed",
            words_or("What becomes of a time that was missed while no server ran.", &["run once", "skip"], "run once"),
        ),
        ("max_lateness", length("A missed time is made up for if it is at most so old.", &["1 hour"])),
        ("spread", length("Each person has a fixed place of their own within this length.", &["30 minutes"])),
    ];
    exactly_one(map("A schedule: `cron`, and what is done then.", &keys, &["cron"]), &["for_each", "recheck"])
}
