//! Random worlds: rules of everything that the language can say, and histories full of collisions.

mod happenings;
mod phrases;
mod rules;

use antiphon::model::calendar::Calendar;
use antiphon::model::event::Event;
use antiphon::model::id::EventKey;
use antiphon::model::rule::RuleSet;
use antiphon::model::time::{Second, Span};
use antiphon::model::value::Properties;
use chrono_tz::Tz;

use super::chance::Chance;

/// Rules, one person's first attributes, and what happens.
#[derive(Clone, Debug)]
pub struct World {
    pub scale: Scale,
    /// The second at which the person is made.
    pub start: Second,
    pub rules: RuleSet,
    /// What `Do::Switch` goes over to, and back from.
    pub later: RuleSet,
    pub first: Properties,
    pub story: Vec<(i64, Do)>,
}

/// What happens, so many seconds after what happened before.
#[derive(Clone, Debug)]
pub enum Do {
    /// An event arrives. With a key: it is a send that lies before the reply with that key.
    Arrive(Box<Event>, Option<EventKey>),
    /// The schedule looks for due wakes.
    Poll,
    /// The state goes through storage.
    Store,
    /// The state is dropped and folded again.
    Refold,
    /// Another rule set becomes active.
    Switch,
}

/// What worlds can be made of beyond counts and pairs of events, elapsed time and attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Sequences of any length, with `not`, `same`, `to it`, and steps without a deadline.
    Chains,
    /// Distinct values, and `most recently`.
    Counts,
    /// Windows with fixed ends.
    Windows,
    /// Days, weeks and months in zones that people change.
    Calendar,
    HeldFor,
    Sample,
    ServiceWindow,
    Changed,
    /// `entered` and `left` of segments.
    Moves,
    /// What journeys of campaigns do to conditions: `in campaign`, `entered campaign` …
    Journeys,
    /// Campaigns that start on events and on completions of sequences.
    Triggers,
    /// Campaigns with a filter, wall clocks in it too.
    Filters,
}

impl Feature {
    pub const ALL: [Self; 12] = [
        Self::Chains,
        Self::Counts,
        Self::Windows,
        Self::Calendar,
        Self::HeldFor,
        Self::Sample,
        Self::ServiceWindow,
        Self::Changed,
        Self::Moves,
        Self::Journeys,
        Self::Triggers,
        Self::Filters,
    ];
}

/// How far apart things happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Seconds and minutes: so few and small that edges collide.
    Seconds,
    /// Hours and days, near changes of clocks and ends of months.
    Days,
}

impl Scale {
    pub fn spans(self) -> [i64; 3] {
        match self {
            Self::Seconds => [1, 2, 100],
            Self::Days => [3_600, 86_400, 2 * 86_400],
        }
    }

    /// Behind the last event everything that can change has changed after so long.
    pub fn end(self) -> i64 {
        match self {
            Self::Seconds => 1_000,
            Self::Days => 70 * 86_400,
        }
    }
}

/// Zones with half hours, gaps at midnight, days left out, and one that is as others are.
pub const ZONES: [&str; 9] = [
    "Europe/Berlin",
    "Africa/Cairo",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "UTC",
];

/// Nights of which something is odd in one of the zones, and the ends of a month and a year.
const NIGHTS: [&str; 10] = [
    "2026-03-28T20:00:00Z",
    "2026-10-24T20:00:00Z",
    "2026-04-23T18:00:00Z",
    "2026-10-29T18:00:00Z",
    "2026-04-04T10:00:00Z",
    "2006-10-28T20:00:00Z",
    "2018-11-03T20:00:00Z",
    "2011-12-29T20:00:00Z",
    "2026-02-26T20:00:00Z",
    "2026-12-30T20:00:00Z",
];

/// Chance, and what it may choose from.
pub struct Dice<'f> {
    pub chance: Chance,
    pub features: &'f [Feature],
    pub scale: Scale,
    pub start: Second,
}

pub fn world(seed: u64, features: &[Feature]) -> World {
    let mut dice = dice(seed, features);
    let (rules, later) = (dice.rules(), dice.rules());
    dice.told(rules, later)
}

/// A world whose rules are amended and put back, again and again.
pub fn changing(seed: u64, features: &[Feature]) -> World {
    let mut dice = dice(seed, features);
    let (rules, tests) = dice.rules_of_tests();
    let later = dice.amended(&rules, &tests);
    let mut world = dice.told(rules, later);
    for _ in 0..1 + dice.below(3) {
        let place = usize::try_from(dice.below(world.story.len() as u64 + 1)).expect("small");
        world.story.insert(place, (dice.one(&[0, 0, 1, 2]), Do::Switch));
    }
    world
}

fn dice(seed: u64, features: &[Feature]) -> Dice<'_> {
    let mut chance = Chance::new(seed);
    let days = features.contains(&Feature::Calendar) && chance.percent(35);
    let (scale, start) = if days {
        let night = chrono::DateTime::parse_from_rfc3339(chance.one::<&str>(&NIGHTS)).expect("an instant");
        let pause = i64::try_from(chance.below(86_400)).expect("small");
        (Scale::Days, Second(night.timestamp() + pause))
    } else {
        (Scale::Seconds, Second(1_790_000_000))
    };
    Dice { chance, features, scale, start }
}

impl Dice<'_> {
    /// A world with these rules, in which something happens.
    fn told(&mut self, rules: RuleSet, later: RuleSet) -> World {
        let first = self.attributes(self.start);
        let story = happenings::story(self);
        World { scale: self.scale, start: self.start, rules, later, first, story }
    }

    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.chance.percent(percent)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.chance.below(end)
    }

    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        self.chance.one(of).clone()
    }

    pub fn word(&mut self, of: &[&str]) -> String {
        self.one(of).to_owned()
    }

    pub fn span(&mut self) -> Span {
        Span(self.one(&self.scale.spans()))
    }

    pub fn zone(&mut self) -> Tz {
        self.word(&ZONES).parse().expect("a zone")
    }

    /// A second near `now` at which a day begins somewhere.
    pub fn midnight(&mut self, now: Second) -> Second {
        let calendar = Calendar { zone: self.zone(), ..Calendar::default() };
        calendar.next_midnight(Second(now.0 + self.one(&[-86_400, 0, 0, 86_400])))
    }
}
