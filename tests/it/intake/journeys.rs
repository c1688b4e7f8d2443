//! Journeys that wait live in the database between any two of their steps.

use antiphon::model::effect::{Body, EffectKind};
use antiphon::store::outbox::Claimed;
use serde_json::json;

use super::world::with_rules;

const RULES: &str = r#"
version: 1
segments:
  asked:
    kind: manual
campaigns:
  visit:
    state: live
    trigger:
      event: |
        performed "booked"
    grace: 5 minutes
    goal:
      when: |
        replied any of ["yes", "sure"] to step "ask" ever
      within: 3 days
      then: continue
    steps:
      - manual_segment: {add: asked}
      - id: ask
        send: {template: confirm, language: en}
      - id: answer
        wait_until:
          outcomes:
            - name: confirmed
              when: |
                replied any of ["yes", "sure"] to step "ask" ever
              do:
                - update_person: {add: {tags: confirmed}}
                - send: {text: "You said {{ answer.body | default: 'nothing' }}."}
          timeout:
            after: 2 days
            do:
              - id: remind
                send: {template: reminder, language: en}
              - wait: 1 day
      - record_event: {name: visit_settled, props: {by: journey.campaign}}
"#;

const ANA: &str = "15550100142";
const DAY: i64 = 86_400;

fn text(claimed: &Claimed) -> String {
    let EffectKind::Send(outgoing) = &claimed.effect.kind else { panic!("a send") };
    match &outgoing.body {
        Body::Text(text) => text.clone(),
        Body::Template { name, .. } => name.clone(),
    }
}

#[test]
fn an_answer_ends_the_wait_of_the_journey_that_asked() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.track("ana", "booked").await;
        assert_eq!(world.segments("ana").await, ["asked"]);
        let asked = world.claim_one().await;
        world.accept(&asked, "wamid.ask").await;
        world.after(DAY);
        world.one(world.reply("w1", ANA, "who is this?", Some("wamid.other"))).await;
        world.one(world.reply("w2", ANA, "Sure!", Some("wamid.ask"))).await;
        assert_eq!(text(&world.claim_one().await), "You said Sure!.");
        let names = world.names("ana").await;
        assert_eq!(names[names.len() - 3..], ["inbound_message", "attributes_set", "visit_settled"]);
        let settled = world.log("ana").await.pop().expect("it was just there");
        assert_eq!(settled.properties["by"], json!("visit"));
        assert_eq!(world.count("SELECT count(*) FROM journeys WHERE ended_reason = 'finished'").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM journey_log WHERE what LIKE '%converted%'").await, 1);
    });
}

#[test]
fn silence_ends_it_by_its_timeout_and_what_comes_later_is_a_late_answer() {
    with_rules(RULES, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.track("ana", "booked").await;
        let asked = world.claim_one().await;
        world.accept(&asked, "wamid.ask").await;
        let deadline = world.clock.second().0 + 2 * DAY;
        world.after(2 * DAY + 301);
        world.intake.play_due(100).await.expect("the store works");
        assert!(world.claim().await.is_empty(), "the last second of the grace is not over");
        world.after(1);
        world.intake.play_due(100).await.expect("the store works");
        assert_eq!(text(&world.claim_one().await), "reminder");
        let late = world.reply_at("w1", ANA, "yes", Some("wamid.ask"), antiphon::model::time::Second(deadline));
        world.one(late).await;
        assert_eq!(world.count("SELECT count(*) FROM journey_log WHERE what LIKE '%late_answer%'").await, 1);
        assert!(world.claim().await.is_empty(), "it goes on where it is");
        world.after(DAY + 1);
        world.intake.play_due(100).await.expect("the store works");
        assert_eq!(world.names("ana").await.last().map(String::as_str), Some("visit_settled"));
    });
}

#[test]
fn a_journey_by_a_verdict_knows_what_was_not_answered() {
    let rules = r#"
version: 1
campaigns:
  escalate:
    state: live
    trigger:
      each: |
        replied "help" then not performed "answered" within 1 hour
    steps:
      - update_person: {open_question: event.body}
"#;
    with_rules(rules, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.one(world.reply("w1", ANA, "Help!", None)).await;
        world.after(1800);
        world.one(world.reply("w2", ANA, "help...", None)).await;
        // One verdict when its second is over, the other before what arrives behind it.
        world.after(1802);
        world.intake.play_due(100).await.expect("the store works");
        let written = async || world.log("ana").await.pop().map(|event| event.properties["open_question"].clone());
        assert_eq!(written().await, Some(json!("Help!")));
        world.after(7200);
        world.track("ana", "answered").await;
        let log = world.log("ana").await;
        let written: Vec<_> = log.iter().filter_map(|event| event.properties.get("open_question")).collect();
        assert_eq!(written, ["Help!", "help..."]);
    });
}
