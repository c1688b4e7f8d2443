//! A change of rules over many people, on a real server with SQLite, with live traffic beside it.
//!
//! `cargo bench --bench backfill -- [--people 1000000] [--events 5000000] [--rate 300] [--verify 100000] [--data FOLDER]`
//!
//! It fills a database (people, the log, states: kept in `--data` for the next run, if given), starts the server on a
//! copy, measures the latency of webhooks, publishes one more segment (a reply keyword in a time window) and measures
//! until the server says that the segment is finished: how long that took, the latency beside it, and the memory.
//! Then it holds members against the definition. `--idle` measures a server with 100 time windows and no events
//! instead.

#![expect(clippy::disallowed_methods, reason = "a load tool measures time")]

mod service;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use antiphon::clock::Clock;
use antiphon::engine::naive::Case;
use antiphon::intake::{Intake, Rules, Signals, Writer};
use antiphon::model::id::{PersonId, RulesVersion};
use antiphon::model::value::Properties;
use antiphon::rollout::{self, CatchUp, Intent, Published};
use antiphon::store::{Options as StoreOptions, Store, events, installation, memberships, people, rules};
use service::{Connection, Folder, Outcome, Server, block_on, fsync_millis, open, open_loop, request};
use sqlx::Row as _;

/// The log covers so many seconds.
const HISTORY: i64 = 30 * 86_400;
const NEW: &str = "replied-price";

fn main() -> Outcome<()> {
    let options = Options::read();
    let folder = Folder::new("backfill")?;
    let data = options.data.clone().unwrap_or_else(|| folder.path().join("data"));
    if !data.join("antiphon.db").exists() {
        fill(&data, &options)?;
    }
    std::fs::create_dir_all(folder.path().join("rules"))?;
    for file in ["antiphon.db", "rules/words.yaml"] {
        std::fs::copy(data.join(file), folder.path().join(file))?;
    }
    println!("fsync of this disk: {:.2} ms (median of 50)", fsync_millis(folder.path())?);
    if options.idle { idle(folder.path()) } else { change(folder.path(), &options) }
}

struct Options {
    people: u64,
    events: u64,
    rate: u64,
    seconds: u64,
    verify: u64,
    idle: bool,
    data: Option<PathBuf>,
}

impl Options {
    fn read() -> Self {
        let arguments: Vec<String> = std::env::args().collect();
        let text = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name);
            at.and_then(|at| arguments.get(at + 1))
        };
        let value = |name: &str, default: u64| text(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        Self {
            people: value("--people", 1_000_000),
            events: value("--events", 5_000_000),
            rate: value("--rate", 300),
            seconds: value("--seconds", 10),
            verify: value("--verify", 100_000),
            idle: arguments.iter().any(|argument| argument == "--idle"),
            data: text("--data").map(PathBuf::from),
        }
    }
}

/// Segments over time windows; with `new`, the one that is published later.
fn rules_text(segments: u64, new: bool) -> String {
    let mut text = "version: 1\nsegments:\n".to_owned();
    for n in 0..segments {
        text.push_str(&format!("  word-{n}:\n    when: |\n      replied \"WORD{n}\" within 20 days\n"));
    }
    if new {
        text.push_str(&format!("  {NEW}:\n    when: |\n      replied PRICE within 7 days\n"));
    }
    text
}

/// Makes people, their log and their states under the first rules.
fn fill(data: &Path, options: &Options) -> Outcome<()> {
    std::fs::create_dir_all(data.join("rules"))?;
    let text = rules_text(100, false);
    std::fs::write(data.join("rules/words.yaml"), &text)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let begin = Instant::now();
    runtime.block_on(async {
        let clock = Clock::system();
        let url = format!("sqlite://{}", data.join("antiphon.db").display());
        let store = Store::open(&url, StoreOptions::default()).await?;
        let files = [("words.yaml".to_owned(), text)].into();
        let Published::Activated(_) =
            rollout::publish(&store, &clock, &Properties::new(), files, Intent::Activate).await?
        else {
            return Err("the rules are not taken".into());
        };
        store.close().await?;
        insert(&data.join("antiphon.db"), options, clock.second().0).await?;
        println!(
            "{} people and {} events written in {:.0} s",
            options.people,
            options.events,
            begin.elapsed().as_secs_f64()
        );
        let begin = Instant::now();
        let store = Arc::new(Store::open(&url, StoreOptions::default()).await?);
        let tx = store.write().await?;
        let key = installation::ensure(&tx, &antiphon::model::id::InstallationKey([7; 32]), clock.second()).await?.key;
        tx.commit().await?;
        let versions = rollout::versions(&store, &Properties::new()).await?.ok_or("no rules are active")?;
        let (signals, rules) = (Signals::default(), Rules::new(versions));
        let writer = Writer::new(Arc::clone(&store), clock.clone(), key, rules.clone(), signals.clone());
        let (intake, writing) = Intake::start(writer, signals);
        let folded = CatchUp { intake: &intake, store: &store, rules: &rules, clock: &clock }.run().await;
        let took = begin.elapsed().as_secs_f64();
        println!(
            "first rules: {folded} people folded from the whole log in {took:.1} s, {:.0}/s",
            folded as f64 / took
        );
        drop(intake);
        writing.await?;
        store.close().await?;
        Ok(())
    })
}

