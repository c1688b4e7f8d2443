//! Campaigns by the example: who starts them, who does not, and what their steps do.

use antiphon::engine::anonymous;
use antiphon::model::effect::{Body, EffectKind};
use antiphon::model::event::{Event, Kind, MessageRef};
use antiphon::model::id::EffectId;
use antiphon::model::rule::{
    Action, CampaignState, Condition, Expression, Frequency, Match, Path, Phrase, Send, Trigger, Verb, Webhook, Window,
};
use antiphon::model::time::{Second, Span};
use serde_json::json;
use ulid::Ulid;

use super::life::*;

const DAY: i64 = 86_400;

fn yes() -> Match {
    replied("YES")
}

#[test]
fn an_event_starts_a_campaign_and_its_steps_ask_for_effects() {
    let body = json!({"who": "person.id", "said": "{{ event.body }}!", "n": 1, "none": "event.nothing"});
    let url = Expression::Path(Path("env.DESK".to_owned()));
    let webhook = Action::Webhook(Webhook { url, body, timeout: None, retries: Some(3) });
    let steps = vec![do_("thanks", send_text("Thanks, {{ event.body }}")), do_("desk", webhook)];
    let mut life = Life::new(rules(vec![], vec![campaign("ok", on(yes()), steps)]));
    let step = life.says("Yes!", 10);
    assert_eq!(lines(&step), ["ok: started", "ok/thanks: asked", "ok/desk: asked", "ok: ended: finished"]);
    let [send, call] = step.effects.as_slice() else { panic!("two effects") };
    let EffectKind::Send(outgoing) = &send.kind else { panic!("a send") };
    assert_eq!(outgoing.body, Body::Text("Thanks, Yes!".to_owned()));
    assert_eq!((send.at, send.expires), (Second(START + 10), Second(START + 10 + DAY)));
    let EffectKind::Webhook(call_) = &call.kind else { panic!("a webhook") };
    assert_eq!(call_.url, "https://desk.example/in");
    assert_eq!(call_.body, r#"{"n":1,"none":null,"said":"Yes!!","who":"ana"}"#);
    assert_eq!(call.expires, Second(START + 10 + 2 * DAY));
    assert_ne!(send.id, call.id);
    assert!(life.subject.journeys.is_empty());
    assert!(lines(&life.says("no", 11)).is_empty());
}

#[test]
fn entering_a_segment_starts_once_per_entry() {
    let becomes = Trigger::Becomes(Condition::InSegment("lately".to_owned()));
    let rules = rules(vec![segment("lately", said_lately("YES", 100))], vec![campaign("c", becomes, vec![])]);
    let mut life = Life::new(rules);
    assert_eq!(lines(&life.says("yes", 0)), ["c: started", "c: ended: finished"]);
    assert!(lines(&life.says("yes", 50)).is_empty());
    let left = life.wakes(151);
    assert_eq!(left.transitions.iter().map(|t| (t.entered, t.at.0 - START)).collect::<Vec<_>>(), [(false, 150)]);
    assert_eq!(lines(&life.says("yes", 200)).len(), 2);
}

#[test]
fn what_is_true_at_birth_is_entered_then() {
    let is_english = is_text("language", "en");
    let rules =
        rules(vec![segment("s", is_english)], vec![campaign("c", Trigger::Becomes(Condition::Everyone), vec![])]);
    let life = Life::new(rules);
    assert_eq!(life.subject.state.memberships().map(|(_, since)| since.0).collect::<Vec<_>>(), [START]);
}

#[test]
fn refusals_say_why() {
    let all = |change: fn(&mut antiphon::model::rule::Campaign)| {
        let mut campaign = campaign("c", on(yes()), vec![do_("w", wait(1_000))]);
        change(&mut campaign);
        Life::new(rules(vec![], vec![campaign]))
    };
    let mut life = all(|c| c.state = CampaignState::Paused);
    assert_eq!(lines(&life.says("yes", 0)), ["c: refused: paused"]);

    let mut life = all(|c| c.filter = Some(is_text("language", "de")));
    assert_eq!(lines(&life.says("yes", 0)), ["c: refused: filter"]);

    // The age counts from the event, the day itself included.
    let mut life = all(|_| ());
    let late = |life: &mut Life, at| life.play(antiphon::engine::Input::Event(said("yes", 0)), at);
    assert_eq!(lines(&late(&mut life, DAY + 1)), ["c: refused: too old"]);
    assert_eq!(lines(&late(&mut all(|_| ()), DAY)).len(), 2);

    let mut life = all(|_| ());
    assert_eq!(lines(&life.says("yes", 0)), ["c: started", "c/w: waits until 1000"]);
    assert_eq!(lines(&life.says("yes", 1_000)), ["c: refused: already running"]);
    assert_eq!(lines(&life.says("yes", 1_001)).first().map(String::as_str), Some("c: ended: finished"));
}

#[test]
fn the_filter_sees_the_event_that_asks() {
    let mut c = campaign("c", on(yes()), vec![]);
    c.filter = Some(happened(yes(), Window::last(Span(1))));
    assert_eq!(lines(&Life::new(rules(vec![], vec![c])).says("yes", 5)).len(), 2);
}

#[test]
fn frequency_counts_from_the_last_start() {
    let with = |frequency| {
        let mut c = campaign("c", on(yes()), vec![]);
        c.frequency = frequency;
        Life::new(rules(vec![], vec![c]))
    };
    let mut once = with(Frequency::Once);
    assert_eq!(lines(&once.says("yes", 0)).len(), 2);
    assert_eq!(lines(&once.says("yes", 400 * DAY)), ["c: refused: frequency"]);
    let mut once_per = with(Frequency::OncePer(Span(100)));
    assert_eq!(lines(&once_per.says("yes", 0)).len(), 2);
    assert_eq!(lines(&once_per.says("yes", 99)), ["c: refused: frequency"]);
    assert_eq!(lines(&once_per.says("yes", 100)).len(), 2);
}

#[test]
fn one_journey_runs_per_key() {
    let booked = Match::any(Verb::Performed("booked".to_owned()));
    let mut c = campaign("c", on(booked), vec![do_("w", wait(100))]);
    c.key = Some(Path("event.id".to_owned()));
    let mut life = Life::new(rules(vec![], vec![c]));
    let mut book = |id: &str, at| {
        let mut event = event(Kind::Custom("booked".to_owned()), at);
        event.properties.insert("id".to_owned(), json!(id));
        lines(&life.play(antiphon::engine::Input::Event(event), at))
    };
    assert_eq!(book("a", 0).len(), 2);
    assert_eq!(book("a", 1), ["c: refused: already running"]);
    assert_eq!(book("b", 2).len(), 2);
    assert_eq!(life.subject.journeys.iter().map(|j| j.key.as_deref()).collect::<Vec<_>>(), [Some("a"), Some("b")]);
}

#[test]
fn a_wait_goes_on_when_its_second_is_over() {
    let steps = vec![do_("w", wait(100)), do_("later", send_template("offer"))];
    let mut life = Life::new(rules(vec![], vec![campaign("c", on(yes()), steps)]));
    let step = life.says("yes", 0);
    assert_eq!(step.wake, Some(Second(START + 100)));
    assert_eq!(step.journeys_changed.len(), 1);
    assert!(life.wakes(100).entries.is_empty());
    // An arrival plays it first, as of its own second.
    let step = life.says("no", 500);
    assert_eq!(lines(&step), ["c/later: asked", "c: ended: finished"]);
    assert_eq!(step.effects[0].at, Second(START + 100));
    assert_eq!(step.events.len(), 1);
    assert!(step.journeys_changed[0].ended.is_some() && life.subject.journeys.is_empty());
}

#[test]
fn segments_of_a_second_come_before_its_waits() {
    let mut late = do_("late", send_template("offer"));
    late.condition = Some(Condition::InSegment("lately".to_owned()));
    let c = campaign("c", on(yes()), vec![do_("w", wait(100)), late]);
    let mut life = Life::new(rules(vec![segment("lately", said_lately("YES", 100))], vec![c]));
    life.says("yes", 0);
    assert_eq!(lines(&life.wakes(101)), ["c/late: skipped: condition", "c: ended: finished"]);
}

#[test]
fn update_person_is_evaluated_before_the_journey_goes_on() {
    let mut after = do_("after", send_template("offer"));
    after.condition = Some(Condition::InSegment("done".to_owned()));
    let c = campaign("c", on(yes()), vec![do_("set", update("status", json!("done"))), after]);
    let started = campaign("d", Trigger::Becomes(Condition::InSegment("done".to_owned())), vec![]);
    let mut life = Life::new(rules(vec![segment("done", is_text("status", "done"))], vec![c, started]));
    let step = life.says("yes", 7);
    assert_eq!(
        lines(&step),
        [
            "c: started",
            "c/set: updated status",
            "d: started",
            "c/after: asked",
            "c: ended: finished",
            "d: ended: finished"
        ]
    );
    let [reply, write] = step.events.as_slice() else { panic!("the reply and the write") };
    assert_eq!((reply.seq, write.seq, write.at), (1, 2, reply.at));
    assert_eq!(write.kind, Kind::AttributesSet);
    assert_eq!(step.transitions[0].cause.seq(), Some(2));
    assert_eq!(life.subject.person.attributes["status"], json!("done"));
}

#[test]
fn a_circle_of_causes_is_cut_after_sixteen_rounds() {
    let flip = |name: &str, from: &str, to: &str| {
        campaign(name, Trigger::Becomes(is_text("x", from)), vec![do_("flip", update("x", json!(to)))])
    };
    let mut life = Life::new(rules(vec![], vec![flip("a", "0", "1"), flip("b", "1", "0")]));
    let step = life.sets("x", json!("0"), 0);
    // The input, sixteen rounds, and the one that starts nothing any more.
    assert_eq!(step.events.len(), 1 + 17);
    assert_eq!(lines(&step).iter().filter(|line| line.ends_with("loop")).count(), 1);
    assert!(life.subject.journeys.is_empty());
}

#[test]
fn exit_ends_a_journey_with_its_reason() {
    let steps = vec![do_("x", Action::Exit("no-answer".to_owned())), do_("never", send_template("offer"))];
    let mut life = Life::new(rules(vec![], vec![campaign("c", on(yes()), steps)]));
    assert_eq!(lines(&life.says("yes", 0)), ["c: started", "c: ended: no-answer"]);
}

#[test]
fn sends_are_skipped_for_a_reason() {
    let mut stubborn = do_("stubborn", send_template("offer"));
    let Action::Send(Send { even_if_unsubscribed, .. }) = &mut stubborn.action else { unreachable!() };
    *even_if_unsubscribed = true;
    let steps = vec![do_("send", send_template("offer")), stubborn];
    let rules = rules(vec![], vec![campaign("c", on(yes()), steps)]);
    let mut life = Life::new(rules.clone());
    life.sets("unsubscribed", json!(true), 0);
    assert_eq!(lines(&life.says("yes", 1))[1..3], ["c/send: skipped: unsubscribed", "c/stubborn: asked"]);
    let mut life = Life::new(rules.clone());
    life.subject.person.phone = None;
    assert_eq!(lines(&life.says("yes", 1))[1], "c/send: skipped: no number");
    let mut life = Life::new(rules);
    life.sets("language", json!(null), 0);
    assert_eq!(lines(&life.says("yes", 1))[1], "c/send: skipped: `person.language` is missing");
}

#[test]
fn free_text_ends_with_the_service_window() {
    let mut fallback = do_("fallback", send_text("Hello"));
    let Action::Send(Send { if_window_closed, .. }) = &mut fallback.action else { unreachable!() };
    *if_window_closed = Some(template("offer"));
    let steps = vec![do_("w", wait(DAY)), do_("text", send_text("Hello")), fallback];
    let mut life = Life::new(rules(vec![], vec![campaign("c", on(yes()), steps)]));
    life.says("yes", 0);
    // The window is (t − 24 h, t]: a day later it has just closed.
    let step = life.wakes(DAY + 1);
    assert_eq!(lines(&step)[..2], ["c/text: skipped: window closed", "c/fallback: asked"]);
    let EffectKind::Send(outgoing) = &step.effects[0].kind else { panic!("a send") };
    assert!(matches!(outgoing.body, Body::Template { .. }));

    life.says("yes", 2 * DAY);
    life.says("still here", 2 * DAY + 1);
    let step = life.wakes(3 * DAY + 1);
    let EffectKind::Send(outgoing) = &step.effects[1].kind else { panic!("a send") };
    assert_eq!(outgoing.window_closes, Some(Second(START + 3 * DAY + 1)));
    assert_eq!(step.effects[0].expires, Second(START + 3 * DAY + 1));
    assert_eq!(step.effects[1].expires, Second(START + 4 * DAY));
}

#[test]
fn a_draft_says_what_it_would_do_and_does_nothing() {
    let steps = vec![do_("a", send_template("offer")), do_("w", wait(1)), do_("b", send_template("offer"))];
    let mut draft = campaign("c", on(yes()), steps);
    draft.state = CampaignState::Draft;
    let mut life = Life::new(rules(vec![], vec![draft]));
    let step = life.says("yes", 0);
    assert_eq!(lines(&step), ["c: would start", "c/a: would send", "c/w: would wait"]);
    assert!(step.effects.is_empty() && step.journeys_changed.is_empty() && life.subject.journeys.is_empty());
}

#[test]
fn an_anonymous_event_starts_what_needs_nobody() {
    let webhook = Webhook {
        url: Expression::Path(Path("env.DESK".to_owned())),
        body: json!({"who": "person.email", "text": "event.body"}),
        timeout: None,
        retries: None,
    };
    let steps = vec![
        do_("send", send_template("offer")),
        do_("set", update("x", json!(1))),
        do_("desk", Action::Webhook(webhook)),
        do_("w", wait(1)),
        do_("never", send_template("offer")),
    ];
    let becomes = campaign("becomes", Trigger::Becomes(said_lately("YES", 10)), vec![]);
    let mut filtered = campaign("filtered", on(yes()), vec![]);
    filtered.filter = Some(Condition::Any(vec![
        Condition::InSegment("s".to_owned()),
        Condition::KnownFor(Span(1)),
        Condition::Not(Box::new(said_lately("YES", 10))),
    ]));
    let s = segment("s", said_lately("YES", 10));
    let life = Life::new(rules(vec![s], vec![becomes, campaign("c", on(yes()), steps), filtered]));
    let step = anonymous(&life.versions, &said("yes", 3), Second(START + 3));
    assert_eq!(
        lines(&step),
        [
            "c: started",
            "filtered: refused: filter",
            "c/send: skipped: anonymous",
            "c/set: skipped: anonymous",
            "c/desk: asked",
            "c: ended: anonymous"
        ]
    );
    assert!(step.transitions.is_empty());
    assert_eq!((step.events.len(), step.events[0].seq), (1, 0));
    let EffectKind::Webhook(call) = &step.effects[0].kind else { panic!("a webhook") };
    assert_eq!(call.body, r#"{"text":"yes","who":null}"#);
    // The same event again asks for the same effect.
    assert_eq!(anonymous(&life.versions, &said("yes", 3), Second(START + 3)).effects[0].id, step.effects[0].id);
}

#[test]
fn a_sequence_starts_with_each_event_that_completes_it() {
    let sent = Match::any(Verb::WasSent);
    let two = Phrase::pair(sent, yes(), Span(100));
    let c = campaign("c", Trigger::Event(two), vec![do_("t", send_text("{{ event.body }}"))]);
    let mut life = Life::new(rules(vec![], vec![c]));
    assert!(lines(&life.says("yes", 0)).is_empty());
    let message = MessageRef {
        id: EffectId(Ulid::from_bytes([3; 16])),
        at: Second(START + 10),
        campaign: None,
        step: None,
        journey: None,
        template: None,
    };
    let sent = |at| Event { message: Some(message.clone()), ..event(Kind::Sent, at) };
    life.play(antiphon::engine::Input::Event(sent(10)), 10);
    assert_eq!(lines(&life.says("yes", 110)).len(), 3);
    assert!(lines(&life.says("yes", 111)).is_empty());
    // A send that is learned late completes a reply that was here before it.
    life.says("YES", 300);
    let step = life.play(antiphon::engine::Input::Event(sent(299)), 301);
    assert_eq!(lines(&step), ["c: started", "c/t: asked", "c: ended: finished"]);
    let EffectKind::Send(outgoing) = &step.effects[0].kind else { panic!("a send") };
    assert_eq!(outgoing.body, Body::Text("YES".to_owned()));
}

#[test]
fn journeys_stay_with_the_rules_they_started_with() {
    let condition =
        Condition::All(vec![Condition::InSegment("s".to_owned()), happened(replied("NO"), Window::last(Span(10)))]);
    let mut ask = do_("ask", send_template("offer"));
    ask.condition = Some(condition);
    let old = rules(
        vec![segment("s", happened(replied("MAYBE"), Window::Ever))],
        vec![campaign("c", on(yes()), vec![do_("w", wait(100)), ask])],
    );
    let mut life = Life::new(old);
    life.says("yes", 0);
    life.says("maybe", 5);
    // Neither the segment nor the steps are there any more; what they ask about goes on being known.
    life.publish(rules(vec![], vec![]), 10);
    life.says("no", 95);
    assert_eq!(lines(&life.wakes(101)), ["c/ask: asked", "c: ended: finished"]);
}

#[test]
fn a_paused_campaign_stands_still_until_it_is_live_again() {
    let with = |state| {
        let mut c = campaign("c", on(yes()), vec![do_("w", wait(100)), do_("t", send_template("offer"))]);
        c.state = state;
        rules(vec![], vec![c])
    };
    let mut life = Life::new(with(CampaignState::Live));
    life.says("yes", 0);
    life.publish(with(CampaignState::Paused), 50);
    let step = life.wakes(500);
    assert!(step.entries.is_empty() && step.wake.is_none());
    life.publish(with(CampaignState::Live), 600);
    let step = life.wakes(601);
    assert_eq!(lines(&step), ["c/t: asked", "c: ended: finished"]);
}

#[test]
fn new_rules_start_nothing_for_what_they_find() {
    let lately = |span| {
        let becomes = Trigger::Becomes(Condition::InSegment("s".to_owned()));
        rules(vec![segment("s", said_lately("YES", span))], vec![campaign("c", becomes, vec![])])
    };
    let mut life = Life::new(lately(10));
    life.says("yes", 0);
    life.wakes(20);
    life.publish(lately(100), 50);
    let step = life.wakes(60);
    assert_eq!(step.transitions.len(), 1);
    assert_eq!((step.transitions[0].cause.as_str(), step.transitions[0].at), ("rules", Second(START + 50)));
    assert!(step.entries.is_empty());
    assert_eq!(step.wake, Some(Second(START + 100)));
}
