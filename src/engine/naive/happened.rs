//! How often something happened, and when; and what completes a sequence.

use std::collections::{BTreeSet, HashSet};

use super::Case;
use super::matching::is_delivery;
use crate::model::calendar::Calendar;
use crate::model::compare::reach;
use crate::model::event::{Event, Order};
use crate::model::id::EffectId;
use crate::model::rule::{Counted, Happened, Match, MessageTest, Phrase, Sequence, Then, Window};
use crate::model::time::{Length, Second, Span};
use crate::model::value::Value;

/// One completion of a phrase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completion<'a> {
    /// The second of the event, or the verdict's.
    pub at: Second,
    /// The event that completes it; of a verdict, the event that went without an answer.
    pub event: &'a Event,
    pub is_verdict: bool,
}

/// How far a sequence has got: the event that fills the last place, and the message that `it` means from there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Prefix {
    /// Its place among all events.
    last: usize,
    message: Option<EffectId>,
}

impl<'a> Completion<'a> {
    pub(super) fn by_event(event: &'a Event) -> Self {
        Self { at: event.at, event, is_verdict: false }
    }

    /// Where it lies. Decided: a verdict is reached when its second begins, before the second's events, since
    /// all of these see it.
    fn order(&self) -> Order {
        if self.is_verdict { Order::new(self.at, 0, None) } else { self.event.order() }
    }
}

impl<'a> Case<'a> {
    pub(super) fn happened(&self, happened: &Happened, t: Second) -> bool {
        let Happened { what, counted, window } = happened;
        let days = self.calendar(t);
        let inside = |completion: &Completion<'_>| self.is_inside(*window, completion, t, days);
        let completions = self.completions(what, t).into_iter().filter(inside);
        match (what, counted) {
            (Phrase::One(_), Counted::Times(times)) => times.holds(number(completions.count())),
            (Phrase::One(_), Counted::Distinct { times, property }) => {
                // Decided: values differ as what they are stored as, `2` from `"2"`; texts after NFC.
                let value = |completion: Completion<'_>| Value::natural(reach(&completion.event.properties, property)?);
                times.holds(number(completions.filter_map(value).collect::<HashSet<_>>().len()))
            }
            (Phrase::One(rule), Counted::Newest) => {
                let newest = self.newest(rule, t);
                newest.is_some_and(|newest| completions.into_iter().any(|one| std::ptr::eq(one.event, newest)))
            }
            // At least once or not at all.
            (Phrase::Sequence(_), Counted::Times(times)) => times.holds(number(completions.take(1).count())),
            // The checker refuses it.
            (Phrase::Sequence(_), Counted::Distinct { .. } | Counted::Newest) => false,
        }
    }

    /// I(w, t). Days are those of the zone at `t`.
    fn is_inside(&self, window: Window, completion: &Completion<'_>, t: Second, days: Calendar) -> bool {
        let at = completion.at;
        at <= t
            && match window {
                Window::Ever => true,
                Window::Last(Length::Elapsed(span)) => t.minus(span) < at,
                Window::Last(length) => days.window_start(length, t) <= at,
                Window::This(unit) => days.start_of(unit, t) <= at,
                Window::Yesterday => {
                    days.day(t).pred_opt().is_some_and(|day| days.start(day) <= at && at <= days.end(day))
                }
                Window::Since(point) => days.point(point) <= at,
                Window::Before(point) => at < days.point(point),
                Window::Days(first, last) => days.start(first) <= at && at <= days.end(last),
                Window::SinceEntry => self.journey.is_some_and(|(_, entry)| entry < completion.order()),
            }
    }

