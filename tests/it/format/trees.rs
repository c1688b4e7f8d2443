//! Trees of the whole language from a seed: each is one that some right text is read to.

use antiphon::diagnostic::Span;
use antiphon::dsl::format::Tree;
use antiphon::dsl::syntax::*;
use antiphon::model::rule::Via;
use antiphon::model::time::Second;
use chrono::{NaiveDate, NaiveTime, Weekday};
use rust_decimal::Decimal;

use crate::engine::chance::Chance;

/// What a tree is a tree of.
pub const KINDS: [antiphon::dsl::format::Kind; 8] = {
    use antiphon::dsl::format::Kind::*;
    [Condition, Condition, Event, Each, Span, Wait, Frequency, Limit]
};

/// Parentheses within each other, far from the bound.
const DEPTH_MAX: u32 = 4;

pub struct Trees {
    chance: Chance,
    /// A message step stands earlier in the sequence: `it` can be said.
    message_seen: bool,
}

fn at<T>(node: T) -> At<T> {
    At { span: Span::default(), node }
}

impl Trees {
    pub fn new(seed: u64) -> Self {
        Self { chance: Chance::new(seed), message_seen: false }
    }

    /// A tree of the kind.
    pub fn tree(&mut self, kind: antiphon::dsl::format::Kind) -> Tree {
        use antiphon::dsl::format::Kind;
        match kind {
            Kind::Condition => Tree::Condition(self.condition(0)),
            Kind::Event => Tree::Chain(Box::new(self.trigger(0))),
            Kind::Each => {
                let steps = 1 + self.chance.below(4);
                Tree::Chain(Box::new(self.trigger(steps)))
            }
            Kind::Span | Kind::Grace => Tree::Length(self.length()),
            Kind::Wait => Tree::Wait(self.wait()),
            Kind::Frequency => Tree::Frequency(match self.chance.below(3) {
                0 => Frequency::EveryTime,
                1 => Frequency::Once,
                _ => Frequency::OncePer(self.length()),
            }),
            Kind::Limit => Tree::Limit(Limit { messages: at(self.number(1_000)), length: self.length() }),
        }
    }

    fn yes(&mut self, percent: u64) -> bool {
        self.chance.percent(percent)
    }

    fn maybe<T>(&mut self, percent: u64, make: fn(&mut Self) -> T) -> Option<T> {
        self.yes(percent).then(|| make(self))
    }

    fn many<T>(&mut self, least: u64, more: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = least + self.chance.below(more);
        (0..count).map(|_| make(self)).collect()
    }

    fn number(&mut self, end: u64) -> u32 {
        // Small ones decide about the plural.
        let end = if self.yes(50) { 3.min(end) } else { end };
        u32::try_from(self.chance.below(end)).expect("it is small")
    }

    fn condition(&mut self, depth: u32) -> Condition {
        if depth >= DEPTH_MAX || self.yes(40) {
            let unit = self.unit();
            return at(unit);
        }
        at(match self.chance.below(5) {
            0 => ConditionKind::All(self.many(2, 3, |trees| trees.condition(depth + 1))),
            1 => ConditionKind::Any(self.many(2, 3, |trees| trees.condition(depth + 1))),
            2 => ConditionKind::Not(Box::new(self.condition(depth + 1))),
            3 => {
                let inner = self.condition(depth + 1);
                ConditionKind::ForAtLeast(Box::new(inner), self.elapsed())
            }
            _ => self.unit(),
        })
    }

    fn unit(&mut self) -> ConditionKind {
        match self.chance.below(14) {
            0 => ConditionKind::Everyone,
            1 => ConditionKind::KnownFor(self.elapsed()),
            2 => ConditionKind::InSample {
                name: self.name(),
                share: at(Decimal::new(i64::from(self.number(10_001)), 2)),
            },
            3 => ConditionKind::InSegment(self.name()),
            4 => ConditionKind::InCampaign(self.name()),
            5 => ConditionKind::ServiceWindow { open: self.yes(50) },
            6 => ConditionKind::LocalTime { from: self.time(), to: self.time() },
            7 => ConditionKind::LocalDay(
                self.many(1, 3, |trees| at(*trees.chance.one(&[Weekday::Mon, Weekday::Wed, Weekday::Sun]))),
            ),
            8 | 9 => ConditionKind::Comparison(self.comparison()),
            _ => ConditionKind::History(Box::new(self.history())),
        }
    }

