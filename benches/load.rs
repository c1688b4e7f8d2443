//! Load on a real server: signed webhooks over loopback, on the same machine, to a release build on SQLite.
//!
//! `cargo bench --bench load -- [--connections 64] [--seconds 10] [--segments 1000] [--people 10000] [--rate 1000]`
//!
//! It starts the server in a folder of its own, makes people, sends one-message bodies in a closed loop (each
//! connection sends when it has its answer) and in an open loop (at a fixed rate, latency counted from the instant
//! at which a request was due), then writes the same event rows with as many commits straight into SQLite: the
//! ratio says how much of the storage's own speed is left.

#![expect(clippy::disallowed_methods, reason = "a load tool measures time")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sqlx::{Connection as _, Row as _};

const SECRET: &str = "load-secret";
const OUR_NUMBER: &str = "770011002200";

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let options = Options::read();
    let folder = Folder::new()?;
    write_rules(folder.path(), options.segments)?;
    let server = Server::start(folder.path())?;
    println!(
        "{} segments, {} people, {} connections, 2 cores shared with the load",
        options.segments, options.people, options.connections
    );
    println!("fsync of this disk: {:.2} ms (median of 50)", fsync_millis(folder.path())?);
    make_people(&server, options.people)?;
    closed_loop(&server, &options, Duration::from_secs(2), "warm-up")?;
    let before = log_size(folder.path())?;
    let rate = closed_loop(&server, &options, Duration::from_secs(options.seconds), "closed loop")?;
    let after = log_size(folder.path())?;
    open_loop(&server, &options)?;
    drop(server);
    let (rows, commits) = (after.0 - before.0, after.1 - before.1);
    println!("{rows} events in {commits} commits: {:.1} a commit", rows as f64 / commits.max(1) as f64);
    let bare = bare_insert(folder.path(), rows, commits)?;
    println!("bare multi-row insert of the same rows, same commits: {bare:.0}/s; ratio {:.2}", rate / bare);
    Ok(())
}

struct Options {
    connections: u64,
    seconds: u64,
    segments: u64,
    people: u64,
    rate: u64,
}

impl Options {
    fn read() -> Self {
        let arguments: Vec<String> = std::env::args().collect();
        let value = |name: &str, default: u64| {
            let at = arguments.iter().position(|argument| argument == name);
            at.and_then(|at| arguments.get(at + 1)).and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        Self {
            connections: value("--connections", 64),
            seconds: value("--seconds", 10),
            segments: value("--segments", 1_000),
            people: value("--people", 10_000),
            rate: value("--rate", 1_000),
        }
    }
}

/// A folder that goes when the bench ends. Below `target/`, so that it lies on the disk that is measured.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Outcome<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("load-{}", std::process::id()));
        std::fs::create_dir_all(path.join("rules"))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One keyword segment each; one of them is hit by every message.
fn write_rules(folder: &Path, segments: u64) -> Outcome<()> {
    let mut text = "version: 1\nsegments:\n".to_owned();
    for n in 0..segments {
        let keyword = if n == 0 { "YES".to_owned() } else { format!("WORD{n}") };
        text.push_str(&format!("  word-{n}:\n    when: |\n      replied \"{keyword}\" within 2 days\n"));
    }
    std::fs::write(folder.join("rules/words.yaml"), text)?;
    Ok(())
}

struct Server {
    process: Child,
    address: SocketAddr,
    basic: String,
}

impl Server {
    fn start(folder: &Path) -> Outcome<Self> {
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
        let server = Self { process, address, basic: "Basic c2l0ZTprZXk=".to_owned() };
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
struct Connection(TcpStream, Vec<u8>);

impl Connection {
    fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(stream, vec![0; 4096]))
    }

    fn send(&mut self, request: &[u8]) -> Outcome<u16> {
        self.0.write_all(request)?;
        let mut got = 0;
        loop {
            got += self.0.read(&mut self.1[got..])?;
            let text = String::from_utf8_lossy(&self.1[..got]).to_lowercase();
            if let Some(end) = text.find("\r\n\r\n") {
                let length = text
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.split("\r\n").next())
                    .and_then(|length| length.trim().parse::<usize>().ok())
                    .unwrap_or(0);
                if got >= end + 4 + length {
                    return Ok(text.get(9..12).unwrap_or_default().parse()?);
                }
            }
            if got == 0 {
                return Err("the server closed the connection".into());
            }
        }
    }
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
        .into_bytes()
}

