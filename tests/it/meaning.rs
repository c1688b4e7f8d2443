//! What conditions mean: text in, model out.

mod forms;
mod refused;
mod rows;

use antiphon::dsl::compile;
use antiphon::model::compare::{Comparison, Op, TimeTest};
use antiphon::model::rule::{
    Action, Condition, Content, Expression, Frequency, Happened, Match, MessageTest, Path, Phrase, RuleSet,
    SegmentKind, Target, Test, TextTest, Times, Trigger, Verb, Via, Wait, Window,
};
use antiphon::model::time::Span;
use antiphon::model::value::{Type, Value};

const SCHEMA: &str = r#"
version: 1
grace: 2 minutes
person:
  plan: {type: text, always_set: true}
  country: {type: text}
  trial_ends_at: {type: time}
  signed_up_at: {type: time}
  birthday: {type: date}
  age: {type: number}
  tags: {type: list of text}
events:
  order_placed: {total: number, currency: text, cart_id: text}
  viewed_product: {product_id: text}
  cart_created: {cart_id: text}
  paid: {}
flows: {score: number}
lists:
  affirm: ["yes", "sí"]
  deny: ["no", "nope"]
  stop: ["stop"]
  start: ["start"]
"#;

fn rules(rest: &str) -> RuleSet {
    let files = [
        ("rules/schema.yaml".to_owned(), SCHEMA.to_owned()),
        ("rules/rules.yaml".to_owned(), format!("version: 1\n{rest}")),
    ];
    let compiled = compile(&files.into());
    compiled.rules.unwrap_or_else(|| panic!("{rest}: {:#?}", compiled.diagnostics))
}

/// Two manual segments, and two campaigns with a step.
const BESIDE: &str = "  vip: {kind: manual}
  opted-out: {kind: manual}
campaigns:
  winter:
    state: draft
    trigger: {event: replied}
    steps: [{id: ask, exit: done}]
  survey:
    state: draft
    trigger: {event: replied}
    steps: [{id: ask, exit: done}]
";

/// The meaning of a segment's condition.
fn meaning(condition: &str) -> Condition {
    meaning_with("", condition)
}

/// The same with `keys` beside the condition.
fn meaning_with(keys: &str, condition: &str) -> Condition {
    let set = rules(&format!("segments:\n  a:\n{keys}    when: |\n      {condition}\n{BESIDE}"));
    match set.segments.into_iter().find(|segment| segment.name == "a").map(|segment| segment.kind) {
        Some(SegmentKind::Data(condition)) => condition,
        other => panic!("{other:?}"),
    }
}

/// The meaning of a condition in a step of campaign `winter`.
fn meaning_in_journey(condition: &str) -> Condition {
    let set = rules(&format!(
        "campaigns:\n  winter:\n    state: draft\n    trigger: {{event: replied}}\n    steps:\n      - id: ask\n        \
         send: {{template: offer, language: en}}\n      - if: |\n          {condition}\n        exit: done\n"
    ));
    let step = set.campaigns.into_iter().next().and_then(|campaign| campaign.steps.into_iter().nth(1));
    step.and_then(|step| step.condition).expect("the step has a condition")
}

fn happened(what: Match, times: Times, window: Window) -> Condition {
    Condition::Happened(Box::new(Happened { what: Phrase::One(Box::new(what)), counted: times.into(), window }))
}

fn yes() -> Match {
    Match { text: Some(TextTest::AnyOf(vec!["YES".to_owned()])), ..Match::any(Verb::Replied) }
}

fn winter(step: Option<&str>, directly: bool) -> Option<Target> {
    let message = MessageTest::Campaign { campaign: "winter".to_owned(), step: step.map(str::to_owned) };
    Some(Target { message, directly })
}

const ONCE: Times = Times::AtLeast(1);
const TWO_DAYS: Span = Span::days(2);

#[test]
fn the_three_withins() {
    let lately = happened(yes(), ONCE, Window::last(TWO_DAYS));
    assert_eq!(meaning("replied YES within 2 days"), lately);
    assert_eq!(meaning("replied YES in the last 2 days"), lately);
    assert_eq!(meaning("replied \"YES\" within 48 hours"), lately);

    let in_time = Match { in_time: Some(TWO_DAYS.into()), ..yes() };
    assert_eq!(meaning("replied YES within 2 days of the message it answers"), happened(in_time, ONCE, Window::Ever));

    let first = Match { target: winter(None, false), ..Match::any(Verb::WasSent) };
    let follows = Phrase::pair(first, yes(), TWO_DAYS);
    assert_eq!(
        meaning("replied YES within 2 days of campaign \"winter\" in the last 30 days"),
        Condition::Happened(Box::new(Happened {
            what: follows,
            counted: ONCE.into(),
            window: Window::last(Span::days(30))
        }))
    );
}

