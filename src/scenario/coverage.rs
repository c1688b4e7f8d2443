//! What tests say about the rules: which rules no test looks at, which were seen both true and false, and which
//! edges of windows a test looked at within a second.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::play::World;
use crate::model::id::SegmentId;
use crate::model::rule::{Place, RuleSet};
use crate::model::time::Second;
use crate::model::transition::Cause;

/// What one test saw of the rules, by their names.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    segments: BTreeMap<String, SegmentSeen>,
    /// Campaigns that were started where their effects were looked at.
    campaigns: BTreeSet<String>,
}

/// What was seen of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentSeen {
    /// Some test expects something of it.
    pub tested: bool,
    pub was_in: bool,
    pub was_out: bool,
    /// Somebody entered by time alone, and left so.
    pub on: Edge,
    pub off: Edge,
}

/// A change that time alone makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    #[default]
    Unseen,
    /// It happened.
    Seen,
    /// A test looked within one second of it.
    Hit,
}

impl Seen {
    pub(super) fn of(world: &World<'_>) -> Self {
        let (mut seen, mut wakes_left) = (Self::default(), world.wakes_left);
        let end = world.story.expectations.iter().map(|expectation| expectation.at).max();
        for (number, life) in world.lives.iter().enumerate() {
            let Some(life) = life else { continue };
            // A change in the second behind the last look counts as seen by it.
            let mut life = life.clone();
            if let Some(end) = end {
                life.pass(world.stage, end.next(), &mut wakes_left);
            }
            for (name, segment) in world.stage.segments() {
                let looks = looks(world, name, number);
                let known = seen.segments.entry(name.to_owned()).or_default();
                known.tested |= !looks.is_empty();
                known.see(&life.changes, segment, life.subject.person.known_since, &looks);
            }
            if world.story.effects.is_some() {
                seen.campaigns.extend(life.started.iter().cloned());
            }
        }
        seen
    }
}

/// The seconds at which a test looks at a person and a segment: by its list, or by the edge that it expects.
fn looks(world: &World<'_>, segment: &str, person: usize) -> BTreeSet<Second> {
    let mut looks = BTreeSet::new();
    for expectation in &world.story.expectations {
        if expectation.members.iter().any(|members| members.segment == segment) {
            looks.insert(expectation.at);
        }
        for until in expectation.until.iter().filter(|until| until.segment == segment && until.person == person) {
            looks.insert(expectation.at);
            looks.extend(until.flip);
        }
    }
    looks
}

impl SegmentSeen {
    fn see(&mut self, changes: &[super::life::Change], segment: SegmentId, born: Second, looks: &BTreeSet<Second>) {
        let mine: Vec<_> = changes.iter().filter(|change| change.transition.segment == segment).collect();
        self.was_out |= mine.first().is_none_or(|first| first.at > born || !first.transition.entered);
        for change in mine {
            if change.transition.entered {
                self.was_in = true
            } else {
                self.was_out = true
            }
            if change.transition.cause != Cause::Wake {
                continue;
            }
            let near = Second(change.at.0.saturating_sub(1))..=change.at.next();
            let edge = if looks.range(near).next().is_some() { Edge::Hit } else { Edge::Seen };
            let known = if change.transition.entered { &mut self.on } else { &mut self.off };
            *known = (*known).max(edge);
        }
    }

    fn add(&mut self, other: &Self) {
        self.tested |= other.tested;
        self.was_in |= other.was_in;
        self.was_out |= other.was_out;
        self.on = self.on.max(other.on);
        self.off = self.off.max(other.off);
    }

    fn truths(&self) -> &'static str {
        match (self.was_in, self.was_out) {
            (true, true) => "true and false",
            (true, false) => "never false",
            (false, true) => "never true",
            (false, false) => "not seen",
        }
    }

    fn edges(&self) -> String {
        let words = [("on", self.on), ("off", self.off)];
        let words = words.iter().filter_map(|(word, edge)| match edge {
            Edge::Unseen => None,
            Edge::Seen => Some(format!("{word} missed")),
            Edge::Hit => Some(format!("{word} hit")),
        });
        let words: Vec<String> = words.collect();
        if words.is_empty() { "none seen".to_owned() } else { words.join(", ") }
    }
}

