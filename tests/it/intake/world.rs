//! A real intake on a real database, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use antiphon::clock::Clock;
use antiphon::intake::{
    Body, Identify, Intake, Item, Outcome, Receipt, Refusal, Rules, Settle, Settlement, Signals, Track, Writer,
};
use antiphon::model::event::Event;
use antiphon::model::id::{EffectId, InstallationKey, PersonId};
use antiphon::model::person::Handle;
use antiphon::model::time::{Second, Span};
use antiphon::model::value::Properties;
use antiphon::providers::whatsapp;
use antiphon::rollout::{self, Intent, Published, Publisher};
use antiphon::store::outbox::{self, Claimed};
use antiphon::store::{Store, events, identities, memberships, rules};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};

use crate::store::harness::{TempFile, TempSchema, block_on, open};

pub const T0: Second = Second(1_795_334_400);

pub struct World {
    pub store: Arc<Store>,
    pub clock: Clock,
    pub intake: Intake,
    pub rules: Rules,
    pub publisher: Publisher,
    url: String,
    ids: AtomicU32,
}

/// Runs `story` in a world with these rules: on SQLite, and on PostgreSQL where there is one.
pub fn with_rules(rules: &str, story: impl AsyncFn(&World)) {
    with_files(&[("rules.yaml", rules)], story);
}

/// The same with several files.
pub fn with_files(rules: &[(&str, &str)], story: impl AsyncFn(&World)) {
    block_on(async {
        let file = TempFile::new("intake");
        story(&World::new(rules, &file.url()).await).await;
        let Some(schema) = TempSchema::new("intake").await else { return };
        story(&World::new(rules, &schema.url).await).await;
        schema.remove().await;
    });
}

impl World {
    async fn new(rules: &[(&str, &str)], url: &str) -> Self {
        let store = Arc::new(open(url).await);
        let clock = Clock::manual(T0);
        let files = rules.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let published = rollout::publish(&store, &clock, &Properties::new(), files, Intent::Activate).await;
        assert!(matches!(published, Ok(Published::Activated(_))), "{published:?}");
        Self::node(store, clock, url).await
    }

    /// Another node on the same database, with the rules that are active now in force.
    pub async fn another_node(&self) -> Self {
        Self::node(Arc::clone(&self.store), self.clock.clone(), &self.url).await
    }

    async fn node(store: Arc<Store>, clock: Clock, url: &str) -> Self {
        let versions = rollout::versions(&store, &Properties::new()).await.expect("it loads").expect("one is active");
        let (signals, rules) = (Signals::default(), Rules::new(versions));
        let publisher = Publisher::new(Arc::clone(&store), clock.clone(), rules.clone(), Properties::new());
        let key = InstallationKey([7; 32]);
        let writer = Writer::new(Arc::clone(&store), clock.clone(), key, rules.clone(), signals.clone());
        let newer = publisher.clone();
        let writer = writer.with_newer_rules(Box::new(move || {
            let newer = newer.clone();
            Box::pin(async move { newer.refresh().await.expect("what is active loads") })
        }));
        let (intake, _) = Intake::start(writer, signals);
        Self { store, clock, intake, rules, publisher, url: url.to_owned(), ids: AtomicU32::new(0) }
    }

    /// Publishes these rules, puts them in force and brings everybody up to them.
    pub async fn publish(&self, rules: &str) -> Published {
        let published = self.publish_only(rules, Intent::Activate).await;
        self.catch_up().await;
        published
    }

    /// The same with several files.
    pub async fn publish_files(&self, rules: &[(&str, &str)]) -> Published {
        let files = rules.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let published = self.publisher.publish(files, Intent::Activate).await.expect("the store works");
        self.catch_up().await;
        published
    }

    /// Publishes these rules and leaves people where they are.
    pub async fn publish_only(&self, rules: &str, intent: Intent) -> Published {
        let files = [("rules.yaml".to_owned(), rules.to_owned())].into();
        self.publisher.publish(files, intent).await.expect("the store works")
    }

    /// Brings everybody up to the rules in force; says how many were behind.
    pub async fn catch_up(&self) -> u64 {
        let (intake, store, rules, clock) = (&self.intake, &self.store, &self.rules, &self.clock);
        rollout::CatchUp { intake, store, rules, clock }.run().await
    }

    pub fn after(&self, seconds: i64) {
        self.clock.advance_to(self.clock.second().plus(Span(seconds)));
    }

    pub async fn take(&self, items: Vec<Item>) -> Result<Receipt, Refusal> {
        self.intake.submit(Body { items, ..Body::default() }).await
    }

    /// Takes one item in and says what became of it.
    pub async fn one(&self, item: Item) -> Outcome {
        self.take(vec![item]).await.expect("the store works").outcomes.remove(0)
    }

    pub async fn identify(&self, id: &str, attributes: serde_json::Value) {
        let attributes = attributes.as_object().cloned().expect("attributes are an object");
        let handle = Handle::ExternalId(id.to_owned());
        let outcome = self.one(Item::Identify(Identify { handle, attributes, update_only: false, at: None })).await;
        assert_eq!(outcome, Outcome::Taken);
    }

    pub async fn track(&self, id: &str, name: &str) {
        let event = self.ids.fetch_add(1, Ordering::Relaxed).to_string();
        let track = Track {
            handle: Some(Handle::ExternalId(id.to_owned())),
            name: name.to_owned(),
            id: event,
            at: None,
            data: Properties::new(),
        };
        assert_eq!(self.one(Item::Track(track)).await, Outcome::Taken);
    }

