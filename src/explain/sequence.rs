//! Sequences: what completed them, how far they got, and which deadlines run.

use super::condition::{Asker, fact};
use super::explanation::{Deadline, Moment, Part, Pending};
use super::sighting::{SIGHTINGS_MAX, is_same, leaves};
use crate::model::compare::reach;
use crate::model::event::Event;
use crate::model::rule::{Happened, MessageTest, Phrase, Sequence, Then};
use crate::model::time::{Second, Span};
use crate::model::value::Value;

impl Asker<'_> {
    pub fn sequence(&self, sequence: &Sequence, happened: &Happened, part: &mut Part) {
        let found = self.case.completions(&happened.what, self.at);
        let inside: Vec<_> = found.iter().filter(|one| self.is_inside(happened, one.at)).collect();
        part.count = u32::try_from(inside.len()).ok();
        for one in inside.iter().rev().take(SIGHTINGS_MAX) {
            let until = leaves(happened.window, self.days, one.at);
            if one.is_verdict {
                // From which event it counts, its deadline says.
                part.facts.push(fact("decided", Some("nothing came".to_owned()), Some(one.at)));
                part.facts.extend(until.map(|until| fact("counts until", None, Some(until))));
                continue;
            }
            let mut sighting = self.sighting(one.event, None);
            sighting.counts_until = until.map(Moment);
            part.counted.push(sighting);
        }
        let outside = found.iter().rev().find(|one| !self.is_inside(happened, one.at));
        if let (true, Some(one)) = (inside.is_empty(), outside) {
            let mut sighting = self.sighting(one.event, None);
            sighting.why_not = Some("complete, but outside of the window".to_owned());
            part.not_counted.push(sighting);
        }
        if let Some((last, before)) = sequence.steps.split_last() {
            self.deadlines(sequence, last, before, part);
        }
    }

    /// From which events the last step is waited for, or was.
    fn deadlines(&self, sequence: &Sequence, last: &Then, before: &[Then], part: &mut Part) {
        let prefix = match before.iter().rposition(|step| !step.not) {
            None => Phrase::One(Box::new(sequence.first.clone())),
            // What must not come between stands before the last step only.
            Some(place) => Phrase::Sequence(Box::new(Sequence {
                first: sequence.first.clone(),
                steps: before.iter().take(place + 1).cloned().collect(),
                grace: Span(0),
            })),
        };
        let begun = self.case.completions(&prefix, self.at);
        let mut newest = None;
        for one in begun.iter().rev().take(SIGHTINGS_MAX) {
            newest = newest.or(Some(one.event));
            if let Some(within) = last.within {
                let deadline = self.days.deadline(one.at, within);
                part.pending.push(self.pending(sequence, last, one.event, deadline));
            }
        }
        let Some(newest) = newest else { return };
        let it = newest.message.as_ref().map(|message| message.id);
        let later = self.of_verb(&last.event).into_iter().filter(|event| event.order() > newest.order());
        for event in later.take(SIGHTINGS_MAX) {
            let why = self.why_not(&last.event, event, it).or_else(|| {
                let in_time = last.within.is_none_or(|within| event.at <= self.days.deadline(newest.at, within));
                (!in_time).then(|| "came after the deadline".to_owned())
            });
            if let Some(why) = why {
                let mut sighting = self.sighting(event, None);
                sighting.why_not = Some(why);
                part.not_counted.push(sighting);
            }
        }
    }

    fn pending(&self, sequence: &Sequence, last: &Then, after: &Event, deadline: Second) -> Pending {
        let verdict = deadline.next().plus(sequence.grace);
        let by = self.completing(sequence, last, after, deadline);
        let state = match &by {
            Some(_) => Deadline::Answered,
            None if last.not && self.at >= verdict => Deadline::Passed,
            None if !last.not && self.at > deadline => Deadline::Passed,
            None => Deadline::Open,
        };
        Pending {
            after: self.sighting(after, None),
            deadline: Moment(deadline),
            state,
            decided: last.not.then_some(Moment(verdict)),
            grace: sequence.grace.0,
            by: by.map(|event| self.sighting(event, Some(&last.event))),
        }
    }

    /// The first event that came in time for `after`.
    fn completing(&self, sequence: &Sequence, last: &Then, after: &Event, deadline: Second) -> Option<&Event> {
        let mut asked = sequence.clone();
        if let Some(step) = asked.steps.last_mut() {
            step.not = false;
        }
        let found = self.case.completions(&Phrase::Sequence(Box::new(asked)), self.at);
        let same = |event: &Event| {
            let it = last.event.target.as_ref().is_some_and(|target| target.message == MessageTest::It);
            let is_it = !it
                || after.message.is_none()
                || event.message.as_ref().map(|m| m.id) == after.message.as_ref().map(|m| m.id);
            let value = |event: &Event, name: &str| reach(&event.properties, name).and_then(Value::natural);
            is_it && last.same.as_ref().is_none_or(|name| value(event, name) == value(after, name))
        };
        self.events
            .iter()
            .filter(|event| event.order() > after.order() && event.at <= deadline && same(event))
            .filter(|event| found.iter().any(|one| is_same(one, event)))
            .min_by_key(|event| event.order())
    }
}
