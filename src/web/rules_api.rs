//! Our own calls about rule sets: publishing one, the versions there were, what one would change.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use ulid::Ulid;
use warp::http::StatusCode;

use super::answer;
use super::app_api::limit;
use super::health::Unready;
use super::problem::Problem;
use super::request::Query;
use super::site::{Answer, Site};
use crate::chance;
use crate::diagnostic::{self, render::SHOWN_MAX};
use crate::model::id::RulesVersion;
use crate::rollout::folder::{DEPTH_MAX, FILES_MAX};
use crate::rollout::plan::Started;
use crate::rollout::{Files, Intent, PublishError, Published, Refused};
use crate::store::rules::{self, Contents, ListedRuleSet};

/// Versions of one page.
const VERSIONS_PER_PAGE: u32 = 50;
const VERSIONS_PER_PAGE_MAX: u32 = 500;
/// A path of a rule file.
pub const PATH_BYTES_MAX: usize = 512;

const FILES_EXPECTED: &str = "must be an object of texts by path, such as {\"segments/replies.yaml\": \"version: 1…\"}";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publication {
    files: BTreeMap<String, String>,
    activate: bool,
    #[serde(default)]
    force: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    files: BTreeMap<String, String>,
}

/// `POST /antiphon/rules`: a rule set becomes a version and, with `activate`, the active one; or 422 with everything
/// that is wrong with it. Content of an older version is activated only with `force`, under a new number.
pub async fn publish(site: &Site, body: &[u8]) -> Answer {
    let Publication { files, activate, force } = serde_json::from_slice(body).map_err(|_| {
        Problem::bad_request("the body must be JSON: `files` (texts by path), `activate` and, if wanted, `force`")
    })?;
    check(&files)?;
    let intent = match (activate, force) {
        (true, true) => Intent::Force,
        (true, false) => Intent::Activate,
        (false, false) => Intent::Store,
        (false, true) => {
            return Err(Problem::field("force", "invalid", "says that an older version is to be activated"));
        }
    };
    // Detached: what has begun is not left halfway because somebody hung up.
    let publisher = site.publisher.clone();
    let published = tokio::spawn(async move { publisher.publish(files, intent).await }).await;
    let published = published.map_err(|_| Problem::fault())?.map_err(|error| problem(site, error))?;
    let (outcome, version) = match published {
        Published::Activated(version) => ("activated", version),
        Published::Stored(version) => ("stored", version),
        Published::Unchanged(version) => ("unchanged", version),
        Published::Older { found, active } => return Err(Problem::older_version(found.0, active.0)),
        Published::Refused(refused) => return Err(not_loading(&refused)),
    };
    if outcome != "stored" {
        site.readiness.set(Unready::Rules, false);
    }
    let reader = site.store.read();
    let read = async {
        let before = Some(RulesVersion(version.0.saturating_add(1)));
        Ok::<_, crate::store::StoreError>((
            rules::history(&reader, before, 1).await?,
            rules::active_version(&reader).await?,
        ))
    };
    let (rows, active) = read.await.map_err(|error| site.storage_problem(&error))?;
    let contents = rows.first().and_then(|row| row.contents).unwrap_or_default();
    let mut told = json!({"outcome": outcome, "version": version.0, "active": active.map(|active| active.0)});
    add(&mut told, &counted(contents));
    Ok(answer::found(&told))
}

/// What a folder would not give either.
fn check(files: &Files) -> Result<(), Problem> {
    if files.is_empty() {
        return Err(Problem::field("files", "missing", FILES_EXPECTED));
    }
    if files.len() > FILES_MAX {
        return Err(Problem::field("files", "invalid", format!("there may be {FILES_MAX} at most")));
    }
    if let Some(wrong) = files.keys().find(|path| !is_path(path)) {
        let message = format!(
            "`{}` is no path of a rule file: write it as seen from the rules folder, with slashes, and end it with \
             `.yaml` or `.yml`",
            wrong.escape_debug()
        );
        return Err(Problem::field("files", "invalid", message));
    }
    Ok(())
}

/// A path as reading a folder gives it: nothing hidden, nothing above, no deeper than folders go.
fn is_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let ending = Path::new(path).extension();
    path.len() <= PATH_BYTES_MAX
        && parts.len() <= DEPTH_MAX + 1
        && ending.is_some_and(|ending| ending == "yaml" || ending == "yml")
        && parts.iter().all(|part| !part.is_empty() && !part.starts_with('.'))
        && !path.chars().any(|c| c.is_control() || c == '\\')
}

fn not_loading(refused: &Refused) -> Problem {
    let shown = refused.diagnostics.iter().take(SHOWN_MAX);
    let shown = shown.map(|one| diagnostic::json::diagnostic(one, &refused.sources)).collect();
    Problem::rules_refused(shown, refused.render(false))
}

