//! A condition taken apart: what each part says, whether it holds, and what decides that.

use serde_json::Value as Json;

use super::explanation::{Fact, Moment, Part};
use super::membership::around;
use super::past::Past;
use super::sighting::{SIGHTINGS_MAX, is_same, leaves};
use crate::dsl::describe::{Describer, Outline};
use crate::dsl::words::{share, value as value_words};
use crate::engine::naive::Case;
use crate::model::calendar::{Calendar, Now};
use crate::model::compare::{Comparison, Op};
use crate::model::event::{Event, Kind};
use crate::model::person::Person;
use crate::model::rule::{Condition, Counted, Happened, Match, Move, Phrase, SegmentKind, Share, Times, Window};
use crate::model::sample;
use crate::model::time::{Second, Span};
use crate::model::value::{Type, Value};

/// An explanation has so many parts at most; what is behind is only said to hold or not.
pub const PARTS_MAX: usize = 200;
/// Of a value so many characters are shown.
const VALUE_CHARS_MAX: usize = 200;

/// Who asks about one past at one instant.
pub struct Asker<'a> {
    pub past: &'a Past<'a>,
    pub case: &'a Case<'a>,
    pub events: &'a [Event],
    pub describer: Describer<'a>,
    pub at: Second,
    pub days: Calendar,
    /// The person at the instant.
    pub person: Person,
}

impl<'a> Asker<'a> {
    pub fn new(past: &'a Past<'a>, case: &'a Case<'a>, at: Second) -> Self {
        let describer = Describer::new(past.rules);
        Self { past, case, events: &past.events, describer, at, days: case.calendar(at), person: case.person_at(at) }
    }

    /// The condition, or what is true where it is not.
    pub fn part(&self, condition: &Condition, negated: bool, left: &mut usize) -> Part {
        let holds = self.case.truth(condition, self.at) != negated;
        let said = self.describer.condition(condition, negated);
        let mut part = Part { text: said.text.clone(), holds, ..Part::default() };
        let Some(fewer) = left.checked_sub(1) else { return part };
        *left = fewer;
        match condition {
            Condition::Not(inner) => return self.part(inner, !negated, left),
            Condition::All(parts) => part.parts = parts.iter().map(|one| self.part(one, false, left)).collect(),
            Condition::Any(parts) => part.parts = parts.iter().map(|one| self.part(one, negated, left)).collect(),
            Condition::Attribute(test) => part.facts = self.attribute(test),
            Condition::InSegment(name) => self.segment(name, &mut part, left),
            Condition::InCampaign(name) => part.facts.extend(self.newest_move(name)),
            Condition::InSample { name, .. } => {
                let place = sample::place(name, self.past.first.cio_id);
                let hundredths = u16::try_from((u128::from(place) * 10_000) >> 64).unwrap_or(u16::MAX);
                let words = share(Share(hundredths));
                part.facts.push(fact("their place", Some(words), None));
            }
            Condition::ServiceWindow => part.facts.extend(self.service_window()),
            Condition::LocalTime { .. } | Condition::LocalDay(_) => {
                part.facts.push(fact("local time", None, Some(self.at)));
            }
            Condition::KnownFor(span) => {
                let known = self.past.first.known_since;
                part.facts.push(fact("known since", None, Some(known)));
                part.facts.push(fact("long enough", None, Some(known.plus(*span))));
            }
            Condition::HeldFor { condition, span } => {
                part.parts.push(self.part(condition, false, left));
                let inner = around(self.past, condition, self.at);
                if inner.holds && inner.since_is_exact {
                    part.facts.push(fact("holds since", None, Some(inner.since)));
                    part.facts.push(fact("long enough", None, Some(inner.since.plus(*span))));
                }
            }
            Condition::Happened(happened) => self.happened(happened, &said, &mut part),
            Condition::Everyone => {}
        }
        part
    }

    fn segment(&self, name: &str, part: &mut Part, left: &mut usize) {
        let Some(segment) = self.past.rules.segments.iter().find(|segment| segment.name == name) else { return };
        match &segment.kind {
            SegmentKind::Data(condition) => {
                let inner = around(self.past, condition, self.at);
                let side = if inner.holds { "in since" } else { "out since" };
                part.facts.push(fact(side, None, Some(inner.since)));
                if let Some(until) = inner.until {
                    part.facts.push(fact("until", None, Some(until)));
                }
                part.parts.push(self.part(condition, false, left));
            }
            SegmentKind::Manual => {
                part.counted.extend(self.chosen(name).map(|event| self.sighting(event, None)));
            }
        }
    }

