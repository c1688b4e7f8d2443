//! Random worlds: rules of everything that the language can say, and histories full of collisions.

use antiphon::model::compare::{Comparison, Op, TimeTest};
use antiphon::model::event::{Event, Kind, MessageRef, Reason};
use antiphon::model::id::{EffectId, EventKey};
use antiphon::model::rule::{
    Campaign, Condition, Happened, Match, MessageTest, Phrase, Place, Point, RuleSet, Segment, SegmentKind, Target,
    Test, TextTest, Times, Trigger, Verb, Via, Window,
};
use antiphon::model::time::{Second, Span};
use antiphon::model::value::{Properties, Type, Value};
use serde_json::{Value as Json, json};
use ulid::Ulid;

use super::chance::Chance;

/// The second at which people are made.
pub const START: Second = Second(1_790_000_000);
/// So few and small that edges collide.
pub const SPANS: [i64; 3] = [1, 2, 100];

const TEXTS: [&str; 10] = ["YES", "yes!", "no", "Yes, please", "Sí", "👍", "oh yes", "!!!", "yes no yes", "NO."];
const WORDS: [&str; 7] = ["YES", "no", "please", "Si", "👍", "yes please", "?!"];
const CAMPAIGNS: [&str; 2] = ["winter", "nudge"];
const STEPS: [&str; 2] = ["ask", "again"];

/// Rules, one person's first attributes, and what happens.
#[derive(Clone, Debug)]
pub struct World {
    pub rules: RuleSet,
    /// What `Do::Switch` goes over to.
    pub later: RuleSet,
    pub first: Properties,
    pub story: Vec<(i64, Do)>,
}

/// What happens, so many seconds after what happened before.
#[derive(Clone, Debug)]
pub enum Do {
    /// An event arrives. With a key: it is a send that lies before the reply with that key.
    Arrive(Box<Event>, Option<EventKey>),
    /// The schedule looks for due wakes.
    Poll,
    /// The state goes through storage.
    Store,
    /// The state is dropped and folded again.
    Refold,
    /// Another rule set becomes active.
    Switch,
}

pub fn world(seed: u64) -> World {
    let mut chance = Chance::new(seed);
    let (rules, later) = (rules(&mut chance), rules(&mut chance));
    let first = attributes(&mut chance, START);
    let mut story =
        Story { chance: &mut chance, now: START, messages: Vec::new(), replies: Vec::new(), edges: vec![START] };
    let length = 3 + story.chance.below(12);
    let story = (0..length).map(|n| story.next(n)).collect();
    World { rules, later, first, story }
}

struct Story<'a> {
    chance: &'a mut Chance,
    now: Second,
    messages: Vec<MessageRef>,
    replies: Vec<(EventKey, Second)>,
    /// Instants worth being hit again.
    edges: Vec<Second>,
}

