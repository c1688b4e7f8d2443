//! Schedules come round: once for each person, at the time that their clocks show, whatever happens meanwhile.

use std::sync::Arc;

use antiphon::intake::{Intake, Item, Occurred, Signals, Writer};
use antiphon::model::id::{InstallationKey, JourneyId};
use antiphon::model::person::Handle;
use antiphon::model::time::{Second, Span};
use antiphon::schedule::occurrences::Occurrences;
use antiphon::store::schedules::{self, Run, State};
use antiphon::store::{journeys, people};
use serde_json::json;

use super::world::{World, with_files, with_rules};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Monday, 2026-11-23, 09:00 in Berlin is 08:00 UTC; the world begins a day before, at 08:00 UTC.
const RULES: &str = r#"
version: 1
segments:
  friends:
    kind: manual
campaigns:
  greet:
    state: live
    trigger: {schedule: mornings}
    steps:
      - record_event: {name: greeted}
  join:
    state: live
    trigger:
      event: |
        performed "joined"
    steps:
      - manual_segment: {add: friends}
schedules:
  mornings:
    cron: "0 9 * * *"
    time_zone: TIME_ZONE
    for_each: |
      in segment "friends"
    missed: run once
    max_lateness: 1 hour
"#;

const SCHEMA: &str = r#"
version: 1
time_zone: {person: person.timezone, otherwise: Europe/Berlin}
person:
  timezone: {type: text}
  plan: {type: text}
  level: {type: number}
events:
  joined: {}
  greeted: {}
"#;

fn in_rules(zone: &str, story: impl AsyncFn(&World)) {
    let rules = RULES.replace("TIME_ZONE", zone);
    with_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &rules)], story);
}

fn scheduler(world: &World) -> Occurrences {
    Occurrences {
        store: Arc::clone(&world.store),
        intake: world.intake.clone(),
        rules: world.rules.clone(),
        clock: world.clock.clone(),
    }
}

/// When a scheduler looks again for what is `due`: where others share the database, at the latest in ten seconds.
fn look_for(world: &World, due: Option<Second>) -> Option<Second> {
    let look = world.store.is_shared().then(|| world.clock.second().plus(Span(10)));
    due.into_iter().chain(look).min()
}

/// Another process on the same database.
fn other_process(world: &World) -> Occurrences {
    let signals = Signals::default();
    let key = InstallationKey([7; 32]);
    let writer = Writer::new(Arc::clone(&world.store), world.clock.clone(), key, world.rules.clone(), signals.clone());
    Occurrences { intake: Intake::start(writer, signals).0, ..scheduler(world) }
}

async fn friend(world: &World, id: &str, attributes: serde_json::Value) {
    world.identify(id, attributes).await;
    world.track(id, "joined").await;
}

/// Moves the clock to `at`, as a server would see it: wakes first, then schedules, until nothing is left.
async fn pass(world: &World, scheduler: &Occurrences, at: Second) {
    world.clock.advance_to(at);
    while world.intake.play_due(500).await.expect("the store works").people > 0 {}
    scheduler.turn().await;
}

fn at(text: &str) -> Second {
    Second(chrono::DateTime::parse_from_rfc3339(text).expect("an instant").timestamp())
}

/// When somebody was greeted.
async fn greetings(world: &World, id: &str) -> Vec<String> {
    let log = world.log(id).await;
    log.iter().filter(|event| event.kind.name() == "greeted").map(|event| event.at.rfc3339()).collect()
}

async fn runs(world: &World) -> Vec<Run> {
    schedules::newest(&world.store.read(), "mornings", 99).await.expect("the store works")
}

