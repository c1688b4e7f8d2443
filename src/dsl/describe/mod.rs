//! Rules read back in English, from what was understood and not from what was written: for whoever reviews a
//! change and does not know the language.

mod campaign;
mod compare;
mod condition;
mod cron;
mod event;
mod history;
mod notes;
mod outline;
mod picture;
mod schedule;
mod segment;
mod step;

pub use outline::{Outline, wrapped};

use super::walk::Rule;
use crate::model::rule::{RuleSet, Segment, SegmentKind};

/// Says the rules of one rule set in English.
#[derive(Clone, Copy, Debug)]
pub struct Describer<'r> {
    rules: &'r RuleSet,
}

/// Every rule named `name`, described one below the other; none if there is no such rule.
#[must_use]
pub fn describe(rules: &RuleSet, name: &str) -> Option<String> {
    let describer = Describer::new(rules);
    let all = super::cost::all(rules);
    let found: Vec<String> =
        all.into_iter().filter(|rule| rule.name() == name).map(|rule| describer.rule(rule)).collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

impl<'r> Describer<'r> {
    /// Speaks of `rules`.
    #[must_use]
    pub fn new(rules: &'r RuleSet) -> Self {
        Self { rules }
    }

    /// One rule, in lines.
    #[must_use]
    pub fn rule(&self, rule: Rule<'_>) -> String {
        match rule {
            Rule::Segment(segment) => self.segment_rule(segment),
            Rule::Campaign(campaign) => self.campaign_rule(campaign),
            Rule::Schedule(schedule) => self.schedule_rule(schedule),
        }
    }

    /// What a segment means, a line for each statement: nothing of where it stands and what it costs.
    #[must_use]
    pub fn statements(&self, segment: &Segment) -> Vec<String> {
        let mut lines = Vec::new();
        match &segment.kind {
            SegmentKind::Data(condition) => self.condition(condition, false).lines("", &mut lines),
            SegmentKind::Manual => lines.push("its members are chosen by hand".to_owned()),
        }
        lines
    }

    fn segment(&self, name: &str) -> Option<&'r Segment> {
        self.rules.segments.iter().find(|segment| segment.name == name)
    }

    /// The named list that has just these entries. A single word speaks for itself.
    #[must_use]
    pub fn list_of(&self, words: &[String]) -> Option<&'r str> {
        let mut lists = self.rules.schema.lists.iter();
        let found = lists.find(|(_, entries)| entries.len() > 1 && entries.as_slice() == words);
        found.map(|(name, _)| name.as_str())
    }
}
