//! The verbs about rule sets, against a running server.

use std::process::{Command, Output};

use snapbox::{assert_data_eq, str};

use super::{Folder, Stream, complained, get, said};
use crate::live::{BASIC, Client, Live, text_message};

const RULES: &str = r#"version: 1
segments:
  said-yes:
    when: |
      replied "YES" ever
campaigns:
  ask:
    state: live
    trigger:
      event: |
        performed "booked"
    steps:
      - id: wait
        wait_until:
          outcomes:
            - name: answered
              when: |
                replied since entry
              do:
                - update_person: {asked_by: "first"}
          timeout:
            after: 2 days
            do: [{exit: no-answer}]
"#;

const WRONG: &str = "version: 1\nsegments:\n  a:\n    when: |\n      repplied YES within 2 days\n";

/// A verb in `folder` that asks the server.
fn ask(folder: &Folder, live: &Live, arguments: &[&str]) -> Output {
    let mut command: Command = folder.command(arguments);
    let url = format!("http://{}", live.address);
    command.env("ANTIPHON_APP_KEY", "app").env("ANTIPHON_URL", url).output().unwrap()
}

/// A server whose folder of rules is not the one that is published from.
fn server(rules: &str) -> (Folder, Folder, Live, Client) {
    let (home, desk) = (Folder::new(), Folder::new());
    home.write("rules/it.yaml", rules);
    desk.write("rules/it.yaml", rules);
    let live = Live::start(&home.0, &[]);
    let client = Client::open(live.address).unwrap();
    (home, desk, live, client)
}

fn reply(client: &mut Client, id: &str, text: &str) {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap();
    assert_eq!(client.webhook(&text_message(id, "12025550142", now, text)).unwrap(), 200);
}

