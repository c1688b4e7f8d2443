//! What would have to become true for a condition to change.

use super::condition::Asker;
use crate::dsl::describe::Outline;
use crate::model::rule::{Condition, Counted, Happened, Point, Times, Window};

/// So many ways are told; what only a late event could still do is none of them.
pub const WAYS_MAX: usize = 8;

impl Asker<'_> {
    /// The ways in which the condition becomes another than it is: each a list of what has to be true together.
    pub fn changed_by(&self, condition: &Condition) -> Vec<Vec<String>> {
        let mut ways = self.ways(condition, !self.case.truth(condition, self.at));
        ways.sort_by_key(Vec::len);
        ways.dedup();
        ways.truncate(WAYS_MAX);
        ways
    }

    /// How `condition`, which is not `wanted`, becomes so.
    fn ways(&self, condition: &Condition, wanted: bool) -> Vec<Vec<String>> {
        match condition {
            Condition::Not(part) => self.ways(part, !wanted),
            // One part that fails is enough to make the whole fail.
            Condition::All(parts) if !wanted => self.each(parts, wanted),
            Condition::Any(parts) if wanted => self.each(parts, wanted),
            Condition::All(parts) | Condition::Any(parts) => self.together(parts, wanted),
            Condition::Everyone | Condition::InSample { .. } => Vec::new(),
            Condition::KnownFor(_) if !wanted => Vec::new(),
            Condition::Happened(happened) if stands(happened, wanted) => Vec::new(),
            leaf => vec![vec![in_one_line(&self.describer.condition(leaf, !wanted))]],
        }
    }

    fn each(&self, parts: &[Condition], wanted: bool) -> Vec<Vec<String>> {
        parts.iter().flat_map(|part| self.ways(part, wanted)).take(WAYS_MAX).collect()
    }

    /// Every part that is not as it has to be, in all combinations of their ways.
    fn together(&self, parts: &[Condition], wanted: bool) -> Vec<Vec<String>> {
        let mut all = vec![Vec::new()];
        for part in parts.iter().filter(|part| self.case.truth(part, self.at) != wanted) {
            let ways = self.ways(part, wanted);
            let longer = all.iter().flat_map(|before| ways.iter().map(move |way| [before.as_slice(), way].concat()));
            all = longer.take(WAYS_MAX).collect();
        }
        all
    }
}

/// Whether what is so already cannot become otherwise: counts of a past that only grows.
fn stands(happened: &Happened, wanted: bool) -> bool {
    let (Counted::Times(times) | Counted::Distinct { times, .. }) = &happened.counted else { return false };
    let grows = matches!(happened.window, Window::Ever | Window::Since(Point::Instant(_)));
    // It holds now where another truth is wanted.
    grows
        && match times {
            Times::AtLeast(_) => !wanted,
            Times::AtMost(_) | Times::Exactly(0) => wanted,
            Times::Exactly(_) => false,
        }
}

/// A statement with its parts behind it.
pub fn in_one_line(said: &Outline) -> String {
    let parts: Vec<String> = said.parts.iter().map(|(mark, part)| format!("{mark} {}", in_one_line(part))).collect();
    if parts.is_empty() { said.text.clone() } else { format!("{} {}", said.text, parts.join("; ")) }
}