fn problem(site: &Site, error: PublishError) -> Problem {
    match error {
        PublishError::Store(error) => site.storage_problem(&error),
        PublishError::Overtaken => Problem::conflict("others publish at the same time; try again"),
        PublishError::Unfit { .. } => Problem::rules_refused(Vec::new(), format!("{error}\n")),
        PublishError::Stored { .. } => {
            tracing::error!(%error, "a stored rule set does not load");
            Problem::fault()
        }
    }
}

/// `GET /antiphon/rules`: the versions there were, newest first; `next` is where the next page begins.
pub async fn list(site: &Site, query: &Query) -> Answer {
    let wrong = || Problem::field("after", "invalid", "must be the `next` of an earlier answer");
    let after = query.filled("after").map(|after| after.parse().map(RulesVersion)).transpose();
    let after = after.map_err(|_| wrong())?;
    let limit = limit(query, VERSIONS_PER_PAGE, VERSIONS_PER_PAGE_MAX);
    let rows = rules::history(&site.store.read(), after, limit).await;
    let rows = rows.map_err(|error| site.storage_problem(&error))?;
    let next = rows.last().filter(|_| rows.len() == limit as usize);
    let next = next.map(|row| row.version.0.to_string()).unwrap_or_default();
    Ok(answer::found(&json!({"rules": rows.iter().map(listed).collect::<Vec<_>>(), "next": next})))
}

/// `GET /antiphon/rules/{version}`: one of them, with the texts of its files.
pub async fn version(site: &Site, place: &str) -> Answer {
    let version = place.parse().map(RulesVersion).map_err(|_| Problem::no_such("version"))?;
    let row = rules::get(&site.store.read(), version).await.map_err(|error| site.storage_problem(&error))?;
    let row = row.ok_or_else(|| Problem::no_such("version"))?;
    let (created, activated, active) = (row.created, row.activated, row.active);
    let mut shown = listed(&ListedRuleSet { version, created, activated, active, contents: row.contents });
    shown["sources"] = json!(row.sources);
    Ok(answer::found(&shown))
}

fn listed(row: &ListedRuleSet) -> Json {
    let mut shown = json!({
        "version": row.version.0, "active": row.active, "created": row.created.rfc3339(),
        "activated": row.activated.map(|at| at.rfc3339()),
    });
    if let Some(contents) = row.contents {
        add(&mut shown, &counted(contents));
    }
    shown
}

fn counted(contents: Contents) -> Json {
    json!(contents)
}

fn add(to: &mut Json, more: &Json) {
    if let (Some(to), Some(more)) = (to.as_object_mut(), more.as_object()) {
        to.extend(more.clone());
    }
}

/// `POST /antiphon/plan`: begins to find out what these files would change, one plan at a time.
pub async fn start_plan(site: &Site, body: &[u8]) -> Answer {
    let Planned { files } = serde_json::from_slice(body)
        .map_err(|_| Problem::bad_request("the body must be JSON with nothing but `files`, texts by path"))?;
    check(&files)?;
    let id = chance::ulid(site.clock.second());
    match site.plans.start(id, files).await.map_err(|error| problem(site, error))? {
        Started::Running => Ok(answer::json(StatusCode::ACCEPTED, &json!({"id": id.to_string().to_lowercase()}))),
        Started::Busy => Err(Problem::conflict("another plan is under way; try again when it is done")),
        Started::Refused(refused) => Err(not_loading(&refused)),
    }
}

/// `GET /antiphon/plan/{id}`: how far it is, then its result, for an hour.
pub async fn plan(site: &Site, place: &str) -> Answer {
    let id = Ulid::from_string(&place.to_uppercase()).ok();
    let progress = id.and_then(|id| site.plans.get(id)).ok_or_else(|| Problem::no_such("plan"))?;
    let (done, all) = progress.people();
    let mut shown = json!({"id": place, "people": {"done": done, "all": all}});
    match progress.result() {
        None => shown["state"] = json!("running"),
        Some(Ok(plan)) => {
            shown["state"] = json!("done");
            shown["plan"] = json!(plan);
        }
        Some(Err(why)) => {
            shown["state"] = json!("failed");
            shown["error"] = json!(why);
        }
    }
    Ok(answer::found(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_that_a_folder_gives() {
        let deep = |folders: usize| format!("{}a.yaml", "d/".repeat(folders));
        let long = |bytes: usize| format!("{}.yml", "x".repeat(bytes - 4));
        for right in ["a.yaml", "deep/er/b.yml", "é.yaml", &deep(DEPTH_MAX), &long(PATH_BYTES_MAX)] {
            assert!(is_path(right), "{right}");
        }
        let (deeper, longer) = (deep(DEPTH_MAX + 1), long(PATH_BYTES_MAX + 1));
        for wrong in [
            "",
            "a",
            "a.yaml/",
            "/a.yaml",
            "../a.yaml",
            "a/../b.yaml",
            "a//b.yaml",
            ".a.yaml",
            ".git/a.yaml",
            "a.txt",
            "a\n.yaml",
            "a\\b.yaml",
            ".yaml",
            &deeper,
            &longer,
        ] {
            assert!(!is_path(wrong), "{wrong:?}");
        }
    }
}
