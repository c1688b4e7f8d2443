//! Who recomputes people: a few each minute of those who were touched, and whoever an operator asks for, in slices
//! beside live traffic.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::lives::{self, EVENTS_MAX, Life};
use super::report::{Audits, Found, Scope, Tally};
use crate::chance;
use crate::clock::Clock;
use crate::engine::{self, Audited, Drift, Versions};
use crate::intake::{DRIFT, Intake, Refusal, Rules, told};
use crate::model::id::PersonId;
use crate::model::time::Second;
use crate::store::notices::{self, Notice};
use crate::store::{Store, StoreError, people};

/// People who are looked at each minute, of those who were touched since they were looked at last.
pub const WATCHED_PER_MINUTE: usize = 100;
const MINUTE_MS: i64 = 60_000;
/// People who are read and recomputed together.
const SLICE: usize = 50;
/// Between two slices, so that whoever waits comes first.
const PAUSE: Duration = Duration::from_millis(20);
/// People who are put right in one transaction, during which nothing else is written on SQLite.
const MENDED_AT_ONCE: usize = 10;
/// Ids that are read at once to choose from.
const IDS_AT_ONCE: u32 = 10_000;
/// Drifts of one audit that get a line in the activity each. The others are counted.
const DRIFTS_TOLD_MAX: u64 = 1_000;

/// Recomputes people and says what is not so.
#[derive(Clone)]
pub struct Auditor {
    pub store: Arc<Store>,
    pub clock: Clock,
    pub rules: Rules,
    pub intake: Intake,
    pub audits: Audits,
}

/// Why an audit could not go on.
#[derive(Debug)]
pub enum AuditError {
    Store(StoreError),
    Refused(Refusal),
}

impl From<StoreError> for AuditError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for AuditError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl std::fmt::Display for AuditError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Refused(refusal) => write!(f, "nothing could be put right: {refusal:?}"),
        }
    }
}

impl std::error::Error for AuditError {}

/// What is done about people in a slice.
#[derive(Clone, Copy)]
pub struct Manner<'a> {
    pub repair: bool,
    /// Only drifts of these rules count.
    pub only: Option<&'a BTreeSet<String>>,
    /// So many more drifts get a line in the activity.
    pub tell: u64,
}

impl Auditor {
    /// Looks at people each minute, and at whoever is asked for. Runs until it is dropped.
    pub async fn run(self) {
        let mut next_ms = self.clock.millis() + MINUTE_MS;
        loop {
            tokio::select! {
                () = self.audits.wanted() => self.do_asked().await,
                () = self.clock.sleep_until(next_ms) => {
                    self.watch().await;
                    next_ms = self.clock.millis() + MINUTE_MS;
                }
            }
        }
    }

    /// Looks at some of those who were touched, and puts nothing right.
    pub async fn watch(&self) {
        let chance = u64::from_be_bytes(chance::bytes());
        let drawn = self.intake.signals().touched.draw(WATCHED_PER_MINUTE, chance);
        for ids in drawn.chunks(SLICE) {
            let manner = Manner { repair: false, only: None, tell: DRIFTS_TOLD_MAX };
            match self.slice(ids, manner).await {
                Ok(tally) => {
                    // They come again, when there is a moment.
                    self.intake.signals().touched.note(&tally.later);
                    self.audits.note_watched(tally.tally);
                }
                Err(error) => tracing::warn!(%error, "people could not be recomputed"),
            }
            self.rest().await;
        }
    }

    /// Does the audit that was asked for.
    pub async fn do_asked(&self) {
        let Some(asked) = self.audits.open() else { return };
        let ids = match self.choose(asked.scope).await {
            Ok(ids) => ids,
            Err(error) => return self.give_up(&error.into()),
        };
        self.audits.note(|report| report.people = ids.len() as u64);
        let mut told = 0;
        for ids in ids.chunks(SLICE) {
            let tell = DRIFTS_TOLD_MAX.saturating_sub(told);
            match self.slice(ids, Manner { repair: asked.repair, only: None, tell }).await {
                Ok(slice) => {
                    told += slice.tally.drifts;
                    self.audits.note(|report| report.tally.add(slice.tally));
                }
                Err(error) => return self.give_up(&error),
            }
            self.rest().await;
        }
        let now = self.clock.second();
        self.audits.note(|report| report.ended = Some(now));
    }

    /// Lets whoever waits come first, between two slices.
    pub(super) async fn rest(&self) {
        self.clock.pause(PAUSE).await;
    }

    fn give_up(&self, error: &AuditError) {
        tracing::error!(%error, "an audit has ended early");
        let now = self.clock.second();
        self.audits.note(|report| {
            (report.ended, report.trouble) = (Some(now), Some("the database did not answer; its log says more"));
        });
    }

    /// Everybody, or some of them: each set of so many is as likely as any other.
    async fn choose(&self, scope: Scope) -> Result<Vec<PersonId>, StoreError> {
        let (reader, mut chosen, mut seen, mut after) = (self.store.read(), Vec::new(), 0_u64, PersonId(0));
        loop {
            let page = people::page(&reader, after, IDS_AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(chosen) };
            after = *last;
            for id in page {
                seen += 1;
                match scope {
                    Scope::Sample(count) if chosen.len() as u64 >= count => {
                        let place = u64::from_be_bytes(chance::bytes()) % seen;
                        if let Some(other) = usize::try_from(place).ok().and_then(|place| chosen.get_mut(place)) {
                            *other = id;
                        }
                    }
                    Scope::Sample(_) | Scope::All => chosen.push(id),
                }
            }
        }
    }

