//! All or nothing, and one door.

use antiphon::store::{events, people};
use sqlx::{Connection, Executor, SqliteConnection};

use super::harness::{TempFile, block_on, on_both, open};
use super::sample::{RULES, made, make, reply, somebody};

#[test]
fn what_is_not_committed_leaves_nothing() {
    on_both("tx-nothing", async |store| {
        let ana = made(store, &["ana"]).await[0];
        for explicitly in [false, true] {
            let tx = store.write().await.unwrap();
            make(&tx, vec![somebody("bo")]).await.unwrap();
            events::insert(&tx, &[reply("a", Some(ana), 1)]).await.unwrap();
            if explicitly {
                tx.rollback().await.unwrap();
            } else {
                drop(tx);
            }
        }
        let left = (
            people::count(&store.read(), RULES).await.unwrap(),
            events::of_people(&store.read(), &[ana]).await.unwrap(),
        );
        assert_eq!(left, ((1, 0), [].into()));
        left
    });
}

/// What is read in a snapshot belongs together, whatever is committed meanwhile.
#[test]
fn a_snapshot_goes_on_seeing_what_it_saw_first() {
    on_both("tx-snapshot", async |store| {
        made(store, &["ana"]).await;
        let snapshot = store.snapshot().await.unwrap();
        let before = people::count(&snapshot, RULES).await.unwrap();
        made(store, &["bo"]).await;
        let meanwhile = people::count(&snapshot, RULES).await.unwrap();
        let beside = people::count(&store.read(), RULES).await.unwrap();
        drop(snapshot);
        let after = people::count(&store.snapshot().await.unwrap(), RULES).await.unwrap();
        let seen = [before, meanwhile, beside, after].map(|(people, _)| people);
        assert_eq!(seen, [1, 1, 2, 2]);
        seen
    });
}

/// A statement that fails takes everything before it along.
#[test]
fn a_failed_statement_takes_its_neighbours_along() {
    on_both("tx-failed", async |store| {
        made(store, &["ana"]).await;
        let tx = store.write().await.unwrap();
        make(&tx, vec![somebody("bo")]).await.unwrap();
        assert!(make(&tx, vec![somebody("ana")]).await.is_err());
        drop(tx);
        people::count(&store.read(), RULES).await.unwrap()
    });
}

/// Writers that take the same people in different orders do not block each other for good.
#[test]
fn locks_are_taken_in_one_order() {
    on_both("tx-locks", async |store| {
        let ids = made(store, &["ana", "bo", "cleo"]).await;
        let backwards: Vec<_> = ids.iter().rev().copied().collect();
        let write = async |ids: &[antiphon::model::id::PersonId]| {
            for _ in 0..20 {
                let tx = store.write().await.unwrap();
                people::lock(&tx, ids).await.unwrap();
                let rows = people::load(&tx, ids).await.unwrap();
                let states: Vec<_> = rows
                    .into_iter()
                    .map(|row| people::StateRow {
                        id: row.person.id,
                        last_seq: row.last_seq + 1,
                        rules: RULES,
                        state: Vec::new(),
                    })
                    .collect();
                people::save_states(&tx, &states).await.unwrap();
                tx.commit().await.unwrap();
            }
        };
        tokio::join!(write(&ids), write(&backwards));
        let rows = people::load(&store.read(), &ids).await.unwrap();
        let seqs: Vec<_> = rows.iter().map(|row| row.last_seq).collect();
        assert_eq!(seqs, [40, 40, 40], "no update is lost");
        seqs
    });
}

/// Somebody else is at it for too long: an error that says to begin again, within seconds.
#[test]
fn a_writer_that_waits_in_vain_may_try_again() {
    on_both("tx-wait", async |store| {
        let ids = made(store, &["ana"]).await;
        let first = store.write().await.unwrap();
        people::lock(&first, &ids).await.unwrap();
        let second = async {
            let tx = store.write().await?;
            people::lock(&tx, &ids).await
        };
        let error = second.await.unwrap_err();
        assert!(error.is_retryable() && !error.is_data() && !error.is_conflict(), "{error}");
        first.commit().await.unwrap();
        let tx = store.write().await.unwrap();
        people::lock(&tx, &ids).await.unwrap();
    });
}

/// A process that is not ours holds the file: busy, and nothing worse.
#[test]
fn a_busy_file_may_be_tried_again() {
    block_on(async {
        let file = TempFile::new("tx-busy");
        let store = open(&file.url()).await;
        let mut other = SqliteConnection::connect(&file.url()).await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        let error = store.write().await.unwrap_err();
        assert!(error.is_retryable() && !error.is_data(), "{error}");
        other.execute("COMMIT").await.unwrap();
        other.close().await.unwrap();
        drop(store.write().await.unwrap());
        store.close().await.unwrap();
    });
}
