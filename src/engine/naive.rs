//! The definition: what conditions mean, computed from a person's whole history, with nothing kept and
//! nothing clever. Tests and audits hold the engine against it, so it shares nothing with the engine.
//!
//! Where the language leaves room, what was decided stands here as a comment that begins with "Decided".

mod happened;
mod instants;
mod matching;

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveTime};
use sha2::{Digest, Sha256};

pub use happened::Completion;

use crate::model::calendar::{Calendar, Now};
use crate::model::event::{Event, Kind, Order};
use crate::model::id::JourneyId;
use crate::model::person::Person;
use crate::model::rule::{Condition, Counted, Happened, Move, Phrase, RuleSet, SegmentKind, Share, Window};
use crate::model::time::{Second, Span};

/// So long after a message of theirs the service window is open.
const SERVICE_WINDOW: Span = Span::hours(24);

/// A person and everything that is known of them: what truth is a function of.
pub struct Case<'a> {
    rules: &'a RuleSet,
    /// The person as they were made, before any event.
    first: &'a Person,
    /// H, in order.
    events: Vec<&'a Event>,
    /// The journey that is asked for, and where in the order its person entered.
    journey: Option<(JourneyId, Order)>,
}

impl<'a> Case<'a> {
    /// What is known of `person`, who is given as they were made: `events` taken in so far, in any order,
    /// and between them, as `Kind::Moved`, what was decided: a decision carries the number of the arrival
    /// behind which it lies, and several behind one arrival stand in the order in which they were made.
    #[must_use]
    pub fn new(rules: &'a RuleSet, person: &'a Person, events: &'a [Event]) -> Self {
        let mut events: Vec<&Event> = events.iter().collect();
        events.sort_by_key(|event| event.order());
        Self { rules, first: person, events, journey: None }
    }

    /// The same, asked from within the journey `id` that began at `entry`.
    #[must_use]
    pub fn in_journey(mut self, id: JourneyId, entry: Order) -> Self {
        self.journey = Some((id, entry));
        self
    }

    /// Whether `condition` is true at `t`.
    #[must_use]
    pub fn truth(&self, condition: &Condition, t: Second) -> bool {
        match condition {
            Condition::Everyone => true,
            Condition::Not(part) => !self.truth(part, t),
            Condition::All(parts) => parts.iter().all(|part| self.truth(part, t)),
            Condition::Any(parts) => parts.iter().any(|part| self.truth(part, t)),
            Condition::Attribute(test) => {
                test.holds_of(self.person_at(t).value(&test.name).as_deref(), Now { at: t, calendar: self.calendar(t) })
            }
            Condition::InSegment(name) => self.is_member(name, t),
            Condition::InCampaign(name) => self.is_running(name, t),
            Condition::InSample { name, share } => place(name, self.first) < bound(*share),
            Condition::ServiceWindow => {
                // A reaction opens none.
                let mut messages = self.known(t).iter().filter(|event| event.kind == Kind::Inbound);
                messages.any(|event| t.minus(SERVICE_WINDOW) < event.at)
            }
            Condition::LocalTime { from, to } => is_between(*from, self.calendar(t).local(t).time(), *to),
            Condition::LocalDay(days) => days.contains(&self.calendar(t).day(t).weekday()),
            Condition::KnownFor(span) => t >= self.first.known_since.plus(*span),
            Condition::HeldFor { condition, span } => self.has_held(condition, *span, t),
            Condition::Happened(happened) => self.happened(happened, t),
        }
    }

    /// Whether the person is in the segment named `segment` at `t`. Nobody is in one that does not exist.
    #[must_use]
    pub fn is_member(&self, segment: &str, t: Second) -> bool {
        let Some(segment) = self.rules.segments.iter().find(|known| known.name == segment) else { return false };
        match &segment.kind {
            SegmentKind::Data(condition) => self.truth(condition, t),
            SegmentKind::Manual => {
                let mut moves = self.known(t).iter().filter_map(|event| match &event.kind {
                    Kind::SegmentJoined(moved) if *moved == segment.name => Some(true),
                    Kind::SegmentLeft(moved) if *moved == segment.name => Some(false),
                    _ => None,
                });
                moves.next_back().unwrap_or(false)
            }
        }
    }

