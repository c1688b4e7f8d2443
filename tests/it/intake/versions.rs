//! Versions of the rule set: numbered forwards, taken whole or not at all, and for one person they never go back.

use antiphon::intake::{Outcome, Refusal, Rules, Signals, Writer};
use antiphon::model::id::{InstallationKey, RulesVersion};
use antiphon::rollout::{Intent, Published};
use antiphon::store::rules;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;

use super::world::{World, with_rules};

const ANA: &str = "15550100142";

const FIRST: &str = "version: 1\nsegments:\n  said-yes:\n    when: |\n      replied YES ever\n";
const SECOND: &str = "version: 1\nsegments:\n  said-yes:\n    when: |\n      replied YES ever\n  said-no:\n    when: |\n      replied NO within 2 days\n";

async fn active(world: &World) -> u32 {
    let active = rules::active_version(&world.store.read()).await.expect("the store works");
    let in_force = world.rules.now().active.version();
    assert_eq!(Some(in_force), active, "what is active is in force");
    in_force.0
}

#[test]
fn content_of_an_older_version_comes_back_under_a_new_number_and_only_when_asked_to() {
    with_rules(FIRST, async |world| {
        let stored = world.publish_only(SECOND, Intent::Store).await;
        assert!(matches!(stored, Published::Stored(RulesVersion(2))), "{stored:?}");
        assert_eq!(active(world).await, 1, "storing activates nothing");
        let again = world.publish_only(SECOND, Intent::Store).await;
        assert!(matches!(again, Published::Stored(RulesVersion(2))), "the same content is one version: {again:?}");
        let taken = world.publish_only(SECOND, Intent::Activate).await;
        assert!(matches!(taken, Published::Activated(RulesVersion(2))), "{taken:?}");
        assert_eq!(active(world).await, 2);

        let older = world.publish_only(FIRST, Intent::Activate).await;
        assert!(matches!(older, Published::Older { found: RulesVersion(1), active: RulesVersion(2) }), "{older:?}");
        assert_eq!(active(world).await, 2);
        let forced = world.publish_only(FIRST, Intent::Force).await;
        assert!(matches!(forced, Published::Activated(RulesVersion(3))), "{forced:?}");
        assert_eq!(active(world).await, 3);
        let same = world.publish_only(FIRST, Intent::Force).await;
        assert!(matches!(same, Published::Unchanged(RulesVersion(3))), "{same:?}");
    });
}

#[test]
fn somebody_who_is_at_newer_rules_is_not_taken_back() {
    with_rules(FIRST, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.identify("bo", json!({ "phone": "+15550100143" })).await;
        let other = world.another_node().await;
        assert!(matches!(other.publish_only(SECOND, Intent::Activate).await, Published::Activated(_)));
        // Ana is brought up there; here the first rules are in force still.
        other.one(other.reply("w1", ANA, "hello", None)).await;
        assert_eq!(world.rules.now().active.version(), RulesVersion(1));
        world.one(world.reply("w2", "15550100143", "no", None)).await;
        assert_eq!(world.rules.now().active.version(), RulesVersion(1), "nobody has met newer ones");
        assert!(world.segments("bo").await.is_empty(), "and so they were evaluated");

        world.one(world.reply("w3", ANA, "no", None)).await;
        assert_eq!(active(world).await, 2, "loaded before it went on");
        assert_eq!(world.segments("ana").await, ["said-no"]);
        // What each event records is what evaluated it.
        let recorded = "SELECT count(*) FROM events WHERE kind = 'inbound_message' AND rules_version = 2";
        assert_eq!(world.count(recorded).await, 2);
        assert_eq!(
            world.count("SELECT count(*) FROM events WHERE kind = 'inbound_message' AND rules_version = 1").await,
            1
        );
        assert_eq!(world.count("SELECT rules_version FROM transitions").await, 2);
        let back = "SELECT count(*) FROM events AS a, events AS b WHERE a.person_id = b.person_id AND a.seq < b.seq \
                    AND a.rules_version > b.rules_version";
        assert_eq!(world.count(back).await, 0);
    });
}

#[test]
fn neither_a_wake_nor_catching_up_takes_anybody_back() {
    with_rules(SECOND, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.one(world.reply("w1", ANA, "no", None)).await;
        for (number, by_wake) in [(2, true), (3, false)] {
            let other = world.another_node().await;
            let rules = SECOND.replace("YES", &format!("YES{number}"));
            assert!(matches!(other.publish(&rules).await, Published::Activated(_)), "and everybody is brought up");
            assert_eq!(world.rules.now().active.version().0, number - 1);
            world.after(172_801);
            if by_wake {
                world.intake.play_due(10).await.expect("the store works");
                assert!(world.segments("ana").await.is_empty(), "the window has closed");
            } else {
                world.catch_up().await;
            }
            assert_eq!(active(world).await, number);
            assert_eq!(world.count("SELECT rules_version FROM people").await, i64::from(number));
        }
    });
}

