//! What audits and replays read besides.

use std::collections::BTreeSet;

use antiphon::model::id::{JourneyId, PersonId, RulesVersion, SegmentId};
use antiphon::model::transition::Cause;
use antiphon::store::events::EventRow;
use antiphon::store::memberships;
use antiphon::store::rules::{self, SegmentName};
use antiphon::store::{Options, Store, events, outbox};
use ulid::Ulid;

use super::consequences::{by_event, moved};
use super::harness::{TempSchema, block_on, on_both, open};
use super::sample::{RULES, T0, effect, made, new_send, reply};

#[test]
fn people_are_read_with_all_their_segments_at_once() {
    on_both("memberships-people", async |store| {
        let ids = made(store, &["ana", "bo", "cy"]).await;
        let tx = store.write().await.unwrap();
        let names = ["a", "b"].map(|name| SegmentName { name: name.into(), title: None, kind: "dynamic" });
        rules::assign(&tx, &names, &[], T0).await.unwrap();
        let batch = [
            moved(ids[0], 1, true, by_event(1)),
            moved(ids[0], 2, true, Cause::Recheck),
            moved(ids[1], 2, true, by_event(1)),
            moved(ids[2], 1, true, Cause::Wake),
            moved(ids[2], 1, false, Cause::Wake),
        ];
        memberships::write(&tx, &batch).await.unwrap();
        tx.commit().await.unwrap();
        let reader = store.read();
        let read = memberships::of_people(&reader, &ids).await.unwrap();
        let both: BTreeSet<_> = [SegmentId(1), SegmentId(2)].into();
        assert_eq!(read, [(ids[0], both), (ids[1], [SegmentId(2)].into())].into());
        assert!(memberships::of_people(&reader, &[]).await.unwrap().is_empty());
        // The cause comes back as it was written.
        assert_eq!(memberships::of_person(&reader, ids[0]).await.unwrap()[1].cause, Cause::Recheck);
        assert_eq!(memberships::mended(&reader, &ids).await.unwrap(), [ids[0]].into());
        assert!(memberships::mended(&reader, &ids[1..]).await.unwrap().is_empty());
        assert!(memberships::mended(&reader, &[]).await.unwrap().is_empty());
        read
    });
}

#[test]
fn a_log_is_read_with_the_rule_set_of_each_event() {
    on_both("event-rows", async |store| {
        let ana = made(store, &["ana"]).await[0];
        let tx = store.write().await.unwrap();
        let rows = [reply("b", Some(ana), 2), EventRow { rules: RulesVersion(2), ..reply("a", Some(ana), 1) }];
        events::insert(&tx, &rows).await.unwrap();
        tx.commit().await.unwrap();
        let read = events::rows_of_people(&store.read(), &[ana, PersonId(99)]).await.unwrap();
        let seen: Vec<_> = read[&ana].iter().map(|row| (row.event.seq, row.rules)).collect();
        assert_eq!((seen, read.len()), (vec![(1, RulesVersion(2)), (2, RULES)], 1));
        seen_nothing(store).await;
    });
}

async fn seen_nothing(store: &Store) {
    assert!(events::rows_of_people(&store.read(), &[]).await.unwrap().is_empty());
    assert!(outbox::of_people(&store.read(), &[]).await.unwrap().is_empty());
    assert_eq!(outbox::count_of_nobody(&store.read()).await.unwrap(), 0);
}

#[test]
fn effects_are_read_by_whom_they_concern() {
    on_both("outbox-people", async |store| {
        let ids = made(store, &["ana", "bo"]).await;
        let tx = store.write().await.unwrap();
        let sends = [new_send(1, Some(ids[0])), new_send(2, Some(ids[0])), new_send(3, None), new_send(4, None)];
        outbox::insert(&tx, &sends, 0).await.unwrap();
        tx.commit().await.unwrap();
        let read = outbox::of_people(&store.read(), &ids).await.unwrap();
        let journey = JourneyId(Ulid(9));
        assert_eq!(read, [(ids[0], [(effect(1), journey), (effect(2), journey)].into())].into());
        assert_eq!(outbox::count_of_nobody(&store.read()).await.unwrap(), 2);
        read
    });
}

#[test]
fn postgres_lists_the_connections_of_servers() {
    on_both("connected-alone", async |store| {
        let connected = store.servers_connected().await.unwrap();
        assert_eq!(connected > 0, store.is_shared(), "this one is a server's, where others could be");
    });
    block_on(async {
        let Some(schema) = TempSchema::new("connected").await else { return };
        let options = Options { connected_as: "antiphon replay", ..Options::default() };
        let other = Store::open(&schema.url, options).await.unwrap_or_else(|error| panic!("{error}"));
        let server = open(&schema.url).await;
        assert!(other.servers_connected().await.unwrap() > 0);
        for store in [server, other] {
            store.close().await.unwrap();
        }
        schema.remove().await;
    });
}
