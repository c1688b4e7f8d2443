//! Load on a real server: signed webhooks over loopback, on the same machine, to a release build on SQLite.
//!
//! `cargo bench --bench load -- [--connections 64] [--seconds 10] [--segments 1000] [--people 10000] [--rate 1000]`
//!
//! It starts the server in a folder of its own, makes people, sends one-message bodies in a closed loop (each
//! connection sends when it has its answer) and in an open loop (at a fixed rate, latency counted from the instant
//! at which a request was due), then writes the same event rows with as many commits straight into SQLite: the
//! ratio says how much of the storage's own speed is left.

#![expect(clippy::disallowed_methods, reason = "a load tool measures time")]

mod service;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use service::{
    Connection, Folder, Latencies, NEXT_ID, Outcome, Server, block_on, fsync_millis, join, number, open, open_loop,
    request, webhook,
};
use sqlx::Row as _;

/// `site:key`, as the server is started with.
const BASIC: &str = "Basic c2l0ZTprZXk=";

fn main() -> Outcome<()> {
    let options = Options::read();
    let folder = Folder::new("load")?;
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
    let (people, seconds) = (options.people, Duration::from_secs(options.seconds));
    let all = open_loop(server.address, options.rate, move |due| due < seconds, move |id| who(id, people), "Yes!")?;
    println!("open loop at {}/s: {} refused, {}", options.rate, all.refused, all.quantiles());
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

fn make_people(server: &Server, people: u64) -> Outcome<()> {
    let next = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = (0..32)
        .map(|_| {
            let (next, address) = (Arc::clone(&next), server.address);
            thread::spawn(move || -> Outcome<()> {
                let mut connection = Connection::open(address)?;
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= people {
                        return Ok(());
                    }
                    let body = format!("{{\"phone\":\"+{}\"}}", number(n));
                    let headers = format!("authorization: {BASIC}\r\n");
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

/// Who writes message `id`: everybody in turn, neighbours far apart.
fn who(id: u64, people: u64) -> u64 {
    id.wrapping_mul(7919) % people
}

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
                    let request = webhook(id, who(id, people), "Yes!");
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