#[test]
fn what_another_node_made_active_is_taken_over() {
    with_rules(FIRST, async |world| {
        let told = async |wanted: bool| {
            let exchanged = tokio::time::timeout(std::time::Duration::ZERO, world.publisher.exchanged()).await;
            assert_eq!(exchanged.is_ok(), wanted);
        };
        world.publisher.refresh().await.expect("it loads");
        told(false).await;
        let other = world.another_node().await;
        assert!(matches!(other.publish_only(SECOND, Intent::Activate).await, Published::Activated(_)));
        assert_eq!(world.rules.now().active.version(), RulesVersion(1));
        world.publisher.refresh().await.expect("it loads");
        assert_eq!(active(world).await, 2);
        told(true).await;
        told(false).await;
    });
}

/// A writer that cannot get at newer rules stores nothing, rather than evaluate by old ones.
#[test]
fn without_the_newer_rules_nothing_is_taken() {
    with_rules(FIRST, async |world| {
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        let old = Rules::new((*world.rules.now()).clone());
        assert!(matches!(world.publish(SECOND).await, Published::Activated(_)));
        let (store, signals) = (std::sync::Arc::clone(&world.store), Signals::default());
        let writer = Writer::new(store, world.clock.clone(), InstallationKey([7; 32]), old, signals.clone());
        let (intake, _) = antiphon::intake::Intake::start(writer, signals);
        let body = antiphon::intake::Body { items: vec![world.reply("w1", ANA, "no", None)], ..Default::default() };
        assert_eq!(intake.submit(body).await.err(), Some(Refusal::Unavailable));
        assert_eq!(world.count("SELECT count(*) FROM events WHERE kind = 'inbound_message'").await, 0);
        assert_eq!(world.one(world.reply("w1", ANA, "no", None)).await, Outcome::Taken);
        assert_eq!(world.segments("ana").await, ["said-no"]);
    });
}

/// Several at once: one after the other comes into force, and the last one stays.
#[test]
fn those_who_publish_at_the_same_time_take_turns() {
    with_rules(FIRST, async |world| {
        let other = world.another_node().await;
        for round in 0..5 {
            let rules = |node: &str| FIRST.replace("YES", &format!("{node}{round}"));
            let (a, b) = (rules("A"), rules("B"));
            let here = world.publish_only(&a, Intent::Activate);
            let (here, there) = tokio::join!(here, other.publish_only(&b, Intent::Activate));
            let numbers: Vec<u32> = [here, there]
                .iter()
                .map(|published| match published {
                    Published::Activated(version) => version.0,
                    other => panic!("{other:?}"),
                })
                .collect();
            let newest = numbers.iter().max().copied();
            let active = rules::active_version(&world.store.read()).await.expect("the store works");
            assert_eq!(active.map(|version| version.0), newest, "{numbers:?}");
            assert_eq!(world.count("SELECT count(*) FROM rule_sets WHERE active = 1").await, 1);
        }
    });
}

const CAMPAIGN: &str = r#"
version: 1
segments:
  said-yes:
    when: |
      replied any of ["yes", "sí"] within 2 days
campaigns:
  ask:
    state: live
    trigger:
      event: |
        performed "booked"
    steps:
      - id: wait
        wait_until:
          outcomes:
            - name: answered
              when: |
                in segment "said-yes"
              do:
                - update_person: {asked_by: "first"}
          timeout:
            after: 2 days
            do: [{exit: no-answer}]
"#;

#[test]
fn a_journey_keeps_the_version_it_began_with() {
    with_rules(CAMPAIGN, async |world| {
        for name in ["ana", "bo"] {
            world.identify(name, json!({})).await;
        }
        world.identify("ana", json!({ "phone": "+15550100142" })).await;
        world.track("ana", "booked").await;
        for word in ["second", "third"] {
            assert!(matches!(world.publish(&CAMPAIGN.replace("first", word)).await, Published::Activated(_)));
        }
        world.track("bo", "booked").await;
        assert_eq!(world.count("SELECT min(rules_version) FROM journeys").await, 1);
        assert_eq!(world.count("SELECT max(rules_version) FROM journeys").await, 3);
        world.one(world.reply("w1", ANA, "Sí!", None)).await;
        let last = world.log("ana").await.pop().expect("a write");
        assert_eq!(last.properties["asked_by"], json!("first"));
        // A node that starts now has them at hand as well.
        let other = world.another_node().await;
        let versions: Vec<u32> = other.rules.now().older.keys().map(|version| version.0).collect();
        assert_eq!(versions, [2], "journeys of the first are over, and the second was active before");
    });
}