    /// Recomputes these people, tells what is not so, and puts it right if that is wanted.
    ///
    /// # Errors
    /// The database did not answer, or did not take it.
    pub async fn slice(&self, ids: &[PersonId], manner: Manner<'_>) -> Result<Slice, AuditError> {
        let lives = lives::read(&self.store.read(), ids, EVENTS_MAX).await?;
        let (versions, now) = (self.rules.now(), self.clock.second());
        let names: BTreeMap<PersonId, ulid::Ulid> =
            lives.read.iter().map(|life| (life.stored.subject.person.id, life.stored.subject.person.cio_id)).collect();
        // Somebody whom another node has brought to newer rules is left until these are in force here.
        let (read, ahead): (Vec<_>, Vec<_>) =
            lives.read.into_iter().partition(|life| life.stored.subject.state.rules <= versions.active.version());
        // It may take a while, on a thread that may.
        let looked = tokio::task::spawn_blocking(move || judge(&versions, read, now)).await;
        let Judged { looked, failed, mut drifting } = looked.unwrap_or_default();
        if let Some(only) = manner.only {
            let counts = |drift: &Drift| drift.rule.as_ref().is_none_or(|rule| only.contains(rule));
            drifting.values_mut().for_each(|drifts| drifts.retain(counts));
            drifting.retain(|_, drifts| !drifts.is_empty());
        }
        let mended = if manner.repair { self.mend(drifting.keys().copied().collect()).await? } else { BTreeMap::new() };
        if !manner.repair {
            self.tell(&drifting, manner.tell).await?;
        }
        let mut tally = Tally {
            looked,
            failed,
            too_long: lives.too_long.len() as u64,
            busy: (lives.busy.len() + ahead.len()) as u64,
            repaired: mended.len() as u64,
            ..Tally::default()
        };
        for (person, drifts) in &drifting {
            let repaired = mended.contains_key(person);
            for drift in drifts {
                tracing::error!(
                    person = person.0,
                    rule = drift.rule.as_deref(),
                    wrong = drift.wrong.as_str(),
                    repaired,
                    "what is stored is not what the log gives"
                );
                let cio_id = names.get(person).copied().unwrap_or_default();
                tally.found.push_back(Found { person: *person, cio_id, drift: drift.clone(), repaired });
            }
            tally.drifts += drifts.len() as u64;
        }
        self.count(&tally);
        Ok(Slice { tally, later: lives.busy })
    }

    fn count(&self, tally: &Tally) {
        let metrics = &self.intake.signals().metrics;
        metrics.audit_people.inc_by(tally.looked);
        metrics.audit_drift.inc_by(tally.drifts);
        metrics.audit_repaired.inc_by(tally.repaired);
    }

    async fn mend(&self, ids: Vec<PersonId>) -> Result<BTreeMap<PersonId, Vec<Drift>>, AuditError> {
        let mut mended = BTreeMap::new();
        for ids in ids.chunks(MENDED_AT_ONCE) {
            let done = self.intake.mend(ids.to_vec()).await?;
            mended.extend(done.into_iter().map(|mended| (mended.person, mended.drifts)));
        }
        Ok(mended)
    }

    /// A line in the activity for each drift that is left as it is.
    async fn tell(&self, drifting: &BTreeMap<PersonId, Vec<Drift>>, limit: u64) -> Result<(), StoreError> {
        let at_ms = self.clock.millis();
        let all = drifting.iter().flat_map(|(person, drifts)| drifts.iter().map(|drift| (*person, drift)));
        let notices: Vec<Notice> = all
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|(person, drift)| Notice {
                at_ms,
                kind: Cow::Borrowed(DRIFT),
                person: Some(person),
                key: None,
                data: told(drift, false).as_object().cloned().unwrap_or_default(),
            })
            .collect();
        if notices.is_empty() {
            return Ok(());
        }
        let tx = self.store.write().await?;
        // Who was erased meanwhile gets no line.
        let there: BTreeSet<PersonId> = people::load(&tx, &drifting.keys().copied().collect::<Vec<_>>())
            .await?
            .iter()
            .map(|row| row.person.id)
            .collect();
        let notices: Vec<Notice> =
            notices.into_iter().filter(|notice| notice.person.is_some_and(|person| there.contains(&person))).collect();
        notices::insert(&tx, &notices).await?;
        tx.commit().await
    }
}

/// What came of a slice.
#[derive(Debug, Default)]
pub struct Slice {
    pub tally: Tally,
    /// People to whom something happened each time: they are worth another look.
    pub later: Vec<PersonId>,
}

#[derive(Default)]
struct Judged {
    looked: u64,
    failed: u64,
    drifting: BTreeMap<PersonId, Vec<Drift>>,
}

/// Recomputes people. A panic costs the one at whom it happened, and nobody else.
fn judge(versions: &Versions, lives: Vec<Life>, now: Second) -> Judged {
    let mut judged = Judged::default();
    for life in lives {
        let person = life.stored.subject.person.id;
        let audited =
            catch_unwind(AssertUnwindSafe(|| engine::audit(versions, life.stored.clone(), life.history(), now)));
        match audited {
            Ok(Audited::Looked(drifts)) => {
                judged.looked += 1;
                if !drifts.is_empty() {
                    judged.drifting.insert(person, drifts);
                }
            }
            Ok(Audited::TooLong) => {}
            Err(_) => {
                tracing::error!(person = person.0, "somebody cannot be recomputed");
                judged.failed += 1;
            }
        }
    }
    judged
}
