//! Occurrences of schedules: once each, worked off in slices, and dealt with for good.

use antiphon::model::id::PersonId;
use antiphon::model::time::{Second, Span};
use antiphon::store::Store;
use antiphon::store::schedules::{self, Counts, Key, Run, State, Task, ZoneRow};

use super::harness::on_both;
use super::sample::{RULES, T0};

fn key(schedule: &str, zone: &str, after: i64) -> Key {
    Key { schedule: schedule.to_owned(), zone: zone.to_owned(), occurrence: T0.plus(Span(after)) }
}

fn new(schedule: &str, zone: &str, after: i64, task: Task) -> Run {
    Run::new(key(schedule, zone, after), task, RULES, T0.plus(Span(after + 1)))
}

async fn open(store: &Store, runs: &[Run]) -> Vec<Key> {
    let tx = store.write().await.unwrap();
    let opened = schedules::open(&tx, runs).await.unwrap();
    tx.commit().await.unwrap();
    opened
}

#[test]
fn an_occurrence_is_one_row_whoever_notices_it() {
    on_both("schedules-once", async |store| {
        let first = new("nudge", "Europe/Berlin", 0, Task::ForEach);
        let later = Run { opened: T0.plus(Span(99)), missed: 7, ..first.clone() };
        let elsewhere = new("nudge", "Asia/Tokyo", 0, Task::ForEach);
        assert_eq!(open(store, &[first.clone()]).await, [first.key.clone()]);
        // Noticed at another time it is the same one; in another zone, or at another instant, it is not.
        assert_eq!(open(store, &[later, elsewhere.clone()]).await, [elsewhere.key.clone()]);
        let next = new("nudge", "Asia/Tokyo", 60, Task::ForEach);
        assert_eq!(open(store, &[elsewhere.clone(), next.clone()]).await, [next.key.clone()]);
        assert_eq!(open(store, &[]).await, []);
        let runs = schedules::newest(&store.read(), "nudge", 9).await.unwrap();
        assert_eq!(runs, [next, elsewhere, first]);
        assert_eq!(schedules::newest(&store.read(), "nudge", 1).await.unwrap().len(), 1);
        runs
    });
}

#[test]
fn a_run_goes_on_where_its_cursor_stands() {
    on_both("schedules-cursor", async |store| {
        let (late, early) = (new("b", "UTC", 60, Task::ForEach), new("c", "UTC", 0, Task::ForEach));
        let (recheck, other) = (new("a", "UTC", 30, Task::Recheck), new("a", "UTC", 90, Task::Recheck));
        open(store, &[late.clone(), early.clone(), other.clone(), recheck.clone()]).await;
        let tx = store.write().await.unwrap();
        assert_eq!(schedules::claim(&tx, Task::ForEach).await.unwrap().as_ref(), Some(&early));
        let counts = Counts { considered: 5, started: 2, refused: 1, drifted: 4, repaired: 3 };
        let (start, five, nine) = (PersonId(0), PersonId(5), PersonId(9));
        assert!(schedules::advance(&tx, &early.key, start, five, &counts).await.unwrap());
        // A second worker that had read the same cursor is too late.
        assert!(!schedules::advance(&tx, &early.key, start, five, &counts).await.unwrap());
        assert!(schedules::advance(&tx, &early.key, five, nine, &counts).await.unwrap());
        let claimed = schedules::claim(&tx, Task::ForEach).await.unwrap().unwrap();
        assert_eq!((claimed.cursor, claimed.counts.considered, claimed.counts.repaired), (nine, 10, 6));
        assert!(schedules::finish(&tx, &early.key, State::Done, T0.plus(Span(3))).await.unwrap());
        assert!(!schedules::finish(&tx, &early.key, State::Dropped, T0.plus(Span(4))).await.unwrap());
        assert!(!schedules::advance(&tx, &early.key, nine, PersonId(11), &counts).await.unwrap());
        tx.commit().await.unwrap();

        let reader = store.read();
        assert_eq!(schedules::open_runs(&reader, Task::ForEach, 9).await.unwrap(), [late]);
        assert_eq!(schedules::open_runs(&reader, Task::OnDeploy, 9).await.unwrap(), []);
        assert_eq!(schedules::open_rechecks(&reader, 1).await.unwrap(), [recheck.clone()]);
        assert_eq!(schedules::open_rechecks(&reader, 9).await.unwrap(), [recheck, other]);
        let ended = schedules::newest(&reader, "c", 1).await.unwrap();
        assert_eq!((ended[0].state, ended[0].ended), (State::Done, Some(T0.plus(Span(3)))));
        ended
    });
}

#[test]
fn old_runs_go_and_open_ones_stay() {
    on_both("schedules-purge", async |store| {
        let runs: Vec<Run> = (0..4).map(|n| new("a", "UTC", n * 60, Task::ForEach)).collect();
        open(store, &runs).await;
        let tx = store.write().await.unwrap();
        for run in &runs[..3] {
            let at = run.key.occurrence;
            assert!(schedules::finish(&tx, &run.key, State::Done, at).await.unwrap());
        }
        // The second at the bound stays.
        let before = runs[2].key.occurrence;
        assert_eq!(schedules::purge(&tx, before, 1).await.unwrap(), 1);
        assert_eq!(schedules::purge(&tx, before, 9).await.unwrap(), 1);
        assert_eq!(schedules::purge(&tx, before, 9).await.unwrap(), 0);
        tx.commit().await.unwrap();
        let left = schedules::newest(&store.read(), "a", 9).await.unwrap();
        assert_eq!(left.iter().map(|run| &run.key).collect::<Vec<_>>(), [&runs[3].key, &runs[2].key]);
        left
    });
}

#[test]
fn what_was_reached_is_never_taken_back() {
    on_both("schedules-zones", async |store| {
        let row = |schedule: &str, zone: &str, cadence: &str, reached: i64| ZoneRow {
            schedule: schedule.to_owned(),
            zone: zone.to_owned(),
            cadence: cadence.to_owned(),
            reached: Second(reached),
        };
        let tx = store.write().await.unwrap();
        schedules::reach(&tx, &[]).await.unwrap();
        schedules::reach(&tx, &[row("b", "UTC", "0 9 * * *", 100), row("a", "UTC", "0 8 * * *", 100)]).await.unwrap();
        schedules::reach(&tx, &[row("b", "Asia/Tokyo", "0 9 * * *", 5), row("b", "UTC", "0 7 * * *", 99)])
            .await
            .unwrap();
        schedules::reach(&tx, &[row("a", "UTC", "0 8 * * *", 101)]).await.unwrap();
        tx.commit().await.unwrap();
        let all = schedules::zones(&store.read()).await.unwrap();
        let (tokyo, berlin) = (row("b", "Asia/Tokyo", "0 9 * * *", 5), row("b", "UTC", "0 7 * * *", 100));
        assert_eq!(all, [row("a", "UTC", "0 8 * * *", 101), tokyo.clone(), berlin.clone()]);
        let tx = store.write().await.unwrap();
        schedules::forget(&tx, &[]).await.unwrap();
        schedules::forget(&tx, &[("a", "UTC"), ("b", "UTC"), ("c", "UTC")]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(schedules::zones(&store.read()).await.unwrap(), [tokyo]);
        all
    });
}
