//! What the running server says happens: its live activity, kept so that the story can wait for a fact
//! and read it back. Nothing is told that did not come from here or from a stand-in.

use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::mpsc;

/// A fact that does not come within this time does not hold.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The activity of a server, as it happens.
pub struct Facts {
    coming: mpsc::UnboundedReceiver<Json>,
    /// Everything that came, in order.
    seen: Vec<Json>,
}

impl Facts {
    /// Follows the activity of the server at `url` from now on.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn follow(http: &reqwest::Client, url: &str, app_key: &str) -> Result<Self, String> {
        let question = http.get(format!("{url}/antiphon/activity")).bearer_auth(app_key);
        let answer = question.header("accept", "text/event-stream").send().await.map_err(|error| error.to_string())?;
        let mut answer = answer.error_for_status().map_err(|error| error.to_string())?;
        let (tell, coming) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut waiting = Vec::new();
            while let Ok(Some(piece)) = answer.chunk().await {
                waiting.extend_from_slice(&piece);
                while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = waiting.drain(..=end).collect();
                    let item = line.strip_prefix(b"data:").and_then(|data| serde_json::from_slice(data).ok());
                    if item.is_some_and(|item| tell.send(item).is_err()) {
                        return;
                    }
                }
            }
        });
        Ok(Self { coming, seen: Vec::new() })
    }

    /// The first item that is wanted, among those that came and those to come.
    ///
    /// # Errors
    /// It does not come: `what` says what was waited for.
    pub async fn wait(&mut self, what: &str, wanted: impl Fn(&Json) -> bool) -> Result<Json, String> {
        if let Some(item) = self.seen.iter().find(|item| wanted(item)) {
            return Ok(item.clone());
        }
        let search = async {
            while let Some(item) = self.coming.recv().await {
                self.seen.push(item.clone());
                if wanted(&item) {
                    return Some(item);
                }
            }
            None
        };
        match tokio::time::timeout(PATIENCE, search).await {
            Ok(Some(item)) => Ok(item),
            _ => Err(format!("the server never said: {what}")),
        }
    }
}

/// Whether `item` is about the person with this external id.
pub fn about(item: &Json, id: &str) -> bool {
    item["person"]["id"] == id
}

/// What followed from `item`: those of this kind.
pub fn followed<'a>(item: &'a Json, kind: &'a str) -> impl Iterator<Item = &'a Json> {
    item["followed"].as_array().into_iter().flatten().filter(move |one| one["kind"] == kind)
}

/// The names of what followed, with commas.
pub fn names(item: &Json, kind: &str) -> String {
    followed(item, kind).filter_map(|one| one["name"].as_str()).collect::<Vec<_>>().join(", ")
}
