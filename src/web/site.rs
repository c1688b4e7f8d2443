//! What every handler can reach.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use warp::reply::Response;

use super::auth::Keys;
use super::body::Bodies;
use super::deadline::Deadlines;
use super::health::Readiness;
use super::problem::Problem;
use super::warnings::Warnings;
use crate::chance;
use crate::clock::Clock;
use crate::intake::{Body, Building, Receipt, Refusal};
use crate::model::phone::Region;
use crate::providers::whatsapp::handshake::VerifyToken;
use crate::providers::whatsapp::signature::AppSecret;
use crate::rollout::Publisher;
use crate::rollout::audit::Audits;
use crate::rollout::plan::Plans;
use crate::settings::{Secret, Settings};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;

/// Those who follow the activity live, at once.
const LISTENERS_MAX: usize = 64;

/// Explanations that are worked out at once: each takes a core for a while.
const EXPLAINED_AT_ONCE: usize = 2;

/// The door to the intake: takes a body, answers when it is committed or refused. A function, so that
/// every answer of the intake's can be had without a database. Dropping the future must lose the answer
/// only, not the work.
pub type Submit = Box<dyn Fn(Body) -> Pin<Box<dyn Future<Output = Result<Receipt, Refusal>> + Send>> + Send + Sync>;

/// What the site is built from.
pub struct Parts {
    pub submit: Submit,
    pub store: Arc<Store>,
    pub publisher: Publisher,
    pub plans: Plans,
    pub clock: Clock,
    pub readiness: Readiness,
    /// Changes with every commit that changed something.
    pub commits: watch::Receiver<u64>,
    pub audits: Audits,
    pub metrics: Metrics,
    pub deadlines: Deadlines,
}

/// What every handler can reach.
pub struct Site {
    pub(super) keys: Keys,
    /// The URL that the world sees.
    pub(super) url: String,
    pub(super) whatsapp: Option<WhatsApp>,
    pub(super) submit: Submit,
    pub(super) store: Arc<Store>,
    pub(super) publisher: Publisher,
    pub(super) plans: Plans,
    pub(super) clock: Clock,
    pub(super) readiness: Readiness,
    pub(super) commits: watch::Receiver<u64>,
    pub(super) audits: Audits,
    pub(super) metrics: Metrics,
    pub(super) stopping: watch::Sender<bool>,
    pub(super) deadlines: Deadlines,
    pub(super) bodies: Bodies,
    /// Places for those who follow the activity live.
    pub(super) listeners: Arc<Semaphore>,
    /// Places for explanations.
    pub(super) explaining: Semaphore,
    pub(super) warnings: Warnings,
}

/// What WhatsApp's webhooks are checked with.
pub(super) struct WhatsApp {
    pub secrets: Vec<AppSecret>,
    pub tokens: Vec<VerifyToken>,
}

impl Site {
    /// A site with these settings.
    #[must_use]
    pub fn new(settings: &Settings, parts: Parts) -> Self {
        let whatsapp = settings.whatsapp.as_ref().map(|whatsapp| WhatsApp {
            secrets: whatsapp.app_secret.iter().map(Secret::reveal).filter_map(AppSecret::new).collect(),
            tokens: whatsapp.verify_token.iter().map(Secret::reveal).filter_map(VerifyToken::new).collect(),
        });
        let listening = || settings.listen.map(|address| format!("http://{address}")).unwrap_or_default();
        Self {
            keys: Keys {
                site_id: settings.site_id.clone(),
                api_key: settings.api_key.clone(),
                app_key: settings.app_key.clone(),
            },
            url: settings.public_url.clone().unwrap_or_else(listening),
            whatsapp,
            submit: parts.submit,
            store: parts.store,
            publisher: parts.publisher,
            plans: parts.plans,
            clock: parts.clock,
            readiness: parts.readiness,
            commits: parts.commits,
            audits: parts.audits,
            metrics: parts.metrics,
            stopping: watch::Sender::new(false),
            deadlines: parts.deadlines,
            bodies: Bodies::default(),
            listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
            explaining: Semaphore::new(EXPLAINED_AT_ONCE),
            warnings: Warnings::default(),
        }
    }

    /// The country of numbers without a country code, by the rules in force.
    pub(super) fn region(&self) -> Region {
        Region::read(&self.publisher.rules.now().active.rules().schema.phone_region).unwrap_or_default()
    }

    /// How far people are brought up to the rules in force; none: all of them are.
    pub(super) fn building(&self) -> Option<Building> {
        self.publisher.rules.building()
    }

    /// The answer to a read that failed. The cause is logged under a reference that the answer names.
    pub(super) fn storage_problem(&self, error: &StoreError) -> Problem {
        let reference = chance::ulid(self.clock.second());
        tracing::error!(%reference, %error, "a read failed");
        Problem::storage(reference)
    }
}

/// What handlers give: an answer, or why there is none.
pub(super) type Answer = Result<Response, Problem>;
