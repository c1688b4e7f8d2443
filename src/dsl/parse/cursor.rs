//! A node of pest's tree with the children that are still to be read. Walking with it is total.

use pest::iterators::{Pair, Pairs};

use super::Rule;

/// A node: its rule, its text, and its children from the next one on.
#[derive(Clone)]
pub(super) struct Node<'i> {
    pub rule: Rule,
    /// Up to its last token: white space and comments behind that belong to nobody.
    pub text: &'i str,
    pub start: usize,
    pub end: usize,
    children: Pairs<'i, Rule>,
}

impl<'i> Node<'i> {
    pub fn new(pair: Pair<'i, Rule>) -> Self {
        let span = pair.as_span();
        let (start, end) = (span.start(), last_token_end(&pair));
        let text = pair.as_str().get(..end - start).unwrap_or(pair.as_str());
        Self { rule: pair.as_rule(), text, start, end, children: pair.into_inner() }
    }

    /// The next child, whatever it is.
    pub fn next(&mut self) -> Option<Self> {
        self.children.next().map(Self::new)
    }

    /// The rule of the next child.
    pub fn peek(&self) -> Option<Rule> {
        self.children.peek().map(|pair| pair.as_rule())
    }

    /// The next child, if it is of `rule`.
    pub fn take(&mut self, rule: Rule) -> Option<Self> {
        if self.peek() == Some(rule) { self.next() } else { None }
    }

    /// Reads over the next child if it is of `rule`, and says whether it was.
    pub fn has(&mut self, rule: Rule) -> bool {
        self.take(rule).is_some()
    }

    /// Reads over children up to the first of `rule`, which is returned.
    pub fn find(&mut self, rule: Rule) -> Option<Self> {
        self.children.find(|pair| pair.as_rule() == rule).map(Self::new)
    }
}

/// Where the last token ends: of its last child, or of the signs behind that.
fn last_token_end(pair: &Pair<'_, Rule>) -> usize {
    let span = pair.as_span();
    let Some(child) = pair.clone().into_inner().next_back() else { return span.end() };
    let mut end = last_token_end(&child).clamp(span.start(), span.end());
    let behind = pair.as_str().get(end - span.start()..).unwrap_or_default();
    let (mut at, mut comment) = (end, false);
    for c in behind.chars() {
        at += c.len_utf8();
        match c {
            '\n' => comment = false,
            '#' => comment = true,
            c if comment || c.is_whitespace() => {}
            _ => end = at,
        }
    }
    end
}
