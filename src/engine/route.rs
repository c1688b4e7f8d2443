//! Which event tests an event can pass, found without looking at the others: by what the event says,
//! not by what the rules ask. Each test is filed under its most telling part; `matching` has the last word.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::RegexSet;
use rustc_hash::FxHashMap;

use super::matching::Observed;
use crate::model::compare::Comparison;
use crate::model::compare::reach;
use crate::model::event::Kind;
use crate::model::norm::{exact, normalise};
use crate::model::rule::{Match, MessageTest, Move, Test, TextTest, Verb};
use crate::model::value::{Type, Value};

/// An event test that an event can pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The number of the test.
    pub number: u32,
    /// The way it was found is all that it asks, so it need not be looked at.
    pub is_sure: bool,
}

/// Event tests by verb.
#[derive(Debug, Default)]
pub struct Router {
    replied: Shelf,
    tapped: Shelf,
    reacted: Shelf,
    removed_reaction: Shelf,
    was_sent: Shelf,
    received: Shelf,
    read: Shelf,
    failed: Shelf,
    performed: FxHashMap<String, Shelf>,
    moved: FxHashMap<Move, Vec<Hit>>,
    /// By what a write names: tests of that, or of something inside it.
    changed: FxHashMap<String, Vec<Hit>>,
}

/// The tests of one verb.
#[derive(Debug, Default)]
struct Shelf {
    /// Whole messages after norm/1.
    whole: FxHashMap<String, Vec<Hit>>,
    exact: FxHashMap<String, Vec<Hit>>,
    buttons: FxHashMap<String, Vec<Hit>>,
    parts: Parts,
    patterns: Patterns,
    campaigns: FxHashMap<String, Vec<Hit>>,
    templates: FxHashMap<String, Vec<Hit>>,
    equalities: Vec<Equality>,
    rest: Vec<Hit>,
}

/// Keywords inside messages: one pass over the text finds them all.
#[derive(Debug, Default)]
struct Parts {
    /// A keyword with a space on either side → the tests, and whether only the start of a text counts.
    keywords: Vec<(String, Vec<(Hit, bool)>)>,
    by_keyword: FxHashMap<String, usize>,
    automaton: Option<AhoCorasick>,
}

#[derive(Debug, Default)]
struct Patterns {
    sources: Vec<(String, Hit)>,
    set: Option<RegexSet>,
}

/// `where property is value`, by property and type.
#[derive(Debug)]
struct Equality {
    property: String,
    ty: Type,
    by_value: FxHashMap<Value, Vec<Hit>>,
}

impl Router {
    /// Files test `number` under its most telling part.
    pub fn add(&mut self, number: u32, rule: &Match) {
        let hit = Hit { number, is_sure: is_sure(rule) };
        let shelf = match &rule.verb {
            Verb::Replied => &mut self.replied,
            Verb::Tapped => &mut self.tapped,
            Verb::Reacted => &mut self.reacted,
            Verb::RemovedReaction => &mut self.removed_reaction,
            Verb::WasSent => &mut self.was_sent,
            Verb::Received => &mut self.received,
            Verb::Read => &mut self.read,
            Verb::FailedToReceive => &mut self.failed,
            Verb::Performed(name) => self.performed.entry(name.clone()).or_default(),
            Verb::Moved(moved) => return self.moved.entry(moved.clone()).or_default().push(hit),
            Verb::Changed(change) => {
                let outer = change.name.split_once('.').map(|(outer, _)| outer.to_owned());
                outer.into_iter().for_each(|outer| file(&mut self.changed, outer, hit));
                return file(&mut self.changed, change.name.clone(), hit);
            }
        };
        shelf.add(hit, rule);
    }

    /// Makes the look-ups ready once all tests are filed.
    ///
    /// # Errors
    /// What the automata say if all the patterns together are too much.
    pub fn finish(&mut self) -> Result<(), String> {
        let shelves = [
            &mut self.replied,
            &mut self.tapped,
            &mut self.reacted,
            &mut self.removed_reaction,
            &mut self.was_sent,
            &mut self.received,
            &mut self.read,
            &mut self.failed,
        ];
        shelves.into_iter().chain(self.performed.values_mut()).try_for_each(Shelf::finish)
    }

