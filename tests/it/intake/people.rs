//! Who is meant, who is made, and which identifiers lead to them.

use antiphon::intake::{Identify, Item, Move, Outcome, Track};
use antiphon::model::limit::ATTRIBUTES_PER_PERSON_MAX;
use antiphon::model::person::Handle;
use antiphon::model::value::Properties;
use serde_json::json;

use super::world::with_rules;

const RULES: &str = r#"
version: 1
segments:
  yes-lately:
    when: |
      replied YES within 2 days
  pros:
    when: |
      plan is "pro"
  nameless:
    when: |
      first_name is missing
  vips:
    kind: manual
  vip-pros:
    when: |
      in segment "vips" and in segment "pros"
"#;

fn id(id: &str) -> Handle {
    Handle::ExternalId(id.to_owned())
}

#[test]
fn the_oldest_person_with_a_number_wins() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.after(10);
        world.identify("bo", json!({ "phone": "(555) 010-0142" })).await;
        world.one(world.reply("w1", "15550100142", "YES", None)).await;
        assert_eq!(world.segments("ana").await, ["nameless", "yes-lately"]);
        world.one(Item::Erase(id("ana"))).await;
        world.one(world.reply("w2", "15550100142", "YES", None)).await;
        assert_eq!(world.segments("bo").await, ["nameless", "yes-lately"]);
    });
}

#[test]
fn a_number_that_is_given_up_leads_nowhere() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.identify("ana", json!({ "phone": "+15550100143" })).await;
        world.one(world.reply("w1", "15550100142", "YES", None)).await;
        assert_eq!(world.count("SELECT count(*) FROM events WHERE person_id IS NULL").await, 1);
        world.one(world.reply("w2", "15550100143", "YES", None)).await;
        assert_eq!(world.names("ana").await, ["attributes_set", "attributes_set", "inbound_message"]);
    });
}

#[test]
fn people_made_and_met_in_one_body_are_one() {
    with_rules(RULES, async |world| {
        let identify = |handle, attributes: serde_json::Value| {
            let attributes = attributes.as_object().cloned().unwrap();
            Item::Identify(Identify { handle, attributes, update_only: false, at: None })
        };
        let items = vec![
            identify(id("ana"), json!({ "email": "Ana@Example.org", "phone": "+15550100142" })),
            identify(Handle::Email("ana@example.org".to_owned()), json!({ "plan": "pro" })),
            world.reply("w1", "15550100142", "YES", None),
        ];
        let receipt = world.take(items).await.unwrap();
        assert_eq!(receipt.outcomes, [Outcome::Taken, Outcome::Taken, Outcome::Taken]);
        assert_eq!(world.count("SELECT count(*) FROM people").await, 1);
        assert_eq!(world.segments("ana").await, ["nameless", "pros", "yes-lately"]);
    });
}

#[test]
fn what_somebody_is_made_with_holds_from_their_first_second() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "first_name": "Ana", "plan": "pro" })).await;
        assert_eq!(world.segments("ana").await, ["pros"]);
        assert_eq!(world.count("SELECT count(*) FROM transitions").await, 1, "never in `nameless`");
    });
}

#[test]
fn an_identifier_of_somebody_else_is_not_taken_over() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "email": "ana@example.org" })).await;
        world.identify("bo", json!({})).await;
        world.identify("bo", json!({ "email": "ana@example.org", "plan": "pro" })).await;
        assert_eq!(world.segments("bo").await, ["nameless", "pros"], "the rest is applied");
        let noted = "SELECT count(*) FROM notices WHERE kind = 'failed_attribute_change'";
        assert_eq!(world.count(noted).await, 1);
        let email = "SELECT count(*) FROM people WHERE email = 'ana@example.org' AND external_id = 'ana'";
        assert_eq!(world.count(email).await, 1);
    });
}

#[test]
fn events_make_their_person_and_count_once_by_id() {
    with_rules(RULES, async |world| {
        let track =
            |handle| Track { handle, name: "paid".to_owned(), id: "e1".to_owned(), at: None, data: Properties::new() };
        assert_eq!(world.one(Item::Track(track(Some(id("ana"))))).await, Outcome::Taken);
        assert_eq!(world.one(Item::Track(track(Some(id("ana"))))).await, Outcome::Duplicate);
        assert_eq!(world.names("ana").await, ["paid"]);
        let anonymous = Track { id: "e2".to_owned(), ..track(None) };
        assert_eq!(world.one(Item::Track(anonymous)).await, Outcome::Taken);
        assert_eq!(world.count("SELECT count(*) FROM people").await, 1);
    });
}

#[test]
fn a_manual_segment_takes_and_gives_back() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "first_name": "Ana", "plan": "pro" })).await;
        let moved =
            |segment: &str, who, joined| Item::Move(Move { segment: segment.to_owned(), handle: id(who), joined });
        assert_eq!(world.one(moved("vips", "ana", true)).await, Outcome::Taken);
        assert_eq!(world.one(moved("vips", "ana", true)).await, Outcome::Duplicate);
        assert_eq!(world.segments("ana").await, ["pros", "vip-pros", "vips"]);
        assert!(matches!(world.one(moved("vips", "zoe", true)).await, Outcome::PassedOver(_)));
        assert!(matches!(world.one(moved("pros", "ana", false)).await, Outcome::PassedOver(_)));
        assert_eq!(world.one(moved("vips", "ana", false)).await, Outcome::Taken);
        assert_eq!(world.segments("ana").await, ["pros"]);
    });
}

#[test]
fn erasing_leaves_keys_and_nothing_else() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142", "first_name": "Canary" })).await;
        world.one(world.reply("w1", "15550100142", "canary YES", None)).await;
        assert_eq!(world.one(Item::Erase(id("ana"))).await, Outcome::Taken);
        assert_eq!(world.count("SELECT count(*) FROM people").await, 0);
        assert_eq!(world.count("SELECT count(*) FROM events WHERE properties LIKE '%anary%'").await, 0);
        assert_eq!(world.one(world.reply("w1", "15550100142", "canary YES", None)).await, Outcome::Duplicate);
        assert!(matches!(world.one(Item::Erase(id("ana"))).await, Outcome::PassedOver(_)));
    });
}

#[test]
fn one_attribute_too_many_is_refused_and_nothing_of_the_call_is_kept() {
    with_rules(RULES, async |world| {
        let most: Properties = (0..ATTRIBUTES_PER_PERSON_MAX).map(|n| (format!("a{n}"), json!(n))).collect();
        world.identify("ana", json!(most)).await;
        let attributes = json!({ "one_more": 1, "a0": "changed" }).as_object().cloned().unwrap();
        let identify = Identify { handle: id("ana"), attributes, update_only: false, at: None };
        let outcome = world.one(Item::Identify(identify)).await;
        assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
        assert_eq!(world.names("ana").await, ["attributes_set"]);
    });
}

#[test]
fn somebody_found_by_a_name_in_the_body_is_not_made_again() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "email": "ana@example.org" })).await;
        world.identify("bo", json!({ "email": "ANA@example.org", "plan": "pro" })).await;
        assert_eq!(world.count("SELECT count(*) FROM people").await, 1);
        assert_eq!(world.segments("ana").await, ["nameless", "pros"]);
    });
}
