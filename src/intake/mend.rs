//! Putting right what is stored of somebody and is not what the log gives: under their lock, in one transaction
//! with the line that says so. It starts nothing.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value as Json, json};

use super::item::Refusal;
use super::load;
use super::loaded::Loaded;
use super::pass::{Context, Pass};
use super::save;
use super::write::{Failed, Writer};
use crate::engine::{self, Audited, Drift, Stored};
use crate::model::id::{PersonId, SegmentId};
use crate::resolve::consent::Words;
use crate::store::{memberships, people};

/// The activity type of a drift.
pub const DRIFT: &str = "audit_drift";

/// Somebody who was put right, and what was wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Mended {
    pub person: PersonId,
    pub drifts: Vec<Drift>,
}

/// What the activity says of a drift. It names rules and numbers of events, and nothing that anybody wrote.
#[must_use]
pub fn told(drift: &Drift, repaired: bool) -> Json {
    let events: Vec<Json> = drift
        .events
        .iter()
        .map(|event| json!({"seq": event.seq, "kind": event.kind, "at": event.at.rfc3339()}))
        .collect();
    json!({
        "rule": drift.rule, "wrong": drift.wrong.as_str(), "detail": drift.wrong.to_string(),
        "since": drift.since.map(|since| since.rfc3339()), "events": events, "repaired": repaired,
    })
}

impl Writer {
    /// Recomputes these people, and puts right those of whom something is not so.
    pub(super) async fn mend(&mut self, ids: &[PersonId]) -> Result<Vec<Mended>, Refusal> {
        self.try_mend(ids).await.map_err(|failed| {
            tracing::error!(%failed, "people could not be put right");
            Refusal::Unavailable
        })
    }

    async fn try_mend(&mut self, ids: &[PersonId]) -> Result<Vec<Mended>, Failed> {
        let tx = self.store.write().await?;
        let versions = self.rules.now();
        let mut loaded = Loaded::default();
        people::lock(&tx, ids).await?;
        load::people(&tx, &mut loaded, ids).await?;
        load::histories(&tx, &mut loaded, &ids.iter().copied().collect()).await?;
        let mut members = memberships::of_people(&tx, ids).await?;
        let (now_ms, now) = (self.clock.millis(), self.clock.second());
        let context = Context { versions: &versions, key: &self.key, now, words: Words::default(), fresh: &[] };
        let mut pass = Pass::new(&context, &loaded);
        let mut mended = Vec::new();
        for id in ids {
            let members = members.remove(id).unwrap_or_default();
            // What panics has changed nothing of the pass: it is written down at the end.
            match catch_unwind(AssertUnwindSafe(|| pass.mend(*id, members))) {
                Ok(drifts) if drifts.is_empty() => {}
                Ok(drifts) => mended.push(Mended { person: *id, drifts }),
                Err(_) => tracing::error!(person = id.0, "somebody cannot be recomputed; they stay as they are"),
            }
        }
        let news = save::all(&tx, pass, &loaded, versions.active.version(), now_ms).await?;
        tx.commit().await?;
        self.announce(&news);
        Ok(mended)
    }
}

impl Pass<'_> {
    /// Puts somebody right if anything stored of them is not so; says what that was.
    fn mend(&mut self, person: PersonId, members: BTreeSet<SegmentId>) -> Vec<Drift> {
        let Some(subject) = self.subjects.get(&person) else { return Vec::new() };
        let (versions, now) = (self.context.versions, self.context.now);
        let stored = Stored { subject: subject.clone(), members: members.clone() };
        let history = self.history(person);
        let Audited::Looked(drifts) = engine::audit(versions, stored, history, now) else { return Vec::new() };
        if drifts.is_empty() {
            return drifts;
        }
        let mut subject = subject.clone();
        let step = engine::mend(versions, &mut subject, members, history, now);
        self.subjects.insert(person, subject);
        self.changes.touched.insert(person);
        self.changes.record(Some(person), step, "antiphon", None);
        for drift in &drifts {
            self.changes.notice(DRIFT, Some(person), told(drift, true));
        }
        drifts
    }
}