    /// Each event, or each verdict, up to `t` that completes `phrase`.
    #[must_use]
    pub fn completions(&self, phrase: &Phrase, t: Second) -> Vec<Completion<'a>> {
        match phrase {
            Phrase::One(rule) => self.matching(rule, t).into_iter().map(Completion::by_event).collect(),
            Phrase::Sequence(sequence) => self.completions_of(sequence, t),
        }
    }

    /// The instants in (`after`, `until`] at which `phrase` can be completed, and others.
    #[must_use]
    pub fn instants_of(&self, phrase: &Phrase, after: Second, until: Second) -> BTreeSet<Second> {
        let happened = Happened { what: phrase.clone(), counted: Counted::ONCE, window: Window::Ever };
        self.instants(&Condition::Happened(Box::new(happened)), after, until)
    }

    /// The instants in (`after`, `until`] at which the truth of `condition` can be another one than in the
    /// second before: all of them, and many more.
    #[must_use]
    pub fn instants(&self, condition: &Condition, after: Second, until: Second) -> BTreeSet<Second> {
        let mut found = BTreeSet::new();
        self.collect(condition, after, until, &mut found);
        found.retain(|instant| after < *instant && *instant <= until);
        found
    }

    /// A journey is running that was entered and not left. Decided: as decisions record it, so that it holds
    /// of several journeys of one campaign at once, and of the past.
    fn is_running(&self, campaign: &str, t: Second) -> bool {
        let running = self.known(t).iter().fold(0_u32, |running, event| match &event.kind {
            Kind::Moved(Move::EnteredCampaign(name)) if name == campaign => running.saturating_add(1),
            Kind::Moved(Move::LeftCampaign(name)) if name == campaign => running.saturating_sub(1),
            _ => running,
        });
        running > 0
    }

    /// True at every second of [t − D, t]. Before somebody is known, nothing holds of them. Truth is that of
    /// whole seconds: what is true no more after one event, and again after another of the same second, has held.
    fn has_held(&self, condition: &Condition, span: Span, t: Second) -> bool {
        let start = t.minus(span);
        start >= self.first.known_since
            && self.truth(condition, start)
            && self.instants(condition, start, t).into_iter().all(|s| self.truth(condition, s))
    }

    /// H(t): the events up to `t`, in order.
    fn known(&self, t: Second) -> &[&'a Event] {
        let end = self.events.partition_point(|event| event.at <= t);
        self.events.get(..end).unwrap_or_default()
    }

    /// The person as what is stamped up to `t` made them.
    #[must_use]
    pub fn person_at(&self, t: Second) -> Person {
        self.person_after(self.known(t).iter().copied())
    }

    /// The person as they were known to be when `event` arrived.
    fn person_on_arrival(&self, event: &Event) -> Person {
        self.person_after(self.events.iter().copied().filter(|other| other.seq <= event.seq))
    }

    /// The person as `events`, in order, made them.
    ///
    /// Decided: what somebody is made with is newer than what is stamped before they are known, whatever
    /// arrives when.
    fn person_after<'e>(&self, events: impl Iterator<Item = &'e Event>) -> Person {
        let mut person = self.first.clone();
        for event in events.filter(|event| event.kind == Kind::AttributesSet) {
            let is_early = event.at < self.first.known_since;
            for (name, value) in &event.properties {
                if !is_early || !self.was_made_with(name) {
                    person.set(name, value);
                }
            }
        }
        person
    }

    fn was_made_with(&self, name: &str) -> bool {
        match name {
            "id" | "email" => self.first.value(name).is_some(),
            name => self.first.attributes.contains_key(name),
        }
    }

    /// The person's days at `t`.
    #[must_use]
    pub fn calendar(&self, t: Second) -> Calendar {
        let schema = &self.rules.schema;
        match schema.person_time_zone {
            Some(_) => Calendar::of(schema, &self.person_at(t)),
            // Everybody's days lie alike.
            None => Calendar::of(schema, self.first),
        }
    }

    /// The person's days as they were known to lie when `event` arrived.
    fn calendar_on_arrival(&self, event: &Event) -> Calendar {
        Calendar::of(&self.rules.schema, &self.person_on_arrival(event))
    }
}

/// Somebody's place in the shuffle `name`: the first 8 bytes of SHA-256(name, 0x00, `cio_id`), big-endian.
/// Decided: the `cio_id` as it is shown, so that whoever sees one can compute it.
fn place(name: &str, person: &Person) -> u128 {
    let id = person.cio_id.to_string().to_lowercase();
    let digest = Sha256::digest([name.as_bytes(), &[0], id.as_bytes()].concat());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Places below this one are within `share`.
fn bound(share: Share) -> u128 {
    (u128::from(share.0) << 64).div_ceil(u128::from(Share::ALL.0))
}

/// Over midnight where `to` is not the later one.
fn is_between(from: NaiveTime, time: NaiveTime, to: NaiveTime) -> bool {
    if from < to { from <= time && time < to } else { from <= time || time < to }
}
