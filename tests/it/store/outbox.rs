//! The outbox: who may work on what, until when.

use antiphon::model::effect::{Call, EffectKind};
use antiphon::model::id::{EffectId, PersonId};
use antiphon::store::Store;
use antiphon::store::outbox::{self, Claimed, NewEffect, PutBack, Settled, State};

use super::harness::on_both;
use super::sample::{effect, made, new_send};

const LEASE_MS: i64 = 60_000;

async fn record(store: &Store, effects: &[NewEffect], due_ms: i64) -> usize {
    let tx = store.write().await.unwrap();
    let inserted = outbox::insert(&tx, effects, due_ms).await.unwrap();
    tx.commit().await.unwrap();
    inserted.len()
}

async fn claim(store: &Store, now_ms: i64, limit: u32) -> Vec<Claimed> {
    let tx = store.write().await.unwrap();
    let claimed = outbox::claim(&tx, now_ms, LEASE_MS, limit).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

async fn settle(store: &Store, claimed: &Claimed, state: State, due_ms: Option<i64>) -> bool {
    let settled =
        Settled { id: claimed.effect.id, fence: claimed.fence, state, due_ms, outcome: Some("said so".to_owned()) };
    let tx = store.write().await.unwrap();
    let held = outbox::settle(&tx, &[settled]).await.unwrap();
    tx.commit().await.unwrap();
    held.contains(&claimed.effect.id)
}

fn ids(claimed: &[Claimed]) -> Vec<EffectId> {
    claimed.iter().map(|c| c.effect.id).collect()
}

fn call(number: u128, person: Option<PersonId>, url: &str) -> NewEffect {
    let mut new = new_send(number, person);
    new.effect.kind =
        EffectKind::Webhook(Call { url: url.to_owned(), body: "{}".to_owned(), timeout: None, retries: Some(3) });
    new.endpoint = url.to_owned();
    new
}

#[test]
fn effects_are_claimed_when_due_the_longest_due_first() {
    on_both("outbox-order", async |store| {
        record(store, &[new_send(1, None)], 2_000).await;
        record(store, &[new_send(2, None), new_send(3, None)], 1_000).await;
        assert_eq!(outbox::next_due(&store.read()).await.unwrap(), Some(1_000));
        assert!(claim(store, 999, 9).await.is_empty());
        let first = claim(store, 1_000, 1).await;
        assert_eq!(ids(&first), [effect(2)]);
        assert_eq!(first[0].effect, new_send(2, None).effect);
        assert_eq!((first[0].attempts, first[0].fence), (1, 1));
        let rest = claim(store, 2_000, 9).await;
        assert_eq!(ids(&rest), [effect(1), effect(3)]);
        assert!(claim(store, 2_000, 9).await.is_empty(), "what is leased is left alone");
        rest
    });
}

#[test]
fn an_effect_is_recorded_once() {
    on_both("outbox-once", async |store| {
        let first = record(store, &[new_send(1, None)], 0).await;
        let second = record(store, &[new_send(1, None), new_send(2, None), new_send(2, None)], 5).await;
        assert_eq!((first, second), (1, 1));
        claim(store, 0, 9).await
    });
}

#[test]
fn whoever_lost_the_fence_writes_nothing() {
    on_both("outbox-fence", async |store| {
        record(store, &[new_send(1, None)], 0).await;
        let slow = claim(store, 0, 9).await.remove(0);
        assert!(claim(store, LEASE_MS - 1, 9).await.is_empty());
        let quick = claim(store, LEASE_MS, 9).await.remove(0);
        assert_eq!((quick.attempts, quick.fence), (2, 2));
        assert!(!settle(store, &slow, State::Failed, None).await);
        assert!(settle(store, &quick, State::Done, None).await);
        assert!(!settle(store, &quick, State::Failed, None).await, "what is settled stays so");
        assert!(claim(store, i64::MAX, 9).await.is_empty());
        outbox::get(&store.read(), effect(1)).await.unwrap().unwrap()
    });
}

#[test]
fn whoever_comes_after_a_lost_lease_is_told_so() {
    on_both("outbox-abandoned", async |store| {
        record(store, &[new_send(1, None)], 0).await;
        assert!(!claim(store, 0, 9).await[0].is_abandoned);
        let second = claim(store, LEASE_MS, 9).await.remove(0);
        assert!(second.is_abandoned);
        assert!(settle(store, &second, State::Pending, Some(0)).await);
        assert!(!claim(store, LEASE_MS, 9).await[0].is_abandoned);
    });
}

#[test]
fn what_is_put_back_was_not_attempted() {
    on_both("outbox-back", async |store| {
        record(store, &[new_send(1, None)], 0).await;
        claim(store, 0, 9).await;
        let claimed = claim(store, LEASE_MS, 9).await.remove(0);
        let back = PutBack { id: effect(1), fence: claimed.fence, due_ms: 5 };
        let tx = store.write().await.unwrap();
        assert_eq!(outbox::put_back(&tx, &[PutBack { fence: back.fence - 1, ..back }]).await.unwrap(), 0);
        assert_eq!(outbox::put_back(&tx, &[back, PutBack { id: effect(2), ..back }]).await.unwrap(), 1);
        assert_eq!(outbox::put_back(&tx, &[back]).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert!(claim(store, 4, 9).await.is_empty());
        let again = claim(store, 5, 9).await.remove(0);
        assert_eq!((again.attempts, again.is_abandoned), (claimed.attempts, false));
        again
    });
}

#[test]
fn a_postponed_effect_comes_back_and_a_held_one_does_not() {
    on_both("outbox-later", async |store| {
        record(store, &[new_send(1, None), new_send(2, None)], 0).await;
        let claimed = claim(store, 0, 9).await;
        assert!(settle(store, &claimed[0], State::Pending, Some(5_000)).await);
        assert!(settle(store, &claimed[1], State::Held, None).await);
        assert!(claim(store, 4_999, 9).await.is_empty());
        assert_eq!(ids(&claim(store, 5_000, 9).await), [claimed[0].effect.id]);
        let tx = store.write().await.unwrap();
        let both = [claimed[0].effect.id, claimed[1].effect.id, effect(99)];
        let ended = outbox::conclude(&tx, &both, State::Done, "a status told").await.unwrap();
        assert_eq!(ended.len(), 2);
        assert!(outbox::conclude(&tx, &both, State::Cancelled, "too late").await.unwrap().is_empty());
        tx.commit().await.unwrap();
        let done = outbox::page(&store.read(), Some(State::Done), None, 9).await.unwrap();
        assert_eq!(done, outbox::page(&store.read(), None, None, 9).await.unwrap());
        assert_eq!(outbox::page(&store.read(), None, Some(done[0].id), 9).await.unwrap(), done[1..]);
        done
    });
}

/// Numbers are those of one person and endpoint, in the order given, over batches and retries.
#[test]
fn effects_of_one_person_to_one_endpoint_are_numbered() {
    on_both("outbox-numbers", async |store| {
        let people = made(store, &["ana", "bo"]).await;
        let (ana, bo) = (Some(people[0]), Some(people[1]));
        record(store, &[call(9, ana, "https://a"), call(5, ana, "https://a"), call(6, ana, "https://b")], 0).await;
        record(store, &[call(4, ana, "https://a"), call(3, bo, "https://a"), call(2, None, "https://a")], 0).await;
        let mut claimed = claim(store, 0, 99).await;
        claimed.sort_by_key(|c| c.effect.id);
        let seen: Vec<_> = claimed.iter().map(|c| (c.effect.id.0.0, c.number)).collect();
        assert_eq!(seen, [(2, 0), (3, 1), (4, 3), (5, 2), (6, 1), (9, 1)]);
        seen
    });
}

#[test]
fn two_claimers_never_share_an_effect() {
    on_both("outbox-race", async |store| {
        let effects: Vec<_> = (1..=40).map(|n| new_send(n, None)).collect();
        record(store, &effects, 0).await;
        let (a, b) = tokio::join!(claim(store, 0, 30), claim(store, 0, 30));
        let mut all = ids(&a);
        all.extend(ids(&b));
        all.sort_unstable();
        let before = all.len();
        all.dedup();
        assert_eq!(all.len(), before);
        all.extend(ids(&claim(store, 0, 40).await));
        all.len()
    });
}
