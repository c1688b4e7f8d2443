//! A person under a few rules, for whole explanations: a clock that jumps, and what happens in its seconds.

use antiphon::dsl::compile;
use antiphon::engine::{Catalogue, Engine, History, Input, Step, Subject, Versions, step};
use antiphon::explain::{Explanation, Question, Unexplained, explain, moment};
use antiphon::model::event::{Event, Kind, MessageRef, Reason};
use antiphon::model::id::{CampaignId, EffectId, EventKey, JourneyId, PersonId, RulesVersion, SegmentId};
use antiphon::model::journey::{Entry, Journey};
use antiphon::model::person::Person;
use antiphon::model::phone::Phone;
use antiphon::model::rule::RuleSet;
use antiphon::model::time::{Second, Span};
use antiphon::model::value::Properties;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use ulid::Ulid;

pub struct Story {
    rules: RuleSet,
    versions: Versions,
    subject: Subject,
    log: Vec<Event>,
    moves: Vec<Event>,
    entries: Vec<Entry>,
    /// Every journey, as it was last.
    journeys: BTreeMap<JourneyId, Journey>,
    now: Second,
    /// What happens next happened this long before it arrives.
    delay: Span,
}

fn instant(text: &str) -> Second {
    moment::read(text).unwrap_or_else(|| panic!("{text} is no instant"))
}

impl Story {
    /// Ana, known since `start`, under these rules.
    pub fn new(schema: &str, rules: &str, start: &str, attributes: Json) -> Self {
        let files =
            [("rules/schema.yaml".to_owned(), schema.to_owned()), ("rules/a.yaml".to_owned(), rules.to_owned())];
        let compiled = compile(&files.into());
        let rules = compiled.rules.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
        let names = |names: Vec<String>| names.into_iter().zip(1..).collect::<Vec<(String, u32)>>();
        let segments = names(rules.segments.iter().map(|rule| rule.name.clone()).collect());
        let campaigns = names(rules.campaigns.iter().map(|rule| rule.name.clone()).collect());
        let catalogue = Catalogue {
            segments: segments.into_iter().map(|(name, id)| (name, SegmentId(id))).collect(),
            campaigns: campaigns.into_iter().map(|(name, id)| (name, CampaignId(id))).collect(),
            env: Properties::new(),
        };
        let engine = Engine::compile(Arc::new(rules.clone()), RulesVersion(1), &catalogue).unwrap();
        let now = instant(start);
        let mut person = Person {
            id: PersonId(1),
            cio_id: Ulid::from_bytes([1; 16]),
            external_id: Some("ana".to_owned()),
            phone: Phone::from_e164("+12025550142"),
            known_since: now,
            ..Person::nobody()
        };
        let attributes = attributes.as_object().cloned().unwrap_or_default();
        attributes.iter().for_each(|(name, value)| person.set(name, value));
        let mut story = Self {
            versions: Versions::new(Arc::new(engine), now),
            rules,
            subject: Subject::new(person),
            log: Vec::new(),
            moves: Vec::new(),
            entries: Vec::new(),
            journeys: BTreeMap::new(),
            now,
            delay: Span(0),
        };
        story.play(Input::Born);
        if attributes.is_empty() { story } else { story.happens(Kind::AttributesSet, attributes, None) }
    }

    /// The clock goes on to `text`.
    pub fn at(mut self, text: &str) -> Self {
        self.now = instant(text);
        self
    }

    /// What happens next happened `seconds` before now.
    pub fn late(mut self, seconds: i64) -> Self {
        self.delay = Span(seconds);
        self
    }

    fn play(&mut self, input: Input) {
        let history = History { events: &self.log, moves: &self.moves };
        let Step { events, moves, entries, journeys_changed, .. } =
            step(&self.versions, &mut self.subject, input, Some(history), self.now);
        self.log.extend(events);
        self.log.sort_by_key(|event| event.seq);
        self.moves.extend(moves);
        self.entries.extend(entries);
        self.journeys.extend(journeys_changed.into_iter().map(|journey| (journey.id, journey)));
        self.subject.journeys.retain(|journey| journey.ended.is_none());
    }

    fn happens(mut self, kind: Kind, properties: Properties, about: Option<(MessageRef, Option<Reason>)>) -> Self {
        let number = u128::try_from(self.log.len() + 1).unwrap();
        let (message, reason) = about.map_or((None, None), |(message, reason)| (Some(message), reason));
        let at = self.now.minus(std::mem::take(&mut self.delay));
        let key = EventKey((number << 80).to_be_bytes());
        let event = Event { key, seq: 0, at, arrived: self.now, precedes: None, kind, properties, message, reason };
        self.play(Input::Event(event));
        self
    }

    /// A message of ours is accepted.
    pub fn sent(self, campaign: &str, step: &str) -> Self {
        let message = MessageRef {
            id: EffectId(Ulid::from_parts(self.now.0.unsigned_abs() * 1000, 7)),
            at: self.now,
            campaign: Some(campaign.to_owned()),
            step: Some(step.to_owned()),
            journey: None,
            template: None,
        };
        self.happens(Kind::Sent, Properties::new(), Some((message, None)))
    }

    fn message(&self, campaign: &str) -> MessageRef {
        let of = |event: &&Event| event.message.as_ref().is_some_and(|m| m.campaign.as_deref() == Some(campaign));
        let sent = self.log.iter().rev().filter(|event| event.kind == Kind::Sent).find(of);
        sent.and_then(|event| event.message.clone()).unwrap_or_else(|| panic!("{campaign} sent nothing"))
    }

    /// Ana writes.
    pub fn says(self, text: &str) -> Self {
        self.happens(Kind::Inbound, said(text), None)
    }

    /// Ana answers the newest message of a campaign.
    pub fn answers(self, text: &str, campaign: &str, reason: Reason) -> Self {
        let message = self.message(campaign);
        self.happens(Kind::Inbound, said(text), Some((message, Some(reason))))
    }

    pub fn does(self, name: &str, data: Json) -> Self {
        self.happens(Kind::Custom(name.to_owned()), data.as_object().cloned().unwrap_or_default(), None)
    }

    pub fn sets(self, data: Json) -> Self {
        self.happens(Kind::AttributesSet, data.as_object().cloned().unwrap_or_default(), None)
    }

    pub fn joins(self, segment: &str) -> Self {
        self.happens(Kind::SegmentJoined(segment.to_owned()), Properties::new(), None)
    }

    /// The schedule looks.
    pub fn passes(mut self) -> Self {
        self.play(Input::Wake);
        self
    }

    pub fn try_explain(&self, rule: &str, at: Option<&str>) -> Result<Explanation, Unexplained> {
        let journeys: Vec<Journey> = self.journeys.values().cloned().collect();
        let question = Question {
            rules: &self.rules,
            version: RulesVersion(1),
            person: &self.subject.person,
            log: &self.log,
            moves: &self.moves,
            entries: &self.entries,
            journeys: &journeys,
            wake: self.subject.wake,
            now: self.now,
            at: at.map_or(self.now, instant),
        };
        explain(&question, rule)
    }

    pub fn explain(&self, rule: &str, at: Option<&str>) -> Explanation {
        self.try_explain(rule, at).unwrap_or_else(|why| panic!("{why:?}"))
    }
}

fn said(text: &str) -> Properties {
    let properties = [("body", json!(text)), ("via", json!("text"))];
    properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