/// The rows, as the server would have written them, in the order of arrival: everybody's first event, then everybody's
/// second …
async fn insert(path: &Path, options: &Options, now: i64) -> Outcome<()> {
    let (people, rounds) = (options.people, options.events / options.people.max(1));
    let mut database = open(path).await?;
    let begin = now - HISTORY;
    let mut run = async |sql: String| sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut database).await.map(drop);
    run("PRAGMA synchronous = OFF".to_owned()).await?;
    let numbers = format!("WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {people})");
    let attributes = "json_object('language', 'en', 'phone', '+1555' || (1000000 + n), 'plan', CASE n % 3 WHEN 0 THEN 'pro' ELSE 'free' END)";
    run(format!(
        "INSERT INTO people (cio_id, external_id, phone, attributes, known_since, last_seq, rules_version, state)
         {numbers} SELECT randomblob(16), 'p' || n, '+1555' || (1000000 + n), {attributes}, {begin}, {rounds}, 0, x'' FROM n"
    ))
    .await?;
    run(format!(
        "INSERT INTO identities (channel, value, person_id, since) SELECT 'phone', phone, id, {begin} FROM people"
    ))
    .await?;
    let index = "SELECT sql FROM sqlite_master WHERE name = 'events_person'";
    let index: String = sqlx::query(index).fetch_one(&mut open(path).await?).await?.get(0);
    run("DROP INDEX events_person".to_owned()).await?;
    for round in 0..rounds {
        // Half of the events are replies, the newest ones among them; the others are what systems report.
        let kind = if round % 2 == (rounds + 1) % 2 { "'inbound_message', NULL" } else { "'custom', 'order_placed'" };
        let properties = if kind.starts_with("'i") {
            "json_object('body', CASE abs(random()) % 10 WHEN 0 THEN 'Price?' WHEN 1 THEN 'Word' || (abs(random()) % 100)
                         ELSE 'Thanks, see you at ' || (abs(random()) % 24) || ' then' END, 'via', 'text')"
        } else {
            "json_object('order_id', abs(random()) % 100000, 'total', abs(random()) % 500)"
        };
        let at = format!("{begin} + ({round} * {people} + id - 1) * {HISTORY} / ({rounds} * {people})");
        run(format!(
            "INSERT INTO events (dedupe_key, person_id, seq, kind, name, occurred_at, arrived_ms, provider, provider_id,
                                 properties, rules_version)
             SELECT randomblob(16), id, {round} + 1, {kind}, {at}, ({at}) * 1000 + 7, 'whatsapp', 'wamid.' || hex(randomblob(16)),
                    {properties}, 0 FROM people ORDER BY id"
        ))
        .await?;
    }
    run(index).await?;
    run("PRAGMA wal_checkpoint(TRUNCATE)".to_owned()).await?;
    Ok(())
}

/// Publishes the new segment on a running server and waits until everybody is at it.
fn change(folder: &Path, options: &Options) -> Outcome<()> {
    let server = Server::start(folder)?;
    settle(&server)?;
    println!("memory once everybody is at the first rules: {} MB", memory(server.process.id(), "VmRSS")? / 1024);
    let (people, seconds) = (options.people, Duration::from_secs(options.seconds));
    let person = move |id: u64| id.wrapping_mul(7_919) % people;
    let before = open_loop(server.address, options.rate, move |due| due < seconds, person, "Price?")?;
    println!("webhooks at {}/s before: {} refused, {}", options.rate, before.refused, before.quantiles());

    let running = Arc::new(AtomicBool::new(true));
    let peak = Arc::new(AtomicU64::new(0));
    let watching = watch_memory(server.process.id(), &running, &peak);
    let traffic = {
        let (running, address, rate) = (Arc::clone(&running), server.address, options.rate);
        thread::spawn(move || open_loop(address, rate, move |_| running.load(Ordering::Relaxed), person, "Price?"))
    };
    std::fs::write(folder.join("rules/words.yaml"), rules_text(100, true))?;
    let took = wait_for_new(&server)?;
    running.store(false, Ordering::Relaxed);
    let during = traffic.join().map_err(|_| "the traffic panicked")??;
    watching.join().map_err(|_| "the watch panicked")?;
    println!("webhooks at {}/s beside it: {} refused, {}", options.rate, during.refused, during.quantiles());
    println!(
        "one segment more over {people} people: {:.1} s, {:.0} people/s",
        took.as_secs_f64(),
        people as f64 / took.as_secs_f64()
    );
    println!("memory: {} MB at most", peak.load(Ordering::Relaxed) / 1024);
    drop(server);
    verify(folder, options.verify)
}

