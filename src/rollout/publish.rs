//! A rule set becomes a version, and a version becomes active: all or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::diagnostic::render::render;
use crate::diagnostic::{Diagnostic, Sources};
use crate::dsl::{self, Before, Compiled};
use crate::engine::{Catalogue, CompileError, Engine, InForce, Versions};
use crate::intake::Rules;
use crate::model::id::{CampaignId, RulesVersion, SegmentId};
use crate::model::rule::{RuleSet, SegmentKind};
use crate::model::value::Properties;
use crate::store::rules::{self, Contents, Numbers, RuleSetRow, SegmentName};
use crate::store::{Store, StoreError, Tx, journeys};

/// Rule files: path → text.
pub type Files = BTreeMap<String, String>;

/// Somebody who publishes at the same time is given way to this often.
const TRIES_MAX: u32 = 3;

/// What is to be done with rule files besides storing them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Make them the active version, unless they are an older one: what a folder that nobody has updated says.
    Activate,
    /// Make them the active version, under a new number if they are an older one. Versions never go back.
    Force,
    /// Nothing.
    Store,
}

/// What became of an attempt to publish.
#[derive(Debug)]
pub enum Published {
    /// A new version is active.
    Activated(RulesVersion),
    /// This content is kept under this version, which was not made active.
    Stored(RulesVersion),
    /// This content is what is active already.
    Unchanged(RulesVersion),
    /// This content was an older version. It is not brought back unless somebody insists.
    Older { found: RulesVersion, active: RulesVersion },
    /// It does not load. What was active stays active.
    Refused(Refused),
}

/// All complaints about rule files, with the texts they point into.
#[derive(Debug)]
pub struct Refused {
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
}

impl Refused {
    /// The complaints as a person reads them, each with its frame.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        render(&self.diagnostics, &self.sources, colour)
    }
}

/// Why publishing could not even be tried.
#[derive(Debug)]
pub enum PublishError {
    Store(StoreError),
    /// A stored version does not load with this release.
    Stored {
        version: RulesVersion,
        refused: Refused,
    },
    /// Others publish all the time.
    Overtaken,
    /// It loads and cannot run.
    Unfit {
        version: RulesVersion,
        problem: CompileError,
    },
}

impl From<StoreError> for PublishError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl std::fmt::Display for PublishError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => write!(f, "the rules could not be read or stored: {error}"),
            Self::Overtaken => f.write_str("others publish at the same time; try again"),
            Self::Stored { version, refused } => write!(
                f,
                "the stored rule set {} does not load with this release; publish one that does\n{}",
                version.0,
                refused.render(false)
            ),
            Self::Unfit { version, problem } => write!(f, "rule set {} cannot run: {problem}", version.0),
        }
    }
}

impl std::error::Error for PublishError {}

/// Compiles `files` and makes of them what `intent` says. `env` holds the values that rules may use as `env.NAME`.
///
/// # Errors
/// See [`PublishError`]; then nothing has changed.
pub async fn publish(
    store: &Store,
    clock: &Clock,
    env: &Properties,
    files: Files,
    intent: Intent,
) -> Result<Published, PublishError> {
    let hash = hash(&files);
    let mut tries = 1;
    loop {
        let (active, known) = match known(store, &hash, intent).await? {
            Known::Before(published) => return Ok(published),
            Known::Newer { active, stored } => (active, stored),
        };
        let rule_set = match compile_over(files.clone(), active).await {
            Ok(rule_set) => rule_set,
            Err(refused) => return Ok(Published::Refused(refused)),
        };
        let new = New { hash: &hash, files: &files, rule_set: &rule_set, known };
        match write(store, clock, env, &new, intent).await {
            Err(PublishError::Store(error)) if error.is_conflict() && tries < TRIES_MAX => tries += 1,
            Ok(None) if tries < TRIES_MAX => tries += 1,
            Ok(None) => return Err(PublishError::Overtaken),
            Ok(Some(published)) => return Ok(published),
            Err(error) => return Err(error),
        }
    }
}

/// What is known of some content.
enum Known {
    /// All there is to say.
    Before(Published),
    /// It may become active, in the place of `active`; it may be stored already.
    Newer { active: Option<RuleSetRow>, stored: Option<RulesVersion> },
}

