//! Random rule sets: segments that build on each other, and campaigns between them.

use antiphon::model::compare::{Comparison, Op, TimeTest};
use antiphon::model::rule::{
    Action, Campaign, Condition, Phrase, Point, RuleSet, SegmentKind, Share, Step, Trigger, Wait,
};
use antiphon::model::time::{CalendarUnit, Length, Second, Span};
use antiphon::model::value::{Type, Value};
use chrono::{NaiveDate, NaiveTime, Weekday};

use super::{Dice, Feature, Scale, ZONES};
use crate::engine::life;
use antiphon::model::rule::Match;

/// What conditions are made of so far: each rule names only what stands before it. They share event tests, and
/// so memories.
#[derive(Default)]
pub struct Parts {
    pub segments: Vec<String>,
    pub campaigns: Vec<String>,
    pub tests: Vec<Match>,
}

impl Dice<'_> {
    pub fn rules(&mut self) -> RuleSet {
        self.rules_of_tests().0
    }

    /// Rules, and the event tests that their conditions share.
    pub fn rules_of_tests(&mut self) -> (RuleSet, Vec<Match>) {
        let mut parts = Parts { segments: vec!["m".to_owned()], ..Parts::default() };
        parts.tests = (0..2).map(|_| self.event_test(&parts)).collect();
        let mut rules = RuleSet { segments: vec![life::manual("m")], ..RuleSet::default() };
        if self.scale == Scale::Days {
            rules.schema.time_zone = self.word(&ZONES);
            rules.schema.person_time_zone = Some("zone".to_owned());
            rules.schema.week_starts = self.one(&[Weekday::Mon, Weekday::Sun, Weekday::Sat]);
        }
        let campaigns = self.below(3);
        for number in 0..1 + self.below(4) {
            let name = format!("s{number}");
            rules.segments.push(life::segment(&name, self.condition(3, &parts)));
            parts.segments.push(name);
            if number < campaigns {
                let campaign = self.campaign(number, &parts);
                parts.campaigns.push(campaign.name.clone());
                rules.campaigns.push(campaign);
            }
        }
        (rules, parts.tests)
    }

    /// The same rules as an author leaves them: some conditions say something else, a segment is new, most stays.
    pub fn amended(&mut self, rules: &RuleSet, tests: &[Match]) -> RuleSet {
        let mut later = rules.clone();
        let mut parts = Parts { tests: tests.to_vec(), ..Parts::default() };
        for segment in &mut later.segments {
            if let SegmentKind::Data(condition) = &mut segment.kind
                && self.percent(40)
            {
                *condition = self.condition(2, &parts);
            }
            parts.segments.push(segment.name.clone());
            // A campaign stands behind the segment of its number, and may be named from then on.
            let number = segment.name.trim_start_matches('s');
            let campaigns = rules.campaigns.iter().filter(|campaign| campaign.name.trim_start_matches('c') == number);
            parts.campaigns.extend(campaigns.map(|campaign| campaign.name.clone()));
        }
        if self.percent(50) {
            let condition = self.condition(3, &parts);
            later.segments.push(life::segment("s4", condition));
        }
        for campaign in &mut later.campaigns {
            if let Trigger::Becomes(condition) = &mut campaign.trigger
                && self.percent(20)
            {
                *condition = Condition::Not(Box::new(condition.clone()));
            }
        }
        later
    }

    fn campaign(&mut self, number: u64, of: &Parts) -> Campaign {
        let trigger = match self.below(3) {
            0 if self.has(Feature::Triggers) => Trigger::Event(Phrase::One(Box::new(self.any_test(of)))),
            1 if self.has(Feature::Triggers) => Trigger::Event(self.sequence(of)),
            _ => Trigger::Becomes(self.condition(2, of)),
        };
        let wait = Step { id: "wait".to_owned(), condition: None, action: Action::Wait(Wait::For(self.span().into())) };
        let steps = if self.has(Feature::Journeys) && self.percent(60) { vec![wait] } else { Vec::new() };
        let filter = (self.has(Feature::Filters) && self.percent(30)).then(|| match self.below(4) {
            0 => self.wall_clock(),
            _ => self.condition(1, of),
        });
        Campaign { max_event_age: Span::days(36_500), filter, ..Campaign::new(format!("c{number}"), trigger, steps) }
    }

    fn wall_clock(&mut self) -> Condition {
        let mut time = || NaiveTime::from_hms_opt(u32::try_from(self.chance.below(24)).expect("small"), 0, 0);
        let (from, to) = (time().expect("a time"), time().expect("a time"));
        if self.percent(70) {
            Condition::LocalTime { from, to }
        } else {
            Condition::LocalDay(vec![Weekday::Mon, Weekday::Sat, Weekday::Sun])
        }
    }

    pub fn condition(&mut self, depth: u32, of: &Parts) -> Condition {
        let inner = depth.saturating_sub(1);
        match self.below(if depth == 0 { 75 } else { 112 }) {
            0..2 => Condition::Everyone,
            2..10 => Condition::Attribute(self.comparison()),
            10..17 => Condition::InSegment(self.one(&of.segments)),
            17..21 => Condition::KnownFor(self.span()),
            21..23 if self.has(Feature::Sample) => {
                let share = Share(self.one(&[0, 2_500, 5_000, 10_000]));
                Condition::InSample { name: self.word(&["a", "b", "c", "d"]), share }
            }
            23..25 if self.has(Feature::ServiceWindow) => Condition::ServiceWindow,
            25..30 if self.has(Feature::Journeys) && !of.campaigns.is_empty() => {
                Condition::InCampaign(self.one(&of.campaigns))
            }
            75..84 => Condition::Not(Box::new(self.condition(inner, of))),
            84..92 => Condition::All(vec![self.condition(inner, of), self.condition(inner, of)]),
            92..100 => Condition::Any(vec![self.condition(inner, of), self.condition(inner, of)]),
            100.. if self.has(Feature::HeldFor) => {
                Condition::HeldFor { condition: Box::new(self.condition(inner, of)), span: self.span() }
            }
            _ => Condition::Happened(Box::new(self.happened(of))),
        }
    }

    /// A number of days, weeks or months.
    pub fn days(&mut self) -> Length {
        let (amount, unit) = self.one(&[
            (1, CalendarUnit::Day),
            (2, CalendarUnit::Day),
            (3, CalendarUnit::Day),
            (1, CalendarUnit::Week),
            (1, CalendarUnit::Month),
        ]);
        Length::Calendar { amount, unit }
    }

    pub fn length(&mut self) -> Length {
        let local = self.scale == Scale::Days && self.percent(50);
        if local { self.days() } else { self.span().into() }
    }

    pub fn day(&mut self) -> NaiveDate {
        let near = self.start.0 + 86_400 * self.one(&[-1, 0, 0, 1, 2]);
        chrono::DateTime::from_timestamp(near, 0).expect("near").date_naive()
    }

    pub fn point(&mut self) -> Point {
        if self.scale == Scale::Days && self.percent(60) {
            return Point::Day(self.day());
        }
        let span = self.span();
        Point::Instant(self.start.plus(Span(self.one(&[-1, 1, 1]) * span.0)))
    }

    pub fn comparison(&mut self) -> Comparison {
        let text = |text: &str| Value::Text(text.to_owned());
        let (name, ty, op) = match self.below(if self.scale == Scale::Days { 12 } else { 8 }) {
            0 => ("plan", Some(Type::Text), Op::Is(text(self.one(&["free", "pro"])))),
            1 => ("plan", None, self.one(&[Op::IsNot(text("pro")), Op::OneOf(vec![text("pro"), text("free")])])),
            2 => ("score", Some(Type::Number), Op::AtLeast(Value::Number(2.into()))),
            3 => ("score", None, self.one(&[Op::Missing, Op::Present, Op::Less(Value::Number(2.into()))])),
            4 => ("address.city", Some(Type::Text), Op::Is(text("Bonn"))),
            5 => match self.below(3) {
                0 => ("unsubscribed", Some(Type::Boolean), Op::Is(Value::Boolean(self.percent(50)))),
                1 => ("email", Some(Type::Text), Op::Is(text("ana@example.org"))),
                _ => ("tags", Some(Type::ListOfText), Op::Contains(text("beta"))),
            },
            6..9 => ("trial", Some(Type::Time), Op::Time(self.time_test())),
            _ => ("birthday", Some(Type::Date), Op::Time(self.date_test())),
        };
        Comparison { name: name.to_owned(), ty, op, if_missing: self.percent(20) }
    }

    pub fn time_test(&mut self) -> TimeTest {
        let length = self.length();
        let (before, after) = match self.scale {
            Scale::Seconds => (Point::Instant(Second(self.start.0 + 100)), Point::Instant(Second(self.start.0 + 2))),
            Scale::Days => (self.point(), self.point()),
        };
        let mut tests = vec![
            TimeTest::InTheNext(length),
            TimeTest::InTheLast(length),
            TimeTest::InThePast,
            TimeTest::InTheFuture,
            TimeTest::MoreThanAgo(length),
            TimeTest::MoreThanAway(length),
            TimeTest::Before(before),
            TimeTest::After(after),
        ];
        if self.scale == Scale::Days {
            tests.extend([TimeTest::On(self.day()), TimeTest::DaysAway(self.one(&[-1, 0, 1]))]);
        }
        self.one(&tests)
    }

    fn date_test(&mut self) -> TimeTest {
        let (length, day) = (self.days(), self.day());
        self.one(&[
            TimeTest::InTheNext(length),
            TimeTest::InTheLast(length),
            TimeTest::InThePast,
            TimeTest::InTheFuture,
            TimeTest::MoreThanAgo(length),
            TimeTest::MoreThanAway(length),
            TimeTest::Before(Point::Day(day)),
            TimeTest::After(Point::Day(day)),
            TimeTest::On(day),
            TimeTest::DaysAway(0),
            TimeTest::DaysAway(1),
        ])
    }
}
