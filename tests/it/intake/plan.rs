//! What a rule set would change: said before, and then so.

use antiphon::model::id::RulesVersion;
use antiphon::model::time::Second;
use antiphon::rollout::plan::{Change, Plan, Plans, RESULT_LIFE, SAMPLES_MAX, Started, What};
use antiphon::rollout::{Files, Intent, Published};
use serde_json::json;
use ulid::Ulid;

use super::world::{World, with_rules};

const BEFORE: &str = r#"
version: 1
segments:
  yes-lately:
    title: Said so
    when: |
      replied any of ["yes", "sí"] within 2 days
  quiet:
    when: |
      performed "booked" then not replied within 3 days
  pros:
    when: |
      plan is "pro"
  leaving:
    when: |
      replied "bye" ever
campaigns:
  back:
    state: live
    trigger:
      becomes: |
        in segment "yes-lately" or in segment "pros"
    steps:
      - update_person: {back: "yes"}
"#;

/// A longer window, a shorter deadline, another attribute, a segment less and one more.
fn after() -> String {
    BEFORE
        .replace("within 2 days", "within 3 days")
        .replace("within 3 days\n  pros", "within 1 day\n  pros")
        .replace("plan is \"pro\"", "plan is one of [\"pro\", \"team\"]")
        .replace(
            "  leaving:\n    when: |\n      replied \"bye\" ever\n",
            "  hello:\n    when: |\n      replied \"hello\" within 1 hour\n",
        )
}

const HOUR: i64 = 3_600;

/// Nine people with something to count of each kind.
async fn live_in(world: &World) {
    for n in 0..9 {
        let plan = ["pro", "team", "free"][n % 3];
        world.identify(&format!("p{n}"), json!({ "phone": format!("+1555010014{n}"), "plan": plan })).await;
    }
    for (n, text) in [(0, "yes"), (1, "Sí!!"), (2, "bye"), (3, "yes")] {
        world.one(world.reply(&format!("a{n}"), &format!("1555010014{n}"), text, None)).await;
    }
    world.track("p4", "booked").await;
    world.track("p5", "booked").await;
    world.after(36 * HOUR);
    world.one(world.reply("b3", "15550100143", "yes", None)).await;
    world.one(world.reply("b5", "15550100145", "hm", None)).await;
    world.after(24 * HOUR - 10);
    world.one(world.reply("b6", "15550100146", "hello", None)).await;
    world.track("p7", "booked").await;
    world.after(10);
    world.intake.play_due(100).await.expect("the store works");
}

fn id(n: u128) -> Ulid {
    Ulid(n)
}

fn files(rules: &str) -> Files {
    [("rules.yaml".to_owned(), rules.to_owned())].into()
}

/// The plan for these rules, when it is done.
async fn plan(world: &World, rules: &str) -> Plan {
    let plans = Plans::new(world.publisher.clone());
    let started = plans.start(id(1), files(rules)).await.expect("the store works");
    assert!(matches!(started, Started::Running), "{started:?}");
    done(&plans, id(1)).await
}

async fn done(plans: &Plans, id: Ulid) -> Plan {
    loop {
        let progress = plans.get(id).expect("it is known");
        if let Some(result) = progress.result() {
            let (done, all) = progress.people();
            assert!(done == all, "{done} of {all}");
            return result.expect("it was made");
        }
        tokio::task::yield_now().await;
    }
}

fn change<'p>(plan: &'p Plan, name: &str) -> &'p Change {
    plan.changes.iter().find(|change| change.name == name).unwrap_or_else(|| panic!("{name} in {plan:#?}"))
}

fn counts(plan: &Plan, name: &str) -> (u64, u64, u64) {
    let people = change(plan, name).people.as_ref().expect("a segment");
    (people.members, people.enter, people.leave)
}

#[test]
fn a_plan_says_what_publishing_then_does() {
    with_rules(BEFORE, async |world| {
        live_in(world).await;
        let told = plan(world, &after()).await;
        assert_eq!(told.against, 1);
        let kinds: Vec<_> = told.changes.iter().map(|change| (change.what, change.name.as_str())).collect();
        let expected = [
            (What::Added, "hello"),
            (What::Removed, "leaving"),
            (What::Changed, "pros"),
            (What::Changed, "quiet"),
            (What::Changed, "yes-lately"),
            (What::Touched, "back"),
        ];
        assert_eq!(kinds, expected);
        // Members before, those who enter, those who leave.
        assert_eq!(counts(&told, "hello"), (0, 1, 0));
        assert_eq!(counts(&told, "leaving"), (1, 0, 0));
        assert_eq!(counts(&told, "pros"), (3, 3, 0));
        assert_eq!(counts(&told, "quiet"), (0, 2, 0), "p4 said nothing, p5 too late");
        assert_eq!(counts(&told, "yes-lately"), (1, 2, 0));
        let back = change(&told, "back").starts.clone().expect("it starts by a condition");
        assert_eq!((back.found, back.journeys, back.on_deploy.as_str()), (3, 0, "none"));
        assert_eq!((told.cost.people, told.cost.events > 9), (9, true));

        assert!(matches!(world.publish(&after()).await, Published::Activated(_)));
        for name in ["hello", "pros", "quiet", "yes-lately"] {
            let (members, enter, leave) = counts(&told, name);
            assert_eq!(members_of(world, name).await, members + enter - leave, "{name}");
            assert_eq!(moves(world, name).await, enter + leave, "{name}");
        }
        assert_eq!(world.count("SELECT count(*) FROM journeys WHERE rules_version = 2").await, 0);
    });
}

