//! What calls of the Track API hand to the intake, and the odd ways in which clients write them.

use antiphon::intake::{Identify, Item, Track};
use antiphon::model::person::Handle;
use antiphon::model::time::Second;
use serde_json::json;

use super::harness::{APP, Server, TRACK};

async fn identify(server: &Server, id: &str, body: &str) -> Identify {
    let answer = server.ask(&format!("PUT /api/v1/customers/{id}"), &[TRACK], body).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}\n"), "{id}");
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-cache, no-store, must-revalidate, max-age=0"));
    match server.taken().pop() {
        Some(Item::Identify(identify)) => identify,
        other => panic!("{other:?}"),
    }
}

async fn track(server: &Server, line: &str, body: &str) -> Track {
    assert_eq!(server.ask(line, &[TRACK], body).await.status, 200, "{body}");
    match server.taken().pop() {
        Some(Item::Track(track)) => track,
        other => panic!("{other:?}"),
    }
}

fn external(id: &str) -> Handle {
    Handle::ExternalId(id.to_owned())
}

#[tokio::test]
async fn identifiers_are_decoded_once_segment_by_segment() {
    let server = Server::start().await;
    for (written, meant) in [
        ("u1", "u1"),
        ("u1/", "u1"),
        ("a%20b", "a b"),
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("%C3%A9%F0%9F%91%8D", "é👍"),
        ("100%25", "100%"),
        ("100%", "100%"),
        ("a+b", "a+b"),
        ("é", "é"),
        ("+15550100142", "+15550100142"),
    ] {
        assert_eq!(identify(&server, written, "{}").await.handle, external(meant), "{written}");
    }
    assert_eq!(identify(&server, "Ana%40X.org", "").await.handle, Handle::Email("ana@x.org".to_owned()));
    let cio_id = "01jd0z8xk3f09a2d11b7q4m5n6";
    let Handle::CioId(id) = identify(&server, &format!("cio_{cio_id}"), "{}").await.handle else { panic!("a cio_id") };
    assert_eq!(id.to_string().to_lowercase(), cio_id);
    // One of nobody: fine, and nothing to do.
    assert_eq!(server.ask("PUT /api/v1/customers/cio_nobody", &[TRACK], "{}").await.status, 200);
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn reserved_keys_are_taken_for_what_they_mean() {
    let server = Server::start().await;
    let body = json!({
        "_update": true, "_timestamp": 1_795_334_400, "cio_relationships": {"x": 1},
        "cio_subscription_preferences": {}, "cio_subscription_preferences.topics.a": true,
        "unsubscribed": "TRUE", "plan": "pro", "gone": null, "nested": {"a": [1]}, "created_at": 7,
    });
    let taken = identify(&server, "u1", &body.to_string()).await;
    assert!(taken.update_only);
    assert_eq!(taken.at, Some(Second(1_795_334_400)));
    let attributes = serde_json::Value::Object(taken.attributes);
    let meant = json!({"unsubscribed": true, "plan": "pro", "gone": null, "nested": {"a": [1]}, "created_at": 7});
    assert_eq!(attributes, meant);
    for (written, meant) in [(json!(1), true), (json!("1"), true), (json!("no"), false), (json!(null), false)] {
        let body = json!({"unsubscribed": written}).to_string();
        assert_eq!(identify(&server, "u1", &body).await.attributes["unsubscribed"], json!(meant), "{body}");
    }
}

#[tokio::test]
async fn events_are_read_generously() {
    let server = Server::start().await;
    let line = "POST /api/v1/customers/u1/events";
    let first =
        track(&server, line, r#"{"name":" signed up ","id":"e1","timestamp":"1795334400","data":{"a":1},"x":2}"#).await;
    assert_eq!((first.handle, first.name.as_str(), first.id.as_str()), (Some(external("u1")), "signed up", "e1"));
    assert_eq!((first.at, first.data["a"].clone()), (Some(Second(1_795_334_400)), json!(1)));
    for data in ["", r#","data":null"#, r#","data":{}"#] {
        assert!(track(&server, line, &format!(r#"{{"name":"n"{data}}}"#)).await.data.is_empty());
    }
    // Without an id every call is a new event.
    let (a, b) = (track(&server, line, r#"{"name":"n"}"#).await.id, track(&server, line, r#"{"name":"n"}"#).await.id);
    assert_ne!(a, b);
    for (written, meant) in
        [("1795334400123", Some(1_795_334_400)), ("\"soon\"", None), ("-1", None), ("null", None), ("1e30", None)]
    {
        let body = format!(r#"{{"name":"n","timestamp":{written}}}"#);
        assert_eq!(track(&server, line, &body).await.at, meant.map(Second), "{written}");
    }
    let page = track(&server, line, r#"{"name":"https://x.org/a?b","type":"page"}"#).await;
    assert_eq!(page.name, "https://x.org/a?b");
    let anonymous = track(&server, "POST /api/v1/events", r#"{"name":"n","anonymous_id":"a","id":"e2"}"#).await;
    assert_eq!((anonymous.handle, anonymous.id.as_str()), (None, "e2"));
}

#[tokio::test]
async fn bodies_that_are_not_asked_for_are_read_and_ignored() {
    let server = Server::start().await;
    let json = "content-type: application/json";
    assert_eq!(server.ask("DELETE /api/v1/customers/u1", &[TRACK, json], "{}").await.status, 200);
    assert!(matches!(server.taken().as_slice(), [Item::Erase(handle)] if *handle == external("u1")));
    for headers in [vec![APP, json], vec![APP, "content-length: 0"], vec![APP]] {
        assert_eq!(server.ask("GET /v1/segments", &headers, "").await.status, 200);
    }
    assert_eq!(server.ask("GET /v1/segments", &[APP, json], "{}").await.status, 200);
    assert_eq!(server.ask("POST /api/v1/customers/u1/suppress", &[TRACK], "").await.status, 501);
}

#[tokio::test]
async fn the_region_is_this_server() {
    let server = Server::start().await;
    let answer = server.ask("GET /api/v1/accounts/region", &[TRACK], "").await;
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(json, json!({"url": "https://antiphon.example", "region": "us", "environment_id": 1}));
}

#[tokio::test]
async fn an_empty_installation_answers_empty_lists() {
    let server = Server::start().await;
    for (path, body) in [
        ("/v1/segments", r#"{"segments":[]}"#),
        ("/v1/customers?email=A@x.org", r#"{"results":[]}"#),
        ("/v1/customers?phone=%2B12025550142", r#"{"results":[]}"#),
        ("/v1/activities", r#"{"activities":[],"next":""}"#),
        ("/antiphon/activity", r#"{"activity":[],"live":"0.0.0.0","next":""}"#),
        ("/antiphon/rules", r#"{"next":"","rules":[]}"#),
        ("/ready", r#"{"ready":true,"reasons":[]}"#),
    ] {
        let answer = server.ask(&format!("GET {path}"), &[APP], "").await;
        assert_eq!((answer.status, answer.body.trim()), (200, body), "{path}");
    }
}
