//! Keywords: what a reply's text is compared with.

use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names;
use crate::dsl::syntax::{self, ListKind, LiteralKind, TextTestKind, Words};
use crate::model::norm::normalise;
use crate::model::rule::TextTest;

impl Scope<'_> {
    /// A test on the text of a reply.
    pub(super) fn text_test(&mut self, test: &syntax::TextTest) -> Option<TextTest> {
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
    pub(super) fn words(&mut self, words: &Words) -> Option<Vec<String>> {
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
            None if self.names.before.lists.contains(name) => self.refuse(names::removed(span, "list", name)),
            None => {
                let known = lists.keys().map(String::as_str);
                self.refuse(names::unknown(Code::E0301, span, "list", name, known, false))
            }
        }
    }
}
