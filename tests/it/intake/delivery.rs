//! What became of our messages, told early, late, twice, and under a lost lease.

use antiphon::intake::{Outcome, Settlement};
use serde_json::json;

use super::world::{World, with_rules};

const RULES: &str = r#"
version: 1
segments:
  got-it:
    when: |
      received campaign "ask" ever
  read-it:
    when: |
      read campaign "ask" ever
campaigns:
  ask:
    state: live
    trigger:
      event: |
        performed "booked"
    steps:
      - id: ask
        send: {template: confirm, language: en}
"#;

async fn asked(world: &World) -> antiphon::store::outbox::Claimed {
    world.identify("ana", json!({ "phone": "+15550100142" })).await;
    world.track("ana", "booked").await;
    world.claim_one().await
}

#[test]
fn read_implies_received_and_nothing_goes_back() {
    with_rules(RULES, async |world| {
        let claimed = asked(world).await;
        world.accept(&claimed, "ours-1").await;
        assert_eq!(world.one(world.status("ours-1", "read", None)).await, Outcome::Taken);
        assert_eq!(world.segments("ana").await, ["got-it", "read-it"]);
        for late in ["delivered", "sent", "read", "failed"] {
            assert_eq!(world.one(world.status("ours-1", late, None)).await, Outcome::Duplicate, "{late}");
        }
        let names = world.names("ana").await;
        assert_eq!(names[2..], ["message_sent", "message_received", "message_read"]);
        assert_eq!(world.count("SELECT count(*) FROM messages WHERE delivery = 'read'").await, 1);
    });
}

#[test]
fn a_status_that_comes_before_the_answer_settles_the_send() {
    with_rules(RULES, async |world| {
        let claimed = asked(world).await;
        world.after(3);
        let status = world.status("ours-1", "delivered", Some(claimed.effect.id));
        assert_eq!(world.one(status).await, Outcome::Taken);
        assert_eq!(world.names("ana").await[2..], ["message_sent", "message_received"]);
        assert_eq!(world.count("SELECT count(*) FROM outbox WHERE state = 'done'").await, 1);
        let late = world.accept(&claimed, "ours-1").await;
        assert!(matches!(late, Outcome::PassedOver(_)), "{late:?}");
        assert_eq!(world.names("ana").await.len(), 4);
    });
}

#[test]
fn who_lost_the_lease_cannot_settle() {
    with_rules(RULES, async |world| {
        let first = asked(world).await;
        world.after(61);
        let second = world.claim_one().await;
        assert_eq!((second.effect.id, second.fence), (first.effect.id, first.fence + 1));
        let late = world.accept(&first, "ours-1").await;
        assert!(matches!(late, Outcome::PassedOver(_)), "{late:?}");
        assert_eq!(world.names("ana").await.len(), 2, "nothing came of it");
        assert_eq!(world.accept(&second, "ours-2").await, Outcome::Taken);
    });
}

#[test]
fn an_attempt_that_is_put_off_comes_again_and_one_that_failed_does_not() {
    with_rules(RULES, async |world| {
        let claimed = asked(world).await;
        let at_millis = world.clock.millis() + 5_000;
        let retry = Settlement::Retry { at_millis, reason: "busy".to_owned() };
        assert_eq!(world.settle(&claimed, retry).await, Outcome::Taken);
        world.after(4);
        assert!(world.claim().await.is_empty(), "not yet");
        world.after(1);
        let again = world.claim_one().await;
        assert_eq!(again.attempts, 2);
        let failed = Settlement::Failed { reason: "131026".to_owned() };
        assert_eq!(world.settle(&again, failed).await, Outcome::Taken);
        world.after(100_000);
        assert!(world.claim().await.is_empty());
        assert_eq!(world.names("ana").await.last().unwrap(), "message_failed");
    });
}

#[test]
fn a_send_of_unknown_outcome_is_held_until_a_status_tells() {
    with_rules(RULES, async |world| {
        let claimed = asked(world).await;
        let unknown = Settlement::Unknown { reason: "cut".to_owned() };
        assert_eq!(world.settle(&claimed, unknown).await, Outcome::Taken);
        world.after(100_000);
        assert!(world.claim().await.is_empty(), "never twice because we are unsure");
        world.one(world.status("ours-1", "delivered", Some(claimed.effect.id))).await;
        assert_eq!(world.names("ana").await[2..], ["message_sent", "message_received"]);
        assert_eq!(world.count("SELECT count(*) FROM outbox WHERE state = 'done'").await, 1);
    });
}

#[test]
fn a_status_of_a_message_that_is_not_ours_is_passed_over() {
    with_rules(RULES, async |world| {
        let outcome = world.one(world.status("theirs", "delivered", None)).await;
        assert!(matches!(outcome, Outcome::PassedOver(_)), "{outcome:?}");
        assert_eq!(world.count("SELECT count(*) FROM events").await, 0);
    });
}