    /// The tests that `observed` can pass, in order, each once.
    pub fn candidates(&self, observed: &Observed<'_>) -> Vec<Hit> {
        let mut found = Vec::new();
        match &observed.event.kind {
            Kind::Inbound => {
                self.replied.candidates(observed, &mut found);
                if observed.is_tap() {
                    self.tapped.candidates(observed, &mut found);
                }
            }
            Kind::Reaction => self.reacted.candidates(observed, &mut found),
            Kind::ReactionRemoved => self.removed_reaction.candidates(observed, &mut found),
            Kind::Sent => self.was_sent.candidates(observed, &mut found),
            Kind::Received => self.received.candidates(observed, &mut found),
            Kind::Read => self.read.candidates(observed, &mut found),
            Kind::Failed => self.failed.candidates(observed, &mut found),
            Kind::Custom(name) => {
                if let Some(shelf) = self.performed.get(name) {
                    shelf.candidates(observed, &mut found);
                }
            }
            Kind::Moved(moved) => found.extend(self.moved.get(moved).into_iter().flatten()),
            Kind::AttributesSet => {
                observed.event.properties.keys().for_each(|name| look_up(&self.changed, name, &mut found));
            }
            Kind::SegmentJoined(_) | Kind::SegmentLeft(_) => {}
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Shelf {
    fn add(&mut self, hit: Hit, rule: &Match) {
        let normal = |word: &String| normalise(word).as_str().to_owned();
        match (&rule.text, rule.target.as_ref().map(|target| &target.message)) {
            (Some(TextTest::AnyOf(words)), _) => {
                // A keyword without a token is said by nothing.
                let words = words.iter().map(normal).filter(|word| !word.is_empty());
                words.for_each(|word| file(&mut self.whole, word, hit));
            }
            (Some(TextTest::Containing(words)), _) => {
                words.iter().for_each(|word| self.parts.add(&normal(word), hit, false));
            }
            (Some(TextTest::StartingWith(words)), _) => {
                words.iter().for_each(|word| self.parts.add(&normal(word), hit, true));
            }
            (Some(TextTest::Exactly(text)), _) => file(&mut self.exact, exact(text).into_owned(), hit),
            (Some(TextTest::ButtonId(id)), _) => file(&mut self.buttons, id.clone(), hit),
            (Some(TextTest::Matching(pattern)), _) => self.patterns.sources.push((pattern.clone(), hit)),
            (None, Some(MessageTest::Campaign { campaign, .. })) => {
                file(&mut self.campaigns, campaign.clone(), hit);
            }
            (None, Some(MessageTest::Template(template))) => file(&mut self.templates, template.clone(), hit),
            (None, Some(MessageTest::Any | MessageTest::It | MessageTest::Step(_)) | None) => {
                match rule.filter.as_ref().and_then(equality) {
                    Some((comparison, ty, values)) => self.add_equality(hit, &comparison.name, ty, values),
                    None => self.rest.push(hit),
                }
            }
        }
    }

    fn add_equality(&mut self, hit: Hit, property: &str, ty: Type, values: &[Value]) {
        let known = self.equalities.iter().position(|known| known.property == property && known.ty == ty);
        let place = known.unwrap_or_else(|| {
            self.equalities.push(Equality { property: property.to_owned(), ty, by_value: FxHashMap::default() });
            self.equalities.len() - 1
        });
        if let Some(equality) = self.equalities.get_mut(place) {
            for value in values {
                equality.by_value.entry(value.clone()).or_default().push(hit);
            }
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        self.parts.finish()?;
        self.patterns.finish()
    }

    fn candidates(&self, observed: &Observed<'_>, found: &mut Vec<Hit>) {
        found.extend_from_slice(&self.rest);
        if observed.body().is_some() {
            if !self.whole.is_empty() {
                look_up(&self.whole, observed.normal().as_str(), found);
            }
            self.parts.candidates(observed, found);
        }
        if let Some(body) = observed.body() {
            if !self.exact.is_empty() {
                look_up(&self.exact, &exact(body), found);
            }
            self.patterns.candidates(body, found);
        }
        if let Some(id) = observed.property("button_id") {
            look_up(&self.buttons, id, found);
        }
        if let Some(message) = &observed.event.message {
            message.campaign.iter().for_each(|campaign| look_up(&self.campaigns, campaign, found));
            message.template.iter().for_each(|template| look_up(&self.templates, template, found));
        }
        for equality in &self.equalities {
            let stored = reach(&observed.event.properties, &equality.property);
            let value = stored.and_then(|stored| Value::read(stored, equality.ty));
            if let Some(numbers) = value.and_then(|value| equality.by_value.get(&value)) {
                found.extend_from_slice(numbers);
            }
        }
    }
}

impl Parts {
    fn add(&mut self, keyword: &str, hit: Hit, at_start: bool) {
        if keyword.is_empty() {
            return;
        }
        let next = self.keywords.len();
        let place = *self.by_keyword.entry(keyword.to_owned()).or_insert(next);
        if place == next {
            self.keywords.push((format!(" {keyword} "), Vec::new()));
        }
        if let Some((_, tests)) = self.keywords.get_mut(place) {
            tests.push((hit, at_start));
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        if !self.keywords.is_empty() {
            let automaton = AhoCorasick::builder()
                // Overlapping search: a keyword may stand inside another one.
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(self.keywords.iter().map(|(keyword, _)| keyword))
                .map_err(|error| error.to_string())?;
            self.automaton = Some(automaton);
        }
        Ok(())
    }

    fn candidates(&self, observed: &Observed<'_>, found: &mut Vec<Hit>) {
        let Some(automaton) = &self.automaton else { return };
        // No token holds a space, so a keyword between spaces is a run of whole tokens.
        let text = format!(" {} ", observed.normal().as_str());
        for place in automaton.find_overlapping_iter(&text) {
            if let Some((_, tests)) = self.keywords.get(place.pattern().as_usize()) {
                let here = tests.iter().filter(|(_, at_start)| !at_start || place.start() == 0);
                found.extend(here.map(|(hit, _)| *hit));
            }
        }
    }
}

impl Patterns {
    fn finish(&mut self) -> Result<(), String> {
        if !self.sources.is_empty() {
            let sources = self.sources.iter().map(|(source, _)| source);
            // Each of them is bounded by itself, so their sum is.
            let set = regex::RegexSetBuilder::new(sources).size_limit(usize::MAX).build();
            self.set = Some(set.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    fn candidates(&self, body: &str, found: &mut Vec<Hit>) {
        let Some(set) = &self.set else { return };
        let places = set.matches(body);
        found.extend(places.iter().filter_map(|place| self.sources.get(place)).map(|(_, hit)| *hit));
    }
}

/// Whether the part of `rule` that it is filed under is all that it asks, besides its verb.
fn is_sure(rule: &Match) -> bool {
    let is_change = matches!(rule.verb, Verb::Changed(_));
    let is_plain = rule.via.is_none() && rule.filter.is_none() && rule.in_time.is_none() && !is_change;
    let is_found = match (&rule.text, &rule.target) {
        (_, None) => true,
        (Some(_), Some(_)) => false,
        (None, Some(target)) => match &target.message {
            MessageTest::Any | MessageTest::It | MessageTest::Step(_) => false,
            MessageTest::Campaign { step, .. } => step.is_none() && !target.directly,
            MessageTest::Template(_) => !target.directly,
        },
    };
    is_plain && is_found
}

/// A conjunct of a `where` test that holds of certain values only.
fn equality(test: &Test) -> Option<(&Comparison, Type, &[Value])> {
    match test {
        Test::Property(comparison) => comparison.equals().map(|(ty, values)| (comparison, ty, values)),
        Test::All(tests) => tests.iter().find_map(equality),
        Test::Not(_) | Test::Any(_) | Test::Person(_) => None,
    }
}

fn file(map: &mut FxHashMap<String, Vec<Hit>>, key: String, hit: Hit) {
    map.entry(key).or_default().push(hit);
}

fn look_up(map: &FxHashMap<String, Vec<Hit>>, key: &str, found: &mut Vec<Hit>) {
    if let Some(hits) = map.get(key) {
        found.extend_from_slice(hits);
    }
}