    fn history(&mut self) -> History {
        let steps = if self.yes(30) { 1 + self.chance.below(4) } else { 0 };
        let chain = self.chain(steps);
        let sequence =
            steps > 0 || chain.within_of.as_ref().is_some_and(|clause| matches!(clause.of.node, Of::Message(_)));
        let was_sent = matches!(chain.first.node, EventKind::WasSent { .. });
        let was_not_sent = matches!(chain.first.node, EventKind::WasSent { not: Some(_), .. });
        let lead = match self.chance.below(8) {
            0 => Some(Lead::Has),
            1 if !was_sent => Some(Lead::HasNot),
            2 if !was_not_sent => Some(Lead::Never),
            3 if !sequence => Some(Lead::MostRecently),
            _ => None,
        };
        let countable = !sequence && !was_not_sent && lead.is_none_or(|lead| lead == Lead::Has);
        let (mut times, mut distinct) = (None, None);
        if countable && self.yes(40) {
            if self.yes(50) {
                times = Some(at(self.bound(1_001)));
            } else {
                distinct = Some(at(Distinct { bound: self.bound(101), path: self.path() }));
            }
        }
        let deadline = match chain.steps.last() {
            Some(step) => step.within.is_some(),
            None => chain.within_of.is_some(),
        };
        let never = lead == Some(Lead::Never);
        let window = match (never || deadline) && self.yes(40) {
            true => None,
            false if never => Some(WindowKind::Ever),
            // A bare `within` behind a step is the step's own.
            false => Some(self.window(steps == 0)),
        };
        let days_read_as_values = matches!(window, Some(WindowKind::FromTo(..)))
            && times.is_none()
            && distinct.is_none()
            && steps == 0
            && matches!(chain.first.node, EventKind::Changed { from: None, to: None, .. });
        let window = if days_read_as_values { Some(WindowKind::Today) } else { window };
        History { span: Span::default(), lead: lead.map(at), chain, times, distinct, window: window.map(at) }
    }

    fn bound(&mut self, end: u64) -> Bound {
        let how = *self.chance.one(&[How::AtLeast, How::AtMost, How::Exactly, How::MoreThan, How::FewerThan]);
        Bound { how, count: at(self.number(end)) }
    }

    fn window(&mut self, bare_within: bool) -> WindowKind {
        match self.chance.below(11) {
            0 => WindowKind::Ever,
            1 => WindowKind::InTheLast(self.length()),
            2 if bare_within => WindowKind::Within(self.length()),
            3 => WindowKind::This(self.calendar_unit()),
            4 => WindowKind::Today,
            5 => WindowKind::Yesterday,
            6 => WindowKind::SinceEntry,
            7 => WindowKind::Since(at(self.moment())),
            8 => WindowKind::Before(at(self.moment())),
            9 => WindowKind::On(at(self.date())),
            _ => WindowKind::FromTo(at(self.date()), at(self.date())),
        }
    }

    fn trigger(&mut self, steps: u64) -> Chain {
        loop {
            let chain = self.chain(steps);
            if !matches!(chain.first.node, EventKind::WasSent { not: Some(_), .. }) {
                return chain;
            }
        }
    }

