//! The bounds of the queue: at the bound it takes, one past it refuses at once.

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
