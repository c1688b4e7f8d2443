//! Rule sets as versions: taken whole or not at all, and everybody brought up to what is active.

use antiphon::diagnostic::Severity;
use antiphon::intake::Outcome;
use antiphon::model::time::Span;
use antiphon::model::value::Properties;
use antiphon::rollout::{self, Intent, Published};
use antiphon::store::rules;
use serde_json::json;

use super::world::with_rules;

const FIRST: &str = r#"
version: 1
segments:
  said-yes:
    when: |
      replied YES ever
"#;

const SECOND: &str = r#"
version: 1
segments:
  said-yes:
    when: |
      replied YES ever
  hello:
    when: |
      replied HELLO within 2 days
campaigns:
  greet:
    state: live
    trigger:
      becomes: |
        in segment "hello"
    steps:
      - id: note
        update_person: {greeted: "yes"}
"#;

const BROKEN: &str = r#"
version: 1
segments:
  said-yes:
    when: |
      replied yes ever
  said-no:
    when: |
      replied "NO" within 2days
  maybe:
    when: |
      replied "MAYBE"
"#;

const ANA: &str = "15550100142";

#[test]
fn three_mistakes_are_told_at_once_and_what_was_active_goes_on() {
    with_rules(FIRST, async |world| {
        let Published::Refused(refused) = world.publish(BROKEN).await else { panic!("it was taken") };
        let errors = refused.diagnostics.iter().filter(|complaint| complaint.code.severity() == Severity::Error);
        let codes: Vec<_> = errors.map(|complaint| complaint.code.to_string()).collect();
        assert_eq!(codes, ["E0103", "E0111", "E0203"]);
        let shown = refused.render(false);
        for place in ["rules.yaml:6:15", "rules.yaml:9:27", "rules.yaml:12:7"] {
            assert!(shown.contains(place), "{place} in\n{shown}");
        }
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        assert_eq!(world.one(world.reply("w1", ANA, "YES", None)).await, Outcome::Taken);
        assert_eq!(world.segments("ana").await, ["said-yes"]);
        assert_eq!(world.count("SELECT version FROM rule_sets WHERE active = 1").await, 1);
    });
}

#[test]
fn a_new_segment_finds_those_who_match_already_and_starts_nothing_for_them() {
    with_rules(FIRST, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.one(world.reply("w1", ANA, "hello", None)).await;
        world.after(10);
        assert!(matches!(world.publish(SECOND).await, Published::Activated(_)));
        assert_eq!(world.segments("ana").await, ["hello"]);
        assert_eq!(world.count("SELECT count(*) FROM transitions WHERE cause = 'rules'").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM journeys").await, 0, "nothing starts for the past");
        world.after(172_800);
        world.intake.play_due(10).await.unwrap();
        assert!(world.segments("ana").await.is_empty(), "the wake of the new window is set");
        world.one(world.reply("w2", ANA, "hello", None)).await;
        assert_eq!(world.count("SELECT count(*) FROM journeys").await, 1, "what happens from now on counts");
    });
}

#[test]
fn the_same_content_is_no_new_version_and_old_content_is_not_brought_back() {
    with_rules(FIRST, async |world| {
        assert!(matches!(world.publish(FIRST).await, Published::Unchanged(_)));
        assert!(matches!(world.publish(SECOND).await, Published::Activated(_)));
        assert!(matches!(world.publish(FIRST).await, Published::Older { .. }));
        assert_eq!(world.count("SELECT version FROM rule_sets WHERE active = 1").await, 2);
    });
}

#[test]
fn a_segment_that_is_still_used_is_not_taken_away() {
    let both = "version: 1\nsegments:\n  vips: {kind: manual}\n  calm:\n    when: |\n      not in segment \"vips\"\n";
    let one = both.replace("  vips: {kind: manual}\n", "");
    with_rules(both, async |world| {
        let Published::Refused(refused) = world.publish(&one).await else { panic!("it was taken") };
        let errors = refused.diagnostics.iter().filter(|complaint| complaint.code.severity() == Severity::Error);
        assert_eq!(errors.map(|complaint| complaint.code.to_string()).collect::<Vec<_>>(), ["E0303"]);
        assert_eq!(world.count("SELECT version FROM rule_sets WHERE active = 1").await, 1);
        // Nobody uses it any more: then it may go.
        let neither = "version: 1\nsegments:\n  calm:\n    when: |\n      everyone\n";
        assert!(matches!(world.publish(neither).await, Published::Activated(_)));
    });
}

const MOVES: &str = r#"
version: 1
segments:
  hello:
    when: |
      replied HELLO within 2 days
  greeted-back:
    when: |
      entered segment "hello" then replied YES within 1 hour
  done:
    when: |
      finished campaign "greet" then replied YES within 1 hour
campaigns:
  greet:
    state: live
    trigger:
      event: |
        replied HELLO
    steps:
      - id: note
        update_person: {greeted: "yes"}
