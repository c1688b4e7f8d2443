//! One person of a story and the product's engine: the only file here that calls it for somebody we know.
//! Sends are accepted in the second in which they are asked for, unless the story says that they failed.

use std::collections::{BTreeMap, VecDeque};

use super::asked::{self, Asked};
use super::stage::{KEY, Stage};
use super::story::{Someone, Which};
use super::told::{Saying, arrival, entry_key, event, lasting_id, outstanding, provider_key};
use crate::engine::{self, History, Input, Occurrence, Step, Subject};
use crate::model::consent;
use crate::model::effect::{Body, Effect, EffectKind};
use crate::model::event::{Event, Kind, MessageRef};
use crate::model::id::{EffectId, EventKey, PersonId, SegmentId, Seq};
use crate::model::journey::What;
use crate::model::message::{Delivery, Outstanding};
use crate::model::person::Person;
use crate::model::phone::Phone;
use crate::model::time::{Second, Span};
use crate::model::transition::{Cause, Transition};
use crate::model::value::Properties;
use crate::resolve::attribution::{self, Question};

/// Messages to one person that are accepted in one second, before that is taken for a loop.
pub const SENDS_PER_SECOND_MAX: usize = 1_000;
/// Wakes that one story plays, of all its people: a midnight a day for ten people and five years.
pub const WAKES_MAX: usize = 20_000;
/// So many wakes ahead a flip is looked for.
pub const WAKES_AHEAD_MAX: usize = 10_000;

/// A change of a membership, at the second in which it counts.
#[derive(Clone, Debug)]
pub struct Change {
    pub at: Second,
    pub transition: Transition,
}

/// A send that the story lets fail: an entry of its timeline.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub entry: usize,
    pub at: Second,
    pub which: Which,
    pub used: bool,
}

/// A person, their past, and what campaigns did to them.
#[derive(Clone, Debug)]
pub struct Life {
    pub subject: Subject,
    pub history: Vec<Event>,
    /// What the engine decided, as events between those.
    pub moves: Vec<Event>,
    pub messages: Vec<Outstanding>,
    pub changes: Vec<Change>,
    pub asked: Vec<Asked>,
    /// Campaigns that were started.
    pub started: Vec<String>,
    pub refusals: Vec<Refusal>,
    /// The occurrence of a schedule that was played last, or the second before the story: which one, and when.
    pub occurred: (Second, usize),
    /// The entry of the timeline that is being played.
    pub entry: Option<usize>,
    /// By an event's number: the entry that it came of.
    pub entries: BTreeMap<Seq, usize>,
    /// Campaigns answer their own messages with messages, without end.
    pub is_looping: bool,
}

/// What a step was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Birth,
    Arrival,
    Wake,
}

