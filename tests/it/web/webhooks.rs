//! What Meta sees.

use antiphon::intake::{Item, Refusal};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::harness::{Intake, Server, patient};

pub const MESSAGE: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100900","phone_number_id":"77"},"messages":[{"from":"15550100142","id":"wamid.1","timestamp":"1795334400","type":"text","text":{"body":"Yes!"}}]}}]}]}"#;

pub fn signed(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"harbour-light-71").expect("any length");
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x-hub-signature-256: sha256={hex}")
}

#[tokio::test]
async fn the_handshake_echoes_a_harmless_challenge_to_who_knows_the_token() {
    let server = Server::start().await;
    let ask = async |query: &str| server.ask(&format!("GET /webhooks/whatsapp{query}"), &[], "").await;
    for token in ["lantern", "beacon"] {
        let answer = ask(&format!("?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}")).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "1158201444"));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let long = "x".repeat(257);
    for query in [
        "",
        "?hub.mode=subscribe&hub.challenge=1",
        "?hub.mode=subscribe&hub.verify_token=lantern",
        "?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=lantern",
        "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=lanter",
        "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        "?hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=lantern",
        "?hub.mode=subscribe&hub.challenge=&hub.verify_token=lantern",
        &format!("?hub.mode=subscribe&hub.challenge={long}&hub.verify_token=lantern"),
    ] {
        let answer = ask(query).await;
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{query}");
    }
}

#[tokio::test]
async fn without_a_secret_the_provider_is_off() {
    let server = Server::with(Intake::Takes, patient(), false).await;
    let handshake = "GET /webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token=lantern";
    assert_eq!(server.ask(handshake, &[], "").await.status, 404);
    assert_eq!(server.ask("POST /webhooks/whatsapp", &[&signed(MESSAGE)], MESSAGE).await.status, 404);
    assert!(server.bodies().is_empty());
}

#[tokio::test]
async fn a_signed_body_is_handed_over_and_answered_without_a_word() {
    let server = Server::start().await;
    let answer = server.ask("POST /webhooks/whatsapp", &[&signed(MESSAGE), "content-type: text/odd"], MESSAGE).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    let taken = server.taken();
    let [Item::Arrival(arrival)] = taken.as_slice() else { panic!("one arrival") };
    assert_eq!(arrival.id, "wamid.1");

    // What Meta's own vectors say, escaped and not.
    for (body, digest) in [
        (
            r#"{"object":"whatsapp_business_account","entry":[],"note":"sí 👍"}"#,
            "632759ab876c6c8d5be18e979f1442bec946cc292a636b16cc7957c2c798f92c",
        ),
        (
            r#"{"object":"whatsapp_business_account","entry":[],"note":"s\u00ed \ud83d\udc4d"}"#,
            "FF174481FB0C5E4762CFD598F77091AA1EA4CFF5B713615311DC41D958605B98",
        ),
    ] {
        let header = format!("X-Hub-Signature-256: sha256={digest}");
        assert_eq!(server.ask("POST /webhooks/whatsapp", &[&header], body).await.status, 200, "{body}");
    }
}

#[tokio::test]
async fn what_is_not_signed_as_it_stands_is_refused_and_leaves_nothing() {
    let server = Server::start().await;
    let good = signed(MESSAGE);
    let digest = good.rsplit('=').next().unwrap().to_owned();
    let mut forged = MESSAGE.replace("Yes!", "Yes?");
    for headers in [
        vec![],
        vec![format!("x-hub-signature: sha1={}", &digest[..40])],
        vec![format!("x-hub-signature-256: {digest}")],
        vec![format!("x-hub-signature-256: SHA256={digest}")],
        vec![format!("x-hub-signature-256: sha256={}", &digest[..63])],
        vec![format!("x-hub-signature-256: sha256={digest}0")],
        vec![good.clone(), good.clone()],
    ] {
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let answer = server.ask("POST /webhooks/whatsapp", &headers, MESSAGE).await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{headers:?}");
    }
    assert_eq!(server.ask("POST /webhooks/whatsapp", &[&good], &forged).await.status, 401);
    forged.push(' ');
    assert_eq!(server.ask("POST /webhooks/whatsapp", &[&signed(&forged)], &forged).await.status, 200);
    assert_eq!(server.bodies().len(), 1);
}

#[tokio::test]
async fn a_signed_body_that_cannot_be_read_is_kept_and_acknowledged() {
    let server = Server::start().await;
    for body in ["not json", "[]", "{\"object\":", "\u{0}"] {
        assert_eq!(server.ask("POST /webhooks/whatsapp", &[&signed(body)], body).await.status, 200, "{body:?}");
        let bodies = server.bodies();
        assert_eq!(bodies.len(), 1);
        assert_eq!((bodies[0].items.len(), bodies[0].broken.len()), (0, 1), "{body:?}");
        assert_eq!(bodies[0].broken[0].0, "whatsapp");
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_that_was_not_taken_in() {
    for refusal in [Refusal::Full, Refusal::Unavailable, Refusal::Stopping] {
        let server = Server::with(Intake::Refuses(refusal), patient(), true).await;
        let answer = server.ask("POST /webhooks/whatsapp", &[&signed(MESSAGE)], MESSAGE).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{refusal:?}");
        assert_eq!(answer.body, "");
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_metas_are_refused_by_their_form() {
    let server = Server::start().await;
    assert_eq!(server.ask("POST /webhooks/whatsapp", &[&signed("")], "").await.status, 400);
    let gzip = ["content-encoding: gzip", &signed(MESSAGE)];
    assert_eq!(server.ask("POST /webhooks/whatsapp", &gzip, MESSAGE).await.status, 415);
    let identity = ["content-encoding: identity", &signed(MESSAGE)];
    assert_eq!(server.ask("POST /webhooks/whatsapp", &identity, MESSAGE).await.status, 200);
    let put = server.ask("PUT /webhooks/whatsapp", &[], "").await;
    assert_eq!((put.status, put.header("allow")), (405, Some("POST, GET")));
}
