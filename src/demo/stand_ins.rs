//! What the demo has in place of the world: a Graph API that accepts every message, and a desk that takes webhooks.
//! Both keep what they got, so that the story can show what really arrived.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value as Json, json};
use tokio::sync::watch;
use warp::Filter;

use super::facts::PATIENCE;

/// A toy receiver on a free port of loopback. Ends with the process.
#[derive(Clone)]
pub struct StandIn {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Json>>>,
    arrivals: watch::Receiver<usize>,
}

impl StandIn {
    /// Takes messages as the Graph API does: each gets an id and is accepted.
    ///
    /// # Errors
    /// No port of loopback is free.
    pub async fn graph() -> std::io::Result<Self> {
        Self::start(|n, body| {
            let to = body.get("to").and_then(Json::as_str).unwrap_or_default();
            json!({
                "messaging_product": "whatsapp",
                "contacts": [{ "input": to, "wa_id": to.trim_start_matches('+') }],
                "messages": [{ "id": wamid(n), "message_status": "accepted" }],
            })
        })
        .await
    }

    /// Takes webhooks and says thanks.
    ///
    /// # Errors
    /// No port of loopback is free.
    pub async fn desk() -> std::io::Result<Self> {
        Self::start(|_, _| json!({ "thanks": true })).await
    }

    async fn start(answer: impl Fn(usize, &Json) -> Json + Clone + Send + Sync + 'static) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let got = Arc::new(Mutex::new(Vec::new()));
        let (count, arrivals) = watch::channel(0);
        let kept = Arc::clone(&got);
        let route = warp::post().and(warp::body::json()).map(move |body: Json| {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let reply = answer(kept.len(), &body);
            kept.push(body);
            count.send_replace(kept.len());
            warp::reply::json(&reply)
        });
        tokio::spawn(warp::serve(route).incoming(listener).run());
        Ok(Self { address, got, arrivals })
    }

    /// Everything that came, in order.
    #[must_use]
    pub fn got(&self) -> Vec<Json> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `wanted` finds something among what came; returns its place and body.
    ///
    /// # Errors
    /// It does not come: `what` says what was waited for.
    pub async fn wait_for(&mut self, what: &str, wanted: impl Fn(&Json) -> bool) -> Result<(usize, Json), String> {
        let search = async {
            loop {
                let found = self.got().into_iter().enumerate().find(|(_, body)| wanted(body));
                if let Some(found) = found {
                    return found;
                }
                // The sender lives as long as the route, and so as long as the process.
                let _ = self.arrivals.changed().await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.map_err(|_| format!("it never arrived: {what}"))
    }
}

/// The id that the stand-in gives to the n-th message.
#[must_use]
pub fn wamid(n: usize) -> String {
    format!("wamid.DEMO{n:04}")
}