async fn known(store: &Store, hash: &[u8], intent: Intent) -> Result<Known, StoreError> {
    let reader = store.read();
    let active = rules::active(&reader).await?;
    if let Some(active) = active.as_ref().filter(|active| active.hash == hash) {
        return Ok(Known::Before(Published::Unchanged(active.version)));
    }
    let stored = rules::by_hash(&reader, hash).await?.map(|row| row.version);
    let behind = |version: &RulesVersion| active.as_ref().is_some_and(|active| *version < active.version);
    Ok(match (stored, &active, intent) {
        (Some(version), _, Intent::Store) => Known::Before(Published::Stored(version)),
        (Some(found), Some(active), Intent::Activate) if found < active.version => {
            Known::Before(Published::Older { found, active: active.version })
        }
        // A number that lies behind is not taken up again.
        (stored, ..) => Known::Newer { stored: stored.filter(|version| !behind(version)), active },
    })
}

/// A rule set that may become a version.
struct New<'a> {
    hash: &'a [u8],
    files: &'a Files,
    rule_set: &'a Arc<RuleSet>,
    /// The version under which it is stored already.
    known: Option<RulesVersion>,
}

/// One transaction. None: somebody activated a newer version meanwhile.
async fn write(
    store: &Store,
    clock: &Clock,
    env: &Properties,
    new: &New<'_>,
    intent: Intent,
) -> Result<Option<Published>, PublishError> {
    // Nothing becomes a version that cannot run: the next start would stand still on it.
    let numbers = rules::numbers(&store.read()).await?;
    let catalogue = provisional(catalogue(numbers, env), new.rule_set);
    let version = new.known.unwrap_or_default();
    build(Arc::clone(new.rule_set), version, catalogue).await?;
    let tx = store.write().await?;
    let version = match new.known {
        Some(version) => version,
        None => rules::publish(&tx, new.hash, new.files, contents(new), clock.second()).await?,
    };
    if intent == Intent::Store {
        tx.commit().await?;
        return Ok(Some(Published::Stored(version)));
    }
    number(&tx, new.rule_set, clock).await?;
    if !rules::activate(&tx, version, clock.second()).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(Published::Activated(version)))
}

fn contents(new: &New<'_>) -> Contents {
    let RuleSet { segments, campaigns, schedules, schema: _ } = &**new.rule_set;
    let (segments, campaigns, schedules) = (segments.len(), campaigns.len(), schedules.len());
    Contents { files: new.files.len(), segments, campaigns, schedules }
}

/// The versions that are needed: the active one, and those that open journeys began under.
/// `env` holds the values that rules may use as `env.NAME`.
///
/// # Errors
/// See [`PublishError`].
pub async fn versions(store: &Store, env: &Properties) -> Result<Option<Versions>, PublishError> {
    let reader = store.read();
    let Some(active) = rules::active(&reader).await? else { return Ok(None) };
    let catalogue = catalogue(rules::numbers(&reader).await?, env);
    let since = active.activated.unwrap_or(active.created);
    let mut wanted: BTreeSet<RulesVersion> = journeys::versions_in_use(&reader).await?.into_iter().collect();
    // What was due before the change is played under the rules of then.
    wanted.extend(rules::active_before(&reader, active.version).await?);
    wanted.remove(&active.version);
    let mut rows = Vec::new();
    for version in wanted {
        rows.extend(rules::get(&reader, version).await?);
    }
    aside(move || {
        let mut older = BTreeMap::new();
        for row in rows {
            let version = row.version;
            match engine(row, &catalogue) {
                Ok(engine) => drop(older.insert(version, Arc::new(engine))),
                Err(error) => tracing::error!(%error, "an older rule set cannot go on"),
            }
        }
        Ok(Some(Versions { active: Arc::new(engine(active, &catalogue)?), since, older }))
    })
    .await
}

/// All rule sets that were ever in force and load with this release, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn all_in_force(store: &Store, env: &Properties) -> Result<Vec<InForce>, StoreError> {
    let reader = store.read();
    let catalogue = catalogue(rules::numbers(&reader).await?, env);
    let mut rows = Vec::new();
    for listed in rules::history(&reader, None, u32::MAX).await?.iter().filter(|listed| listed.activated.is_some()) {
        rows.extend(rules::get(&reader, listed.version).await?);
    }
    let sets = rows.into_iter().filter_map(|row| {
        let since = row.activated?;
        Some(InForce { since, engine: Arc::new(engine(row, &catalogue).ok()?) })
    });
    let mut sets: Vec<InForce> = sets.collect();
    sets.sort_by_key(|set| (set.since, set.engine.version()));
    Ok(sets)
}

