//! Counts and sequences of events within a window, in words.

use super::Describer;
use super::event::{self, Number, at_most_after, that};
use super::outline::Outline;
use crate::dsl::words::{date, days_back, deadline_day, exact, grouped, length, name, span, weekday};
use crate::model::rule::{Counted, Happened, Match, Phrase, Point, Sequence, Then, Times, Verb, Window};
use crate::model::time::{CalendarUnit, Length, Span};

/// How many, once `not` is worked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    /// Whatever happened.
    Any,
    Some,
    No,
    AtLeast(u32),
    AtMost(u32),
    Exactly(u32),
    AnythingBut(u32),
    /// No number is one.
    Never,
}

impl Quantity {
    fn of(times: Times, negated: bool) -> Self {
        match (times, negated) {
            (Times::AtLeast(0), false) => Self::Any,
            (Times::AtLeast(0), true) => Self::Never,
            (Times::AtLeast(1), false) | (Times::AtMost(0) | Times::Exactly(0), true) => Self::Some,
            (Times::AtLeast(1), true) | (Times::AtMost(0) | Times::Exactly(0), false) => Self::No,
            (Times::AtLeast(k), false) => Self::AtLeast(k),
            (Times::AtLeast(k), true) => Self::AtMost(k - 1),
            (Times::AtMost(k), false) => Self::AtMost(k),
            (Times::AtMost(k), true) => Self::AtLeast(k.saturating_add(1)),
            (Times::Exactly(k), false) => Self::Exactly(k),
            (Times::Exactly(k), true) => Self::AnythingBut(k),
        }
    }

    /// The number, where more or fewer than one is meant.
    fn words(self) -> String {
        match self {
            Self::Any | Self::Never => "any number of".to_owned(),
            Self::Some => "at least 1".to_owned(),
            Self::No => "no".to_owned(),
            Self::AtLeast(k) => format!("at least {}", grouped(k)),
            Self::AtMost(k) => format!("at most {}", grouped(k)),
            Self::Exactly(k) => format!("exactly {}", grouped(k)),
            Self::AnythingBut(k) => format!("any number but {}", grouped(k)),
        }
    }

    fn is_one(self) -> bool {
        matches!(self, Self::AtMost(1) | Self::Exactly(1) | Self::AnythingBut(1))
    }

    /// Whether nothing at all fits too, which is easily forgotten.
    fn takes_none(self) -> bool {
        matches!(self, Self::AtMost(_) | Self::AnythingBut(_))
    }
}

