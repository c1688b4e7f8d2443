//! What happens, as it happens: server-sent events that can be resumed where they broke off.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::Value as Json;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use warp::Reply;
use warp::http::HeaderMap;
use warp::sse::Event;

use super::activity_json;
use super::own_api::{cursor, wanted};
use super::problem::Problem;
use super::site::{Answer, Site};
use crate::model::id::PersonId;
use crate::store::activity::{self, Cursor};
use crate::store::{Reader, StoreError};

/// Items of one look.
const ITEMS_PER_LOOK: u32 = 500;
/// Items that wait for a listener who does not take them.
const UNREAD_MAX: usize = 64;
/// Other nodes commit without telling us: look again after this time.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// So many looks are repeated where several nodes write: several seconds.
const LOOKS_REPEATED: usize = 16;
/// A silent line shows that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a listener wants to hear.
pub struct Chosen {
    pub person: Option<PersonId>,
    pub kind: Option<String>,
}

/// Sends what happens after `Last-Event-ID`, or from now on, until the listener leaves or the server stops.
/// The first event has nothing but an id, so that a connection that breaks in silence is resumed as well.
pub async fn follow(site: &Site, reader: Reader, chosen: Chosen, headers: &HeaderMap) -> Answer {
    let place = site.listeners.clone().try_acquire_owned().map_err(|_| Problem::busy())?;
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let resumed = cursor(resumed)?.unwrap_or(Cursor::END);
    let head = activity::head(&reader).await.map_err(|error| site.storage_problem(&error))?;
    let from = resumed.at_most(head);
    let (send, mut receive) = mpsc::channel(UNREAD_MAX);
    let listener = Listener {
        reader,
        chosen,
        from,
        overlap: site.store.is_shared().then(Overlap::default),
        send,
        commits: site.commits.clone(),
        stopping: site.stopping.subscribe(),
        _place: place,
    };
    tokio::spawn(listener.run());
    let opening = stream::iter([Event::default().id(from.to_string())]);
    let events = opening.chain(stream::poll_fn(move |cx| receive.poll_recv(cx))).map(Ok::<_, Infallible>);
    Ok(warp::sse::reply(warp::sse::keep_alive().interval(KEEP_ALIVE).stream(events)).into_response())
}

struct Listener {
    reader: Reader,
    chosen: Chosen,
    from: Cursor,
    /// Only where several nodes write.
    overlap: Option<Overlap>,
    send: mpsc::Sender<Event>,
    commits: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    async fn run(mut self) {
        while !*self.stopping.borrow() {
            // Before looking: a commit during the look is one to look for again.
            self.commits.borrow_and_update();
            match self.send_new().await {
                Ok(true) => {}
                // The listener has left.
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "the live activity could not be read"),
            }
            tokio::select! {
                Ok(()) = self.commits.changed() => {}
                _ = self.stopping.changed() => return,
                () = self.send.closed() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    async fn send_new(&mut self) -> Result<bool, StoreError> {
        let mut from = self.from;
        loop {
            let items = activity::after(&self.reader, from, self.chosen.person, ITEMS_PER_LOOK).await?;
            let Some(last) = items.last() else { break };
            from = last.cursor;
            let names = activity_json::names(&self.reader).await?;
            for item in &items {
                let json = activity_json::item(item, &names);
                let is_new = self.overlap.as_mut().is_none_or(|overlap| overlap.is_new(&json));
                if is_new && wanted(&json, self.chosen.kind.as_deref()) {
                    let event = Event::default().id(item.cursor.to_string()).data(json.to_string());
                    if self.send.send(event).await.is_err() {
                        return Ok(false);
                    }
                }
            }
        }
        self.from = self.overlap.as_mut().map_or(from, |overlap| overlap.reached(from));
        Ok(true)
    }
}

/// Where several nodes write, a smaller id may be committed after a larger one. So each look begins a few
/// looks back, and what was shown already is dropped.
#[derive(Default)]
struct Overlap {
    /// What the running look found.
    found: BTreeSet<String>,
    /// The looks before: the place each reached and what it found, the oldest first.
    looks: VecDeque<(Cursor, BTreeSet<String>)>,
}

impl Overlap {
    fn is_new(&mut self, item: &Json) -> bool {
        // An item is recognised by its own words; what followed may have grown since.
        let mut item = item.clone();
        if let Some(item) = item.as_object_mut() {
            item.remove("cursor");
            item.remove("followed");
        }
        let item = item.to_string();
        let shown = self.looks.iter().any(|(_, found)| found.contains(&item));
        !shown && self.found.insert(item)
    }

    /// Ends a look; gives the place where the next one begins.
    fn reached(&mut self, at: Cursor) -> Cursor {
        self.looks.push_back((at, std::mem::take(&mut self.found)));
        if self.looks.len() > LOOKS_REPEATED {
            self.looks.pop_front();
        }
        self.looks.front().map_or(at, |(place, _)| *place)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_look_begins_a_few_looks_back_and_shows_nothing_twice() {
        let mut overlap = Overlap::default();
        let place = |n: i64| format!("{n}.0.0.0").parse::<Cursor>().expect("a cursor");
        assert!(overlap.is_new(&json!({"id": "a", "cursor": "1"})));
        assert_eq!(overlap.reached(place(1)), place(1));
        assert!(!overlap.is_new(&json!({"id": "a", "cursor": "2"})));
        assert!(overlap.is_new(&json!({"id": "late"})));
        for n in 2..=LOOKS_REPEATED as i64 {
            assert_eq!(overlap.reached(place(n)), place(1));
        }
        assert_eq!(overlap.reached(place(99)), place(2));
    }
}