#[test]
fn rules_are_published_listed_and_brought_back() {
    let (_home, desk, live, _client) = server(RULES);
    let same = ask(&desk, &live, &["publish"]);
    assert_data_eq!(said(&same), "version 1 is active already\n");
    desk.write("rules/it.yaml", RULES.replace("YES", "SURE"));
    let stored = ask(&desk, &live, &["publish", "--store"]);
    assert_data_eq!(said(&stored), "version 2 is stored; version 1 stays active\n");
    let published = ask(&desk, &live, &["publish", "rules"]);
    assert_data_eq!(said(&published), "version 2 is active: 1 file, 1 segment, 1 campaign\n");
    assert_eq!(published.status.code(), Some(0));

    let shown = ask(&desk, &live, &["rules", "show", "1", "--out", "old"]);
    assert_data_eq!(said(&shown), "wrote old/it.yaml\n");
    assert_eq!(std::fs::read_to_string(desk.0.join("old/it.yaml")).unwrap(), RULES);
    let again = ask(&desk, &live, &["rules", "show", "1", "--out", "old"]);
    assert_eq!((again.status.code(), complained(&again).contains("nothing was written")), (Some(1), true));
    assert!(said(&ask(&desk, &live, &["rules", "show", "2"])).starts_with("# it.yaml\nversion: 1\n"));

    let older = ask(&desk, &live, &["publish", "old"]);
    assert_eq!(older.status.code(), Some(1));
    assert!(complained(&older).contains("this is version 1, older than version 2"), "{}", complained(&older));
    let forced = ask(&desk, &live, &["publish", "old", "--force", "--format", "json"]);
    let forced: serde_json::Value = serde_json::from_str(&said(&forced)).unwrap();
    assert_eq!((&forced["outcome"], &forced["version"]), (&"activated".into(), &3.into()));

    let list = said(&ask(&desk, &live, &["rules", "list"]));
    assert_data_eq!(
        list,
        str![[r#"
version          since                 files  segments  campaigns  schedules
3        active  [..]Z  1      1         1          0
2                [..]Z  1      1         1          0
1                [..]Z  1      1         1          0

"#]]
    );
    let newest = said(&ask(&desk, &live, &["rules", "list", "--limit", "1", "--json"]));
    let newest: serde_json::Value = serde_json::from_str(&newest).unwrap();
    assert_eq!((&newest["version"], &newest["active"]), (&3.into(), &true.into()));
}

#[test]
fn complaints_of_a_server_look_as_those_of_check() {
    let (_home, desk, live, mut client) = server(RULES);
    desk.write("rules/it.yaml", WRONG);
    let checked = desk.run(&["check"]);
    for verb in ["publish", "plan"] {
        let refused = ask(&desk, &live, &[verb]);
        assert_eq!(refused.status.code(), Some(1), "{verb}");
        assert_eq!(said(&refused), said(&checked), "{verb}");
    }
    let github = ask(&desk, &live, &["publish", "--format", "github"]);
    assert!(said(&github).contains("::error file=rules/it.yaml,line=5,"), "{}", said(&github));
    // What only the server can know: that a name was there before.
    desk.write(
        "rules/it.yaml",
        RULES.replace("  said-yes:\n", "  calm:\n    when: |\n      not in segment \"said-yes\"\n  said-yes:\n"),
    );
    assert_eq!(ask(&desk, &live, &["publish"]).status.code(), Some(0));
    desk.write("rules/it.yaml", "version: 1\nsegments:\n  calm:\n    when: |\n      not in segment \"said-yes\"\n");
    let removed = ask(&desk, &live, &["plan"]);
    assert_eq!(removed.status.code(), Some(1));
    assert!(
        said(&removed).contains("error[E0303]") && said(&removed).contains("rules/it.yaml:5:22"),
        "{}",
        said(&removed)
    );
    desk.write("rules/it.yaml", [0x76, 0xff]);
    let unreadable = ask(&desk, &live, &["publish"]);
    assert!(said(&unreadable).contains("E0905"), "{}", said(&unreadable));
    assert_eq!(get(&mut client, "/antiphon/rules")["rules"][0]["version"], 2);
}

#[test]
fn a_journey_keeps_its_version_through_a_publication() {
    let (_home, desk, live, mut client) = server(RULES);
    assert_eq!(client.identify("ana", r#"{"phone":"+12025550142"}"#).unwrap(), 200);
    let booked = |client: &mut Client, who: &str| {
        let path = format!("/api/v1/customers/{who}/events");
        client.send("POST", &path, &[("authorization", BASIC)], r#"{"name":"booked"}"#).unwrap().0
    };
    assert_eq!(booked(&mut client, "ana"), 200);
    desk.write("rules/it.yaml", RULES.replace("first", "second").replace("YES", "SURE"));
    assert_eq!(ask(&desk, &live, &["publish"]).status.code(), Some(0));
    reply(&mut client, "wamid.1", "Sure");
    let of = |client: &mut Client, who: &str, what: &str| get(client, &format!("/v1/customers/{who}/{what}"));
    assert_eq!(of(&mut client, "ana", "attributes")["customer"]["attributes"]["asked_by"], "first");
    assert_eq!(of(&mut client, "ana", "segments")["segments"][0]["name"], "said-yes", "segments are those of now");
    assert_eq!(booked(&mut client, "ana"), 200);
    reply(&mut client, "wamid.2", "hm");
    assert_eq!(of(&mut client, "ana", "attributes")["customer"]["attributes"]["asked_by"], "second");
}

/// Nobody touches Ana: it is the new rules that bring her in.
#[test]
fn everybody_is_brought_up_to_what_was_published() {
    let (_home, desk, live, mut client) = server(RULES);
    assert_eq!(client.identify("ana", r#"{"phone":"+12025550142"}"#).unwrap(), 200);
    let page = get(&mut client, "/antiphon/activity?limit=1");
    let mut stream = Stream::open(&live, page["live"].as_str().unwrap());
    desk.write("rules/it.yaml", RULES.replace("campaigns:", "  everybody:\n    when: |\n      everyone\ncampaigns:"));
    assert_eq!(ask(&desk, &live, &["publish"]).status.code(), Some(0));
    assert_eq!(stream.item()["kind"], "rules_activated");
    let item = stream.item();
    assert_eq!((&item["kind"], &item["person"]["id"]), (&"segment_entered".into(), &"ana".into()), "{item}");
    assert_eq!(get(&mut client, "/v1/customers/ana/segments")["segments"][0]["name"], "everybody");
}

#[test]
fn a_plan_says_who_would_enter_and_blocks_what_is_too_much() {
    let (_home, desk, live, mut client) = server(RULES);
    for (who, phone) in [("ana", "+12025550142"), ("bo", "+12025550143")] {
        assert_eq!(client.identify(who, &format!(r#"{{"phone":"{phone}"}}"#)).unwrap(), 200);
    }
    reply(&mut client, "wamid.1", "Sure");
    assert_data_eq!(said(&ask(&desk, &live, &["plan"])), "Nothing changes against version 1.\n");
    desk.write(
        "rules/it.yaml",
        RULES
            .replace("\"YES\"", "any of [\"yes\", \"sure\"]")
            .replace("campaigns:", "  everybody:\n    when: |\n      everyone\ncampaigns:"),
    );
    let plan = ask(&desk, &live, &["plan", "--max-enter", "1"]);
    assert_eq!(plan.status.code(), Some(1));
    assert_data_eq!(
        said(&plan),
        str![[r#"
+ segment everybody
    enter 2   leave 0   stay 0
    enters ana: nothing they did
    enters bo: nothing they did
~ segment said-yes
    - at some time they sent a reply that said "YES" and nothing else (case, accents and punctuation ignored)
    + at some time they sent a reply that said one of "yes", "sure" and nothing else (case, accents and punctuation ignored)
    enter 1   leave 0   stay 0
    enters ana: replied "Sure", [..] ago
Backfill: 2 people, 3 events read.
1 changed, 1 added, 0 removed, against version 1.
Blocked: --max-enter 1 exceeded by everybody

"#]]
    );
    let fine = ask(&desk, &live, &["plan", "--max-enter", "2", "--format", "json"]);
    assert_eq!(fine.status.code(), Some(0));
    let fine: serde_json::Value = serde_json::from_str(&said(&fine)).unwrap();
    assert_eq!(
        (&fine["version"], &fine["cost"]["people"], &fine["blocked_by"]),
        (&1.into(), &2.into(), &serde_json::json!([]))
    );
    assert_eq!(get(&mut client, "/antiphon/rules")["rules"].as_array().unwrap().len(), 1, "nothing was published");
    assert_eq!(get(&mut client, "/v1/customers/ana/segments")["segments"], serde_json::json!([]));
}