#[test]
fn events_and_their_clauses() {
    let ever = |what| happened(what, ONCE, Window::Ever);
    let text = |test| Match { text: Some(test), ..Match::any(Verb::Replied) };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    for (condition, what) in [
        ("replied ever", Match::any(Verb::Replied)),
        ("replied any of affirm ever", text(TextTest::AnyOf(words(&["yes", "sí"])))),
        ("replied any of [\"a\", \"b\"] ever", text(TextTest::AnyOf(words(&["a", "b"])))),
        ("replied containing REFUND ever", text(TextTest::Containing(words(&["REFUND"])))),
        ("replied starting with \"no\" ever", text(TextTest::StartingWith(words(&["no"])))),
        ("replied exactly \"Yes!\" ever", text(TextTest::Exactly("Yes!".to_owned()))),
        ("replied matching /ab-?[0-9]/i ever", text(TextTest::Matching("(?i)ab-?[0-9]".to_owned()))),
        (
            "replied directly to campaign \"winter\" step \"ask\" via button ever",
            Match { target: winter(Some("ask"), true), via: Some(Via::Button), ..Match::any(Verb::Replied) },
        ),
        (
            "tapped id \"v2\" to campaign \"winter\" ever",
            Match {
                text: Some(TextTest::ButtonId("v2".to_owned())),
                target: winter(None, false),
                ..Match::any(Verb::Tapped)
            },
        ),
        ("reacted \"👍\" ever", Match { text: Some(TextTest::AnyOf(words(&["👍"]))), ..Match::any(Verb::Reacted) }),
        ("removed reaction ever", Match::any(Verb::RemovedReaction)),
        ("was sent any message ever", Match::any(Verb::WasSent)),
        ("received campaign \"winter\" ever", Match { target: winter(None, false), ..Match::any(Verb::Received) }),
        ("read campaign \"winter\" ever", Match { target: winter(None, false), ..Match::any(Verb::Read) }),
        (
            "failed to receive template \"x\" ever",
            Match {
                target: Some(Target { message: MessageTest::Template("x".to_owned()), directly: false }),
                ..Match::any(Verb::FailedToReceive)
            },
        ),
    ] {
        assert_eq!(meaning(condition), ever(what), "{condition}");
    }
}

#[test]
fn where_reaches_the_event_and_the_person() {
    let total =
        |op| Test::Property(Comparison { name: "total".to_owned(), ty: Some(Type::Number), op, if_missing: false });
    let plan = Comparison {
        name: "plan".to_owned(),
        ty: Some(Type::Text),
        op: Op::Is(Value::Text("pro".to_owned())),
        if_missing: false,
    };
    let filter = Test::All(vec![
        total(Op::More(Value::Number(50.into()))),
        Test::Not(Box::new(total(Op::Is(Value::Number(99.into()))))),
        Test::Person(plan),
    ]);
    let what = Match { filter: Some(filter), ..Match::any(Verb::Performed("order_placed".to_owned())) };
    assert_eq!(
        meaning(
            "performed \"order_placed\" where (total > 50 and not total is 99 and person.plan is \"pro\") \
             at least 2 times in the last 90 days"
        ),
        happened(what, Times::AtLeast(2), Window::last(Span::days(90)))
    );
}

#[test]
fn counts_and_negatives() {
    for (words, times) in [
        ("at least 3 times", Times::AtLeast(3)),
        ("at most 3 times", Times::AtMost(3)),
        ("exactly 3 times", Times::Exactly(3)),
        ("more than 3 times", Times::AtLeast(4)),
        ("fewer than 3 times", Times::AtMost(2)),
    ] {
        assert_eq!(meaning(&format!("replied YES {words} ever")), happened(yes(), times, Window::Ever));
    }
    let never = Condition::Not(Box::new(happened(yes(), ONCE, Window::Ever)));
    assert_eq!(meaning("never replied YES"), never);
    assert_eq!(meaning("has not replied YES ever"), never);
    assert_eq!(meaning("has replied YES ever"), happened(yes(), ONCE, Window::Ever));
    let sent = Match { target: winter(None, false), ..Match::any(Verb::WasSent) };
    assert_eq!(
        meaning("was not sent campaign \"winter\" in the last 30 days"),
        Condition::Not(Box::new(happened(sent, ONCE, Window::last(Span::days(30)))))
    );
}

