//! Quarantine, notices, the installation, the activity that shows them, and erasing a person from all.

use antiphon::model::id::{InstallationKey, JourneyId, PersonId};
use antiphon::model::identity::Channel;
use antiphon::model::inbound::{Broken, BrokenReason};
use antiphon::model::journey::{Entry, What as Did};
use antiphon::model::transition::Cause;
use antiphon::store::activity::{self, Consequence, Cursor, Item, What};
use antiphon::store::journeys::EntryRow;
use antiphon::store::notices::{self, Notice};
use antiphon::store::outbox::{self, State};
use antiphon::store::quarantine::{self, NewQuarantined};
use antiphon::store::rules::{self, SegmentName};
use antiphon::store::{Store, erase, events, identities, installation, journeys, memberships, messages, people};
use serde_json::json;
use ulid::Ulid;

use super::consequences::{by_event, journey, message, moved};
use super::harness::{TempFile, block_on, on_both, open};
use super::sample::{RULES, T0, effect, key, made, make, new_send, phone, properties, reply, somebody};

#[test]
fn an_installation_keeps_its_key() {
    on_both("installation", async |store| {
        let tx = store.write().await.unwrap();
        let first = installation::ensure(&tx, &InstallationKey([1; 32]), T0).await.unwrap();
        let again = installation::ensure(&tx, &InstallationKey([2; 32]), T0.next()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((first.key.0, again.key.0, again.created), ([1; 32], [1; 32], T0));
    });
}

#[test]
fn broken_items_lie_in_quarantine() {
    on_both("quarantine", async |store| {
        let item = |pointer: &str| NewQuarantined {
            arrived_ms: 1,
            provider: "whatsapp",
            broken: Broken {
                pointer: pointer.to_owned(),
                reason: BrokenReason::NotJson,
                raw: "{\"a\\u0000".to_owned(),
            },
        };
        let tx = store.write().await.unwrap();
        quarantine::insert(&tx, &[item("/a"), item("")]).await.unwrap();
        tx.commit().await.unwrap();
        let reader = store.read();
        let rows = quarantine::page(&reader, None, 9).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.pointer.as_str()).collect::<Vec<_>>(), ["", "/a"]);
        assert_eq!(quarantine::page(&reader, Some(rows[0].id), 9).await.unwrap(), rows[1..]);
        assert_eq!(quarantine::get(&reader, rows[1].id).await.unwrap().as_ref(), Some(&rows[1]));
        assert_eq!(quarantine::count(&reader).await.unwrap(), 2);
        rows
    });
}

fn notice(at_ms: i64, person: Option<PersonId>, name: Option<&str>) -> Notice {
    let data = properties(json!({"reason": "group"}));
    Notice { at_ms, kind: "ignored".into(), person, key: name.map(key), data }
}

#[test]
fn a_notice_with_a_key_is_written_once() {
    on_both("notice-once", async |store| {
        let tx = store.write().await.unwrap();
        let rows = [notice(1, None, Some("a")), notice(2, None, None), notice(3, None, None)];
        assert_eq!(notices::insert(&tx, &rows).await.unwrap(), [key("a")].into());
        let rows = [notice(4, None, Some("a")), notice(5, None, Some("b"))];
        assert_eq!(notices::insert(&tx, &rows).await.unwrap(), [key("b")].into());
        tx.commit().await.unwrap();
        let items = activity::newest(&store.read(), Cursor::END, None, 9).await.unwrap();
        assert_eq!(items.len(), 4);
        items
    });
}

