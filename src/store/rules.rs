//! Versions of the rule set with their sources, and the numbers of names: given once, kept for good.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::row::{Row, batch, json};
use super::source::Fetch as _;
use super::sql::Sql;
use super::{Source, StoreError, Tx};
use crate::model::id::{CampaignId, RulesVersion, SegmentId};
use crate::model::time::Second;

/// A version as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSetRow {
    pub version: RulesVersion,
    /// Of the sources, by whoever publishes.
    pub hash: Vec<u8>,
    /// Path → text.
    pub sources: BTreeMap<String, String>,
    pub created: Second,
    /// None: never activated.
    pub activated: Option<Second>,
    pub active: bool,
    /// None of versions older than the counting.
    pub contents: Option<Contents>,
}

/// How much a version holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    pub files: usize,
    pub segments: usize,
    pub campaigns: usize,
    pub schedules: usize,
}

/// A version without its sources, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRuleSet {
    pub version: RulesVersion,
    pub created: Second,
    /// None: never activated.
    pub activated: Option<Second>,
    pub active: bool,
    pub contents: Option<Contents>,
}

/// Stores a version that is not active yet.
///
/// # Errors
/// See [`StoreError`].
pub async fn publish(
    tx: &Tx,
    hash: &[u8],
    sources: &BTreeMap<String, String>,
    contents: Contents,
    at: Second,
) -> Result<RulesVersion, StoreError> {
    static PUBLISH: Sql = Sql::new(
        "INSERT INTO rule_sets (hash, sources, contents, created_at, active) VALUES ($1, $2, $3, $4, 0)
         RETURNING version",
    );
    let values = vec![hash.to_vec().into(), json(sources).into(), json(&contents).into(), at.0.into()];
    let rows = tx.fetch(&PUBLISH, values).await?;
    let row = rows.first().ok_or_else(|| StoreError::unreadable("new version"))?;
    Ok(RulesVersion(row.number(0)?))
}

/// Makes `version` the active one, and no other. False, and nothing may be committed: a newer one was active
/// before, and versions never go back.
///
/// # Errors
/// [`StoreError::is_conflict`]: somebody else activated one meanwhile; begin again with fresh reads.
pub async fn activate(tx: &Tx, version: RulesVersion, at: Second) -> Result<bool, StoreError> {
    // First, and by itself: it waits for whoever activates another one, and what comes behind it sees that one.
    static DEACTIVATE: Sql = Sql::new("UPDATE rule_sets SET active = 0 WHERE active = 1 AND version <> $1");
    static ACTIVATE: Sql = Sql::new(
        "UPDATE rule_sets SET active = 1, activated_at = $2
         WHERE version = $1
           AND NOT EXISTS (SELECT 1 FROM rule_sets AS r WHERE r.version > $1 AND r.activated_at IS NOT NULL)",
    );
    tx.run(&DEACTIVATE, [i64::from(version.0).into()]).await?;
    Ok(tx.run(&ACTIVATE, [i64::from(version.0).into(), at.0.into()]).await? > 0)
}

/// The active version.
///
/// # Errors
/// See [`StoreError`].
pub async fn active(from: &impl Source) -> Result<Option<RuleSetRow>, StoreError> {
    static ACTIVE: Sql = Sql::new(
        "SELECT version, hash, sources, created_at, activated_at, active, contents FROM rule_sets WHERE active = 1",
    );
    from.fetch(&ACTIVE, Vec::new()).await?.first().map(rule_set).transpose()
}

/// The number of the active version: what a node asks over and over.
///
/// # Errors
/// See [`StoreError`].
pub async fn active_version(from: &impl Source) -> Result<Option<RulesVersion>, StoreError> {
    static ACTIVE_VERSION: Sql = Sql::new("SELECT version FROM rule_sets WHERE active = 1");
    let rows = from.fetch(&ACTIVE_VERSION, Vec::new()).await?;
    rows.first().map(|row| Ok(RulesVersion(row.number(0)?))).transpose()
}

/// The version that was active before `active`.
///
/// # Errors
/// See [`StoreError`].
pub async fn active_before(from: &impl Source, active: RulesVersion) -> Result<Option<RulesVersion>, StoreError> {
    static BEFORE: Sql = Sql::new(
        "SELECT version FROM rule_sets WHERE activated_at IS NOT NULL AND version <> $1
         ORDER BY activated_at DESC, version DESC LIMIT 1",
    );
    let rows = from.fetch(&BEFORE, vec![i64::from(active.0).into()]).await?;
    rows.first().map(|row| Ok(RulesVersion(row.number(0)?))).transpose()
}

/// One version.
///
/// # Errors
/// See [`StoreError`].
pub async fn get(from: &impl Source, version: RulesVersion) -> Result<Option<RuleSetRow>, StoreError> {
    static GET: Sql = Sql::new(
        "SELECT version, hash, sources, created_at, activated_at, active, contents FROM rule_sets WHERE version = $1",
    );
    from.fetch(&GET, vec![i64::from(version.0).into()]).await?.first().map(rule_set).transpose()
}

/// The newest version with this hash: the same content was here before.
///
/// # Errors
/// See [`StoreError`].
pub async fn by_hash(from: &impl Source, hash: &[u8]) -> Result<Option<ListedRuleSet>, StoreError> {
    static BY_HASH: Sql = Sql::new(
        "SELECT version, created_at, activated_at, active, contents FROM rule_sets
         WHERE hash = $1 ORDER BY version DESC LIMIT 1",
    );
    from.fetch(&BY_HASH, vec![hash.to_vec().into()]).await?.first().map(listed).transpose()
}

