//! Rechecks of schedules: whoever is not where the log puts them is found, and put right where that is wanted.

use antiphon::model::id::RulesVersion;
use antiphon::rollout::audit::recheck_due;
use antiphon::store::schedules::{self, Key, Run, State, Task};
use serde_json::json;

use super::{audit, auditor, words};
use crate::intake::world::{World, with_rules};

const RULES: &str = r#"
version: 1
segments:
  hello:
    when: |
      replied HELLO within 2 days
  said:
    when: |
      replied HELLO ever
schedules:
  nightly:
    cron: "30 3 * * *"
    recheck: all
    repair: true
  looking:
    cron: "30 4 * * *"
    recheck: [said]
    repair: false
"#;

async fn told(world: &World) {
    world.identify("ana", json!({ "phone": "+15550100142" })).await;
    world.identify("bo", json!({ "phone": "+15550100143" })).await;
    world.one(world.reply("a1", "15550100142", "hello", None)).await;
    world.tamper("DELETE FROM memberships").await;
}

async fn run(world: &World, schedule: &str) -> Run {
    let now = world.clock.second();
    let key = Key { schedule: schedule.to_owned(), zone: "UTC".to_owned(), occurrence: now };
    let tx = world.store.write().await.expect("the store works");
    let opened = Run::new(key, Task::Recheck, RulesVersion(1), now);
    schedules::open(&tx, &[opened]).await.expect("the store works");
    tx.commit().await.expect("the store works");
    recheck_due(&auditor(world)).await.expect("the store works");
    schedules::newest(&world.store.read(), schedule, 1).await.expect("the store works").remove(0)
}

#[test]
fn a_recheck_puts_right_what_is_not_so() {
    with_rules(RULES, async |world| {
        told(world).await;
        let done = run(world, "nightly").await;
        assert_eq!(
            (done.state, done.counts.considered, done.counts.drifted, done.counts.repaired),
            (State::Done, 2, 2, 1)
        );
        assert_eq!(world.segments("ana").await, ["hello", "said"]);
        assert_eq!(world.count("SELECT count(*) FROM transitions WHERE cause = 'recheck'").await, 2);
        assert_eq!(world.count("SELECT count(*) FROM notices WHERE kind = 'audit_drift'").await, 2);
        assert_eq!(words(&audit(world, false).await), []);
    });
}

#[test]
fn a_recheck_that_only_looks_tells_of_its_own_segments() {
    with_rules(RULES, async |world| {
        told(world).await;
        let done = run(world, "looking").await;
        assert_eq!(
            (done.state, done.counts.considered, done.counts.drifted, done.counts.repaired),
            (State::Done, 2, 1, 0)
        );
        assert_eq!(world.segments("ana").await, [""; 0]);
        let told = "SELECT count(*) FROM notices WHERE kind = 'audit_drift' AND data LIKE '%\"rule\":\"said\"%'";
        assert_eq!(world.count(told).await, 1);
        assert_eq!(world.count("SELECT count(*) FROM notices WHERE kind = 'audit_drift'").await, 1);
    });
}

#[test]
fn a_recheck_that_no_rule_asks_for_any_more_is_dropped() {
    with_rules(RULES, async |world| {
        told(world).await;
        assert_eq!(run(world, "gone").await.state, State::Dropped);
    });
}