/// Two events with consequences, one of them anonymous, a wake, a refusal by time, two notices.
async fn a_busy_minute(store: &Store) -> Vec<PersonId> {
    let ids = made(store, &["ana", "bo"]).await;
    let ana = Some(ids[0]);
    let tx = store.write().await.unwrap();
    let names = ["a", "b"].map(|name| SegmentName { name: name.into(), title: None, kind: "dynamic" });
    rules::assign(&tx, &names, &[], T0).await.unwrap();
    let mut first = reply("e1", ana, 1);
    first.arrived_ms = T0.0 * 1000 + 500;
    let mut second = reply("stranger", None, 0);
    second.arrived_ms = T0.0 * 1000 + 1_500;
    events::insert(&tx, &[first, second]).await.unwrap();
    let moves = [
        moved(ids[0], 1, true, by_event(1)),
        moved(ids[0], 2, true, by_event(1)),
        moved(ids[0], 2, false, Cause::Wake),
    ];
    memberships::write(&tx, &moves).await.unwrap();
    let stranger = Cause::Event { seq: 0, key: key("stranger") };
    let lines = [line(ana, by_event(1)), line(None, stranger), line(Some(ids[1]), Cause::Wake)];
    journeys::log(&tx, &lines).await.unwrap();
    notices::insert(&tx, &[notice(T0.0 * 1000, ana, None), notice(T0.0 * 1000 + 9_000, None, None)]).await.unwrap();
    tx.commit().await.unwrap();
    ids
}

fn line(person: Option<PersonId>, cause: Cause) -> EntryRow {
    let entry = Entry {
        journey: Some(JourneyId(Ulid(3))),
        campaign: "ask".to_owned(),
        step: None,
        at: T0,
        cause,
        what: Did::Started,
    };
    EntryRow { entry, person }
}

fn told(item: &Item) -> String {
    let who = item.who.as_ref().and_then(|who| who.external_id.as_deref()).unwrap_or("-");
    match &item.what {
        What::Event { row, followed } => {
            let moves = followed.iter().filter(|c| matches!(c, Consequence::Transition { .. })).count();
            format!("{who} event {} {moves}+{}", row.event.seq, followed.len() - moves)
        }
        What::ByItself(Consequence::Transition { transition, .. }) => format!("{who} {:?}", transition.segment),
        What::ByItself(Consequence::Journey(entry)) => format!("{who} {}", entry.campaign),
        What::Notice(notice) => format!("{who} {}", notice.kind),
    }
}

#[test]
fn activity_is_one_line_of_time() {
    on_both("activity", async |store| {
        let ids = a_busy_minute(store).await;
        let reader = store.read();
        let items = activity::newest(&reader, Cursor::END, None, 99).await.unwrap();
        let seen: Vec<String> = items.iter().map(told).collect();
        let expected = ["- ignored", "- event 0 0+1", "bo ask", "ana SegmentId(2)", "ana event 1 2+1", "ana ignored"];
        assert_eq!(seen, expected);

        // Item by item, from either end, it is the same line.
        let (mut cursor, mut backwards) = (Cursor::END, Vec::new());
        while let Some(item) = activity::newest(&reader, cursor, None, 1).await.unwrap().pop() {
            cursor = item.cursor.to_string().parse().unwrap();
            backwards.push(told(&item));
        }
        assert_eq!(backwards, expected);
        let (mut cursor, mut forwards) = (Cursor::START, Vec::new());
        while let Some(item) = activity::after(&reader, cursor, None, 1).await.unwrap().pop() {
            cursor = item.cursor;
            forwards.push(told(&item));
        }
        forwards.reverse();
        assert_eq!(forwards, expected);
        let head = activity::head(&reader).await.unwrap();
        assert!(activity::after(&reader, head, None, 9).await.unwrap().is_empty());

        let of_ana = activity::newest(&reader, Cursor::END, Some(ids[0]), 99).await.unwrap();
        let mut again = activity::after(&reader, Cursor::START, Some(ids[0]), 99).await.unwrap();
        again.reverse();
        assert_eq!(of_ana.iter().map(told).collect::<Vec<_>>(), again.iter().map(told).collect::<Vec<_>>());
        assert_eq!(of_ana.len(), 3);
        items
    });
}

