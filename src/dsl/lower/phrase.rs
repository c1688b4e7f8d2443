//! Event phrases: verbs, their clauses, and tests on what an event carries.

use super::scope::Scope;
use super::sequence::flat;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::{self, OWN_EVENTS, Owner};
use crate::dsl::check::redundant::Join;
use crate::dsl::syntax::{self, EventKind, Literal, MessageKind, Root, Tap, TestKind, Went};
use crate::model::rule::{Change, Match, MessageTest, Move, Target, Test, TextTest, Verb};

impl Scope<'_> {
    /// What one event means.
    pub(super) fn event(&mut self, event: &syntax::Event) -> Option<Match> {
        match &event.node {
            EventKind::Replied(reply) => {
                let syntax::Reply { text, target, via, filter } = reply.as_ref();
                let text = text.as_ref().map(|text| self.text_test(text));
                let target = target.as_ref().map(|target| self.target(target));
                let filter = filter.as_ref().map(|test| self.test(test, Owner::Message));
                Some(Match {
                    text: flat(text)?,
                    target: flat(target)?,
                    via: via.map(|via| via.node),
                    filter: flat(filter)?,
                    ..Match::any(Verb::Replied)
                })
            }
            EventKind::Reacted { emoji, target } => {
                let text = emoji.as_ref().map(|words| self.words(words).map(TextTest::AnyOf));
                let target = target.as_ref().map(|target| self.target(target));
                Some(Match { text: flat(text)?, target: flat(target)?, ..Match::any(Verb::Reacted) })
            }
            EventKind::RemovedReaction { target } => {
                let target = target.as_ref().map(|target| self.target(target));
                Some(Match { target: flat(target)?, ..Match::any(Verb::RemovedReaction) })
            }
            EventKind::Tapped { what, target } => {
                let text = what.as_ref().map(|tap| match tap {
                    Tap::Title(words) => self.said(words).map(TextTest::AnyOf),
                    Tap::Id(id) => Some(TextTest::ButtonId(id.text.clone())),
                });
                let target = target.as_ref().map(|target| self.target(target));
                Some(Match { text: flat(text)?, target: flat(target)?, ..Match::any(Verb::Tapped) })
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
                Some(Match { filter: flat(filter)?, ..Match::any(Verb::Performed(name.node.clone())) })
            }
            EventKind::Segment { went, name } => {
                let name = self.segment_named(name)?;
                let moved = if *went == Went::Entered { Move::EnteredSegment(name) } else { Move::LeftSegment(name) };
                Some(Match::any(Verb::Moved(moved)))
            }
            EventKind::Campaign { went, name } => {
                self.campaign_named(name)?;
                let moved = match went {
                    Went::Entered => Move::EnteredCampaign,
                    Went::Left => Move::LeftCampaign,
                    Went::Finished => Move::FinishedCampaign,
                    Went::ConvertedIn => Move::ConvertedIn,
                };
                Some(Match::any(Verb::Moved(moved(name.node.clone()))))
            }
            EventKind::Changed { path, from, to } => self.change(path, from.as_ref(), to.as_ref()),
        }
    }

    /// `changed x from A to B`
    fn change(&mut self, path: &syntax::Path, from: Option<&Literal>, to: Option<&Literal>) -> Option<Match> {
        let subject = self.subject(path, Owner::Person)?;
        if let (Some(from), Some(to)) = (from, to)
            && from.node == to.node
        {
            self.complaints.push(
                Diagnostic::new(Code::W0704, to.span, "this never happens: a change is to another value")
                    .also(from.span, "the same value"),
            );
        }
        let mut value = |literal: Option<&Literal>| literal.map(|literal| self.literal(literal, &subject));
        let (from, to) = (value(from), value(to));
        let change = Change { ty: subject.ty(), from: flat(from)?, to: flat(to)?, name: subject.name };
        Some(Match::any(Verb::Changed(Box::new(change))))
    }

    /// What became of a message of ours.
    pub(super) fn delivery(&mut self, verb: Verb, message: &syntax::Message) -> Option<Match> {
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

    fn test(&mut self, test: &syntax::Test, owner: Owner<'_>) -> Option<Test> {
        let each = |scope: &mut Self, join: Join, parts: &[syntax::Test]| -> Option<Vec<Test>> {
            let meant: Vec<Option<Test>> = parts.iter().map(|part| scope.test(part, owner)).collect();
            let pairs: Vec<(Span, Option<&Test>)> =
                parts.iter().zip(&meant).map(|(part, meant)| (part.span, meant.as_ref())).collect();
            scope.warn_of_redundant(join, &pairs);
            meant.into_iter().collect()
        };
        match &test.node {
            TestKind::All(parts) => each(self, Join::And, parts).map(Test::All),
            TestKind::Any(parts) => each(self, Join::Or, parts).map(Test::Any),
            TestKind::Not(inner) => Some(Test::Not(Box::new(self.test(inner, owner)?))),
            TestKind::Comparison(comparison) if comparison.path.root == Root::Person => {
                self.comparison(comparison, Owner::Person).map(Test::Person)
            }
            TestKind::Comparison(comparison) => self.comparison(comparison, owner).map(Test::Property),
        }
    }
}
