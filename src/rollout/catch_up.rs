//! Brings everybody up to the active rule set, in slices beside live traffic. Whoever is touched meanwhile is
//! brought up then and there, by the same code.
//!
//! First it is found out whom the change concerns at all: one pass over the log, reading only what new rules look
//! for, and the members of segments that mean something else. They are looked at one by one; all others of a slice
//! go over with their state as it is, by one statement. The end is decided by who is left, so a process that stops in
//! the middle begins again where it was.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::pace::Pace;
use crate::clock::Clock;
use crate::engine::Amendment;
use crate::intake::{Building, Intake, Known, Refusal, Rules, Slice};
use crate::model::id::{EventKey, PersonId, RulesVersion, SegmentId};
use crate::model::time::Second;
use crate::model::value::Properties;
use crate::store::notices::{self, Notice};
use crate::store::people::{self, Range};
use crate::store::{Reader, Store, StoreError, events, memberships};

/// After a refusal by the database the next try comes this much later.
const PAUSE_MS: i64 = 1_000;
/// People who are counted with one statement.
const COUNTED: i64 = 50_000;
/// Rows of the log that are read with one statement.
const ROWS_READ: i64 = 4_000;
/// Members that are read with one statement.
const MEMBERS_READ: u32 = 10_000;
/// So many people are noted before doubles are taken out.
const NOTED: usize = 1 << 17;

/// What it takes to bring people up to the active rule set.
#[derive(Clone, Copy)]
pub struct CatchUp<'a> {
    pub intake: &'a Intake,
    pub store: &'a Store,
    pub rules: &'a Rules,
    pub clock: &'a Clock,
}

/// Why a round was given up.
enum Stopped {
    Store(StoreError),
    Refused,
    /// Another rule set has become active.
    Replaced,
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for Stopped {
    fn from(_: Refusal) -> Self {
        Self::Refused
    }
}

impl CatchUp<'_> {
    /// Runs until nobody is behind. Returns how many were.
    pub async fn run(self) -> u64 {
        let mut done = 0;
        loop {
            let version = self.rules.now().active.version();
            match self.round(version, &mut done).await {
                Ok(true) => return done,
                Ok(false) | Err(Stopped::Replaced) => {}
                Err(stopped) => {
                    if let Stopped::Store(error) = stopped {
                        tracing::error!(%error, "people could not be counted or looked through");
                    }
                    self.clock.sleep_until(self.clock.millis() + PAUSE_MS).await;
                }
            }
        }
    }

    /// Goes once over everybody who is behind. True if nobody is left, but for those for whom time cannot pass.
    async fn round(self, version: RulesVersion, done: &mut u64) -> Result<bool, Stopped> {
        self.tell(version, "rules_activated", Properties::new()).await?;
        let behind = self.behind(version).await?;
        let people: u64 = behind.iter().map(|(_, count)| count).sum();
        if people == 0 {
            self.tell(version, "rules_caught_up", Properties::from_iter([("people".to_owned(), json!(*done))])).await?;
            self.rules.set_building(version, None);
            return Ok(true);
        }
        // Some of them are touched meanwhile, and come up by that.
        *done = people.max(*done);
        let known = self.look(version, &behind, people).await?;
        let upto = people::newest(&self.store.read()).await?;
        let came = self.bring_up(version, upto, known.as_ref(), people).await?;
        // Those for whom time cannot pass are tried again by their wakes, and hold up nobody.
        let is_over = came == 0;
        if is_over {
            tracing::error!(people, "some people cannot be brought up to the active rules");
            self.rules.set_building(version, None);
        }
        Ok(is_over)
    }

    /// How many people are at each version but `version`.
    async fn behind(self, version: RulesVersion) -> Result<Vec<(RulesVersion, u64)>, StoreError> {
        let reader = self.store.read();
        let newest = people::newest(&reader).await?.0;
        let mut behind = BTreeMap::new();
        for after in (0..newest).step_by(usize::try_from(COUNTED).unwrap_or(1)) {
            let range = Range { after: PersonId(after), upto: PersonId(after.saturating_add(COUNTED)) };
            for (known, count) in people::by_version(&reader, range).await? {
                *behind.entry(known).or_insert(0) += count;
            }
        }
        behind.remove(&version);
        Ok(behind.into_iter().collect())
    }