"#;

#[test]
fn what_was_decided_is_known_when_an_event_comes_late() {
    with_rules(MOVES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        let hello = world.clock.second();
        world.one(world.reply("w1", ANA, "hello", None)).await;
        world.after(150);
        world.one(world.reply("w2", ANA, "well", None)).await;
        world.after(50);
        // In the past it lies between what was decided and the message before.
        let late = world.reply_at("w3", ANA, "yes", None, hello.plus(Span(50)));
        assert_eq!(world.one(late).await, Outcome::Taken);
        assert_eq!(world.segments("ana").await, ["done", "greeted-back", "hello"]);
    });
}

const THIRD: &str = r#"
version: 1
segments:
  said-yes:
    when: |
      replied YES within 2 days
  asked:
    when: |
      replied PRICE within 1 day
  quiet:
    when: |
      not in segment "asked"
campaigns:
  offer:
    state: live
    trigger:
      becomes: |
        in segment "asked"
    steps:
      - id: note
        update_person: {offered: "yes"}
"#;

/// Whom the change does not concern goes over without being looked at, and is as good as the others afterwards.
#[test]
fn people_to_whom_new_rules_mean_nothing_go_over_as_they_are() {
    let second = &THIRD[..THIRD.find("  quiet").expect("it is there")];
    with_rules(FIRST, async |world| {
        for (id, phone) in [("ana", ANA), ("bo", "15550100143"), ("cleo", "15550100144")] {
            world.identify(id, json!({ "phone": format!("+{phone}") })).await;
        }
        world.one(world.reply("w1", ANA, "Yes", None)).await;
        world.one(world.reply("w2", "15550100143", "price", None)).await;
        world.after(60);
        assert!(matches!(world.publish(second).await, Published::Activated(_)));
        assert_eq!(world.count("SELECT count(*) FROM people WHERE rules_version <> 2").await, 0);
        assert_eq!(world.rules.building(), None);
        assert_eq!(world.segments("ana").await, ["said-yes"]);
        assert_eq!(world.segments("bo").await, ["asked"]);
        assert!(world.segments("cleo").await.is_empty());
        // Everybody goes on from there: by events, and by time.
        world.one(world.reply("w3", "15550100144", "price", None)).await;
        assert_eq!(world.segments("cleo").await, ["asked"]);
        // Now it is for everybody.
        assert!(matches!(world.publish(THIRD).await, Published::Activated(_)));
        assert_eq!(world.segments("ana").await, ["quiet", "said-yes"]);
        assert_eq!(world.segments("bo").await, ["asked"]);
        assert_eq!(world.count("SELECT count(*) FROM journeys").await, 0, "nothing starts for the past");
        world.after(86_500);
        world.intake.play_due(10).await.unwrap();
        for id in ["ana", "bo", "cleo"] {
            assert!(world.segments(id).await.contains(&"quiet".to_owned()), "{id}");
        }
        world.one(world.reply("w4", ANA, "price", None)).await;
        assert_eq!(world.count("SELECT count(*) FROM journeys").await, 1);
        let told = "SELECT count(*) FROM notices WHERE kind IN ('rules_activated', 'rules_caught_up')";
        assert_eq!(world.count(told).await, 4);
    });
}

/// What is stamped long ago counts where a window asks for it, though it was passed over by rules that did not.
#[test]
fn what_was_too_old_for_one_rule_set_is_found_by_the_next() {
    let within =
        |days: u32| format!("version: 1\nsegments:\n  asked:\n    when: |\n      replied PRICE within {days} days\n");
    with_rules(FIRST, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.one(world.reply("w1", ANA, "price", None)).await;
        world.after(5 * 86_400);
        world.publish(&within(2)).await;
        assert!(world.segments("ana").await.is_empty());
        world.publish(&within(7)).await;
        assert_eq!(world.segments("ana").await, ["asked"]);
        world.publish(&within(3)).await;
        assert!(world.segments("ana").await.is_empty());
        world.publish(&within(6)).await;
        assert_eq!(world.segments("ana").await, ["asked"]);
    });
}

/// Until everybody was looked at, the segments that are new say so; those that stayed do not.
#[test]
fn a_segment_is_building_until_everybody_was_looked_at() {
    with_rules(FIRST, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        let files = [("rules.yaml".to_owned(), THIRD.to_owned())].into();
        rollout::publish(&world.store, &world.clock, &Properties::new(), files, Intent::Activate).await.unwrap();
        assert!(world.rules.building().is_none());
        rollout::refresh(&world.store, &world.rules, &Properties::new()).await.unwrap();
        let numbers = rules::numbers(&world.store.read()).await.unwrap().segments;
        assert!(world.rules.is_building(numbers["asked"]));
        assert_eq!(world.catch_up().await, 1);
        assert!(!world.rules.is_building(numbers["asked"]));
        assert_eq!(world.catch_up().await, 0);
    });
}
