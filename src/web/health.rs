//! Is the process alive, and may traffic be sent to it. Open to everybody, hence fixed words only.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use warp::http::StatusCode;
use warp::reply::Response;

use super::answer;
use super::site::Site;
use crate::store::activity;

/// A database that answers later than this does not answer.
const DATABASE_DEADLINE: Duration = Duration::from_secs(1);

/// Why a node is not ready. A closed list: strangers see these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unready {
    /// The database does not answer.
    Database,
    /// No rule set is in force although there are rules.
    Rules,
    /// The host's clock was set so far that it is not believed yet.
    Clock,
    /// The process is ending.
    Stopping,
}

impl Unready {
    /// The word that is shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Rules => "rules",
            Self::Clock => "clock",
            Self::Stopping => "stopping",
        }
    }
}

/// Whether this node is ready. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<BTreeSet<Unready>>>);

impl Readiness {
    /// Says that `why` holds, or does not any more.
    pub fn set(&self, why: Unready, holds: bool) {
        let mut reasons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if holds {
            reasons.insert(why);
        } else {
            reasons.remove(&why);
        }
    }

    /// All reasons that hold.
    #[must_use]
    pub fn reasons(&self) -> Vec<&'static str> {
        let reasons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reasons.iter().map(|why| why.as_str()).collect()
    }
}

/// `GET /health`
pub fn health() -> Response {
    answer::found(&json!({"alive": true}))
}

/// `GET /ready`: what was noted, and whether the database answers now.
pub async fn ready(site: &Site) -> Response {
    let reader = site.store.read();
    let looked = tokio::time::timeout(DATABASE_DEADLINE, activity::head(&reader)).await;
    site.readiness.set(Unready::Database, !matches!(looked, Ok(Ok(_))));
    site.readiness.set(Unready::Clock, site.clock.is_doubtful());
    let reasons = site.readiness.reasons();
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer::json(status, &json!({"ready": reasons.is_empty(), "reasons": reasons}))
}
