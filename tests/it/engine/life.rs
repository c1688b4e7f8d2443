//! One person's life under a few rules, for tests by the example.

use std::collections::BTreeMap;
use std::sync::Arc;

use antiphon::engine::{Catalogue, Engine, History, Input, Step, Subject, Versions, history_needed, step};
use antiphon::model::compare::{Comparison, Op};
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::{CampaignId, EventKey, PersonId, RulesVersion, SegmentId};
use antiphon::model::journey::What;
use antiphon::model::person::Person;
use antiphon::model::phone::Phone;
use antiphon::model::rule::{
    Action, Campaign, Condition, Content, Expression, Happened, Match, Path, Phrase, Place, RuleSet, Segment,
    SegmentKind, Send, Step as StepRule, TextTest, Times, Trigger, Update, Verb, Wait, Window,
};
use antiphon::model::time::{Second, Span};
use antiphon::model::value::{Properties, Value};
use serde_json::{Value as Json, json};
use ulid::Ulid;

/// The second in which the person is made. Tests count from here.
pub const START: i64 = 1_790_000_000;

pub struct Life {
    pub versions: Versions,
    pub subject: Subject,
    pub log: Vec<Event>,
    /// What decisions meant.
    pub moves: Vec<Event>,
}

impl Life {
    /// Ana, who has a number, under `rules`.
    pub fn new(rules: RuleSet) -> Self {
        let person = Person {
            id: PersonId(1),
            cio_id: Ulid::from_bytes([1; 16]),
            external_id: Some("ana".to_owned()),
            email: None,
            phone: Phone::from_e164("+491701234567"),
            attributes: Properties::from_iter([("language".to_owned(), json!("en"))]),
            known_since: Second(START),
        };
        let versions = Versions::new(compile(rules, 1), Second(START));
        let mut life = Self { versions, subject: Subject::new(person), log: Vec::new(), moves: Vec::new() };
        life.play(Input::Born, 0);
        life
    }

    /// Another rule set becomes active.
    pub fn publish(&mut self, rules: RuleSet, at: i64) {
        let version = self.versions.active.version();
        self.versions.older.insert(version, Arc::clone(&self.versions.active));
        self.versions.active = compile(rules, version.0 + 1);
        self.versions.since = Second(START + at);
    }

    pub fn play(&mut self, input: Input, at: i64) -> Step {
        let needed = history_needed(&self.versions, &self.subject, &input);
        let history = needed.then_some(History { events: &self.log, moves: &self.moves });
        let step = step(&self.versions, &mut self.subject, input, history, Second(START + at));
        self.log.extend(step.events.iter().cloned());
        self.moves.extend(step.moves.iter().cloned());
        self.log.sort_by_key(|event| event.seq);
        step
    }

    pub fn history(&self) -> History<'_> {
        History { events: &self.log, moves: &self.moves }
    }

    /// Ana writes.
    pub fn says(&mut self, text: &str, at: i64) -> Step {
        self.play(Input::Event(said(text, at)), at)
    }

    pub fn sets(&mut self, name: &str, value: Json, at: i64) -> Step {
        let properties = Properties::from_iter([(name.to_owned(), value)]);
        self.play(Input::Event(Event { properties, ..event(Kind::AttributesSet, at) }), at)
    }

    pub fn wakes(&mut self, at: i64) -> Step {
        self.play(Input::Wake, at)
    }
}

pub fn compile(rules: RuleSet, version: u32) -> Arc<Engine> {
    Arc::new(Engine::compile(Arc::new(rules.clone()), RulesVersion(version), &numbers(&rules)).expect("rules compile"))
}

/// Numbers in the order of the names, so that another rule set gives the same names the same numbers.
fn numbers(rules: &RuleSet) -> Catalogue {
    let number = |name: &String| name.bytes().fold(7u32, |n, b| n.wrapping_mul(31).wrapping_add(u32::from(b)));
    let segments = rules.segments.iter().map(|s| (s.name.clone(), SegmentId(number(&s.name))));
    let campaigns = rules.campaigns.iter().map(|c| (c.name.clone(), CampaignId(number(&c.name))));
    let env = Properties::from_iter([("DESK".to_owned(), json!("https://desk.example/in"))]);
    Catalogue { segments: segments.collect(), campaigns: campaigns.collect::<BTreeMap<_, _>>(), env }
}

