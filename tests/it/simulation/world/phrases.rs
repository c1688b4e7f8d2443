//! Random event phrases: one event, sequences, how often, and when.

use antiphon::model::compare::{Comparison, Op};
use antiphon::model::rule::{
    Change, Counted, Happened, Match, MessageTest, Move, Phrase, Sequence, Target, Test, TextTest, Then, Times, Verb,
    Via, Window,
};
use antiphon::model::time::{CalendarUnit, Span};
use antiphon::model::value::{Type, Value};

use super::happenings::{SENDERS, STEPS};
use super::rules::Parts;
use super::{Dice, Feature, Scale};

const WORDS: [&str; 7] = ["YES", "no", "please", "Si", "👍", "yes please", "?!"];

impl Dice<'_> {
    pub fn happened(&mut self, of: &Parts) -> Happened {
        let window = self.window();
        if self.percent(if self.has(Feature::Chains) { 45 } else { 30 }) {
            let times = self.one(&[Times::AtLeast(1), Times::AtLeast(1), Times::AtMost(0), Times::Exactly(0)]);
            return Happened { what: self.sequence(of), counted: times.into(), window };
        }
        let number = u32::try_from(self.below(4)).expect("small");
        let times = match self.below(5) {
            0..3 => Times::AtLeast(number.max(1)),
            3 => Times::AtMost(number),
            _ => Times::Exactly(number),
        };
        let counted = match self.below(10) {
            0 | 1 if self.has(Feature::Counts) => Counted::Newest,
            2 | 3 if self.has(Feature::Counts) => {
                Counted::Distinct { times, property: self.word(&["cart", "cart", "total", "body"]) }
            }
            _ => times.into(),
        };
        Happened { what: Phrase::One(Box::new(self.any_test(of))), counted, window }
    }

    fn window(&mut self) -> Window {
        let units = [CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month, CalendarUnit::Year];
        match self.below(10) {
            0..3 => Window::Ever,
            3 | 4 if self.has(Feature::Windows) => {
                let point = self.point();
                self.one(&[Window::Since(point), Window::Before(point)])
            }
            5..9 if self.scale == Scale::Days => match self.below(5) {
                0 => Window::This(self.one(&units)),
                1 => Window::Yesterday,
                2 if self.has(Feature::Windows) => {
                    let (one, other) = (self.day(), self.day());
                    Window::Days(one.min(other), one.max(other))
                }
                _ => Window::Last(self.days()),
            },
            _ => Window::last(self.span()),
        }
    }

    /// One of the shared tests, or another.
    pub fn any_test(&mut self, of: &Parts) -> Match {
        if self.percent(50) { self.one(&of.tests) } else { self.event_test(of) }
    }

    pub fn sequence(&mut self, of: &Parts) -> Phrase {
        let first = self.any_test(of);
        if !self.has(Feature::Chains) {
            let (then, within) = (self.any_test(of), self.span());
            return Phrase::pair(first, then, within);
        }
        let mut knows_it = is_message_step(&first);
        let mut steps = Vec::new();
        let positive = self.one(&[0, 1, 1, 1, 2, 2, 3]);
        for _ in 0..positive {
            if self.percent(25) {
                steps.push(Then { within: None, ..self.step(true, knows_it, of) });
            }
            let step = self.step(false, knows_it, of);
            knows_it |= is_message_step(&step.event);
            steps.push(step);
        }
        if steps.is_empty() || self.percent(30) {
            let within = Some(self.length());
            steps.push(Then { within, ..self.step(true, knows_it, of) });
        }
        let grace = Span(self.one(&[0, 0, 2]));
        Phrase::Sequence(Box::new(Sequence { first, steps, grace }))
    }

    fn step(&mut self, not: bool, knows_it: bool, of: &Parts) -> Then {
        let mut event = self.any_test(of);
        let about = !matches!(event.verb, Verb::Performed(_) | Verb::Moved(_) | Verb::Changed(_));
        if knows_it && about && self.percent(40) {
            event.target = Some(Target { message: MessageTest::It, directly: false });
        }
        let same = self.percent(20).then(|| self.word(&["cart", "total", "body"]));
        let within = (!self.percent(30)).then(|| self.length());
        Then { not, event, same, within }
    }

    pub fn event_test(&mut self, of: &Parts) -> Match {
        let verb = self.verb(of);
        let says = matches!(verb, Verb::Replied | Verb::Tapped | Verb::Reacted);
        let answers = says || verb == Verb::RemovedReaction;
        let performed = matches!(verb, Verb::Performed(_));
        let derived = matches!(verb, Verb::Moved(_) | Verb::Changed(_));
        let about = !performed && !derived;
        let filtered = if performed { 60 } else { 12 };
        Match {
            text: (says && self.percent(55)).then(|| self.text_test()),
            target: (about && self.percent(25)).then(|| {
                let message = self.message_test();
                Target { message, directly: answers && self.percent(20) }
            }),
            via: (verb == Verb::Replied && self.percent(12)).then(|| self.one(&[Via::Text, Via::Button, Via::Media])),
            filter: ((performed || says) && self.percent(filtered)).then(|| self.test(2)),
            in_time: (answers && self.percent(20)).then(|| self.length()),
            verb,
        }
    }

    fn verb(&mut self, of: &Parts) -> Verb {
        match self.below(15) {
            0..4 => Verb::Replied,
            4 => Verb::Tapped,
            5 => Verb::Reacted,
            6 | 7 => Verb::WasSent,
            8 => self.one(&[Verb::Received, Verb::Read, Verb::FailedToReceive, Verb::RemovedReaction]),
            9 | 10 if self.has(Feature::Changed) => Verb::Changed(Box::new(self.change())),
            11 if self.has(Feature::Moves) => {
                let name = self.one(&of.segments);
                Verb::Moved(self.one(&[Move::EnteredSegment(name.clone()), Move::LeftSegment(name)]))
            }
            12 if self.has(Feature::Journeys) && !of.campaigns.is_empty() => {
                let name = self.one(&of.campaigns);
                Verb::Moved(self.one(&[
                    Move::EnteredCampaign(name.clone()),
                    Move::LeftCampaign(name.clone()),
                    Move::FinishedCampaign(name),
                ]))
            }
            _ => Verb::Performed(self.word(&["paid", "seen"])),
        }
    }

    fn change(&mut self) -> Change {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let number = |number: i64| Some(Value::Number(number.into()));
        let (name, ty, values) = match self.below(4) {
            0 | 1 => ("plan", Some(Type::Text), [text("free"), text("pro"), None]),
            2 => ("score", Some(Type::Number), [number(1), number(2), None]),
            _ => ("score", None, [None, None, None]),
        };
        Change { name: name.to_owned(), ty, from: self.one(&values), to: self.one(&values) }
    }

    fn message_test(&mut self) -> MessageTest {
        match self.below(4) {
            0 => MessageTest::Any,
            1 => MessageTest::Template("offer".to_owned()),
            _ => MessageTest::Campaign {
                campaign: self.word(&SENDERS),
                step: self.percent(30).then(|| self.word(&STEPS)),
            },
        }
    }

    fn text_test(&mut self) -> TextTest {
        let words = (0..1 + self.below(2)).map(|_| self.word(&WORDS)).collect();
        match self.below(10) {
            0..4 => TextTest::AnyOf(words),
            4 | 5 => TextTest::Containing(words),
            6 | 7 => TextTest::StartingWith(words),
            8 => self.one(&[TextTest::Exactly("YES".to_owned()), TextTest::ButtonId("b1".to_owned())]),
            _ => TextTest::Matching("(?i)yes.".to_owned()),
        }
    }

    fn test(&mut self, depth: u32) -> Test {
        let inner = depth.saturating_sub(1);
        match self.below(if depth == 0 { 6 } else { 9 }) {
            6 => Test::Not(Box::new(self.test(inner))),
            7 => Test::All(vec![self.test(inner), self.test(inner)]),
            8 => Test::Any(vec![self.test(inner), self.test(inner)]),
            5 => Test::Person(self.comparison()),
            n => {
                let (name, op) = match n {
                    0 => ("total", Op::AtLeast(Value::Number(1.into()))),
                    1 => ("total", Op::Is(Value::Number(2.into()))),
                    2 => ("cart", Op::OneOf(vec![Value::Text("a".to_owned())])),
                    3 => ("answers", Op::Missing),
                    _ => ("due", Op::Time(self.time_test())),
                };
                Test::Property(Comparison { name: name.to_owned(), ty: None, op, if_missing: self.percent(20) })
            }
        }
    }
}

/// Whether `it` can mean the message of this step.
fn is_message_step(event: &Match) -> bool {
    matches!(event.verb, Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive)
}
