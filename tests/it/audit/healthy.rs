//! Random traffic through the real intake, with late events, late wakes and changes of rules: an audit finds nothing.

use std::cell::Cell;

use antiphon::intake::{Item, Outcome, Track};
use antiphon::model::person::Handle;
use antiphon::model::time::Span;
use antiphon::model::value::Properties;
use serde_json::{Value as Json, json};

use super::audit;
use super::replay::replay;
use crate::engine::chance::Chance;
use crate::intake::world::{World, with_rules};

/// Worlds per run. `AUDIT_WORLDS` says another number, `AUDIT_SEED` where to begin.
const WORLDS: u64 = 12;
const DEEDS: u64 = 40;
const PHONES: [&str; 3] = ["15550100142", "15550100143", "15550100144"];

const SEGMENTS: &str = r#"
version: 1
segments:
  vips: {kind: manual}
  hello:
    when: |
      replied HELLO within 1 minute
  often:
    when: |
      replied at least 3 times within 1 hour
  silent:
    when: |
      performed "booked" then not replied within 2 minutes
  settled:
    when: |
      plan is "pro" for at least 1 minute
  due:
    when: |
      trial is in the next 1 hour
  lately:
    when: |
      in segment "hello" and not in segment "often"
  thanked:
    when: |
      performed "thanked" ever
  left-hello:
    when: |
      left segment "hello" then replied within 1 minute
"#;

const CAMPAIGNS: &str = r#"
campaigns:
  thanks:
    state: live
    trigger:
      becomes: |
        in segment "often"
    steps:
      - record_event: {name: thanked, props: {}}
      - wait: 30 seconds
      - update_person: {thanked: "yes"}
  ask:
    state: live
    trigger:
      event: |
        performed "booked"
    steps:
      - id: ask
        send: {template: confirm, language: en}
      - wait: 1 minute
      - manual_segment: {add: vips}
"#;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn an_audit_finds_nothing_in_healthy_traffic() {
    let first = from_environment("AUDIT_SEED", 1);
    let effects = Cell::new(0);
    for seed in first..first + from_environment("AUDIT_WORLDS", WORLDS) {
        with_rules(&rules(false), async |world| {
            let again = format!("AUDIT_SEED={seed} AUDIT_WORLDS=1 cargo test --test it -- an_audit_finds_nothing");
            let mut chance = Chance::new(seed);
            for phone in PHONES {
                world.identify(phone, json!({ "phone": format!("+{phone}") })).await;
            }
            for deed in 0..DEEDS {
                act(world, &mut chance, deed).await;
                if chance.percent(20) {
                    let report = audit(world, false).await;
                    assert_eq!(report.tally.looked, 3, "{again}");
                    assert_eq!(report.tally.found, [], "{again}");
                }
            }
            world.after(7_200);
            assert_eq!(audit(world, false).await.tally.found, [], "{again}");
            // Nor does anything else come out of the logs, whether what is due was played or not.
            assert_eq!(replay(world).await.shown, [], "{again}");
            world.intake.play_due(10).await.expect("the store works");
            assert_eq!(audit(world, false).await.tally.found, [], "{again}");
            let replayed = replay(world).await;
            assert_eq!((replayed.shown, replayed.doubts.len()), (Vec::new(), 0), "{again}");
            effects.set(effects.get() + replayed.effects);
        });
    }
    assert!(effects.get() > 0, "nothing was ever asked for");
}

/// The rules, or others of which some are the same.
fn rules(later: bool) -> String {
    let segments = if later { SEGMENTS.replace("within 1 minute", "within 2 minutes") } else { SEGMENTS.to_owned() };
    format!("{segments}{CAMPAIGNS}")
}

async fn act(world: &World, chance: &mut Chance, deed: u64) {
    world.after(*chance.one(&[0, 0, 1, 5, 30, 59, 60, 61, 300]));
    let phone = *chance.one(&PHONES);
    let now = world.clock.second();
    match chance.below(20) {
        0..7 => {
            let text = *chance.one(&["hello", "HELLO!", "well", "stop"]);
            let at = now.minus(Span(*chance.one(&[0, 0, 0, 1, 20, 90])));
            world.one(world.reply_at(&format!("w{deed}"), phone, text, None, at)).await;
        }
        7..10 => {
            let late = Span(*chance.one(&[0, 0, 10, 200]));
            let track = Track {
                handle: Some(Handle::ExternalId(phone.to_owned())),
                name: "booked".to_owned(),
                id: format!("b{deed}"),
                at: Some(now.minus(late)),
                data: Properties::new(),
            };
            assert_eq!(world.one(Item::Track(track)).await, Outcome::Taken);
        }
        10..14 => {
            let plan = chance.one(&[json!("pro"), json!("free"), Json::Null]).clone();
            let trial = chance.one(&[json!(now.0 + 3_700), json!(now.0 + 10), Json::Null]).clone();
            world.identify(phone, json!({ "plan": plan, "trial": trial })).await;
        }
        14 => {
            let claimed = world.claim().await;
            for (n, claimed) in claimed.iter().enumerate() {
                world.accept(claimed, &format!("ours-{deed}-{n}")).await;
            }
        }
        15 => drop(world.publish(&rules(chance.percent(50))).await),
        _ => drop(world.intake.play_due(10).await),
    }
}