    /// The move that decides whether they are in a segment that is chosen by hand.
    pub fn chosen(&self, name: &str) -> Option<&'a Event> {
        let is_move = |event: &&Event| matches!(&event.kind, Kind::SegmentJoined(moved) | Kind::SegmentLeft(moved) if moved == name);
        self.events.iter().filter(is_move).max_by_key(|event| event.order())
    }

    fn newest_move(&self, campaign: &str) -> Option<Fact> {
        let is_of = |event: &&Event| matches!(&event.kind, Kind::Moved(Move::EnteredCampaign(name) | Move::LeftCampaign(name)) if name == campaign);
        let newest = self.events.iter().filter(is_of).max_by_key(|event| event.order())?;
        let began = matches!(newest.kind, Kind::Moved(Move::EnteredCampaign(_)));
        let label = if began { "began" } else { "ended" };
        Some(fact(label, None, Some(newest.at)))
    }

    fn service_window(&self) -> Option<Fact> {
        let newest = self.events.iter().filter(|event| event.kind == Kind::Inbound).map(|event| event.at).max();
        let closes = newest?.plus(Span::hours(24));
        Some(fact(if closes > self.at { "closes" } else { "closed" }, None, Some(closes)))
    }

    fn attribute(&self, test: &Comparison) -> Vec<Fact> {
        let stored = self.person.value(&test.name).map(|value| value.into_owned()).filter(|value| !value.is_null());
        let value = match &stored {
            None => "missing".to_owned(),
            Some(stored) => {
                let is_read = match &test.op {
                    Op::Missing | Op::Present => true,
                    // What reads under no type is compared with nothing.
                    _ => Comparison { op: Op::Present, ..test.clone() }
                        .holds_of(Some(stored), Now { at: self.at, calendar: self.days }),
                };
                let shown = shown(stored);
                match test.ty {
                    Some(ty) if !is_read => format!("{shown}: no {}, so it counts as missing", type_word(ty)),
                    _ => shown,
                }
            }
        };
        let mut facts = vec![fact("value", Some(value), None)];
        let outer = test.name.split('.').next().unwrap_or_default();
        let is_write = |event: &&Event| {
            let names = [test.name.as_str(), outer];
            event.kind == Kind::AttributesSet && names.iter().any(|name| event.properties.contains_key(*name))
        };
        let written = self.events.iter().filter(is_write).max_by_key(|event| event.order());
        facts.extend(written.map(|event| fact("written", None, Some(event.at))));
        facts
    }

    fn happened(&self, happened: &Happened, said: &Outline, part: &mut Part) {
        part.steps = said.parts.iter().map(|(mark, step)| format!("{mark} {}", step.text)).collect();
        match &happened.what {
            Phrase::One(test) => self.events_of(test, happened, part),
            Phrase::Sequence(sequence) => self.sequence(sequence, happened, part),
        }
    }

    /// What counts, and what does not.
    fn events_of(&self, test: &Match, happened: &Happened, part: &mut Part) {
        let found = self.case.completions(&happened.what, self.at);
        let inside: Vec<_> = found.iter().filter(|one| self.is_inside(happened, one.at)).collect();
        if !matches!(happened.counted, Counted::Newest) {
            part.count = u32::try_from(inside.len()).ok();
        }
        for one in inside.iter().rev().take(SIGHTINGS_MAX.max(self.deciding(happened))) {
            let mut sighting = self.sighting(one.event, Some(test));
            sighting.counts_until = leaves(happened.window, self.days, one.at).map(Moment);
            part.counted.push(sighting);
        }
        let counts = |event: &Event| inside.iter().any(|one| is_same(one, event));
        for event in self.of_verb(test).into_iter().filter(|event| !counts(event)).take(SIGHTINGS_MAX) {
            let matches = found.iter().any(|one| is_same(one, event));
            let why = if matches { Some("outside of the window".to_owned()) } else { self.why_not(test, event, None) };
            let mut sighting = self.sighting(event, Some(test).filter(|_| matches));
            sighting.why_not = why.or_else(|| Some("is not meant".to_owned()));
            part.not_counted.push(sighting);
        }
    }

    /// Of counted events the one that decides is shown too, if it is not far back.
    fn deciding(&self, happened: &Happened) -> usize {
        let (Counted::Times(times) | Counted::Distinct { times, .. }) = &happened.counted else { return 1 };
        let (Times::AtLeast(k) | Times::AtMost(k) | Times::Exactly(k)) = times;
        usize::try_from(*k).unwrap_or(usize::MAX).min(2 * SIGHTINGS_MAX)
    }

    /// Whether a completion at `at` lies in the window, which is that of the instant.
    pub fn is_inside(&self, happened: &Happened, at: Second) -> bool {
        let (t, days) = (self.at, self.days);
        match happened.window {
            Window::Ever => true,
            Window::Last(length) => days.window_start(length, t) <= at,
            Window::This(unit) => days.start_of(unit, t) <= at,
            Window::Yesterday => days.day(t).pred_opt() == Some(days.day(at)),
            Window::Since(point) => days.point(point) <= at,
            Window::Before(point) => at < days.point(point),
            Window::Days(first, last) => days.start(first) <= at && at <= days.end(last),
            Window::SinceEntry => false,
        }
    }
}

/// Something that decides beside events.
pub fn fact(label: &str, value: Option<String>, at: Option<Second>) -> Fact {
    Fact { label: label.to_owned(), value, at: at.map(Moment) }
}

fn shown(stored: &Json) -> String {
    let words = Value::natural(stored).map_or_else(|| stored.to_string(), |value| value_words(&value));
    match words.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

fn type_word(ty: Type) -> &'static str {
    match ty {
        Type::Text => "text",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::Time => "time",
        Type::Date => "date",
        Type::Phone => "phone",
        Type::ListOfText => "list of text",
        Type::ListOfNumber => "list of number",
    }
}
