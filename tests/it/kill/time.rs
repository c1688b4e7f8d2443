//! kill -9 while windows close and verdicts fall: what time alone decides comes out as if nobody had been killed.
//!
//! `KILLS=300 cargo test --test it -- kill::time` kills more often than the ordinary run; `SEED=…` repeats one.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use antiphon::clock::Clock;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::Row as _;

use super::{folder, query};
use crate::live::{Client, Live, text_message};

/// Kills of an ordinary run.
const KILLS: usize = 25;
const CLIENTS: usize = 4;
/// So many that a window has time to close before the same person writes again.
const PEOPLE: usize = 1_000;
/// The window of `lately`.
const WINDOW: i64 = 2;
/// Between two looks at whose time is still to come.
const LOOK_MILLIS: i64 = 50;
/// Longer than the window.
const OUTAGE_MILLIS: i64 = 3_500;
/// How long the end is waited for: every window and wait is shorter by far.
const END_MILLIS: i64 = 60_000;

/// Windows of seconds, so that at any moment some of them close.
const RULES: &str = r#"
version: 1
segments:
  lately:
    when: |
      replied YES in the last 2 seconds
  unanswered:
    when: |
      replied YES then not replied NO within 1 second in the last 3 seconds
  quiet:
    when: |
      replied YES ever and (not (in segment "lately")) for at least 2 seconds
campaigns:
  nudge:
    state: live
    trigger:
      each: |
        replied YES then not replied within 2 seconds
    steps:
      - record_event: {name: nudged, props: {about: event.body}}
      - wait: 1 second
      - record_event: {name: nudged_again}
"#;

#[test]
fn time_goes_on_through_kills_as_if_there_were_none() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_124);
    let kills = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    println!("SEED={seed} KILLS={kills}");
    let mut chance = StdRng::seed_from_u64(seed);
    let folder = folder("kill-time");
    std::fs::write(folder.join("rules/replies.yaml"), RULES).expect("the target folder can be written");
    let clock = Clock::system();
    let number = Arc::new(AtomicUsize::new(0));
    for round in 0..kills {
        let mut server = Live::start(&folder, &[]);
        if round == 0 {
            make_people(&server);
        }
        let answers = load(&server, &number, &clock);
        // Sooner than a window closes, or later.
        for _ in 0..chance.random_range(1..150) {
            let _ = answers.recv();
        }
        server.kill();
        if round % 5 == 4 {
            // An outage, in which windows close with nobody there to see it.
            wait(&clock, OUTAGE_MILLIS);
        }
    }
    let server = Live::start(&folder, &[]);
    let deadline = clock.millis() + END_MILLIS;
    while count(&folder, "SELECT count(*) FROM people WHERE wake_at IS NOT NULL") > 0 {
        assert!(clock.millis() < deadline, "somebody's time does not come");
        wait(&clock, LOOK_MILLIS);
    }
    drop(server);
    check_windows(&folder);
    assert!(count(&folder, "SELECT count(*) FROM events WHERE name = 'nudged'") > 0, "nobody was nudged");
    assert_eq!(count(&folder, "SELECT count(*) FROM journeys WHERE ended_reason IS NULL"), 0);
    let replayed = Command::new(env!("CARGO_BIN_EXE_antiphon")).arg("replay").current_dir(&folder).output();
    let replayed = replayed.expect("the binary starts");
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stdout));
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// The server is a process of its own, and lives by the host's clock.
fn wait(clock: &Clock, millis: i64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(clock.sleep_until(clock.millis() + millis));
}

fn phone(n: usize) -> String {
    format!("15550100{n:03}")
}

fn make_people(server: &Live) {
    let mut client = Client::open(server.address).expect("it listens");
    let (ready, why) = client.send("GET", "/ready", &[], "").expect("it answers");
    assert_eq!(ready, 200, "{why}");
    for n in 0..PEOPLE {
        let status = client.identify(&format!("p{n}"), &format!(r#"{{"phone":"+{}"}}"#, phone(n)));
        assert_eq!(status.expect("it answers"), 200);
    }
}

/// Clients that write to the server until it is gone, each for people of its own, so that theirs come in order.
fn load(server: &Live, number: &Arc<AtomicUsize>, clock: &Clock) -> mpsc::Receiver<()> {
    let (tell, answers) = mpsc::channel();
    for client in 0..CLIENTS {
        let (tell, number, clock, address) = (tell.clone(), Arc::clone(number), clock.clone(), server.address);
        std::thread::spawn(move || {
            let Ok(mut connection) = Client::open(address) else { return };
            loop {
                let n = number.fetch_add(1, Ordering::Relaxed);
                let person = (n * CLIENTS + client) % PEOPLE;
                let text = if n.is_multiple_of(5) { "no" } else { "Yes!" };
                let body = text_message(&format!("wamid.TIME{n:06}"), &phone(person), clock.second().0, text);
                if !matches!(connection.webhook(&body), Ok(200)) || tell.send(()).is_err() {
                    return;
                }
            }
        });
    }
    answers
}

/// Entries and exits of `lately`, told from the messages alone: entered with a message, left when the newest is
/// over, unless one comes in that very second.
fn check_windows(folder: &Path) {
    let arrivals = rows(
        folder,
        "SELECT person_id, occurred_at, arrived_ms / 1000 FROM events
         WHERE kind = 'inbound_message' AND properties LIKE '%Yes%' ORDER BY person_id, seq",
    );
    let mut due: BTreeMap<i64, Vec<(bool, i64)>> = BTreeMap::new();
    let mut closes: BTreeMap<i64, i64> = BTreeMap::new();
    for [person, at, arrived] in arrivals {
        let stream = due.entry(person).or_default();
        let open = closes.get(&person).copied();
        if let Some(closed) = open.filter(|closes| *closes < arrived) {
            stream.push((false, closed));
        }
        let is_in = open.is_some_and(|closes| closes >= arrived);
        let end = (at + WINDOW).max(open.unwrap_or(0));
        if end > arrived {
            if !is_in {
                stream.push((true, arrived));
            }
            closes.insert(person, end);
        } else if closes.remove(&person).is_some() && is_in {
            stream.push((false, arrived));
        }
    }
    for (person, closed) in closes {
        due.entry(person).or_default().push((false, closed));
    }
    let mut found: BTreeMap<i64, Vec<(bool, i64)>> = BTreeMap::new();
    let transitions = rows(
        folder,
        "SELECT person_id, entered, at FROM transitions
         WHERE segment_id = (SELECT id FROM segments WHERE name = 'lately') ORDER BY id",
    );
    for [person, entered, at] in transitions {
        found.entry(person).or_default().push((entered == 1, at));
    }
    due.retain(|_, stream| !stream.is_empty());
    assert!(due.values().map(Vec::len).sum::<usize>() > PEOPLE, "the load was no load");
    assert_eq!(found, due);
}

fn count(folder: &Path, sql: &'static str) -> i64 {
    query(folder, sql)[0].get(0)
}

fn rows(folder: &Path, sql: &'static str) -> Vec<[i64; 3]> {
    query(folder, sql).iter().map(|row| [row.get(0), row.get(1), row.get(2)]).collect()
}