    /// Finds out whom the change concerns of those whom it is mostly about. None: everybody is looked at.
    async fn look(
        self,
        version: RulesVersion,
        behind: &[(RulesVersion, u64)],
        people: u64,
    ) -> Result<Option<Known>, Stopped> {
        let versions = self.rules.now();
        let at_hand = behind.iter().filter_map(|(from, count)| Some((*count, *from, versions.amendment(*from)?)));
        let most = at_hand.max_by_key(|(count, from, _)| (*count, *from));
        let segments = most.as_ref().map(|(_, _, amendment)| amendment.segments().iter().copied().collect());
        // Who comes from elsewhere can be missing in any segment.
        let segments = segments.filter(|_| behind.len() == 1);
        self.rules.set_building(version, Some(Building { version, segments, people, left: people }));
        // Where several processes write, one of them may still go by the rules of before, and take in an event that
        // was not there when the log was looked through: then only the lock on the person tells.
        let Some((_, from, amendment)) = most.filter(|_| !self.store.is_shared()) else { return Ok(None) };
        // Everything that was taken in under the rules of before is committed when this answer comes.
        let nobody = Range { after: PersonId(0), upto: PersonId(0) };
        self.intake.catch_up(Slice { range: nobody, known: None }).await?;
        let reader = self.store.read();
        let everybody = amendment.is_for_everybody();
        let concerned = if amendment.asks_past() && !amendment.asks_every_past() {
            concerned(&reader, &amendment, versions.since).await?
        } else {
            Vec::new()
        };
        let members = if everybody { Vec::new() } else { members(&reader, amendment.segments()).await? };
        Ok(Some(Known { from, to: version, everybody, concerned, members }))
    }

    /// Brings up everybody with an id up to `upto`. Returns how many came up.
    async fn bring_up(
        self,
        version: RulesVersion,
        upto: PersonId,
        known: Option<&Known>,
        people: u64,
    ) -> Result<u64, Stopped> {
        let (mut after, mut came, mut pace) = (PersonId(0), 0, Pace::default());
        while after < upto {
            let range = Range { after, upto: PersonId(after.0.saturating_add(pace.people()).min(upto.0)) };
            let known = known.map(|known| part(known, range));
            let brought = self.intake.catch_up(Slice { range, known }).await?;
            came += brought.people;
            pace.took(brought.millis);
            after = range.upto;
            let building = self.rules.building().filter(|building| building.version == version);
            let Some(building) = building else { return Err(Stopped::Replaced) };
            self.rules.set_building(version, Some(Building { left: people.saturating_sub(came), ..building }));
        }
        Ok(came)
    }

    /// Writes a line of the activity about `version`, once.
    async fn tell(self, version: RulesVersion, kind: &'static str, mut data: Properties) -> Result<(), StoreError> {
        if version == RulesVersion::default() {
            return Ok(());
        }
        data.insert("version".to_owned(), json!(version.0));
        let digest = Sha256::digest(format!("{kind} {}", version.0));
        let mut key = [0; 16];
        key.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
        let notice =
            Notice { at_ms: self.clock.millis(), kind: kind.into(), person: None, key: Some(EventKey(key)), data };
        let tx = self.store.write().await?;
        notices::insert(&tx, &[notice]).await?;
        tx.commit().await
    }
}

/// What is known of the people of one range.
fn part(known: &Known, range: Range) -> Known {
    let within = |people: &[PersonId]| {
        let from = people.partition_point(|id| *id <= range.after);
        let to = people.partition_point(|id| *id <= range.upto);
        people.get(from..to).unwrap_or_default().to_vec()
    };
    let Known { from, to, everybody, .. } = *known;
    Known { from, to, everybody, concerned: within(&known.concerned), members: within(&known.members) }
}

/// The people with an event that the change can concern.
async fn concerned(reader: &Reader, amendment: &Amendment, since: Second) -> Result<Vec<PersonId>, StoreError> {
    let oldest = amendment.back().map_or(Second(i64::MIN), |back| since.minus(back));
    let last = events::last_row(reader).await?;
    let mut noted = Noted::default();
    let mut after = 0;
    while after < last {
        let upto = after.saturating_add(ROWS_READ).min(last);
        let said = events::said_in(reader, (after, upto), amendment.kinds(), oldest).await?;
        let hits = said.iter().filter(|(_, event)| amendment.concerns(event, since));
        hits.for_each(|(person, _)| noted.add(*person));
        after = upto;
    }
    Ok(noted.finish())
}

/// Who is in one of these segments.
async fn members(reader: &Reader, segments: &[SegmentId]) -> Result<Vec<PersonId>, StoreError> {
    let mut noted = Noted::default();
    for segment in segments {
        let mut after = PersonId(0);
        loop {
            let page = memberships::members(reader, *segment, after, MEMBERS_READ).await?;
            let Some(last) = page.last() else { break };
            after = last.person;
            page.iter().for_each(|member| noted.add(member.person));
        }
    }
    Ok(noted.finish())
}

/// People, each once, in eight bytes each.
#[derive(Default)]
struct Noted {
    people: Vec<PersonId>,
    /// So many of them are sorted, each once.
    sorted: usize,
}

impl Noted {
    fn add(&mut self, person: PersonId) {
        self.people.push(person);
        if self.people.len() >= self.sorted.saturating_add(NOTED) {
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.people.sort_unstable();
        self.people.dedup();
        self.sorted = self.people.len();
    }

    fn finish(mut self) -> Vec<PersonId> {
        self.sort();
        self.people
    }
}