impl Story<'_> {
    fn next(&mut self, number: u64) -> (i64, Do) {
        let span = *self.chance.one(&SPANS);
        let pause = *self.chance.one(&[0, 0, 0, 1, 1, 2, span - 1, span, span + 1, 30, 101, 300]);
        // The clock of a machine can go back.
        let pause = if self.chance.percent(5) { -pause } else { pause };
        self.now = Second(self.now.0 + pause);
        let what = match self.chance.below(100) {
            0..8 => Do::Poll,
            8..12 => Do::Store,
            12..16 => Do::Refold,
            16..18 => Do::Switch,
            _ => {
                let (event, precedes) = self.event(number);
                self.edges.push(event.at);
                Do::Arrive(Box::new(event), precedes)
            }
        };
        (pause, what)
    }

    fn event(&mut self, number: u64) -> (Event, Option<EventKey>) {
        let key = EventKey(u128::from(number + 1).to_be_bytes());
        let kind = self.kind();
        let mut event = Event {
            key,
            seq: 0,
            at: self.stamp(),
            arrived: self.now,
            precedes: None,
            properties: Properties::new(),
            message: None,
            reason: None,
            kind,
        };
        let mut precedes = None;
        match event.kind {
            Kind::Inbound | Kind::Reaction | Kind::ReactionRemoved => {
                event.properties = said(self.chance);
                self.answer(&mut event);
                self.replies.push((key, event.at));
            }
            Kind::Sent => {
                let message = self.message(event.at);
                if self.chance.percent(30)
                    && let Some((reply, at)) = self.replies.last().copied()
                {
                    event.at = event.at.min(at);
                    precedes = Some(reply);
                }
                self.messages.push(message.clone());
                event.message = Some(message);
            }
            Kind::Received | Kind::Read | Kind::Failed => {
                event.message = self.messages.last().cloned();
            }
            Kind::AttributesSet => event.properties = writes(self.chance, self.now),
            _ => event.properties = data(self.chance, self.now),
        }
        (event, precedes)
    }

    fn kind(&mut self) -> Kind {
        match self.chance.below(20) {
            0..7 => Kind::Inbound,
            7 => Kind::Reaction,
            8 => Kind::ReactionRemoved,
            9..12 => Kind::Sent,
            12 => Kind::Received,
            13 => self.chance.one(&[Kind::Read, Kind::Failed]).clone(),
            14 | 15 => Kind::Custom((*self.chance.one(&["paid", "seen"])).to_owned()),
            16 => Kind::SegmentJoined("m".to_owned()),
            17 if self.chance.percent(60) => Kind::SegmentLeft("m".to_owned()),
            _ => Kind::AttributesSet,
        }
    }

    /// Mostly now; else a little late, on an edge, or ahead of its arrival.
    fn stamp(&mut self) -> Second {
        let offset = match self.chance.below(100) {
            0..55 => 0,
            55..75 => -i64::try_from(self.chance.below(4)).expect("small"),
            75..82 => -i64::try_from(self.chance.below(250)).expect("small"),
            82..87 => 50,
            _ => {
                let edge = *self.chance.one(&self.edges);
                let span = self.chance.one(&SPANS) * self.chance.one(&[-1, 0, 1]);
                edge.0 + span + self.chance.one(&[-1, 0, 1]) - self.now.0
            }
        };
        Second(self.now.0 + offset)
    }

    fn message(&mut self, at: Second) -> MessageRef {
        let id = EffectId(Ulid::from_bytes(u128::from(self.chance.next()).to_be_bytes()));
        let campaign = self.chance.percent(80).then(|| (*self.chance.one(&CAMPAIGNS)).to_owned());
        let step = campaign.is_some().then(|| (*self.chance.one(&STEPS)).to_owned());
        let template = self.chance.percent(30).then(|| "offer".to_owned());
        MessageRef { id, at, campaign, step, journey: None, template }
    }

    fn answer(&mut self, event: &mut Event) {
        let answered = match self.chance.below(10) {
            0..5 => self.messages.last().cloned(),
            // A reply in flight: its message is not known to be sent yet.
            5 => Some(self.message(event.at)),
            _ => None,
        };
        event.reason =
            answered.is_some().then(|| *self.chance.one(&[Reason::Quoted, Reason::Inferred, Reason::Button]));
        event.message = answered;
    }
}

fn said(chance: &mut Chance) -> Properties {
    let mut properties = Properties::new();
    if chance.percent(90) {
        properties.insert("body".to_owned(), json!(*chance.one(&TEXTS)));
    }
    let via = *chance.one(&["text", "text", "button", "list", "media"]);
    properties.insert("via".to_owned(), json!(via));
    if via == "button" {
        properties.insert("button_id".to_owned(), json!(*chance.one(&["b1", "b2"])));
    }
    properties
}

fn data(chance: &mut Chance, now: Second) -> Properties {
    let mut properties = Properties::new();
    if chance.percent(70) {
        properties.insert("total".to_owned(), json!(chance.below(3)));
    }
    if chance.percent(70) {
        properties.insert("cart".to_owned(), json!(*chance.one(&["a", "b"])));
    }
    if chance.percent(30) {
        properties.insert("due".to_owned(), json!(now.0 + chance.one(&SPANS)));
    }
    properties
}

/// First attributes, or new values for some.
fn attributes(chance: &mut Chance, now: Second) -> Properties {
    let mut properties = Properties::new();
    if chance.percent(50) {
        properties.insert("plan".to_owned(), json!(*chance.one(&["free", "pro"])));
    }
    if chance.percent(40) {
        properties.insert("score".to_owned(), chance.one(&[json!(1), json!(2), json!("2"), json!("x")]).clone());
    }
    if chance.percent(40) {
        let near = chance.one(&SPANS) * chance.one(&[-1, 1]) + chance.one(&[-1, 0, 1]);
        properties.insert("trial".to_owned(), json!(now.0 + near));
    }
    if chance.percent(20) {
        properties.insert("address".to_owned(), json!({"city": *chance.one(&["Bonn", "Graz"])}));
    }
    if chance.percent(10) {
        properties.insert("unsubscribed".to_owned(), json!(chance.percent(50)));
    }
    if chance.percent(10) {
        properties.insert("tags".to_owned(), json!(["beta"]));
    }
    if chance.percent(10) {
        properties.insert("email".to_owned(), json!("Ana@example.org"));
    }
    properties
}