    /// K of a sequence. Decided: deadlines in days are cut like windows, with the zone at `t`.
    pub(super) fn completions_of(&self, sequence: &Sequence, t: Second) -> Vec<Completion<'a>> {
        let Some((last, middle)) = sequence.steps.split_last() else { return Vec::new() };
        let mut prefixes = self.first_of(&sequence.first, t);
        // What must not lie between the last place and the next.
        let mut barred: Vec<&Then> = Vec::new();
        for step in middle {
            if step.not {
                barred.push(step);
            } else {
                prefixes = self.go_on(&prefixes, &barred, step, t);
                barred.clear();
            }
        }
        if last.not {
            let verdict = |prefix: &Prefix| self.verdict(*prefix, last, sequence.grace, t);
            return prefixes.iter().filter_map(verdict).collect();
        }
        let completing: BTreeSet<usize> =
            self.go_on(&prefixes, &barred, last, t).iter().map(|prefix| prefix.last).collect();
        completing.into_iter().filter_map(|place| self.at(place)).map(Completion::by_event).collect()
    }

    fn first_of(&self, first: &Match, t: Second) -> BTreeSet<Prefix> {
        let (places, days) = (0..self.known(t).len(), self.calendar(t));
        let filled = places.filter_map(|last| {
            let event = self.at(last).filter(|event| self.matches(first, event, None, days))?;
            Some(Prefix { last, message: self.message_after(first, event, None) })
        });
        filled.collect()
    }

    /// Every prefix with every event that fills the next place.
    fn go_on(&self, prefixes: &BTreeSet<Prefix>, barred: &[&Then], step: &Then, t: Second) -> BTreeSet<Prefix> {
        let (mut longer, days) = (BTreeSet::new(), self.calendar(t));
        for prefix in prefixes.iter().filter(|prefix| barred.iter().all(|step| self.takes_part(**prefix, step))) {
            for last in prefix.last + 1..self.known(t).len() {
                let Some(event) = self.fills(*prefix, step, last, days) else { continue };
                let mut between = prefix.last + 1..last;
                let is_barred =
                    between.any(|place| barred.iter().any(|step| self.fills(*prefix, step, place, days).is_some()));
                if !is_barred {
                    longer.insert(Prefix { last, message: self.message_after(&step.event, event, prefix.message) });
                }
            }
        }
        longer
    }

    /// The event at `place`, if it is one that `step` means after `prefix`, and in time.
    fn fills(&self, prefix: Prefix, step: &Then, place: usize, days: Calendar) -> Option<&'a Event> {
        let (before, event) = (self.at(prefix.last)?, self.at(place)?);
        let same = |name: &String| {
            let value = |event: &Event| Value::natural(reach(&event.properties, name)?);
            value(before).is_some_and(|one| value(event) == Some(one))
        };
        let is_meant = self.matches(&step.event, event, prefix.message, days)
            && step.same.as_ref().is_none_or(same)
            && step.within.is_none_or(|length| event.at <= days.deadline(before.at, length));
        is_meant.then_some(event)
    }

    /// Whether the last event of `prefix` has what `step` compares with. One that lacks it takes no part, and so is
    /// never found without an answer. Decided: so it is with a message that somebody else sent, which has no name.
    fn takes_part(&self, prefix: Prefix, step: &Then) -> bool {
        let has = |name: &String| {
            let value = self.at(prefix.last).and_then(|event| reach(&event.properties, name));
            value.and_then(Value::natural).is_some()
        };
        let asks = step.event.target.as_ref().is_some_and(|target| target.message == MessageTest::It);
        step.same.as_ref().is_none_or(has) && (!asks || prefix.message.is_some())
    }

    /// The verdict that nothing came in time, if it is reached by `t`.
    fn verdict(&self, prefix: Prefix, step: &Then, grace: Span, t: Second) -> Option<Completion<'a>> {
        let (event, days) = (self.at(prefix.last)?, self.calendar(t));
        let at = days.deadline(event.at, step.within?).next().plus(grace);
        let mut after = prefix.last + 1..self.known(t).len();
        let is_reached = at <= t
            && self.takes_part(prefix, step)
            && !after.any(|place| self.fills(prefix, step, place, days).is_some());
        is_reached.then_some(Completion { at, event, is_verdict: true })
    }

    /// What `it` means behind `event`: its message if it is about one of ours by its verb, else what it meant.
    fn message_after(&self, rule: &Match, event: &Event, before: Option<EffectId>) -> Option<EffectId> {
        if is_delivery(&rule.verb) { event.message.as_ref().map(|message| message.id) } else { before }
    }

    fn at(&self, place: usize) -> Option<&'a Event> {
        self.events.get(place).copied()
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
