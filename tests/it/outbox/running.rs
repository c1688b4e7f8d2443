//! The loop over a real database: what is due is claimed, attempted and settled through the intake.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use antiphon::clock::Clock;
use antiphon::engine::{Catalogue, Engine, Versions};
use antiphon::intake::{Intake, Rules, Signals, Writer};
use antiphon::model::effect::{Body, Call, Effect, EffectKind, Outgoing};
use antiphon::model::id::{EffectId, InstallationKey, JourneyId, PersonId, RulesVersion};
use antiphon::model::message::Delivery;
use antiphon::model::phone::Phone;
use antiphon::model::rule::RuleSet;
use antiphon::model::time::{Second, Span};
use antiphon::outbox::{Allow, CannotStart, Outbox, Settings, Timing};
use antiphon::providers::whatsapp::write::Account;
use antiphon::store::messages::{self, DeliveryTimes, MessageRow};
use antiphon::store::outbox::{self, NewEffect, OutboxRow, State};
use antiphon::store::people::{self, NewPerson};
use antiphon::store::{Options, Store};
use serde_json::json;
use ulid::Ulid;

use super::toy::{Manner, Toy, answer};

const T0: Second = Second(1_795_334_400);
const ACCEPTED: &str = r#"{"messages":[{"id":"wamid.B7"}]}"#;
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A database with Ana in it, an intake without rules, and an outbox at a standing clock.
struct World {
    folder: PathBuf,
    store: Arc<Store>,
    clock: Clock,
    intake: Intake,
    outbox: Option<Outbox>,
    ana: PersonId,
}

impl World {
    async fn start(api: Option<&Toy>, timing: Timing) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("antiphon-outbox-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let url = format!("sqlite://{}", folder.join("antiphon.db").display());
        let store = Arc::new(Store::open(&url, Options::default()).await.unwrap());
        let ana = make_ana(&store).await;
        let (clock, signals) = (Clock::manual(T0), Signals::default());
        let rules = RuleSet::default();
        let engine = Engine::compile(Arc::new(rules), RulesVersion(1), &Catalogue::default()).unwrap();
        let rules = Rules::new(Versions::new(Arc::new(engine), T0));
        let writer = Writer::new(Arc::clone(&store), clock.clone(), InstallationKey([7; 32]), rules, signals.clone());
        let (intake, _) = Intake::start(writer, signals);
        let account = api.map(|toy| Account {
            api_url: toy.url(),
            phone_number_id: "109".to_owned(),
            access_token: "token".to_owned(),
        });
        let allow = Allow::read("127.0.0.0/8").unwrap();
        let settings = Settings { account, allow, timing, ..Settings::default() };
        let outbox = Outbox::start(Arc::clone(&store), intake.clone(), clock.clone(), settings).unwrap();
        Self { folder, store, clock, intake, outbox: Some(outbox), ana }
    }

    /// Records effects as the intake would, and wakes the outbox.
    async fn record(&self, kinds: Vec<EffectKind>) -> Vec<EffectId> {
        let (new, sent) = self.effects(kinds);
        let tx = self.store.write().await.unwrap();
        messages::insert(&tx, &sent).await.unwrap();
        outbox::insert(&tx, &new, self.clock.millis()).await.unwrap();
        tx.commit().await.unwrap();
        self.intake.signals().effects.notify_one();
        new.into_iter().map(|new| new.effect.id).collect()
    }

    fn effects(&self, kinds: Vec<EffectKind>) -> (Vec<NewEffect>, Vec<MessageRow>) {
        let journey = JourneyId(Ulid(9));
        let (mut new, mut sent) = (Vec::new(), Vec::new());
        for kind in kinds {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let id = EffectId::derive(journey, "ask", number, T0);
            let (campaign, step) = ("survey".to_owned(), "ask".to_owned());
            if matches!(kind, EffectKind::Send(_)) {
                sent.push(MessageRow {
                    id,
                    person: self.ana,
                    campaign: Some(campaign.clone()),
                    step: Some(step.clone()),
                    journey: Some(journey),
                    template: None,
                    sender: None,
                    provider_key: None,
                    created: T0,
                    delivery: Delivery::Pending,
                    times: DeliveryTimes::default(),
                    failure: None,
                    body: None,
                });
            }
            let endpoint = kind.as_str().to_owned();
            let effect = Effect { id, journey, campaign, step, at: T0, expires: T0.plus(Span::days(2)), kind };
            new.push(NewEffect { effect, person: Some(self.ana), endpoint });
        }
        (new, sent)
    }

