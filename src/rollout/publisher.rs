//! The one way to new rules in a running process, whoever asks for it: the folder, a call, another node.

use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

use super::publish::{Files, Intent, PublishError, Published, publish, refresh};
use crate::clock::Clock;
use crate::intake::Rules;
use crate::model::value::Properties;
use crate::store::{Store, rules};

/// Publishes rule sets; what becomes active is in force at once. Clones are the same one.
#[derive(Clone)]
pub struct Publisher {
    pub store: Arc<Store>,
    pub clock: Clock,
    pub rules: Rules,
    /// What rules may use as `env.NAME`.
    pub env: Properties,
    /// Other rules are in force, and people are behind.
    exchanged: Arc<Notify>,
    /// One after the other: what is exchanged last is what is active.
    turn: Arc<Mutex<()>>,
}

impl Publisher {
    #[must_use]
    pub fn new(store: Arc<Store>, clock: Clock, rules: Rules, env: Properties) -> Self {
        Self { store, clock, rules, env, exchanged: Arc::default(), turn: Arc::default() }
    }

    /// Publishes `files`, and puts in force what is active then.
    ///
    /// # Errors
    /// See [`PublishError`]; what was in force stays so.
    pub async fn publish(&self, files: Files, intent: Intent) -> Result<Published, PublishError> {
        let turn = self.turn.lock().await;
        let published = publish(&self.store, &self.clock, &self.env, files, intent).await?;
        let in_force = self.rules.now().active.version();
        if matches!(published, Published::Activated(version) | Published::Unchanged(version) if version != in_force) {
            self.put_in_force().await?;
        }
        drop(turn);
        Ok(published)
    }

    /// Puts in force what the database says is active, if that is something else.
    ///
    /// # Errors
    /// See [`PublishError`]; what was in force stays so.
    pub async fn refresh(&self) -> Result<(), PublishError> {
        let turn = self.turn.lock().await;
        let active = rules::active_version(&self.store.read()).await?;
        if active.is_some_and(|active| active != self.rules.now().active.version()) {
            self.put_in_force().await?;
        }
        drop(turn);
        Ok(())
    }

    /// Ready when other rules came into force and nobody has waited for that since.
    pub async fn exchanged(&self) {
        self.exchanged.notified().await;
    }

    async fn put_in_force(&self) -> Result<(), PublishError> {
        refresh(&self.store, &self.rules, &self.env).await?;
        tracing::info!(version = self.rules.now().active.version().0, "a rule set came into force");
        self.exchanged.notify_one();
        Ok(())
    }
}
