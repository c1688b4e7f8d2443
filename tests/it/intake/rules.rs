//! Rule sets as versions: taken whole or not at all, and everybody brought up to what is active.

use antiphon::diagnostic::Severity;
use antiphon::intake::Outcome;
use antiphon::model::time::Span;
use antiphon::rollout::Published;
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
