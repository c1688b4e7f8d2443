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

use crate::engine::chance::Chance;

/// Rules, people's first attributes, and what happens.
#[derive(Clone, Debug)]
pub struct World {
    pub scale: Scale,
    /// The second at which the people are made.
    pub start: Second,
    /// The rule set that is active at first, and those that `Do::Publish` goes over to, in turn.
    pub rules: Vec<RuleSet>,
    /// What each person is made with.
    pub people: Vec<Properties>,
    /// What happens, each so many seconds after what happened before.
    pub story: Vec<(i64, Do)>,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Do {
    /// A body arrives with all of this.
    Deliver(Vec<Delivery>),
    /// The schedule plays the due wakes of at most so many people.
    Poll(usize),
    /// The next rule set becomes active.
    Publish,
    /// At most so many people are brought up to the active rule set.
    CatchUp(usize),
    /// The process has been away: what it knew is read from storage, and what was due meanwhile comes first.
    Restart,
    /// The state of this person is dropped and folded again.
    Refold(usize),
}

/// An event of one person, on its way.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub person: usize,
    pub event: Event,
    /// It is a send that lies before the reply with this key.
    pub precedes: Option<EventKey>,
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
    /// Campaigns that start once, or once in a while, or not on what is old.
    Entries,
}

impl Feature {
    pub const ALL: [Self; 13] = [
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
        Self::Entries,
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
    let mut chance = Chance::new(seed);
    let days = features.contains(&Feature::Calendar) && chance.percent(35);
    let (scale, start) = if days {
        let night = chrono::DateTime::parse_from_rfc3339(chance.one::<&str>(&NIGHTS)).expect("an instant");
        let pause = i64::try_from(chance.below(86_400)).expect("small");
        (Scale::Days, Second(night.timestamp() + pause))
    } else {
        (Scale::Seconds, Second(1_790_000_000))
    };
    let mut dice = Dice { chance, features, scale, start };
    let mut rules = vec![dice.rules()];
    for _ in 0..dice.one(&[1, 1, 2]) {
        let next = if dice.percent(50) { dice.rules() } else { dice.edited(&rules) };
        rules.push(next);
    }
    let number = dice.one(&[1, 1, 1, 2, 2, 3]);
    let people: Vec<_> = (0..number).map(|_| dice.attributes(start)).collect();
    let story = happenings::story(&mut dice, people.len());
    World { scale, start, rules, people, story }
}

impl Dice<'_> {
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
