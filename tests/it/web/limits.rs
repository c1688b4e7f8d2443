//! Every limit at its bound and one past it.

use antiphon::model::id::RulesVersion;
use antiphon::store::people::{self, StateRow};
use antiphon::web::EXPLAINED_EVENTS_MAX;

use super::harness::{APP, Server, TRACK};
use super::webhooks::signed;
use crate::store::sample::made;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_webhook_body_has_four_mebibytes_with_and_without_a_length() {
    let server = Server::start().await;
    let fits = " ".repeat(4 * MIB);
    assert_eq!(server.ask("POST /webhooks/whatsapp", &[&signed(&fits)], &fits).await.status, 200);
    let past = " ".repeat(4 * MIB + 1);
    let mut client = server.connect().await;
    let answer = client.ask("POST /webhooks/whatsapp", &[&signed(&past)], &past).await;
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));
    assert!(client.is_closed().await);

    for (bytes, status) in [(4 * MIB, 200), (4 * MIB + 1, 413)] {
        let body = " ".repeat(bytes);
        let mut client = server.connect().await;
        let head = format!(
            "POST /webhooks/whatsapp HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n{}\r\n\r\n",
            signed(&body)
        );
        client.write(head.as_bytes()).await;
        for piece in body.as_bytes().chunks(100_000) {
            client.write(format!("{:x}\r\n", piece.len()).as_bytes()).await;
            client.write(piece).await;
            client.write(b"\r\n").await;
        }
        client.write(b"0\r\n\r\n").await;
        assert_eq!(client.read().await.status, status, "{bytes} bytes in chunks");
    }
    assert_eq!(server.bodies().len(), 2);
}

#[tokio::test]
async fn who_asks_before_sending_too_much_is_told_before_sending() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let head = format!(
        "POST /webhooks/whatsapp HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        5 * MIB
    );
    client.write(head.as_bytes()).await;
    assert_eq!(client.read().await.status, 413);
}

#[tokio::test]
async fn an_api_body_has_one_mebibyte() {
    let server = Server::start().await;
    for (bytes, status) in [(MIB, 200), (MIB + 1, 413)] {
        let body = format!("{{}}{}", " ".repeat(bytes - 2));
        assert_eq!(server.ask("PUT /api/v1/customers/u1", &[TRACK], &body).await.status, status, "{bytes}");
        assert_eq!(server.ask("GET /v1/segments", &[APP], &body).await.status, status, "{bytes}");
    }
}

#[tokio::test]
async fn names_values_and_lists_have_their_limits() {
    let server = Server::start().await;
    let x = |n: usize| "x".repeat(n);
    let identify = async |id: String, body: String| {
        server.ask(&format!("PUT /api/v1/customers/{id}"), &[TRACK], &body).await.status
    };
    let track = async |body: String| server.ask("POST /api/v1/events", &[TRACK], &body).await.status;
    let many = |n: usize| {
        let all: serde_json::Map<_, _> = (0..n).map(|i| (format!("a{i}"), i.into())).collect();
        serde_json::Value::from(all).to_string()
    };
    let ids = |n: usize| format!(r#"{{"ids":[{}]}}"#, vec!["1"; n].join(","));

    assert_eq!(identify(x(150), "{}".into()).await, 200);
    assert_eq!(identify(x(151), "{}".into()).await, 400);
    assert_eq!(identify("u".into(), format!(r#"{{"{}":1}}"#, x(150))).await, 200);
    assert_eq!(identify("u".into(), format!(r#"{{"{}":1}}"#, x(151))).await, 400);
    assert_eq!(identify("u".into(), format!(r#"{{"a":"{}"}}"#, x(1000))).await, 200);
    assert_eq!(identify("u".into(), format!(r#"{{"a":"{}"}}"#, x(1001))).await, 400);
    assert_eq!(identify("u".into(), format!(r#"{{"email":"{}"}}"#, x(150))).await, 200);
    assert_eq!(identify("u".into(), format!(r#"{{"email":"{}"}}"#, x(151))).await, 400);
    assert_eq!(identify("u".into(), many(300)).await, 200);
    assert_eq!(identify("u".into(), many(301)).await, 400);
    assert_eq!(track(format!(r#"{{"name":"{}"}}"#, x(100))).await, 200);
    assert_eq!(track(format!(r#"{{"name":"{}"}}"#, x(101))).await, 400);
    assert_eq!(track(format!(r#"{{"name":"n","id":"{}"}}"#, x(150))).await, 200);
    assert_eq!(track(format!(r#"{{"name":"n","id":"{}"}}"#, x(151))).await, 400);
    // `{"a":""}` has eight bytes.
    assert_eq!(track(format!(r#"{{"name":"n","data":{{"a":"{}"}}}}"#, x(99_992))).await, 200);
    assert_eq!(track(format!(r#"{{"name":"n","data":{{"a":"{}"}}}}"#, x(99_993))).await, 400);
    // The segment is unknown, and asked for only when the list is right.
    let add = async |body: String| server.ask("POST /api/v1/segments/1/add_customers", &[TRACK], &body).await.body;
    assert!(add(ids(1000)).await.contains("segment"));
    assert!(add(ids(1001)).await.contains("1 to 1000"));
    assert!(add(ids(0)).await.contains("1 to 1000"));
}

#[tokio::test]
async fn headers_have_their_limits() {
    let server = Server::start().await;
    let pad = |n: usize| format!("x-pad: {}", "x".repeat(n));
    assert_eq!(server.ask("GET /health", &[&pad(15_000)], "").await.status, 200);
    assert_eq!(server.ask("GET /health", &[&pad(17_000)], "").await.status, 431);
    let few: Vec<&str> = vec!["x: y"; 90];
    assert_eq!(server.ask("GET /health", &few, "").await.status, 200);
    let many: Vec<&str> = vec!["x: y"; 110];
    assert_eq!(server.ask("GET /health", &many, "").await.status, 431);
}

#[tokio::test]
async fn a_person_is_explained_up_to_so_many_events() {
    let server = Server::start().await;
    let id = made(&server.store, &["ana"]).await[0];
    for (last_seq, status) in [(EXPLAINED_EVENTS_MAX, 404), (EXPLAINED_EVENTS_MAX + 1, 422)] {
        let tx = server.store.write().await.unwrap();
        let row = StateRow { id, last_seq, rules: RulesVersion(0), state: Vec::new() };
        people::save_states(&tx, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        // There are no rules: who is within the limit is told that.
        let answer = server.ask("GET /antiphon/people/ana/explain?rule=x", &[APP], "").await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}
