//! Event tests in words: a noun for the event, and what has to be true of it.

use super::Describer;
use crate::dsl::words::{deadline_day, exact, exact_length, name, pattern, quoted, several};
use crate::model::rule::{Change, Match, MessageTest, Move, Target, Test, TextTest, Verb, Via};
use crate::model::time::Length;
use crate::model::value::Value;

/// How keywords are compared.
const FOLDED: &str = "case, accents and punctuation ignored";

/// How the events of a verb are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noun {
    /// Who did what with it: `they sent`.
    pub did: &'static str,
    /// `reply`
    pub one: String,
    /// `replies`
    pub many: String,
    /// Whose it is, where nobody does anything: `of theirs`.
    pub of: &'static str,
}

impl Noun {
    fn new(did: &'static str, one: impl Into<String>, many: impl Into<String>, of: &'static str) -> Self {
        Self { did, one: one.into(), many: many.into(), of }
    }

    /// `a reply`, `an entry`
    #[must_use]
    pub fn with_article(&self) -> String {
        let vowel = self.one.starts_with(['a', 'e', 'i', 'o', 'u']);
        format!("{} {}", if vowel { "an" } else { "a" }, self.one)
    }
}

/// Whether one event is spoken of, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    One,
    Many,
}

impl Describer<'_> {
    /// What kind of event is meant.
    #[must_use]
    pub fn noun(&self, rule: &Match) -> Noun {
        let about = rule.target.as_ref().map_or(&MessageTest::Any, |target| &target.message);
        let message = |did, of| {
            let rest = origin(about);
            Noun::new(did, format!("message{rest}"), format!("messages{rest}"), of)
        };
        match &rule.verb {
            Verb::Replied => Noun::new("they sent", "reply", "replies", "of theirs"),
            Verb::Tapped => {
                Noun::new("they made", "tap on a button or list row", "taps on buttons or list rows", "of theirs")
            }
            Verb::Reacted => Noun::new("they sent", "reaction", "reactions", "of theirs"),
            Verb::RemovedReaction => Noun::new("they took back", "reaction", "reactions", "that they took back"),
            Verb::WasSent => message("we sent them", "that we sent them"),
            Verb::Received => message("they received", "that they received"),
            Verb::Read => message("they read", "that they read"),
            Verb::FailedToReceive => message("they failed to receive", "that they failed to receive"),
            Verb::Performed(event) => {
                let event = quoted(event);
                Noun::new("they had", format!("event {event}"), format!("events {event}"), "of theirs")
            }
            Verb::Moved(moved) => self::moved(moved),
            Verb::Changed(change) => changed(change),
        }
    }

    /// The noun behind `article` and everything that has to be true of the event: `each reply of theirs that …`.
    #[must_use]
    pub fn event(&self, rule: &Match, article: &str) -> String {
        let noun = self.noun(rule);
        format!("{article} {} {}{}", noun.one, noun.of, self.qualities(rule, "that very message", Number::One))
    }

    /// That one happened, or that none did. `it` says which message `to it` means.
    #[must_use]
    pub fn deed(&self, rule: &Match, not: bool, it: &str) -> String {
        let noun = self.noun(rule);
        if let Some(deed) = self::deed(&rule.verb).filter(|_| !not) {
            return deed;
        }
        let one = if not { format!("no {}", noun.one) } else { noun.with_article() };
        format!("{} {one}{}", noun.did, self.qualities(rule, it, Number::One))
    }

    /// What has to be true of the event, to stand behind its noun.
    #[must_use]
    pub fn qualities(&self, rule: &Match, it: &str, number: Number) -> String {
        let text = rule.text.as_ref().map(|text| self.text(text, &rule.verb));
        let in_time = rule.in_time.map(|length| in_time(length, number));
        let all: Vec<String> = text.into_iter().chain(self.identity(rule, it)).chain(in_time).collect();
        format!("{}{}", that(&all), self.filter(rule))
    }

    /// What an event shares with those of its kind: the message it answers, and the way it came.
    #[must_use]
    pub fn identity(&self, rule: &Match, it: &str) -> Vec<String> {
        let target = rule.target.as_ref().and_then(|target| answered(&rule.verb, target, it));
        target.into_iter().chain(rule.via.map(|via| way(via).to_owned())).collect()
    }

    /// What has to be true of the one that is looked at, beside its identity.
    #[must_use]
    pub fn content(&self, rule: &Match) -> String {
        let text = rule.text.as_ref().map(|text| self.text(text, &rule.verb));
        let in_time = rule.in_time.map(|length| in_time(length, Number::One));
        let all: Vec<String> = text.into_iter().chain(in_time).collect();
        format!("{}{}", that(&all), self.filter(rule))
    }

    fn filter(&self, rule: &Match) -> String {
        rule.filter.as_ref().map_or_else(String::new, |test| format!(" where {}", self.test(test, &rule.verb, false)))
    }

    fn text(&self, test: &TextTest, verb: &Verb) -> String {
        let (says, nothing_else, folded) = match verb {
            Verb::Tapped => ("had the title", "", FOLDED),
            Verb::Reacted | Verb::RemovedReaction => ("showed", "", "skin tones ignored"),
            _ => ("said", " and nothing else", FOLDED),
        };
        match test {
            TextTest::AnyOf(words) => format!("{says} {}{nothing_else} ({folded})", self.keywords(words)),
            TextTest::Containing(words) => {
                format!("had {} somewhere in it, as whole words ({folded})", self.keywords(words))
            }
            TextTest::StartingWith(words) => format!("began with {}, as whole words ({folded})", self.keywords(words)),
            TextTest::Exactly(text) => format!("{says} exactly {} (to the character)", quoted(text)),
            TextTest::Matching(source) => format!("had the pattern {} in its text as it came", pattern(source)),
            TextTest::ButtonId(id) => format!("had exactly the id {}", quoted(id)),
        }
    }

    /// One keyword, a named list, or the words themselves.
    fn keywords(&self, words: &[String]) -> String {
        match words {
            [word] => quoted(word),
            words => match self.list_of(words) {
                Some(list) => format!("a word of the list {list}"),
                None => format!("one of {}", several(words.iter().map(|word| quoted(word)))),
            },
        }
    }

    /// A `where` test, or what is true where it is not.
    #[must_use]
    pub fn test(&self, test: &Test, verb: &Verb, negated: bool) -> String {
        match test {
            Test::Not(test) => self.test(test, verb, !negated),
            Test::All(tests) => self.joined(tests, if negated { " or " } else { " and " }, verb, negated),
            Test::Any(tests) => self.joined(tests, if negated { " and " } else { " or " }, verb, negated),
            Test::Property(test) => self.property_test(test, verb, negated),
            Test::Person(test) => format!("at its arrival the person's {}", self.attribute_test(test, negated)),
        }
    }

    /// Parts of parts stand in parentheses, as in the language.
    fn joined(&self, tests: &[Test], joint: &str, verb: &Verb, negated: bool) -> String {
        let part = |test: &Test| {
            let said = self.test(test, verb, negated);
            if is_joined(test) { format!("({said})") } else { said }
        };
        tests.iter().map(part).collect::<Vec<_>>().join(joint)
    }
}

