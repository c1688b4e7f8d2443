//! Many histories, each judged at every step.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::counts::{Counts, SOMETIMES};
use super::shrink::{shrink, tell};
use super::stage::{Manner, play};
use super::world::{Feature, World, world};

/// Histories per run. `SIMULATION_HISTORIES` says another number, `SIMULATION_SEED` where to begin.
pub const HISTORIES: u64 = 1_000;

/// What worlds are made of. `SIMULATION_FEATURES` names some, with commas between them.
pub fn features() -> Vec<Feature> {
    let Ok(names) = std::env::var("SIMULATION_FEATURES") else { return Feature::ALL.to_vec() };
    let is_meant = |feature: &Feature| names.split(',').any(|name| format!("{feature:?}").eq_ignore_ascii_case(name));
    Feature::ALL.into_iter().filter(is_meant).collect()
}

pub fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The first seed from `first` on, among `number`, for which `fails`; each worker with counts of its own.
fn first_failing(first: u64, number: u64, fails: impl Fn(u64, &mut Counts) -> bool + Sync) -> (Option<u64>, Counts) {
    let (next, failing, counts) = (AtomicU64::new(0), AtomicU64::new(u64::MAX), Mutex::new(Counts::default()));
    let work = || {
        let mut own = Counts::default();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            // Those before one that fails are looked at still: the first is the one to be told.
            if place >= number || place > failing.load(Ordering::Relaxed) {
                break;
            }
            if fails(first + place, &mut own) {
                failing.fetch_min(place, Ordering::Relaxed);
            }
        }
        counts.lock().expect("no worker panics").add(&own);
    };
    std::thread::scope(|scope| {
        for _ in 0..from_environment("SIMULATION_THREADS", 1) {
            scope.spawn(work);
        }
    });
    let failing = failing.into_inner();
    ((failing < u64::MAX).then(|| first + failing), counts.into_inner().expect("no worker panics"))
}

#[test]
fn the_engine_says_what_the_definition_says() {
    let features = features();
    let first = from_environment("SIMULATION_SEED", 1);
    let number = from_environment("SIMULATION_HISTORIES", HISTORIES);
    let fails = |seed, counts: &mut Counts| judge(&world(seed, &features)).map(|own| counts.add(&own)).is_err();
    let (failing, counts) = first_failing(first, number, fails);
    if let Some(seed) = failing {
        println!("a difference after {} histories: seed {seed}", seed - first + 1);
        let again = format!(
            "SIMULATION_SEED={seed} SIMULATION_HISTORIES=1 cargo test --no-default-features --test it the_engine_says"
        );
        // Whoever counts histories only, and knows why they fail, need not wait for the smallest one.
        assert!(from_environment("SIMULATION_SHRINK", 1) > 0, "{again}");
        let world = shrink(world(seed, &features), &|world| judge(world).err());
        let problem = judge(&world).expect_err("a shrunken world still fails");
        panic!("{again}\n{problem}\n{}", tell(&world));
    }
    println!("{number} histories from seed {first}: no difference");
    println!("{}", counts.lines());
    if number >= HISTORIES && features == Feature::ALL {
        let never: Vec<_> = SOMETIMES.iter().filter(|what| counts.of(what) == 0).collect();
        assert!(never.is_empty(), "these never happened: {never:?}");
    }
}

/// Plays a history with the definition beside it. A panic is a difference, too.
fn judge(world: &World) -> Result<Counts, String> {
    let judged = Manner { judged: true, ..Manner::default() };
    let played = std::panic::catch_unwind(|| play(world, judged).map(|stage| stage.counts));
    played.unwrap_or_else(|_| Err("it panicked".to_owned()))
}
