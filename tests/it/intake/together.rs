//! Things that meet in one batch, and things that come in the wrong order.

use antiphon::intake::{Identify, Item, Outcome};
use antiphon::model::person::Handle;
use antiphon::model::time::Second;
use serde_json::json;

use super::world::{T0, with_rules};

const RULES: &str = r#"
version: 1
segments:
  asked-yes:
    when: |
      replied YES to campaign "ask" ever
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

fn put(id: &str, attributes: serde_json::Value, at: Option<Second>) -> Item {
    let attributes = attributes.as_object().cloned().expect("attributes are an object");
    Item::Identify(Identify { handle: Handle::ExternalId(id.to_owned()), attributes, update_only: false, at })
}

fn erase(id: &str) -> Item {
    Item::Erase(Handle::ExternalId(id.to_owned()))
}

#[test]
fn somebody_made_and_erased_at_once_leaves_room_for_the_next() {
    with_rules(RULES, async |world| {
        let items = vec![put("ana", json!({ "plan": "pro" }), None), erase("ana")];
        assert_eq!(world.take(items).await.unwrap().outcomes, [Outcome::Taken, Outcome::Taken]);
        let next = world.take(vec![put("bo", json!({ "plan": "pro" }), None)]).await.unwrap();
        assert_eq!(next.outcomes, [Outcome::Taken]);
        assert_eq!(world.count("SELECT count(*) FROM people").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM events WHERE properties LIKE '%pro%'").await, 1);
    });
}

#[test]
fn erased_and_made_again_at_once_is_somebody_new() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142", "plan": "old" })).await;
        let first = world.person("ana").await;
        let items = vec![
            erase("ana"),
            put("ana", json!({ "plan": "new" }), None),
            erase("ana"),
            put("ana", json!({ "plan": "newest" }), None),
        ];
        let outcomes = world.take(items).await.unwrap().outcomes;
        assert_eq!(outcomes, [Outcome::Taken, Outcome::Taken, Outcome::Taken, Outcome::Taken]);
        assert_ne!(world.person("ana").await, first);
        assert_eq!(world.count("SELECT count(*) FROM people").await, 1);
        assert_eq!(world.log("ana").await[0].properties, *json!({ "plan": "newest" }).as_object().unwrap());
    });
}

#[test]
fn a_name_given_up_can_be_taken_in_the_same_batch() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "email": "a@example.org" })).await;
        let items = vec![
            put("ana", json!({ "email": "b@example.org" }), None),
            put("bo", json!({ "email": "a@example.org" }), None),
        ];
        assert_eq!(world.take(items).await.unwrap().outcomes, [Outcome::Taken, Outcome::Taken]);
        assert_eq!(world.count("SELECT count(*) FROM people WHERE email = 'a@example.org'").await, 1);
        assert_ne!(world.person("ana").await, world.person("bo").await);
    });
}

#[test]
fn an_older_number_that_comes_late_moves_nothing() {
    with_rules(RULES, async |world| {
        world.after(1000);
        world.take(vec![put("ana", json!({ "phone": "+15550100142" }), Some(Second(T0.0 + 200)))]).await.unwrap();
        world.take(vec![put("ana", json!({ "phone": "+15550100143" }), Some(Second(T0.0 + 100)))]).await.unwrap();
        world.one(world.reply("w1", ANA, "hello", None)).await;
        assert_eq!(world.names("ana").await.last().unwrap(), "inbound_message");
        assert_eq!(world.count("SELECT count(*) FROM people WHERE phone = '+15550100142'").await, 1);
    });
}

#[test]
fn a_reply_after_an_early_status_is_attributed() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.track("ana", "booked").await;
        let claimed = world.claim_one().await;
        world.one(world.status("ours-1", "sent", Some(claimed.effect.id))).await;
        world.after(5);
        world.one(world.reply("w1", ANA, "yes", None)).await;
        assert_eq!(world.segments("ana").await, ["asked-yes"], "inferred: it quotes nothing");
    });
}

#[test]
fn the_reasons_of_an_opt_out_are_not_for_calls_to_write() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.one(world.reply("w1", ANA, "stop", None)).await;
        world.identify("ana", json!({ "unsubscribed_reasons": ["api"], "unsubscribed": false })).await;
        let log = world.log("ana").await;
        let written = log.iter().filter(|event| event.properties.contains_key("unsubscribed")).count();
        assert_eq!(written, 1, "{log:?}");
    });
}