fn is_joined(test: &Test) -> bool {
    match test {
        Test::Not(test) => is_joined(test),
        Test::All(tests) | Test::Any(tests) => tests.len() > 1,
        Test::Property(_) | Test::Person(_) => false,
    }
}

/// A message of ours, with its article.
#[must_use]
pub fn message(test: &MessageTest) -> String {
    match test {
        MessageTest::Any => "a message of ours".to_owned(),
        MessageTest::It => "that very message".to_owned(),
        MessageTest::Step(_) | MessageTest::Campaign { .. } | MessageTest::Template(_) => {
            format!("a message{}", origin(test))
        }
    }
}

/// Where a message comes from, behind its noun.
fn origin(test: &MessageTest) -> String {
    match test {
        MessageTest::Any | MessageTest::It => String::new(),
        MessageTest::Campaign { campaign, step: None } => format!(" of campaign {}", quoted(campaign)),
        MessageTest::Campaign { campaign, step: Some(step) } => {
            format!(" of step {} of campaign {}", quoted(step), quoted(campaign))
        }
        MessageTest::Template(template) => format!(" made from template {}", quoted(template)),
        MessageTest::Step(step) => format!(" of step {} of this journey", quoted(step)),
    }
}

/// Which message the event is about. Of a delivery that is part of the noun.
fn answered(verb: &Verb, target: &Target, it: &str) -> Option<String> {
    let message = match &target.message {
        MessageTest::It => it.to_owned(),
        other => message(other),
    };
    match verb {
        Verb::Replied | Verb::Tapped if target.directly => Some(format!("pointed directly at {message}")),
        Verb::Replied | Verb::Tapped => Some(format!("answered {message}")),
        Verb::Reacted | Verb::RemovedReaction => Some(format!("stood at {message}")),
        // The message stands in the noun; `it` does not say which there.
        Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive => {
            (target.message == MessageTest::It).then(|| format!("was {message}"))
        }
        Verb::Performed(_) | Verb::Moved(_) | Verb::Changed(_) => None,
    }
}