async fn segment(world: &World, name: &str) -> antiphon::model::id::SegmentId {
    let numbers = antiphon::store::rules::numbers(&world.store.read()).await.expect("the store works");
    numbers.segments[name]
}

async fn members_of(world: &World, name: &str) -> u64 {
    let segment = segment(world, name).await;
    antiphon::store::memberships::count(&world.store.read(), segment).await.expect("the store works")
}

/// How many entered or left by the change of rules.
async fn moves(world: &World, name: &str) -> u64 {
    let segment = segment(world, name).await;
    let mut moves = 0;
    for (n, statement) in [
        "SELECT count(*) FROM transitions WHERE cause = 'rules' AND segment_id = 1",
        "SELECT count(*) FROM transitions WHERE cause = 'rules' AND segment_id = 2",
        "SELECT count(*) FROM transitions WHERE cause = 'rules' AND segment_id = 3",
        "SELECT count(*) FROM transitions WHERE cause = 'rules' AND segment_id = 4",
        "SELECT count(*) FROM transitions WHERE cause = 'rules' AND segment_id = 5",
    ]
    .into_iter()
    .enumerate()
    {
        if segment.0 as usize == n + 1 {
            moves = world.count(statement).await;
        }
    }
    u64::try_from(moves).expect("a count")
}

#[test]
fn it_shows_a_few_people_with_the_reason_and_the_wakes_that_move() {
    with_rules(BEFORE, async |world| {
        live_in(world).await;
        let told = plan(world, &after()).await;
        let people = change(&told, "yes-lately").people.clone().expect("a segment");
        let shown: Vec<_> = people.entering.iter().map(|one| (one.id.as_deref(), one.because.as_str())).collect();
        let expected = [(Some("p0"), "replied \"yes\", 60 hours ago"), (Some("p1"), "replied \"Sí!!\", 60 hours ago")];
        assert_eq!(shown, expected);
        // p3 stays a day longer; p0 and p1, who are in again, leave in twelve hours.
        assert_eq!((people.wakes.later, people.wakes.new, people.wakes.earlier), (1, 2, 0));
        let pros = change(&told, "pros").people.clone().expect("a segment");
        assert!(
            pros.entering.len() == SAMPLES_MAX && pros.entering.iter().all(|one| one.because == "plan is \"team\"")
        );
        let quiet = change(&told, "quiet").people.clone().expect("a segment");
        assert_eq!(quiet.enter_soon, 1, "p7 has a day to say something");
        let window = change(&told, "yes-lately");
        assert!(window.was.iter().any(|line| line.contains("2 days")), "{window:?}");
        assert!(window.is.iter().any(|line| line.contains("3 days")), "{window:?}");
    });
}

/// Everything that a plan could have touched.
async fn fingerprint(world: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for statement in [
        "SELECT count(*) FROM rule_sets",
        "SELECT count(*) FROM segments",
        "SELECT count(*) FROM campaigns",
        "SELECT count(*) FROM transitions",
        "SELECT count(*) FROM memberships",
        "SELECT count(*) FROM journeys",
        "SELECT count(*) FROM journey_log",
        "SELECT count(*) FROM outbox",
        "SELECT count(*) FROM events",
        "SELECT CAST(sum(rules_version) AS bigint) FROM people",
        "SELECT CAST(sum(length(state)) AS bigint) FROM people",
        "SELECT CAST(sum(wake_at) AS bigint) FROM people",
    ] {
        counts.push(world.count(statement).await);
    }
    counts
}

#[test]
fn nothing_is_changed_by_it() {
    with_rules(BEFORE, async |world| {
        live_in(world).await;
        let before = fingerprint(world).await;
        plan(world, &after()).await;
        assert_eq!(fingerprint(world).await, before);
        assert_eq!(world.rules.now().active.version(), RulesVersion(1));
    });
}

