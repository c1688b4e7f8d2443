//! kill -9 while people are brought up to new rules: the next start goes on, and what comes of it is what the
//! definition says. Nothing is started for the past.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc;

use antiphon::engine::naive::Case;
use antiphon::model::id::PersonId;
use antiphon::model::time::Second;
use antiphon::model::value::Properties;
use antiphon::rollout;
use antiphon::store::{Options, Store, events, people, rules};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{Connection as _, Row as _};

use super::{folder, query};
use crate::live::{BEARER, Client, Live, text_message};
use crate::store::harness::block_on;

/// Processes that are killed. `BACKFILL_KILLS` says another number.
const KILLS: usize = 10;
const PEOPLE: usize = 2_000;
const EVENTS: usize = 3;
const CLIENTS: usize = 2;
/// Each gets a segment over the replies that say it, one after the other.
const WORDS: [&str; 6] = ["price", "stock", "agent", "help", "later", "map"];

#[test]
fn a_backfill_that_is_killed_goes_on_and_ends_as_if_it_had_not_been() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_124);
    let kills = std::env::var("BACKFILL_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    println!("SEED={seed} BACKFILL_KILLS={kills}");
    let mut chance = StdRng::seed_from_u64(seed);
    let folder = folder("backfill");
    write_rules(&folder, 0, 0);
    // The first start makes the tables, and everybody is folded by the second.
    Live::start(&folder, &[]).kill();
    fill(&folder);
    let (mut caught_in_the_middle, mut sent) = (0, 0);
    for round in 0..kills {
        // Every other start goes on with the rules of before.
        write_rules(&folder, 1 + (round / 2) % WORDS.len(), round / 2);
        let mut server = Live::start(&folder, &[]);
        let answers = traffic(&server, round);
        for _ in 0..chance.random_range(0..12) {
            sent += usize::from(answers.recv().is_ok());
        }
        server.kill();
        drop(answers);
        let left =
            "SELECT count(*) FROM people WHERE rules_version <> (SELECT version FROM rule_sets WHERE active = 1)";
        caught_in_the_middle += usize::from(query(&folder, left)[0].get::<i64, _>(0) > 0);
    }
    assert!(sent > 0, "there was no live traffic");
    assert!(
        caught_in_the_middle >= kills / 4,
        "the backfill was over before {} of {kills} kills",
        kills - caught_in_the_middle
    );

    write_rules(&folder, WORDS.len(), kills);
    let mut server = Live::start(&folder, &[]);
    wait_until_finished(&server);
    server.kill();
    check(&folder);
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// A number makes it a version that was not there before.
fn write_rules(folder: &Path, words: usize, number: usize) {
    let mut text =
        format!("# {number}\nversion: 1\nsegments:\n  said-yes:\n    when: |\n      replied YES within 20 days\n");
    for word in &WORDS[..words] {
        text.push_str(&format!("  asked-{word}:\n    when: |\n      replied \"{word}\" within 20 days\n"));
    }
    // Not of the past: nobody says any of this from now on.
    text.push_str("  silent:\n    when: |\n      not in segment \"said-yes\"\ncampaigns:\n");
    for word in &WORDS[..words.max(1)] {
        let condition = if words == 0 { "said-yes".to_owned() } else { format!("asked-{word}") };
        text.push_str(&format!(
            "  offer-{word}:\n    state: live\n    trigger:\n      becomes: |\n        in segment \"{condition}\"\n    \
             steps:\n      - id: note\n        update_person: {{offered: \"yes\"}}\n"
        ));
    }
    std::fs::write(folder.join("rules/replies.yaml"), text).expect("the target folder can be written");
}

/// People with a past, as the server would have written it.
fn fill(folder: &Path) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("antiphon.db"));
    let numbers = format!("WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {PEOPLE})");
    let words = WORDS.len() + 2;
    let said = (0..WORDS.len()).map(|n| format!("WHEN {n} THEN '{}'", WORDS[n])).collect::<Vec<_>>().join(" ");
    let known = "CAST(strftime('%s', 'now') AS INTEGER) - 86400 * 9";
    let mut statements = vec![format!(
        "INSERT INTO people (cio_id, external_id, phone, attributes, known_since, last_seq, rules_version, state)
         {numbers} SELECT randomblob(16), 'p' || n, '+1555' || (1000000 + n),
             json_object('phone', '+1555' || (1000000 + n)), {known}, {EVENTS}, 1, x'' FROM n"
    )];
    statements.push(format!(
        "INSERT INTO identities (channel, value, person_id, since) SELECT 'phone', phone, id, {known} FROM people"
    ));
    for event in 0..EVENTS {
        let at = format!("{known} + 86400 * {event}");
        statements.push(format!(
            "INSERT INTO events (dedupe_key, person_id, seq, kind, occurred_at, arrived_ms, provider, properties, rules_version)
             SELECT randomblob(16), id, {event} + 1, 'inbound_message', {at}, ({at}) * 1000, 'whatsapp',
                    json_object('body', CASE (id * {EVENTS} + {event}) % {words} {said} ELSE 'yes' END, 'via', 'text'), 1
             FROM people"
        ));
    }
    block_on(async {
        let mut database = sqlx::SqliteConnection::connect_with(&options).await.expect("the file opens");
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut database).await.expect("the tables are there");
        }
    });
}