    fn chain(&mut self, steps: u64) -> Chain {
        self.message_seen = false;
        let mut first = self.event(steps == 0);
        let answers = matches!(
            first,
            EventKind::Replied(_)
                | EventKind::Tapped { .. }
                | EventKind::Reacted { .. }
                | EventKind::RemovedReaction { .. }
        );
        let was_not_sent = matches!(first, EventKind::WasSent { not: Some(_), .. });
        let within_of = (!was_not_sent && self.yes(20)).then(|| {
            let of = if answers && self.yes(60) { Of::Answered } else { Of::Message(self.message()) };
            WithinOf { span: Span::default(), length: self.length(), of: at(of) }
        });
        // The unseen send of `within … of a message` is one of the events.
        let within_of = within_of.filter(|clause| steps < 4 || clause.of.node == Of::Answered);
        if let Some(WithinOf { of: At { node: Of::Message(_), .. }, .. }) = &within_of {
            self.message_seen = true;
            if self.yes(20) {
                first = EventKind::Replied(Box::new(Reply {
                    target: Some(Target { span: Span::default(), directly: false, message: at(MessageKind::It) }),
                    ..Reply::default()
                }));
            }
        }
        self.message_seen |= is_about_message(&first);
        let mut made: Vec<Step> = Vec::new();
        for n in 0..steps {
            let last = n + 1 == steps;
            let after_absence = made.last().is_some_and(is_absence);
            let step = self.step(last, after_absence);
            made.push(step);
        }
        Chain { span: Span::default(), first: at(first), within_of, steps: made }
    }

    fn step(&mut self, last: bool, after_absence: bool) -> Step {
        let absent = !after_absence && self.yes(30);
        let event = self.event(absent);
        let not_sent = matches!(event, EventKind::WasSent { not: Some(_), .. });
        let was_sent = matches!(event, EventKind::WasSent { .. });
        let not = (absent && !was_sent).then(Span::default);
        let absent = not.is_some() || not_sent;
        // An absence has its deadline: its own if it is the last, else the next step.
        let within = if absent { last } else { self.yes(60) };
        let within = if within { Some(at(self.length())) } else { None };
        let same = self.maybe(20, |trees| at(trees.path()));
        self.message_seen |= !absent && is_about_message(&event);
        Step { span: Span::default(), not, event: at(event), same, within }
    }

    /// `absent`: `was not sent` may stand here.
    fn event(&mut self, absent: bool) -> EventKind {
        match self.chance.below(14) {
            0..4 => EventKind::Replied(Box::new(Reply {
                text: self.maybe(60, Self::text_test),
                target: self.maybe(30, Self::target),
                via: self.maybe(20, |trees| {
                    at(*trees.chance.one(&[Via::Text, Via::Button, Via::List, Via::Media, Via::Flow]))
                }),
                filter: self.maybe(25, |trees| trees.test(0)),
            })),
            4 => EventKind::Reacted {
                emoji: self.maybe(50, |trees| trees.words(false)),
                target: self.maybe(40, Self::target),
            },
            5 => EventKind::RemovedReaction { target: self.maybe(40, Self::target) },
            6 => EventKind::Tapped {
                what: self.maybe(70, |trees| match trees.yes(40) {
                    true => Tap::Id(trees.quoted()),
                    false => Tap::Title(trees.words(false)),
                }),
                target: self.maybe(40, Self::target),
            },
            7 => EventKind::WasSent { not: (absent && self.yes(50)).then(Span::default), message: self.message() },
            8 => EventKind::Received(self.message()),
            9 => match self.yes(50) {
                true => EventKind::Read(self.message()),
                false => EventKind::FailedToReceive(self.message()),
            },
            10 | 11 => EventKind::Performed { name: self.name(), filter: self.maybe(50, |trees| trees.test(0)) },
            12 => match self.yes(50) {
                true => EventKind::Segment { went: *self.chance.one(&[Went::Entered, Went::Left]), name: self.name() },
                false => EventKind::Campaign {
                    went: *self.chance.one(&[Went::Entered, Went::Left, Went::Finished, Went::ConvertedIn]),
                    name: self.name(),
                },
            },
            _ => EventKind::Changed {
                path: self.path(),
                // Two days as values are taken for a window that is missing.
                from: self.maybe(40, |trees| at(LiteralKind::Text(trees.words_of_text()))),
                to: self.maybe(40, Self::literal),
            },
        }
    }

    fn text_test(&mut self) -> TextTest {
        at(match self.chance.below(6) {
            0 | 1 => TextTestKind::Whole(self.words(true)),
            2 => TextTestKind::Containing(self.words(true)),
            3 => TextTestKind::StartingWith(self.words(true)),
            4 => TextTestKind::Exactly(self.quoted()),
            _ => TextTestKind::Matching(self.pattern()),
        })
    }

