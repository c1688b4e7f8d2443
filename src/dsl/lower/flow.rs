//! What is known of a journey at one of its steps, whichever way it came: how long the service window is still
//! open for certain, what was sent before and how long ago at most, what `answer` is, whether any way leads here.

use std::collections::BTreeMap;

use super::value::{Answer, Carried};
use crate::model::rule::{Condition, Counted, Happened, MessageTest, Phrase, Target, Times, Trigger, Verb, Window};
use crate::model::time::{Length, Span};

/// How long a message of theirs lets us write freely.
const SERVICE_WINDOW: Span = Span::hours(24);

/// A bound on time that passes; none where there is no bound.
pub(super) type AtMost = Option<Span>;

/// What is known at one step.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// How long the service window stays open for certain.
    open: Span,
    /// How long ago the journey began.
    entry: AtMost,
    /// By the id of a step that may have sent something: how long ago.
    sent: BTreeMap<String, AtMost>,
    pub answer: Option<Answer>,
    /// No way leads here.
    pub over: bool,
}

impl Flow {
    /// At the first step of a journey that `trigger` starts, where `filter` holds.
    pub fn entry(trigger: Option<&Trigger>, filter: Option<&Condition>, grace: Span) -> Self {
        // Of a trigger that could not be read nothing is said, here neither.
        let open = trigger.map_or(SERVICE_WINDOW, |trigger| open_at_start(trigger, grace));
        let mut flow = Self { open, entry: Some(Span(0)), sent: BTreeMap::new(), answer: None, over: false };
        if let Some(filter) = filter {
            flow.know(filter);
        }
        flow
    }

    /// Whether a free text that is held back for `hold` at most arrives in the service window for certain.
    pub fn is_open(&self, hold: Span) -> bool {
        self.open > hold
    }

    /// Whether something was sent by step `id`, on some way to here.
    pub fn has_sent(&self, id: &str) -> bool {
        self.sent.contains_key(id)
    }

    /// The steps that may have sent something.
    pub fn senders(&self) -> impl Iterator<Item = &str> {
        self.sent.keys().map(String::as_str)
    }

    /// The step `id` sends something now.
    pub fn send(&mut self, id: &str) {
        self.sent.insert(id.to_owned(), Some(Span(0)));
    }

    /// Time passes.
    pub fn pass(&mut self, at_most: AtMost) {
        self.open = at_most.map_or(Span(0), |span| Span(self.open.0.saturating_sub(span.0).max(0)));
        for ago in self.sent.values_mut().chain([&mut self.entry]) {
            *ago = ago.zip(at_most).map(|(ago, span)| Span(ago.0.saturating_add(span.0)));
        }
    }

    /// `condition` is true now.
    pub fn know(&mut self, condition: &Condition) {
        self.open = self.open.max(self.open_with(condition));
    }

    /// The same journey after it has waited for `condition`, for `at_most` at most.
    pub fn after_waiting(&self, condition: &Condition, at_most: AtMost) -> Self {
        let mut after = self.clone();
        after.pass(at_most);
        after.open = after.open.max(self.open_when_met(condition, &after));
        after.answer = Some(Answer { carried: answer(condition), sure: true });
        after
    }

    /// The same after it has waited for what could not be read.
    pub fn after_something(&self, at_most: AtMost) -> Self {
        let mut after = self.clone();
        after.pass(at_most);
        let answer = Some(Answer { carried: Carried::Unread, sure: true });
        Self { open: SERVICE_WINDOW, answer, ..after }
    }

    /// Where several ways come together.
    pub fn join(ways: impl IntoIterator<Item = Self>) -> Self {
        let mut ways = ways.into_iter().filter(|way| !way.over);
        // What is said of nowhere is said once.
        let nowhere =
            Self { open: SERVICE_WINDOW, entry: Some(Span(0)), sent: BTreeMap::new(), answer: None, over: true };
        let Some(mut joined) = ways.next() else { return nowhere };
        for way in ways {
            joined.open = joined.open.min(way.open);
            joined.entry = later(joined.entry, way.entry);
            for (id, ago) in way.sent {
                let known = joined.sent.entry(id).or_insert(ago);
                *known = later(*known, ago);
            }
            joined.answer = join_answers(joined.answer, way.answer);
        }
        joined
    }