impl Describer<'_> {
    /// What happened, or that it did not.
    #[must_use]
    pub fn happened(&self, happened: &Happened, negated: bool) -> Outline {
        let Happened { what, counted, window } = happened;
        match (what, counted) {
            (Phrase::One(rule), Counted::Times(times)) => {
                Outline::leaf(self.times(rule, Quantity::of(*times, negated), *window))
            }
            (Phrase::One(rule), Counted::Distinct { times, property }) => {
                Outline::leaf(self.distinct(rule, Quantity::of(*times, negated), property, *window))
            }
            (Phrase::One(rule), Counted::Newest) => Outline::leaf(self.newest(rule, *window, negated)),
            // Sequences are not counted: they are there or not.
            (Phrase::Sequence(sequence), Counted::Times(times)) => {
                let negated = match Quantity::of(*times, negated) {
                    Quantity::No | Quantity::AtMost(_) | Quantity::Never => true,
                    Quantity::Any
                    | Quantity::Some
                    | Quantity::AtLeast(_)
                    | Quantity::Exactly(_)
                    | Quantity::AnythingBut(_) => false,
                };
                self.sequence_in(sequence, *window, negated)
            }
            (Phrase::Sequence(sequence), Counted::Distinct { .. } | Counted::Newest) => {
                self.sequence_in(sequence, *window, negated)
            }
        }
    }

    fn times(&self, rule: &Match, quantity: Quantity, window: Window) -> String {
        let when = self.when(window);
        let ever = window == Window::Ever;
        match quantity {
            Quantity::Any => "anything is so (any number counts, also none)".to_owned(),
            Quantity::Never => "nothing is so (no number fits)".to_owned(),
            Quantity::Some => format!("{when} {}", self.deed(rule, false, "that very message")),
            Quantity::No if ever => {
                let noun = self.noun(rule);
                let (who, did) = noun.did.split_once(' ').unwrap_or(("they", noun.did));
                let qualities = self.qualities(rule, "that very message", Number::One);
                format!("{who} never {did} {}{qualities}", noun.with_article())
            }
            Quantity::No => format!("{when} {}", self.deed(rule, true, "that very message")),
            quantity => {
                let noun = self.noun(rule);
                let (number, one) = if quantity.is_one() { (Number::One, noun.one) } else { (Number::Many, noun.many) };
                let none = if quantity.takes_none() { " (none counts too)" } else { "" };
                let qualities = self.qualities(rule, "that very message", number);
                let when = if ever { "altogether".to_owned() } else { when };
                format!("{when} {} {} {one}{qualities}{none}", noun.did, quantity.words())
            }
        }
    }

    fn distinct(&self, rule: &Match, quantity: Quantity, property: &str, window: Window) -> String {
        let noun = self.noun(rule);
        let events = format!("{} {}{}", noun.many, noun.of, self.qualities(rule, "that very message", Number::Many));
        let values = match quantity {
            Quantity::Some => "a value".to_owned(),
            Quantity::No => "no value".to_owned(),
            quantity if quantity.is_one() => format!("{} different value", quantity.words()),
            quantity => format!("{} different values", quantity.words()),
        };
        let none = if quantity.takes_none() { ", or none at all" } else { "" };
        let when = if window == Window::Ever { "altogether".to_owned() } else { self.when(window) };
        format!("{when} the {events} had {values} of {}{none}", name(property))
    }

    /// Of all events of the verb, `to` and `via` only the newest is looked at.
    fn newest(&self, rule: &Match, window: Window, negated: bool) -> String {
        let mut kind = Match { text: None, filter: None, in_time: None, ..rule.clone() };
        // Of deliveries the message is part of the test, and not of what the newest is the newest of.
        let message = is_message(rule).then(|| kind.target.take()).flatten();
        let identity = that(&self.identity(&kind, "that very message"));
        let noun = self.noun(&kind);
        let newest = format!("the newest {} {}{identity}", noun.one, noun.of);
        let is = match message {
            Some(target) => format!("is {}{}", event::message(&target.message), self.content(rule)),
            None => match self.content(rule) {
                content if content.is_empty() => "is there".to_owned(),
                content => format!("is one{content}"),
            },
        };
        let when = if window == Window::Ever { String::new() } else { format!(", and is from {}", self.since(window)) };
        let not = if negated { "it is not so that " } else { "" };
        format!("{not}{newest} {is}{when}")
    }

    /// The window as a stretch of time, behind `from`.
    fn since(&self, window: Window) -> String {
        let when = self.when(window);
        when.strip_prefix("in ").or_else(|| when.strip_prefix("on ")).unwrap_or(&when).to_owned()
    }

    fn sequence_in(&self, sequence: &Sequence, window: Window, negated: bool) -> Outline {
        let when = self.when(window);
        let head = match (negated, window) {
            (false, Window::Ever) => "at some time this happened, in this order:".to_owned(),
            (true, Window::Ever) => "this never happened, in this order:".to_owned(),
            (false, _) => format!("{when} this became complete, in this order:"),
            (true, _) => format!("{when} this did not become complete, in this order:"),
        };
        self.sequence(sequence, head)
    }

    /// The steps of a sequence below `head`, and when its verdict falls.
    #[must_use]
    pub fn sequence(&self, sequence: &Sequence, head: impl Into<String>) -> Outline {
        let mut places = Places { before: 1, message: is_message(&sequence.first).then_some(1) };
        let mut steps = vec![Outline::leaf(self.deed(&sequence.first, false, "that very message"))];
        let last = sequence.steps.len() + 1;
        for (number, step) in (2..).zip(&sequence.steps) {
            let mut said = self.then(step, &places);
            said.push_str(&match (step.not, step.within) {
                (false, None) => String::new(),
                (false, Some(within)) => format!(", {}", at_most_after(within, &places.before.to_string())),
                (true, Some(within)) if number == last => format!(
                    ", up to {}; decided {}",
                    deadline(within, places.before),
                    verdict(within, sequence.grace, places.before)
                ),
                (true, _) => format!(", before {}", number + 1),
            });
            steps.push(Outline::leaf(said));
            if !step.not {
                places.before = number;
                if is_message(&step.event) {
                    places.message = Some(number);
                }
            }
        }
        Outline::numbered(head, steps)
    }

    fn then(&self, step: &Then, places: &Places) -> String {
        let it = places.message.map_or_else(|| "that very message".to_owned(), |n| format!("the message of {n}"));
        let event = self.deed(&step.event, step.not, &it);
        let same = step.same.as_ref().map_or_else(String::new, |property| {
            format!(", with the same {} as {} (both have one)", name(property), places.before)
        });
        format!("then {event}{same}")
    }

    /// Where a window lies, to stand in front of `there was`.
    #[must_use]
    pub fn when(&self, window: Window) -> String {
        match window {
            Window::Ever => "at some time".to_owned(),
            Window::Last(Length::Elapsed(span)) => format!("in the last {}", exact(span)),
            Window::Last(calendar @ Length::Calendar { amount, unit }) => {
                format!("in the last {} ({}, local time)", length(calendar), days_back(amount, unit))
            }
            Window::This(CalendarUnit::Day) => "today (local day)".to_owned(),
            Window::This(CalendarUnit::Week) => {
                let first = weekday(self.rules.schema.week_starts);
                format!("this week (since {first} 00:00, local time)")
            }
            Window::This(CalendarUnit::Month) => "this month (since the 1st 00:00, local time)".to_owned(),
            Window::This(CalendarUnit::Year) => "this year (since 1 January 00:00, local time)".to_owned(),
            Window::Yesterday => "yesterday (the whole local day)".to_owned(),
            Window::Since(Point::Instant(at)) => format!("since {} (that second included)", at.rfc3339()),
            Window::Since(Point::Day(day)) => format!("since the local day {} began", date(day)),
            Window::Before(Point::Instant(at)) => format!("before {} (that second not included)", at.rfc3339()),
            Window::Before(Point::Day(day)) => format!("before the local day {} began", date(day)),
            Window::Days(from, to) if from == to => format!("on the local day {}", date(from)),
            Window::Days(from, to) => format!("on the local days from {} to {}, both whole", date(from), date(to)),
            Window::SinceEntry => "since this journey began".to_owned(),
        }
    }
}