    /// `bare`: a keyword in capitals may stand here without quotes.
    fn words(&mut self, bare: bool) -> Words {
        if self.yes(40) {
            return Words::AnyOf(self.list());
        }
        if bare && self.yes(60) {
            let text = (*self.chance.one(&["YES", "NO", "A", "1ST", "24H", "OK2", "WITHIN", "EVER"])).to_owned();
            return Words::One(Text { span: Span::default(), text, bare: true });
        }
        Words::One(self.quoted())
    }

    fn quoted(&mut self) -> Text {
        Text { span: Span::default(), text: self.words_of_text(), bare: false }
    }

    fn words_of_text(&mut self) -> String {
        const TEXTS: [&str; 14] = [
            "",
            "yes",
            "YES",
            "two words",
            "say \"no\"",
            "back\\slash",
            "a # b",
            "(x",
            "]",
            "sí 👍🏽",
            "line\nbreak\ttab",
            "\u{202e}\u{0}",
            "'",
            "person.x and not",
        ];
        (*self.chance.one(&TEXTS)).to_owned()
    }

    fn name(&mut self) -> Name {
        let name = *self.chance.one(&["winter", "silent-30d", "order_placed", "Ä name", "and", "2-x"]);
        at(name.to_owned())
    }

    fn pattern(&mut self) -> Pattern {
        let pattern =
            *self.chance.one(&["abc", "a b", r"\bAB-?[0-9]{4}\b", r"a\/b", "(?i)x", "(?is)x#y", "\"`", "[(]"]);
        at(pattern.to_owned())
    }

    fn list(&mut self) -> List {
        at(match self.yes(30) {
            true => ListKind::Named((*self.chance.one(&["affirm", "deny", "A_1"])).to_owned()),
            false => ListKind::Literals(self.many(1, 12, Self::literal)),
        })
    }

    fn literal(&mut self) -> Literal {
        at(match self.chance.below(6) {
            0..3 => LiteralKind::Text(self.words_of_text()),
            3 => LiteralKind::Number(*self.chance.one(&[
                Decimal::ZERO,
                Decimal::new(-15, 1),
                Decimal::new(150, 2),
                Decimal::new(i64::MAX, 0),
            ])),
            4 => LiteralKind::Boolean(self.yes(50)),
            _ => LiteralKind::Moment(self.moment()),
        })
    }

    fn target(&mut self) -> Target {
        Target { span: Span::default(), directly: self.yes(30), message: self.message() }
    }

    fn message(&mut self) -> Message {
        at(match self.chance.below(6) {
            0 if self.message_seen => MessageKind::It,
            1 => MessageKind::Any,
            2 => MessageKind::Step(self.name()),
            3 => MessageKind::Template(self.name()),
            _ => MessageKind::Campaign { name: self.name(), step: self.maybe(40, Self::name) },
        })
    }

    fn test(&mut self, depth: u32) -> Test {
        if depth >= DEPTH_MAX || self.yes(50) {
            return at(TestKind::Comparison(self.comparison()));
        }
        at(match self.chance.below(3) {
            0 => TestKind::All(self.many(2, 3, |trees| trees.test(depth + 1))),
            1 => TestKind::Any(self.many(2, 3, |trees| trees.test(depth + 1))),
            _ => TestKind::Not(Box::new(self.test(depth + 1))),
        })
    }

    fn comparison(&mut self) -> Comparison {
        let missing = *self.chance.one(&[None, None, Some(IfMissing::True), Some(IfMissing::False)]);
        Comparison { span: Span::default(), path: self.path(), operator: at(self.operator()), missing: missing.map(at) }
    }

