//! `audit` and `replay` beside a real server and its database.

use std::process::Output;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use super::{Folder, complained, lived_in, said};
use crate::live::{BEARER, Client, Live};
use crate::store::harness::block_on;

fn ask(folder: &Folder, live: &Live, arguments: &[&str]) -> Output {
    let mut command = folder.command(arguments);
    command.env("ANTIPHON_APP_KEY", "app").env("ANTIPHON_URL", format!("http://{}", live.address));
    command.output().unwrap()
}

fn tamper(folder: &Folder, sql: &'static str) {
    block_on(async {
        let options = SqliteConnectOptions::new().filename(folder.0.join("antiphon.db"));
        let mut database = SqliteConnection::connect_with(&options).await.unwrap();
        database.execute(sql).await.unwrap();
        database.close().await.unwrap();
    });
}

#[test]
fn an_audit_finds_what_was_changed_and_puts_it_right_when_asked() {
    let folder = Folder::new();
    let (live, mut client) = lived_in(&folder);
    let healthy = ask(&folder, &live, &["audit", "--all"]);
    assert_eq!((said(&healthy).as_str(), healthy.status.code()), ("1 person, 0 differences\n", Some(0)));
    tamper(&folder, "DELETE FROM memberships WHERE segment_id = (SELECT id FROM segments WHERE name = 'said-yes')");
    let found = ask(&folder, &live, &["audit", "--sample", "10"]);
    let text = said(&found);
    assert_eq!(found.status.code(), Some(1), "{text}");
    assert!(text.contains("  said-yes: the table of memberships says out, but the log says in\n"), "{text}");
    assert!(text.contains("    since ") && text.contains(": inbound_message at "), "{text}");
    assert!(text.ends_with("1 person, 1 difference\n"), "{text}");
    let repaired = said(&ask(&folder, &live, &["audit", "--all", "--repair"]));
    assert!(repaired.ends_with("1 person, 1 difference, 1 person put right\n"), "{repaired}");
    assert_eq!(ask(&folder, &live, &["audit", "--all"]).status.code(), Some(0));
    let activity = said(&ask(&folder, &live, &["activity"]));
    assert!(
        activity.contains("ana  audit: said-yes: the table of memberships says out, but the log says in\n"),
        "{activity}"
    );
    assert!(activity.contains("but the log says in; put right\n"), "{activity}");
    assert!(activity.contains("entered segment said-yes  (put right: it was not what the log gives)\n"), "{activity}");
    let metrics = client.send("GET", "/metrics", &[("authorization", BEARER)], "").unwrap().1;
    for line in ["antiphon_audit_drift_total 2\n", "antiphon_audit_repaired_total 1\n", "antiphon_events_total "] {
        assert!(metrics.contains(line), "{metrics}");
    }
    let as_json = said(&ask(&folder, &live, &["audit", "--format", "json"]));
    let as_json: serde_json::Value = serde_json::from_str(&as_json).unwrap();
    assert_eq!((&as_json["number"], &as_json["drifts"]), (&5.into(), &0.into()));
}

#[test]
fn a_replay_waits_for_the_server_to_be_gone_and_shows_what_does_not_come_out() {
    let folder = Folder::new();
    let (mut live, client) = lived_in(&folder);
    let refused = folder.run(&["replay"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complained(&refused).contains("another process is writing to"), "{}", complained(&refused));
    drop::<Client>(client);
    live.kill();
    let alike = folder.run(&["replay"]);
    assert_eq!(alike.status.code(), Some(0), "{}{}", said(&alike), complained(&alike));
    assert!(said(&alike).starts_with("1 people folded again, "), "{}", said(&alike));
    assert!(said(&alike).contains(": 0 differences\n"), "{}", said(&alike));
    tamper(&folder, "DELETE FROM memberships");
    let differs = folder.run(&["replay"]);
    assert_eq!(differs.status.code(), Some(1));
    assert!(said(&differs).contains("said-yes: the table of memberships says out, but the log says in\n"));
}

#[test]
fn how_many_is_a_number_from_one_on() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["audit", "--sample", "0"]).status.code(), Some(2));
    assert_eq!(folder.run(&["audit", "--all", "--sample", "5"]).status.code(), Some(2));
}
