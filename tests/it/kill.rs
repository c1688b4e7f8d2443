//! kill -9 at any moment loses nothing that was acknowledged and doubles nothing.

mod backfill;
mod time;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{Connection as _, Row as _};

use crate::live::{Client, Live, text_message};

const KILLS: usize = 50;
const CLIENTS: usize = 8;
const PEOPLE: usize = 10;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_124);
    println!("SEED={seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let folder = folder("kill");
    let ledger = Arc::new(Ledger::default());

    for round in 0..KILLS {
        let mut server = Live::start(&folder, &[]);
        if round == 0 {
            let mut client = Client::open(server.address).expect("it listens");
            for n in 0..PEOPLE {
                let status = client.identify(&format!("p{n}"), &format!(r#"{{"phone":"+{}"}}"#, number(n)));
                assert_eq!(status.expect("it answers"), 200);
            }
        }
        let acknowledged = load(&server, &ledger);
        // Somewhere in the middle of the work, counted in answers and not in time.
        for _ in 0..chance.random_range(1..60) {
            let _ = acknowledged.recv();
        }
        server.kill();
        drop(acknowledged);
        let stored = stored(&folder);
        let lost: Vec<_> = ledger.acknowledged().difference(&stored).cloned().collect();
        assert!(lost.is_empty(), "round {round}: acknowledged and not stored: {lost:?}");
    }

    // As the provider does: what was not answered is sent again, until it is.
    let server = Live::start(&folder, &[]);
    let mut client = Client::open(server.address).expect("it listens");
    for (id, body) in ledger.unanswered() {
        assert_eq!(client.webhook(&body).expect("it answers"), 200, "{id}");
    }
    drop(server);
    let sent: BTreeSet<String> = ledger.sent();
    assert!(sent.len() > KILLS, "the load was no load: {} messages", sent.len());
    assert_eq!(stored(&folder), sent);
    check(&folder, sent.len());
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// What clients sent and what they were answered.
#[derive(Default)]
struct Ledger {
    next: AtomicUsize,
    entries: Mutex<Vec<(String, String, bool)>>,
}

impl Ledger {
    fn send(&self) -> (usize, String) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("wamid.KILL{n:06}");
        let body = text_message(&id, &number(n % PEOPLE), 1_795_334_400, "Yes!");
        let mut entries = self.entries.lock().expect("no client panics");
        entries.push((id, body.clone(), false));
        (entries.len() - 1, body)
    }

    fn answered(&self, place: usize) {
        self.entries.lock().expect("no client panics")[place].2 = true;
    }

    fn acknowledged(&self) -> BTreeSet<String> {
        let entries = self.entries.lock().expect("no client panics");
        entries.iter().filter(|(.., answered)| *answered).map(|(id, ..)| id.clone()).collect()
    }

    fn sent(&self) -> BTreeSet<String> {
        self.entries.lock().expect("no client panics").iter().map(|(id, ..)| id.clone()).collect()
    }

    fn unanswered(&self) -> Vec<(String, String)> {
        let entries = self.entries.lock().expect("no client panics");
        entries.iter().filter(|(.., answered)| !answered).map(|(id, body, _)| (id.clone(), body.clone())).collect()
    }
}

/// Clients that post until the server is gone; each answer is told.
fn load(server: &Live, ledger: &Arc<Ledger>) -> mpsc::Receiver<()> {
    let (tell, acknowledged) = mpsc::channel();
    for _ in 0..CLIENTS {
        let (tell, ledger, address) = (tell.clone(), Arc::clone(ledger), server.address);
        std::thread::spawn(move || {
            let Ok(mut client) = Client::open(address) else { return };
            loop {
                let (place, body) = ledger.send();
                match client.webhook(&body) {
                    Ok(200) => ledger.answered(place),
                    _ => return,
                }
                if tell.send(()).is_err() {
                    return;
                }
            }
        });
    }
    acknowledged
}

fn number(n: usize) -> String {
    format!("155501001{n:02}")
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("rules")).expect("the target folder can be written");
    let rules = "version: 1\nsegments:\n  yes-lately:\n    when: |\n      replied YES within 2 days\n";
    std::fs::write(folder.join("rules/replies.yaml"), rules).expect("the target folder can be written");
    folder
}

fn query(folder: &Path, sql: &'static str) -> Vec<sqlx::sqlite::SqliteRow> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("antiphon.db"));
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(async {
        let mut database = sqlx::SqliteConnection::connect_with(&options).await.expect("the file opens");
        sqlx::query(sql).fetch_all(&mut database).await.expect("the tables are there")
    })
}

fn stored(folder: &Path) -> BTreeSet<String> {
    let rows = query(folder, "SELECT provider_id FROM events WHERE kind = 'inbound_message'");
    rows.iter().map(|row| row.get(0)).collect()
}

/// From outside: every message once, numbers without gaps, the file whole, and everybody in the segment.
fn check(folder: &Path, messages: usize) {
    let count = |sql| query(folder, sql)[0].get::<i64, _>(0);
    let messages = i64::try_from(messages).expect("few enough");
    assert_eq!(count("SELECT count(*) FROM events WHERE kind = 'inbound_message'"), messages);
    assert_eq!(count("SELECT count(*) - count(DISTINCT dedupe_key) FROM events"), 0);
    assert_eq!(count("SELECT count(*) FROM (SELECT 1 FROM events GROUP BY person_id HAVING max(seq) <> count(*))"), 0);
    assert_eq!(query(folder, "PRAGMA integrity_check")[0].get::<String, _>(0), "ok");
}