#[test]
fn conditions_of_people() {
    let attribute = |name: &str, ty, op, if_missing| {
        Condition::Attribute(Comparison { name: name.to_owned(), ty: Some(ty), op, if_missing })
    };
    let text = |text: &str| Value::Text(text.to_owned());
    let day = 86_400;
    for (condition, meant) in [
        ("everyone", Condition::Everyone),
        ("in segment \"vip\"", Condition::InSegment("vip".to_owned())),
        ("known for at least 30 days", Condition::KnownFor(Span::days(30))),
        ("service window is open", Condition::ServiceWindow),
        ("plan is \"pro\"", attribute("plan", Type::Text, Op::Is(text("pro")), false)),
        ("plan is not \"pro\"", attribute("plan", Type::Text, Op::IsNot(text("pro")), false)),
        ("age is not 5 (or missing)", attribute("age", Type::Number, Op::IsNot(Value::Number(5.into())), true)),
        ("age is not 5 (and present)", attribute("age", Type::Number, Op::IsNot(Value::Number(5.into())), false)),
        ("person.age >= 18", attribute("age", Type::Number, Op::AtLeast(Value::Number(18.into())), false)),
        ("email is missing", attribute("email", Type::Text, Op::Missing, false)),
        ("unsubscribed is true", attribute("unsubscribed", Type::Boolean, Op::Is(Value::Boolean(true)), false)),
        (
            "trial_ends_at is in the next 3 days",
            attribute("trial_ends_at", Type::Time, Op::Time(TimeTest::InTheNext(Span(3 * day).into())), false),
        ),
        (
            "trial_ends_at is less than 3 days ago",
            attribute("trial_ends_at", Type::Time, Op::Time(TimeTest::InTheLast(Span(3 * day).into())), false),
        ),
        (
            "trial_ends_at is more than 3 days away",
            attribute("trial_ends_at", Type::Time, Op::Time(TimeTest::MoreThanAway(Span(3 * day).into())), false),
        ),
    ] {
        assert_eq!(meaning(condition), meant, "{condition}");
    }
    let all = meaning("everyone and (in segment \"vip\" or not everyone)");
    let any =
        Condition::Any(vec![Condition::InSegment("vip".to_owned()), Condition::Not(Box::new(Condition::Everyone))]);
    assert_eq!(all, Condition::All(vec![Condition::Everyone, any]));
}

#[test]
fn segments_stand_behind_those_they_name() {
    let set =
        rules("segments:\n  a: {when: in segment \"c\"}\n  b: {when: everyone}\n  c: {when: not in segment \"b\"}\n");
    let names: Vec<&str> = set.segments.iter().map(|segment| segment.name.as_str()).collect();
    assert_eq!(names, ["b", "c", "a"]);
    assert_eq!(set.segments.first().map(|segment| segment.place.line), Some(4));
}

#[test]
fn a_campaign_whole() {
    let set = rules(
        r#"campaigns:
  a:
    state: live
    trigger:
      event: performed "order_placed" where total > 5
      max_event_age: 2 hours
    filter: plan is "pro"
    entry: {frequency: once per 30 days, key: event.total}
    steps:
      - send: {template: thanks, language: en, params: {total: "{{ event.total | default: '-' }}", plan: person.plan}}
      - wait: 90 minutes
      - if: age > 17
        update_person: {age: event.total, trial_ends_at: null}
      - webhook: {url: "https://example.org/", body: {total: event.total, n: [1, true]}, timeout: 5 seconds, retries: 2}
      - id: end
        exit: done
"#,
    );
    let campaign = set.campaigns.first().expect("there is one");
    assert!(matches!(&campaign.trigger, Trigger::Event(Phrase::One(event)) if event.filter.is_some()));
    assert_eq!(campaign.max_event_age, Span::hours(2));
    assert_eq!(campaign.frequency, Frequency::OncePer(Span::days(30)));
    assert_eq!(campaign.key, Some(Path("event.total".to_owned())));
    let ids: Vec<&str> = campaign.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["step-1", "step-2", "step-3", "step-4", "end"]);
    let actions: Vec<&Action> = campaign.steps.iter().map(|step| &step.action).collect();
    let [
        Action::Send(send),
        Action::Wait(wait),
        Action::UpdatePerson(updates),
        Action::Webhook(webhook),
        Action::Exit(reason),
    ] = actions.as_slice()
    else {
        panic!("{actions:?}")
    };
    let Content::Template { language, params, .. } = &send.content else { panic!("{send:?}") };
    assert_eq!(*language, Expression::Literal("en".into()));
    assert_eq!(params.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["total", "plan"]);
    assert!(matches!(params.as_slice(), [(_, Expression::Text(_)), (_, Expression::Path(_))]));
    assert_eq!(*wait, Wait::For(Span(5_400).into()));
    assert_eq!(updates.as_slice().len(), 2);
    assert_eq!(webhook.body, serde_json::json!({"total": "event.total", "n": [1, true]}));
    assert_eq!((webhook.timeout, webhook.retries), (Some(Span(5)), Some(2)));
    assert_eq!(reason, "done");
    assert!(campaign.steps.iter().any(|step| step.condition.is_some()));
}
