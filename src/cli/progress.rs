//! How far people are brought up to new rules, shown while `serve` runs: a bar on a terminal, a few lines elsewhere.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;

use crate::intake::Building;

/// What is over sooner than one can look is not shown.
const PEOPLE_SHOWN_MIN: u64 = 10_000;
/// Without a terminal there is a line each time that it is so much further.
const LINE_PERCENT: u8 = 20;

/// Shows what is told until nobody can tell any more.
pub async fn show(mut told: watch::Receiver<Option<Building>>) {
    let is_terminal = std::io::stderr().is_terminal();
    let mut shown: Option<Shown> = None;
    loop {
        let now = told.borrow_and_update().clone().filter(|building| building.people >= PEOPLE_SHOWN_MIN);
        if let Some(over) = shown.take_if(|shown| !shown.is_about(now.as_ref())) {
            over.finish(now.is_none());
        }
        if let Some(building) = &now {
            shown.get_or_insert_with(|| Shown::begin(building, is_terminal)).update(building);
        }
        if told.changed().await.is_err() {
            return;
        }
    }
}

/// What is on show.
struct Shown {
    version: u32,
    people: u64,
    bar: Option<ProgressBar>,
    /// The last percentage that a line told.
    percent: u8,
}

impl Shown {
    fn begin(building: &Building, is_terminal: bool) -> Self {
        let Building { version, people, .. } = *building;
        let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len} people, {eta}");
        let bar = style.ok().filter(|_| is_terminal).map(|style| {
            let bar = ProgressBar::new(people).with_style(style);
            bar.set_message(format!("rules: version {}", version.0));
            bar
        });
        if bar.is_none() {
            anstream::println!("rules: version {}: {people} people are brought up to it", version.0);
        }
        Self { version: version.0, people, bar, percent: 0 }
    }

    fn is_about(&self, building: Option<&Building>) -> bool {
        building.is_some_and(|building| (building.version.0, building.people) == (self.version, self.people))
    }

    fn update(&mut self, building: &Building) {
        if let Some(bar) = &self.bar {
            bar.set_position(building.people.saturating_sub(building.left));
        } else if building.percent() >= self.percent.saturating_add(LINE_PERCENT) {
            self.percent = building.percent();
            anstream::println!("rules: version {}: {} %", self.version, self.percent);
        }
    }

    fn finish(self, is_done: bool) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        if is_done {
            anstream::println!("rules: version {}: everybody is up to it", self.version);
        }
    }
}
