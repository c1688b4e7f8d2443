//! Windows that close: how long after their second is over people have left.
//!
//! `cargo bench --bench wakes -- [--people 100000] [--over 60]`
//!
//! Everybody is let into a segment with a time window, so that all the windows close within `--over` seconds; then
//! the scheduler of the product plays them on SQLite while another connection looks on. A person counts as out when
//! that connection sees it, and the lateness of that is counted from the end of the second in which the window closed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use antiphon::clock::Clock;
use antiphon::intake::{Body, Intake, Item, Outcome, Rules, Signals, Track, Writer};
use antiphon::model::id::InstallationKey;
use antiphon::model::person::Handle;
use antiphon::model::time::{Second, Span};
use antiphon::model::value::Properties;
use antiphon::rollout::{self, Files};
use antiphon::schedule;
use antiphon::store::{Options, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Row as _, SqliteConnection};

const RULES: &str = "version: 1\nsegments:\n  lately:\n    when: |\n      performed \"seen\" in the last 1 hour\n";
const WINDOW: Span = Span(3600);
/// People of one body.
const BODY: u64 = 500;
/// Time to take everybody in before the first window closes: this many people a second.
const TAKEN_IN_PER_SECOND: u64 = 3_000;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let (people, over) = (option("--people", 100_000), option("--over", 60).max(1));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("wakes-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(measure(&folder, people, over));
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn option(name: &str, default: u64) -> u64 {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name);
    at.and_then(|at| arguments.get(at + 1)).and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn measure(folder: &Path, people: u64, over: u64) -> Result<(), Failed> {
    let path = folder.join("wakes.db");
    let clock = Clock::system();
    let intake = start(&path, &clock).await?;
    let first = clock.second().plus(Span((people / TAKEN_IN_PER_SECOND) as i64 + 5));
    let began = clock.millis();
    for from in (0..people).step_by(BODY as usize) {
        let items = (from..people.min(from + BODY)).map(|person| seen(person, first, over * person / people));
        let receipt = intake.submit(Body { items: items.collect(), ..Body::default() }).await;
        let receipt = receipt.map_err(|refusal| format!("{refusal:?}"))?;
        if receipt.outcomes.iter().any(|outcome| *outcome != Outcome::Taken) {
            return Err("not everybody was let in".into());
        }
    }
    let taken = clock.millis() - began;
    println!("{people} people are in after {:.1} s; their windows close within {over} s", taken as f64 / 1000.0);
    if clock.second() >= first {
        return Err("they were let in too slowly for this machine: the first windows are closed already".into());
    }
    tokio::spawn(schedule::run(intake.clone(), clock.clone(), false));
    report(&look_on(&path, &clock, people).await?);
    Ok(())
}

async fn start(path: &Path, clock: &Clock) -> Result<Intake, Failed> {
    let store = Arc::new(Store::open(&format!("sqlite://{}", path.display()), Options::default()).await?);
    let files = Files::from([("rules.yaml".to_owned(), RULES.to_owned())]);
    rollout::publish(&store, clock, &Properties::new(), files).await?;
    let versions = rollout::versions(&store, &Properties::new()).await?.ok_or("the rules are not active")?;
    let (signals, rules) = (Signals::default(), Rules::new(versions));
    let writer = Writer::new(store, clock.clone(), InstallationKey([7; 32]), rules, signals.clone());
    Ok(Intake::start(writer, signals).0)
}

/// An event that lets the person in, and whose window closes `later` seconds after `first`.
fn seen(person: u64, first: Second, later: u64) -> Item {
    Item::Track(Track {
        handle: Some(Handle::ExternalId(format!("p{person}"))),
        name: "seen".to_owned(),
        id: person.to_string(),
        at: Some(first.plus(Span(later as i64)).minus(WINDOW)),
        data: Properties::new(),
    })
}

/// What was seen of the exits.
#[derive(Default)]
struct Seen {
    /// In milliseconds, sorted.
    lateness: Vec<i64>,
    early: usize,
    /// Exits that were written behind one of a later second.
    disordered: usize,
}

async fn look_on(path: &Path, clock: &Clock, people: u64) -> Result<Seen, Failed> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut eyes = SqliteConnection::connect_with(&options).await?;
    let (mut seen, mut newest, mut last) = (Seen::default(), 0_i64, i64::MIN);
    while (seen.lateness.len() as u64) < people {
        clock.pause(LOOK).await;
        let exits = sqlx::query("SELECT id, at FROM transitions WHERE id > ? AND entered = 0 ORDER BY id");
        let rows = exits.bind(newest).fetch_all(&mut eyes).await?;
        let now = clock.millis();
        for row in rows {
            let at: i64 = row.get(1);
            newest = row.get(0);
            seen.disordered += usize::from(at < last);
            last = last.max(at);
            let lateness = now - (at + 1) * 1000;
            seen.early += usize::from(lateness < 0);
            seen.lateness.push(lateness);
        }
    }
    seen.lateness.sort_unstable();
    Ok(seen)
}

fn report(seen: &Seen) {
    let share = |part: f64| {
        let place = (seen.lateness.len() as f64 * part) as usize;
        seen.lateness.get(place.min(seen.lateness.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    println!("{} exits: {} early, {} out of order", seen.lateness.len(), seen.early, seen.disordered);
    println!("lateness: p50 {} ms, p99 {} ms, latest {} ms", share(0.5), share(0.99), share(1.0));
}