    /// How long the window stays open for certain where `condition` is true now.
    fn open_with(&self, condition: &Condition) -> Span {
        match condition {
            Condition::All(parts) => parts.iter().map(|part| self.open_with(part)).max().unwrap_or_default(),
            Condition::Any(parts) => parts.iter().map(|part| self.open_with(part)).min().unwrap_or_default(),
            Condition::Happened(happened) => self.age(happened).map_or(Span(0), left),
            Condition::ServiceWindow => Span(1),
            _ => Span(0),
        }
    }

    /// How long it stays open for certain when a wait has come to `condition`: that was true at once, or a
    /// message of theirs made it true. Only where nothing else can do that is the message a new one.
    fn open_when_met(&self, condition: &Condition, after: &Self) -> Span {
        match condition {
            Condition::Happened(_) => self.open_with(condition),
            Condition::Any(parts) => parts.iter().map(|part| self.open_when_met(part, after)).min().unwrap_or_default(),
            _ => after.open_with(condition),
        }
    }

    /// How old the newest message of theirs is at most that makes this true.
    fn age(&self, happened: &Happened) -> AtMost {
        let is_positive = match happened.counted {
            Counted::Times(Times::AtLeast(least) | Times::Exactly(least)) => least > 0,
            Counted::Newest => true,
            Counted::Times(Times::AtMost(_)) | Counted::Distinct { .. } => false,
        };
        let event = match &happened.what {
            Phrase::One(event) => Some(event.as_ref()),
            Phrase::Sequence(sequence) => sequence.steps.last().filter(|step| !step.not).map(|step| &step.event),
        };
        let event = event.filter(|event| is_positive && is_inbound(&event.verb))?;
        let window = match happened.window {
            Window::Last(Length::Elapsed(span)) => Some(Span(span.0.saturating_sub(1))),
            Window::SinceEntry => self.entry,
            _ => None,
        };
        let message = match &event.target {
            Some(Target { message: MessageTest::Step(step), .. }) => self.sent.get(step).copied().flatten(),
            _ => None,
        };
        match (window, message) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

/// How long `length` lasts at most: a day with a change of the clocks and the rest of a day come on top.
pub(super) fn longest(length: Length) -> Span {
    match length {
        Length::Elapsed(span) => span,
        calendar @ Length::Calendar { .. } => Span(calendar.longest().0.saturating_add(Span::DAY.0 + 7_200)),
    }
}

/// What the event carries that makes `condition` true.
fn answer(condition: &Condition) -> Carried {
    match condition {
        Condition::Happened(happened) => Carried::by(&happened.what),
        // Of several each can be the one; but a test on something else makes nothing of it.
        Condition::All(parts) | Condition::Any(parts) => {
            let mut found = parts.iter().map(answer).filter(|carried| *carried != Carried::Nothing);
            let first = found.next().unwrap_or(Carried::Nothing);
            if found.all(|other| other == first) { first } else { Carried::Anything }
        }
        _ => Carried::Nothing,
    }
}

fn join_answers(one: Option<Answer>, other: Option<Answer>) -> Option<Answer> {
    match (one, other) {
        (Some(one), Some(other)) if one.carried == other.carried => {
            Some(Answer { carried: one.carried, sure: one.sure && other.sure })
        }
        (Some(_), Some(_)) => Some(Answer { carried: Carried::Anything, sure: false }),
        (one, other) => one.or(other).map(|answer| Answer { sure: false, ..answer }),
    }
}

fn later(one: AtMost, other: AtMost) -> AtMost {
    one.zip(other).map(|(one, other)| one.max(other))
}

fn left(age: Span) -> Span {
    Span(SERVICE_WINDOW.0.saturating_sub(age.0).max(0))
}

fn is_inbound(verb: &Verb) -> bool {
    matches!(verb, Verb::Replied | Verb::Tapped)
}

fn open_at_start(trigger: &Trigger, grace: Span) -> Span {
    let Trigger::Event(phrase) = trigger else { return Span(0) };
    match phrase {
        Phrase::One(event) if is_inbound(&event.verb) => SERVICE_WINDOW,
        Phrase::One(_) => Span(0),
        Phrase::Sequence(sequence) => match sequence.steps.as_slice() {
            [.., last] if !last.not && is_inbound(&last.event.verb) => SERVICE_WINDOW,
            // A verdict: their message is as old as the deadline is long.
            [last] if last.not && is_inbound(&sequence.first.verb) => match last.within {
                Some(Length::Elapsed(within)) => left(Span(within.0.saturating_add(grace.0).saturating_add(1))),
                _ => Span(0),
            },
            _ => Span(0),
        },
    }
}
