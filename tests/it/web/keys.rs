//! Every route of the table against every way of not having its key.

use antiphon::web::{Access, ROUTES};

use super::harness::{APP, Server, TRACK};

/// `METHOD /path` of a row, its places filled.
fn line(route: &antiphon::web::Route) -> String {
    let method = route.method.as_ref().map_or("POST", |method| method.as_str());
    format!("{method} /{}", route.path.replace("{}", "7").replace("{*}", "7"))
}

#[tokio::test]
async fn no_route_answers_without_its_key() {
    let server = Server::start().await;
    let mut tried = 0;
    for route in ROUTES {
        let (right, wrong_kind) = match route.access {
            Access::Track => (TRACK, APP),
            Access::App => (APP, TRACK),
            Access::Open | Access::Signed => continue,
        };
        let line = line(route);
        for headers in [
            vec![],
            vec![wrong_kind],
            vec!["authorization: Basic !"],
            vec!["authorization: Bearer"],
            vec!["authorization: Basic c2l0ZTp3cm9uZw=="],
            vec!["authorization: Bearer apq"],
            vec![right, right],
            vec!["cookie: key=app"],
        ] {
            let answer = server.ask(&line, &headers, "{}").await;
            assert_eq!(answer.status, 401, "{line} with {headers:?}");
            let challenge = (route.access == Access::Track).then_some("Basic realm=\"antiphon\"");
            assert_eq!(answer.header("www-authenticate"), challenge, "{line}");
            tried += 1;
        }
        let answer = server.ask(&line, &[right], "{}").await;
        assert_ne!(answer.status, 401, "{line}");
    }
    assert!(tried > 300, "the table was walked: {tried}");
    assert!(server.bodies().iter().all(|body| body.items.len() == 1), "only those with their key came through");
}

#[tokio::test]
async fn open_routes_ask_nothing_and_ignore_what_is_sent() {
    let server = Server::start().await;
    for path in ["/health", "/ready"] {
        for headers in [vec![], vec![APP], vec!["authorization: nonsense"]] {
            assert_eq!(server.ask(&format!("GET {path}"), &headers, "").await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn credentials_come_in_every_spelling_of_the_clients() {
    let server = Server::start().await;
    for header in
        ["authorization: Basic c2l0ZTprZXk=", "Authorization: basic c2l0ZTprZXk", "AUTHORIZATION: BASIC c2l0ZTprZXk="]
    {
        assert_eq!(server.ask("GET /api/v1/accounts/region", &[header], "").await.status, 200, "{header}");
    }
    for header in ["authorization: bearer app", "Authorization: BEARER app"] {
        assert_eq!(server.ask("GET /v1/segments", &[header], "").await.status, 200, "{header}");
    }
}

#[tokio::test]
async fn what_is_not_in_the_table_does_not_exist() {
    let server = Server::start().await;
    for line in
        ["GET /", "GET /metrics/x", "GET /api/v1", "POST /v1/nothing", "GET /antiphon/people/7", "GET /../health"]
    {
        assert_eq!(server.ask(line, &[TRACK], "").await.status, 404, "{line}");
        assert_eq!(server.ask(line, &[], "").await.status, 404, "{line}");
    }
}
