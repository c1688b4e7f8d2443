//! The verbs that help authors: `describe`, `check --cost`, `schema`.

use serde_json::{Value as Json, json};
use snapbox::{assert_data_eq, str};

use super::cli::{Folder, complained, said};
use super::live::{BASIC, BEARER, Client, Live};

const RULES: &str = r#"version: 1
segments:
  yes-lately:
    title: "Said\u001b[31m YES"
    when: |
      replied YES in the last 2 days
  silent:
    when: |
      was sent campaign "winter" then not replied to it within 2 days in the last 30 days
  unread:
    when: |
      was sent campaign "free" then not read any message within 2 days in the last 30 days
campaigns:
  winter:
    state: draft
    trigger: {event: performed "booked"}
    limit: marketing
    steps:
      - send: {template: winter_offer, language: en}
  free:
    state: draft
    trigger: {event: performed "booked"}
    steps:
      - send: {template: winter_offer, language: en}
"#;

const SCHEMA: &str = "version: 1\nevents: {booked: {}}\nlists: {stop: [\"stop\"], start: [\"start\"]}\n\
                      limits: {marketing: at most 3 messages in 7 calendar days}\n";

fn written() -> Folder {
    let folder = Folder::new();
    folder.write("rules/a.yaml", RULES);
    folder.write("rules/schema.yaml", SCHEMA);
    folder
}