#[test]
fn everybody_is_met_when_their_own_clocks_show_the_time() {
    in_rules("person", async |world| {
        friend(world, "ana", json!({ "timezone": "Asia/Tokyo" })).await;
        friend(world, "bo", json!({})).await;
        friend(world, "cy", json!({ "timezone": "no zone" })).await;
        friend(world, "dee", json!({ "timezone": "America/New_York" })).await;
        world.identify("eve", json!({ "timezone": "Asia/Tokyo" })).await;
        let scheduler = scheduler(world);
        // What is new never runs for the past: it is 09:00 in Berlin at the very second of the first look.
        assert_eq!(scheduler.turn().await, look_for(world, Some(world.clock.second().plus(Span(60)))));
        for hour in 1..=25 {
            pass(world, &scheduler, at("2026-11-22T08:00:01Z").plus(Span(hour * HOUR))).await;
        }
        assert_eq!(greetings(world, "ana").await, ["2026-11-23T00:00:00Z"]);
        assert_eq!(greetings(world, "bo").await, ["2026-11-23T08:00:00Z"]);
        assert_eq!(greetings(world, "cy").await, ["2026-11-23T08:00:00Z"]);
        assert_eq!(greetings(world, "dee").await, ["2026-11-22T14:00:00Z"]);
        assert_eq!(greetings(world, "eve").await, [""; 0]);
        let runs = runs(world).await;
        assert_eq!(runs.len(), 3);
        let met: Vec<u64> = runs.iter().map(|run| run.counts.started).collect();
        assert_eq!((met, runs[0].state), (vec![2, 1, 1], State::Done));
        // Who moves belongs to the new zone from then on.
        world.identify("bo", json!({ "timezone": "Asia/Tokyo" })).await;
        assert_eq!(people::zones_in_use(&world.store.read()).await.unwrap(), ["America/New_York", "Asia/Tokyo"]);
        pass(world, &scheduler, at("2026-11-24T00:00:01Z")).await;
        assert_eq!(greetings(world, "bo").await.len(), 2);
    });
}

#[test]
fn a_time_that_clocks_jump_over_or_show_twice_comes_once() {
    let night = RULES.replace("TIME_ZONE", "Europe/Berlin").replace("0 9 * * *", "30 2 * * *");
    with_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &night)], async |world| {
        friend(world, "ana", json!({})).await;
        let scheduler = scheduler(world);
        // Nobody is met before they are there: the days up to then are missed, and counted as that.
        pass(world, &scheduler, at("2027-03-27T12:00:00Z")).await;
        for minutes in 0..30 {
            pass(world, &scheduler, at("2027-03-27T12:00:00Z").plus(Span(minutes * HOUR))).await;
        }
        let newest = greetings(world, "ana").await.pop();
        assert_eq!(newest.as_deref(), Some("2027-03-28T01:00:00Z"), "at 03:00, when clocks have jumped");
        pass(world, &scheduler, at("2027-10-30T12:00:00Z")).await;
        let before = greetings(world, "ana").await.len();
        for minutes in 0..60 {
            pass(world, &scheduler, at("2027-10-30T12:00:30Z").plus(Span(minutes * 1_800))).await;
        }
        let all = greetings(world, "ana").await;
        assert_eq!(all[before..], ["2027-10-31T00:30:00Z"], "the first 02:30 of that night");
    });
}

#[test]
fn after_downtime_the_newest_runs_and_the_rest_is_counted() {
    in_rules("Europe/Berlin", async |world| {
        friend(world, "ana", json!({})).await;
        let down = scheduler(world);
        down.turn().await;
        // Three mornings pass; an hour after the last one is the last second for it.
        pass(world, &scheduler(world), at("2026-11-25T09:00:00Z")).await;
        assert_eq!(greetings(world, "ana").await, ["2026-11-25T08:00:00Z"]);
        let run = runs(world).await.remove(0);
        assert_eq!((run.state, run.missed, run.counts.started), (State::Done, 2, 1));
        // A second later is too late.
        pass(world, &scheduler(world), at("2026-11-27T09:00:01Z")).await;
        assert_eq!(greetings(world, "ana").await.len(), 1);
        let run = runs(world).await.remove(0);
        assert_eq!((run.state, run.missed, run.counts.started), (State::Missed, 2, 0));
        assert_eq!(world.count("SELECT count(*) FROM notices WHERE kind = 'schedule_missed'").await, 2);
        pass(world, &scheduler(world), at("2026-11-28T08:00:01Z")).await;
        assert_eq!(greetings(world, "ana").await.pop().as_deref(), Some("2026-11-28T08:00:00Z"));
        assert_eq!(world.count("SELECT count(*) FROM notices WHERE kind = 'schedule_missed'").await, 2);
    });
}

