//! Keywords: what a reply's text is compared with.

use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::{keywords, names, pattern};
use crate::dsl::syntax::{self, ListKind, Literal, LiteralKind, TextTestKind, Words};
use crate::model::norm::normalise;
use crate::model::rule::TextTest;

impl Scope<'_> {
    /// A test on the text of a reply.
    pub(super) fn text_test(&mut self, test: &syntax::TextTest) -> Option<TextTest> {
        match &test.node {
            TextTestKind::Whole(words) => self.said(words).map(TextTest::AnyOf),
            TextTestKind::Containing(words) => {
                self.warn_of_others("containing", test.span, words);
                self.said(words).map(TextTest::Containing)
            }
            TextTestKind::StartingWith(words) => {
                self.warn_of_others("starting with", test.span, words);
                self.said(words).map(TextTest::StartingWith)
            }
            TextTestKind::Exactly(text) => {
                keywords::keyword(&text.text, text.span, self.names, &mut self.complaints);
                Some(TextTest::Exactly(text.text.clone()))
            }
            // Its bounds were looked at while it was read.
            TextTestKind::Matching(written) => {
                self.complaints.extend(pattern::plain(&written.node, test.span));
                Some(TextTest::Matching(written.node.clone()))
            }
        }
    }

    /// Keywords that a message of theirs is compared with.
    pub(super) fn said(&mut self, words: &Words) -> Option<Vec<String>> {
        for (word, span) in literals(words) {
            keywords::keyword(word, span, self.names, &mut self.complaints);
        }
        self.words(words)
    }

    /// Keywords, each with something to compare after norm/1.
    pub(super) fn words(&mut self, words: &Words) -> Option<Vec<String>> {
        let list = match words {
            Words::One(text) => return self.word(&text.text, text.span).map(|word| vec![word]),
            Words::AnyOf(list) => list,
        };
        match &list.node {
            ListKind::Literals(entries) => {
                keywords::equal_entries(&literals(words), &mut self.complaints);
                let words: Vec<Option<String>> = entries.iter().map(|entry| self.entry(entry)).collect();
                words.into_iter().collect()
            }
            ListKind::Named(name) => {
                let words = self.list(name, list.span)?;
                let Some(n) = words.iter().position(|word| normalise(word).is_empty()) else { return Some(words) };
                let empty = words.get(n).map_or("", String::as_str);
                let message = format!("list `{name}` holds `{empty}`, of which nothing is left to compare");
                let complaint = Diagnostic::new(Code::E0321, list.span, message).note(LEFT_OUT);
                self.refuse(match self.names.entry_span(name, n) {
                    Some(at) => complaint.also(at, "this entry"),
                    None => complaint,
                })
            }
        }
    }

    fn entry(&mut self, entry: &Literal) -> Option<String> {
        if let LiteralKind::Text(text) = &entry.node {
            return self.word(text, entry.span);
        }
        let complaint = Diagnostic::new(Code::E0320, entry.span, "a keyword is a text");
        self.refuse(match &entry.node {
            LiteralKind::Number(number) => {
                complaint.fix("write it in double quotes", entry.span, format!("\"{number}\""))
            }
            _ => complaint.label("write it in double quotes"),
        })
    }

    fn word(&mut self, word: &str, span: Span) -> Option<String> {
        if normalise(word).is_empty() {
            return self.refuse(
                Diagnostic::new(Code::E0321, span, "nothing is left of this keyword to compare").note(LEFT_OUT),
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

    /// Words that are meant as whole messages, looked for inside of others.
    fn warn_of_others(&mut self, how: &str, clause: Span, words: &Words) {
        let named = match words {
            Words::AnyOf(list) => match &list.node {
                ListKind::Named(name) => self.names.declared.schema.lists.get(name).and_then(|words| words.first()),
                ListKind::Literals(_) => None,
            },
            Words::One(_) => None,
        };
        let (start, only) = match words {
            Words::One(text) => (text.span.start, ""),
            Words::AnyOf(list) => (list.span.start, "any of "),
        };
        let edit = (Span::new(clause.file, clause.start, start), only);
        let found = match named {
            Some(word) => keywords::in_others(how, word, clause, edit, self.names),
            None => {
                let mut words = literals(words).into_iter();
                words.find_map(|(word, span)| keywords::in_others(how, word, span, edit, self.names))
            }
        };
        self.complaints.extend(found);
    }
}

const LEFT_OUT: &str = "punctuation is left out on both sides; `exactly` compares it";

/// The keywords that are written here, with their places.
fn literals(words: &Words) -> Vec<(&str, Span)> {
    match words {
        Words::One(text) => vec![(text.text.as_str(), text.span)],
        Words::AnyOf(list) => match &list.node {
            ListKind::Named(_) => Vec::new(),
            ListKind::Literals(literals) => literals
                .iter()
                .filter_map(|literal| match &literal.node {
                    LiteralKind::Text(text) => Some((text.as_str(), literal.span)),
                    _ => None,
                })
                .collect(),
        },
    }
}
