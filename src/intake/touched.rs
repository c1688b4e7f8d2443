//! Who was touched lately: where audits of a running server draw from.
//!
//! It is kept in memory and not in a column: a mark in the database would cost a write for each person and each
//! audit, on the path that decides the server's speed, to remember something whose loss does no harm. After a
//! restart it is empty, and who was touched before is left to the next full audit.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::id::PersonId;

/// So many people are remembered at most: 512 kB.
pub const TOUCHED_MAX: usize = 65_536;

/// People by place, where each has the one that their number gives. Whoever comes later to a place that is taken
/// is remembered instead. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Touched(Arc<Mutex<Vec<Option<PersonId>>>>);

impl Touched {
    /// Remembers these people.
    pub fn note(&self, people: &[PersonId]) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.is_empty() && !people.is_empty() {
            places.resize(TOUCHED_MAX, None);
        }
        for person in people {
            let place = usize::try_from(person.0.unsigned_abs() % TOUCHED_MAX as u64).unwrap_or(0);
            if let Some(place) = places.get_mut(place) {
                *place = Some(*person);
            }
        }
    }

    /// Takes out up to `count` of them, from a place that `chance` chooses on.
    #[must_use]
    pub fn draw(&self, count: usize, chance: u64) -> Vec<PersonId> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let start = usize::try_from(chance % TOUCHED_MAX as u64).unwrap_or(0).min(places.len());
        let (before, behind) = places.split_at_mut(start);
        behind.iter_mut().chain(before).filter_map(Option::take).take(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_drawn_once_and_no_more_than_are_kept() {
        let touched = Touched::default();
        assert!(touched.draw(10, 7).is_empty());
        touched.note(&[PersonId(5), PersonId(6), PersonId(5)]);
        assert_eq!(touched.draw(1, 6), [PersonId(6)]);
        assert_eq!(touched.draw(10, 6), [PersonId(5)]);
        assert!(touched.draw(10, 6).is_empty());
        let everybody: Vec<_> = (1..=TOUCHED_MAX as i64 + 3).map(PersonId).collect();
        touched.note(&everybody);
        let drawn = touched.draw(usize::MAX, 123);
        assert_eq!(drawn.len(), TOUCHED_MAX);
        assert!(drawn.contains(&PersonId(TOUCHED_MAX as i64 + 3)) && !drawn.contains(&PersonId(3)));
    }
}
