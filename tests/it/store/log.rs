//! The log: an event reads back as written, and its key counts once.

use antiphon::model::event::{Event, Kind};
use antiphon::model::id::EventKey;
use antiphon::store::events;

use super::harness::on_both;
use super::sample::{T0, key, made, reply};

#[test]
fn every_kind_reads_back_as_written() {
    on_both("event-roundtrip", async |store| {
        let ana = made(store, &["ana"]).await[0];
        let kinds = [
            Kind::Inbound,
            Kind::Reaction,
            Kind::ReactionRemoved,
            Kind::Sent,
            Kind::Received,
            Kind::Read,
            Kind::Failed,
            // Not to be taken for the kinds of these names.
            Kind::Custom("inbound_message".to_owned()),
            Kind::Custom("custom".to_owned()),
            Kind::AttributesSet,
            Kind::SegmentJoined("vip".to_owned()),
            Kind::SegmentLeft("vip".to_owned()),
        ];
        let mut rows = Vec::new();
        for (kind, seq) in kinds.into_iter().zip(1..) {
            let mut row = reply(&format!("e{seq}"), Some(ana), seq);
            row.event.kind = kind;
            if seq > 6 {
                row.event.message = None;
                row.event.reason = None;
                row.event.precedes = Some(seq - 1);
                row.provider_id = None;
            }
            rows.push(row);
        }
        // Written in another order than numbered.
        rows.reverse();
        let tx = store.write().await.unwrap();
        let inserted = events::insert(&tx, &rows).await.unwrap();
        assert_eq!(inserted.len(), rows.len());
        tx.commit().await.unwrap();
        rows.reverse();
        let read = events::of_people(&store.read(), &[ana]).await.unwrap();
        let written: Vec<_> = rows.into_iter().map(|row| row.event).collect();
        assert_eq!(read[&ana], written);
        read
    });
}

/// What new rules look for is found in the order of the rows, a few at a time, by kind and second.
#[test]
fn what_was_said_is_read_by_kind_and_second() {
    on_both("event-said", async |store| {
        let ana = made(store, &["ana"]).await[0];
        let mut rows =
            [reply("a", Some(ana), 1), reply("b", None, 0), reply("c", Some(ana), 2), reply("d", Some(ana), 3)];
        rows[2].event.kind = Kind::Custom("inbound_message".to_owned());
        rows[3].event.at = T0.minus(antiphon::model::time::Span(5));
        for row in &rows {
            let tx = store.write().await.unwrap();
            events::insert(&tx, std::slice::from_ref(row)).await.unwrap();
            tx.commit().await.unwrap();
        }
        let reader = store.read();
        let last = events::last_row(&reader).await.unwrap();
        let keep = |said: Vec<(antiphon::model::id::PersonId, antiphon::model::event::Event)>| {
            said.into_iter().map(|(person, event)| (person, event.kind, event.at, event.properties)).collect::<Vec<_>>()
        };
        let of = async |rows, kinds: &[Kind], since| keep(events::said_in(&reader, rows, kinds, since).await.unwrap());
        let said = of((0, last), &[Kind::Inbound], T0.minus(antiphon::model::time::Span(5))).await;
        assert_eq!(said.len(), 2);
        assert_eq!(said[0], (ana, Kind::Inbound, rows[0].event.at, rows[0].event.properties.clone()));
        assert_eq!(of((0, last), &[Kind::Inbound], T0).await.len(), 1);
        assert_eq!(of((0, last - 1), &[Kind::Inbound], T0.minus(antiphon::model::time::Span(9))).await.len(), 1);
        assert_eq!(of((0, last), &[Kind::Reaction], T0.minus(antiphon::model::time::Span(9))).await, []);
        let custom = of((0, last), &[Kind::Custom("any".to_owned())], T0).await;
        assert_eq!(custom.len(), 1, "the name is for the caller to look at");
        (said, custom)
    });
}

#[test]
fn a_key_counts_once() {
    on_both("event-once", async |store| {
        let ana = made(store, &["ana"]).await[0];
        let tx = store.write().await.unwrap();
        let first = events::insert(&tx, &[reply("a", Some(ana), 1), reply("b", None, 0)]).await.unwrap();
        assert_eq!(first.len(), 2);
        tx.commit().await.unwrap();

        let tx = store.write().await.unwrap();
        let known = events::known_keys(&tx, &[key("b"), key("c"), key("a")]).await.unwrap();
        assert_eq!(known, [key("a"), key("b")].into());
        let mut other = reply("b", Some(ana), 7);
        other.event.kind = Kind::Reaction;
        // Once in the database, and once in the same batch.
        let rows = [other, reply("c", None, 0), reply("c", None, 0), reply("d", None, 0)];
        let second = events::insert(&tx, &rows).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(second, [key("c"), key("d")].into());
        events::of_people(&store.read(), &[ana]).await.unwrap()
    });
}

#[test]
fn a_persons_number_is_given_once() {
    on_both("event-seq", async |store| {
        let ana = made(store, &["ana"]).await[0];
        let tx = store.write().await.unwrap();
        let rows = [reply("a", Some(ana), 1), reply("b", Some(ana), 1)];
        let error = events::insert(&tx, &rows).await.unwrap_err();
        assert!(error.is_conflict(), "{error}");
    });
}

/// Two bodies with one id at the same time: the second waits for the first, then finds it there.
#[test]
fn of_two_writers_with_one_key_one_inserts() {
    on_both("event-race", async |store| {
        let write = async || -> std::collections::BTreeSet<EventKey> {
            let tx = store.write().await.unwrap();
            let rows: Vec<_> = (0..50).map(|n| reply(&format!("e{n}"), None, 0)).collect();
            let inserted = events::insert(&tx, &rows).await.unwrap();
            tx.commit().await.unwrap();
            inserted
        };
        let (a, b) = tokio::join!(write(), write());
        assert!(a.is_disjoint(&b));
        a.len() + b.len()
    });
}

#[test]
fn an_empty_batch_asks_nothing() {
    on_both("event-empty", async |store| {
        let tx = store.write().await.unwrap();
        let inserted = events::insert(&tx, &[]).await.unwrap();
        let known = events::known_keys(&tx, &[]).await.unwrap();
        let read = events::of_people(&tx, &[]).await.unwrap();
        inserted.is_empty() && known.is_empty() && read.is_empty()
    });
}

#[test]
fn the_newest_come_first_page_by_page() {
    on_both("event-newest", async |store| {
        let ana = made(store, &["ana"]).await[0];
        let tx = store.write().await.unwrap();
        for (name, seq) in [("a", 1), ("b", 2), ("c", 3)] {
            events::insert(&tx, &[reply(name, Some(ana), seq)]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let page = |read: &[(i64, Event)]| read.iter().map(|(_, event)| event.seq).collect::<Vec<_>>();
        let first = events::newest(&store.read(), i64::MAX, 2).await.unwrap();
        let rest = events::newest(&store.read(), first[1].0, 2).await.unwrap();
        assert_eq!((page(&first), page(&rest)), (vec![3, 2], vec![1]));
        assert_eq!(first[0].1, reply("c", Some(ana), 3).event);
        (page(&first), page(&rest))
    });
}