    /// A webhook with one text message of now, as the provider's reader reads it.
    pub fn reply(&self, wamid: &str, from: &str, text: &str, quotes: Option<&str>) -> Item {
        self.reply_at(wamid, from, text, quotes, self.clock.second())
    }

    pub fn reply_at(&self, wamid: &str, from: &str, text: &str, quotes: Option<&str>, at: Second) -> Item {
        let mut message = json!({
            "from": from, "id": wamid, "timestamp": at.0.to_string(), "type": "text", "text": { "body": text },
        });
        if let Some(quoted) = quotes {
            message["context"] = json!({ "id": quoted });
        }
        self.read(&json!({ "messages": [message] }))
    }

    pub fn status(&self, wamid: &str, status: &str, tag: Option<EffectId>) -> Item {
        let tag = tag.map(|id| format!("ap1:{}", id.0));
        let at = self.clock.second().0.to_string();
        self.read(&json!({ "statuses": [{
            "id": wamid, "status": status, "timestamp": at, "recipient_id": "15550100142", "biz_opaque_callback_data": tag,
        }] }))
    }

    fn read(&self, items: &serde_json::Value) -> Item {
        let mut value = items.clone();
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({ "display_phone_number": "15550100900", "phone_number_id": "770011002200" });
        let body = json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] });
        let reading = whatsapp::read::read(body.to_string().as_bytes());
        assert!(reading.broken.is_empty(), "{reading:?}");
        match reading.items.into_iter().next().expect("one item was written") {
            antiphon::model::inbound::Inbound::Arrival(arrival) => Item::Arrival(arrival),
            antiphon::model::inbound::Inbound::Status(status) => Item::Status(status),
        }
    }

    pub async fn claim(&self) -> Vec<Claimed> {
        let tx = self.store.write().await.expect("the store works");
        let claimed = outbox::claim(&tx, self.clock.millis(), 60_000, 100).await.expect("the store works");
        tx.commit().await.expect("the store works");
        claimed
    }

    /// Claims the one effect that is due.
    pub async fn claim_one(&self) -> Claimed {
        let mut claimed = self.claim().await;
        assert_eq!(claimed.len(), 1, "{claimed:?}");
        claimed.remove(0)
    }

    pub async fn settle(&self, claimed: &Claimed, outcome: Settlement) -> Outcome {
        self.one(Item::Settle(Settle { effect: claimed.effect.id, fence: claimed.fence, outcome })).await
    }

    /// The provider accepts what was claimed, under this id.
    pub async fn accept(&self, claimed: &Claimed, wamid: &str) -> Outcome {
        let outcome = Settlement::Accepted {
            provider: "whatsapp",
            provider_id: wamid.to_owned(),
            sender: "770011002200".to_owned(),
            wa_id: None,
        };
        self.settle(claimed, outcome).await
    }

    pub async fn person(&self, id: &str) -> PersonId {
        let handle = Handle::ExternalId(id.to_owned());
        identities::by_handle(&self.store.read(), &handle).await.expect("the store works").expect("they are known")
    }

    /// The names of the segments that somebody is in, sorted.
    pub async fn segments(&self, id: &str) -> Vec<String> {
        let reader = self.store.read();
        let numbers = rules::numbers(&reader).await.expect("the store works").segments;
        let standing = memberships::of_person(&reader, self.person(id).await).await.expect("the store works");
        let name = |segment| numbers.iter().find(|(_, id)| **id == segment).map(|(name, _)| name.clone());
        let mut names: Vec<String> = standing.into_iter().filter_map(|membership| name(membership.segment)).collect();
        names.sort();
        names
    }

    /// Somebody's events, in the order taken in.
    pub async fn log(&self, id: &str) -> Vec<Event> {
        let person = self.person(id).await;
        let mut logs = events::of_people(&self.store.read(), &[person]).await.expect("the store works");
        logs.remove(&person).unwrap_or_default()
    }

    /// The names of somebody's events.
    pub async fn names(&self, id: &str) -> Vec<String> {
        self.log(id).await.iter().map(|event| event.kind.name().to_owned()).collect()
    }

    /// One number from the database, read beside the server.
    pub async fn count(&self, sql: &'static str) -> i64 {
        match self.url.strip_prefix("sqlite://") {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(path);
                let mut database = SqliteConnection::connect_with(&options).await.expect("the file opens");
                sqlx::query(sql).fetch_one(&mut database).await.expect("the statement is right").get(0)
            }
            None => {
                let mut database = PgConnection::connect(&self.url).await.expect("the server is there");
                sqlx::query(sql).fetch_one(&mut database).await.expect("the statement is right").get(0)
            }
        }
    }

    /// Makes the database refuse every event that says `poison`.
    pub async fn refuse_poison(&self) {
        self.tamper(if self.url.starts_with("sqlite://") {
            "CREATE TRIGGER poison BEFORE INSERT ON events WHEN NEW.properties LIKE '%poison%'
             BEGIN SELECT RAISE(ABORT, 'poison'); END"
        } else {
            "ALTER TABLE events ADD CONSTRAINT poison CHECK (properties NOT LIKE '%poison%')"
        })
        .await;
    }

    /// Changes the database behind the server's back.
    pub async fn tamper(&self, sql: &'static str) {
        match self.url.strip_prefix("sqlite://") {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(path);
                let mut database = SqliteConnection::connect_with(&options).await.expect("the file opens");
                database.execute(sql).await.expect("the statement is right");
            }
            None => {
                let mut database = PgConnection::connect(&self.url).await.expect("the server is there");
                database.execute(sql).await.expect("the statement is right");
            }
        }
    }
}