/// What was written down, as words: `winter: started`, `winter/ask: asked`.
pub fn lines(step: &Step) -> Vec<String> {
    let line = |entry: &antiphon::model::journey::Entry| {
        let place = entry.step.iter().fold(entry.campaign.clone(), |campaign, step| format!("{campaign}/{step}"));
        let what = match &entry.what {
            What::Started => "started".to_owned(),
            What::Refused(reason) => format!("refused: {reason}"),
            What::Asked(_) => "asked".to_owned(),
            What::Drafted(what) => format!("would {what}"),
            What::Skipped(reason) => format!("skipped: {reason}"),
            What::Updated(names) => format!("updated {}", names.join(", ")),
            What::Recorded(name) => format!("recorded {name}"),
            What::Joined(segment) => format!("joined {segment}"),
            What::Left(segment) => format!("left {segment}"),
            What::WaitsUntil(at) => format!("waits until {}", at.0 - START),
            What::Waits => "waits".to_owned(),
            What::Outcome(name) => format!("outcome {name}"),
            What::TimedOut => "timed out".to_owned(),
            What::LateAnswer(name) => format!("late answer {name}"),
            What::Took(way) => format!("took {way}"),
            What::Converted => "converted".to_owned(),
            What::Ended(reason) => format!("ended: {reason}"),
            What::Loop => "loop".to_owned(),
        };
        format!("{place}: {what}")
    };
    step.entries.iter().map(line).collect()
}

pub fn event(kind: Kind, at: i64) -> Event {
    // Unlike keys for unlike events; a test that wants the same key twice sets it.
    let digest = kind.name().bytes().fold(at.unsigned_abs(), |n, b| n.wrapping_mul(131).wrapping_add(u64::from(b)));
    Event {
        key: EventKey(u128::from(digest).to_be_bytes()),
        seq: 0,
        at: Second(START + at),
        arrived: Second(START + at),
        precedes: None,
        kind,
        properties: Properties::new(),
        message: None,
        reason: None,
    }
}

pub fn said(text: &str, at: i64) -> Event {
    let properties = [("body", json!(text)), ("via", json!("text"))];
    let properties = properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Event { properties, ..event(Kind::Inbound, at) }
}

pub fn replied(word: &str) -> Match {
    Match { text: Some(TextTest::AnyOf(vec![word.to_owned()])), ..Match::any(Verb::Replied) }
}

pub fn happened(rule: Match, window: Window) -> Condition {
    let (what, times) = (Phrase::One(Box::new(rule)), Times::AtLeast(1));
    Condition::Happened(Box::new(Happened { what, counted: times.into(), window }))
}

/// `replied YES within D`
pub fn said_lately(word: &str, span: i64) -> Condition {
    happened(replied(word), Window::last(Span(span)))
}

pub fn attribute(name: &str, value: Value) -> Condition {
    Condition::Attribute(Comparison { name: name.to_owned(), ty: None, op: Op::Is(value), if_missing: false })
}

pub fn is_text(name: &str, text: &str) -> Condition {
    attribute(name, Value::Text(text.to_owned()))
}

pub fn segment(name: &str, condition: Condition) -> Segment {
    let kind = SegmentKind::Data(condition);
    Segment { name: name.to_owned(), title: None, owner: None, place: Place::default(), kind }
}

pub fn manual(name: &str) -> Segment {
    Segment { kind: SegmentKind::Manual, ..segment(name, Condition::Everyone) }
}

pub fn campaign(name: &str, trigger: Trigger, steps: Vec<StepRule>) -> Campaign {
    Campaign::new(name, trigger, steps)
}

pub fn on(rule: Match) -> Trigger {
    Trigger::Event(Phrase::One(Box::new(rule)))
}

pub fn do_(id: &str, action: Action) -> StepRule {
    StepRule { id: id.to_owned(), condition: None, action }
}

pub fn send_text(text: &str) -> Action {
    let content = Content::Text(text.to_owned());
    Action::Send(Send { content, if_window_closed: None, even_if_unsubscribed: false })
}

pub fn template(name: &str) -> Content {
    let language = Expression::Path(Path("person.language".to_owned()));
    Content::Template { name: name.to_owned(), language, params: Vec::new() }
}

pub fn send_template(name: &str) -> Action {
    Action::Send(Send { content: template(name), if_window_closed: None, even_if_unsubscribed: false })
}

pub fn update(name: &str, value: Json) -> Action {
    Action::UpdatePerson(vec![(name.to_owned(), Update::Set(Expression::Literal(value)))])
}

pub fn wait(span: i64) -> Action {
    Action::Wait(Wait::For(Span(span).into()))
}

pub fn rules(segments: Vec<Segment>, campaigns: Vec<Campaign>) -> RuleSet {
    RuleSet { segments, campaigns, ..RuleSet::default() }
}
