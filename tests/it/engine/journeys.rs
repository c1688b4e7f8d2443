//! Journeys by the example: how they wait, branch, split and end, and what their steps do, at their seconds.

use antiphon::engine::{Input, State, Step, anonymous};
use antiphon::model::effect::{Body, EffectKind};
use antiphon::model::event::{Event, Kind, MessageRef, Reason};
use antiphon::model::id::EffectId;
use antiphon::model::journey::Journey;
use antiphon::model::limit::EVENT_DATA_BYTES_MAX;
use antiphon::model::rule::{
    Action, Arm, Campaign, CampaignState, Condition, Expression, Goal, IfRunning, Limit, Match, MessageTest, Move,
    Outcome, Path, RuleSet, Segment, SegmentKind, Send, SendWindow, Share, Step as StepRule, Target, Timeout, Trigger,
    Update, Verb, Wait, WaitUntil, Window,
};
use antiphon::model::time::{CalendarUnit, Length, Second, Span};
use chrono::{DateTime, NaiveTime};
use serde_json::{Value as Json, json};
use ulid::Ulid;

use super::life::*;

const DAY: i64 = 86_400;

fn start() -> Trigger {
    on(performed("go"))
}

fn performed(name: &str) -> Match {
    Match::any(Verb::Performed(name.to_owned()))
}

fn does(life: &mut Life, name: &str, at: i64) -> Step {
    life.play(Input::Event(event(Kind::Custom(name.to_owned()), at)), at)
}

/// The event happened at `at` and is learned at `arrives`.
fn late(life: &mut Life, event: Event, arrives: i64) -> Step {
    life.play(Input::Event(event), arrives)
}

fn outcome(name: &str, condition: Condition, steps: Vec<StepRule>) -> Outcome {
    Outcome { name: name.to_owned(), condition, steps }
}

fn wait_until(outcomes: Vec<Outcome>, after: i64, steps: Vec<StepRule>) -> Action {
    Action::WaitUntil(WaitUntil { outcomes, timeout: Some(Timeout { after: Span(after).into(), steps }) })
}

fn for_ever(outcomes: Vec<Outcome>) -> Action {
    Action::WaitUntil(WaitUntil { outcomes, timeout: None })
}

fn ever(word: &str) -> Condition {
    happened(replied(word), Window::Ever)
}

fn path(path: &str) -> Expression {
    Expression::Path(Path(path.to_owned()))
}

fn exit(reason: &str) -> StepRule {
    do_(reason, Action::Exit(reason.to_owned()))
}

fn one(campaign: Campaign) -> Life {
    Life::new(rules(vec![], vec![campaign]))
}

fn steps(steps: Vec<StepRule>) -> Life {
    one(campaign("c", start(), steps))
}

/// YES or NO within 100 seconds, each with a text of its own.
fn question(grace: i64) -> Campaign {
    let outcomes = vec![
        outcome("yes", ever("YES"), vec![do_("thanks", send_text("You said {{ answer.body }}."))]),
        outcome("no", ever("NO"), vec![exit("declined")]),
    ];
    let asked = wait_until(outcomes, 100, vec![do_("remind", send_template("reminder")), do_("w", wait(1_000))]);
    Campaign { grace: Span(grace), ..campaign("c", start(), vec![do_("q", asked), do_("end", send_template("end"))]) }
}

fn texts(step: &Step) -> Vec<String> {
    let text = |effect: &antiphon::model::effect::Effect| match &effect.kind {
        EffectKind::Send(outgoing) => match &outgoing.body {
            Body::Text(text) => text.clone(),
            Body::Template { name, .. } => format!("template {name}"),
        },
        EffectKind::Webhook(call) => call.body.clone(),
    };
    step.effects.iter().map(text).collect()
}

fn instant(text: &str) -> Second {
    Second(DateTime::parse_from_rfc3339(text).unwrap().timestamp())
}