#[test]
fn a_rule_is_read_back_and_acts_on_no_terminal() {
    let folder = written();
    let output = folder.run(&["describe", "yes-lately"]);
    assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
    assert_data_eq!(
        said(&output),
        str![[r#"
Segment yes-lately (rules/a.yaml:3)
  Said/u{1b}[31m YES

A person is in it while
  in the last 2 days (172,800 s) they sent a reply that said "YES" and nothing else (case, accents
  and punctuation ignored)

  now − 2 days                 now
     ○────── replies count ───────┤ (this second included; the one at ○ is not)

A reply: any message of theirs to us, whether it answers one of ours or not; a reaction is none
Changes on: inbound messages
Wakes: when the newest matching reply is 2 days (172,800 s) old
State: 4 bytes per person

"#]]
    );
    let unknown = folder.run(&["describe", "yes-latly"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert_data_eq!(complained(&unknown), "antiphon: there is no rule `yes-latly`; did you mean `yes-lately`?\n");
    let nothing_like = folder.run(&["describe", "x"]);
    assert_data_eq!(
        complained(&nothing_like),
        "antiphon: there is no rule `x`; there are silent, unread, yes-lately, free, winter\n"
    );
    folder.write("rules/b.yaml", "version: 1\nsegments: {b: {when: replied YES}}");
    let broken = folder.run(&["describe", "yes-lately"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(complained(&broken).contains("E0203"), "{}", complained(&broken));
}

#[test]
fn check_says_what_rules_cost() {
    let folder = written();
    let output = folder.run(&["check", "--cost"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_data_eq!(
        said(&output),
        str![[r#"
2 files, 3 segments, 2 campaigns: 0 errors, 0 warnings

rule                state per person  longest  wakes  a backfill reads
segment silent      4 + 12 × P bytes  30 days  2      sends of campaign "winter" of the last 32 days; inbound messages of the last 32 days
segment unread      4 + 4 × P bytes   30 days  2      sends of campaign "free" of the last 32 days; read receipts of the last 32 days
segment yes-lately  4 bytes           2 days   1      inbound messages of the last 2 days
campaign free       none              none     –      nothing
campaign winter     none              none     –      nothing
Altogether at most 12 bytes per person, beside what grows: equal parts of rules are kept once.
segment silent: P is the number of messages of campaign "winter" that we sent them in the last 2 days, as far as they are still open; at most 3, as limits allow no more
warning: segment unread: P is the number of messages of campaign "free" that we sent them in the last 2 days, as far as they are still open; nothing bounds their number; `limit` is missing in campaign "free"

"#]]
    );
    let cost: Json = serde_json::from_str(&said(&folder.run(&["check", "--cost", "--format", "json"]))).unwrap();
    let silent = cost["cost"].as_array().unwrap().iter().find(|rule| rule["name"] == "silent").unwrap();
    assert_eq!(silent["bytes_per_person"], 4);
    assert_eq!(silent["growing"][0]["at_most"], 3);
    assert_eq!(silent["wakes"].as_array().map(Vec::len), Some(2));
    assert!(!said(&folder.run(&["check"])).contains("bytes"));
}

#[test]
fn schemas_are_written_for_editors_whatever_the_rules_are() {
    let folder = written();
    let output = folder.run(&["schema"]);
    assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
    assert_data_eq!(
        said(&output),
        str![[r#"
wrote .antiphon/rules.json: segments, campaigns, schedules
wrote .antiphon/schema.json: the schema
wrote .antiphon/test.json: tests

For one file, as its first line, with the path as seen from it:
  # yaml-language-server: $schema=../.antiphon/rules.json

For all files, in .vscode/settings.json or what your editor has in its place:
  "yaml.schemas": {
    "./.antiphon/rules.json": ["./rules/**/*.yaml","./rules/**/*.yml","!./rules/**/schema.yaml","!./rules/**/*.test.yaml"],
    "./.antiphon/schema.json": ["./rules/**/schema.yaml"],
    "./.antiphon/test.json": ["./rules/**/*.test.yaml"]
  }

"#]]
    );
    let read = |name: &str| -> Json {
        serde_json::from_str(&std::fs::read_to_string(folder.0.join(".antiphon").join(name)).unwrap()).unwrap()
    };
    let limits = read("rules.json")["definitions"]["campaign"]["properties"]["limit"]["examples"].clone();
    assert_eq!(limits, json!(["marketing"]));
    assert_eq!(read("test.json")["title"], "Test of Antiphon");
    folder.write("rules/broken.yaml", "version: [");
    assert_eq!(folder.run(&["schema", "--out", "elsewhere/deep"]).status.code(), Some(0));
    assert!(folder.0.join("elsewhere/deep/schema.json").is_file());
    folder.write("file", "");
    let refused = folder.run(&["schema", "--out", "file/x"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complained(&refused).starts_with("antiphon: file/x/rules.json: "), "{}", complained(&refused));
}

#[test]
fn a_schema_is_proposed_from_what_a_server_has_stored() {
    let folder = Folder::new();
    folder.write("rules/a.yaml", "version: 1\nsegments: {a: {when: everyone}}\n");
    let live = Live::start(&folder.0, &[]);
    let mut client = Client::open(live.address).unwrap();
    for n in 0..24 {
        let plan = if n % 2 == 0 { "pro" } else { "free" };
        let body = json!({"first_name": format!("Name {n}"), "plan": plan, "timezone": "Europe/Berlin"});
        assert_eq!(client.identify(&format!("p{n}"), &body.to_string()).unwrap(), 200);
    }
    let event = r#"{"name":"booked","id":"b1","data":{"starts_at":"2026-04-01T09:00:00+02:00","person":1}}"#;
    let answer = client.send("POST", "/api/v1/customers/p1/events", &[("authorization", BASIC)], event).unwrap();
    assert_eq!(answer.0, 200);

    assert_eq!(client.send("GET", "/antiphon/schema", &[("authorization", BASIC)], "").unwrap().0, 401);
    let (status, counts) = client.send("GET", "/antiphon/schema", &[("authorization", BEARER)], "").unwrap();
    assert_eq!(status, 200);
    assert!(!counts.contains("Name 1"), "{counts}");

    let mut infer = folder.command(&["schema", "--infer"]);
    let infer = infer.env("ANTIPHON_APP_KEY", "app").env("ANTIPHON_URL", format!("http://{}", live.address));
    let output = infer.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
    let schema = said(&output);
    assert_data_eq!(
        &schema,
        str![[r##"
# Proposed from 24 people and 1 event. Behind each name stands how many values looked like what; a value
# of another type counts as missing. `always_set: true` is a promise that only you can make.
version: 1
time_zone: {person: person.timezone, otherwise: UTC}   # otherwise: the zone that most people live in
phones: {default_region: US}   # for numbers without a country code
person:   # built in: id, known_since, phone, email, unsubscribed
  first_name: {type: text}   # text 24, never missing
  plan: {type: text, one_of: [free, pro]}   # text 24, never missing
  timezone: {type: text}   # text 24, never missing
events:
  booked:   # 1 seen
    # "person": a word of the language, which cannot be a name; number 1, never missing
    starts_at: {type: time}   # time 1, never missing
lists:
  stop: ["stop", "stopall", "unsubscribe", "optout"]
  start: ["start", "unstop", "subscribe"]

"##]]
    );
    folder.write("rules/schema.yaml", &schema);
    let checked = folder.run(&["check", "--deny-warnings"]);
    assert_data_eq!(said(&checked), "2 files, 1 segment, 0 campaigns: 0 errors, 0 warnings\n");
    assert_eq!(checked.status.code(), Some(0));
}
