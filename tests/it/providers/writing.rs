//! What we send: requests, signatures, and the reading of answers.

use antiphon::model::effect::{Body, Call};
use antiphon::model::id::EffectId;
use antiphon::model::phone::Phone;
use antiphon::model::time::{Second, Span};
use antiphon::providers::webhook::{self, Attempt, Secret};
use antiphon::providers::whatsapp::answer::{Answer, Class, Pace, Scope, answer};
use antiphon::providers::whatsapp::write::{Account, Recipient, TEXT_CHARS_MAX, Unwritable, tag, tag_in, write};
use antiphon::providers::{Method, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

fn id() -> EffectId {
    EffectId("01JD0ZB3T5M9S346Q3D25VT4F5".parse().unwrap())
}

fn account() -> Account {
    Account {
        api_url: "https://graph.example.org/v25.0/".to_owned(),
        phone_number_id: "770011002200".to_owned(),
        access_token: "EAAtoken".to_owned(),
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
}

fn sent(body: &Body) -> Value {
    let number = Phone::from_e164("+15550100142").unwrap();
    let request = write(id(), body, Recipient::Number(&number), &account()).unwrap();
    serde_json::from_str(&request.body).unwrap()
}

#[test]
fn a_text_goes_to_a_number_with_its_plus_and_carries_our_tag() {
    let number = Phone::from_e164("+15550100142").unwrap();
    let body = Body::Text("See you Tuesday".to_owned());
    let request = write(id(), &body, Recipient::Number(&number), &account()).unwrap();
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, "https://graph.example.org/v25.0/770011002200/messages");
    assert_eq!(header(&request, "authorization"), Some("Bearer EAAtoken"));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(
        serde_json::from_str::<Value>(&request.body).unwrap(),
        json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+15550100142",
            "biz_opaque_callback_data": "ap1:01JD0ZB3T5M9S346Q3D25VT4F5", "type": "text",
            "text": {"body": "See you Tuesday", "preview_url": false}})
    );
    let shown = format!("{request:?} {:?}", account());
    for secret in ["EAAtoken", "15550100142", "Tuesday"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(tag_in(&tag(id())), Some("01JD0ZB3T5M9S346Q3D25VT4F5"));
    assert_eq!(tag_in("order-17"), None);
}

#[test]
fn a_user_id_never_stands_under_to() {
    let body = Body::Text("hi".to_owned());
    let request = write(id(), &body, Recipient::UserId("US.204"), &account()).unwrap();
    let sent: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!((&sent["recipient"], &sent["to"]), (&json!("US.204"), &Value::Null));
}

#[test]
fn a_template_has_its_parameters_by_place_or_by_name() {
    let template = |params: &[(&str, &str)]| {
        let params = params.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        sent(&Body::Template { name: "appt_confirm".to_owned(), language: "en_US".to_owned(), params })["template"]
            .clone()
    };
    assert_eq!(
        template(&[]),
        json!({"name": "appt_confirm", "language": {"policy": "deterministic", "code": "en_US"}})
    );
    assert_eq!(
        template(&[("10", "j"), ("2", "b"), ("1", "a")])["components"],
        json!([{"type": "body", "parameters": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"},
            {"type": "text", "text": "j"}]}])
    );
    assert_eq!(
        template(&[("name", "Ada"), ("date", "Tuesday")])["components"],
        json!([{"type": "body", "parameters": [{"type": "text", "parameter_name": "name", "text": "Ada"},
            {"type": "text", "parameter_name": "date", "text": "Tuesday"}]}])
    );
}

#[test]
fn a_text_must_be_there_and_fit() {
    let number = Phone::from_e164("+15550100142").unwrap();
    let refusal = |text: String| write(id(), &Body::Text(text), Recipient::Number(&number), &account()).err();
    assert_eq!(refusal("é".repeat(TEXT_CHARS_MAX)), None);
    assert_eq!(refusal("é".repeat(TEXT_CHARS_MAX + 1)), Some(Unwritable::TooLong));
    assert_eq!(refusal(" \n".to_owned()), Some(Unwritable::Empty));
}