#[test]
fn two_processes_start_it_once() {
    in_rules("Europe/Berlin", async |world| {
        for n in 0..7 {
            friend(world, &format!("p{n}"), json!({})).await;
        }
        let (one, other) = (scheduler(world), other_process(world));
        tokio::join!(one.turn(), other.turn());
        for day in 1..=3 {
            world.clock.advance_to(at("2026-11-22T08:00:01Z").plus(Span(day * DAY)));
            tokio::join!(one.turn(), other.turn());
            // What one was busy with the other may have left alone.
            tokio::join!(one.turn(), other.turn());
        }
        assert_eq!(world.count("SELECT count(*) FROM schedule_runs WHERE state = 'done'").await, 3);
        assert_eq!(world.count("SELECT count(*) FROM journeys WHERE campaign = 'greet'").await, 21);
        assert_eq!(greetings(world, "p3").await.len(), 3);
    });
}

/// Opens the next occurrence without working it off, as if the process had been killed right then.
async fn opened(world: &World) {
    world.clock.advance_to(at("2026-11-23T08:00:01Z"));
    let key = schedules::Key {
        schedule: "mornings".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        occurrence: at("2026-11-23T08:00:00Z"),
    };
    let version = world.rules.now().active.version();
    let tx = world.store.write().await.unwrap();
    schedules::open(&tx, &[Run::new(key, schedules::Task::ForEach, version, world.clock.second())]).await.unwrap();
    tx.commit().await.unwrap();
}

#[test]
fn a_kill_between_two_slices_loses_nobody_and_meets_nobody_twice() {
    in_rules("Europe/Berlin", async |world| {
        for n in 0..5 {
            friend(world, &format!("p{n}"), json!({})).await;
        }
        scheduler(world).turn().await;
        opened(world).await;
        assert_eq!(world.intake.occur(2).await, Ok(Occurred::Slice));
        assert_eq!(world.count("SELECT count(*) FROM journeys WHERE campaign = 'greet'").await, 2);
        // Another process goes on where the first one was.
        world.after(2 * HOUR);
        let other = other_process(world);
        assert_eq!(other.intake.occur(2).await, Ok(Occurred::Slice));
        assert_eq!(other.intake.occur(2).await, Ok(Occurred::Slice));
        assert_eq!(other.intake.occur(2).await, Ok(Occurred::Nothing));
        assert_eq!(world.count("SELECT count(*) FROM journeys WHERE campaign = 'greet'").await, 5);
        let run = runs(world).await.remove(0);
        assert_eq!((run.state, run.counts.considered, run.counts.started), (State::Done, 5, 5));
        // Whenever it is seen to, it is the occurrence of 08:00.
        for n in 0..5 {
            assert_eq!(greetings(world, &format!("p{n}")).await, ["2026-11-23T08:00:00Z"]);
        }
    });
}

#[test]
fn an_occurrence_is_known_by_its_own_instant_and_not_by_the_time_of_running() {
    in_rules("Europe/Berlin", async |world| {
        friend(world, "ana", json!({})).await;
        scheduler(world).turn().await;
        opened(world).await;
        // Something happens before their turn: what is decided is decided behind it.
        world.after(90);
        world.track("ana", "joined").await;
        assert_eq!(world.intake.occur(9).await, Ok(Occurred::Slice));
        let ana = world.person("ana").await;
        let cio_id = people::load(&world.store.read(), &[ana]).await.unwrap()[0].person.cio_id;
        let id = JourneyId::of_occurrence("greet", cio_id, at("2026-11-23T08:00:00Z"));
        let row = journeys::get(&world.store.read(), id).await.unwrap().expect("it began");
        assert_eq!(row.journey.started, world.clock.second());
        let log = journeys::log_of(&world.store.read(), &row).await.unwrap();
        assert_eq!(log[0].cause, antiphon::model::transition::Cause::Occurrence(at("2026-11-23T08:00:00Z")));
        // The same occurrence in another zone, to which they have moved meanwhile: it is theirs no more.
        world.tamper("UPDATE schedule_runs SET state = 'open', ended_at = NULL, cursor = 0").await;
        world.after(5);
        assert_eq!(world.intake.occur(9).await, Ok(Occurred::Slice));
        assert_eq!(world.count("SELECT count(*) FROM journeys WHERE campaign = 'greet'").await, 1);
        assert_eq!(greetings(world, "ana").await.len(), 1);
        assert_eq!(runs(world).await[0].counts.considered, 1);
    });
}