fn number(person: u64) -> String {
    format!("1555{:07}", 1_000_000 + person)
}

fn webhook(id: u64, person: u64) -> Vec<u8> {
    let from = number(person);
    let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let body = format!(
        "{{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"id\":\"330011002200\",\"changes\":[{{\"value\":\
         {{\"messaging_product\":\"whatsapp\",\"metadata\":{{\"display_phone_number\":\"15550100900\",\
         \"phone_number_id\":\"{OUR_NUMBER}\"}},\"contacts\":[{{\"profile\":{{\"name\":\"Ada L.\"}},\"wa_id\":\"{from}\"}}],\
         \"messages\":[{{\"from\":\"{from}\",\"id\":\"wamid.LOAD{id:016}\",\"timestamp\":\"{at}\",\"type\":\"text\",\
         \"text\":{{\"body\":\"Yes!\"}}}}]}},\"field\":\"messages\"}}]}}]}}"
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    request("POST", "/webhooks/whatsapp", &format!("x-hub-signature-256: sha256={hex}\r\n"), &body)
}

fn make_people(server: &Server, people: u64) -> Outcome<()> {
    let next = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = (0..32)
        .map(|_| {
            let (next, address, basic) = (Arc::clone(&next), server.address, server.basic.clone());
            thread::spawn(move || -> Outcome<()> {
                let mut connection = Connection::open(address)?;
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= people {
                        return Ok(());
                    }
                    let body = format!("{{\"phone\":\"+{}\"}}", number(n));
                    let headers = format!("authorization: {basic}\r\n");
                    let status =
                        connection.send(&request("PUT", &format!("/api/v1/customers/p{n}"), &headers, &body))?;
                    if status != 200 {
                        return Err(format!("identify answered {status}").into());
                    }
                }
            })
        })
        .collect();
    join(workers).map(drop)
}

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// Each connection sends when it has its answer. Returns requests a second.
fn closed_loop(server: &Server, options: &Options, length: Duration, name: &str) -> Outcome<f64> {
    let begin = Instant::now();
    let workers: Vec<_> = (0..options.connections)
        .map(|_| {
            let (address, people) = (server.address, options.people);
            thread::spawn(move || -> Outcome<Latencies> {
                let mut connection = Connection::open(address)?;
                let mut latencies = Latencies::default();
                while begin.elapsed() < length {
                    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
                    let request = webhook(id, id.wrapping_mul(7919) % people);
                    let sent = Instant::now();
                    latencies.count(connection.send(&request)?, sent.elapsed());
                }
                Ok(latencies)
            })
        })
        .collect();
    let all = Latencies::merge(join(workers)?);
    let rate = all.accepted as f64 / begin.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} accepted/s, {} refused, {}", all.refused, all.quantiles());
    Ok(rate)
}

/// Requests at a fixed rate; latency counts from when a request was due.
fn open_loop(server: &Server, options: &Options) -> Outcome<()> {
    const WORKERS: u64 = 32;
    let begin = Instant::now();
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (address, people, rate, seconds) = (server.address, options.people, options.rate, options.seconds);
            thread::spawn(move || -> Outcome<Latencies> {
                let mut connection = Connection::open(address)?;
                let mut latencies = Latencies::default();
                let mut n = worker;
                while n < rate * seconds {
                    let due = begin + Duration::from_secs_f64(n as f64 / rate as f64);
                    if let Some(early) = due.checked_duration_since(Instant::now()) {
                        thread::sleep(early);
                    }
                    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
                    let status = connection.send(&webhook(id, id.wrapping_mul(7919) % people))?;
                    latencies.count(status, due.elapsed());
                    n += WORKERS;
                }
                Ok(latencies)
            })
        })
        .collect();
    let all = Latencies::merge(join(workers)?);
    println!("open loop at {}/s: {} refused, {}", options.rate, all.refused, all.quantiles());
    Ok(())
}

#[derive(Default)]
struct Latencies {
    accepted: u64,
    refused: u64,
    micros: Vec<u64>,
}

