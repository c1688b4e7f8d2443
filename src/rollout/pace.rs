//! How many people a slice takes: as many as are done in the time for which live traffic can wait.

/// Live traffic waits so long behind a slice.
const SLICE_MS: i64 = 12;
/// People of a slice, at least and at most: their ids are counted, whoever of them is behind.
const PEOPLE_MIN: i64 = 100;
const PEOPLE_MAX: i64 = 20_000;

/// The size of the next slice.
#[derive(Clone, Copy, Debug)]
pub struct Pace(i64);

impl Default for Pace {
    fn default() -> Self {
        Self(PEOPLE_MIN)
    }
}

impl Pace {
    pub fn people(self) -> i64 {
        self.0
    }

    /// Notes how long the last slice took. No single one says much: the size doubles at most, or halves.
    pub fn took(&mut self, millis: i64) {
        let aim = self.0.saturating_mul(SLICE_MS) / millis.max(1);
        self.0 = aim.clamp(self.0 / 2, self.0.saturating_mul(2)).clamp(PEOPLE_MIN, PEOPLE_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_keeps_within_its_bounds() {
        let mut pace = Pace::default();
        (0..20).for_each(|_| pace.took(0));
        assert_eq!(pace.people(), PEOPLE_MAX);
        pace.took(SLICE_MS * 4);
        assert_eq!(pace.people(), PEOPLE_MAX / 2);
        pace.took(SLICE_MS);
        assert_eq!(pace.people(), PEOPLE_MAX / 2);
        (0..20).for_each(|_| pace.took(i64::MAX));
        assert_eq!(pace.people(), PEOPLE_MIN);
    }
}
