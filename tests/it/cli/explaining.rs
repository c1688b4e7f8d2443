//! `explain` for a person and a rule, and the route behind it: a real server, its answers and its refusals.

use std::process::Output;

use antiphon::explain::{Explained, Explanation};
use serde_json::Value as Json;

use super::{Folder, complained, get, lived_in, said};
use crate::live::{BASIC, BEARER, Client, Live};

fn explain(folder: &Folder, live: &Live, arguments: &[&str]) -> Output {
    let mut command = folder.command(&["explain"]);
    command.args(arguments).env("ANTIPHON_APP_KEY", "app");
    command.env("ANTIPHON_URL", format!("http://{}", live.address)).output().unwrap()
}

/// What is refused: status, field and message.
fn refused(client: &mut Client, path: &str) -> (u16, String, String) {
    let (status, body) = client.send("GET", path, &[("authorization", BEARER)], "").unwrap();
    let body: Json = serde_json::from_str(&body).unwrap();
    let error = &body["errors"][0];
    assert_eq!(error["status"], status.to_string(), "{body}");
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (status, text("field"), text("message"))
}

#[test]
fn a_person_and_a_rule_are_explained_on_a_terminal() {
    let folder = Folder::new();
    let (live, _client) = lived_in(&folder);
    let yes = explain(&folder, &live, &["ana", "said-yes"]);
    assert_eq!(yes.status.code(), Some(0), "{}", complained(&yes));
    let text = said(&yes);
    assert!(text.starts_with("IN   said-yes   ana at "), "{text}");
    assert!(text.contains("\"Yes!\" → [yes]"), "{text}");
    // By a number and by the id that never changes it is the same person.
    let json = explain(&folder, &live, &["+12025550142", "segment:said-yes", "--format", "json"]);
    let explanation: Explanation = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(explanation.person.id.as_deref(), Some("ana"));
    let Explained::Segment(segment) = &explanation.explained else { panic!("{explanation:?}") };
    assert!(segment.is_in && segment.since_is_exact);
    let cio_id = format!("cio_{}", explanation.person.cio_id);
    // The very second in which they came in, and the one before it.
    let since = segment.since.0;
    let then = explain(&folder, &live, &[&cio_id, "said-yes", "--at", &since.rfc3339()]);
    assert!(said(&then).starts_with("IN "), "{}", said(&then));

    let wrong = explain(&folder, &live, &["ana", "said-yse"]);
    assert_eq!(wrong.status.code(), Some(1));
    let why = "answers 404: there is no rule `said-yse`; did you mean `said-yes`?\n";
    assert!(complained(&wrong).ends_with(why), "{}", complained(&wrong));
    let future = explain(&folder, &live, &["ana", "said-yes", "--at", "2999-01-01T00:00Z"]);
    assert!(complained(&future).contains("422: at: must be an instant that has come"), "{}", complained(&future));
    // An instant belongs to a rule.
    assert_eq!(explain(&folder, &live, &["E0203", "--at", "2026-01-01T00:00Z"]).status.code(), Some(2));
}

#[test]
fn a_server_that_is_not_there_is_said_to_be() {
    let folder = Folder::new();
    let no_key = folder.run(&["explain", "ana", "said-yes"]);
    assert_eq!(no_key.status.code(), Some(1));
    assert!(complained(&no_key).contains("there is no app key"), "{}", complained(&no_key));
    let mut nobody = folder.command(&["explain", "ana", "said-yes"]);
    nobody.env("ANTIPHON_APP_KEY", "app").env("ANTIPHON_URL", "http://127.0.0.1:9");
    let nobody = nobody.output().unwrap();
    assert!(complained(&nobody).contains("is `antiphon serve` running?"), "{}", complained(&nobody));
}

#[test]
fn the_route_answers_with_data_and_refuses_with_reasons() {
    let folder = Folder::new();
    let (live, mut client) = lived_in(&folder);
    let path = "/antiphon/people/ana/explain";
    let found = get(&mut client, &format!("{path}?rule=said-yes"));
    assert_eq!((&found["kind"], &found["in"], &found["rule"]), (&"segment".into(), &true.into(), &"said-yes".into()));
    assert_eq!(found["condition"]["holds"], true);
    assert_eq!(found["condition"]["counted"][0]["tokens"], serde_json::json!(["yes"]));
    let since = found["since"].as_str().unwrap().replace('Z', "+00:00");
    // A plus that is not escaped is meant all the same.
    assert_eq!(get(&mut client, &format!("{path}?rule=said-yes&at={since}"))["at"], found["since"]);

    let is = |status: u16, field: &str, message: &str| (status, field.to_owned(), message.to_owned());
    let instant = "must be an instant with its zone, such as `2026-03-28T20:00:00+01:00`";
    for (asked, answer) in [
        (path.to_owned(), is(400, "rule", "name a segment or a campaign")),
        (format!("{path}?rule=said-ys"), is(404, "", "there is no rule `said-ys`; did you mean `said-yes`?")),
        (format!("{path}?rule=zzz"), is(404, "", "there is no rule `zzz`")),
        ("/antiphon/people/nobody/explain?rule=said-yes".to_owned(), is(404, "", "there is no such person")),
        ("/antiphon/people/cio_nobody/explain?rule=said-yes".to_owned(), is(404, "", "there is no such person")),
        (format!("{path}?rule=said-yes&at=yesterday"), is(422, "at", instant)),
        (format!("{path}?rule=said-yes&at=2026-11-24T10:00"), is(422, "at", instant)),
        (
            format!("{path}?rule=said-yes&at=2999-01-01T00:00:00Z"),
            is(422, "at", "must be an instant that has come: what will be is not explained"),
        ),
        (
            format!("{path}?rule=thanks"),
            is(422, "rule", "campaign `thanks` is a draft: it starts nothing, so there is nothing to explain"),
        ),
    ] {
        assert_eq!(refused(&mut client, &asked), answer, "{asked}");
    }
    let (status, field, message) = refused(&mut client, &format!("{path}?rule=said-yes&at=2001-01-01T00:00Z"));
    assert_eq!((status, field.as_str()), (422, "at"));
    assert!(message.starts_with("the person was not known yet"), "{message}");
    for headers in [vec![], vec![("authorization", BASIC)], vec![("authorization", "Bearer wrong")]] {
        let (status, body) = client.send("GET", &format!("{path}?rule=said-yes"), &headers, "").unwrap();
        assert_eq!(status, 401, "{body}");
        assert!(!body.contains("Yes!"), "{body}");
    }
    drop(live);
}