/// Up to `limit` versions before `before`, newest first.
///
/// # Errors
/// See [`StoreError`].
pub async fn history(
    from: &impl Source,
    before: Option<RulesVersion>,
    limit: u32,
) -> Result<Vec<ListedRuleSet>, StoreError> {
    static HISTORY: Sql = Sql::new(
        "SELECT version, created_at, activated_at, active, contents FROM rule_sets
         WHERE version < $1 ORDER BY version DESC LIMIT $2",
    );
    let before = before.map_or(i64::MAX, |before| i64::from(before.0));
    from.fetch(&HISTORY, vec![before.into(), i64::from(limit).into()]).await?.iter().map(listed).collect()
}

fn rule_set(row: &Row) -> Result<RuleSetRow, StoreError> {
    Ok(RuleSetRow {
        version: RulesVersion(row.number(0)?),
        hash: row.get(1)?,
        sources: row.json(2)?,
        created: row.second(3)?,
        activated: row.second_or_null(4)?,
        active: row.flag(5)?,
        contents: row.json_or_null(6)?,
    })
}

fn listed(row: &Row) -> Result<ListedRuleSet, StoreError> {
    Ok(ListedRuleSet {
        version: RulesVersion(row.number(0)?),
        created: row.second(1)?,
        activated: row.second_or_null(2)?,
        active: row.flag(3)?,
        contents: row.json_or_null(4)?,
    })
}

/// A segment's name as rules declare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentName {
    pub name: String,
    pub title: Option<String>,
    /// `dynamic` or `manual`, as lists call it.
    pub kind: &'static str,
}

/// A segment as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    pub id: SegmentId,
    pub name: String,
    pub title: Option<String>,
    pub kind: String,
    pub created: Second,
    pub updated: Second,
}

/// A campaign's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRow {
    pub id: CampaignId,
    pub name: String,
    pub created: Second,
}

/// The numbers of all names that were ever declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    pub segments: BTreeMap<String, SegmentId>,
    pub campaigns: BTreeMap<String, CampaignId>,
}

/// Gives numbers to names that have none, in the order given, and notes changed titles and kinds.
///
/// # Errors
/// See [`StoreError`].
pub async fn assign(tx: &Tx, segments: &[SegmentName], campaigns: &[&str], at: Second) -> Result<Numbers, StoreError> {
    // Names that are there are left out first: a conflict would use up a number.
    static SEGMENTS: Sql = Sql::new(
        "INSERT INTO segments (name, title, kind, created_at, updated_at)
         SELECT r.value->>0, r.value->>1, r.value->>2, $2, $2 FROM {rows} AS r
         WHERE NOT EXISTS (SELECT 1 FROM segments AS s WHERE s.name = r.value->>0)
         ON CONFLICT (name) DO NOTHING",
    );
    static CHANGED: Sql = Sql::new(
        "UPDATE segments SET title = r.value->>1, kind = r.value->>2, updated_at = $2 FROM {rows} AS r
         WHERE segments.name = r.value->>0
           AND (segments.title IS DISTINCT FROM r.value->>1 OR segments.kind <> r.value->>2)",
    );
    static CAMPAIGNS: Sql = Sql::new(
        "INSERT INTO campaigns (name, created_at) SELECT r.value->>0, $2 FROM {rows} AS r
         WHERE NOT EXISTS (SELECT 1 FROM campaigns AS c WHERE c.name = r.value->>0)
         ON CONFLICT (name) DO NOTHING",
    );
    let declared = batch(segments.iter().map(|s| (&s.name, &s.title, s.kind)));
    tx.run(&SEGMENTS, [declared.clone(), at.0.into()]).await?;
    tx.run(&CHANGED, [declared, at.0.into()]).await?;
    tx.run(&CAMPAIGNS, [batch(campaigns.iter().map(|name| (name,))), at.0.into()]).await?;
    numbers(tx).await
}

/// All numbers given so far.
///
/// # Errors
/// See [`StoreError`].
pub async fn numbers(from: &impl Source) -> Result<Numbers, StoreError> {
    Ok(Numbers {
        segments: self::segments(from).await?.into_iter().map(|row| (row.name, row.id)).collect(),
        campaigns: self::campaigns(from).await?.into_iter().map(|row| (row.name, row.id)).collect(),
    })
}

/// All segments that were ever declared, by number.
///
/// # Errors
/// See [`StoreError`].
pub async fn segments(from: &impl Source) -> Result<Vec<SegmentRow>, StoreError> {
    static SEGMENTS: Sql = Sql::new("SELECT id, name, title, kind, created_at, updated_at FROM segments ORDER BY id");
    let rows = from.fetch(&SEGMENTS, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            Ok(SegmentRow {
                id: SegmentId(row.number(0)?),
                name: row.get(1)?,
                title: row.get(2)?,
                kind: row.get(3)?,
                created: row.second(4)?,
                updated: row.second(5)?,
            })
        })
        .collect()
}

/// All campaigns that were ever declared, by number.
///
/// # Errors
/// See [`StoreError`].
pub async fn campaigns(from: &impl Source) -> Result<Vec<CampaignRow>, StoreError> {
    static CAMPAIGNS: Sql = Sql::new("SELECT id, name, created_at FROM campaigns ORDER BY id");
    let rows = from.fetch(&CAMPAIGNS, Vec::new()).await?;
    rows.iter()
        .map(|row| Ok(CampaignRow { id: CampaignId(row.number(0)?), name: row.get(1)?, created: row.second(2)? }))
        .collect()
}
