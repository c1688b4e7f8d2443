//! The effects of a story against those that a test lists: which is which, and what is left over on both sides.

use std::collections::VecDeque;

use super::asked::{Asked, covers};
use super::story::{ExpectedEffect, Who};

/// An effect with whom it is for.
#[derive(Clone, Debug)]
pub struct Done {
    pub who: Who,
    pub asked: Asked,
}

/// Where the two lists differ: places in them.
#[derive(Debug, PartialEq, Eq)]
pub enum Difference {
    /// Listed; with the nearest that was done instead, if there is one.
    Missing(usize, Option<usize>),
    /// Done and not listed.
    Extra(usize),
}

/// All differences, those of the list first.
pub fn differences(listed: &[ExpectedEffect], done: &[Done]) -> Vec<Difference> {
    let pairs = pairs(listed, done);
    let mut left: Vec<usize> = (0..done.len()).filter(|n| !pairs.contains(&Some(*n))).collect();
    let mut differences = Vec::new();
    for (n, expected) in listed.iter().enumerate().filter(|(n, _)| pairs.get(*n).copied().flatten().is_none()) {
        let near = left.iter().enumerate().filter_map(|(place, n)| Some((likeness(expected, done.get(*n)?)?, place)));
        // Of those equally near the first.
        let nearest = near.max_by_key(|(likeness, place)| (*likeness, std::cmp::Reverse(*place)));
        differences.push(Difference::Missing(n, nearest.map(|(_, place)| left.remove(place))));
    }
    differences.extend(left.into_iter().map(Difference::Extra));
    differences
}

/// For each listed effect the one that it is. As many as possible are found: who says little gives way to who
/// says more.
fn pairs(listed: &[ExpectedEffect], done: &[Done]) -> Vec<Option<usize>> {
    let mut owner: Vec<Option<usize>> = vec![None; done.len()];
    for first in 0..listed.len() {
        // From `first` over effects that are taken to the entries that took them, up to one that is free.
        let mut came_from: Vec<Option<usize>> = vec![None; done.len()];
        let mut open = VecDeque::from([first]);
        let mut free = None;
        'search: while let Some(entry) = open.pop_front() {
            let Some(expected) = listed.get(entry) else { continue };
            for (n, _) in done.iter().enumerate().filter(|(_, done)| is(expected, done)) {
                if came_from.get(n).copied().flatten().is_some() {
                    continue;
                }
                came_from[n] = Some(entry);
                match owner.get(n).copied().flatten() {
                    Some(other) => open.push_back(other),
                    None => {
                        free = Some(n);
                        break 'search;
                    }
                }
            }
        }
        // Each entry on the way takes the effect that it reached.
        while let Some(n) = free {
            let Some(entry) = came_from[n] else { break };
            free = owner.iter().position(|taken| *taken == Some(entry));
            if let Some(lost) = free {
                owner[lost] = None;
            }
            owner[n] = Some(entry);
        }
    }
    (0..listed.len()).map(|entry| owner.iter().position(|taken| *taken == Some(entry))).collect()
}

fn is(expected: &ExpectedEffect, done: &Done) -> bool {
    expected.who == done.who
        && expected.at == done.asked.at
        && expected.kind == done.asked.kind
        && covers(&expected.body, &done.asked.body)
}

/// How much of an expectation is met by something else of the same kind for the same person.
fn likeness(expected: &ExpectedEffect, done: &Done) -> Option<usize> {
    if expected.who != done.who || expected.kind != done.asked.kind {
        return None;
    }
    let said = expected.body.as_object().into_iter().flatten();
    let met = said.filter(|(name, value)| done.asked.body.get(name).is_some_and(|found| covers(value, found)));
    Some(2 * met.count() + usize::from(expected.at == done.asked.at))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::diagnostic::Span;
    use crate::model::time::Second;

    fn listed(at: i64, body: Json) -> ExpectedEffect {
        ExpectedEffect { at: Second(at), who: Who::Person(0), kind: "send", body, span: Span::default() }
    }

    fn done(at: i64, body: Json) -> Done {
        Done { who: Who::Person(0), asked: Asked { at: Second(at), kind: "send", body } }
    }

    #[test]
    fn who_says_less_gives_way() {
        let listed = [listed(1, json!({"text": "a"})), listed(1, json!({"text": "a", "step": "x"}))];
        let both = [done(1, json!({"text": "a", "step": "x"})), done(1, json!({"text": "a", "step": "y"}))];
        assert_eq!(differences(&listed, &both), []);
    }

    #[test]
    fn what_is_missing_is_shown_with_the_nearest() {
        let listed = [listed(1, json!({"text": "a"}))];
        let both = [done(1, json!({"text": "b"})), done(2, json!({"text": "a"}))];
        assert_eq!(differences(&listed, &both), [Difference::Missing(0, Some(1)), Difference::Extra(0)]);
        assert_eq!(differences(&listed, &[]), [Difference::Missing(0, None)]);
    }
}
