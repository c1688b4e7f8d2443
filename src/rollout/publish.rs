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
use crate::model::id::RulesVersion;
use crate::model::rule::{RuleSet, SegmentKind};
use crate::model::value::Properties;
use crate::store::rules::{self, RuleSetRow, SegmentName};
use crate::store::{Source, Store, StoreError, Tx, journeys};

/// Rule files: path → text.
pub type Files = BTreeMap<String, String>;

/// What became of an attempt to publish.
#[derive(Debug)]
pub enum Published {
    /// A new version is active.
    Activated(RulesVersion),
    /// This content is what is active already.
    Unchanged(RulesVersion),
    /// This content was an older version. It is not brought back by a folder that nobody has updated.
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

/// Compiles `files` and makes them the active version, unless they are or were one. `env` holds the values that
/// rules may use as `env.NAME`.
///
/// # Errors
/// See [`PublishError`]; then nothing has changed.
pub async fn publish(store: &Store, clock: &Clock, env: &Properties, files: Files) -> Result<Published, PublishError> {
    let hash = hash(&files);
    let reader = store.read();
    let active = rules::active(&reader).await?;
    if let Some(active) = &active {
        if active.hash == hash {
            return Ok(Published::Unchanged(active.version));
        }
        if let Some(found) = rules::by_hash(&reader, &hash).await? {
            return Ok(Published::Older { found: found.version, active: active.version });
        }
    }
    // What does not load with this release has no names to miss.
    let before = active.and_then(|active| compile(&active.sources).ok()).map(|rules| Before::from(&rules));
    let rule_set = match compile_after(&files, &before.unwrap_or_default()) {
        Ok(rule_set) => rule_set,
        Err(refused) => return Ok(Published::Refused(refused)),
    };
    let tx = store.write().await?;
    let version = rules::publish(&tx, &hash, &files, clock.second()).await?;
    number(&tx, &rule_set, clock).await?;
    // Nothing becomes active that cannot run: the next start would stand still on it.
    let catalogue = catalogue(&tx, env).await?;
    Engine::compile(Arc::new(rule_set), version, &catalogue)
        .map_err(|problem| PublishError::Unfit { version, problem })?;
    rules::activate(&tx, version, clock.second()).await?;
    tx.commit().await?;
    Ok(Published::Activated(version))
}

/// The versions that are needed: the active one, and those that open journeys began under.
/// `env` holds the values that rules may use as `env.NAME`.
///
/// # Errors
/// See [`PublishError`].
pub async fn versions(store: &Store, env: &Properties) -> Result<Option<Versions>, PublishError> {
    let reader = store.read();
    let Some(active) = rules::active(&reader).await? else { return Ok(None) };
    let catalogue = catalogue(&reader, env).await?;
    let since = active.activated.unwrap_or(active.created);
    let mut wanted: BTreeSet<RulesVersion> = journeys::versions_in_use(&reader).await?.into_iter().collect();
    // What was due before the change is played under the rules of then.
    wanted.extend(before(&reader, active.version).await?);
    wanted.remove(&active.version);
    let mut older = BTreeMap::new();
    for version in wanted {
        let Some(row) = rules::get(&reader, version).await? else { continue };
        match engine(row, &catalogue) {
            Ok(engine) => drop(older.insert(version, Arc::new(engine))),
            Err(error) => tracing::error!(%error, "an older rule set cannot go on"),
        }
    }
    Ok(Some(Versions { active: Arc::new(engine(active, &catalogue)?), since, older }))
}

/// All rule sets that were ever in force and load with this release, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn all_in_force(store: &Store, env: &Properties) -> Result<Vec<InForce>, StoreError> {
    let reader = store.read();
    let catalogue = catalogue(&reader, env).await?;
    let history = rules::history(&reader, u32::MAX).await?.into_iter();
    let mut sets: Vec<InForce> = history
        .filter_map(|row| {
            let since = row.activated?;
            Some(InForce { since, engine: Arc::new(engine(row, &catalogue).ok()?) })
        })
        .collect();
    sets.sort_by_key(|set| (set.since, set.engine.version()));
    Ok(sets)
}

/// The version that was active before `active`.
async fn before(from: &impl Source, active: RulesVersion) -> Result<Option<RulesVersion>, StoreError> {
    let history = rules::history(from, u32::MAX).await?;
    let others = history.into_iter().filter(|row| row.version != active && row.activated.is_some());
    Ok(others.max_by_key(|row| (row.activated, row.version)).map(|row| row.version))
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
    let rule_set = compile(&row.sources).map_err(|refused| PublishError::Stored { version, refused })?;
    Engine::compile(Arc::new(rule_set), version, catalogue).map_err(|problem| PublishError::Unfit { version, problem })
}

fn compile(files: &Files) -> Result<RuleSet, Refused> {
    compile_after(files, &Before::default())
}

fn compile_after(files: &Files, before: &Before) -> Result<RuleSet, Refused> {
    let Compiled { rules, diagnostics, sources, tests: _ } = dsl::compile_after(files, dsl::RETENTION, before);
    rules.ok_or(Refused { diagnostics, sources })
}

async fn catalogue(from: &impl Source, env: &Properties) -> Result<Catalogue, StoreError> {
    let numbers = rules::numbers(from).await?;
    Ok(Catalogue { segments: numbers.segments, campaigns: numbers.campaigns, env: env.clone() })
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