fn writes(chance: &mut Chance, now: Second) -> Properties {
    let mut properties = attributes(chance, now);
    for name in ["plan", "score", "trial", "email"] {
        if chance.percent(8) {
            properties.insert(name.to_owned(), chance.one(&[Json::Null, json!("")]).clone());
        }
    }
    properties
}

/// What conditions are made of. They share event tests, and so memories.
struct Parts {
    segments: Vec<String>,
    tests: Vec<Match>,
}

fn rules(chance: &mut Chance) -> RuleSet {
    let tests = (0..2).map(|_| event_test(chance)).collect();
    let mut parts = Parts { segments: vec!["m".to_owned()], tests };
    let mut segments = vec![segment("m".to_owned(), SegmentKind::Manual)];
    for number in 0..1 + chance.below(4) {
        let condition = condition(chance, 3, &parts);
        parts.segments.push(format!("s{number}"));
        segments.push(segment(format!("s{number}"), SegmentKind::Data(condition)));
    }
    let becomes = (0..chance.below(3)).map(|number| campaign(number, Trigger::Becomes(condition(chance, 2, &parts))));
    RuleSet { campaigns: becomes.collect(), segments, ..RuleSet::default() }
}

fn segment(name: String, kind: SegmentKind) -> Segment {
    Segment { name, title: None, owner: None, place: Place::default(), kind }
}

fn campaign(number: u64, trigger: Trigger) -> Campaign {
    Campaign { max_event_age: Span::days(365), ..Campaign::new(format!("c{number}"), trigger, Vec::new()) }
}

fn condition(chance: &mut Chance, depth: u32, of: &Parts) -> Condition {
    let parts = |chance: &mut Chance| (0..2).map(|_| condition(chance, depth - 1, of)).collect();
    match chance.below(if depth == 0 { 70 } else { 100 }) {
        0..2 => Condition::Everyone,
        2..12 => Condition::Attribute(comparison(chance)),
        12..20 => Condition::InSegment(chance.one(&of.segments).clone()),
        20..25 => Condition::KnownFor(span(chance)),
        25..70 => Condition::Happened(Box::new(happened(chance, of))),
        70..80 => Condition::Not(Box::new(condition(chance, depth - 1, of))),
        80..90 => Condition::All(parts(chance)),
        _ => Condition::Any(parts(chance)),
    }
}

fn span(chance: &mut Chance) -> Span {
    Span(*chance.one(&SPANS))
}

fn comparison(chance: &mut Chance) -> Comparison {
    let text = |text: &str| Value::Text(text.to_owned());
    let (name, ty, op) = match chance.below(8) {
        0 => ("plan", Some(Type::Text), Op::Is(text(chance.one::<&str>(&["free", "pro"])))),
        1 => ("plan", None, chance.one(&[Op::IsNot(text("pro")), Op::OneOf(vec![text("pro"), text("free")])]).clone()),
        2 => ("score", Some(Type::Number), Op::AtLeast(Value::Number(2.into()))),
        3 => ("score", None, chance.one(&[Op::Missing, Op::Present, Op::Less(Value::Number(2.into()))]).clone()),
        4 => ("address.city", Some(Type::Text), Op::Is(text("Bonn"))),
        5 => match chance.below(3) {
            0 => ("unsubscribed", Some(Type::Boolean), Op::Is(Value::Boolean(chance.percent(50)))),
            1 => ("email", Some(Type::Text), Op::Is(text("ana@example.org"))),
            _ => ("tags", Some(Type::ListOfText), Op::Contains(text("beta"))),
        },
        _ => ("trial", Some(Type::Time), Op::Time(time_test(chance))),
    };
    Comparison { name: name.to_owned(), ty, op, if_missing: chance.percent(20) }
}

fn time_test(chance: &mut Chance) -> TimeTest {
    let span = span(chance);
    *chance.one(&[
        TimeTest::InTheNext(span.into()),
        TimeTest::InTheLast(span.into()),
        TimeTest::InThePast,
        TimeTest::InTheFuture,
        TimeTest::MoreThanAgo(span.into()),
        TimeTest::MoreThanAway(span.into()),
        TimeTest::Before(Point::Instant(Second(START.0 + 100))),
        TimeTest::After(Point::Instant(Second(START.0 + 2))),
    ])
}