#[test]
fn the_spread_gives_everybody_a_place_of_their_own() {
    let rules = RULES.replace("TIME_ZONE", "Europe/Berlin") + "    spread: 30 minutes\n";
    with_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &rules)], async |world| {
        for n in 0..12 {
            friend(world, &format!("p{n}"), json!({})).await;
        }
        let scheduler = scheduler(world);
        scheduler.turn().await;
        let mut places = Vec::new();
        for morning in ["2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"].map(at) {
            pass(world, &scheduler, morning.next()).await;
            assert_eq!(world.count("SELECT count(*) FROM journeys WHERE ended_at IS NULL").await, 12);
            pass(world, &scheduler, morning.plus(Span(1_801))).await;
            assert_eq!(world.count("SELECT count(*) FROM journeys WHERE ended_at IS NULL").await, 0);
            let mut theirs = Vec::new();
            for n in 0..12 {
                let greeted = greetings(world, &format!("p{n}")).await.pop().expect("everybody was met");
                theirs.push(at(&greeted).since(morning).0);
            }
            places.push(theirs);
        }
        assert_eq!(places[0], places[1], "always the same one");
        assert!(places[0].iter().all(|place| (0..=1_800).contains(place)), "{places:?}");
        let distinct: std::collections::BTreeSet<_> = places[0].iter().collect();
        assert!(distinct.len() > 8, "{places:?}");
    });
}

#[test]
fn people_are_found_by_the_values_of_their_attributes() {
    let rules = RULES
        .replace("TIME_ZONE", "Europe/Berlin")
        .replace("in segment \"friends\"", "plan is one of [\"trial\", \"pro\"] and level is 2 and not (level is 3)");
    with_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &rules)], async |world| {
        world.identify("ana", json!({ "plan": "trial", "level": 2 })).await;
        world.identify("bo", json!({ "plan": "free", "level": 2 })).await;
        world.identify("cy", json!({ "plan": "pro", "level": 1 })).await;
        world.identify("dee", json!({ "plan": "pro", "level": "2.0" })).await;
        world.identify("eve", json!({ "level": 2 })).await;
        world.identify("cy", json!({ "level": 2 })).await;
        world.identify("ana", json!({ "plan": "free" })).await;
        let scheduler = scheduler(world);
        scheduler.turn().await;
        pass(world, &scheduler, at("2026-11-23T08:00:01Z")).await;
        let mut met = Vec::new();
        for id in ["ana", "bo", "cy", "dee", "eve"] {
            if !greetings(world, id).await.is_empty() {
                met.push(id);
            }
        }
        assert_eq!(met, ["cy", "dee"]);
        assert_eq!(runs(world).await[0].counts.considered, 5, "those with the level, and nobody else is looked at");
        // Who is erased is found no more.
        world.one(Item::Erase(Handle::ExternalId("cy".to_owned()))).await;
        let left = world.count("SELECT count(*) FROM person_values").await;
        assert_eq!(left, world.count("SELECT count(DISTINCT person_id) FROM person_values").await + 4 - 1);
    });
}

