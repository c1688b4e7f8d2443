//! The accept loop: how many connections, from whom, for how long; and the end of them all.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::connection::{Counted, Movement};
use super::dispatch;
use super::health::Unready;
use super::site::Site;

/// Connections at once.
pub const CONNECTIONS_MAX: usize = 1_024;
/// Connections at once from one address.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 256;
/// A request's headers, all together.
pub const HEADERS_BYTES_MAX: usize = 16 * 1024;
/// A request's headers.
pub const HEADERS_MAX: usize = 100;
/// After an accept that failed, for instance for want of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until `stop` is ready, then finishes what is under way. Returns when every
/// connection is closed, at most the drain deadline later.
pub async fn serve(listener: TcpListener, site: Arc<Site>, stop: impl Future<Output = ()>) {
    let routes = routes(Arc::clone(&site));
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let addresses = Addresses::default();
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &room) => accepted,
            // Finished connections are let go as they finish.
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, address, place)) => {
                let Some(seat) = addresses.enter(address) else {
                    if let Some(times) = site.warnings.crowded.happened(site.clock.millis()) {
                        tracing::warn!(times, "connections were refused: their address has as many as it may");
                    }
                    continue;
                };
                let connection = connection(stream, routes.clone(), &graceful, &site);
                connections.spawn(async move {
                    connection.await;
                    drop((seat, place));
                });
            }
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    site.readiness.set(Unready::Stopping, true);
    site.stopping.send_replace(true);
    drop(listener);
    if tokio::time::timeout(site.deadlines.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections are cut: the time to finish is over");
    }
    connections.shutdown().await;
}

/// The next connection, when there is room for one.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    Ok((stream, address.ip(), place))
}

/// The routes as one filter: everything is decided in `dispatch`, on the raw path.
fn routes(site: Arc<Site>) -> BoxedFilter<(Response,)> {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |method, path: warp::path::FullPath, query: String, headers, body| {
            let site = Arc::clone(&site);
            async move { dispatch::answer(&site, method, path.as_str(), &query, &headers, body).await }
        })
        .boxed()
}

/// Serves one connection to its end.
fn connection(
    stream: TcpStream,
    routes: BoxedFilter<(Response,)>,
    graceful: &GracefulShutdown,
    site: &Arc<Site>,
) -> impl Future<Output = ()> + Send + use<> {
    // Answers are small and awaited: they must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let movement = Movement::default();
    let inner = TowerToHyperService::new(warp::service(routes));
    let watched = movement.clone();
    let service = service_fn(move |request| {
        let asked = watched.asked();
        let answer = inner.call(request);
        async move {
            let response = answer.await;
            drop(asked);
            response as Result<_, Infallible>
        }
    });
    let io = TokioIo::new(Counted::new(stream, movement.clone()));
    let connection = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_header_size(HEADERS_BYTES_MAX)
        // hyper would count an idle connection as slow headers; `Movement` tells them apart.
        .header_read_timeout(None)
        .serve_connection(io, service);
    let connection = graceful.watch(connection);
    let deadlines = site.deadlines;
    async move {
        tokio::select! {
            result = connection => {
                if let Err(error) = result {
                    tracing::debug!(%error, "a connection ended early");
                }
            }
            () = movement.overdue(deadlines) => tracing::debug!("a connection was closed: it waited too long"),
        }
    }
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// One connection of an address.
struct Seat(Addresses, IpAddr);

impl Addresses {
    /// A seat for one more connection of `address`, unless it has as many as it may.
    fn enter(&self, address: IpAddr) -> Option<Seat> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        Some(Seat(self.clone(), address))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Self(addresses, address) = self;
        let mut counts = addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_seats_and_not_one_more() {
        let addresses = Addresses::default();
        let address: IpAddr = [192, 0, 2, 1].into();
        let mut seats: Vec<_> = (0..CONNECTIONS_PER_ADDRESS_MAX).map(|_| addresses.enter(address)).collect();
        assert!(seats.iter().all(Option::is_some));
        assert!(addresses.enter(address).is_none());
        assert!(addresses.enter([192, 0, 2, 2].into()).is_some());
        seats.pop();
        assert!(addresses.enter(address).is_some());
    }
}