fn happened(chance: &mut Chance, of: &Parts) -> Happened {
    let event_test = |chance: &mut Chance| match chance.percent(50) {
        true => chance.one(&of.tests).clone(),
        false => event_test(chance),
    };
    let window = if chance.percent(35) { Window::Ever } else { Window::last(span(chance)) };
    if chance.percent(30) {
        let (first, then) = (event_test(chance), event_test(chance));
        let what = Phrase::pair(first, then, span(chance));
        let times = *chance.one(&[Times::AtLeast(1), Times::AtLeast(1), Times::AtMost(0), Times::Exactly(0)]);
        return Happened { what, counted: times.into(), window };
    }
    let number = u32::try_from(chance.below(4)).expect("small");
    let times = match chance.below(5) {
        0..3 => Times::AtLeast(number.max(1)),
        3 => Times::AtMost(number),
        _ => Times::Exactly(number),
    };
    Happened { what: Phrase::One(Box::new(event_test(chance))), counted: times.into(), window }
}

fn event_test(chance: &mut Chance) -> Match {
    let verb = match chance.below(12) {
        0..5 => Verb::Replied,
        5 => Verb::Tapped,
        6 => Verb::Reacted,
        7 | 8 => Verb::WasSent,
        9 => chance.one(&[Verb::Received, Verb::Read, Verb::FailedToReceive, Verb::RemovedReaction]).clone(),
        _ => Verb::Performed((*chance.one(&["paid", "seen"])).to_owned()),
    };
    let says = matches!(verb, Verb::Replied | Verb::Tapped | Verb::Reacted);
    let answers = says || verb == Verb::RemovedReaction;
    let performed = matches!(verb, Verb::Performed(_));
    Match {
        text: (says && chance.percent(55)).then(|| text_test(chance)),
        target: (!performed && chance.percent(25))
            .then(|| Target { message: message_test(chance), directly: answers && chance.percent(20) }),
        via: (verb == Verb::Replied && chance.percent(12)).then(|| *chance.one(&[Via::Text, Via::Button, Via::Media])),
        filter: ((performed || says) && chance.percent(if performed { 60 } else { 12 })).then(|| test(chance, 2)),
        in_time: (answers && chance.percent(35)).then(|| span(chance).into()),
        verb,
    }
}

fn message_test(chance: &mut Chance) -> MessageTest {
    match chance.below(4) {
        0 => MessageTest::Any,
        1 => MessageTest::Template("offer".to_owned()),
        _ => MessageTest::Campaign {
            campaign: (*chance.one(&CAMPAIGNS)).to_owned(),
            step: chance.percent(30).then(|| (*chance.one(&STEPS)).to_owned()),
        },
    }
}

fn text_test(chance: &mut Chance) -> TextTest {
    let words = (0..1 + chance.below(2)).map(|_| (*chance.one(&WORDS)).to_owned()).collect();
    match chance.below(10) {
        0..4 => TextTest::AnyOf(words),
        4 | 5 => TextTest::Containing(words),
        6 | 7 => TextTest::StartingWith(words),
        8 => chance.one(&[TextTest::Exactly("YES".to_owned()), TextTest::ButtonId("b1".to_owned())]).clone(),
        _ => TextTest::Matching("(?i)yes.".to_owned()),
    }
}

fn test(chance: &mut Chance, depth: u32) -> Test {
    let parts = |chance: &mut Chance| (0..2).map(|_| test(chance, depth - 1)).collect();
    match chance.below(if depth == 0 { 6 } else { 9 }) {
        6 => Test::Not(Box::new(test(chance, depth - 1))),
        7 => Test::All(parts(chance)),
        8 => Test::Any(parts(chance)),
        5 => Test::Person(comparison(chance)),
        n => {
            let (name, op) = match n {
                0 => ("total", Op::AtLeast(Value::Number(1.into()))),
                1 => ("total", Op::Is(Value::Number(2.into()))),
                2 => ("cart", Op::OneOf(vec![Value::Text("a".to_owned())])),
                3 => ("answers", Op::Missing),
                _ => ("due", Op::Time(time_test(chance))),
            };
            Test::Property(Comparison { name: name.to_owned(), ty: None, op, if_missing: chance.percent(20) })
        }
    }
}
