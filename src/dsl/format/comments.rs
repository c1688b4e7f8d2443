//! Comments: which there are in a text, and beside which of its pieces each one stands.

use super::doc::Doc;
use crate::dsl::parse;

/// The comments in `text` as they are kept: from `#` to the end of the line, without white space at the end.
pub fn texts(text: &str) -> Vec<String> {
    parse::comments(text).into_iter().filter_map(|at| Some(text.get(at)?.trim_end().to_owned())).collect()
}

/// Puts each comment of `text` beside the piece that it stands at; returned are those behind all of them.
///
/// A comment behind words stays behind them, one on a line of its own stays above what follows it.
pub fn attach(text: &str, doc: &mut Doc) -> Vec<String> {
    let mut tokens = doc.tokens_mut();
    let mut tail = Vec::new();
    let mut next = 0;
    for at in parse::comments(text) {
        let comment = text.get(at.clone()).unwrap_or_default().trim_end().to_owned();
        let line = text.get(..at.start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
        let own_line = line.trim().is_empty();
        while tokens.get(next).is_some_and(|token| token.at < at.start) {
            next += 1;
        }
        // Whatever a comment stands behind may be left out: then the one before may have a comment already.
        let free = tail.is_empty() && tokens.get(next).is_none_or(|token| token.before.is_empty());
        let left = next.checked_sub(1).and_then(|left| tokens.get_mut(left));
        match left.filter(|left| !own_line && free && left.after.is_none()) {
            Some(left) => left.after = Some(comment),
            None => match tokens.get_mut(next) {
                Some(token) => token.before.push(comment),
                None => tail.push(comment),
            },
        }
    }
    tail
}