    async fn row(&self, id: EffectId) -> OutboxRow {
        outbox::get(&self.store.read(), id).await.unwrap().expect("it was recorded")
    }

    /// Waits, commit by commit, until the effect is as it should be.
    async fn until(&self, id: EffectId, wanted: impl Fn(&OutboxRow) -> bool) -> OutboxRow {
        let mut commits = self.intake.signals().commits.subscribe();
        loop {
            commits.borrow_and_update();
            let row = self.row(id).await;
            if wanted(&row) {
                return row;
            }
            commits.changed().await.unwrap();
        }
    }

    async fn stop(&mut self, grace: Duration) {
        self.outbox.take().expect("stopped once").stop(grace).await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn make_ana(store: &Store) -> PersonId {
    let tx = store.write().await.unwrap();
    let ids = people::reserve(&tx, 1).await.unwrap();
    let ana = NewPerson {
        id: ids[0],
        cio_id: Ulid(1),
        external_id: Some("ana".to_owned()),
        email: None,
        first_number: None,
        phone: Phone::from_e164("+447911123456"),
        attributes: json!({"phone": "+447911123456"}).as_object().cloned().unwrap(),
        known_since: T0,
    };
    people::insert(&tx, &[ana], RulesVersion(1)).await.unwrap();
    tx.commit().await.unwrap();
    ids[0]
}

fn text() -> EffectKind {
    EffectKind::Send(Outgoing {
        body: Body::Text("See you Tuesday".to_owned()),
        if_window_closed: None,
        even_if_unsubscribed: false,
        window_closes: Some(T0.plus(Span::hours(3))),
    })
}

fn webhook(url: String) -> EffectKind {
    EffectKind::Webhook(Call { url, body: "{}".to_owned(), timeout: None, retries: None })
}

fn webhook_ids(toy: &Toy) -> Vec<String> {
    let line = |request: &String| request.lines().find(|line| line.starts_with("webhook-id")).map(str::to_owned);
    toy.requests().iter().filter_map(line).collect()
}

#[tokio::test]
async fn an_accepted_send_is_done_and_its_message_accepted() {
    let toy = Toy::start(Manner::Says(answer("200 OK", "", ACCEPTED)));
    let mut world = World::start(Some(&toy), Timing::default()).await;
    let ids = world.record(vec![text()]).await;
    let row = world.until(ids[0], |row| row.state == State::Done).await;
    assert_eq!((row.attempts, row.outcome.as_deref()), (1, Some("accepted")));
    let message = messages::get(&world.store.read(), ids[0]).await.unwrap().unwrap();
    assert_eq!((message.delivery, message.sender.as_deref()), (Delivery::Accepted, Some("109")));
    world.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_webhook_comes_back_when_it_is_due_under_the_same_id() {
    let toy = Toy::start(Manner::SaysInTurn(vec![
        answer("500 No", "", ""),
        answer("200 OK", "", ""),
        answer("200 OK", "", ""),
    ]));
    let mut world = World::start(None, Timing::default()).await;
    let ids = world.record(vec![webhook(toy.url())]).await;
    let row = world.until(ids[0], |row| row.state == State::Pending && row.attempts == 1).await;
    assert_eq!(row.outcome.as_deref(), Some("HTTP 500"));
    let wait = row.due_ms.unwrap() - T0.0 * 1000;
    assert!((4_000..=6_000).contains(&wait), "{wait}");
    world.clock.advance_to(T0.plus(Span(6)));
    let row = world.until(ids[0], |row| row.state == State::Done).await;
    assert_eq!((row.attempts, row.due_ms), (2, None));
    let seen = webhook_ids(&toy);
    assert_eq!(seen, [seen[0].clone(), format!("webhook-id: {}", ids[0].0)]);
    world.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn many_effects_to_one_place_are_each_delivered_once() {
    let toy = Toy::start(Manner::Says(answer("200 OK", "", ACCEPTED)));
    let mut world = World::start(Some(&toy), Timing::default()).await;
    // Fewer messages than a sender may send at once, more than may wait for one person.
    let kinds = (0..200).map(|n| if n % 4 == 0 { text() } else { webhook(toy.url()) }).collect();
    let ids = world.record(kinds).await;
    loop {
        let rows = outbox::page(&world.store.read(), None, None, 200).await.unwrap();
        if rows.iter().all(|row| row.state == State::Done) {
            break;
        }
        // What does not fit into its lane comes back a little later; time stands still until somebody moves it.
        let later = rows.iter().filter(|row| row.state == State::Pending).filter_map(|row| row.due_ms).min();
        if let (Some(later), true) = (later, rows.iter().all(|row| row.state != State::Leased)) {
            world.clock.advance_to(Second(later / 1000 + 1));
        }
        tokio::task::yield_now().await;
    }
    for id in &ids {
        assert_eq!(world.row(*id).await.attempts, 1);
    }
    let mut seen = webhook_ids(&toy);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), toy.requests().len()), (150, 200));
    assert!(world.clock.second() < T0.plus(Span(30)), "{:?}", world.clock.second());
    world.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn what_somebody_left_behind_is_held_or_done_again() {
    let toy = Toy::start(Manner::Says(answer("200 OK", "", ACCEPTED)));
    let mut world = World::start(Some(&toy), Timing::default()).await;
    let (new, sent) = world.effects(vec![text(), webhook(toy.url())]);
    let tx = world.store.write().await.unwrap();
    messages::insert(&tx, &sent).await.unwrap();
    outbox::insert(&tx, &new, T0.0 * 1000).await.unwrap();
    let claimed = outbox::claim(&tx, T0.0 * 1000, 60_000, 9).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(claimed.len(), 2);
    world.intake.signals().effects.notify_one();
    world.clock.advance_to(T0.plus(Span(60)));
    let message = world.until(new[0].effect.id, |row| row.state == State::Held).await;
    assert_eq!((message.attempts, message.due_ms), (2, None));
    world.until(new[1].effect.id, |row| row.state == State::Done).await;
    assert_eq!(toy.requests().len(), 1);
    world.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_stop_cuts_off_what_is_under_way_and_gives_back_what_is_not() {
    let (api, hooks) =
        (Toy::start(Manner::SaysAndHangs(String::new())), Toy::start(Manner::SaysAndHangs(String::new())));
    let mut world = World::start(Some(&api), Timing::default()).await;
    let ids = world.record(vec![text(), text(), webhook(hooks.url())]).await;
    while api.requests().is_empty() || hooks.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    world.stop(Duration::from_millis(50)).await;
    let mut sends = [world.row(ids[0]).await, world.row(ids[1]).await];
    sends.sort_by_key(|row| row.attempts);
    // The second message to Ana waited for the first.
    assert_eq!((sends[0].state, sends[0].attempts), (State::Pending, 0));
    assert_eq!((sends[1].state, sends[1].attempts), (State::Held, 1));
    let webhook = world.row(ids[2]).await;
    assert_eq!((webhook.state, webhook.attempts), (State::Pending, 1));
    assert_eq!((api.requests().len(), hooks.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_lease_that_could_end_before_its_sends_is_refused() {
    let mut world = World::start(None, Timing::default()).await;
    let seconds = Duration::from_secs;
    for (lease, starts) in [(35, false), (36, true)] {
        let timing = Timing { lease: seconds(lease), deadline: seconds(15) };
        let settings = Settings { timing, ..Settings::default() };
        let started = Outbox::start(Arc::clone(&world.store), world.intake.clone(), world.clock.clone(), settings);
        match started {
            Ok(outbox) => outbox.stop(Duration::ZERO).await,
            Err(error) => assert!(matches!(error, CannotStart::LeaseTooShort(_)) && !starts, "{error}"),
        }
    }
    world.stop(Duration::ZERO).await;
}
