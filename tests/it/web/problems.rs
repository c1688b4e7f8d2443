//! Goldens of the answers that say no: whole bodies, in fixed words.

use antiphon::intake::{Outcome, Refusal};
use snapbox::{assert_data_eq, str};

use super::harness::{APP, Intake, Server, TRACK, patient};

#[tokio::test]
async fn a_wrong_field_is_named_in_every_envelope_that_clients_read() {
    let server = Server::start().await;
    let answer = server.ask("POST /api/v1/customers/u1/events", &[TRACK], r#"{"name":" "}"#).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_data_eq!(
        answer.body,
        str![[r#"
{"errors":[{"detail":"name: must not be empty","field":"name","message":"must not be empty","reason":"required","status":"400"}],"meta":{"error":"name: must not be empty","errors":["name: must not be empty"]}}

"#]]
    );
}

#[tokio::test]
async fn every_refusal_has_its_words() {
    let server = Server::start().await;
    let mut said = String::new();
    for (line, headers, body) in [
        ("GET /nowhere", &[][..], ""),
        ("PUT /health", &[], ""),
        ("PUT /api/v1/customers/u1", &[], ""),
        ("GET /v1/segments", &[], ""),
        ("PUT /api/v1/customers/u1", &[TRACK], "{\"a\":NaN}"),
        ("PUT /api/v1/customers/u1", &[TRACK], "[]"),
        ("GET /%ff", &[], ""),
        ("GET /v1/segments/99", &[APP], ""),
        ("GET /v1/customers/nobody/attributes", &[APP], ""),
        ("GET /v1/customers/x/attributes?id_type=shoe", &[APP], ""),
        ("GET /v1/customers", &[APP], ""),
        ("GET /v1/activities?start=x", &[APP], ""),
        ("GET /antiphon/activity?after=x", &[APP], ""),
        ("POST /api/v1/segments/1/add_customers", &[TRACK], "{}"),
        ("POST /api/v1/segments/1/add_customers", &[TRACK], r#"{"ids":["a"]}"#),
        ("POST /api/v1/customers/u1/events", &[TRACK], r#"{"name":"x","data":[]}"#),
        ("POST /api/v1/customers/u1/events", &[TRACK], r#"{"name":"x","id":7}"#),
        ("PUT /api/v1/customers/u1/devices", &[TRACK], "{}"),
        ("GET /v1/collections/1/content", &[APP], ""),
    ] {
        let answer = server.ask(line, headers, body).await;
        let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        said.push_str(&format!("{} {}\n", answer.status, json["meta"]["error"].as_str().unwrap()));
    }
    assert_data_eq!(
        said,
        str![[r#"
404 there is no such route
405 this path takes GET
401 the site id and API key are missing or wrong: send them as Basic credentials
401 the app key is missing or wrong: send it as a Bearer token
400 the body is not JSON that can be read: line 1, column 6
400 the body must be a JSON object
400 the path is not UTF-8 text
404 there is no such segment
404 there is no such person
400 id_type: must be `id`, `email`, `cio_id` or `phone`
400 email: give `email` or `phone`
400 start: must be a `next` of an earlier answer
400 after: must be a cursor of an earlier answer
400 ids: must be a list of identifiers
400 segment: there is no such segment
400 data: must be an object
400 id: must be a text
501 devices are not kept here: messages go out by WhatsApp
501 collections are not kept here

"#]]
    );
}

#[tokio::test]
async fn what_the_intake_says_reaches_the_caller() {
    let refused = Outcome::Refused { field: "attributes".to_owned(), message: "a person has at most 300".to_owned() };
    for (intake, status, words) in [
        (Intake::Says(Outcome::Taken), 200, None),
        (Intake::Says(Outcome::Duplicate), 200, None),
        (Intake::Says(Outcome::PassedOver("unknown person")), 200, None),
        (Intake::Says(refused), 400, Some("attributes: a person has at most 300")),
        (Intake::Says(Outcome::Quarantined), 500, Some("this could not be processed and is kept in quarantine")),
        (Intake::Refuses(Refusal::Full), 503, Some("too much is waiting; nothing was done, try again")),
        (Intake::Refuses(Refusal::Stopping), 503, Some("too much is waiting; nothing was done, try again")),
        (
            Intake::Refuses(Refusal::Unavailable),
            503,
            Some("this was not confirmed in time; it may be done or not, try again"),
        ),
    ] {
        let server = Server::with(intake, patient(), true).await;
        let answer = server.ask("PUT /api/v1/customers/u1", &[TRACK], r#"{"plan":"pro"}"#).await;
        assert_eq!(answer.status, status);
        let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(json["meta"]["error"].as_str(), words);
    }
}
