//! Follows the rules folder: what changes there is published, whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use super::catch_up::CatchUp;
use super::folder;
use super::publish::{Files, Intent, PublishError, Published, Refused};
use super::publisher::Publisher;
use crate::diagnostic::Sources;
use crate::dsl;
use crate::intake::Intake;

/// An editor writes several times in a row; the folder is read when it has been quiet this long.
const QUIET: Duration = Duration::from_millis(200);

/// A folder that is not there yet, and a version that another node made active, are looked for this often.
const LOOK: Duration = Duration::from_secs(1);

/// A rules folder, and the way from there to the rules in force.
#[derive(Clone)]
pub struct Folder {
    pub path: PathBuf,
    pub publisher: Publisher,
}

/// Why a folder was not published.
#[derive(Debug)]
pub enum FolderTrouble {
    Folder(folder::FolderError),
    Publish(PublishError),
}

impl std::fmt::Display for FolderTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(error) => error.fmt(f),
            Self::Publish(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FolderTrouble {}

impl Folder {
    /// Reads the folder and publishes what it holds; what is active then is in force.
    ///
    /// # Errors
    /// See [`FolderTrouble`]; what was in force stays so.
    pub async fn publish(&self) -> Result<Published, FolderTrouble> {
        let path = self.path.clone();
        // Reading waits for the folder to stand still, on a thread that may.
        let snapshot = tokio::task::spawn_blocking(move || folder::read(&path))
            .await
            .unwrap_or(Err(folder::FolderError::Restless))
            .map_err(FolderTrouble::Folder)?;
        let files = match texts(snapshot) {
            Ok(files) => files,
            Err(refused) => return Ok(Published::Refused(refused)),
        };
        self.publisher.publish(files, Intent::Activate).await.map_err(FolderTrouble::Publish)
    }
}

impl Folder {
    /// Brings everybody up to the rules in force.
    async fn catch_up(&self, intake: &Intake) {
        let Publisher { store, rules, clock, .. } = &self.publisher;
        CatchUp { intake, store, rules, clock }.run().await;
    }
}

/// The files as texts, or the complaints about those that are none.
fn texts(snapshot: folder::Snapshot) -> Result<Files, Refused> {
    let (mut files, mut diagnostics, mut sources) = (Files::new(), Vec::new(), Sources::default());
    for (path, bytes) in snapshot {
        match dsl::decode(&path, bytes, &mut sources) {
            Ok(text) => drop(files.insert(path, text)),
            Err(complaint) => diagnostics.push(*complaint),
        }
    }
    if diagnostics.is_empty() { Ok(files) } else { Err(Refused { diagnostics, sources }) }
}

/// Keeps the rules in force what the folder and the database say: publishes the folder whenever it changes and
/// whenever SIGHUP asks for it, takes over what another node made active, and brings everybody up to what came into
/// force, by whomever. Each outcome of the folder is told. Runs until it is dropped.
pub async fn follow(folder: Folder, intake: Intake, tell: impl Fn(&Result<Published, FolderTrouble>)) {
    // Before anything that takes time: a change meanwhile must not be missed, nor SIGHUP end the process.
    let mut asked = signal(SignalKind::hangup()).ok();
    let changed = Arc::new(Notify::new());
    let publisher = &folder.publisher;
    let (clock, shared) = (&publisher.clock, publisher.store.is_shared());
    let mut watcher = None;
    folder.catch_up(&intake).await;
    loop {
        if watcher.is_none() {
            watcher = watch(&folder.path, Arc::clone(&changed)).ok();
            if watcher.is_some() {
                // What came before the watch stood is looked at once.
                changed.notify_one();
            }
        }
        tokio::select! {
            () = changed.notified() => {}
            () = hangup(asked.as_mut()) => {}
            () = publisher.exchanged() => {
                folder.catch_up(&intake).await;
                continue;
            }
            () = clock.pause(LOOK), if watcher.is_none() || shared => {
                if let Err(error) = take_over(publisher, shared).await {
                    tracing::warn!(%error, "what another node made active could not be taken over");
                }
                continue;
            }
        }
        while tokio::time::timeout(QUIET, changed.notified()).await.is_ok() {}
        let outcome = folder.publish().await;
        if !matches!(outcome, Ok(Published::Unchanged(_))) {
            tell(&outcome);
        }
    }
}

/// Others who publish do it in the database.
async fn take_over(publisher: &Publisher, shared: bool) -> Result<(), PublishError> {
    if shared { publisher.refresh().await } else { Ok(()) }
}

fn watch(path: &Path, changed: Arc<Notify>) -> notify::Result<notify::RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the folder is an event too, and no change.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            changed.notify_one();
        }
    })?;
    watcher.watch(path, RecursiveMode::Recursive)?;
    Ok(watcher)
}

async fn hangup(signal: Option<&mut tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
