//! STOP and START, and who may lift what.

use serde_json::json;

use super::world::{World, with_rules};

const RULES: &str = r#"
version: 1
segments:
  gone:
    when: |
      unsubscribed is true
  stopped:
    when: |
      replied STOP ever and unsubscribed is true
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

const ANA: &str = "15550100142";

async fn ana(world: &World) {
    world.identify("ana", json!({ "phone": "+15550100142" })).await;
}

#[test]
fn a_stop_word_takes_effect_with_its_message_and_start_lifts_it() {
    with_rules(RULES, async |world| {
        ana(world).await;
        world.one(world.reply("w1", ANA, "Stop!", None)).await;
        assert_eq!(world.segments("ana").await, ["gone", "stopped"]);
        assert_eq!(world.names("ana").await[1..], ["attributes_set", "inbound_message"]);
        world.track("ana", "booked").await;
        assert!(world.claim().await.is_empty(), "nothing is sent to who does not want it");
        world.one(world.reply("w2", ANA, "please don't start", None)).await;
        assert_eq!(world.segments("ana").await, ["gone", "stopped"], "only the whole message counts");
        world.one(world.reply("w3", ANA, "START", None)).await;
        assert!(world.segments("ana").await.is_empty());
        world.track("ana", "booked").await;
        assert_eq!(world.claim().await.len(), 1);
    });
}

#[test]
fn a_call_does_not_undo_a_stop() {
    with_rules(RULES, async |world| {
        ana(world).await;
        world.one(world.reply("w1", ANA, "STOP", None)).await;
        world.identify("ana", json!({ "unsubscribed": false })).await;
        assert_eq!(world.segments("ana").await, ["gone", "stopped"]);
        world.identify("ana", json!({ "unsubscribed": "TRUE" })).await;
        world.one(world.reply("w2", ANA, "start", None)).await;
        assert_eq!(world.segments("ana").await, ["gone", "stopped"], "the reason of the API still stands");
        world.identify("ana", json!({ "unsubscribed": false })).await;
        assert!(world.segments("ana").await.is_empty());
    });
}

#[test]
fn a_schema_can_do_without_the_words() {
    // The schema is a file of its own; here it is enough that it is not asked for.
    let rules = [("schema.yaml", "version: 1\nopt_out: none\n"), ("rules.yaml", RULES)];
    super::world::with_files(&rules, async |world| {
        ana(world).await;
        world.one(world.reply("w1", ANA, "STOP", None)).await;
        assert!(world.segments("ana").await.is_empty());
    });
}