impl Latencies {
    fn count(&mut self, status: u16, took: Duration) {
        if status == 200 {
            self.accepted += 1
        } else {
            self.refused += 1
        }
        self.micros.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    fn merge(parts: Vec<Self>) -> Self {
        let mut all = parts.into_iter().fold(Self::default(), |mut all, part| {
            all.accepted += part.accepted;
            all.refused += part.refused;
            all.micros.extend(part.micros);
            all
        });
        all.micros.sort_unstable();
        all
    }

    fn quantiles(&self) -> String {
        let at = |q: f64| {
            let place = (self.micros.len().saturating_sub(1)) as f64 * q;
            self.micros.get(place as usize).copied().unwrap_or(0) as f64 / 1000.0
        };
        format!("p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(0.5), at(0.99), at(1.0))
    }
}

fn join<T>(workers: Vec<thread::JoinHandle<Outcome<T>>>) -> Outcome<Vec<T>> {
    workers.into_iter().map(|worker| worker.join().map_err(|_| "a worker panicked")?).collect()
}

fn fsync_millis(folder: &Path) -> Outcome<f64> {
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

fn block_on<T>(work: impl Future<Output = T>) -> Outcome<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work))
}

async fn open(path: &Path) -> Outcome<sqlx::SqliteConnection> {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "16000")
        .pragma("cache_size", "-65536");
    Ok(sqlx::SqliteConnection::connect_with(&options).await?)
}

/// Rows of the log, and how many batches wrote them: one batch has one arrival.
fn log_size(folder: &Path) -> Outcome<(u64, u64)> {
    block_on(async {
        let mut database = open(&folder.join("antiphon.db")).await?;
        let row =
            sqlx::query("SELECT count(*), count(DISTINCT arrived_ms) FROM events").fetch_one(&mut database).await?;
        Ok((u64::try_from(row.get::<i64, _>(0))?, u64::try_from(row.get::<i64, _>(1))?))
    })?
}

/// The newest `rows` rows of the log again, into an empty table of the same shape, in `commits` transactions.
fn bare_insert(folder: &Path, rows: u64, commits: u64) -> Outcome<f64> {
    block_on(async {
        let mut from = open(&folder.join("antiphon.db")).await?;
        let columns = "dedupe_key, person_id, seq, kind, name, occurred_at, arrived_ms, provider, provider_id, \
                       properties, message, reason, precedes, rules_version";
        let shape: Vec<String> =
            sqlx::query("SELECT sql FROM sqlite_master WHERE tbl_name = 'events' AND sql IS NOT NULL")
                .fetch_all(&mut from)
                .await?
                .iter()
                .map(|row| row.get(0))
                .collect();
        let as_json = "json_group_array(json_array(hex(dedupe_key), person_id, seq, kind, name, occurred_at, arrived_ms, \
                       provider, provider_id, properties, message, reason, precedes, rules_version))";
        let per = rows.div_ceil(commits.max(1)).max(1);
        let mut batches = BTreeMap::new();
        for n in 0..rows.div_ceil(per) {
            let text: String = sqlx::query(sqlx::AssertSqlSafe(format!(
                "SELECT {as_json} FROM (SELECT * FROM events ORDER BY id DESC LIMIT {per} OFFSET {})",
                n * per
            )))
            .fetch_one(&mut from)
            .await?
            .get(0);
            batches.insert(n, text);
        }
        let mut to = open(&folder.join("bare.db")).await?;
        for statement in shape {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut to).await?;
        }
        let insert = format!(
            "INSERT INTO events ({columns}) SELECT unhex(value->>0), value->>1, value->>2, value->>3, value->>4, value->>5, \
             value->>6, value->>7, value->>8, value->>9, value->>10, value->>11, value->>12, value->>13 \
             FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING"
        );
        let begin = Instant::now();
        for text in batches.values() {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut to).await?;
            sqlx::query(sqlx::AssertSqlSafe(insert.clone())).bind(text).execute(&mut to).await?;
            sqlx::query("COMMIT").execute(&mut to).await?;
        }
        Ok(rows as f64 / begin.elapsed().as_secs_f64())
    })?
}