impl Life {
    /// Somebody new: known since they say, with what they are made with.
    /// Schedules come round from `start` on.
    pub fn new(stage: &Stage, number: usize, someone: &Someone, start: Second) -> Self {
        let id = PersonId(i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1));
        let mut person = Person {
            id,
            cio_id: lasting_id(&someone.name),
            external_id: None,
            email: None,
            phone: None,
            attributes: Properties::new(),
            known_since: someone.known_since,
        };
        let mut first = someone.attributes.clone();
        let unsubscribed = first.remove(consent::UNSUBSCRIBED);
        first.extend(unsubscribed.and_then(|written| consent::by_program(&first, &written)).into_iter().flatten());
        first.retain(|_, value| !value.is_null());
        first.iter().for_each(|(name, value)| person.set(name, value));
        let mut life = Self {
            subject: Subject::new(person),
            history: Vec::new(),
            moves: Vec::new(),
            messages: Vec::new(),
            changes: Vec::new(),
            asked: Vec::new(),
            started: Vec::new(),
            occurred: (start.minus(Span(1)), usize::MAX),
            refusals: Vec::new(),
            entry: None,
            entries: BTreeMap::new(),
            is_looping: false,
        };
        life.number(stage);
        let step = life.step(stage, Input::Born, someone.known_since);
        life.note(stage, step, someone.known_since, Source::Birth);
        if !first.is_empty() {
            // The log has them too, so that whoever reads it knows who the person was.
            life.write(stage, first, someone.known_since, someone.known_since);
        }
        life
    }

    /// Whether they are in `segment` at `at`, after everything in that second.
    pub fn is_in(&self, segment: SegmentId, at: Second) -> bool {
        self.newest_change(segment, at).is_some_and(|change| change.transition.entered)
    }

    /// How they got where they are at `at`.
    pub fn newest_change(&self, segment: SegmentId, at: Second) -> Option<&Change> {
        self.changes.iter().rev().find(|change| change.transition.segment == segment && change.at <= at)
    }

    /// Lets time pass up to the end of second `until`, or until there are no wakes and occurrences `left`: then
    /// false.
    pub fn pass(&mut self, stage: &Stage, until: Second, left: &mut usize) -> bool {
        loop {
            let wake = self.subject.wake.filter(|wake| *wake <= until);
            let occurrence = stage.next_occurrence(&self.subject.person, self.occurred);
            let occurrence = occurrence.filter(|(at, _)| *at <= until);
            if wake.is_none() && occurrence.is_none() {
                return true;
            }
            let Some(fewer) = left.checked_sub(1) else { return false };
            *left = fewer;
            match (wake, occurrence) {
                // What is true in a second is known before anything is done about it.
                (Some(wake), None) => self.wake(stage, wake),
                (Some(wake), Some((at, _))) if wake <= at => self.wake(stage, wake),
                (_, Some(occurrence)) => self.occur(stage, occurrence),
                (None, None) => return true,
            }
        }
    }

    /// Plays an occurrence of a schedule.
    fn occur(&mut self, stage: &Stage, occurrence: (Second, usize)) {
        self.occurred = occurrence;
        let (at, number) = occurrence;
        let input = Input::Occurrence(Occurrence { schedule: stage.schedule(number).to_owned(), at });
        let step = self.step(stage, input, at.next());
        self.note(stage, step, at, Source::Wake);
    }

    /// Plays the next wake, as of its own second.
    fn wake(&mut self, stage: &Stage, wake: Second) {
        let past = History { events: &self.history, moves: &self.moves };
        // A wake is due when its second is over.
        for step in engine::play_due(&stage.versions, &mut self.subject, Some(past), wake.next()) {
            self.note(stage, step, wake, Source::Wake);
        }
    }

    /// The next second behind `at` at which the membership flips with nobody doing anything; none within
    /// [`WAKES_AHEAD_MAX`] wakes. The person is as they are at the end of `at`.
    pub fn next_flip(&self, stage: &Stage, segment: SegmentId, at: Second) -> Option<Second> {
        let mut ahead = self.clone();
        ahead.refusals.clear();
        let now = self.is_in(segment, at);
        let mut seen = 0;
        for _ in 0..=WAKES_AHEAD_MAX {
            let news = ahead.changes.iter().skip(seen);
            let mut flips = news.filter(|change| change.transition.segment == segment && change.at > at);
            if let Some(flip) = flips.find(|change| change.transition.entered != now) {
                return Some(flip.at);
            }
            seen = ahead.changes.len();
            let wake = ahead.subject.wake?;
            ahead.wake(stage, wake);
        }
        None
    }

    /// They say something.
    pub fn say(&mut self, stage: &Stage, saying: &Saying<'_>, entry: usize) {
        let arrival = arrival(saying, self.subject.person.phone.clone());
        let context = saying.context.map(provider_key);
        let question = Question::of(&arrival, Some(self.subject.person.id), context, saying.at);
        let window = stage.rules().schema.attribution_window;
        let answered = attribution::attribute(&question, &self.messages, window);
        let attributes = &self.subject.person.attributes;
        if let Some(written) = stage.words.written(&arrival.kind, &arrival.properties, attributes) {
            self.write(stage, written, saying.at, saying.arrives);
        }
        let (message, reason) = answered.unzip();
        let key = entry_key(entry);
        let properties = arrival.properties;
        self.take(stage, Event { message, reason, ..event(key, arrival.kind, properties, saying.at) }, saying.arrives);
    }

    /// An event of theirs.
    pub fn happen(&mut self, stage: &Stage, kind: Kind, properties: Properties, entry: usize, at: (Second, Second)) {
        self.take(stage, event(entry_key(entry), kind, properties, at.0), at.1);
    }

    /// A call writes attributes.
    pub fn set(&mut self, stage: &Stage, mut written: Properties, at: Second, arrives: Second) {
        let unsubscribed = written.remove(consent::UNSUBSCRIBED);
        let attributes = &self.subject.person.attributes;
        written.extend(unsubscribed.and_then(|value| consent::by_program(attributes, &value)).into_iter().flatten());
        if !written.is_empty() {
            self.write(stage, written, at, arrives);
            self.number(stage);
        }
    }

    /// A message of ours that no campaign of the story sent.
    pub fn was_sent(&mut self, stage: &Stage, which: &Which, entry: usize, at: Second, arrives: Second) {
        let id = EffectId(lasting_id(&format!("{} {entry}", self.subject.person.cio_id)));
        let Which { campaign, step, template } = which.clone();
        self.accept(stage, MessageRef { id, at, campaign, step, journey: None, template }, arrives);
    }

    /// What became of a message. `read` says that it was received too.
    pub fn became(&mut self, stage: &Stage, kind: &Kind, message: EffectId, entry: usize, at: (Second, Second)) {
        let (delivery, implied) = match kind {
            Kind::Read => (Delivery::Read, true),
            Kind::Received => (Delivery::Delivered, false),
            _ => (Delivery::Failed, false),
        };
        let Some(known) = self.messages.iter_mut().find(|known| known.message.id == message) else { return };
        let before = known.delivery;
        known.delivery = before.hear(delivery);
        let (after, about) = (known.delivery, known.message.clone());
        if implied && before < Delivery::Delivered {
            let key = EventKey::of(&KEY, &["received", &message.0.to_string()]);
            self.take(
                stage,
                Event { message: Some(about.clone()), ..event(key, Kind::Received, Properties::new(), at.0) },
                at.1,
            );
        }
        if after != before {
            let event = event(entry_key(entry), kind.clone(), Properties::new(), at.0);
            self.take(stage, Event { message: Some(about), ..event }, at.1);
        }
    }

    fn write(&mut self, stage: &Stage, written: Properties, at: Second, arrives: Second) {
        let count = self.history.len().to_string();
        let key = EventKey::of(&KEY, &["attributes", &self.subject.person.cio_id.to_string(), &count]);
        self.take(stage, event(key, Kind::AttributesSet, written, at), arrives);
    }

    /// The number follows the attribute.
    fn number(&mut self, stage: &Stage) {
        let written = self.subject.person.attributes.get("phone");
        self.subject.person.phone = written.and_then(|value| Phone::from_attribute(value, stage.region).ok());
    }

    fn take(&mut self, stage: &Stage, event: Event, arrives: Second) {
        let step = self.step(stage, Input::Event(event), arrives);
        self.note(stage, step, arrives, Source::Arrival);
    }

    fn step(&mut self, stage: &Stage, input: Input, now: Second) -> Step {
        let past = History { events: &self.history, moves: &self.moves };
        engine::step(&stage.versions, &mut self.subject, input, Some(past), now)
    }

    /// Writes down what came of a step at `at`, and accepts what it sends.
    fn note(&mut self, stage: &Stage, step: Step, at: Second, source: Source) {
        let mut queue = VecDeque::new();
        let behind_wake = source == Source::Wake;
        self.keep(step, at, source, false, &mut queue);
        let mut accepted = 0;
        while let Some(effect) = queue.pop_front() {
            let EffectKind::Send(outgoing) = &effect.kind else { continue };
            accepted += 1;
            if accepted > SENDS_PER_SECOND_MAX {
                self.is_looping = true;
                return;
            }
            let template = match &outgoing.body {
                Body::Template { name, .. } => Some(name.clone()),
                Body::Text(_) => None,
            };
            let (campaign, step_name) = (Some(effect.campaign.clone()), Some(effect.step.clone()));
            let journey = Some(effect.journey);
            let message = MessageRef { id: effect.id, at, campaign, step: step_name, journey, template };
            let step = self.settle(stage, message, at);
            // The answer to a send is nobody's entry.
            let entry = self.entry.take();
            self.keep(step, at, Source::Arrival, behind_wake, &mut queue);
            self.entry = entry;
        }
    }

    /// The answer to a send.
    fn settle(&mut self, stage: &Stage, message: MessageRef, at: Second) -> Step {
        let refusal = self.refusals.iter_mut().find(|r| !r.used && r.at == at && r.which.is(&message));
        let (kind, word) = match refusal {
            Some(refusal) => {
                refusal.used = true;
                (Kind::Failed, "failed")
            }
            None => (Kind::Sent, "accepted"),
        };
        if kind == Kind::Sent {
            self.messages.push(outstanding(self.subject.person.id, message.clone()));
        }
        let key = EventKey::of(&KEY, &[word, &message.id.0.to_string()]);
        let event = Event { message: Some(message), ..event(key, kind, Properties::new(), at) };
        self.step(stage, Input::Event(event), at)
    }

    fn accept(&mut self, stage: &Stage, message: MessageRef, arrives: Second) {
        self.messages.push(outstanding(self.subject.person.id, message.clone()));
        let key = EventKey::of(&KEY, &["accepted", &message.id.0.to_string()]);
        let at = message.at;
        self.take(stage, Event { message: Some(message), ..event(key, Kind::Sent, Properties::new(), at) }, arrives);
    }

    /// Keeps what a step at `at` says. `behind_wake`: it was played when `at` was over, so what its event changed
    /// and caused counts in `at` all the same, while what time changed since counts when it did.
    fn keep(&mut self, step: Step, at: Second, source: Source, behind_wake: bool, queue: &mut VecDeque<Effect>) {
        for transition in step.transitions {
            let by_event = matches!(transition.cause, Cause::Event { .. });
            let at = if behind_wake && by_event { at } else { transition.at };
            self.changes.push(Change { at, transition });
        }
        // The first event of an arrival is what arrived; the others are the doing of campaigns.
        let own = usize::from(source == Source::Arrival);
        let mut done: Vec<Asked> = step.events.iter().skip(own).filter_map(asked::of_event).collect();
        if let (Some(entry), 1, Some(event)) = (self.entry, own, step.events.first()) {
            self.entries.insert(event.seq, entry);
        }
        // A wake that was due before what arrived may have made events before it.
        let mut events = step.events;
        events.sort_by_key(|event| event.seq);
        self.history.extend(events);
        self.moves.extend(step.moves);
        let started = step.entries.into_iter().filter(|entry| entry.what == What::Started);
        self.started.extend(started.map(|entry| entry.campaign));
        done.extend(step.effects.iter().map(asked::of_effect));
        if behind_wake {
            done.iter_mut().for_each(|asked| asked.at = at);
        }
        self.asked.extend(done);
        queue.extend(step.effects);
    }
}

/// Plays what somebody says whom nobody knows.
pub fn anonymous(stage: &Stage, saying: &Saying<'_>, number: &Phone, entry: usize) -> Vec<Asked> {
    let arrival = arrival(saying, Some(number.clone()));
    let event = event(entry_key(entry), arrival.kind, arrival.properties, saying.at);
    let step = engine::anonymous(&stage.versions, &event, saying.arrives);
    step.effects.iter().map(asked::of_effect).collect()
}