#[test]
fn a_rule_set_that_looks_people_up_anew_finds_those_who_are_there() {
    in_rules("person", async |world| {
        world.identify("ana", json!({ "plan": "pro", "timezone": "Asia/Tokyo" })).await;
        let by_plan = RULES.replace("TIME_ZONE", "person").replace("in segment \"friends\"", "plan is \"pro\"");
        let schema = "schema.yaml";
        let published = world.publish_files(&[(schema, SCHEMA), ("rules.yaml", &by_plan)]).await;
        assert!(matches!(published, antiphon::rollout::Published::Activated(_)), "{published:?}");
        let scheduler = scheduler(world);
        scheduler.turn().await;
        pass(world, &scheduler, at("2026-11-23T00:00:01Z")).await;
        assert_eq!(greetings(world, "ana").await, ["2026-11-23T00:00:00Z"]);
    });
}

#[test]
fn filters_frequency_and_pauses_say_why_nothing_started() {
    let rules = RULES.replace("TIME_ZONE", "Europe/Berlin").replace(
        "trigger: {schedule: mornings}",
        "trigger: {schedule: mornings}\n    filter: |\n      unsubscribed is false\n    entry: {frequency: once}",
    );
    with_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &rules)], async |world| {
        friend(world, "ana", json!({})).await;
        friend(world, "bo", json!({ "unsubscribed": true })).await;
        let scheduler = scheduler(world);
        scheduler.turn().await;
        pass(world, &scheduler, at("2026-11-23T08:00:01Z")).await;
        pass(world, &scheduler, at("2026-11-24T08:00:01Z")).await;
        let counts: Vec<_> = runs(world).await.iter().map(|run| (run.counts.started, run.counts.refused)).collect();
        assert_eq!(counts, [(0, 2), (1, 1)]);
        let said = |reason: &'static str| match reason {
            "filter" => {
                "SELECT count(*) FROM journey_log WHERE what = '{\"refused\":\"filter\"}' AND cause = 'occurrence'"
            }
            _ => "SELECT count(*) FROM journey_log WHERE what = '{\"refused\":\"frequency\"}' AND cause = 'occurrence'",
        };
        assert_eq!((world.count(said("filter")).await, world.count(said("frequency")).await), (2, 1));
    });
}

#[test]
fn who_is_behind_the_rules_holds_an_occurrence_back() {
    in_rules("Europe/Berlin", async |world| {
        friend(world, "ana", json!({})).await;
        scheduler(world).turn().await;
        world.tamper("UPDATE people SET rules_version = 0").await;
        world.clock.advance_to(at("2026-11-23T08:00:01Z"));
        let other = other_process(world);
        let again = other.turn().await;
        assert_eq!(again, Some(at("2026-11-23T08:00:02Z")), "it is tried again soon");
        assert_eq!(runs(world).await[0].state, State::Open);
        let (intake, store, rules, clock) = (&other.intake, &world.store, &world.rules, &world.clock);
        antiphon::rollout::CatchUp { intake, store, rules, clock }.run().await;
        other.turn().await;
        assert_eq!((runs(world).await[0].state, greetings(world, "ana").await.len()), (State::Done, 1));
    });
}

#[test]
fn a_schedule_that_is_gone_leaves_its_open_occurrence() {
    in_rules("Europe/Berlin", async |world| {
        friend(world, "ana", json!({})).await;
        scheduler(world).turn().await;
        opened(world).await;
        world.publish("version: 1\nsegments:\n  friends:\n    kind: manual\n").await;
        let scheduler = scheduler(world);
        assert_eq!(scheduler.turn().await, look_for(world, None));
        assert_eq!(runs(world).await[0].state, State::Dropped);
        assert_eq!(world.count("SELECT count(*) FROM schedule_zones").await, 0);
    });
}

#[test]
fn a_recheck_is_handed_over_open() {
    let rules = "version: 1\nsegments:\n  a:\n    when: |\n      replied YES ever\n\
                 schedules:\n  nightly:\n    cron: \"0 9 * * *\"\n    recheck: all\n";
    with_rules(rules, async |world| {
        let scheduler = scheduler(world);
        assert_eq!(scheduler.turn().await, look_for(world, Some(at("2026-11-22T09:00:01Z"))));
        pass(world, &scheduler, at("2026-11-22T09:00:01Z")).await;
        let open = schedules::open_rechecks(&world.store.read(), 9).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].key.zone.as_str(), open[0].key.occurrence), ("UTC", at("2026-11-22T09:00:00Z")));
    });
}

