//! Leaves out of a failing world what it does not need to fail, and tells what stays.

use super::world::{Do, World};

/// Whether a world fails, and how.
pub type Problem<'a> = &'a dyn Fn(&World) -> Option<String>;

/// The same problem with as little as possible around it.
pub fn shrink(mut world: World, problem: Problem<'_>) -> World {
    loop {
        let before = size(&world);
        shorten_story(&mut world, problem);
        thin_bodies(&mut world, problem);
        drop_people(&mut world, problem);
        drop_rules(&mut world, problem);
        if size(&world) == before {
            return world;
        }
    }
}

fn size(world: &World) -> usize {
    let rules = world.rules.iter().map(|rules| 1 + rules.segments.len() + rules.campaigns.len());
    let bodies = world.story.iter().map(|(_, what)| match what {
        Do::Deliver(body) => 1 + body.len(),
        _ => 1,
    });
    rules.chain(bodies).sum::<usize>() + world.people.len()
}

/// Takes `smaller` if it fails too.
fn keep(world: &mut World, smaller: World, problem: Problem<'_>) -> bool {
    let fails = problem(&smaller).is_some();
    if fails {
        *world = smaller;
    }
    fails
}

fn shorten_story(world: &mut World, problem: Problem<'_>) {
    let mut at = world.story.len();
    while let Some(before) = at.checked_sub(1) {
        at = before;
        let mut smaller = world.clone();
        let (pause, _) = smaller.story.remove(at);
        if let Some((next, _)) = smaller.story.get_mut(at) {
            *next += pause;
        }
        keep(world, smaller, problem);
    }
}

fn thin_bodies(world: &mut World, problem: Problem<'_>) {
    for at in 0..world.story.len() {
        let mut place = 0;
        while let Some((_, Do::Deliver(body))) = world.story.get(at)
            && body.len() > 1
            && place < body.len()
        {
            let mut smaller = world.clone();
            if let Some((_, Do::Deliver(body))) = smaller.story.get_mut(at) {
                body.remove(place);
            }
            if !keep(world, smaller, problem) {
                place += 1;
            }
        }
    }
}

/// Everybody who is not needed never was; only the last one can go without the others being renumbered.
fn drop_people(world: &mut World, problem: Problem<'_>) {
    for only in (0..world.people.len()).rev() {
        let mut smaller = world.clone();
        smaller.people = vec![smaller.people[only].clone()];
        for (_, what) in &mut smaller.story {
            match what {
                Do::Deliver(body) => {
                    body.retain(|delivery| delivery.person == only);
                    body.iter_mut().for_each(|delivery| delivery.person = 0);
                }
                Do::Refold(person) => *person = if *person == only { 0 } else { usize::MAX },
                _ => {}
            }
        }
        if world.people.len() > 1 && keep(world, smaller, problem) {
            return;
        }
    }
}

/// Nothing that stays names what is last.
fn drop_rules(world: &mut World, problem: Problem<'_>) {
    while world.rules.len() > 1 {
        let mut smaller = world.clone();
        smaller.rules.pop();
        if !keep(world, smaller, problem) {
            break;
        }
    }
    for number in 0..world.rules.len() {
        loop {
            let mut smaller = world.clone();
            let rules = &mut smaller.rules[number];
            if rules.campaigns.pop().is_none() && rules.segments.len() > 1 {
                rules.segments.pop();
            }
            if smaller.rules == world.rules || !keep(world, smaller, problem) {
                break;
            }
        }
    }
}

/// The world in words.
pub fn tell(world: &World) -> String {
    let mut lines = vec![format!("from {}", world.start.rfc3339())];
    lines.extend(world.people.iter().enumerate().map(|(number, first)| format!("person {number}: first {first:?}")));
    for (number, rules) in (1..).zip(&world.rules) {
        lines.push(format!("rules {number}: zone {}, weeks from {}", rules.schema.time_zone, rules.schema.week_starts));
        lines.extend(rules.segments.iter().map(|segment| format!("  {}: {:?}", segment.name, segment.kind)));
        lines.extend(rules.campaigns.iter().map(|campaign| format!("  {campaign:?}")));
    }
    lines.extend(world.story.iter().map(|(pause, what)| format!("{pause:>4} s later {what:?}")));
    lines.join("\n")
}
