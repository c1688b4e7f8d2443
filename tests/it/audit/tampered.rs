//! Drift made by hand.

use std::time::Duration;

use antiphon::engine::{Deciding, Wrong};
use antiphon::model::time::Span;
use antiphon::rollout::audit::{Scope, WATCHED_PER_MINUTE};
use serde_json::json;

use super::{audit, auditor, words};
use crate::intake::world::{T0, World, with_rules};

const RULES: &str = r#"
version: 1
segments:
  vips: {kind: manual}
  hello:
    when: |
      replied HELLO within 2 days
  often:
    when: |
      replied at least 3 times within 30 days
campaigns:
  greet:
    state: live
    trigger:
      becomes: |
        in segment "hello"
    steps:
      - id: note
        update_person: {greeted: "yes"}
      - wait: 3 days
  regulars:
    state: live
    trigger:
      event: |
        entered segment "often"
    steps:
      - id: note
        update_person: {regular: "yes"}
"#;

const ANA: &str = "15550100142";
const BO: &str = "15550100143";
const DAY: i64 = 86_400;

/// Ana says hello twice, a minute apart; Bo says three other things.
async fn told(world: &World) {
    world.identify("ana", json!({ "phone": "+15550100142" })).await;
    world.identify("bo", json!({ "phone": "+15550100143" })).await;
    for n in 0..3 {
        world.after(60);
        if n < 2 {
            world.one(world.reply(&format!("a{n}"), ANA, "hello", None)).await;
        }
        world.one(world.reply(&format!("b{n}"), BO, "well", None)).await;
    }
    assert_eq!(audit(world, false).await.tally.found, []);
}

async fn starts(world: &World) -> i64 {
    world.count("SELECT count(*) FROM journeys").await
}

/// Puts right what was found, with nothing started by it, and finds nothing any more.
async fn repair(world: &World, people: u64) {
    let (before, effects) = (starts(world).await, world.count("SELECT count(*) FROM outbox").await);
    let repaired = audit(world, true).await;
    assert_eq!(repaired.tally.repaired, people);
    assert!(repaired.tally.found.iter().all(|found| found.repaired));
    let clean = audit(world, false).await;
    assert_eq!((clean.tally.drifts, clean.tally.looked), (0, 2), "{:?}", words(&clean));
    world.intake.play_due(10).await.expect("the store works");
    assert_eq!(starts(world).await, before, "nothing is started");
    assert_eq!(world.count("SELECT count(*) FROM outbox").await, effects);
}

#[test]
fn a_membership_that_was_taken_away_is_found_and_given_back() {
    with_rules(RULES, async |world| {
        told(world).await;
        world
            .tamper(
                "DELETE FROM memberships WHERE segment_id = (SELECT id FROM segments WHERE name = 'hello')
                 AND person_id = (SELECT id FROM people WHERE external_id = 'ana')",
            )
            .await;
        assert_eq!(world.segments("ana").await, [""; 0]);
        let found = audit(world, false).await;
        assert_eq!(words(&found), [("hello".to_owned(), "membership")]);
        let one = &found.tally.found[0];
        assert_eq!(one.person, world.person("ana").await);
        assert_eq!(one.drift.wrong, Wrong::Member { truth: true });
        assert_eq!(one.drift.since, Some(T0.plus(Span(60))), "since the first hello");
        let said =
            |seq: u32, after: i64| Deciding { seq, kind: "inbound_message".to_owned(), at: T0.plus(Span(after)) };
        assert_eq!(one.drift.events, [said(4, 120), said(2, 60)], "what campaigns wrote lies between");
        assert_eq!(one.drift.wrong.to_string(), "the table of memberships says out, but the log says in");
        repair(world, 1).await;
        assert_eq!(world.segments("ana").await, ["hello"]);
        assert_eq!(world.count("SELECT count(*) FROM transitions WHERE cause = 'recheck' AND entered = 1").await, 1);
    });
}

#[test]
fn a_membership_that_was_made_up_is_found_and_taken_away() {
    with_rules(RULES, async |world| {
        told(world).await;
        world
            .tamper(
                "INSERT INTO memberships (segment_id, person_id, since, cause)
                 SELECT s.id, p.id, 1, 'wake' FROM segments AS s CROSS JOIN people AS p
                 WHERE s.name = 'vips' AND p.external_id = 'bo'",
            )
            .await;
        let found = audit(world, false).await;
        assert_eq!(words(&found), [("vips".to_owned(), "membership")]);
        assert_eq!(found.tally.found[0].drift.wrong, Wrong::Member { truth: false });
        repair(world, 1).await;
        assert_eq!(world.segments("bo").await, ["often"]);
        assert_eq!(world.count("SELECT count(*) FROM transitions WHERE cause = 'recheck' AND entered = 0").await, 1);
    });
}