/// What a step of a sequence refers back to, by number.
struct Places {
    /// The nearest earlier step without `not`.
    before: usize,
    /// The nearest earlier one that is about a message.
    message: Option<usize>,
}

/// Whether `to it` behind this event means its message.
#[must_use]
pub fn is_message(rule: &Match) -> bool {
    matches!(rule.verb, Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive)
}

fn deadline(within: Length, from: usize) -> String {
    match within {
        Length::Elapsed(span) => format!("{} after {from} (that second included)", exact(span)),
        Length::Calendar { amount, unit } => deadline_day(amount, unit, &from.to_string()),
    }
}

/// When it is decided that something did not come.
fn verdict(within: Length, grace: Span, from: usize) -> String {
    let waits = if grace == Span(0) { String::new() } else { format!(", {} of grace included", span(grace)) };
    match within {
        Length::Elapsed(length) => {
            format!("{} after {from}{waits}", exact(Span(length.0.saturating_add(grace.0).saturating_add(1))))
        }
        Length::Calendar { .. } => format!("{} later{waits}", span(Span(grace.0.saturating_add(1)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_and_its_negation_cover_all_numbers() {
        let holds = |quantity: Quantity, n: u32| match quantity {
            Quantity::Any => true,
            Quantity::Never => false,
            Quantity::Some => n >= 1,
            Quantity::No => n == 0,
            Quantity::AtLeast(k) => n >= k,
            Quantity::AtMost(k) => n <= k,
            Quantity::Exactly(k) => n == k,
            Quantity::AnythingBut(k) => n != k,
        };
        for k in 0..4 {
            for times in [Times::AtLeast(k), Times::AtMost(k), Times::Exactly(k)] {
                for n in 0..6 {
                    assert_eq!(holds(Quantity::of(times, false), n), times.holds(n), "{times:?} {n}");
                    assert_eq!(holds(Quantity::of(times, true), n), !times.holds(n), "not {times:?} {n}");
                }
            }
        }
    }
}