/// Clients that post until the server is gone; each answer is told. They say nothing that starts anything.
fn traffic(server: &Live, round: usize) -> mpsc::Receiver<()> {
    let (tell, answers) = mpsc::channel();
    for client in 0..CLIENTS {
        let (tell, address) = (tell.clone(), server.address);
        std::thread::spawn(move || {
            let Ok(mut connection) = Client::open(address) else { return };
            for n in 0.. {
                let from = format!("1555{}", 1_000_000 + (n * 37 + client * 911) % PEOPLE);
                let id = format!("wamid.BACKFILL{round:04}{client}{n:06}");
                let is_taken = connection.webhook(&text_message(&id, &from, 1_795_334_400, "Hello")).is_ok();
                if !is_taken || tell.send(()).is_err() {
                    return;
                }
            }
        });
    }
    answers
}

fn wait_until_finished(server: &Live) {
    let mut client = Client::open(server.address).expect("it listens");
    loop {
        let (status, body) = client.send("GET", "/v1/segments", &[("authorization", BEARER)], "").expect("it answers");
        assert_eq!(status, 200);
        if !body.contains("\"build\"") {
            return;
        }
        std::thread::yield_now();
    }
}

/// Everybody is at the active rules, in the segments that the definition says, entered once, and nothing was started.
fn check(folder: &Path) {
    let count = |sql| query(folder, sql)[0].get::<i64, _>(0);
    assert_eq!(
        count("SELECT count(*) FROM people WHERE rules_version <> (SELECT version FROM rule_sets WHERE active = 1)"),
        0
    );
    assert_eq!(count("SELECT count(*) FROM journeys"), 0, "nothing starts for the past");
    assert_eq!(count("SELECT count(*) FROM outbox"), 0);
    let doubled =
        "SELECT count(*) FROM (SELECT sum(CASE entered WHEN 1 THEN 1 ELSE -1 END) AS standing FROM transitions
                   GROUP BY person_id, segment_id HAVING standing NOT IN (0, 1))";
    assert_eq!(count(doubled), 0, "nobody enters twice without having left");
    let standing =
        query(folder, "SELECT m.person_id, s.name FROM memberships AS m JOIN segments AS s ON s.id = m.segment_id");
    let standing: BTreeSet<(PersonId, String)> =
        standing.iter().map(|row| (PersonId(row.get(0)), row.get(1))).collect();
    block_on(async {
        let store = Store::open(&format!("sqlite://{}", folder.join("antiphon.db").display()), Options::default())
            .await
            .unwrap();
        let reader = store.read();
        let versions = rollout::versions(&store, &Properties::new()).await.unwrap().expect("one is active");
        let names = rules::numbers(&reader).await.unwrap().segments;
        let newest = people::newest(&reader).await.unwrap().0;
        let ids: Vec<PersonId> = (1..=newest).map(PersonId).collect();
        let logs = events::of_people(&reader, &ids).await.unwrap();
        let mut members = 0;
        for row in people::load(&reader, &ids).await.unwrap() {
            let log = logs.get(&row.person.id).map(Vec::as_slice).unwrap_or_default();
            // Nothing flips for days, so any second of today will do.
            let now = log.iter().map(|event| event.arrived).max().unwrap_or(Second(0));
            let case = Case::new(versions.active.rules(), &row.person, log);
            for name in names.keys() {
                let truth = case.is_member(name, now);
                let known = standing.contains(&(row.person.id, name.clone()));
                assert_eq!(known, truth, "{:?} in {name}", row.person.external_id);
                members += usize::from(truth);
            }
        }
        assert!(members > PEOPLE, "the rules hold of somebody: {members}");
        store.close().await.unwrap();
    });
}
