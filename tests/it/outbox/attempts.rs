//! One attempt at one effect: what is decided before, and what follows from how it ended.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use antiphon::clock::Clock;
use antiphon::intake::Settlement;
use antiphon::model::effect::{Body, Call, Effect, EffectKind, Outgoing};
use antiphon::model::id::{EffectId, JourneyId, PersonId};
use antiphon::model::phone::Phone;
use antiphon::model::time::{Second, Span};
use antiphon::outbox::{Addressee, Allow, Attempts, Courier, Due, Outcome, Phase, Recorded, Timing};
use antiphon::providers::webhook::Secret;
use antiphon::providers::whatsapp::write::Account;
use tokio::sync::watch;

use super::toy::{Manner, Toy, answer};

const NOW: Second = Second(1_795_334_400);
const ACCEPTED: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+447911123456","wa_id":"447911123456"}],"messages":[{"id":"wamid.B7"}]}"#;

/// Attempts at a standing clock.
struct Bench {
    attempts: Attempts,
    clock: Clock,
    phase: watch::Sender<Phase>,
}

impl Bench {
    fn new(api: Option<&Toy>) -> Self {
        Self::with(api.map(Toy::url), Timing { deadline: Duration::from_millis(300), ..Timing::default() })
    }

    fn with(api_url: Option<String>, timing: Timing) -> Self {
        let clock = Clock::manual(NOW);
        let account = api_url.map(|api_url| Account {
            api_url,
            phone_number_id: "109".to_owned(),
            access_token: "token".to_owned(),
        });
        let courier = Courier::new(Allow::read("127.0.0.0/8").unwrap(), Courier::system_lookup()).unwrap();
        let secrets = vec![Secret::read("whsec_QW50aXBob24tZXhhbXBsZS1rZXktMDE=").unwrap()];
        let (phase, watched) = watch::channel(Phase::Running);
        Self { attempts: Attempts::new(courier, clock.clone(), account, secrets, timing, watched), clock, phase }
    }

    async fn settle(&self, due: &Due) -> Settlement {
        match self.attempts.attempt(due).await {
            Outcome::Settled(settlement) => settlement,
            Outcome::PutBack { at_millis } => panic!("put back until {at_millis}"),
        }
    }

    async fn put_back(&self, due: &Due) -> i64 {
        match self.attempts.attempt(due).await {
            Outcome::PutBack { at_millis } => at_millis,
            Outcome::Settled(settlement) => panic!("{settlement:?}"),
        }
    }
}

fn due(kind: EffectKind) -> Due {
    let journey = JourneyId::derive("survey", &[7; 16], b"1", NOW);
    let effect = Effect {
        id: EffectId::derive(journey, "ask", 0, NOW),
        journey,
        campaign: "survey".to_owned(),
        step: "ask".to_owned(),
        at: NOW,
        expires: NOW.plus(Span::days(2)),
        kind,
    };
    let addressee = Addressee { phone: Phone::from_e164("+447911123456"), ..Addressee::default() };
    Due {
        effect,
        person: Some(Recorded { id: PersonId(1), addressee: Some(addressee) }),
        sequence: 3,
        attempts: 1,
        is_abandoned: false,
        lease_until: NOW.0 * 1000 + 60_000,
    }
}

