//! The bounds of the queue, and batches in which one item spoils the rest.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use antiphon::intake::{BATCH_ITEMS_MAX, Body, Outcome, QUEUE_ITEMS_MAX, Refusal};
use serde_json::json;

use super::world::{World, with_rules};

const RULES: &str = r#"
version: 1
segments:
  yes-lately:
    when: |
      replied YES within 2 days
"#;

fn body(world: &World, first: usize, items: usize) -> Body {
    let replies = (first..first + items).map(|n| world.reply(&format!("w{n}"), "15550100142", "YES", None));
    Body { items: replies.collect(), ..Body::default() }
}

#[test]
fn a_full_queue_refuses_at_once_and_what_waits_is_taken() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        // Nothing is awaited until the queue is full, so on this one thread the writer cannot empty it meanwhile.
        let half = QUEUE_ITEMS_MAX / 2;
        let mut waiting: Vec<Pin<Box<_>>> = Vec::new();
        for first in [0, half] {
            let mut taken = Box::pin(world.intake.submit(body(world, first, half)));
            assert!(poll_fn(|context| Poll::Ready(taken.as_mut().poll(context).is_pending())).await);
            waiting.push(taken);
        }
        let refused = world.intake.submit(body(world, QUEUE_ITEMS_MAX, 1)).await;
        assert_eq!(refused, Err(Refusal::Full));
        for taken in waiting {
            let outcomes = taken.await.unwrap().outcomes;
            assert!(outcomes.len() == half && outcomes.iter().all(|outcome| *outcome == Outcome::Taken));
        }
        assert_eq!(world.one(world.reply("again", "15550100142", "YES", None)).await, Outcome::Taken);
        assert_eq!(world.log("ana").await.len(), QUEUE_ITEMS_MAX + 2);
    });
}

#[test]
fn a_body_larger_than_a_batch_is_taken_whole() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        let taken = world.intake.submit(body(world, 0, BATCH_ITEMS_MAX + 1)).await.unwrap();
        assert_eq!(taken.outcomes.len(), BATCH_ITEMS_MAX + 1);
        assert_eq!(world.count("SELECT count(DISTINCT arrived_ms) FROM events WHERE seq > 1").await, 1);
    });
}

#[test]
fn what_the_database_refuses_is_cut_out_and_its_neighbours_count() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.refuse_poison().await;
        let say = |id: &str, text: &str| world.reply(id, "15550100142", text, None);
        let spoilt =
            vec![say("w1", "one"), say("w2", "poison"), say("w3", "YES"), say("w4", "poison"), say("w5", "two")];
        let (before, with, after) = tokio::join!(
            world.take(vec![say("a", "hello")]),
            world.take(spoilt),
            world.take(vec![say("b", "hello"), say("c", "hello")]),
        );
        assert_eq!(before.unwrap().outcomes, [Outcome::Taken]);
        assert_eq!(after.unwrap().outcomes, [Outcome::Taken, Outcome::Taken]);
        let outcomes = with.unwrap().outcomes;
        let (good, bad) = (Outcome::Taken, Outcome::Quarantined);
        assert_eq!(outcomes, [good.clone(), bad.clone(), good.clone(), bad, good]);
        assert_eq!(world.segments("ana").await, ["yes-lately"]);
        assert_eq!(world.count("SELECT count(*) FROM quarantine").await, 2);
        assert_eq!(world.log("ana").await.len(), 7);
    });
}
