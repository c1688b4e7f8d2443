//! The rule sets in force, and how far people are brought up to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch;

use crate::engine::Versions;
use crate::model::id::{RulesVersion, SegmentId};

/// The rule sets in force, exchanged as a whole when another one becomes active. Clones share them.
#[derive(Clone)]
pub struct Rules {
    versions: Arc<watch::Sender<Arc<Versions>>>,
    building: Arc<watch::Sender<Option<Building>>>,
}

/// Not everybody is at the active rule set yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Building {
    pub version: RulesVersion,
    /// The segments of which not all members are known; none: nobody has looked yet, so it can be any.
    pub segments: Option<BTreeSet<SegmentId>>,
    /// Whom it is about.
    pub people: u64,
    /// How many of them have not come up to it.
    pub left: u64,
}

impl Building {
    /// How far it is, from 0 to 99.
    #[must_use]
    pub fn percent(&self) -> u8 {
        let done = self.people.saturating_sub(self.left);
        let percent = done.saturating_mul(100).checked_div(self.people).unwrap_or(0).min(99);
        u8::try_from(percent).unwrap_or(99)
    }

    /// Whether members of `segment` can be missing.
    #[must_use]
    pub fn concerns(&self, segment: SegmentId) -> bool {
        self.segments.as_ref().is_none_or(|segments| segments.contains(&segment))
    }
}

impl Rules {
    /// Begins with `versions`, at which everybody is.
    #[must_use]
    pub fn new(versions: Versions) -> Self {
        Self {
            versions: Arc::new(watch::Sender::new(Arc::new(versions))),
            building: Arc::new(watch::Sender::new(None)),
        }
    }

    /// What is in force now.
    #[must_use]
    pub fn now(&self) -> Arc<Versions> {
        Arc::clone(&self.versions.borrow())
    }

    /// Puts `versions` in force from the next batch on. If the active one is another than before, people have to be
    /// brought up to it.
    pub fn exchange(&self, versions: Versions) {
        let version = versions.active.version();
        let is_other = self.now().active.version() != version;
        let building = || drop(self.building.send_replace(Some(Building { version, ..Building::default() })));
        // Before: nobody may take the new rules for finished. And behind: somebody may have told of the old ones.
        if is_other {
            building();
        }
        self.versions.send_replace(Arc::new(versions));
        if is_other {
            building();
        }
    }

    /// Sees each exchange from now on.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Versions>> {
        self.versions.subscribe()
    }

    /// Says how far people are; none: everybody is there. What is said of a version that is not active any more is
    /// not heard.
    pub fn set_building(&self, version: RulesVersion, building: Option<Building>) {
        if self.now().active.version() == version {
            self.building.send_replace(building);
        }
    }

    /// How far people are brought up to the active rule set; none: all of them.
    #[must_use]
    pub fn building(&self) -> Option<Building> {
        self.building.borrow().clone()
    }

    /// The same, to wait on.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Option<Building>> {
        self.building.subscribe()
    }

    /// Whether members of `segment` may be missing, because not everybody was looked at under the active rule set.
    /// Whoever does something for all of its members waits.
    #[must_use]
    pub fn is_building(&self, segment: SegmentId) -> bool {
        self.building.borrow().as_ref().is_some_and(|building| building.concerns(segment))
    }
}