/// Waits until the server says that the new segment is finished. Returns how long it was not.
fn wait_for_new(server: &Server) -> Outcome<Duration> {
    let mut begin = None;
    loop {
        let known = segments(server)?;
        let found = known.iter().find(|segment| segment["name"] == NEW);
        match (found.map(|segment| segment["state"] == "finished"), begin) {
            (Some(_), None) => begin = Some(Instant::now()),
            // Between the commit and the exchange of the rules it does not say yet that it is not.
            (Some(true), Some(begin)) if is_caught_up(server)? => return Ok(begin.elapsed()),
            _ => {}
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Whether the activity says that everybody is at the second rule set.
fn is_caught_up(server: &Server) -> Outcome<bool> {
    let path = "/v1/activities?type=rules_caught_up";
    let (_, answer) =
        Connection::open(server.address)?.ask(&request("GET", path, "authorization: Bearer app\r\n", ""))?;
    Ok(answer.contains("\"version\":2"))
}

fn settle(server: &Server) -> Outcome<()> {
    while segments(server)?.iter().any(|segment| segment["state"] != "finished") {
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn segments(server: &Server) -> Outcome<Vec<serde_json::Value>> {
    let (_, answer) =
        Connection::open(server.address)?.ask(&request("GET", "/v1/segments", "authorization: Bearer app\r\n", ""))?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    Ok(answer["segments"].as_array().cloned().unwrap_or_default())
}

/// Holds the members of the new segment against the definition, for so many people.
fn verify(folder: &Path, many: u64) -> Outcome<()> {
    block_on(async {
        let url = format!("sqlite://{}", folder.join("antiphon.db").display());
        let store = Store::open(&url, StoreOptions::default()).await?;
        let reader = store.read();
        let versions = rollout::versions(&store, &Properties::new()).await?.ok_or("no rules are active")?;
        let segment = *rules::numbers(&reader).await?.segments.get(NEW).ok_or("the segment has no number")?;
        let mut members = BTreeSet::new();
        let mut after = PersonId(0);
        loop {
            let page = memberships::members(&reader, segment, after, 10_000).await?;
            let Some(last) = page.last() else { break };
            after = last.person;
            members.extend(page.iter().map(|member| member.person));
        }
        let newest = people::newest(&reader).await?.0;
        let step = (newest / i64::try_from(many.max(1))?).max(1);
        let ids: Vec<PersonId> = (1..=newest).step_by(usize::try_from(step)?).map(PersonId).collect();
        let now = Clock::system().second();
        let (mut looked_at, mut wrong, mut behind) = (0, 0, 0);
        for ids in ids.chunks(1_000) {
            let logs = events::of_people(&reader, ids).await?;
            for row in people::load(&reader, ids).await? {
                // What time changed since the server was stopped is played at its next start.
                if row.wake.is_some_and(|wake| wake <= now) {
                    continue;
                }
                let log = logs.get(&row.person.id).map(Vec::as_slice).unwrap_or_default();
                let truth = Case::new(versions.active.rules(), &row.person, log).is_member(NEW, now);
                looked_at += 1;
                wrong += i32::from(truth != members.contains(&row.person.id));
                behind += i32::from(row.rules != versions.active.version() || row.rules == RulesVersion(0));
            }
        }
        println!(
            "{} members; {looked_at} people held against the definition: {wrong} wrong, {behind} behind",
            members.len()
        );
        if wrong == 0 && behind == 0 { Ok(()) } else { Err("members are not what the definition says".into()) }
    })?
}

/// A server to which nothing happens.
fn idle(folder: &Path) -> Outcome<()> {
    const LENGTH: Duration = Duration::from_secs(30);
    let server = Server::start(folder)?;
    settle(&server)?;
    thread::sleep(Duration::from_secs(2));
    let ticks = cpu_ticks(server.process.id())?;
    thread::sleep(LENGTH);
    let used = cpu_ticks(server.process.id())? - ticks;
    // The kernel counts in hundredths of a second.
    let percent = used as f64 / LENGTH.as_secs_f64();
    println!("idle for {} s: {used} hundredths of a second of CPU ({percent:.2} % of a core)", LENGTH.as_secs());
    println!("memory: {} MB", memory(server.process.id(), "VmRSS")? / 1024);
    Ok(())
}

/// User and system time of a process, in hundredths of a second.
fn cpu_ticks(process: u32) -> Outcome<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = behind.split_whitespace().collect();
    let field = |n: usize| fields.get(n).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    Ok(field(11) + field(12))
}

/// A line of the process's status, in kB.
fn memory(process: u32, name: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with(name)).ok_or("the kernel does not say")?;
    Ok(line.split_whitespace().nth(1).unwrap_or_default().parse()?)
}

fn watch_memory(process: u32, running: &Arc<AtomicBool>, peak: &Arc<AtomicU64>) -> thread::JoinHandle<()> {
    let (running, peak) = (Arc::clone(running), Arc::clone(peak));
    thread::spawn(move || {
        while running.load(Ordering::Relaxed) {
            peak.fetch_max(memory(process, "VmRSS").unwrap_or(0), Ordering::Relaxed);
            thread::sleep(Duration::from_millis(100));
        }
    })
}
