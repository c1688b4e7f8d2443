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
use crate::model::rule::{Match, MessageTest, Test, TextTest, Verb};
use crate::model::value::{Type, Value};

/// The number of an event test.
type Number = u32;

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
}

/// The tests of one verb.
#[derive(Debug, Default)]
struct Shelf {
    /// Whole messages after norm/1.
    whole: FxHashMap<String, Vec<Number>>,
    exact: FxHashMap<String, Vec<Number>>,
    buttons: FxHashMap<String, Vec<Number>>,
    parts: Parts,
    patterns: Patterns,
    campaigns: FxHashMap<String, Vec<Number>>,
    templates: FxHashMap<String, Vec<Number>>,
    equalities: Vec<Equality>,
    rest: Vec<Number>,
}

/// Keywords inside messages: one pass over the text finds them all.
#[derive(Debug, Default)]
struct Parts {
    /// A keyword with a space on either side → the tests, and whether only the start of a text counts.
    keywords: Vec<(String, Vec<(Number, bool)>)>,
    by_keyword: FxHashMap<String, usize>,
    automaton: Option<AhoCorasick>,
}

#[derive(Debug, Default)]
struct Patterns {
    sources: Vec<(String, Number)>,
    set: Option<RegexSet>,
}

/// `where property is value`, by property and type.
#[derive(Debug)]
struct Equality {
    property: String,
    ty: Type,
    by_value: FxHashMap<Value, Vec<Number>>,
}

impl Router {
    /// Files test `number` under its most telling part.
    pub fn add(&mut self, number: Number, rule: &Match) {
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
        };
        shelf.add(number, rule);
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
    pub fn candidates(&self, observed: &Observed<'_>) -> Vec<Number> {
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
            Kind::AttributesSet | Kind::SegmentJoined(_) | Kind::SegmentLeft(_) => {}
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Shelf {
    fn add(&mut self, number: Number, rule: &Match) {
        let normal = |word: &String| normalise(word).as_str().to_owned();
        match (&rule.text, rule.target.as_ref().map(|target| &target.message)) {
            (Some(TextTest::AnyOf(words)), _) => {
                words.iter().for_each(|word| file(&mut self.whole, normal(word), number));
            }
            (Some(TextTest::Containing(words)), _) => {
                words.iter().for_each(|word| self.parts.add(&normal(word), number, false));
            }
            (Some(TextTest::StartingWith(words)), _) => {
                words.iter().for_each(|word| self.parts.add(&normal(word), number, true));
            }
            (Some(TextTest::Exactly(text)), _) => file(&mut self.exact, exact(text).into_owned(), number),
            (Some(TextTest::ButtonId(id)), _) => file(&mut self.buttons, id.clone(), number),
            (Some(TextTest::Matching(pattern)), _) => self.patterns.sources.push((pattern.clone(), number)),
            (None, Some(MessageTest::Campaign { campaign, .. })) => {
                file(&mut self.campaigns, campaign.clone(), number);
            }
            (None, Some(MessageTest::Template(template))) => file(&mut self.templates, template.clone(), number),
            (None, Some(MessageTest::Any) | None) => match rule.filter.as_ref().and_then(equality) {
                Some((comparison, ty, values)) => self.add_equality(number, &comparison.name, ty, values),
                None => self.rest.push(number),
            },
        }
    }

    fn add_equality(&mut self, number: Number, property: &str, ty: Type, values: &[Value]) {
        let known = self.equalities.iter().position(|known| known.property == property && known.ty == ty);
        let place = known.unwrap_or_else(|| {
            self.equalities.push(Equality { property: property.to_owned(), ty, by_value: FxHashMap::default() });
            self.equalities.len() - 1
        });
        if let Some(equality) = self.equalities.get_mut(place) {
            for value in values {
                equality.by_value.entry(value.clone()).or_default().push(number);
            }
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        self.parts.finish()?;
        self.patterns.finish()
    }

    fn candidates(&self, observed: &Observed<'_>, found: &mut Vec<Number>) {
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
    fn add(&mut self, keyword: &str, number: Number, at_start: bool) {
        if keyword.is_empty() {
            return;
        }
        let next = self.keywords.len();
        let place = *self.by_keyword.entry(keyword.to_owned()).or_insert(next);
        if place == next {
            self.keywords.push((format!(" {keyword} "), Vec::new()));
        }
        if let Some((_, tests)) = self.keywords.get_mut(place) {
            tests.push((number, at_start));
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

    fn candidates(&self, observed: &Observed<'_>, found: &mut Vec<Number>) {
        let Some(automaton) = &self.automaton else { return };
        // No token holds a space, so a keyword between spaces is a run of whole tokens.
        let text = format!(" {} ", observed.normal().as_str());
        for hit in automaton.find_overlapping_iter(&text) {
            if let Some((_, tests)) = self.keywords.get(hit.pattern().as_usize()) {
                let here = tests.iter().filter(|(_, at_start)| !at_start || hit.start() == 0);
                found.extend(here.map(|(number, _)| *number));
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

    fn candidates(&self, body: &str, found: &mut Vec<Number>) {
        let Some(set) = &self.set else { return };
        let hits = set.matches(body);
        found.extend(hits.iter().filter_map(|place| self.sources.get(place)).map(|(_, number)| *number));
    }
}

/// A conjunct of a `where` test that holds of certain values only.
fn equality(test: &Test) -> Option<(&Comparison, Type, &[Value])> {
    match test {
        Test::Property(comparison) => comparison.equals().map(|(ty, values)| (comparison, ty, values)),
        Test::All(tests) => tests.iter().find_map(equality),
        Test::Not(_) | Test::Any(_) | Test::Person(_) => None,
    }
}

fn file(map: &mut FxHashMap<String, Vec<Number>>, key: String, number: Number) {
    map.entry(key).or_default().push(number);
}

fn look_up(map: &FxHashMap<String, Vec<Number>>, key: &str, found: &mut Vec<Number>) {
    if let Some(numbers) = map.get(key) {
        found.extend_from_slice(numbers);
    }
}