/// Puts in force what the database says is active. What was in force before stays at hand, for journeys that
/// began meanwhile.
///
/// # Errors
/// See [`PublishError`]; then what was in force stays so.
pub async fn refresh(store: &Store, rules: &Rules, env: &Properties) -> Result<(), PublishError> {
    if let Some(mut versions) = versions(store, env).await? {
        let before = Arc::clone(&rules.now().active);
        if before.version() != versions.active.version() {
            versions.older.entry(before.version()).or_insert(before);
        }
        rules.exchange(versions);
    }
    Ok(())
}

fn engine(row: RuleSetRow, catalogue: &Catalogue) -> Result<Engine, PublishError> {
    let version = row.version;
    let rule_set = compile_after(&row.sources, &Before::default());
    let rule_set = rule_set.map_err(|refused| PublishError::Stored { version, refused })?;
    Engine::compile(Arc::new(rule_set), version, catalogue).map_err(|problem| PublishError::Unfit { version, problem })
}

/// The rule set as an engine, made aside.
pub(super) async fn build(
    rule_set: Arc<RuleSet>,
    version: RulesVersion,
    catalogue: Catalogue,
) -> Result<Engine, PublishError> {
    let made = aside(move || Engine::compile(rule_set, version, &catalogue)).await;
    made.map_err(|problem| PublishError::Unfit { version, problem })
}

/// What `files` say in the place of the active version, compiled aside.
pub(super) async fn compile_over(files: Files, active: Option<RuleSetRow>) -> Result<Arc<RuleSet>, Refused> {
    aside(move || {
        // What does not load with this release has no names to miss.
        let before = active.and_then(|active| compile_after(&active.sources, &Before::default()).ok());
        let before = before.as_ref().map(Before::from).unwrap_or_default();
        compile_after(&files, &before).map(Arc::new)
    })
    .await
}

fn compile_after(files: &Files, before: &Before) -> Result<RuleSet, Refused> {
    let Compiled { rules, diagnostics, sources, tests: _ } = dsl::compile_after(files, dsl::RETENTION, before);
    rules.ok_or(Refused { diagnostics, sources })
}

/// What rules mean outside of themselves.
pub(super) fn catalogue(numbers: Numbers, env: &Properties) -> Catalogue {
    Catalogue { segments: numbers.segments, campaigns: numbers.campaigns, env: env.clone() }
}

/// Compiling takes its time: on a thread that may, so that events go on.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // Nobody cancels it, so it panicked.
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// The catalogue, with numbers for the names of `rule_set` that have none yet. They are good for looking, not for
/// keeping: what is published gets others.
pub(super) fn provisional(mut catalogue: Catalogue, rule_set: &RuleSet) -> Catalogue {
    let mut next = catalogue.segments.values().map(|id| id.0).max().unwrap_or(0);
    for segment in &rule_set.segments {
        catalogue.segments.entry(segment.name.clone()).or_insert_with(|| {
            next += 1;
            SegmentId(next)
        });
    }
    let mut next = catalogue.campaigns.values().map(|id| id.0).max().unwrap_or(0);
    for campaign in &rule_set.campaigns {
        catalogue.campaigns.entry(campaign.name.clone()).or_insert_with(|| {
            next += 1;
            CampaignId(next)
        });
    }
    catalogue
}

/// Gives the names of a rule set their numbers, which they keep for good.
async fn number(tx: &Tx, rule_set: &RuleSet, clock: &Clock) -> Result<(), StoreError> {
    let segments: Vec<_> = rule_set
        .segments
        .iter()
        .map(|segment| SegmentName {
            name: segment.name.clone(),
            title: segment.title.clone(),
            kind: match segment.kind {
                SegmentKind::Data(_) => "dynamic",
                SegmentKind::Manual => "manual",
            },
        })
        .collect();
    let campaigns: Vec<&str> = rule_set.campaigns.iter().map(|campaign| campaign.name.as_str()).collect();
    rules::assign(tx, &segments, &campaigns, clock.second()).await.map(drop)
}

/// The same files, whatever the order they were read in, have the same hash.
fn hash(files: &Files) -> Vec<u8> {
    let mut digest = Sha256::new();
    for text in files.iter().flat_map(|(path, text)| [path, text]) {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    }
    digest.finalize().to_vec()
}
