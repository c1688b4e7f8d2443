//! Windows and deadlines, drawn: which seconds count, and which of the two ends.

use super::history::is_message;
use super::outline::columns;
use crate::dsl::walk::each_condition;
use crate::dsl::words::{date, length, many, span, unit_word, weekday, whole_days};
use crate::model::rule::{Condition, Happened, Match, Phrase, Point, Schema, Sequence, Verb, Window};
use crate::model::time::{CalendarUnit, Length, Span};

/// Where the labels begin, and their ends of the bar so much further right.
const LEFT: usize = 2;
const INSET: usize = 3;
/// Where the right end's label begins at the least.
const RIGHT: usize = 31;

/// A stretch of time between two labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    from: String,
    to: String,
    /// What the stretch means: `counts`.
    bar: String,
    from_included: bool,
    to_included: bool,
    note: String,
    /// What comes behind it: a label, and what happens there.
    then: Option<(String, String)>,
}

/// The windows and deadlines of a condition, each once.
#[must_use]
pub fn pictures(condition: &Condition, schema: &Schema) -> Vec<Picture> {
    let mut all = Vec::new();
    each_condition(condition, &mut |part| match part {
        Condition::Happened(happened) => {
            phrase(&happened.what, &mut all);
            all.extend(window(happened, schema));
        }
        Condition::HeldFor { span: held, .. } => {
            let from = format!("now − {}", span(*held));
            all.push(Picture::new(from, "now", "has to hold", (true, true), "both ends included"));
        }
        Condition::ServiceWindow => {
            all.push(Picture::new("now − 24 hours", "now", "messages count", (false, true), HALF_OPEN));
        }
        _ => {}
    });
    once(all)
}

/// Each picture where it comes first.
#[must_use]
pub fn once(all: Vec<Picture>) -> Vec<Picture> {
    let mut seen: Vec<Picture> = Vec::new();
    for picture in all {
        if !seen.contains(&picture) {
            seen.push(picture);
        }
    }
    seen
}

const HALF_OPEN: &str = "this second included; the one at ○ is not";
const CLOSED: &str = "this second included";

/// The deadlines of a phrase.
pub fn phrase(phrase: &Phrase, all: &mut Vec<Picture>) {
    match phrase {
        Phrase::One(event) => all.extend(in_time(event)),
        Phrase::Sequence(sequence) => deadlines(sequence, all),
    }
}

fn in_time(event: &Match) -> Option<Picture> {
    let within = event.in_time?;
    Some(Picture::new("message m", after("m", within), "counts", (true, true), CLOSED))
}

fn after(from: &str, within: Length) -> String {
    match within {
        Length::Elapsed(elapsed) => format!("{from} + {}", span(elapsed)),
        Length::Calendar { amount, unit } => format!("end of the day {from} + {}", many(amount, unit_word(unit))),
    }
}

fn deadlines(sequence: &Sequence, all: &mut Vec<Picture>) {
    all.extend(in_time(&sequence.first));
    let mut before = (1, &sequence.first);
    let last = sequence.steps.len() + 1;
    for (number, step) in (2..).zip(&sequence.steps) {
        all.extend(in_time(&step.event));
        if let Some(within) = step.within.filter(|_| !step.not || number == last) {
            let from = format!("{} ({})", before.0, if is_message(before.1) { "message" } else { word(before.1) });
            let to = after(&before.0.to_string(), within);
            let bar = if step.not { format!("no {} may come", word(&step.event)) } else { format!("{number} counts") };
            let mut picture = Picture::new(from, to, &bar, (true, true), CLOSED);
            if step.not {
                picture.then = Some((verdict(before.0, within, sequence.grace), "verdict".to_owned()));
            }
            all.push(picture);
        }
        if !step.not {
            before = (number, &step.event);
        }
    }
}

fn verdict(from: usize, within: Length, grace: Span) -> String {
    let waited = Span(grace.0.saturating_add(1));
    match within {
        Length::Elapsed(elapsed) => format!("{from} + {}", span(Span(elapsed.0.saturating_add(waited.0)))),
        Length::Calendar { .. } => format!("{} later", span(waited)),
    }
}

