//! Replays: every log folded and lived again gives what is stored; after tampering it is shown what does not.

use antiphon::model::time::Span;
use antiphon::model::value::Properties;
use antiphon::rollout::replay::{DIFFERENCES_SHOWN_MAX, Difference, Replayed};
use serde_json::json;

use crate::intake::world::{World, with_rules};

const RULES: &str = r#"
version: 1
segments:
  asked: {kind: manual}
  hello:
    when: |
      replied HELLO within 2 days
campaigns:
  visit:
    state: live
    trigger:
      event: |
        performed "booked"
    steps:
      - record_event: {name: noted, props: {}}
      - id: ask
        send: {template: confirm, language: en}
      - wait: 1 hour
      - manual_segment: {add: asked}
      - id: remind
        send: {template: reminder, language: en}
"#;

pub async fn replay(world: &World) -> Replayed {
    let replayed = antiphon::rollout::replay::replay(&world.store, &world.clock, &Properties::new(), |_| {}).await;
    replayed.expect("the store works")
}

/// Ana says hello and books, and her journey ends; Bo books.
async fn told(world: &World) {
    world.identify("ana", json!({ "phone": "+15550100142" })).await;
    world.identify("bo", json!({ "phone": "+15550100143" })).await;
    world.one(world.reply("a1", "15550100142", "hello", None)).await;
    world.track("ana", "booked").await;
    world.after(3_700);
    // Late: the event that the wake causes lies at its own second.
    world.intake.play_due(10).await.expect("the store works");
    world.track("bo", "booked").await;
    world.after(10);
    let replayed = replay(world).await;
    assert_eq!(replayed.shown, []);
    assert_eq!((replayed.people, replayed.memberships, replayed.effects), (2, 2, 3));
    assert_eq!((replayed.doubts.len(), replayed.anonymous, replayed.unlogged), (0, 0, 0));
}

fn said(replayed: &Replayed) -> Vec<String> {
    replayed.shown.iter().map(|(_, difference)| difference.to_string()).collect()
}

#[test]
fn an_event_that_a_wake_causes_arrives_at_the_second_of_the_wake() {
    with_rules(RULES, async |world| {
        let booked = world.clock.second();
        told(world).await;
        let log = world.log("ana").await;
        let joined = log.iter().find(|event| event.kind.name() == "segment_joined").expect("the journey did it");
        assert_eq!((joined.at, joined.arrived), (booked.plus(Span(3_600)), booked.plus(Span(3_600))));
    });
}

#[test]
fn a_membership_that_no_log_gives_is_shown() {
    with_rules(RULES, async |world| {
        told(world).await;
        world.tamper("DELETE FROM memberships WHERE segment_id = (SELECT id FROM segments WHERE name = 'hello')").await;
        assert_eq!(said(&replay(world).await), ["hello: the table of memberships says out, but the log says in"]);
    });
}

#[test]
fn effects_that_are_missing_or_made_up_are_shown() {
    with_rules(RULES, async |world| {
        told(world).await;
        world.tamper("DELETE FROM outbox WHERE person_id = (SELECT id FROM people WHERE external_id = 'bo')").await;
        let replayed = replay(world).await;
        assert!(matches!(replayed.shown[..], [(_, Difference::Missing(_))]), "{:?}", said(&replayed));
        world.tamper("UPDATE outbox SET person_id = (SELECT id FROM people WHERE external_id = 'bo')").await;
        let replayed = replay(world).await;
        // Two of Ana's are missing, as is Bo's own, and two stand with him that are none of his.
        let count =
            |is: fn(&Difference) -> bool| replayed.shown.iter().filter(|(_, difference)| is(difference)).count();
        assert_eq!(count(|difference| matches!(difference, Difference::Missing(_))), 3);
        assert_eq!(count(|difference| matches!(difference, Difference::Extra(_))), 2);
        assert_eq!(replayed.differences, 5);
    });
}

#[test]
fn a_log_that_was_changed_is_shown_where_it_parts() {
    with_rules(RULES, async |world| {
        told(world).await;
        let noted = world.log("bo").await.iter().find(|event| event.kind.name() == "noted").expect("a step did it").seq;
        world
            .tamper(
                "UPDATE events SET name = 'other' WHERE name = 'noted'
                 AND person_id = (SELECT id FROM people WHERE external_id = 'bo')",
            )
            .await;
        let parted = format!("played again, event {noted} of the log does not come out as it is");
        assert_eq!(said(&replay(world).await), [parted]);
    });
}

#[test]
fn what_cannot_be_known_from_a_log_is_said_and_not_hidden() {
    with_rules(RULES, async |world| {
        told(world).await;
        let other = |hours: &str| RULES.replace("wait: 1 hour", &format!("wait: {hours}"));
        // A change of rules that each of them went through is no doubt.
        world.publish(&other("2 hours")).await;
        world.after(10);
        let replayed = replay(world).await;
        assert_eq!((said(&replayed), replayed.doubts.len(), replayed.effects), (Vec::new(), 0, 3));
        // Of somebody who was put right the log does not tell everything.
        world.tamper("DELETE FROM memberships WHERE segment_id = (SELECT id FROM segments WHERE name = 'hello')").await;
        super::audit(world, true).await;
        let replayed = replay(world).await;
        assert_eq!(said(&replayed), [""; 0]);
        let doubts: Vec<_> = replayed.doubts.iter().map(|(doubt, people)| (doubt.as_str(), *people)).collect();
        assert_eq!(doubts, [("what was stored of them was put right, which is no part of the log", 1)]);
        // Nor of somebody whose log has lost its beginning.
        world.tamper("DELETE FROM events WHERE seq = 1").await;
        let replayed = replay(world).await;
        assert!(replayed.doubts.values().sum::<u64>() >= 2, "{replayed:?}");
    });
}

#[test]
fn no_more_differences_are_shown_than_is_said_and_all_are_counted() {
    with_rules(RULES, async |world| {
        let people = DIFFERENCES_SHOWN_MAX + 1;
        for n in 0..people {
            world.identify(&format!("p{n}"), json!({ "phone": format!("+155501001{n:02}") })).await;
            world.one(world.reply(&format!("w{n}"), &format!("155501001{n:02}"), "hello", None)).await;
        }
        world.tamper("DELETE FROM memberships").await;
        let replayed = replay(world).await;
        assert_eq!((replayed.shown.len(), replayed.differences), (DIFFERENCES_SHOWN_MAX, people as u64));
    });
}
