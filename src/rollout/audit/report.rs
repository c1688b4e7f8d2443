//! What audits are asked for, and what came of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use ulid::Ulid;

use crate::engine::Drift;
use crate::model::id::PersonId;
use crate::model::time::Second;

/// Drifts that are kept to be shown, of one audit and of the one that never ends. The others are counted.
pub const DRIFTS_SHOWN_MAX: usize = 100;

/// Whom an audit looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// So many, drawn by chance.
    Sample(u64),
    All,
}

/// An audit that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub scope: Scope,
    /// What is not so is put right.
    pub repair: bool,
}

/// Something stored of somebody that is not so.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub person: PersonId,
    pub cio_id: Ulid,
    pub drift: Drift,
    pub repaired: bool,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// People who were recomputed.
    pub looked: u64,
    /// Those whose log is longer than is looked at.
    pub too_long: u64,
    /// Those to whom something happened each time that they were read.
    pub busy: u64,
    /// Those whose recomputation ended in a panic.
    pub failed: u64,
    pub drifts: u64,
    /// People who were put right.
    pub repaired: u64,
    /// The newest drifts, oldest first.
    pub found: VecDeque<Found>,
}

impl Tally {
    /// Adds what came of a slice.
    pub fn add(&mut self, other: Self) {
        self.looked += other.looked;
        self.too_long += other.too_long;
        self.busy += other.busy;
        self.failed += other.failed;
        self.drifts += other.drifts;
        self.repaired += other.repaired;
        self.found.extend(other.found);
        while self.found.len() > DRIFTS_SHOWN_MAX {
            self.found.pop_front();
        }
    }
}

/// An audit that was asked for, under way or over.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// 1, 2, 3 … since the server started.
    pub number: u64,
    pub asked: Asked,
    pub started: Second,
    /// None: it is under way.
    pub ended: Option<Second>,
    /// How many people are to be looked at, once that is known.
    pub people: u64,
    pub tally: Tally,
    /// Why it ended early.
    pub trouble: Option<&'static str>,
}

/// The audits of this server, as others see them. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Audits(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    kept: Mutex<Kept>,
    wanted: Notify,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    latest: Option<Report>,
    watch: Tally,
}

/// One is under way already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl Audits {
    /// Asks for an audit; the auditor begins it at once. Gives it as it stands.
    ///
    /// # Errors
    /// [`Busy`] while another one is under way.
    pub fn begin(&self, asked: Asked, now: Second) -> Result<Report, Busy> {
        let mut kept = self.kept();
        if kept.latest.as_ref().is_some_and(|report| report.ended.is_none()) {
            return Err(Busy);
        }
        let number = kept.latest.as_ref().map_or(1, |report| report.number + 1);
        let (tally, ended, trouble) = (Tally::default(), None, None);
        let report = Report { number, asked, started: now, ended, people: 0, tally, trouble };
        kept.latest = Some(report.clone());
        self.0.wanted.notify_one();
        Ok(report)
    }

    /// The newest one that was asked for, under way or over.
    #[must_use]
    pub fn latest(&self) -> Option<Report> {
        self.kept().latest.clone()
    }

    /// What the audit that never ends has found since the server started.
    #[must_use]
    pub fn watch(&self) -> Tally {
        self.kept().watch.clone()
    }

    /// Waits until somebody has asked for an audit.
    pub(super) async fn wanted(&self) {
        self.0.wanted.notified().await;
    }

    /// The audit that is to be done, if one is.
    pub(super) fn open(&self) -> Option<Asked> {
        self.kept().latest.as_ref().filter(|report| report.ended.is_none()).map(|report| report.asked)
    }

    /// Changes the newest report.
    pub(super) fn note(&self, change: impl FnOnce(&mut Report)) {
        if let Some(report) = &mut self.kept().latest {
            change(report);
        }
    }

    pub(super) fn note_watched(&self, tally: Tally) {
        self.kept().watch.add(tally);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_audit_is_under_way_at_once() {
        let (audits, asked) = (Audits::default(), Asked { scope: Scope::All, repair: false });
        assert_eq!(audits.begin(asked, Second(1)).map(|report| report.number), Ok(1));
        assert_eq!(audits.begin(asked, Second(2)), Err(Busy));
        audits.note(|report| report.ended = Some(Second(3)));
        assert_eq!(audits.open(), None);
        assert_eq!(audits.begin(asked, Second(4)).map(|report| report.number), Ok(2));
    }
}