/// Everything about one person, in every table.
async fn a_life(store: &Store) -> PersonId {
    let ids = a_busy_minute(store).await;
    let (ana, bo) = (ids[0], ids[1]);
    let tx = store.write().await.unwrap();
    let held =
        |person| identities::Identity { channel: Channel::Phone, value: "+15550100142".to_owned(), person, since: T0 };
    identities::insert(&tx, &[held(ana), held(bo)]).await.unwrap();
    journeys::insert(&tx, &[journey(3, Some(ana)), journey(4, Some(bo))]).await.unwrap();
    messages::insert(&tx, &[message(1, ana, Some(T0)), message(2, bo, Some(T0))]).await.unwrap();
    outbox::insert(&tx, &[new_send(1, Some(ana)), new_send(2, Some(bo))], 0).await.unwrap();
    outbox::claim(&tx, 0, 60_000, 9).await.unwrap();
    outbox::insert(&tx, &[new_send(5, Some(ana))], 0).await.unwrap();
    tx.commit().await.unwrap();
    ana
}

#[test]
fn erasing_leaves_keys_and_nothing_else() {
    on_both("erase", async |store| {
        let ana = a_life(store).await;
        let tx = store.write().await.unwrap();
        people::lock(&tx, &[ana]).await.unwrap();
        assert!(erase(&tx, ana).await.unwrap());
        assert!(!erase(&tx, ana).await.unwrap());
        tx.commit().await.unwrap();

        let reader = store.read();
        let again = reply("e1", Some(ana), 1);
        assert_eq!(events::known_keys(&reader, &[again.event.key]).await.unwrap().len(), 1);
        let number = antiphon::model::person::Handle::Phone(phone("+15550100142"));
        assert_eq!(identities::find(&reader, &[number]).await.unwrap().len(), 1, "bo holds it still");
        let sends: Vec<_> = [1, 5, 2].map(effect).into();
        for (id, state) in sends.iter().zip([State::Cancelled, State::Cancelled, State::Leased]) {
            let row = outbox::get(&reader, *id).await.unwrap().unwrap();
            assert_eq!((row.state, row.effect.is_some()), (state, state == State::Leased));
        }
        assert_eq!(messages::get(&reader, effect(1)).await.unwrap().unwrap().body, None);
        let items = activity::newest(&reader, Cursor::END, None, 99).await.unwrap();
        let seen: Vec<String> = items.iter().map(told).collect();
        assert_eq!(seen, ["- ignored", "- event 0 0+1", "bo ask", "- ignored"]);
        (
            memberships::of_person(&reader, ana).await.unwrap(),
            journeys::open_of(&reader, &[ana]).await.unwrap(),
            people::count(&reader, RULES).await.unwrap(),
        )
    });
}

/// Not even the free space of the file tells who it was.
#[test]
fn the_file_forgets_an_erased_person() {
    block_on(async {
        let file = TempFile::new("erase-file");
        let store = open(&file.url()).await;
        let ana = a_life(&store).await;
        let tx = store.write().await.unwrap();
        let mut canary = somebody("ana");
        canary.cio_id = Ulid(77);
        canary.external_id = Some("canary-id".to_owned());
        canary.email = Some("canary@example.org".to_owned());
        canary.attributes = properties(json!({"first_name": "Canary", "long": "canary ".repeat(2_000)}));
        let id = make(&tx, vec![canary]).await.unwrap()[0];
        let mut row = reply("canary", Some(id), 1);
        row.event.properties = properties(json!({"body": "I am the canary"}));
        events::insert(&tx, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        let tx = store.write().await.unwrap();
        erase(&tx, id).await.unwrap();
        erase(&tx, ana).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await.unwrap();
        let bytes = std::fs::read(file.path()).unwrap().to_ascii_lowercase();
        for trace in ["canary", "wamid.e1", "ana@example.org"] {
            assert!(!bytes.windows(trace.len()).any(|window| window == trace.as_bytes()), "{trace}");
        }
    });
}
