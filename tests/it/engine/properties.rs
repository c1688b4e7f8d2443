//! What must be so in every world.

use super::oracle::judge;
use super::world::{Feature, World, changing, world};

/// Worlds per run. `ENGINE_WORLDS` says another number, `ENGINE_SEED` where to begin.
const WORLDS: u64 = 4_000;

/// What the engine runs. `ENGINE_FEATURES` names others, with commas between them; `all` is every one.
const FEATURES: &[Feature] = &Feature::ALL;

fn features() -> Vec<Feature> {
    let Ok(names) = std::env::var("ENGINE_FEATURES") else { return FEATURES.to_vec() };
    let is_meant = |feature: &Feature| {
        names.split(',').any(|name| name == "all" || format!("{feature:?}").eq_ignore_ascii_case(name))
    };
    Feature::ALL.into_iter().filter(is_meant).collect()
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn the_engine_says_what_the_definition_says() {
    let features = features();
    let first = from_environment("ENGINE_SEED", 1);
    for seed in first..first + from_environment("ENGINE_WORLDS", WORLDS) {
        hold(seed, world(seed, &features), "the_engine_says");
    }
}

/// What is kept when rules change is what a fold of the whole log gives, and goes on as the definition says.
#[test]
fn rules_that_change_keep_what_they_can() {
    let features = features();
    let first = from_environment("ENGINE_SEED", 1);
    for seed in first..first + from_environment("ENGINE_WORLDS", WORLDS) {
        hold(seed, changing(seed, &features), "rules_that_change");
    }
}

fn hold(seed: u64, world: World, test: &str) {
    if judge(&world).is_err() {
        let world = shrink(world);
        let problem = judge(&world).expect_err("a shrunken world still fails");
        let again = format!("ENGINE_SEED={seed} ENGINE_WORLDS=1 cargo test --no-default-features {test}");
        panic!("{again}\n{problem}\n{}", tell(&world));
    }
}

/// Leaves out of a failing world what it does not need to fail.
fn shrink(mut world: World) -> World {
    let mut at = 0;
    while at < world.story.len() {
        let mut smaller = world.clone();
        let (pause, _) = smaller.story.remove(at);
        if let Some((next, _)) = smaller.story.get_mut(at) {
            *next += pause;
        }
        if judge(&smaller).is_err() { world = smaller } else { at += 1 }
    }
    // Nothing that stays names what is last.
    while let Some(smaller) = without_last_rule(&world).filter(|smaller| judge(smaller).is_err()) {
        world = smaller;
    }
    world
}

fn without_last_rule(world: &World) -> Option<World> {
    let mut smaller = world.clone();
    for rules in [&mut smaller.rules, &mut smaller.later] {
        if rules.campaigns.pop().is_none() && rules.segments.len() > 1 {
            rules.segments.pop();
        }
    }
    (smaller.rules != world.rules || smaller.later != world.later).then_some(smaller)
}

fn tell(world: &World) -> String {
    let mut lines = vec![format!("from {}, first {:?}", world.start.rfc3339(), world.first)];
    for (name, rules) in [("rules", &world.rules), ("later", &world.later)] {
        lines.push(format!("{name}: zone {}, weeks from {}", rules.schema.time_zone, rules.schema.week_starts));
        lines.extend(rules.segments.iter().map(|segment| format!("{name} {}: {:?}", segment.name, segment.kind)));
        lines
            .extend(rules.campaigns.iter().map(|campaign| format!("{name} {}: {:?}", campaign.name, campaign.trigger)));
    }
    lines.extend(world.story.iter().map(|(pause, what)| format!("{pause:>4} s later {what:?}")));
    lines.join("\n")
}
