//! What must be so without anybody saying what is right: how a story comes in changes nothing of what is decided.

use super::histories::{HISTORIES, features, from_environment};
use super::shrink::{shrink, tell};
use super::stage::{Change, Manner, play, show, sorted};
use super::world::{World, world};

/// Of the histories of a run, every so manyth.
const EVERY: u64 = 10;

const PLAIN: Manner = Manner {
    judged: false,
    plain: true,
    split: false,
    doubled: false,
    restarting: false,
    unpolled: false,
    folding: false,
};

/// Plays some worlds plainly and in `manner`, and demands the same decisions for everybody.
fn check(manner: Manner) {
    let (features, first) = (features(), from_environment("SIMULATION_SEED", 1));
    let parted = |world: &World| parted(world, manner);
    for seed in first..first + (from_environment("SIMULATION_HISTORIES", HISTORIES) / EVERY).max(1) {
        let world = world(seed, &features);
        if parted(&world).is_some() {
            let world = shrink(world, &parted);
            let problem = parted(&world).expect("a shrunken world still fails");
            let again = "cargo test --no-default-features --test it simulation::relations";
            panic!("SIMULATION_SEED={seed} SIMULATION_HISTORIES=1 {again}\n{problem}\n{}", tell(&world));
        }
    }
}

/// Where the two ways part.
fn parted(world: &World, manner: Manner) -> Option<String> {
    let (plain, other) = match (decided(world, PLAIN), decided(world, manner)) {
        (Ok(plain), Ok(other)) => (plain, other),
        (Err(problem), _) | (_, Err(problem)) => return Some(problem),
    };
    let mut people = plain.iter().zip(&other).enumerate();
    let (person, (plain, other)) = people.find(|(_, (plain, other))| sorted(plain) != sorted(other))?;
    let (plain, other) = (show(plain, world.start), show(other, world.start));
    Some(format!("person {person}, {manner:?}:\n  plainly {plain}\n  so      {other}"))
}

fn decided(world: &World, manner: Manner) -> Result<Vec<Vec<Change>>, String> {
    Ok(play(world, manner)?.people.into_iter().map(|someone| someone.seen).collect())
}

#[test]
fn a_body_in_parts_is_the_same_body() {
    check(Manner { split: true, ..PLAIN });
}

#[test]
fn what_comes_twice_counts_once() {
    check(Manner { doubled: true, ..PLAIN });
}

#[test]
fn a_restart_changes_nothing() {
    check(Manner { restarting: true, ..PLAIN });
}

#[test]
fn a_late_look_at_the_clock_changes_nothing() {
    check(Manner { unpolled: true, ..PLAIN });
}

#[test]
fn a_state_from_the_log_goes_on_as_the_old_one() {
    check(Manner { folding: true, ..PLAIN });
}

#[test]
fn all_of_it_together_changes_nothing() {
    check(Manner { split: true, doubled: true, restarting: true, folding: true, ..PLAIN });
}

/// The same seed makes the same history, however often it is played.
#[test]
fn a_history_is_played_the_same_way_again() {
    check(PLAIN);
}