/// How an inbound message came.
#[must_use]
pub fn way(via: Via) -> &'static str {
    match via {
        Via::Text => "came as text",
        Via::Button => "came by a button",
        Via::List => "came by a list",
        Via::Media => "came as media",
        Via::Flow => "came from a flow",
    }
}

fn in_time(length: Length, number: Number) -> String {
    let message = match number {
        Number::One => "the message it answers",
        Number::Many => "the message that each answers",
    };
    match length {
        Length::Elapsed(span) => format!("came no later than {} after {message}", exact(span)),
        Length::Calendar { amount, unit } => format!("came no later than {}", deadline_day(amount, unit, message)),
    }
}

/// Clauses side by side behind a noun.
#[must_use]
pub fn that(clauses: &[String]) -> String {
    match clauses {
        [] => String::new(),
        [one] => format!(" that {one}"),
        [most @ .., last] => format!(" that {}, and {last}", most.join(", ")),
    }
}

/// What happened, where that is no act on a noun. Such events have no tests of their own.
fn deed(verb: &Verb) -> Option<String> {
    let journey = |campaign: &str, what: &str| format!("a journey of theirs in campaign {} {what}", quoted(campaign));
    match verb {
        Verb::Moved(moved) => Some(match moved {
            Move::EnteredSegment(segment) => format!("they entered segment {}", quoted(segment)),
            Move::LeftSegment(segment) => format!("they left segment {}", quoted(segment)),
            Move::EnteredCampaign(campaign) => journey(campaign, "began"),
            Move::LeftCampaign(campaign) => journey(campaign, "ended, however"),
            Move::FinishedCampaign(campaign) => journey(campaign, "ended behind its last step"),
            Move::ConvertedIn(campaign) => journey(campaign, "reached its goal"),
        }),
        Verb::Changed(change) => Some(format!("their {}", change_words(change, "changed"))),
        Verb::Replied
        | Verb::Tapped
        | Verb::Reacted
        | Verb::RemovedReaction
        | Verb::WasSent
        | Verb::Received
        | Verb::Read
        | Verb::FailedToReceive
        | Verb::Performed(_) => None,
    }
}

/// `plan changed from "trial" to "pro"`, or without the verb.
fn change_words(change: &Change, verb: &str) -> String {
    let Change { name: attribute, ty: _, from, to } = change;
    let said = |word: &str, value: &Option<Value>| {
        value.as_ref().map(|value| format!(" {word} {}", crate::dsl::words::value(value))).unwrap_or_default()
    };
    let space = if verb.is_empty() { "" } else { " " };
    format!("{}{space}{verb}{}{}", name(attribute), said("from", from), said("to", to))
}

fn moved(moved: &Move) -> Noun {
    let noun = |one: &str, many: &str, rest: String| {
        Noun::new("they had", format!("{one} {rest}"), format!("{many} {rest}"), "of theirs")
    };
    match moved {
        Move::EnteredSegment(segment) => noun("entry", "entries", format!("into segment {}", quoted(segment))),
        Move::LeftSegment(segment) => noun("departure", "departures", format!("from segment {}", quoted(segment))),
        Move::EnteredCampaign(campaign) => {
            noun("start", "starts", format!("of a journey in campaign {}", quoted(campaign)))
        }
        Move::LeftCampaign(campaign) => {
            noun("end", "ends", format!("(of any kind) of a journey in campaign {}", quoted(campaign)))
        }
        Move::FinishedCampaign(campaign) => {
            noun("finish", "finishes", format!("(behind the last step) of a journey in campaign {}", quoted(campaign)))
        }
        Move::ConvertedIn(campaign) => {
            noun("conversion", "conversions", format!("(the goal was reached) in campaign {}", quoted(campaign)))
        }
    }
}

fn changed(change: &Change) -> Noun {
    let rest = change_words(change, "");
    Noun::new("they had", format!("change of {rest}"), format!("changes of {rest}"), "of theirs")
}

/// How long after the event that it is counted from a step may come.
#[must_use]
pub fn at_most_after(within: Length, from: &str) -> String {
    match within {
        Length::Elapsed(_) => format!("no later than {} after {from}", exact_length(within)),
        Length::Calendar { amount, unit } => format!("no later than {}", deadline_day(amount, unit, from)),
    }
}