fn window(happened: &Happened, schema: &Schema) -> Option<Picture> {
    let counts = match &happened.what {
        Phrase::One(event) => format!("{}s count", word(event)).replace("replys", "replies").replace("trys", "tries"),
        Phrase::Sequence(sequence) if sequence.steps.last().is_some_and(|step| step.not) => "verdicts count".to_owned(),
        Phrase::Sequence(_) => "completions count".to_owned(),
    };
    let here = |from: String, to: &str, ends, note| Some(Picture::new(from, to, &counts, ends, note));
    match happened.window {
        Window::Ever | Window::SinceEntry => None,
        Window::Last(Length::Elapsed(elapsed)) => {
            here(format!("now − {}", span(elapsed)), "now", (false, true), HALF_OPEN)
        }
        Window::Last(calendar @ Length::Calendar { amount, unit }) => {
            let from = match whole_days(amount, unit) {
                Some(1) => "today 00:00".to_owned(),
                Some(2) => "yesterday 00:00".to_owned(),
                Some(days) => format!("00:00, {} ago", many(days - 1, "day")),
                None => format!("00:00 of the day after today − {}", length(calendar).replace("calendar ", "")),
            };
            here(from, "now", (true, true), "both seconds included; local time")
        }
        Window::This(unit) => {
            let from = match unit {
                CalendarUnit::Day => "today 00:00".to_owned(),
                CalendarUnit::Week => format!("{} 00:00", weekday(schema.week_starts)),
                CalendarUnit::Month => "the 1st, 00:00".to_owned(),
                CalendarUnit::Year => "1 January, 00:00".to_owned(),
            };
            here(from, "now", (true, true), "both seconds included; local time")
        }
        Window::Yesterday => here("yesterday 00:00".to_owned(), "today 00:00", (true, false), DAYS),
        Window::Since(at) => here(instant(at), "now", (true, true), "both seconds included"),
        Window::Before(at) => {
            here("the beginning".to_owned(), &instant(at), (true, false), "the second at ○ is not included")
        }
        Window::Days(from, to) => {
            let end = to.succ_opt().unwrap_or(to);
            here(format!("{} 00:00", date(from)), &format!("{} 00:00", date(end)), (true, false), DAYS)
        }
    }
}

const DAYS: &str = "the second at ○ is not included; local time";

fn instant(at: Point) -> String {
    match at {
        Point::Instant(at) => at.rfc3339(),
        Point::Day(day) => format!("{} 00:00, local", date(day)),
    }
}

fn word(event: &Match) -> &'static str {
    match &event.verb {
        Verb::Replied => "reply",
        Verb::Tapped => "tap",
        Verb::Reacted | Verb::RemovedReaction => "reaction",
        Verb::WasSent => "message",
        Verb::Received | Verb::FailedToReceive => "delivery",
        Verb::Read => "receipt",
        Verb::Performed(_) => "event",
        Verb::Moved(_) => "move",
        Verb::Changed(_) => "change",
    }
}

impl Picture {
    fn new(
        from: impl Into<String>,
        to: impl Into<String>,
        bar: &str,
        (from_included, to_included): (bool, bool),
        note: &str,
    ) -> Self {
        let (from, to, bar, note) = (from.into(), to.into(), bar.to_owned(), note.to_owned());
        Self { from, to, bar, from_included, to_included, note, then: None }
    }

    /// Two lines: the labels, and the bar below them.
    #[must_use]
    pub fn draw(&self) -> String {
        let right = RIGHT.max(LEFT + columns(&self.from) + 2).max(LEFT + columns(&self.bar) + 10);
        let mut labels = format!("{:LEFT$}{}", "", self.from);
        pad(&mut labels, right);
        labels.push_str(&self.to);
        let inner = right - LEFT - 1;
        let dashes = inner.saturating_sub(columns(&self.bar) + 2);
        let (before, after) = (dashes / 2, dashes - dashes / 2);
        let end = |included: bool, closed: &'static str| if included { closed } else { "○" };
        let mut bar = format!(
            "{:width$}{}{} {} {}{}",
            "",
            end(self.from_included, "├"),
            "─".repeat(before),
            self.bar,
            "─".repeat(after),
            end(self.to_included, "┤"),
            width = LEFT + INSET,
        );
        if let Some((label, what)) = &self.then {
            let place = columns(&labels) + 3;
            pad(&mut labels, place);
            labels.push_str(label);
            let used = columns(&bar);
            bar.push_str(&"┄".repeat((place + INSET).saturating_sub(used)));
            bar.push_str(&format!("◆ {what}"));
        }
        if !self.note.is_empty() {
            bar.push_str(&format!(" ({})", self.note));
        }
        format!("{labels}\n{bar}\n")
    }
}

fn pad(line: &mut String, width: usize) {
    let missing = width.saturating_sub(columns(line));
    line.push_str(&" ".repeat(missing));
}