/// What all tests together say about a rule set.
#[derive(Debug)]
pub struct Coverage {
    segments: Vec<(Rule, SegmentSeen)>,
    campaigns: Vec<(Rule, bool)>,
}

/// A rule with its place.
#[derive(Clone, Debug)]
pub struct Rule {
    kind: &'static str,
    name: String,
    pub place: Place,
}

impl Rule {
    /// What is said of it where no test looks at it.
    #[must_use]
    pub fn complaint(&self) -> String {
        format!("{} `{}` has no test", self.kind, self.name)
    }
}

impl Coverage {
    /// Adds up what tests saw of `rules`.
    #[must_use]
    pub fn of<'s>(rules: &RuleSet, seen: impl IntoIterator<Item = &'s Seen>) -> Self {
        let mut all = Seen::default();
        for seen in seen {
            for (name, segment) in &seen.segments {
                all.segments.entry(name.clone()).or_default().add(segment);
            }
            all.campaigns.extend(seen.campaigns.iter().cloned());
        }
        let rule = |kind, name: &String, place: &Place| Rule { kind, name: name.clone(), place: place.clone() };
        let segments = rules.segments.iter().map(|segment| {
            let seen = all.segments.get(&segment.name).copied().unwrap_or_default();
            (rule("segment", &segment.name, &segment.place), seen)
        });
        let campaigns = rules.campaigns.iter().map(|campaign| {
            (rule("campaign", &campaign.name, &campaign.place), all.campaigns.contains(&campaign.name))
        });
        Self { segments: segments.collect(), campaigns: campaigns.collect() }
    }

    /// The rules that no test looks at.
    pub fn untested(&self) -> impl Iterator<Item = &Rule> {
        let segments = self.segments.iter().filter(|(_, seen)| !seen.tested).map(|(rule, _)| rule);
        segments.chain(self.campaigns.iter().filter(|(_, tested)| !tested).map(|(rule, _)| rule))
    }

    /// A line for each rule, and a warning for each without a test.
    #[must_use]
    pub fn human(&self) -> String {
        let mut out = "coverage\n".to_owned();
        let names = self.segments.iter().map(|(rule, _)| rule).chain(self.campaigns.iter().map(|(rule, _)| rule));
        let width = names.map(|rule| rule.name.len()).max().unwrap_or_default();
        for (rule, seen) in &self.segments {
            let tested = if seen.tested { "tested" } else { "no test" };
            let (truths, edges) = (seen.truths(), seen.edges());
            let _ = writeln!(out, "  segment   {:width$}   {tested:7}   {truths:14}   edges: {edges}", rule.name);
        }
        for (rule, tested) in &self.campaigns {
            let tested = if *tested { "tested" } else { "no test" };
            let _ = writeln!(out, "  campaign  {:width$}   {tested}", rule.name);
        }
        for rule in self.untested() {
            let _ = writeln!(out, "warning[W0710]: {}:{}: {}", rule.place.file, rule.place.line, rule.complaint());
        }
        out
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Json {
        let edge = |edge: Edge| match edge {
            Edge::Unseen => "unseen",
            Edge::Seen => "missed",
            Edge::Hit => "hit",
        };
        let segments: Vec<Json> = self
            .segments
            .iter()
            .map(|(rule, seen)| {
                json!({
                    "name": rule.name, "file": rule.place.file, "line": rule.place.line, "tested": seen.tested,
                    "seen_true": seen.was_in, "seen_false": seen.was_out, "on": edge(seen.on), "off": edge(seen.off),
                })
            })
            .collect();
        let campaigns: Vec<Json> = self
            .campaigns
            .iter()
            .map(|(rule, tested)| {
                json!({ "name": rule.name, "file": rule.place.file, "line": rule.place.line, "tested": tested })
            })
            .collect();
        json!({ "segments": segments, "campaigns": campaigns })
    }
}
