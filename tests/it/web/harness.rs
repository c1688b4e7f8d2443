//! A server on loopback for one case, and the client that asks it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antiphon::clock::Clock;
use antiphon::engine::{Catalogue, Engine, Versions};
use antiphon::intake::{Body, Item, Outcome, Receipt, Refusal, Rules};
use antiphon::model::id::RulesVersion;
use antiphon::model::rule::RuleSet;
use antiphon::model::time::Second;
use antiphon::rollout::audit::Audits;
use antiphon::settings::{Given, read};
use antiphon::store::{Options, Store};
use antiphon::telemetry::Metrics;
use antiphon::web::{self, Deadlines, Parts, Readiness, Site};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

/// `site:key`
pub const TRACK: &str = "authorization: Basic c2l0ZTprZXk=";
pub const APP: &str = "authorization: Bearer app";

/// What the stand-in for the intake answers.
#[derive(Clone)]
pub enum Intake {
    Takes,
    Says(Outcome),
    Refuses(Refusal),
    /// Answers when it is told to.
    Waits(Arc<Notify>),
}

pub struct Server {
    pub address: SocketAddr,
    taken: Arc<Mutex<Vec<Body>>>,
    /// Nobody does what is asked for here.
    pub audits: Audits,
    pub metrics: Metrics,
    stop: Option<oneshot::Sender<()>>,
    pub serving: JoinHandle<()>,
    _folder: Folder,
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Every deadline long, so that none of them decides a case that is not about it.
pub fn patient() -> Deadlines {
    let minute = Duration::from_secs(60);
    Deadlines { headers: minute, body: minute, idle: minute, answer: minute, drain: minute }
}

impl Server {
    /// With WhatsApp on and an intake that takes everything.
    pub async fn start() -> Self {
        Self::with(Intake::Takes, patient(), true).await
    }

    pub async fn with(intake: Intake, deadlines: Deadlines, whatsapp: bool) -> Self {
        let folder = format!("antiphon-web-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = Folder(std::env::temp_dir().join(folder));
        std::fs::create_dir(&folder.0).unwrap();
        let url = format!("sqlite://{}", folder.0.join("antiphon.db").display());
        let store = Store::open(&url, Options::default()).await.unwrap_or_else(|error| panic!("{error}"));
        let taken: Arc<Mutex<Vec<Body>>> = Arc::default();
        let (audits, metrics) = (Audits::default(), Metrics::default());
        let parts = Parts {
            submit: door(intake, Arc::clone(&taken)),
            store: Arc::new(store),
            rules: no_rules(),
            clock: Clock::system(),
            readiness: Readiness::default(),
            commits: watch::Sender::new(0).subscribe(),
            audits: audits.clone(),
            metrics: metrics.clone(),
            deadlines,
        };
        let mut environment = vec![
            ("ANTIPHON_SITE_ID", "site"),
            ("ANTIPHON_API_KEY", "key"),
            ("ANTIPHON_APP_KEY", "app"),
            ("ANTIPHON_PUBLIC_URL", "https://antiphon.example"),
        ];
        if whatsapp {
            environment.push(("ANTIPHON_WHATSAPP_APP_SECRET", "other-one,harbour-light-71"));
            environment.push(("ANTIPHON_WHATSAPP_VERIFY_TOKEN", "lantern,beacon"));
        }
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let given = Given { environment: environment.collect(), config: None, folder: folder.0.clone() };
        let settings = read(&given).unwrap_or_else(|complaints| panic!("{complaints}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let site = Arc::new(Site::new(&settings, parts));
        let serving = tokio::spawn(web::serve(listener, site, async {
            let _ = stopped.await;
        }));
        Self { address, taken, audits, metrics, stop: Some(stop), serving, _folder: folder }
    }

    /// Everything that was handed to the intake since this was asked last.
    pub fn taken(&self) -> Vec<Item> {
        std::mem::take(&mut *self.taken.lock().unwrap()).into_iter().flat_map(|body| body.items).collect()
    }

    /// All bodies, with what is broken and ignored in them.
    pub fn bodies(&self) -> Vec<Body> {
        std::mem::take(&mut *self.taken.lock().unwrap())
    }

    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    pub async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// One request on a connection of its own: line, headers and body.
    pub async fn ask(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        let mut client = self.connect().await;
        client.ask(line, headers, body).await
    }
}

fn no_rules() -> Rules {
    let engine = Engine::compile(Arc::new(RuleSet::default()), RulesVersion::default(), &Catalogue::default());
    let Ok(engine) = engine else { panic!("the empty rule set loads") };
    Rules::new(Versions::new(Arc::new(engine), Second(0)))
}

fn door(intake: Intake, taken: Arc<Mutex<Vec<Body>>>) -> web::Submit {
    Box::new(move |body| {
        let outcome = match &intake {
            Intake::Says(outcome) => outcome.clone(),
            _ => Outcome::Taken,
        };
        let receipt = Receipt { outcomes: body.items.iter().map(|_| outcome.clone()).collect() };
        taken.lock().unwrap().push(body);
        let intake = intake.clone();
        Box::pin(async move {
            match intake {
                Intake::Refuses(refusal) => Err(refusal),
                Intake::Waits(until) => {
                    until.notified().await;
                    Ok(receipt)
                }
                Intake::Takes | Intake::Says(_) => Ok(receipt),
            }
        })
    })
}

/// One connection.
pub struct Client(pub TcpStream);

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Client {
    pub async fn ask(&mut self, line: &str, headers: &[&str], body: &str) -> Answer {
        let mut request = format!("{line} HTTP/1.1\r\nhost: localhost\r\n");
        for header in headers {
            request.push_str(&format!("{header}\r\n"));
        }
        if !body.is_empty() {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        self.write(format!("{request}\r\n{body}").as_bytes()).await;
        self.read().await
    }

    /// Writes as much as the other side takes: it may have said no already.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// The next answer.
    pub async fn read(&mut self) -> Answer {
        let mut got = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&got).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let answer = Answer {
                    status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0),
                    head: head.to_owned(),
                    body: body.to_owned(),
                };
                let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
                if body.len() >= length {
                    return answer;
                }
            }
            let mut chunk = [0; 4096];
            let n = self.0.read(&mut chunk).await.unwrap_or(0);
            assert!(n > 0, "the connection ended before the answer did: {text:?}");
            got.extend_from_slice(&chunk[..n]);
        }
    }

    /// Whether the server closes the connection, without a word more.
    pub async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(30), self.0.read_to_end(&mut rest)).await;
        // A reset is an end as well.
        read.is_ok() && rest.is_empty()
    }
}