#[test]
fn where_no_meaning_changes_nobody_is_looked_at() {
    with_rules(BEFORE, async |world| {
        live_in(world).await;
        let told = plan(world, BEFORE).await;
        assert!(told.changes.is_empty() && told.cost.people == 0, "{told:#?}");
        let told = plan(world, &BEFORE.replace("title: Said so", "title: Said so lately")).await;
        assert!(told.changes.is_empty() && told.cost.people == 0, "{told:#?}");
        let told = plan(world, &BEFORE.replace("back: \"yes\"", "back: \"again\"")).await;
        assert_eq!((told.changes.len(), change(&told, "back").what, told.cost.people), (1, What::Changed, 0));
        // A segment that names one that changes has changed as well.
        let named = BEFORE.replace("  leaving:\n", "  calm:\n    when: |\n      not in segment \"pros\"\n  leaving:\n");
        assert!(matches!(world.publish(&named).await, Published::Activated(_)));
        let told = plan(world, &named.replace("plan is \"pro\"", "plan is \"free\"")).await;
        assert_eq!(counts(&told, "calm"), (6, 3, 3));
    });
}

#[test]
fn who_is_not_brought_up_yet_is_counted_as_they_will_be() {
    with_rules(BEFORE, async |world| {
        live_in(world).await;
        // In force, and nobody is brought up to it.
        let second = BEFORE.replace("plan is \"pro\"", "plan is \"team\"");
        assert!(matches!(world.publish_only(&second, Intent::Activate).await, Published::Activated(_)));
        world.after(12 * HOUR + 1);
        let told = plan(world, &second.replace("plan is \"team\"", "plan is one of [\"team\", \"free\"]")).await;
        assert_eq!(counts(&told, "pros"), (3, 3, 0));
        assert_eq!(told.against, 2);
        assert_eq!(change(&told, "pros").people.as_ref().map(|people| people.leaving.len()), Some(0));
    });
}

#[test]
fn one_at_a_time_and_results_stay_for_an_hour() {
    with_rules(BEFORE, async |world| {
        live_in(world).await;
        let plans = Plans::new(world.publisher.clone());
        let broken =
            plans.start(id(1), files("version: 1\nsegments: {a: {}, a: {}}\n")).await.expect("the store works");
        assert!(matches!(broken, Started::Refused(_)), "{broken:?}");
        assert!(plans.get(id(1)).is_none());
        let used = after().replace("  pros:\n    when: |\n      plan is one of [\"pro\", \"team\"]\n", "");
        let Started::Refused(refused) = plans.start(id(1), files(&used)).await.expect("the store works") else {
            panic!("a segment that is used was taken away")
        };
        assert!(refused.render(false).contains("E0303"), "{}", refused.render(false));

        assert!(matches!(plans.start(id(2), files(&after())).await, Ok(Started::Running)));
        assert!(matches!(plans.start(id(3), files(&after())).await, Ok(Started::Busy)));
        let first = done(&plans, id(2)).await;
        assert!(plans.get(id(3)).is_none());
        assert!(matches!(plans.start(id(4), files(&after())).await, Ok(Started::Running)));
        assert_eq!(done(&plans, id(4)).await, first, "nothing has changed");

        world.after(RESULT_LIFE.0);
        assert!(plans.get(id(2)).is_some());
        world.clock.advance_to(Second(world.clock.second().0 + 1));
        assert!(plans.get(id(2)).is_none() && plans.get(id(4)).is_none());
        plans.stop().await;
    });
}

#[test]
fn rules_that_come_into_force_meanwhile_make_a_plan_worthless() {
    with_rules(BEFORE, async |world| {
        live_in(world).await;
        let plans = Plans::new(world.publisher.clone());
        assert!(matches!(plans.start(id(1), files(&after())).await, Ok(Started::Running)));
        let other = BEFORE.replace("bye", "ciao");
        assert!(matches!(world.publish_only(&other, Intent::Activate).await, Published::Activated(_)));
        let ended = loop {
            match plans.get(id(1)).and_then(|progress| progress.result()) {
                Some(ended) => break ended,
                None => tokio::task::yield_now().await,
            }
        };
        // It was done before, or it says so; what it says is never a mixture.
        match ended {
            Ok(plan) => assert!([1, 2].contains(&plan.against)),
            Err(why) => assert!(why.contains("plan again"), "{why}"),
        }
    });
}

/// Slices end somewhere: with more people than one has, nobody is left out or counted twice.
#[test]
fn everybody_is_counted_once() {
    with_rules("version: 1\nsegments: {}\n", async |world| {
        for n in 0..403 {
            world.identify(&format!("p{n}"), json!({ "plan": if n % 2 == 0 { "pro" } else { "free" } })).await;
        }
        let told = plan(world, "version: 1\nsegments:\n  pros:\n    when: |\n      plan is \"pro\"\n").await;
        assert_eq!(counts(&told, "pros"), (0, 202, 0));
        assert_eq!(told.cost.people, 403);
    });
}
