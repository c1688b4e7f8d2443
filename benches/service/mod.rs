//! A real server as a process, and clients that speak to it over loopback: what the benches of the whole service
//! have in common.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sqlx::Connection as _;

const SECRET: &str = "load-secret";
const OUR_NUMBER: &str = "770011002200";

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A folder that goes when the bench ends. Below `target/`, so that it lies on the disk that is measured.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Outcome<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(path.join("rules"))?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Server {
    pub process: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(folder: &Path) -> Outcome<Self> {
        let address: SocketAddr = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = Command::new(env!("CARGO_BIN_EXE_antiphon"))
            .arg("serve")
            .current_dir(folder)
            .env("ANTIPHON_LISTEN", address.to_string())
            .env("ANTIPHON_WHATSAPP_APP_SECRET", SECRET)
            .env("ANTIPHON_WHATSAPP_VERIFY_TOKEN", "token")
            .env("ANTIPHON_SITE_ID", "site")
            .env("ANTIPHON_API_KEY", "key")
            .env("ANTIPHON_APP_KEY", "app")
            .env("ANTIPHON_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { process, address };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline {
                return Err("the server does not come up".into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One keep-alive connection that sends a request and reads the answer's status.
pub struct Connection(TcpStream, Vec<u8>);

impl Connection {
    pub fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(stream, vec![0; 4096]))
    }

    /// Sends a request; returns the answer's status.
    pub fn send(&mut self, request: &[u8]) -> Outcome<u16> {
        let (head, _) = self.ask(request)?;
        Ok(head.get(9..12).unwrap_or_default().parse()?)
    }

    /// Sends a request; returns the answer's head and body.
    pub fn ask(&mut self, request: &[u8]) -> Outcome<(String, String)> {
        self.0.write_all(request)?;
        let mut got = 0;
        loop {
            if got == self.1.len() {
                self.1.resize(got * 2, 0);
            }
            got += self.0.read(self.1.get_mut(got..).unwrap_or_default())?;
            let text = String::from_utf8_lossy(self.1.get(..got).unwrap_or_default());
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_lowercase();
                let length = head
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.split("\r\n").next())
                    .and_then(|length| length.trim().parse::<usize>().ok())
                    .unwrap_or(0);
                if body.len() >= length {
                    return Ok((head, body.to_owned()));
                }
            }
            if got == 0 {
                return Err("the server closed the connection".into());
            }
        }
    }
}

pub fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
        .into_bytes()
}

pub fn number(person: u64) -> String {
    format!("1555{:07}", 1_000_000 + person)
}

pub fn webhook(id: u64, person: u64, text: &str) -> Vec<u8> {
    let from = number(person);
    let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let body = format!(
        "{{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"id\":\"330011002200\",\"changes\":[{{\"value\":\
         {{\"messaging_product\":\"whatsapp\",\"metadata\":{{\"display_phone_number\":\"15550100900\",\
         \"phone_number_id\":\"{OUR_NUMBER}\"}},\"contacts\":[{{\"profile\":{{\"name\":\"Ada L.\"}},\"wa_id\":\"{from}\"}}],\
         \"messages\":[{{\"from\":\"{from}\",\"id\":\"wamid.LOAD{id:016}\",\"timestamp\":\"{at}\",\"type\":\"text\",\
         \"text\":{{\"body\":\"{text}\"}}}}]}},\"field\":\"messages\"}}]}}]}}"
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    request("POST", "/webhooks/whatsapp", &format!("x-hub-signature-256: sha256={hex}\r\n"), &body)
}

pub static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// Posts messages at a fixed rate for as long as `goes_on`; latency counts from when a request was due. `person` says
/// who writes the nth.
pub fn open_loop(
    address: SocketAddr,
    rate: u64,
    goes_on: impl Fn(Duration) -> bool + Clone + Send + 'static,
    person: impl Fn(u64) -> u64 + Clone + Send + 'static,
    text: &'static str,
) -> Outcome<Latencies> {
    const WORKERS: u64 = 32;
    let begin = Instant::now();
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (goes_on, person) = (goes_on.clone(), person.clone());
            thread::spawn(move || -> Outcome<Latencies> {
                let mut connection = Connection::open(address)?;
                let mut latencies = Latencies::default();
                let mut n = worker;
                while goes_on(Duration::from_secs_f64(n as f64 / rate as f64)) {
                    let due = begin + Duration::from_secs_f64(n as f64 / rate as f64);
                    if let Some(early) = due.checked_duration_since(Instant::now()) {
                        thread::sleep(early);
                    }
                    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
                    let status = connection.send(&webhook(id, person(id), text))?;
                    latencies.count(status, due.elapsed());
                    n += WORKERS;
                }
                Ok(latencies)
            })
        })
        .collect();
    Ok(Latencies::merge(join(workers)?))
}

#[derive(Default)]
pub struct Latencies {
    pub accepted: u64,
    pub refused: u64,
    micros: Vec<u64>,
}

impl Latencies {
    pub fn count(&mut self, status: u16, took: Duration) {
        if status == 200 {
            self.accepted += 1
        } else {
            self.refused += 1
        }
        self.micros.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub fn merge(parts: Vec<Self>) -> Self {
        let mut all = parts.into_iter().fold(Self::default(), |mut all, part| {
            all.accepted += part.accepted;
            all.refused += part.refused;
            all.micros.extend(part.micros);
            all
        });
        all.micros.sort_unstable();
        all
    }

    pub fn quantiles(&self) -> String {
        let at = |q: f64| {
            let place = (self.micros.len().saturating_sub(1)) as f64 * q;
            self.micros.get(place as usize).copied().unwrap_or(0) as f64 / 1000.0
        };
        format!("p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(0.5), at(0.99), at(1.0))
    }
}

pub fn join<T>(workers: Vec<thread::JoinHandle<Outcome<T>>>) -> Outcome<Vec<T>> {
    workers.into_iter().map(|worker| worker.join().map_err(|_| "a worker panicked")?).collect()
}

pub fn fsync_millis(folder: &Path) -> Outcome<f64> {
    let mut file = std::fs::File::create(folder.join("fsync"))?;
    let mut took = Vec::new();
    for _ in 0..50 {
        file.write_all(&[0; 4096])?;
        let begin = Instant::now();
        file.sync_data()?;
        took.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    Ok(took.get(25).copied().unwrap_or(0.0))
}

pub fn block_on<T>(work: impl Future<Output = T>) -> Outcome<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work))
}

pub async fn open(path: &Path) -> Outcome<sqlx::SqliteConnection> {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "16000")
        .pragma("cache_size", "-65536");
    Ok(sqlx::SqliteConnection::connect_with(&options).await?)
}
