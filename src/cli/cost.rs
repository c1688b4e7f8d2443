//! What rules cost, for `check --cost`: a table for people, a list for programs.

use std::fmt::Write as _;

use serde_json::json;

use super::plain::plain;
use crate::dsl::cost::{Cost, Growing, all, cost};
use crate::dsl::describe::Describer;
use crate::dsl::walk::Rule;
use crate::dsl::words::{many, quoted};
use crate::model::rule::RuleSet;

const HEAD: [&str; 5] = ["rule", "state per person", "longest", "wakes", "a backfill reads"];

/// One line for each rule, and below them what nothing bounds.
pub fn table(rules: &RuleSet) -> String {
    let costs: Vec<(Rule<'_>, Cost)> = all(rules).into_iter().map(|rule| (rule, cost(rules, rule))).collect();
    let rows: Vec<[String; 5]> = costs.iter().map(|(rule, cost)| row(*rule, cost)).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widths = cells.map(|cell| cell.chars().count()).chain(HEAD.get(column).map(|head| head.len()));
        widths.max().unwrap_or(0)
    };
    let widths: [usize; 4] = std::array::from_fn(width);
    let mut out = line(&HEAD.map(str::to_owned), &widths);
    rows.iter().for_each(|row| out.push_str(&line(row, &widths)));
    let total: u64 = costs.iter().map(|(_, cost)| cost.bytes).sum();
    let _ = writeln!(
        out,
        "Altogether at most {} per person, beside what grows: equal parts of rules are kept once.",
        many(total, "byte")
    );
    for (rule, cost) in &costs {
        for (letter, growing) in ('P'..).zip(&cost.growing) {
            out.push_str(&plain(&bound(*rule, letter, growing, rules)));
            out.push('\n');
        }
    }
    out
}

fn row(rule: Rule<'_>, cost: &Cost) -> [String; 5] {
    let state = cost.state_words();
    [
        format!("{} {}", rule.kind(), rule.name()),
        state.strip_suffix(" per person").unwrap_or(&state).to_owned(),
        cost.longest.words(),
        if cost.wakes.is_empty() { "–".to_owned() } else { cost.wakes.len().to_string() },
        if cost.backfill.is_empty() { "nothing".to_owned() } else { cost.backfill.join("; ") },
    ]
}

fn line(cells: &[String; 5], widths: &[usize; 4]) -> String {
    let mut out = String::new();
    for (place, cell) in cells.iter().enumerate() {
        let width = widths.get(place).copied().unwrap_or(0);
        let cell = plain(cell);
        let missing = width.saturating_sub(cell.chars().count());
        out.push_str(&cell);
        out.push_str(&" ".repeat(missing + 2));
    }
    format!("{}\n", out.trim_end())
}

/// What a letter stands for, and a warning where it has no bound.
fn bound(rule: Rule<'_>, letter: char, growing: &Growing, rules: &RuleSet) -> String {
    let what = Describer::new(rules).growing(growing);
    let place = format!("{} {}", rule.kind(), rule.name());
    match growing.at_most {
        Some(_) => format!("{place}: {letter} is the number of {what}"),
        None => {
            let unlimited: Vec<String> = growing.unlimited.iter().map(|name| quoted(name)).collect();
            let why = match unlimited.as_slice() {
                [] => String::new(),
                names => format!("; `limit` is missing in campaign {}", names.join(", ")),
            };
            format!("warning: {place}: {letter} is the number of {what}{why}")
        }
    }
}

/// The same, as data: an object for each rule.
pub fn json(rules: &RuleSet) -> Vec<serde_json::Value> {
    let describer = Describer::new(rules);
    let one = |rule: Rule<'_>| {
        let cost = cost(rules, rule);
        let growing = cost.growing.iter().map(|growing| {
            json!({
                "bytes": growing.bytes,
                "for_each_of": describer.growing(growing),
                "at_most": growing.at_most,
                "unlimited_campaigns": growing.unlimited,
            })
        });
        json!({
            "kind": rule.kind(),
            "name": rule.name(),
            "bytes_per_person": cost.bytes,
            "growing": growing.collect::<Vec<_>>(),
            "longest": cost.longest.words(),
            "wakes": cost.wakes,
            "changes_on": cost.changes,
            "backfill_reads": cost.backfill,
        })
    };
    all(rules).into_iter().map(one).collect()
}
