//! Inbound messages: segments before the answer, once, in time, and never half.

use antiphon::intake::{Body, Outcome, Refusal};
use antiphon::model::inbound::{Broken, BrokenReason};
use serde_json::json;

use super::world::with_rules;

const RULES: &str = r#"
version: 1
segments:
  yes-lately:
    when: |
      replied YES within 2 days
  yes-in-time:
    when: |
      replied YES within 2 days of the message it answers
campaigns:
  ask:
    state: live
    trigger:
      event: |
        performed "booked"
    steps:
      - id: ask
        send: {template: confirm, language: en}
  hello:
    state: live
    trigger:
      event: |
        replied HELLO
    steps:
      - id: greet
        send: {text: "Hello!"}
"#;

const ANA: &str = "15550100142";
const TWO_DAYS: i64 = 172_800;

#[test]
fn a_lone_yes_counts_for_two_days_and_then_lapses_by_itself() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        assert_eq!(world.one(world.reply("w1", ANA, "YES", None)).await, Outcome::Taken);
        assert_eq!(world.segments("ana").await, ["yes-lately"]);
        world.after(TWO_DAYS);
        assert_eq!(world.intake.play_due(100).await.unwrap().people, 0, "its second is not over");
        world.after(1);
        let played = world.intake.play_due(100).await.unwrap();
        assert_eq!((played.people, played.next), (1, None));
        assert!(world.segments("ana").await.is_empty());
        assert_eq!(world.count("SELECT count(*) FROM transitions WHERE cause = 'wake' AND entered = 0").await, 1);
        assert_eq!(world.count("SELECT at FROM transitions WHERE entered = 0").await, super::world::T0.0 + TWO_DAYS);
    });
}

#[test]
fn a_yes_that_quotes_our_message_is_in_time_for_it() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.track("ana", "booked").await;
        let claimed = world.claim_one().await;
        assert_eq!(world.accept(&claimed, "ours-1").await, Outcome::Taken);
        world.after(TWO_DAYS);
        assert_eq!(world.one(world.reply("w1", ANA, "Yes!", Some("ours-1"))).await, Outcome::Taken);
        assert_eq!(world.segments("ana").await, ["yes-in-time", "yes-lately"]);
        let log = world.log("ana").await;
        let reply = log.last().unwrap();
        assert_eq!(reply.reason.map(|reason| reason.as_str()), Some("quoted"));
        assert_eq!(reply.properties["answers"], json!(claimed.effect.id.0.to_string()));
    });
}

#[test]
fn a_second_too_late_is_not_in_time() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.track("ana", "booked").await;
        world.accept(&world.claim_one().await, "ours-1").await;
        world.after(TWO_DAYS + 1);
        world.one(world.reply("w1", ANA, "Yes!", Some("ours-1"))).await;
        assert_eq!(world.segments("ana").await, ["yes-lately"]);
    });
}

#[test]
fn a_reply_to_a_message_whose_acceptance_is_not_known_yet_is_bound_to_it() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.track("ana", "booked").await;
        let claimed = world.claim_one().await;
        world.after(5);
        world.one(world.reply("w1", ANA, "Yes!", Some("ours-1"))).await;
        world.after(5);
        assert_eq!(world.accept(&claimed, "ours-1").await, Outcome::Taken);
        let log = world.log("ana").await;
        let (reply, sent) = (&log[log.len() - 2], &log[log.len() - 1]);
        assert_eq!(reply.reason.map(|reason| reason.as_str()), Some("in_flight"));
        assert_eq!(sent.kind.name(), "message_sent");
        assert!(sent.order() < reply.order(), "the send lies before the reply to it");
        assert_eq!(sent.at, reply.at);
    });
}

#[test]
fn the_same_message_again_changes_nothing() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        let twice = vec![world.reply("w1", ANA, "YES", None), world.reply("w1", ANA, "YES", None)];
        let receipt = world.take(twice).await.unwrap();
        assert_eq!(receipt.outcomes, [Outcome::Taken, Outcome::Duplicate]);
        world.after(1000);
        assert_eq!(world.one(world.reply("w1", ANA, "YES", None)).await, Outcome::Duplicate);
        assert_eq!(world.names("ana").await, ["attributes_set", "inbound_message"]);
        assert_eq!(world.count("SELECT count(*) FROM transitions").await, 1);
    });
}

#[test]
fn bodies_that_come_together_count_one_after_the_other() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        let (first, second) = tokio::join!(
            world.take(vec![world.reply("w1", ANA, "YES", None)]),
            world.take(vec![world.reply("w1", ANA, "YES", None)]),
        );
        let outcomes = [first.unwrap().outcomes, second.unwrap().outcomes].concat();
        assert_eq!(outcomes, [Outcome::Taken, Outcome::Duplicate]);
    });
}

#[test]
fn a_stranger_is_anonymous_and_stays_so() {
    with_rules(RULES, async |world| {
        assert_eq!(world.one(world.reply("w1", ANA, "Hello!", None)).await, Outcome::Taken);
        assert_eq!(world.count("SELECT count(*) FROM people").await, 0);
        assert_eq!(world.count("SELECT count(*) FROM events WHERE person_id IS NULL").await, 1);
        let skipped = r#"SELECT count(*) FROM journey_log WHERE what = '{"skipped":"anonymous"}'"#;
        assert_eq!(world.count(skipped).await, 1);
        assert!(world.claim().await.is_empty(), "nobody can be answered");
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        assert_eq!(world.names("ana").await, ["attributes_set"], "what was anonymous is not attached later");
    });
}

#[test]
fn what_cannot_be_written_whole_is_not_written_at_all() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        let before = world.count("SELECT count(*) FROM events").await;
        world.tamper("ALTER TABLE transitions RENAME TO hidden").await;
        let refused = world.take(vec![world.reply("w1", ANA, "YES", None)]).await;
        assert_eq!(refused, Err(Refusal::Unavailable));
        world.tamper("ALTER TABLE hidden RENAME TO transitions").await;
        assert_eq!(world.count("SELECT count(*) FROM events").await, before);
        assert_eq!(world.count("SELECT count(*) FROM memberships").await, 0);
        assert_eq!(world.one(world.reply("w1", ANA, "YES", None)).await, Outcome::Taken);
        assert_eq!(world.segments("ana").await, ["yes-lately"]);
    });
}

#[test]
fn what_cannot_be_read_is_kept_and_shown_and_its_neighbours_count() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        let broken = Broken { pointer: "/entry/0".to_owned(), reason: BrokenReason::NoContent, raw: "{}".to_owned() };
        let body = Body {
            items: vec![world.reply("w1", ANA, "YES", None)],
            broken: vec![("whatsapp", broken)],
            ..Body::default()
        };
        assert_eq!(world.intake.submit(body).await.unwrap().outcomes, [Outcome::Taken]);
        assert_eq!(world.segments("ana").await, ["yes-lately"]);
        assert_eq!(world.count("SELECT count(*) FROM quarantine WHERE reason = 'no_content'").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM notices WHERE kind = 'quarantined'").await, 1);
    });
}