/// A rule set with something of everything, short enough to be cut at every byte.
const SMALL: [&str; 3] = [
    "version: 1\nsegments:\n  a:\n    when: |\n      replied any of [\"yes\", \"sí\"] within 2 days\n  b:\n    when: |\n      not in segment \"a\" and plan is \"pro\"\n",
    "version: 1\ncampaigns:\n  c:\n    state: draft\n    trigger:\n      becomes: |\n        replied \"x\" ever\n    steps:\n      - update_person: {hi: \"Hi {{ person.name | default: 'you' }}\"}\n",
    "version: 1\ntime_zone: {person: person.zone, otherwise: Europe/Berlin}\nlists:\n  yes_words: [\"ja\", \"oui\"]\n",
];

struct Attempts {
    refused: u32,
    taken: u32,
}

impl Attempts {
    /// Publishes something that may be broken: the active rules are the old ones or these, whole.
    async fn publish(&mut self, world: &World, files: antiphon::rollout::Files, what: &str) {
        let before = world.rules.now().active.version();
        let published = world.publisher.publish(files.clone(), Intent::Force).await.expect("the store works");
        let row = rules::active(&world.store.read()).await.expect("the store works").expect("one is active");
        assert_eq!(row.version, world.rules.now().active.version(), "{what}");
        match published {
            Published::Refused(refused) => {
                self.refused += 1;
                assert_eq!(row.version, before, "{what}");
                assert!(!refused.render(false).is_empty(), "{what}");
                let text = |file| refused.sources.text(file);
                for label in refused.diagnostics.iter().flat_map(|one| &one.labels) {
                    assert!(
                        text(label.span.file).get(label.span.start..label.span.end).is_some(),
                        "{what}: {label:?} {:?}\n{:?}",
                        refused.diagnostics,
                        files
                    );
                }
            }
            Published::Activated(version) | Published::Unchanged(version) => {
                self.taken += 1;
                assert_eq!((row.version, &row.sources), (version, &files), "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

fn named(texts: &[String]) -> antiphon::rollout::Files {
    let name = |n: usize| if n == 2 { "schema.yaml".to_owned() } else { format!("{n}.yaml") };
    texts.iter().enumerate().map(|(n, text)| (name(n), text.clone())).collect()
}

#[test]
fn a_rule_set_that_is_cut_anywhere_is_taken_whole_or_refused_whole() {
    with_rules(FIRST, async |world| {
        let mut attempts = Attempts { refused: 0, taken: 0 };
        let whole = SMALL.map(str::to_owned);
        for (n, text) in SMALL.iter().enumerate() {
            for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
                let mut texts = whole.clone();
                texts[n].truncate(end);
                attempts.publish(world, named(&texts), &format!("file {n} up to byte {end}")).await;
            }
        }
        assert!(attempts.refused > 300 && attempts.taken > 5, "{} and {}", attempts.refused, attempts.taken);
    });
}

#[test]
fn a_rule_set_that_is_changed_anywhere_is_taken_whole_or_refused_whole() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(14);
    println!("replay with: SEED={seed} cargo test --test it -- changed_anywhere");
    with_rules(FIRST, async |world| {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut attempts = Attempts { refused: 0, taken: 0 };
        let pieces =
            ["\t", "\n", "  ", "\"", "'", ":", "- ", "{", "}", "|", "&a ", "*a", "yes", "\u{feff}", "\u{202e}", "é"];
        let words = [("2 days", "3 hours"), ("pro", "free"), ("ja", "oui"), ("x", "y"), ("2", "0"), ("draft", "live")];
        for round in 0..300 {
            let mut texts = SMALL.map(str::to_owned);
            for _ in 0..chance.random_range(1..3) {
                let n = chance.random_range(0..texts.len());
                let places: Vec<usize> = texts[n].char_indices().map(|(at, _)| at).collect();
                let (from, to) = (chance.random_range(0..places.len()), chance.random_range(0..places.len()));
                let (from, to) = (places[from.min(to)], places[from.max(to)]);
                match chance.random_range(0..6) {
                    0 => texts[n].replace_range(from..to, ""),
                    1 => texts[n].insert_str(from, pieces[chance.random_range(0..pieces.len())]),
                    2 => {
                        let copied = texts[n][from..to].to_owned();
                        texts[n].insert_str(to, &copied);
                    }
                    3 | 4 => {
                        let (word, other) = words[chance.random_range(0..words.len())];
                        texts[n] = texts[n].replace(word, other);
                    }
                    _ => {
                        let other = SMALL[chance.random_range(0..SMALL.len())].to_owned();
                        texts[n].insert_str(from, &other);
                    }
                }
            }
            attempts.publish(world, named(&texts), &format!("round {round}")).await;
        }
        assert!(attempts.refused > 100 && attempts.taken > 10, "{} and {}", attempts.refused, attempts.taken);
    });
}