#[test]
fn a_state_of_another_history_is_found_and_folded_again() {
    with_rules(RULES, async |world| {
        told(world).await;
        let mine = "SELECT count(*) FROM people AS a CROSS JOIN people AS b
                    WHERE a.external_id = 'ana' AND b.external_id = 'bo' AND a.state = b.state";
        world
            .tamper(
                "UPDATE people SET state = (SELECT state FROM people WHERE external_id = 'bo')
                 WHERE external_id = 'ana'",
            )
            .await;
        assert_eq!(world.count(mine).await, 1);
        let found = audit(world, false).await;
        let (hello, often) = ("hello".to_owned(), "often".to_owned());
        assert_eq!(words(&found), [(hello, "state"), (often, "state"), (String::new(), "memory")]);
        assert_eq!(found.tally.found[1].drift.wrong, Wrong::State { truth: false });
        repair(world, 1).await;
        assert_eq!(world.count(mine).await, 0);
        assert_eq!(
            world.count("SELECT count(*) FROM transitions WHERE cause = 'recheck'").await,
            0,
            "the table was right"
        );
        // It goes on from what is true: with the third message she is one of them, and it counts.
        world.one(world.reply("a9", ANA, "again", None)).await;
        assert_eq!(world.segments("ana").await, ["hello", "often"]);
    });
}

#[test]
fn bytes_that_are_no_state_heal_by_themselves() {
    with_rules(RULES, async |world| {
        told(world).await;
        // The server folds them again when it meets the person, and an audit does as the server does.
        let empty = if world.store.is_shared() {
            "UPDATE people SET state = ''::bytea"
        } else {
            "UPDATE people SET state = x''"
        };
        world.tamper(empty).await;
        assert_eq!(words(&audit(world, false).await), []);
    });
}

#[test]
fn a_wake_that_was_moved_or_lost_is_found_before_it_is_missed() {
    with_rules(RULES, async |world| {
        told(world).await;
        let due = T0.plus(Span(120 + 2 * DAY));
        world.tamper("UPDATE people SET wake_at = wake_at + 100000 WHERE external_id = 'ana'").await;
        let found = audit(world, false).await;
        assert_eq!(words(&found), [("hello".to_owned(), "wake")]);
        // The wake was that of her first message: an early one is armed again.
        let wrong = Wrong::Wake { stored: Some(due.plus(Span(100_000 - 60))), due };
        assert_eq!(found.tally.found[0].drift.wrong, wrong);
        world.tamper("UPDATE people SET wake_at = NULL WHERE external_id = 'ana'").await;
        let found = audit(world, false).await;
        assert_eq!(found.tally.found[0].drift.wrong, Wrong::Wake { stored: None, due });
        assert_eq!(
            found.tally.found[0].drift.wrong.to_string(),
            format!("no wake is set, but time changes it at {}", due.rfc3339())
        );
        repair(world, 1).await;
        world.clock.advance_to(due.plus(Span(1)));
        world.intake.play_due(10).await.expect("the store works");
        assert_eq!(world.segments("ana").await, [""; 0], "the wake was set to the second");
    });
}

#[test]
fn a_wait_of_a_journey_that_nobody_is_woken_for_is_found() {
    with_rules(RULES, async |world| {
        told(world).await;
        world.clock.advance_to(T0.plus(Span(2 * DAY + 1_000)));
        world.intake.play_due(10).await.expect("the store works");
        world.tamper("UPDATE people SET wake_at = wake_at + 5 WHERE external_id = 'ana'").await;
        let found = audit(world, false).await;
        let due = T0.plus(Span(60 + 3 * DAY));
        let wrong = Wrong::Wake { stored: Some(due.plus(Span(5))), due };
        assert_eq!(
            (words(&found), found.tally.found[0].drift.wrong.clone()),
            (vec![("greet".to_owned(), "wake")], wrong)
        );
        repair(world, 1).await;
        world.clock.advance_to(due.plus(Span(1)));
        world.intake.play_due(10).await.expect("the store works");
        assert_eq!(world.count("SELECT count(*) FROM journeys WHERE ended_at IS NOT NULL").await, 2);
    });
}

