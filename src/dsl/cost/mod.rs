//! What a rule costs: bytes of state for each person, how far back it looks, what wakes it by time alone,
//! and what has to be read when it is new. Read from the meaning of the rule, before anything runs.

mod reads;
mod state;
mod wakes;

pub use state::Growing;

use super::walk::Rule;
use super::words;
use crate::model::rule::{RuleSet, Window};
use crate::model::time::{CalendarUnit, Length, Span};

/// What one rule costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Bytes for a person who has the events that the rule is about. Rules with equal parts share them.
    pub bytes: u64,
    /// Parts whose state grows with what happens.
    pub growing: Vec<Growing>,
    /// The longest that anything counts.
    pub longest: Reach,
    /// When time alone can change something. Each stands behind "wakes".
    pub wakes: Vec<String>,
    /// The kinds of events and the attributes that can change it.
    pub changes: Vec<String>,
    /// What a backfill of the rule reads.
    pub backfill: Vec<String>,
}

/// How far back something looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// At this moment only.
    Now,
    /// At most so long. Calendar units are taken at their longest.
    Last(Span),
    Ever,
}

/// What `rule` costs among the rules that it names.
#[must_use]
pub fn cost(rules: &RuleSet, rule: Rule<'_>) -> Cost {
    let state = state::state(rules, rule);
    Cost {
        bytes: state.bytes,
        growing: state.growing,
        longest: reads::longest(rule),
        wakes: wakes::wakes(rules, rule),
        changes: reads::changes(rules, rule),
        backfill: reads::backfill(rule),
    }
}

/// All rules, in the order in which they are shown.
#[must_use]
pub fn all(rules: &RuleSet) -> Vec<Rule<'_>> {
    let mut segments: Vec<Rule> = rules.segments.iter().map(Rule::Segment).collect();
    segments.sort_by_key(|rule| rule.name());
    segments.extend(rules.campaigns.iter().map(Rule::Campaign));
    segments.extend(rules.schedules.iter().map(Rule::Schedule));
    segments
}

impl Cost {
    /// The state in words: `4 bytes per person`, `4 + 12 × P bytes per person`.
    #[must_use]
    pub fn state_words(&self) -> String {
        if self.bytes == 0 && self.growing.is_empty() {
            return "none".to_owned();
        }
        let mut sum: Vec<String> = Vec::new();
        if self.bytes > 0 {
            sum.push(words::grouped(self.bytes));
        }
        sum.extend(('P'..).zip(&self.growing).map(|(letter, growing)| format!("{} × {letter}", growing.bytes)));
        let byte = if self.bytes == 1 && self.growing.is_empty() { "byte" } else { "bytes" };
        format!("{} {byte} per person", sum.join(" + "))
    }
}

impl Reach {
    fn of(length: Length) -> Self {
        Self::Last(length.longest())
    }

    fn of_window(window: Window) -> Self {
        match window {
            Window::Last(length) => Self::of(length),
            Window::This(unit) => Self::of(Length::Calendar { amount: 1, unit }),
            Window::Yesterday => Self::of(Length::Calendar { amount: 2, unit: CalendarUnit::Day }),
            Window::Ever | Window::Since(_) | Window::Before(_) | Window::Days(..) | Window::SinceEntry => Self::Ever,
        }
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Ever, _) | (_, Self::Ever) => Self::Ever,
            (Self::Now, reach) | (reach, Self::Now) => reach,
            (Self::Last(a), Self::Last(b)) => Self::Last(Span(a.0.saturating_add(b.0))),
        }
    }

    /// `2 days`, `any time`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Now => "none".to_owned(),
            Self::Last(span) => words::span(span),
            Self::Ever => "ever".to_owned(),
        }
    }
}
