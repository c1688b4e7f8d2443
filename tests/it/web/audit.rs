//! `/antiphon/audit` and `/metrics`.

use antiphon::rollout::audit::{Asked, Scope};
use serde_json::{Value as Json, json};

use super::harness::{APP, Server, TRACK};

async fn shown(server: &Server) -> Json {
    let answer = server.ask("GET /antiphon/audit", &[APP], "").await;
    assert_eq!(answer.status, 200);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn an_audit_is_asked_for_and_a_second_one_is_not_begun() {
    let server = Server::start().await;
    assert_eq!(shown(&server).await["audit"], Json::Null);
    let begun = server.ask("POST /antiphon/audit", &[APP], r#"{"sample": 5, "repair": true}"#).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let begun: Json = serde_json::from_str(&begun.body).unwrap();
    assert_eq!((&begun["audit"]["number"], &begun["audit"]["ended"]), (&json!(1), &Json::Null));
    assert_eq!((&begun["audit"]["sample"], &begun["audit"]["repair"]), (&json!(5), &json!(true)));
    let second = server.ask("POST /antiphon/audit", &[APP], "").await;
    assert_eq!(second.status, 409);
    assert!(second.body.contains("an audit is under way"), "{}", second.body);
    assert_eq!(shown(&server).await["audit"], begun["audit"]);
    assert_eq!(server.audits.latest().map(|r| r.asked), Some(Asked { scope: Scope::Sample(5), repair: true }));
}

#[tokio::test]
async fn without_a_word_a_thousand_people_are_looked_at() {
    let server = Server::start().await;
    assert_eq!(server.ask("POST /antiphon/audit", &[APP], "").await.status, 202);
    let asked = server.audits.latest().map(|report| report.asked);
    assert_eq!(asked, Some(Asked { scope: Scope::Sample(1_000), repair: false }));
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_said_and_nothing_begins() {
    let server = Server::start().await;
    for body in [
        r#"{"sample": 0}"#,
        r#"{"sample": "x"}"#,
        r#"{"all": false}"#,
        r#"{"all": true, "sample": 3}"#,
        r#"{"repair": 1}"#,
        r#"{"everybody": true}"#,
        "[]",
    ] {
        assert_eq!(server.ask("POST /antiphon/audit", &[APP], body).await.status, 400, "{body}");
    }
    assert_eq!(server.audits.latest(), None);
    assert_eq!(server.ask("POST /antiphon/audit", &[TRACK], "").await.status, 401);
}

#[tokio::test]
async fn metrics_are_for_who_has_the_app_key() {
    let server = Server::start().await;
    assert_eq!(server.ask("GET /metrics", &[], "").await.status, 401);
    assert_eq!(server.ask("GET /metrics", &[TRACK], "").await.status, 401);
    server.metrics.audit_people.inc();
    let answer = server.ask("GET /metrics", &[APP], "").await;
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type");
    assert_eq!(kind, Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(answer.body.contains("\nantiphon_audit_people_total 1\n"), "{}", answer.body);
}