#[test]
fn what_was_missed_by_a_lost_wake_is_put_right_and_starts_nothing() {
    with_rules(RULES, async |world| {
        told(world).await;
        world.tamper("UPDATE people SET wake_at = NULL WHERE external_id = 'ana'").await;
        world.after(3 * DAY);
        world.intake.play_due(10).await.expect("the store works");
        assert_eq!(world.segments("ana").await, ["hello"], "nobody was woken");
        let found = audit(world, false).await;
        assert!(words(&found).starts_with(&[("hello".to_owned(), "membership"), ("hello".to_owned(), "state")]));
        let since = found.tally.found[0].drift.since;
        assert_eq!(since, Some(T0.plus(Span(120 + 2 * DAY))));
        let before = starts(world).await;
        let repaired = audit(world, true).await;
        assert_eq!(repaired.tally.repaired, 1);
        assert_eq!(world.segments("ana").await, [""; 0]);
        assert_eq!((audit(world, false).await.tally.drifts, starts(world).await), (0, before));
    });
}

#[test]
fn lateness_is_no_drift() {
    with_rules(RULES, async |world| {
        told(world).await;
        world.after(10 * DAY);
        assert_eq!(words(&audit(world, false).await), [], "what is due was not played, and is no drift");
        assert_eq!(world.segments("ana").await, ["hello"]);
        // Nor is a flip of this very second, which is played when the second is over.
        world.intake.play_due(10).await.expect("the store works");
        world.one(world.reply("c1", ANA, "hello", None)).await;
        world.after(2 * DAY);
        assert_eq!(words(&audit(world, false).await), []);
        assert_eq!(world.segments("ana").await, ["hello", "often"]);
    });
}

#[test]
fn those_who_were_touched_are_looked_at_and_nothing_is_put_right_unasked() {
    with_rules(RULES, async |world| {
        told(world).await;
        let auditor = auditor(world);
        auditor.watch().await;
        assert_eq!(auditor.audits.watch().looked, 2);
        world.tamper("DELETE FROM memberships").await;
        auditor.watch().await;
        assert_eq!(auditor.audits.watch().looked, 2, "whom nothing happened to since is not looked at");
        world.one(world.reply("a9", ANA, "well", None)).await;
        auditor.watch().await;
        let watch = auditor.audits.watch();
        assert_eq!((watch.looked, watch.drifts, watch.repaired), (3, 1, 0));
        assert_eq!(world.count("SELECT count(*) FROM memberships").await, 1, "the third message made one row");
        let told = "SELECT count(*) FROM notices WHERE kind = 'audit_drift' AND data LIKE '%\"rule\":\"hello\"%'
                    AND data LIKE '%\"repaired\":false%' AND data LIKE '%inbound_message%'
                    AND person_id = (SELECT id FROM people WHERE external_id = 'ana')";
        assert_eq!(world.count(told).await, 1);
        let metrics = world.intake.signals().metrics.text();
        assert!(metrics.contains("antiphon_audit_drift_total 1\n"), "{metrics}");
    });
}

#[test]
fn no_more_are_looked_at_in_a_minute_than_is_said() {
    with_rules(RULES, async |world| {
        for n in 0..WATCHED_PER_MINUTE + 1 {
            world.identify(&format!("p{n}"), json!({})).await;
        }
        let auditor = auditor(world);
        auditor.watch().await;
        assert_eq!(auditor.audits.watch().looked, WATCHED_PER_MINUTE as u64);
        auditor.watch().await;
        assert_eq!(auditor.audits.watch().looked, WATCHED_PER_MINUTE as u64 + 1);
        let asked = antiphon::rollout::audit::Asked { scope: Scope::Sample(7), repair: false };
        auditor.audits.begin(asked, world.clock.second()).expect("none is under way");
        // As the server does it, by the task that waits for it.
        let running = tokio::spawn(auditor.clone().run());
        while auditor.audits.latest().is_some_and(|report| report.ended.is_none()) {
            world.clock.pause(Duration::ZERO).await;
        }
        running.abort();
        assert_eq!(auditor.audits.latest().map(|report| (report.people, report.tally.looked)), Some((7, 7)));
    });
}

#[test]
fn somebody_erased_takes_what_was_told_of_them_along() {
    with_rules(RULES, async |world| {
        told(world).await;
        world.tamper("DELETE FROM memberships").await;
        audit(world, false).await;
        let told = "SELECT count(*) FROM notices WHERE kind = 'audit_drift' AND data <> '{}'";
        assert_eq!(world.count(told).await, 2);
        let ana = antiphon::model::person::Handle::ExternalId("ana".to_owned());
        world.one(antiphon::intake::Item::Erase(ana)).await;
        assert_eq!(world.count(told).await, 1);
    });
}
