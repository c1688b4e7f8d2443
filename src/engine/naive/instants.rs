//! The instants at which truth can change: a plain superset, so that "at every second" can be looked at.

use std::collections::BTreeSet;

use chrono::NaiveTime;
use serde_json::Value as Json;

use super::{Case, SERVICE_WINDOW};
use crate::model::calendar::Calendar;
use crate::model::compare::{Comparison, Op, TimeTest};
use crate::model::event::Kind;
use crate::model::rule::{Condition, Happened, Phrase, SegmentKind, Window};
use crate::model::time::{Length, Second, Span};
use crate::model::value::{Type, Value};

impl Case<'_> {
    /// Adds the instants of `condition` that lie in (`after`, `until`], and others.
    pub(super) fn collect(&self, condition: &Condition, after: Second, until: Second, found: &mut BTreeSet<Second>) {
        // Everything can change with an event, and nothing holds of somebody unknown.
        found.insert(self.first.known_since);
        found.extend(self.events.iter().map(|event| event.at));
        match condition {
            Condition::Everyone | Condition::InCampaign(_) | Condition::InSample { .. } => {}
            Condition::Not(part) => self.collect(part, after, until, found),
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.collect(part, after, until, found));
            }
            Condition::Attribute(test) => self.collect_attribute(test, after, until, found),
            Condition::InSegment(name) => {
                let segment = self.rules.segments.iter().find(|segment| segment.name == *name);
                if let Some(SegmentKind::Data(condition)) = segment.map(|segment| &segment.kind) {
                    self.collect(condition, after, until, found);
                }
            }
            Condition::ServiceWindow => found.extend(self.events.iter().map(|event| event.at.plus(SERVICE_WINDOW))),
            Condition::LocalTime { from, to } => self.collect_times(&[*from, *to], after, until, found),
            Condition::LocalDay(_) => self.collect_midnights(after, until, found),
            Condition::KnownFor(span) => {
                found.insert(self.first.known_since.plus(*span));
            }
            Condition::HeldFor { condition, span } => {
                // A run ends where truth does, and counts from D after its start.
                let inner = self.instants(condition, after.minus(*span), until);
                found.extend(inner.iter().flat_map(|instant| [*instant, instant.plus(*span)]));
                found.insert(self.first.known_since.plus(*span));
            }
            Condition::Happened(happened) => self.collect_happened(happened, after, until, found),
        }
    }

    fn collect_happened(&self, happened: &Happened, after: Second, until: Second, found: &mut BTreeSet<Second>) {
        let mut completions: BTreeSet<Second> = self.events.iter().map(|event| event.at).collect();
        completions.extend(self.verdicts(&happened.what));
        match happened.window {
            Window::Last(Length::Elapsed(span)) => found.extend(completions.iter().map(|at| at.plus(span))),
            Window::Last(_) | Window::This(_) | Window::Yesterday => self.collect_midnights(after, until, found),
            // What lies in these is the same at all times.
            Window::Ever | Window::Since(_) | Window::Before(_) | Window::Days(..) | Window::SinceEntry => {}
        }
        found.extend(completions);
    }

    /// When a verdict on `phrase` could be reached, whatever event it is counted from.
    fn verdicts(&self, phrase: &Phrase) -> Vec<Second> {
        let Phrase::Sequence(sequence) = phrase else { return Vec::new() };
        let within = sequence.steps.last().filter(|step| step.not).and_then(|step| step.within);
        let Some(within) = within else { return Vec::new() };
        let from = |days: Calendar| self.events.iter().map(move |event| days.deadline(event.at, within));
        self.calendars().into_iter().flat_map(from).map(|last| last.next().plus(sequence.grace)).collect()
    }

    fn collect_attribute(&self, test: &Comparison, after: Second, until: Second, found: &mut BTreeSet<Second>) {
        let Op::Time(time) = &test.op else { return };
        let span = match time {
            TimeTest::InTheNext(Length::Elapsed(span))
            | TimeTest::InTheLast(Length::Elapsed(span))
            | TimeTest::MoreThanAgo(Length::Elapsed(span))
            | TimeTest::MoreThanAway(Length::Elapsed(span)) => *span,
            _ => Span(0),
        };
        // A day stands for the whole of it, and lengths in days end with days.
        self.collect_midnights(after, until, found);
        for stored in self.values(&test.name) {
            let Some(Value::Time(value)) = Value::read(&stored, Type::Time) else { continue };
            for instant in [value.minus(span), value, value.plus(span)] {
                found.extend([instant, instant.next()]);
            }
        }
    }

    /// Every value that the attribute has had.
    fn values(&self, name: &str) -> Vec<Json> {
        let value = |count: usize| {
            let person = self.person_after(self.events.iter().copied().take(count));
            person.value(name).map(std::borrow::Cow::into_owned)
        };
        let is_write = |count: &usize| {
            let last = count.checked_sub(1).and_then(|last| self.events.get(last));
            last.is_none_or(|event| event.kind == Kind::AttributesSet)
        };
        (0..=self.events.len()).filter(is_write).filter_map(value).collect()
    }

    /// The person's days in every zone that they have been in, and in the one of everybody.
    fn calendars(&self) -> Vec<Calendar> {
        let schema = &self.rules.schema;
        let own = schema.person_time_zone.as_deref().map(|name| self.values(name)).unwrap_or_default();
        let zones = own.iter().filter_map(Json::as_str).chain([schema.time_zone.as_str()]);
        let mut zones: Vec<_> = zones.filter_map(|zone| zone.parse().ok()).chain([chrono_tz::UTC]).collect();
        zones.sort_by_key(|zone: &chrono_tz::Tz| zone.name());
        zones.dedup();
        zones.into_iter().map(|zone| Calendar { zone, week_starts: schema.week_starts }).collect()
    }

    fn collect_midnights(&self, after: Second, until: Second, found: &mut BTreeSet<Second>) {
        for days in self.calendars() {
            found.extend(midnights(days, after, until));
        }
    }

    fn collect_times(&self, times: &[NaiveTime], after: Second, until: Second, found: &mut BTreeSet<Second>) {
        for days in self.calendars() {
            let mut start = days.start(days.day(after));
            while start <= until {
                let next = days.next_midnight(start);
                let day = days.day(start);
                if next.since(start) == Span::DAY {
                    found.extend(times.iter().map(|time| days.instant(day.and_time(*time))));
                } else {
                    // The clocks change: every minute of that day.
                    let minutes = next.since(start).0 / 60;
                    found.extend((0..=minutes).map(|minute| start.plus(Span(60 * minute))));
                }
                found.insert(next);
                start = next;
                if next == Second::LAST {
                    break;
                }
            }
        }
    }
}

/// The local midnights in (`after`, `until`].
fn midnights(days: Calendar, after: Second, until: Second) -> Vec<Second> {
    let mut found = Vec::new();
    let mut at = days.next_midnight(after);
    while at <= until && found.last() != Some(&at) {
        found.push(at);
        at = days.next_midnight(at);
    }
    found
}
