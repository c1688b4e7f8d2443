//! Segments in segments: the order in which they are evaluated, and the circles that have none.

use std::collections::{BTreeMap, BTreeSet};

/// What names what: by segment, the segments its condition names.
pub type Uses = BTreeMap<String, BTreeSet<String>>;

/// The order in which a segment stands behind those it names, else by name;
/// or a circle, its first name repeated at its end.
///
/// # Errors
/// The circles, each once.
pub fn order(uses: &Uses) -> Result<Vec<String>, Vec<Vec<String>>> {
    let mut order = Vec::with_capacity(uses.len());
    let mut placed = BTreeSet::new();
    let mut circles = Vec::new();
    for start in uses.keys() {
        visit(start, uses, &mut placed, &mut order, &mut circles);
    }
    if circles.is_empty() { Ok(order) } else { Err(circles) }
}

/// Depth first with a stack of its own: a chain of segments may be longer than the thread's stack.
fn visit(
    start: &str,
    uses: &Uses,
    placed: &mut BTreeSet<String>,
    order: &mut Vec<String>,
    circles: &mut Vec<Vec<String>>,
) {
    if placed.contains(start) {
        return;
    }
    let mut path: Vec<(&str, Vec<&str>)> = vec![(start, below(start, uses))];
    let mut on_path = BTreeSet::from([start]);
    while let Some((name, rest)) = path.last_mut() {
        let Some(next) = rest.pop() else {
            placed.insert((*name).to_owned());
            order.push((*name).to_owned());
            on_path.remove(*name);
            path.pop();
            continue;
        };
        if placed.contains(next) {
            continue;
        }
        if on_path.insert(next) {
            path.push((next, below(next, uses)));
        } else {
            let circle = path.iter().map(|(name, _)| *name).skip_while(|name| *name != next).chain([next]);
            circles.push(circle.map(str::to_owned).collect());
        }
    }
}

/// Everything that `starts` lead to, themselves included.
pub fn reached(starts: &BTreeSet<String>, uses: &Uses) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&String> = starts.iter().collect();
    while let Some(name) = waiting.pop() {
        if reached.insert(name.clone()) {
            waiting.extend(uses.get(name).into_iter().flatten());
        }
    }
    reached
}

/// The names below, the first one last, since it is popped.
fn below<'u>(name: &str, uses: &'u Uses) -> Vec<&'u str> {
    let mut names: Vec<&str> =
        uses.get(name).into_iter().flatten().map(String::as_str).filter(|name| uses.contains_key(*name)).collect();
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use super::{Uses, order};

    fn uses(pairs: &[(&str, &[&str])]) -> Uses {
        pairs
            .iter()
            .map(|(name, below)| ((*name).to_owned(), below.iter().map(|b| (*b).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn what_is_named_comes_first() {
        let sorted = order(&uses(&[("a", &["c"]), ("b", &[]), ("c", &["b", "manual"])])).expect("no circle");
        assert_eq!(sorted, ["b", "c", "a"]);
    }

    #[test]
    fn a_circle_is_printed_as_a_path() {
        let circles = order(&uses(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &["d"])])).expect_err("circles");
        assert_eq!(circles, [vec!["b", "c", "b"], vec!["d", "d"]]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let chain: Uses =
            (0..50_000).map(|n| (format!("s{n:05}"), [format!("s{:05}", n + 1)].into_iter().collect())).collect();
        assert_eq!(order(&chain).expect("no circle").first().map(String::as_str), Some("s49999"));
    }
}