#[test]
fn an_acceptance_names_the_message() {
    let accepted = |body: &str| answer(200, body.as_bytes());
    let with =
        |wa_id: Option<&str>| Answer::Accepted { provider_id: "wamid.B7".to_owned(), wa_id: wa_id.map(str::to_owned) };
    assert_eq!(
        accepted(
            r#"{"messaging_product":"whatsapp","contacts":[{"input":"+15550100142","wa_id":"15550100142"}],
                "messages":[{"id":"wamid.B7","message_status":"accepted"}]}"#
        ),
        with(Some("15550100142"))
    );
    for odd in ["null", "[null]", "7", r#"[{"wa_id":null}]"#, r#"[{"wa_id":5}]"#, r#"[{"wa_id":""}]"#] {
        let body = format!(r#"{{"contacts":{odd},"messages":[null,{{"id":"wamid.B7"}}],"more":1e400}}"#);
        assert_eq!(accepted(&body), with(None), "{odd}");
    }
    for nothing in
        ["", "{}", "ok", r#"{"messages":[]}"#, r#"{"messages":[{"id":""}]}"#, r#"{"messages":[{}]}"#, "\u{0}"]
    {
        assert_eq!(accepted(nothing), Answer::Unknown, "{nothing}");
    }
}

#[test]
fn each_code_is_answered_in_its_own_way() {
    let of = |status: u16, code: i64| {
        answer(status, json!({"error": {"code": code, "message": "m"}}).to_string().as_bytes())
    };
    let retry = |pace, scope, code| Answer::Retry { pace, scope, code, details: "m".to_owned() };
    let rejected = |class, code| Answer::Rejected { code: Some(code), class, details: "m".to_owned() };
    for (status, code, pace, scope) in [
        (503, 2, Pace::Backoff, Scope::Message),
        (400, 131_016, Pace::Backoff, Scope::Message),
        (400, 131_057, Pace::After(Span(60)), Scope::Message),
        (400, 130_429, Pace::Backoff, Scope::Sender),
        (400, 80_007, Pace::Backoff, Scope::Sender),
        (429, 999_999, Pace::Backoff, Scope::Sender),
        (400, 131_048, Pace::After(Span::hours(1)), Scope::Sender),
        (400, 131_056, Pace::PowersOfFour, Scope::Pair),
        (400, 131_053, Pace::ThreeTries, Scope::Message),
        (500, 999_999, Pace::Backoff, Scope::Message),
    ] {
        assert_eq!(of(status, code), retry(pace, scope, code), "{status} {code}");
    }
    for (status, code, class) in [
        (400, 131_047, Class::WindowClosed),
        (400, 131_026, Class::Person),
        (500, 131_026, Class::Person),
        (400, 131_049, Class::MarketingCap),
        (400, 131_050, Class::OptOut),
        (404, 132_001, Class::Content),
        (400, 132_015, Class::TemplateState),
        (401, 190, Class::SenderStopped),
        (400, 0, Class::SenderStopped),
        (403, 200, Class::SenderStopped),
        (403, 299, Class::SenderStopped),
        (403, 300, Class::Other),
        (400, 999_999, Class::Other),
    ] {
        assert_eq!(of(status, code), rejected(class, code), "{status} {code}");
    }
}

#[test]
fn details_are_the_most_precise_text() {
    let body = br#"{"error":{"code":131047,"message":"m","error_data":{"details":"d"},"fbtrace_id":"f"}}"#;
    assert!(matches!(answer(400, body), Answer::Rejected { details, .. } if details == "d"));
}

#[test]
fn without_the_apis_own_error_nobody_knows() {
    for status in [500, 502, 503, 504, 408] {
        assert_eq!(answer(status, b"<html>bad gateway"), Answer::Unknown, "{status}");
        assert_eq!(answer(status, br#"{"error":"busy"}"#), Answer::Unknown, "{status}");
    }
    assert!(matches!(answer(429, b""), Answer::Retry { scope: Scope::Sender, .. }));
    for status in [301, 400, 404] {
        assert!(
            matches!(answer(status, b"nope"), Answer::Rejected { code: None, class: Class::Other, .. }),
            "{status}"
        );
    }
}

proptest! {
    #[test]
    fn any_answer_is_read(status in any::<u16>(), body in any::<Vec<u8>>()) {
        let read = answer(status, &body);
        let accepted = matches!(read, Answer::Accepted { .. });
        prop_assert!(!accepted);
    }
}

const FIRST: &str = "whsec_QW50aXBob24tZXhhbXBsZS1rZXktMDE=";
const SECOND: &str = "whsec_QW50aXBob24tZXhhbXBsZS1rZXktMDI=";

#[test]
fn a_webhook_is_signed_with_every_secret() {
    let call = Call {
        url: "https://desk.example.org/in".to_owned(),
        body: r#"{"segment":"yes","note":"sí"}"#.to_owned(),
        timeout: None,
        retries: None,
    };
    let attempt = Attempt { id: id(), sequence: 7, at: Second(1_795_334_400) };
    let secrets = [Secret::read(FIRST).unwrap(), Secret::read(SECOND).unwrap()];
    let request = webhook::write(&call, attempt, &secrets);
    assert_eq!((request.method, &request.url, &request.body), (Method::Post, &call.url, &call.body));
    for (name, value) in [
        ("content-type", "application/json"),
        ("webhook-id", "01JD0ZB3T5M9S346Q3D25VT4F5"),
        ("webhook-timestamp", "1795334400"),
        ("antiphon-sequence", "7"),
        // Computed with Python's `hmac`.
        (
            "webhook-signature",
            "v1,XXdLk/bLHlCHGDWJBwOUTTpz8x66dkM1TNK6mPaG2t0= v1,OBlu/L/Mc6J0PqR0/+xjOKrzcABR8zfGAVrjIE2lwfU=",
        ),
    ] {
        assert_eq!(header(&request, name), Some(value), "{name}");
    }
    assert_eq!(header(&webhook::write(&call, attempt, &[]), "webhook-signature"), None);
}

#[test]
fn a_webhook_secret_is_read_or_refused() {
    assert!(Secret::read(&format!(" {FIRST}\n")).is_ok());
    for text in ["", "whsec_", "whsec_===", "QW50aXBob24=", "whsec_not base64", "WHSEC_QW50aXBob24="] {
        assert!(Secret::read(text).is_err(), "{text}");
    }
    assert_eq!(format!("{:?}", Secret::read(FIRST).unwrap()), "Secret(…)");
}