const MATCHING: &str = r#"
version: 1
campaigns:
  welcome:
    state: STATE
    trigger:
      becomes: |
        plan is "pro"
    on_deploy: {start: matching, at_most: 3}
    steps:
      - record_event: {name: greeted}
"#;

#[test]
fn publication_starts_those_who_match_already_and_no_more_than_it_says() {
    let draft = MATCHING.replace("STATE", "draft");
    with_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &draft)], async |world| {
        for n in 0..9 {
            let plan = if n % 2 == 0 { "pro" } else { "free" };
            world.identify(&format!("p{n}"), json!({ "plan": plan })).await;
        }
        let scheduler = scheduler(world);
        assert_eq!(scheduler.turn().await, look_for(world, None));
        let live = MATCHING.replace("STATE", "live");
        world.publish_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &live)]).await;
        world.after(10);
        scheduler.turn().await;
        let greeted = async |world: &World| {
            let mut greeted = Vec::new();
            for n in 0..9 {
                if !greetings(world, &format!("p{n}")).await.is_empty() {
                    greeted.push(n);
                }
            }
            greeted
        };
        assert_eq!(greeted(world).await, [0, 2, 4]);
        let started = "SELECT count(*) FROM schedule_runs WHERE task = 'on_deploy' AND state = 'done' AND started = 3";
        assert_eq!(world.count(started).await, 1);
        // What changes elsewhere starts nobody again; another wording does.
        let beside =
            live.replace("record_event: {name: greeted}", "record_event: {name: greeted, if: plan is \"pro\"}");
        for files in [format!("{live}# a remark\n"), beside] {
            world.publish_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &files)]).await;
            scheduler.turn().await;
            assert_eq!(world.count("SELECT count(*) FROM schedule_runs").await, 1);
        }
        let other_wording = live.replace("plan is \"pro\"", "plan is \"pro\" or plan is \"free\"");
        world.publish_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &other_wording)]).await;
        scheduler.turn().await;
        assert_eq!(greeted(world).await, [0, 1, 2, 4]);
        assert_eq!(world.count("SELECT CAST(sum(started) AS bigint) FROM schedule_runs").await, 6);
        // Those who come to match later start as always.
        world.identify("p5", json!({ "plan": "pro" })).await;
        world.identify("new", json!({ "plan": "pro" })).await;
        scheduler.turn().await;
        assert_eq!(greetings(world, "new").await.len(), 1);
    });
}

#[test]
fn a_kill_between_slices_of_a_publication_starts_nobody_too_many() {
    let live = MATCHING.replace("STATE", "live");
    with_files(&[("schema.yaml", SCHEMA), ("rules.yaml", "version: 1\nsegments: {}\n")], async |world| {
        for n in 0..9 {
            world.identify(&format!("p{n}"), json!({ "plan": "pro" })).await;
        }
        world.publish_files(&[("schema.yaml", SCHEMA), ("rules.yaml", &live)]).await;
        let key = schedules::Key {
            schedule: "welcome".to_owned(),
            zone: String::new(),
            occurrence: Second(i64::from(world.rules.now().active.version().0)),
        };
        let version = world.rules.now().active.version();
        let tx = world.store.write().await.unwrap();
        let run = Run::new(key, schedules::Task::OnDeploy, version, world.clock.second());
        schedules::open(&tx, &[run]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.intake.occur(2).await, Ok(Occurred::Slice));
        assert_eq!(world.count("SELECT started FROM schedule_runs").await, 2);
        world.after(60);
        let other = other_process(world);
        assert_eq!(other.intake.occur(2).await, Ok(Occurred::Slice));
        assert_eq!(other.intake.occur(2).await, Ok(Occurred::Nothing));
        assert_eq!(world.count("SELECT started FROM schedule_runs").await, 3);
        assert_eq!(world.count("SELECT count(*) FROM journeys WHERE campaign = 'welcome'").await, 3);
    });
}
