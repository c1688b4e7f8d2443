//! Event phrases: verbs, texts, ways.

use super::condition::answered;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::{self, OWN_EVENTS, Owner};
use crate::dsl::syntax::{
    self, Chain, EventKind, ListKind, LiteralKind, MessageKind, Of, Tap, TestKind, TextTestKind, Words,
};
use crate::model::norm::normalise;
use crate::model::rule::{Match, MessageTest, Phrase, Sequence, Target, Test, TextTest, Then, Verb};
use crate::model::time::Length;

impl Scope<'_> {
    /// What one event, or two in sequence, mean.
    pub fn phrase(&mut self, chain: &Chain) -> Option<Phrase> {
        let event = self.event(&chain.first);
        if let Some(step) = chain.steps.first() {
            let last = chain.steps.last().map_or(step.span, |last| step.span.to(last.span));
            return self.unsupported(last, "sequences with `then`");
        }
        let mut event = event?;
        if let Some(length) = answered(chain) {
            let within = self.elapsed(length)?;
            self.warn_beyond_attribution(within, length.span);
            event.in_time = Some(Length::Elapsed(within));
            return Some(Phrase::One(Box::new(event)));
        }
        let Some(within_of) = &chain.within_of else { return Some(Phrase::One(Box::new(event))) };
        let Of::Message(message) = &within_of.of.node else { return Some(Phrase::One(Box::new(event))) };
        let within = self.elapsed(&within_of.length);
        let first = self.delivery(Verb::WasSent, message)?;
        let then = Then { not: false, event, same: None, within: Some(Length::Elapsed(within?)) };
        Some(Phrase::Sequence(Box::new(Sequence { first, steps: vec![then], grace: crate::model::time::Span(0) })))
    }

    /// Beyond the attribution window only direct answers are attributed.
    fn warn_beyond_attribution(&mut self, within: crate::model::time::Span, span: Span) {
        let window = self.names.declared.schema.attribution_window;
        if within > window {
            let days = window.0 / 86_400;
            self.complaints.push(
                Diagnostic::new(Code::W0711, span, "this is longer than replies are taken for answers").note(format!(
                    "after {days} days (`attribution.window`) only a quote, a button or a reaction is an answer"
                )),
            );
        }
    }

    fn event(&mut self, event: &syntax::Event) -> Option<Match> {
        match &event.node {
            EventKind::Replied(reply) => {
                let syntax::Reply { text, target, via, filter } = reply.as_ref();
                let text = text.as_ref().map(|text| self.text_test(text));
                let target = target.as_ref().map(|target| self.target(target));
                let filter = filter.as_ref().map(|test| self.test(test, Owner::Message));
                Some(Match {
                    text: all(text)?,
                    target: all(target)?,
                    via: via.map(|via| via.node),
                    filter: all(filter)?,
                    ..Match::any(Verb::Replied)
                })
            }
            EventKind::Reacted { emoji, target } => {
                let text = emoji.as_ref().map(|words| self.words(words).map(TextTest::AnyOf));
                let target = target.as_ref().map(|target| self.target(target));
                Some(Match { text: all(text)?, target: all(target)?, ..Match::any(Verb::Reacted) })
            }
            EventKind::RemovedReaction { target } => {
                let target = target.as_ref().map(|target| self.target(target));
                Some(Match { target: all(target)?, ..Match::any(Verb::RemovedReaction) })
            }
            EventKind::Tapped { what, target } => {
                let text = what.as_ref().map(|tap| match tap {
                    Tap::Title(words) => self.words(words).map(TextTest::AnyOf),
                    Tap::Id(id) => Some(TextTest::ButtonId(id.text.clone())),
                });
                let target = target.as_ref().map(|target| self.target(target));
                Some(Match { text: all(text)?, target: all(target)?, ..Match::any(Verb::Tapped) })
            }
            EventKind::WasSent { message, .. } => self.delivery(Verb::WasSent, message),
            EventKind::Received(message) => self.delivery(Verb::Received, message),
            EventKind::Read(message) => self.delivery(Verb::Read, message),
            EventKind::FailedToReceive(message) => self.delivery(Verb::FailedToReceive, message),
            EventKind::Performed { name, filter } => {
                if !self.names.is_event(&name.node) {
                    let events = self.names.declared.schema.events.keys().map(String::as_str);
                    let known: Vec<&str> = events.chain(OWN_EVENTS).collect();
                    return self.refuse(names::unknown(Code::E0301, name.span, "event", &name.node, known, true));
                }
                let filter = filter.as_ref().map(|test| self.test(test, Owner::Event(&name.node)));
                Some(Match { filter: all(filter)?, ..Match::any(Verb::Performed(name.node.clone())) })
            }
            EventKind::Segment { .. } => self.unsupported(event.span, "`entered segment` and `left segment`"),
            EventKind::Campaign { .. } => {
                self.unsupported(event.span, "`entered`, `left`, `finished` and `converted in` of campaigns")
            }
            EventKind::Changed { .. } => self.unsupported(event.span, "`changed`"),
        }
    }

    /// What became of a message of ours.
    fn delivery(&mut self, verb: Verb, message: &syntax::Message) -> Option<Match> {
        // Of any message means any event of the verb, also one that another tool's message caused.
        if matches!(message.node, MessageKind::Any) {
            return Some(Match::any(verb));
        }
        let message = self.message(message)?;
        Some(Match { target: Some(Target { message, directly: false }), ..Match::any(verb) })
    }

    fn target(&mut self, target: &syntax::Target) -> Option<Target> {
        let message: MessageTest = self.message(&target.message)?;
        Some(Target { message, directly: target.directly })
    }

    fn text_test(&mut self, test: &syntax::TextTest) -> Option<TextTest> {
        match &test.node {
            TextTestKind::Whole(words) => self.words(words).map(TextTest::AnyOf),
            TextTestKind::Containing(words) => self.words(words).map(TextTest::Containing),
            TextTestKind::StartingWith(words) => self.words(words).map(TextTest::StartingWith),
            TextTestKind::Exactly(text) => Some(TextTest::Exactly(text.text.clone())),
            // Its bounds were looked at while it was read.
            TextTestKind::Matching(pattern) => Some(TextTest::Matching(pattern.node.clone())),
        }
    }

    /// Keywords, each with something to compare after norm/1.
    fn words(&mut self, words: &Words) -> Option<Vec<String>> {
        match words {
            Words::One(text) => self.keyword(&text.text, text.span).map(|word| vec![word]),
            Words::AnyOf(list) => match &list.node {
                ListKind::Literals(literals) => {
                    let words: Vec<Option<String>> = literals
                        .iter()
                        .map(|literal| match &literal.node {
                            LiteralKind::Text(text) => self.keyword(text, literal.span),
                            _ => self.refuse(
                                Diagnostic::new(Code::E0320, literal.span, "a keyword is a text")
                                    .label("write it in double quotes"),
                            ),
                        })
                        .collect();
                    words.into_iter().collect()
                }
                ListKind::Named(name) => {
                    let words = self.list(name, list.span)?;
                    if let Some(empty) = words.iter().find(|word| normalise(word).is_empty()) {
                        let message = format!("list `{name}` holds `{empty}`, of which nothing is left to compare");
                        return self.refuse(Diagnostic::new(Code::E0321, list.span, message));
                    }
                    Some(words)
                }
            },
        }
    }

    fn keyword(&mut self, word: &str, span: Span) -> Option<String> {
        if normalise(word).is_empty() {
            return self.refuse(
                Diagnostic::new(Code::E0321, span, "nothing is left of this keyword to compare")
                    .note("punctuation is left out on both sides; `exactly` compares it"),
            );
        }
        Some(word.to_owned())
    }

    /// The entries of a named list.
    pub(super) fn list(&mut self, name: &str, span: Span) -> Option<Vec<String>> {
        let lists = &self.names.declared.schema.lists;
        match lists.get(name) {
            Some(words) if words.is_empty() => {
                self.refuse(Diagnostic::new(Code::E0321, span, format!("list `{name}` is empty")))
            }
            Some(words) => Some(words.clone()),
            None => {
                let known = lists.keys().map(String::as_str);
                self.refuse(names::unknown(Code::E0301, span, "list", name, known, false))
            }
        }
    }

    fn test(&mut self, test: &syntax::Test, owner: Owner<'_>) -> Option<Test> {
        let each = |scope: &mut Self, parts: &[syntax::Test]| -> Option<Vec<Test>> {
            let parts: Vec<Option<Test>> = parts.iter().map(|part| scope.test(part, owner)).collect();
            parts.into_iter().collect()
        };
        match &test.node {
            TestKind::All(parts) => each(self, parts).map(Test::All),
            TestKind::Any(parts) => each(self, parts).map(Test::Any),
            TestKind::Not(inner) => Some(Test::Not(Box::new(self.test(inner, owner)?))),
            TestKind::Comparison(comparison) if comparison.path.root == syntax::Root::Person => {
                self.comparison(comparison, Owner::Person).map(Test::Person)
            }
            TestKind::Comparison(comparison) => self.comparison(comparison, owner).map(Test::Property),
        }
    }
}

/// Nothing written is nothing meant; something written without a meaning is none at all.
fn all<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(Some(meant)) => Some(Some(meant)),
        Some(None) => None,
    }
}
