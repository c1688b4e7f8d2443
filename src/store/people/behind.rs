//! Who is behind the active rule set, and the way of those over to it whom it means nothing to.

use super::id_batch;
use crate::model::id::{PersonId, RulesVersion};
use crate::model::time::Second;
use crate::store::sql::Sql;
use crate::store::{Source, StoreError, Tx};

/// People by their ids: from the one behind `after` to `upto`, it included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub after: PersonId,
    pub upto: PersonId,
}

/// Those in `range` whose state was not written under `version`, by id.
///
/// # Errors
/// See [`StoreError`].
pub async fn stale(from: &impl Source, version: RulesVersion, range: Range) -> Result<Vec<PersonId>, StoreError> {
    static STALE: Sql =
        Sql::new("SELECT id FROM people WHERE id > $1 AND id <= $2 AND rules_version <> $3 ORDER BY id");
    let values = vec![range.after.0.into(), range.upto.0.into(), i64::from(version.0).into()];
    from.fetch(&STALE, values).await?.iter().map(|row| Ok(PersonId(row.get(0)?))).collect()
}

/// Whether anybody's state was not written under `version`. It takes a look at everybody where nobody's is.
///
/// # Errors
/// See [`StoreError`].
pub async fn is_anybody_behind(from: &impl Source, version: RulesVersion) -> Result<bool, StoreError> {
    static BEHIND: Sql = Sql::new("SELECT 1 FROM people WHERE rules_version <> $1 LIMIT 1");
    Ok(!from.fetch(&BEHIND, vec![i64::from(version.0).into()]).await?.is_empty())
}

/// How many people in `range` are at each version.
///
/// # Errors
/// See [`StoreError`].
pub async fn by_version(from: &impl Source, range: Range) -> Result<Vec<(RulesVersion, u64)>, StoreError> {
    static BY_VERSION: Sql =
        Sql::new("SELECT rules_version, count(*) FROM people WHERE id > $1 AND id <= $2 GROUP BY rules_version");
    let rows = from.fetch(&BY_VERSION, vec![range.after.0.into(), range.upto.0.into()]).await?;
    rows.iter().map(|row| Ok((RulesVersion(row.number(0)?), row.number(1)?))).collect()
}

/// Those in `range` who have to be looked at one by one on the way from one version to another that was activated at
/// `since`: who is `named`, whose wake is due by then, who has a journey, and who comes from elsewhere.
///
/// # Errors
/// See [`StoreError`].
pub async fn amended(
    from: &impl Source,
    range: Range,
    (old, new): (RulesVersion, RulesVersion),
    since: Second,
    named: &[PersonId],
) -> Result<Vec<PersonId>, StoreError> {
    static AMENDED: Sql = Sql::new(
        "SELECT p.id FROM people AS p
         WHERE p.id > $2 AND p.id <= $3 AND p.rules_version <> $5
           AND (p.rules_version <> $4 OR p.wake_at <= $6
                OR p.id IN (SELECT CAST(r.value->>0 AS bigint) FROM {rows} AS r)
                OR EXISTS (SELECT 1 FROM journeys AS j WHERE j.person_id = p.id AND j.ended_at IS NULL))
         ORDER BY p.id",
    );
    let (old, new) = (i64::from(old.0), i64::from(new.0));
    let values =
        vec![id_batch(named), range.after.0.into(), range.upto.0.into(), old.into(), new.into(), since.0.into()];
    from.fetch(&AMENDED, values).await?.iter().map(|row| Ok(PersonId(row.get(0)?))).collect()
}

/// Lets everybody in `range` who is at one version go over to another with their state as it is, but for `without`.
/// Returns how many did.
///
/// # Errors
/// See [`StoreError`].
pub async fn carry_over(
    tx: &Tx,
    range: Range,
    (old, new): (RulesVersion, RulesVersion),
    without: &[PersonId],
) -> Result<u64, StoreError> {
    static CARRY: Sql = Sql::new(
        "UPDATE people SET rules_version = $5
         WHERE id > $2 AND id <= $3 AND rules_version = $4
           AND id NOT IN (SELECT CAST(r.value->>0 AS bigint) FROM {rows} AS r)",
    );
    let (old, new) = (i64::from(old.0), i64::from(new.0));
    tx.run(&CARRY, [id_batch(without), range.after.0.into(), range.upto.0.into(), old.into(), new.into()]).await
}