    fn operator(&mut self) -> OperatorKind {
        use OperatorKind as Op;
        match self.chance.below(17) {
            0 => Op::Missing,
            1 => Op::Present,
            2 => Op::Is(self.literal()),
            3 => Op::IsNot(self.literal()),
            4 => Op::OneOf(self.list()),
            5 => Op::NotOneOf(self.list()),
            6 => Op::More(self.literal()),
            7 => Op::AtLeast(self.literal()),
            8 => Op::Less(self.literal()),
            9 => Op::AtMost(self.literal()),
            10 => Op::Contains(self.element()),
            11 => Op::DoesNotContain(self.element()),
            12 => Op::StartsWith(self.quoted()),
            13 => Op::EndsWith(self.quoted()),
            14 => Op::Matches(self.pattern()),
            _ => Op::Time(self.time_test()),
        }
    }

    /// `contains` knows texts and numbers.
    fn element(&mut self) -> Literal {
        at(match self.yes(50) {
            true => LiteralKind::Text(self.words_of_text()),
            false => LiteralKind::Number(Decimal::new(25, 1)),
        })
    }

    fn time_test(&mut self) -> TimeTest {
        use TimeTest as T;
        match self.chance.below(14) {
            0 => T::InTheNext(self.length()),
            1 => T::InTheLast(self.length()),
            2 => T::InThePast,
            3 => T::InTheFuture,
            4 => T::MoreThanAgo(self.length()),
            5 => T::LessThanAgo(self.length()),
            6 => T::MoreThanAway(self.length()),
            7 => T::LessThanAway(self.length()),
            8 => T::Before(at(self.moment())),
            9 => T::After(at(self.moment())),
            10 => T::On(at(self.moment())),
            11 => T::Today,
            12 => T::Yesterday,
            _ => T::Tomorrow,
        }
    }

    fn path(&mut self) -> Path {
        const PATHS: [(Root, &str); 13] = [
            (Root::None, "plan"),
            (Root::None, "a.b.c"),
            (Root::None, "message"),
            (Root::None, "last"),
            (Root::None, "within.x"),
            (Root::None, "a.within"),
            (Root::None, "two words"),
            (Root::None, "person.plan"),
            (Root::None, "person"),
            (Root::None, "größe"),
            (Root::Person, "last"),
            (Root::Person, "plan.name"),
            (Root::Event, "via"),
        ];
        let (root, name) = *self.chance.one(&PATHS);
        Path { span: Span::default(), root, name: name.to_owned() }
    }

    fn wait(&mut self) -> Wait {
        match self.chance.below(3) {
            0 => Wait::For(self.length()),
            1 => Wait::UntilTime(self.time()),
            _ => Wait::Until {
                path: self.path(),
                offset: self.maybe(60, |trees| Offset { back: trees.yes(50), length: trees.length() }),
            },
        }
    }

    /// At least one of a unit.
    fn length(&mut self) -> Length {
        let unit = match self.yes(25) {
            true => Unit::Calendar(self.calendar_unit()),
            false => *self.chance.one(&[Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week]),
        };
        Length { span: Span::default(), amount: 1 + self.number(90), unit }
    }

    fn elapsed(&mut self) -> Length {
        loop {
            let length = self.length();
            if length.elapsed().is_some() {
                return length;
            }
        }
    }

    fn calendar_unit(&mut self) -> CalendarUnit {
        *self.chance.one(&[CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month, CalendarUnit::Year])
    }

    fn moment(&mut self) -> MomentKind {
        match self.yes(50) {
            true => MomentKind::Date(self.date()),
            false => MomentKind::Time(Second(i64::try_from(self.chance.below(4_000_000_000)).expect("it is small"))),
        }
    }

    fn date(&mut self) -> NaiveDate {
        let day = self.chance.below(20_000);
        NaiveDate::default() + chrono::Days::new(day)
    }

    fn time(&mut self) -> At<NaiveTime> {
        let (hour, minute) = (self.number(24), self.number(60));
        at(NaiveTime::from_hms_opt(hour, minute, 0).expect("there is such a time"))
    }
}

fn is_about_message(event: &EventKind) -> bool {
    matches!(
        event,
        EventKind::WasSent { .. } | EventKind::Received(_) | EventKind::Read(_) | EventKind::FailedToReceive(_)
    )
}

fn is_absence(step: &Step) -> bool {
    step.not.is_some() || matches!(step.event.node, EventKind::WasSent { not: Some(_), .. })
}