fn webhook(url: String) -> Due {
    due(EffectKind::Webhook(Call { url, body: r#"{"a":1}"#.to_owned(), timeout: None, retries: None }))
}

fn template() -> Body {
    Body::Template { name: "hello".to_owned(), language: "en".to_owned(), params: Vec::new() }
}

fn text(otherwise: Option<Body>) -> Due {
    due(EffectKind::Send(Outgoing {
        body: Body::Text("See you Tuesday".to_owned()),
        if_window_closed: otherwise,
        even_if_unsubscribed: false,
        window_closes: Some(NOW.plus(Span::hours(3))),
    }))
}

fn graph_error(status: &str, code: i64) -> String {
    answer(status, "", &format!(r#"{{"error":{{"code":{code},"message":"m","error_data":{{"details":"because"}}}}}}"#))
}

fn wait(settlement: &Settlement) -> i64 {
    match settlement {
        Settlement::Retry { at_millis, .. } => at_millis - NOW.0 * 1000,
        other => panic!("{other:?}"),
    }
}

fn reason(settlement: &Settlement) -> &str {
    match settlement {
        Settlement::Failed { reason } | Settlement::Unknown { reason } | Settlement::Retry { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_that_is_accepted_tells_its_id() {
    let toy = Toy::start(Manner::Says(answer("200 OK", "", ACCEPTED)));
    let due = text(None);
    let Settlement::Accepted { provider, provider_id, sender, wa_id } = Bench::new(Some(&toy)).settle(&due).await
    else {
        panic!("it was accepted")
    };
    assert_eq!(
        (provider, &*provider_id, &*sender, wa_id.as_deref()),
        ("whatsapp", "wamid.B7", "109", Some("447911123456"))
    );
    let [request] = &toy.requests()[..] else { panic!("asked once") };
    assert!(request.contains(&format!("ap1:{}", due.effect.id.0)), "{request}");
    assert!(request.starts_with("POST /109/messages HTTP/1.1\r\n"), "{request}");
}

#[tokio::test]
async fn a_message_of_unknown_outcome_is_held() {
    let manners = [
        Manner::CutsAfter(40),
        Manner::SaysAndHangs(String::new()),
        Manner::SaysAndHangs("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{".to_owned()),
        Manner::Says(answer("200 OK", "", "{}")),
        Manner::Says(answer("200 OK", "", r#"{"messages":[null]}"#)),
        Manner::Says(answer("500 No", "", "oops")),
        Manner::Says(answer("503 No", "", r#"{"error":"proxy"}"#)),
        Manner::Floods,
    ];
    for manner in manners {
        let toy = Toy::start(manner.clone());
        let settlement = Bench::new(Some(&toy)).settle(&text(None)).await;
        assert!(matches!(settlement, Settlement::Unknown { .. }), "{manner:?}: {settlement:?}");
        assert_eq!(toy.requests().len(), 1, "{manner:?}");
    }
}

#[tokio::test]
async fn a_message_that_did_not_leave_is_tried_again() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let bench = Bench::with(Some(format!("http://{nobody}")), Timing::default());
    assert!((0..=1_000).contains(&wait(&bench.settle(&text(None)).await)));
}

#[tokio::test]
async fn the_api_s_codes_decide() {
    let retried = [
        ("500 No", 131_000, 0..=1_000),
        ("400 No", 131_056, 1_000..=1_000),
        ("400 No", 132_015, 3_600_000..=3_600_000),
    ];
    for (status, code, range) in retried {
        let toy = Toy::start(Manner::Says(graph_error(status, code)));
        let wait = wait(&Bench::new(Some(&toy)).settle(&text(None)).await);
        assert!(range.contains(&wait), "{code}: {wait}");
    }
    for code in [131_026, 131_049, 131_050, 132_000, 131_047, 999_999] {
        let toy = Toy::start(Manner::Says(graph_error("400 No", code)));
        let settlement = Bench::new(Some(&toy)).settle(&text(None)).await;
        assert!(matches!(settlement, Settlement::Failed { .. }), "{code}: {settlement:?}");
        assert!(reason(&settlement).starts_with(&code.to_string()), "{settlement:?}");
    }
}

#[tokio::test]
async fn a_sender_that_must_wait_sends_nothing_meanwhile() {
    for (status, code, pause) in [("429 Slow", 130_429, 0), ("400 No", 131_048, 3_600_000), ("401 No", 190, 300_000)] {
        let toy = Toy::start(Manner::Says(graph_error(status, code)));
        let bench = Bench::new(Some(&toy));
        let first = wait(&bench.settle(&Due { attempts: 9, ..text(None) }).await);
        assert!(first >= pause, "{code}");
        if first > 0 {
            assert_eq!(bench.put_back(&text(None)).await, NOW.0 * 1000 + first, "{code}");
        }
        assert_eq!(toy.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_closed_window_takes_the_template_at_once() {
    let closed = graph_error("400 No", 131_047);
    let toy = Toy::start(Manner::SaysInTurn(vec![closed, answer("200 OK", "", ACCEPTED)]));
    let settlement = Bench::new(Some(&toy)).settle(&text(Some(template()))).await;
    assert!(matches!(settlement, Settlement::Accepted { .. }), "{settlement:?}");
    let requests = toy.requests();
    assert!(requests[0].contains(r#""type":"text""#) && requests[1].contains(r#""type":"template""#));
}

#[tokio::test]
async fn what_must_not_be_sent_is_not() {
    let toy = Toy::start(Manner::Says(answer("200 OK", "", ACCEPTED)));
    let bench = Bench::new(Some(&toy));
    let erased = Due { person: Some(Recorded { id: PersonId(1), addressee: None }), ..text(None) };
    let nobody = Due { person: None, ..text(None) };
    let nameless =
        Due { person: Some(Recorded { id: PersonId(1), addressee: Some(Addressee::default()) }), ..text(None) };
    let mut expired = text(None);
    expired.effect.expires = Second(NOW.0 - 1);
    let abandoned = Due { is_abandoned: true, ..text(None) };
    let mut late = text(None);
    if let EffectKind::Send(outgoing) = &mut late.effect.kind {
        outgoing.window_closes = Some(NOW.plus(Span(60)));
    }
    for (due, expected) in [
        (erased, "erased"),
        (nobody, "nobody to send to"),
        (nameless, "no number"),
        (expired, "expired"),
        (abandoned, "the process stopped in the middle of the send"),
        (late, "window closed"),
    ] {
        assert_eq!(reason(&bench.settle(&due).await), expected);
    }
    assert_eq!(reason(&Bench::new(None).settle(&text(None)).await), "no sender configured");
    assert!(toy.requests().is_empty());
}

#[tokio::test]
async fn a_webhook_is_signed_numbered_and_taken() {
    let toy = Toy::start(Manner::Says(answer("204 Fine", "", "")));
    let due = webhook(toy.url());
    let bench = Bench::new(None);
    assert!(matches!(bench.settle(&due).await, Settlement::Delivered { status: 204 }));
    assert!(matches!(bench.settle(&Due { attempts: 2, ..due.clone() }).await, Settlement::Delivered { .. }));
    let requests = toy.requests();
    for request in &requests {
        assert!(request.contains(&format!("webhook-id: {}\r\n", due.effect.id.0)), "{request}");
        assert!(
            request.contains("antiphon-sequence: 3\r\n") && request.contains("webhook-signature: v1,"),
            "{request}"
        );
        assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    }
    assert_eq!(requests[0], requests[1]);
}

#[tokio::test]
async fn a_webhook_is_tried_again_whatever_is_unknown() {
    for manner in [
        Manner::Says(answer("500 No", "", "")),
        Manner::Says(answer("302 There", "location: http://example.org\r\n", "")),
        Manner::Says(answer("400 No", "", "")),
        Manner::CutsAfter(10),
        Manner::SaysAndHangs(String::new()),
        Manner::SaysAndHangs("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nx".to_owned()),
    ] {
        let toy = Toy::start(manner.clone());
        let wait = wait(&Bench::new(None).settle(&webhook(toy.url())).await);
        assert!((4_000..=6_000).contains(&wait), "{manner:?}: {wait}");
    }
}

#[tokio::test]
async fn a_webhook_s_receiver_may_ask_for_time_or_say_goodbye() {
    let toy = Toy::start(Manner::Says(answer("429 Slow", "retry-after: 3600\r\n", "")));
    assert_eq!(wait(&Bench::new(None).settle(&webhook(toy.url())).await), 10_000);
    let gone = Toy::start(Manner::Says(answer("410 Gone", "", "")));
    assert_eq!(reason(&Bench::new(None).settle(&webhook(gone.url())).await), "HTTP 410: gone");
}

#[tokio::test]
async fn the_last_try_and_the_expiry_are_ends() {
    let toy = Toy::start(Manner::Says(answer("500 No", "", "")));
    let bench = Bench::new(None);
    let last = Due { attempts: 9, ..webhook(toy.url()) };
    assert_eq!(reason(&bench.settle(&last).await), "HTTP 500; no try is left");
    let mut dying = webhook(toy.url());
    dying.effect.expires = NOW.plus(Span(2));
    assert_eq!(reason(&bench.settle(&dying).await), "HTTP 500; expires before the next try");
}

#[tokio::test]
async fn an_author_s_url_to_a_private_place_fails_for_good() {
    let settlement = Bench::new(None).settle(&webhook("http://10.0.0.1/".to_owned())).await;
    assert!(matches!(&settlement, Settlement::Failed { reason } if reason.contains("private")), "{settlement:?}");
}

#[tokio::test]
async fn a_hanging_host_has_two_at_once_and_delays_no_other() {
    let hanging = Toy::start(Manner::SaysAndHangs(String::new()));
    let healthy = Toy::start(Manner::Says(answer("200 OK", "", "")));
    let bench = Arc::new(Bench::with(None, Timing::default()));
    let stuck: Vec<_> = (0..10)
        .map(|_| {
            let (bench, due) = (Arc::clone(&bench), webhook(hanging.url()));
            tokio::spawn(async move { bench.attempts.attempt(&due).await })
        })
        .collect();
    while hanging.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(bench.settle(&webhook(healthy.url())).await, Settlement::Delivered { .. }));
    assert_eq!(hanging.requests().len(), 2);
    // On the way down those who wait go back, and those under way are cut off.
    bench.phase.send_replace(Phase::Draining);
    bench.phase.send_replace(Phase::Cutting);
    let mut ends = BTreeSet::new();
    for task in stuck {
        ends.insert(match task.await.unwrap() {
            Outcome::PutBack { at_millis } => format!("back at {}", at_millis - NOW.0 * 1000),
            Outcome::Settled(settlement) => reason(&settlement).to_owned(),
        });
    }
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), ["back at 0", "cut off by our own stop"]);
    assert_eq!(hanging.requests().len(), 2);
}

#[tokio::test]
async fn a_host_that_only_fails_gets_a_rest_and_one_probe() {
    let toy = Toy::start(Manner::Says(answer("500 No", "", "")));
    let bench = Bench::new(None);
    for _ in 0..20 {
        bench.settle(&webhook(toy.url())).await;
    }
    assert_eq!(bench.put_back(&webhook(toy.url())).await, NOW.0 * 1000 + 60_000);
    assert_eq!(toy.requests().len(), 20);
    bench.clock.advance_to(NOW.plus(Span(60)));
    let probe = Due { lease_until: (NOW.0 + 120) * 1000, ..webhook(toy.url()) };
    bench.settle(&probe).await;
    assert_eq!(bench.put_back(&probe).await, NOW.0 * 1000 + 120_000);
    assert_eq!(toy.requests().len(), 21);
}

#[tokio::test]
async fn a_message_in_the_middle_of_a_stop_is_held() {
    let toy = Toy::start(Manner::SaysAndHangs(String::new()));
    let bench = Arc::new(Bench::with(Some(toy.url()), Timing::default()));
    let task = tokio::spawn({
        let bench = Arc::clone(&bench);
        async move { bench.settle(&text(None)).await }
    });
    while toy.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    bench.phase.send_replace(Phase::Draining);
    bench.phase.send_replace(Phase::Cutting);
    let settlement = task.await.unwrap();
    assert!(matches!(settlement, Settlement::Unknown { .. }), "{settlement:?}");
}