/// Offset of an instant from the start of all tests.
fn offset(text: &str) -> i64 {
    instant(text).0 - START
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

/// Ana lives in Berlin.
fn in_berlin(mut rules: RuleSet) -> Life {
    rules.schema.person_time_zone = Some("timezone".to_owned());
    let mut life = Life::new(rules);
    life.sets("timezone", json!("Europe/Berlin"), 0);
    life
}

// ---- blocks

#[test]
fn blocks_nest_and_go_on_behind_themselves() {
    let inner = Action::Branch {
        arms: vec![(is_text("plan", "pro"), vec![do_("pro", send_template("pro"))])],
        otherwise: vec![do_("free", send_template("free")), do_("w", wait(10))],
    };
    let outer = Action::Branch {
        arms: vec![
            (is_text("language", "de"), vec![exit("german")]),
            (is_text("language", "en"), vec![do_("inner", inner), do_("english", send_template("english"))]),
            (Condition::Everyone, vec![exit("never")]),
        ],
        otherwise: vec![],
    };
    let mut life = steps(vec![do_("outer", outer), do_("last", send_template("last"))]);
    assert_eq!(
        lines(&does(&mut life, "go", 0)),
        ["c: started", "c/outer: took when 2", "c/inner: took otherwise", "c/free: asked", "c/w: waits until 10"]
    );
    assert_eq!(lines(&life.wakes(11)), ["c/english: asked", "c/last: asked", "c: ended: finished"]);
    life.sets("plan", json!("pro"), 20);
    assert_eq!(texts(&does(&mut life, "go", 20)), ["template pro", "template english", "template last"]);
    life.sets("language", json!("fr"), 30);
    // Nobody is left over: the third arm is for everybody.
    assert_eq!(lines(&does(&mut life, "go", 30)).last().unwrap(), "c: ended: never");
}

#[test]
fn a_block_whose_condition_is_not_met_is_passed_over_whole() {
    let block = Action::Branch { arms: vec![(Condition::Everyone, vec![exit("in")])], otherwise: vec![exit("out")] };
    let mut skipped = do_("b", block);
    skipped.condition = Some(is_text("plan", "pro"));
    let mut life = steps(vec![skipped, do_("last", send_template("last"))]);
    let step = does(&mut life, "go", 0);
    assert_eq!(lines(&step)[1..], ["c/b: skipped: condition", "c/last: asked", "c: ended: finished"]);
}

#[test]
fn each_person_takes_one_arm_and_the_shares_are_kept() {
    let arm = |name: &str, share| Arm { name: name.to_owned(), share: Share(share), steps: vec![exit(name)] };
    let split = Action::Split(vec![arm("a", 5_000), arm("b", 3_000), arm("none", 0), arm("c", 2_000)]);
    let life = steps(vec![do_("s", split)]);
    let mut counts = std::collections::BTreeMap::new();
    for number in 0..2_000_u32 {
        let mut other =
            Life { versions: life.versions.clone(), subject: life.subject.clone(), log: vec![], moves: vec![] };
        other.subject.person.cio_id = Ulid::from_parts(u64::from(number) + 1, u128::from(number) * 7);
        let first = lines(&does(&mut other, "go", 1));
        let again = lines(&does(&mut other, "go", 2));
        assert_eq!(first, again);
        *counts.entry(first[1].clone()).or_insert(0) += 1;
    }
    let share = |arm: &str| counts.get(&format!("c/s: took {arm}")).copied().unwrap_or(0);
    assert_eq!(share("none"), 0);
    assert_eq!(share("a") + share("b") + share("c"), 2_000);
    // Three times the standard deviation is 67, 61 and 54.
    assert!((933..=1_067).contains(&share("a")), "{counts:?}");
    assert!((539..=661).contains(&share("b")), "{counts:?}");
    assert!((346..=454).contains(&share("c")), "{counts:?}");
}

// ---- what steps do to their person

#[test]
fn a_recorded_event_is_taken_in_before_the_journey_goes_on() {
    let record = Action::RecordEvent {
        name: "asked".to_owned(),
        properties: vec![
            ("who".to_owned(), path("person.language")),
            ("n".to_owned(), Expression::Literal(json!(3))),
            ("none".to_owned(), path("event.nothing")),
        ],
    };
    let mut after = do_("after", send_template("after"));
    after.condition = Some(happened(performed("asked"), Window::Ever));
    let other = campaign("d", on(performed("asked")), vec![do_("t", send_text("{{ event.who }}"))]);
    let c = campaign("c", start(), vec![do_("r", record), after]);
    let mut life = Life::new(rules(vec![], vec![c, other]));
    life.says("hello", 5);
    let step = does(&mut life, "go", 7);
    assert_eq!(
        lines(&step),
        [
            "c: started",
            "c/r: recorded asked",
            "d: started",
            "c/after: asked",
            "c: ended: finished",
            "d/t: asked",
            "d: ended: finished"
        ]
    );
    let [go, asked] = step.events.as_slice() else { panic!("the event and what it caused") };
    assert_eq!((asked.at, asked.seq, &asked.kind), (go.at, go.seq + 1, &Kind::Custom("asked".to_owned())));
    assert_eq!(Json::Object(asked.properties.clone()), json!({"who": "en", "n": 3}));
    assert_eq!(texts(&step)[1], "en");
}

#[test]
fn the_data_of_a_recorded_event_is_bounded() {
    let record = |bytes: usize| {
        // {"x":"…"}
        let value = Expression::Literal(json!("a".repeat(bytes - 8)));
        let action = Action::RecordEvent { name: "big".to_owned(), properties: vec![("x".to_owned(), value)] };
        lines(&does(&mut steps(vec![do_("r", action)]), "go", 0))[1].clone()
    };
    assert_eq!(record(EVENT_DATA_BYTES_MAX), "c/r: recorded big");
    assert_eq!(record(EVENT_DATA_BYTES_MAX + 1), "c/r: skipped: the data of an event has at most 100000 bytes");
}

#[test]
fn a_manual_segment_is_entered_and_left_within_the_second() {
    let manual = Segment { kind: SegmentKind::Manual, ..segment("vips", Condition::Everyone) };
    let moved = |join| Action::ManualSegment { segment: "vips".to_owned(), join };
    let mut inside = do_("inside", send_template("inside"));
    inside.condition = Some(Condition::InSegment("vips".to_owned()));
    let outside = StepRule { id: "outside".to_owned(), ..inside.clone() };
    let c = campaign("c", start(), vec![do_("in", moved(true)), inside, do_("out", moved(false)), outside]);
    let mut life = Life::new(rules(vec![manual], vec![c]));
    let step = does(&mut life, "go", 3);
    assert_eq!(
        lines(&step)[1..],
        [
            "c/in: joined vips",
            "c/inside: asked",
            "c/out: left vips",
            "c/outside: skipped: condition",
            "c: ended: finished"
        ]
    );
    assert_eq!(step.transitions.iter().map(|t| t.entered).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn lists_gain_an_element_once_and_lose_it() {
    let element = |value: Json| Expression::Literal(value);
    let update = |updates: Vec<(&str, Update)>| {
        Action::UpdatePerson(updates.into_iter().map(|(name, update)| (name.to_owned(), update)).collect())
    };
    let mut life = steps(vec![
        do_(
            "add",
            update(vec![("tags", Update::Add(element(json!("a")))), ("tags", Update::Add(element(json!("b"))))]),
        ),
        do_("again", update(vec![("tags", Update::Add(element(json!("b"))))])),
        do_("remove", update(vec![("tags", Update::Remove(element(json!("a")))), ("plan", Update::Unset)])),
        do_("no-list", update(vec![("language", Update::Add(element(json!("de"))))])),
        do_("missing", update(vec![("tags", Update::Add(path("event.nothing")))])),
        do_("long", update(vec![("x", Update::Set(element(json!("a".repeat(1_001)))))])),
        do_("fits", update(vec![("x", Update::Set(element(json!("a".repeat(1_000)))))])),
    ]);
    life.sets("plan", json!("pro"), 0);
    let step = does(&mut life, "go", 1);
    assert_eq!(
        lines(&step)[1..8],
        [
            "c/add: updated tags",
            "c/again: updated tags",
            "c/remove: updated plan, tags",
            "c/no-list: skipped: `language` is no list",
            "c/missing: skipped: `event.nothing` is missing",
            "c/long: skipped: `x` is longer than 1000 bytes",
            "c/fits: updated x"
        ]
    );
    assert_eq!(step.events[1].properties["tags"], json!(["a", "b"]));
    assert_eq!(step.events[2].properties["tags"], json!(["a", "b"]));
    assert_eq!(life.subject.person.attributes["tags"], json!(["b"]));
    assert!(!life.subject.person.attributes.contains_key("plan"));
}

#[test]
fn a_step_sets_and_lifts_its_own_reason_only() {
    let (off, on_) = (update("unsubscribed", json!(true)), update("unsubscribed", json!(false)));
    let forged = update("unsubscribed_reasons", json!([]));
    let mut life = steps(vec![do_("off", off), do_("w", wait(10)), do_("forged", forged), do_("on", on_)]);
    life.sets("unsubscribed_reasons", json!(["keyword"]), 0);
    does(&mut life, "go", 0);
    assert_eq!(life.subject.person.attributes["unsubscribed_reasons"], json!(["api", "keyword"]));
    life.wakes(11);
    assert_eq!(life.subject.person.attributes["unsubscribed_reasons"], json!(["keyword"]));
    assert_eq!(life.subject.person.attributes["unsubscribed"], json!(true));
}

#[test]
fn a_circle_of_recorded_events_is_cut_after_sixteen_rounds() {
    let record = |name: &str| Action::RecordEvent { name: name.to_owned(), properties: vec![] };
    let ping = campaign("ping", on(performed("ping")), vec![do_("r", record("pong"))]);
    let pong = campaign("pong", on(performed("pong")), vec![do_("r", record("ping"))]);
    let mut life = Life::new(rules(vec![], vec![ping, pong]));
    let step = does(&mut life, "ping", 0);
    assert_eq!(step.events.len(), 1 + 17);
    assert_eq!(lines(&step).iter().filter(|line| line.ends_with(": loop")).count(), 1);
}

// ---- plain waits

#[test]
fn calendar_days_are_over_when_the_next_one_begins() {
    let two_days = Length::Calendar { amount: 2, unit: CalendarUnit::Day };
    let c = campaign("c", start(), vec![do_("w", Action::Wait(Wait::For(two_days)))]);
    let mut life = in_berlin(rules(vec![], vec![c]));
    // The clocks go back on the 25th, which has 25 hours.
    let at = offset("2026-10-23T23:30:00+02:00");
    let step = does(&mut life, "go", at);
    assert_eq!(step.wake, Some(instant("2026-10-26T00:00:00+01:00")));
}

#[test]
fn a_local_time_is_waited_for_until_clocks_show_it() {
    let until = |text: &str, at: &str| {
        let c = campaign("c", start(), vec![do_("w", Action::Wait(Wait::UntilTime(time(text))))]);
        let mut life = in_berlin(rules(vec![], vec![c]));
        does(&mut life, "go", offset(at)).wake
    };
    assert_eq!(until("09:00", "2026-10-24T08:59:59+02:00"), Some(instant("2026-10-24T09:00:00+02:00")));
    // Now is the time: nothing to wait for.
    assert_eq!(until("09:00", "2026-10-24T09:00:00+02:00"), None);
    // One second later, and the clock goes back in the night.
    assert_eq!(until("09:00", "2026-10-24T09:00:01+02:00"), Some(instant("2026-10-25T09:00:00+01:00")));
    // Shown twice, it counts the first time; left out, it counts where the clock jumps.
    assert_eq!(until("02:30", "2026-10-24T12:00:00+02:00"), Some(instant("2026-10-25T02:30:00+02:00")));
    assert_eq!(until("02:30", "2026-10-25T02:30:01+02:00"), Some(instant("2026-10-26T02:30:00+01:00")));
    assert_eq!(until("02:30", "2027-03-27T12:00:00+01:00"), Some(instant("2027-03-28T03:00:00+02:00")));
}

#[test]
fn an_instant_of_the_event_is_waited_for() {
    let until = |value: Json, offset: i64| {
        let wait = Wait::Until { path: Path("event.starts_at".to_owned()), offset: Span(offset) };
        let c = campaign("c", start(), vec![do_("w", Action::Wait(wait))]);
        let mut life = in_berlin(rules(vec![], vec![c]));
        let mut go = event(Kind::Custom("go".to_owned()), 10);
        go.properties.insert("starts_at".to_owned(), value);
        life.play(Input::Event(go), 10).wake.map(|wake| wake.0 - START)
    };
    assert_eq!(until(json!(START + 1_000), 0), Some(1_000));
    assert_eq!(until(json!(START + 1_000), -100), Some(900));
    assert_eq!(until(json!(START + 5), 100), Some(105));
    assert_eq!(until(json!("2026-09-22T09:00:00+02:00"), -DAY), None, "that was this morning");
    assert_eq!(until(json!("2026-09-23"), 0), Some(offset("2026-09-23T00:00:00+02:00")));
    // Past, exactly now, missing, no instant: nothing to wait for.
    assert_eq!(until(json!(START + 110), -100), None);
    assert_eq!(until(json!(START + 111), -100), Some(11));
    assert_eq!(until(Json::Null, 0), None);
    assert_eq!(until(json!("soon"), 0), None);
}

// ---- waits for something

#[test]
fn a_wait_goes_on_as_its_first_outcome_says() {
    let mut life = one(question(0));
    let step = does(&mut life, "go", 0);
    assert_eq!(lines(&step), ["c: started", "c/q: waits until 100"]);
    assert_eq!(step.wake, Some(Second(START + 101)));
    assert!(lines(&life.says("maybe", 10)).is_empty());
    let step = life.says("Yes!", 20);
    assert_eq!(lines(&step), ["c/q: outcome yes", "c/thanks: asked", "c/end: asked", "c: ended: finished"]);
    assert_eq!(texts(&step)[0], "You said Yes!.");
    assert_eq!(step.entries[0].cause.seq(), Some(3));
    // A wake that is too early changes nothing.
    let step = life.wakes(200);
    assert!(step.entries.is_empty() && step.wake.is_none());

    let mut life = one(question(0));
    does(&mut life, "go", 0);
    assert_eq!(lines(&life.says("no", 100)), ["c/q: outcome no", "c: ended: declined"]);
}

#[test]
fn the_first_of_several_outcomes_wins() {
    let both = vec![
        outcome("a", happened(replied("NO"), Window::Ever), vec![]),
        outcome("b", happened(Match::any(Verb::Replied), Window::Ever), vec![]),
        outcome("c", ever("NO"), vec![]),
    ];
    let mut life = steps(vec![do_("q", for_ever(both))]);
    assert_eq!(lines(&does(&mut life, "go", 0)), ["c: started", "c/q: waits"]);
    assert_eq!(lines(&life.says("no", 1))[0], "c/q: outcome a");
    let step = does(&mut life, "go", 2);
    assert_eq!(lines(&step)[1], "c/q: outcome a", "satisfied already");
}

#[test]
fn the_timeout_passes_a_second_after_the_deadline_and_its_grace() {
    for grace in [0, 30] {
        let mut life = one(question(grace));
        let step = does(&mut life, "go", 0);
        assert_eq!(step.wake, Some(Second(START + 101 + grace)));
        // A wake is played when its second is over.
        assert!(lines(&life.wakes(101 + grace)).is_empty());
        let step = life.wakes(102 + grace);
        let until = 101 + grace + 1_000;
        assert_eq!(lines(&step), ["c/q: timed out", "c/remind: asked", &format!("c/w: waits until {until}")]);
        assert_eq!(step.effects[0].at, Second(START + 101 + grace));
    }
}

#[test]
fn an_answer_in_time_that_arrives_within_grace_wins() {
    let arrives = |at, arrives| {
        let mut life = one(question(30));
        does(&mut life, "go", 0);
        lines(&late(&mut life, said("yes", at), arrives)).first().cloned()
    };
    assert_eq!(arrives(100, 100).as_deref(), Some("c/q: outcome yes"));
    assert_eq!(arrives(100, 131).as_deref(), Some("c/q: outcome yes"), "the last second of its grace");
    assert_eq!(arrives(100, 132).as_deref(), Some("c/q: timed out"));
    assert_eq!(arrives(101, 101), None, "it came too late, though within the grace");
    assert_eq!(arrives(101, 131), None);
}

#[test]
fn what_came_too_late_does_not_count_when_something_else_comes_in_time() {
    let mut life = one(question(30));
    does(&mut life, "go", 0);
    assert!(lines(&life.says("yes", 110)).is_empty());
    assert!(lines(&late(&mut life, said("hello", 90), 111)).is_empty());
    assert_eq!(lines(&late(&mut life, said("no", 90), 112))[0], "c/q: outcome no");
    let mut life = one(question(30));
    does(&mut life, "go", 0);
    life.says("yes", 110);
    assert_eq!(lines(&life.wakes(132))[0], "c/q: timed out");
}

#[test]
fn a_late_answer_is_written_down_and_the_journey_goes_on_where_it_is() {
    let mut life = one(question(30));
    does(&mut life, "go", 0);
    life.wakes(132);
    let before = life.subject.journeys.clone();
    let step = late(&mut life, said("yes", 100), 200);
    assert_eq!(lines(&step), ["c/q: late answer yes"]);
    assert_eq!(step.entries[0].cause.seq(), Some(2));
    assert_eq!(life.subject.journeys, before);
    assert!(lines(&life.says("yes", 201)).is_empty(), "that is no answer any more");
    assert_eq!(lines(&life.wakes(1_132)), ["c/end: asked", "c: ended: finished"]);
}

#[test]
fn an_answer_is_what_was_said_even_where_the_journey_was_not_waiting_yet() {
    let answered = do_("t", send_text("{{ answer.body }}"));
    let q = for_ever(vec![outcome("yes", happened(Match::any(Verb::Replied), Window::Ever), vec![answered])]);
    let mut life = steps(vec![do_("w", wait(100)), do_("q", q)]);
    does(&mut life, "go", 0);
    life.says("first", 10);
    life.says("second", 20);
    assert_eq!(texts(&life.wakes(101)), ["second"]);
    // What was said before the journey began is not kept for it.
    does(&mut life, "go", 200);
    assert_eq!(texts(&life.wakes(301)), [""]);
}

#[test]
fn an_outcome_that_is_no_event_has_no_answer() {
    let text = do_("t", send_text("<{{ answer.plan }}{{ answer.body }}>"));
    let q = |condition| for_ever(vec![outcome("o", condition, vec![text.clone()])]);
    let mut life = steps(vec![do_("q", q(is_text("plan", "pro")))]);
    life.says("hello", 0);
    does(&mut life, "go", 0);
    let step = life.sets("plan", json!("pro"), 10);
    assert_eq!(lines(&step)[0], "c/q: outcome o");
    assert_eq!(texts(&step), ["<>"]);
}

#[test]
fn time_alone_makes_an_outcome_true() {
    let silent = Condition::Not(Box::new(happened(Match::any(Verb::Replied), Window::last(Span(50)))));
    let silent = wait_until(vec![outcome("silent", silent, vec![])], 100, vec![]);
    let mut life = steps(vec![do_("q", silent)]);
    life.says("hello", 0);
    let step = does(&mut life, "go", 10);
    assert_eq!(step.wake, Some(Second(START + 50)));
    life.says("hello", 20);
    assert_eq!(life.subject.journeys[0].wake, Some(Second(START + 70)));
    let step = life.wakes(71);
    assert_eq!(lines(&step), ["c/q: outcome silent", "c: ended: finished"]);
    assert_eq!(step.entries[0].at, Second(START + 70));

    // Past its deadline time does not count.
    let mut life = steps(vec![do_("q", {
        let silent = Condition::Not(Box::new(happened(Match::any(Verb::Replied), Window::last(Span(50)))));
        wait_until(vec![outcome("silent", silent, vec![])], 49, vec![])
    })]);
    life.says("hello", 0);
    assert_eq!(does(&mut life, "go", 0).wake, Some(Second(START + 50)));
    assert_eq!(lines(&life.wakes(51))[0], "c/q: timed out");
}

#[test]
fn a_segment_of_the_same_second_ends_a_wait() {
    let q = for_ever(vec![outcome("gone", Condition::Not(Box::new(Condition::InSegment("s".to_owned()))), vec![])]);
    let c = campaign("c", start(), vec![do_("q", q)]);
    let mut life = Life::new(rules(vec![segment("s", said_lately("YES", 100))], vec![c]));
    life.says("yes", 0);
    does(&mut life, "go", 1);
    assert_eq!(lines(&life.wakes(101)), ["c/q: outcome gone", "c: ended: finished"]);
}

#[test]
fn what_a_journey_does_ends_the_wait_of_another() {
    let q = for_ever(vec![outcome("done", is_text("status", "done"), vec![do_("t", send_template("done"))])]);
    let waits = campaign("waits", start(), vec![do_("q", q)]);
    let writes = campaign("writes", on(replied("YES")), vec![do_("u", update("status", json!("done")))]);
    let mut life = Life::new(rules(vec![], vec![waits, writes]));
    does(&mut life, "go", 0);
    assert_eq!(
        lines(&life.says("yes", 5)),
        [
            "writes: started",
            "writes/u: updated status",
            "waits/q: outcome done",
            "writes: ended: finished",
            "waits/t: asked",
            "waits: ended: finished"
        ]
    );
}

// ---- what counts for one journey only

/// Ana answers what step `step` of `journey` sent.
fn answers(text: &str, journey: &Journey, step: &str, at: i64) -> Event {
    let message = MessageRef {
        id: EffectId(Ulid::from_parts(7, 7)),
        at: Second(START),
        campaign: Some(journey.campaign.clone()),
        step: Some(step.to_owned()),
        journey: Some(journey.id),
        template: None,
    };
    Event { message: Some(message), reason: Some(Reason::Quoted), ..said(text, at) }
}

fn to_step(word: &str, step: &str) -> Condition {
    let target = Target { message: MessageTest::Step(step.to_owned()), directly: false };
    happened(Match { target: Some(target), ..replied(word) }, Window::Ever)
}

#[test]
fn an_answer_to_a_step_answers_the_journey_that_sent_it() {
    let booked = on(performed("booked"));
    let q = wait_until(
        vec![outcome("yes", to_step("YES", "ask"), vec![do_("t", send_text("{{ answer.body }}"))])],
        500,
        vec![],
    );
    let steps = vec![do_("ask", send_template("ask")), do_("w", wait(20)), do_("q", q)];
    let c = Campaign { key: Some(Path("event.id".to_owned())), ..campaign("c", booked, steps) };
    let mut life = one(c);
    for (id, at) in [("a", 0), ("b", 1)] {
        let mut booked = event(Kind::Custom("booked".to_owned()), at);
        booked.properties.insert("id".to_owned(), json!(id));
        life.play(Input::Event(booked), at);
    }
    let [a, b] = life.subject.journeys.clone().try_into().unwrap();
    life.says("yes", 2);
    life.play(Input::Event(answers("no", &a, "ask", 3)), 3);
    life.play(Input::Event(answers("yes", &a, "other", 4)), 4);
    // While it did not wait yet.
    life.play(Input::Event(answers("Yes!", &b, "ask", 5)), 5);
    // Kept through storage.
    let kept = serde_json::to_string(&life.subject.journeys).unwrap();
    life.subject.journeys = serde_json::from_str(&kept).unwrap();
    let step = life.wakes(30);
    assert_eq!(lines(&step), ["c/q: waits until 520", "c/q: outcome yes", "c/t: asked", "c: ended: finished"]);
    assert_eq!(step.effects[0].journey, b.id);
    assert_eq!(texts(&step), ["Yes!"]);
    let step = life.play(Input::Event(answers("yes", &a, "ask", 520)), 520);
    assert_eq!(lines(&step)[0], "c/q: outcome yes");
    assert_eq!(step.effects[0].journey, a.id);
}

#[test]
fn since_entry_begins_behind_what_started_the_journey() {
    let since = |word: &str| happened(replied(word), Window::SinceEntry);
    let q = wait_until(vec![outcome("yes", since("YES"), vec![])], 100, vec![]);
    let branch = Action::Branch { arms: vec![(since("NO"), vec![exit("no")])], otherwise: vec![exit("silent")] };
    let c = Campaign { grace: Span(30), ..campaign("c", on(replied("YES")), vec![do_("q", q), do_("b", branch)]) };
    let mut life = one(c.clone());
    life.says("yes", 0);
    life.says("no", 0);
    assert_eq!(
        lines(&life.says("yes", 1)),
        ["c: refused: already running", "c/q: outcome yes", "c/b: took when 1", "c: ended: no"]
    );

    // What was said before its entry counts for nothing, though it comes later.
    let mut life = one(c);
    life.says("yes", 10);
    assert_eq!(lines(&late(&mut life, said("yes", 9), 20)), ["c: refused: already running"]);
    assert_eq!(lines(&life.wakes(142)), ["c/q: timed out", "c/b: took otherwise", "c: ended: silent"]);
}

#[test]
fn what_becomes_of_one_campaign_ends_waits_of_another() {
    let converted = Match::any(Verb::Moved(Move::ConvertedIn("sale".to_owned())));
    let left = Match::any(Verb::Moved(Move::LeftCampaign("sale".to_owned())));
    let goal = Goal { condition: ever("YES"), within: None, exit: false };
    let sale = Campaign { goal: Some(goal), ..campaign("sale", start(), vec![do_("w", wait(100))]) };
    let running = Condition::Not(Box::new(Condition::InCampaign("sale".to_owned())));
    let outcomes = |condition| for_ever(vec![outcome("o", condition, vec![])]);
    let watch = vec![
        do_("converted", outcomes(happened(converted, Window::Ever))),
        do_("gone", outcomes(running)),
        do_("left", outcomes(happened(left, Window::Ever))),
    ];
    let watch = campaign("watch", on(Match::any(Verb::Moved(Move::EnteredCampaign("sale".to_owned())))), watch);
    let mut life = Life::new(rules(vec![], vec![sale, watch]));
    let began = ["sale: started", "watch: started", "sale/w: waits until 100", "watch/converted: waits"];
    assert_eq!(lines(&does(&mut life, "go", 0)), began);
    let step = life.says("yes", 10);
    assert_eq!(lines(&step), ["sale: converted", "watch/converted: outcome o", "watch/gone: waits"]);
    assert_eq!(step.entries[1].cause.seq(), Some(2));
    let step = life.wakes(101);
    assert_eq!(
        lines(&step),
        ["sale: ended: finished", "watch/gone: outcome o", "watch/left: outcome o", "watch: ended: finished"]
    );
}

// ---- exit and goal

#[test]
fn exit_is_watched_while_the_journey_runs() {
    let c = Campaign { exit: Some(is_text("plan", "pro")), ..campaign("c", start(), vec![do_("w", wait(100))]) };
    let mut life = one(c.clone());
    does(&mut life, "go", 0);
    assert_eq!(lines(&life.sets("plan", json!("pro"), 50)), ["c: ended: exit condition"]);
    assert_eq!(lines(&does(&mut life, "go", 60)), ["c: started", "c: ended: exit condition"]);

    // By its own step, before the next one.
    let own = vec![do_("u", update("plan", json!("pro"))), do_("t", send_template("t"))];
    let mut life = one(Campaign { steps: own, ..c.clone() });
    assert_eq!(lines(&does(&mut life, "go", 0)), ["c: started", "c/u: updated plan", "c: ended: exit condition"]);

    // By time.
    let mut life = one(Campaign { exit: Some(Condition::KnownFor(Span(70))), ..c });
    assert_eq!(does(&mut life, "go", 0).wake, Some(Second(START + 70)));
    assert_eq!(lines(&life.wakes(71)), ["c: ended: exit condition"]);
}

#[test]
fn a_goal_is_noted_once_and_in_time() {
    let with = |exit, grace| {
        let goal = Goal { condition: said_lately("YES", 5), within: Some(Span(100)), exit };
        one(Campaign { goal: Some(goal), grace: Span(grace), ..campaign("c", start(), vec![do_("w", wait(500))]) })
    };
    let mut life = with(false, 0);
    does(&mut life, "go", 0);
    assert_eq!(lines(&life.says("yes", 100)), ["c: converted"]);
    assert!(lines(&life.says("yes", 100)).is_empty());
    let mut life = with(false, 30);
    does(&mut life, "go", 0);
    assert!(lines(&late(&mut life, said("hello", 100), 130)).is_empty());
    assert_eq!(lines(&late(&mut life, said("yes", 100), 131)), ["c: converted"]);
    let mut life = with(false, 30);
    does(&mut life, "go", 0);
    assert!(lines(&life.says("yes", 101)).is_empty());
    assert!(lines(&late(&mut life, said("hello", 100), 131)).is_empty());
    let mut life = with(false, 30);
    does(&mut life, "go", 0);
    assert!(lines(&late(&mut life, said("yes", 100), 132)).is_empty());
    let mut life = with(true, 0);
    does(&mut life, "go", 0);
    assert_eq!(lines(&life.says("yes", 1)), ["c: converted", "c: ended: goal"]);
}

// ---- entry

#[test]
fn a_restart_ends_the_running_journey() {
    let c = Campaign { if_running: IfRunning::Restart, ..campaign("c", start(), vec![do_("w", wait(100))]) };
    let mut life = one(c);
    does(&mut life, "go", 0);
    let step = does(&mut life, "go", 60);
    assert_eq!(lines(&step), ["c: ended: restarted", "c: started", "c/w: waits until 160"]);
    assert_eq!(step.journeys_changed.len(), 2);
    assert_eq!(life.subject.journeys.len(), 1);
    assert_eq!(lines(&life.wakes(200)), ["c: ended: finished"]);
}

// ---- when and how often messages leave

fn limited(within: Length) -> RuleSet {
    let send = |name: &str, trigger: &str| {
        let c = campaign(name, on(performed(trigger)), vec![do_("t", send_template("offer"))]);
        Campaign { limit: Some("marketing".to_owned()), ..c }
    };
    let free = campaign("free", on(performed("free")), vec![do_("t", send_template("offer"))]);
    let mut rules = rules(vec![], vec![send("a", "a"), send("b", "b"), free]);
    rules.schema.limits.insert("marketing".to_owned(), Limit { messages: 3, within });
    rules
}

#[test]
fn a_limit_caps_what_its_campaigns_send_together() {
    let mut life = Life::new(limited(Span(100).into()));
    let mut send = |name: &str, at| lines(&does(&mut life, name, at))[1].clone();
    assert_eq!(send("a", 0), "a/t: asked");
    assert_eq!(send("free", 1), "free/t: asked");
    assert_eq!(send("b", 10), "b/t: asked");
    assert_eq!(send("a", 10), "a/t: asked");
    assert_eq!(send("a", 99), "a/t: skipped: limit");
    assert_eq!(send("b", 99), "b/t: skipped: limit");
    // The first is 100 seconds old and out; what was skipped does not count.
    assert_eq!(send("a", 100), "a/t: asked");
    assert_eq!(send("a", 109), "a/t: skipped: limit");
    assert_eq!(send("a", 110), "a/t: asked");
    assert_eq!(send("a", 110), "a/t: asked");
    assert_eq!(send("a", 111), "a/t: skipped: limit");
    assert_eq!(send("free", 111), "free/t: asked");
}

#[test]
fn a_limit_of_calendar_days_begins_at_midnight() {
    let mut life = in_berlin(limited(Length::Calendar { amount: 2, unit: CalendarUnit::Day }));
    let mut send = |at: &str| lines(&does(&mut life, "a", offset(at)))[1].clone();
    assert_eq!(send("2026-10-24T00:00:00+02:00"), "a/t: asked");
    assert_eq!(send("2026-10-24T23:59:59+02:00"), "a/t: asked");
    assert_eq!(send("2026-10-25T12:00:00+01:00"), "a/t: asked");
    assert_eq!(send("2026-10-25T23:59:59+01:00"), "a/t: skipped: limit");
    assert_eq!(send("2026-10-26T00:00:00+01:00"), "a/t: asked");
}

#[test]
fn a_limit_survives_storage_and_folding() {
    let mut life = Life::new(limited(Span(100).into()));
    for at in 0..3 {
        does(&mut life, "a", at);
    }
    life.subject.state = State::decode(&life.subject.state.encode()).unwrap();
    assert_eq!(lines(&does(&mut life, "a", 50))[1], "a/t: skipped: limit");
    // Another rule set, under which the state is folded again.
    let mut other = limited(Span(100).into());
    other.segments.push(segment("s", ever("YES")));
    life.publish(other, 60);
    assert_eq!(lines(&does(&mut life, "a", 70))[1], "a/t: skipped: limit");
    assert_eq!(lines(&does(&mut life, "a", 100))[1], "a/t: asked");
}

fn within_hours(from: &str, to: &str, zone: Option<chrono_tz::Tz>, skip: bool) -> Life {
    let window = SendWindow { from: time(from), to: time(to), time_zone: zone, skip };
    let c = campaign("c", start(), vec![do_("t", send_template("offer")), do_("u", update("sent", json!(true)))]);
    in_berlin(rules(vec![], vec![Campaign { send_window: Some(window), ..c }]))
}

#[test]
fn outside_its_window_a_message_waits_until_it_opens() {
    let mut life = within_hours("09:00", "18:00", None, false);
    let at = |life: &mut Life, at: &str| does(life, "go", offset(at));
    assert_eq!(lines(&at(&mut life, "2026-10-24T17:59:59+02:00"))[1], "c/t: asked");
    let step = at(&mut life, "2026-10-24T18:00:00+02:00");
    // The night has an hour more.
    let opens = instant("2026-10-25T09:00:00+01:00");
    assert_eq!(step.wake, Some(opens));
    assert!(step.effects.is_empty());
    assert!(lines(&life.says("hello", opens.0 - START)).is_empty(), "arrivals of the second come first");
    let step = life.wakes(opens.0 - START + 1);
    assert_eq!(lines(&step), ["c/t: asked", "c/u: updated sent", "c: ended: finished"]);
    assert_eq!(step.effects[0].at, opens);
    let mut life = within_hours("09:00", "18:00", None, false);
    assert_eq!(at(&mut life, "2026-10-24T08:59:59+02:00").wake, Some(instant("2026-10-24T09:00:00+02:00")));
    assert_eq!(lines(&life.wakes(offset("2026-10-24T09:00:01+02:00")))[0], "c/t: asked");
}

#[test]
fn outside_its_window_a_message_is_skipped_where_the_campaign_says_so() {
    let send = |from: &str, to: &str, zone, at: &str| {
        lines(&does(&mut within_hours(from, to, zone, true), "go", offset(at)))[1].clone()
    };
    let skipped = "c/t: skipped: send window";
    assert_eq!(send("09:00", "18:00", None, "2026-10-24T08:59:59+02:00"), skipped);
    assert_eq!(send("09:00", "18:00", None, "2026-10-24T09:00:00+02:00"), "c/t: asked");
    // In a zone by name.
    let zone = Some(chrono_tz::America::New_York);
    assert_eq!(send("09:00", "18:00", zone, "2026-10-24T09:00:00+02:00"), skipped);
    assert_eq!(send("09:00", "18:00", zone, "2026-10-24T09:00:00-04:00"), "c/t: asked");
    // Over midnight.
    assert_eq!(send("22:00", "06:00", None, "2026-10-24T21:59:59+02:00"), skipped);
    assert_eq!(send("22:00", "06:00", None, "2026-10-24T22:00:00+02:00"), "c/t: asked");
    assert_eq!(send("22:00", "06:00", None, "2026-10-24T05:59:59+02:00"), "c/t: asked");
    assert_eq!(send("22:00", "06:00", None, "2026-10-24T06:00:00+02:00"), skipped);
}

// ---- drafts, nobody, pauses, storage, replays

#[test]
fn a_draft_walks_as_far_as_can_be_told_now() {
    let q = |word: &str| for_ever(vec![outcome("o", ever(word), vec![do_("t", send_template("t"))])]);
    let record = Action::RecordEvent { name: "x".to_owned(), properties: vec![] };
    let branch = Action::Branch { arms: vec![(is_text("plan", "pro"), vec![])], otherwise: vec![do_("r", record)] };
    let arm = Arm { name: "all".to_owned(), share: Share::ALL, steps: vec![do_("s", send_template("t"))] };
    let past = Action::Wait(Wait::Until { path: Path("event.none".to_owned()), offset: Span(0) });
    let c = campaign(
        "c",
        start(),
        vec![
            do_("b", branch),
            do_("p", Action::Split(vec![arm])),
            do_("past", past),
            do_("q", q("YES")),
            do_("q2", q("NO")),
            do_("never", send_template("t")),
        ],
    );
    let mut life = one(Campaign { state: CampaignState::Draft, ..c });
    life.says("yes", 0);
    let step = does(&mut life, "go", 1);
    let would = ["start", "branch", "record_event", "split", "send", "wait", "wait_until", "send", "wait_until"];
    let said: Vec<_> = lines(&step).iter().map(|line| line.split("would ").last().unwrap().to_owned()).collect();
    assert_eq!(said, would);
    assert!(step.effects.is_empty() && step.events.len() == 1 && life.subject.journeys.is_empty());
}

#[test]
fn a_journey_of_nobody_ends_at_its_first_wait() {
    let outcomes = vec![outcome("yes", ever("YES"), vec![])];
    let record = Action::RecordEvent { name: "x".to_owned(), properties: vec![] };
    let life = one(campaign("c", on(replied("YES")), vec![do_("r", record), do_("q", for_ever(outcomes))]));
    let step = anonymous(&life.versions, &said("yes", 3), Second(START + 3));
    assert_eq!(lines(&step), ["c: started", "c/r: skipped: anonymous", "c: ended: anonymous"]);
}

#[test]
fn what_answers_a_paused_campaign_counts_when_it_goes_on() {
    let with = |state| rules(vec![], vec![Campaign { state, ..question(0) }]);
    let mut life = Life::new(with(CampaignState::Live));
    does(&mut life, "go", 0);
    life.publish(with(CampaignState::Paused), 10);
    assert!(life.says("yes", 50).entries.is_empty());
    let step = life.wakes(400);
    assert!(step.entries.is_empty() && step.wake.is_none());
    life.publish(with(CampaignState::Live), 500);
    let step = life.wakes(501);
    assert_eq!(lines(&step), ["c/q: outcome yes", "c/thanks: asked", "c/end: asked", "c: ended: finished"]);
    assert_eq!(texts(&step)[0], "You said yes.");
    assert_eq!(step.entries[0].at, Second(START + 500));

    let mut life = Life::new(with(CampaignState::Live));
    does(&mut life, "go", 0);
    life.publish(with(CampaignState::Paused), 10);
    life.publish(with(CampaignState::Live), 500);
    assert_eq!(lines(&life.wakes(501))[0], "c/q: timed out");
}

/// Plays one story, with everything kept outside between its steps if `stored`.
fn story(stored: bool) -> (Vec<String>, Vec<antiphon::model::effect::Effect>) {
    let mut life = one(question(30));
    let (mut said_, mut effects) = (Vec::new(), Vec::new());
    let inputs = [
        (Input::Event(event(Kind::Custom("go".to_owned()), 0)), 0),
        (Input::Event(said("hello", 5)), 5),
        (Input::Wake, 132),
        (Input::Event(said("yes", 90)), 200),
        (Input::Wake, 2_000),
        (Input::Event(event(Kind::Custom("go".to_owned()), 3_000)), 3_000),
    ];
    for (input, at) in inputs {
        if stored {
            let journeys = serde_json::to_string(&life.subject.journeys).unwrap();
            life.subject.journeys = serde_json::from_str::<Vec<Journey>>(&journeys).unwrap();
            life.subject.state = State::decode(&life.subject.state.encode()).unwrap();
        }
        let step = life.play(input, at);
        said_.extend(lines(&step));
        effects.extend(step.effects);
    }
    (said_, effects)
}

#[test]
fn a_replay_asks_for_the_same_effects_whatever_was_stored_between() {
    let (said_, effects) = story(false);
    assert_eq!(said_.len(), 13, "{said_:?}");
    assert_eq!(effects.len(), 4, "{effects:?}");
    assert_eq!(story(true), (said_, effects.clone()));
    let mut ids: Vec<_> = effects.iter().map(|effect| effect.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn a_message_waits_for_its_window_without_losing_its_fallback() {
    // The step is run again when the window opens: what it says then is what counts.
    let window = SendWindow { from: time("09:00"), to: time("18:00"), time_zone: None, skip: false };
    let mut text = do_("t", send_text("{{ person.first_name | default: 'there' }}"));
    let Action::Send(Send { if_window_closed, .. }) = &mut text.action else { unreachable!() };
    *if_window_closed = Some(template("offer"));
    let c = Campaign { send_window: Some(window), ..campaign("c", on(replied("YES")), vec![text]) };
    let mut life = in_berlin(rules(vec![], vec![c]));
    life.says("yes", offset("2026-10-24T08:00:00+02:00"));
    life.sets("first_name", json!("Ana"), offset("2026-10-24T08:30:00+02:00"));
    assert_eq!(texts(&life.wakes(offset("2026-10-24T09:00:01+02:00"))), ["Ana"]);
}
