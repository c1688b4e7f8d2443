//! The only socket of the server that leads outward: carries one request out, once, and tells how that ended.
//!
//! No redirects, no proxy, no decompression, no cookies; one deadline around name, connection, headers and
//! body; the answer is read up to a bound. What the ending means is decided elsewhere.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Url};

use super::guard::{Allow, Refused};
use crate::providers::{Method, Request};

/// So much of an answer is read; what follows is nothing to us.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// A connection that takes longer has not carried anything yet, and that is worth knowing for sure.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Connections that have been idle are closed before the other side does it in the middle of a send.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// Looks up the addresses of a host.
pub type Lookup = Arc<dyn Fn(String) -> Looking + Send + Sync>;
/// A look-up under way.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Carries requests out.
#[derive(Clone, Debug)]
pub struct Courier {
    allow: Allow,
    guarded: Client,
    unguarded: Client,
}

/// Who wrote the URL of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Whoever runs this server: it may lead anywhere.
    ByOperator,
    /// A rule author: it is judged.
    ByAuthor,
}

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq)]
pub enum Ending {
    Answered {
        status: u16,
        retry_after: Option<String>,
        /// At most [`ANSWER_BYTES_MAX`]. Written by strangers: never shown.
        body: Vec<u8>,
    },
    /// Not a byte of it has left.
    NotSent(Trouble),
    /// It may have arrived or not.
    Cut(Trouble),
    /// It was not tried, and never will be.
    Refused(Refused),
}

/// What stood in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Resolve,
    Connect,
    TimedOut,
    /// The other side closed, or answered something that is no HTTP.
    Closed,
    /// This server stopped.
    Stopped,
    /// The request itself cannot be written: a header or URL that HTTP does not allow.
    Unwritable,
}

/// The client cannot be built on this machine.
#[derive(Debug)]
pub struct NoClient(reqwest::Error);

impl Courier {
    /// A courier that takes rule authors' requests to public addresses and to those in `allow`.
    ///
    /// # Errors
    /// [`NoClient`], for instance when the system has no certificates to trust.
    pub fn new(allow: Allow, lookup: Lookup) -> Result<Self, NoClient> {
        // Fails only if a provider is chosen already, and then that one does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guarded = client().dns_resolver(Guard { allow: allow.clone(), lookup }).build().map_err(NoClient)?;
        let unguarded = client().build().map_err(NoClient)?;
        Ok(Self { allow, guarded, unguarded })
    }

    /// The system's way to look up names.
    #[must_use]
    pub fn system_lookup() -> Lookup {
        Arc::new(|host| Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.collect()) }))
    }

    /// Which URLs of rule authors are called.
    #[must_use]
    pub fn allow(&self) -> &Allow {
        &self.allow
    }

    /// Carries `request` out once, within `deadline` from the name to the last byte of the answer.
    pub async fn carry(&self, request: &Request, written: Written, deadline: Duration) -> Ending {
        let (client, url) = match written {
            Written::ByAuthor => match self.allow.judge(&request.url) {
                Ok(destination) => (&self.guarded, destination.url),
                Err(refused) => return Ending::Refused(refused),
            },
            Written::ByOperator => match Url::parse(&request.url) {
                Ok(url) => (&self.unguarded, url),
                Err(_) => return Ending::NotSent(Trouble::Unwritable),
            },
        };
        let Some(request) = written_out(client, url, request) else {
            return Ending::NotSent(Trouble::Unwritable);
        };
        let exchange = exchange(client, request);
        tokio::time::timeout(deadline, exchange).await.unwrap_or(Ending::Cut(Trouble::TimedOut))
    }
}

fn client() -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(concat!("antiphon/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        .connect_timeout(CONNECT_MAX)
        .pool_idle_timeout(IDLE_MAX)
}

/// None: a header that HTTP does not allow, for instance with a line break in it.
fn written_out(client: &Client, url: Url, request: &Request) -> Option<reqwest::Request> {
    let method = match request.method {
        Method::Post => reqwest::Method::POST,
    };
    let mut builder = client.request(method, url);
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        builder = builder.header(name, HeaderValue::from_str(value).ok()?);
    }
    builder.body(request.body.clone()).build().ok()
}

async fn exchange(client: &Client, request: reqwest::Request) -> Ending {
    let mut answer = match client.execute(request).await {
        Ok(answer) => answer,
        Err(error) => return ending_of(&error),
    };
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES_MAX {
        match answer.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(chunk.get(..ANSWER_BYTES_MAX - body.len()).unwrap_or(&chunk)),
            Ok(None) => break,
            Err(_) => return Ending::Cut(Trouble::Closed),
        }
    }
    Ending::Answered { status, retry_after, body }
}

fn ending_of(error: &reqwest::Error) -> Ending {
    if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<Refused>()) {
        Ending::Refused(*refused)
    } else if error.is_builder() {
        Ending::NotSent(Trouble::Unwritable)
    } else if error.is_connect() {
        let trouble = if error.is_dns() { Trouble::Resolve } else { Trouble::Connect };
        Ending::NotSent(trouble)
    } else {
        Ending::Cut(Trouble::Closed)
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// Looks names up and lets through only the addresses that may be connected to. The connection is made to
/// what comes out here, so a name that changes its address between two looks gains nothing.
struct Guard {
    allow: Allow,
    lookup: Lookup,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow, looking) = (self.allow.clone(), (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move {
            let found = looking.await?;
            let mut admitted = Vec::new();
            let mut refused = None;
            for address in found {
                match allow.admits(name.as_str(), address.ip()) {
                    Ok(()) => admitted.push(address),
                    Err(why) => refused = Some(why),
                }
            }
            match refused {
                Some(why) if admitted.is_empty() => Err(why.into()),
                _ => Ok(Box::new(admitted.into_iter()) as Addrs),
            }
        })
    }
}

impl Trouble {
    /// The words in reasons.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "the name was not found",
            Self::Connect => "no connection",
            Self::TimedOut => "no answer in time",
            Self::Closed => "cut off",
            Self::Stopped => "cut off by our own stop",
            Self::Unwritable => "the request cannot be written",
        }
    }
}

/// A body is not for logs.
impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { status, .. } => write!(f, "Answered({status})"),
            Self::NotSent(trouble) => write!(f, "NotSent({trouble:?})"),
            Self::Cut(trouble) => write!(f, "Cut({trouble:?})"),
            Self::Refused(refused) => write!(f, "Refused({refused:?})"),
        }
    }
}

impl fmt::Display for NoClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the HTTP client cannot be built: {}", self.0)
    }
}

impl Error for NoClient {}
