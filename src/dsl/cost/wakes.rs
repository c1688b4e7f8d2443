//! When time alone changes something: each as a phrase behind "wakes".

use std::collections::BTreeSet;

use crate::dsl::walk::{Rule, each_condition, each_step};
use crate::dsl::words::{self, exact, exact_length, quoted, span};
use crate::model::compare::{Comparison, Op, TimeTest};
use crate::model::rule::{
    Action, Condition, Counted, Happened, Match, Phrase, RuleSet, Schedule, Segment, SegmentKind, Sequence, Times,
    Verb, Wait, Window,
};
use crate::model::time::{CalendarUnit, Length, Span};
use crate::model::value::Type;

pub(super) fn wakes(rules: &RuleSet, rule: Rule<'_>) -> Vec<String> {
    let mut wakes = Wakes { rules, seen: BTreeSet::new(), all: Vec::new() };
    if let Some(Phrase::Sequence(sequence)) = rule.trigger() {
        wakes.verdict(sequence);
    }
    for condition in rule.watched() {
        wakes.condition(condition);
    }
    match rule {
        Rule::Campaign(campaign) => {
            each_step(&campaign.steps, &mut |step| wakes.step(&step.id, &step.action, campaign.grace));
        }
        Rule::Schedule(Schedule { cron, .. }) => wakes.push(format!("at its times, {cron}")),
        Rule::Segment(_) => {}
    }
    wakes.all
}

struct Wakes<'r> {
    rules: &'r RuleSet,
    /// Segments that were looked into.
    seen: BTreeSet<&'r str>,
    all: Vec<String>,
}

impl<'r> Wakes<'r> {
    fn push(&mut self, what: String) {
        if !self.all.contains(&what) {
            self.all.push(what);
        }
    }

    fn condition(&mut self, condition: &'r Condition) {
        each_condition(condition, &mut |part| match part {
            Condition::Attribute(test) => flips(test).into_iter().for_each(|flip| self.push(flip)),
            Condition::InSegment(name) => self.segment(name),
            Condition::ServiceWindow => self.push("24 hours (86,400 s) after their newest message".to_owned()),
            Condition::KnownFor(span) => self.push(format!("{} after we came to know them", exact(*span))),
            Condition::HeldFor { span, .. } => {
                self.push(format!("{} after what has to hold that long became true", exact(*span)));
            }
            Condition::LocalTime { .. } | Condition::LocalDay(_) => self.push("at the local times it names".to_owned()),
            Condition::Happened(happened) => self.happened(happened),
            Condition::Everyone
            | Condition::Not(_)
            | Condition::All(_)
            | Condition::Any(_)
            | Condition::InCampaign(_)
            | Condition::InSample { .. } => {}
        });
    }

    /// A segment inside wakes whoever looks at it, if it wakes at all.
    fn segment(&mut self, name: &'r str) {
        if !self.seen.insert(name) {
            return;
        }
        let found = self.rules.segments.iter().find(|segment| segment.name == name);
        let Some(Segment { kind: SegmentKind::Data(condition), .. }) = found else { return };
        let mut inside = Wakes { rules: self.rules, seen: std::mem::take(&mut self.seen), all: Vec::new() };
        inside.condition(condition);
        self.seen = inside.seen;
        if !inside.all.is_empty() {
            self.push(format!("when segment {} wakes", quoted(name)));
        }
    }

    fn happened(&mut self, happened: &Happened) {
        let what = match &happened.what {
            Phrase::One(event) => short(event),
            Phrase::Sequence(sequence) => {
                self.verdict(sequence);
                if sequence.steps.last().is_some_and(|step| step.not) { "verdict" } else { "completion" }
            }
        };
        match happened.window {
            Window::Last(Length::Elapsed(span)) => {
                let which = match &happened.counted {
                    Counted::Times(times) => nth(*times, what),
                    Counted::Newest => format!("when the newest {what}"),
                    Counted::Distinct { .. } => format!("when the newest {what} with one of the values"),
                };
                self.push(format!("{which} is {} old", exact(span)));
            }
            Window::Last(Length::Calendar { .. }) | Window::This(CalendarUnit::Day) | Window::Yesterday => {
                self.push("at local midnights".to_owned());
            }
            Window::This(unit) => {
                let unit = words::unit_word(unit);
                self.push(format!("at the local midnight that begins a {unit}"));
            }
            Window::Ever | Window::Since(_) | Window::Before(_) | Window::Days(..) | Window::SinceEntry => {}
        }
    }

    /// What must not come is missing from a certain second on.
    fn verdict(&mut self, sequence: &Sequence) {
        let Some(last) = sequence.steps.last().filter(|step| step.not) else { return };
        let waited = match last.within {
            Some(Length::Elapsed(within)) => exact(Span(within.0.saturating_add(1).saturating_add(sequence.grace.0))),
            Some(Length::Calendar { amount, unit }) => {
                format!("at the end of the local day {}", words::many(amount, words::unit_word(unit)))
            }
            None => return,
        };
        let positive = sequence.steps.iter().rfind(|step| !step.not).map(|step| &step.event);
        self.push(format!("{waited} after each matching {}", short(positive.unwrap_or(&sequence.first))));
    }

    fn step(&mut self, id: &str, action: &Action, grace: Span) {
        match action {
            Action::Wait(Wait::For(length)) => self.push(format!("{} after step {id:?} begins", exact_length(*length))),
            Action::Wait(Wait::UntilTime(_) | Wait::Until { .. }) => self.push(format!("when step {id:?} ends")),
            Action::WaitUntil(wait) => {
                if let Some(timeout) = &wait.timeout {
                    let waits = Span(grace.0.saturating_add(1));
                    self.push(format!("{} and {} after step {id:?} begins", exact_length(timeout.after), span(waits)));
                }
            }
            Action::Send(_)
            | Action::Webhook(_)
            | Action::UpdatePerson(_)
            | Action::RecordEvent { .. }
            | Action::ManualSegment { .. }
            | Action::Branch { .. }
            | Action::Split(_)
            | Action::Exit(_) => {}
        }
    }
}

/// When time alone changes the truth of a test.
fn flips(test: &Comparison) -> Vec<String> {
    let Op::Time(op) = &test.op else { return Vec::new() };
    let name = words::name(&test.name);
    let midnight = || vec![format!("at local midnights, for {name}")];
    if test.ty == Some(Type::Date) && test.is_timed() {
        return midnight();
    }
    match op {
        TimeTest::InTheNext(d @ Length::Elapsed(_)) => {
            vec![format!("{} before {name}", exact_length(*d)), format!("when {name} comes")]
        }
        TimeTest::InTheLast(d @ Length::Elapsed(_)) => {
            vec![format!("when {name} comes"), format!("{} after {name}", exact_length(*d))]
        }
        TimeTest::MoreThanAgo(d @ Length::Elapsed(_)) => {
            vec![format!("{} and 1 second after {name}", exact_length(*d))]
        }
        TimeTest::MoreThanAway(d @ Length::Elapsed(_)) => vec![format!("{} before {name}", exact_length(*d))],
        TimeTest::InThePast | TimeTest::InTheFuture => vec![format!("when {name} comes")],
        TimeTest::InTheNext(_) | TimeTest::InTheLast(_) | TimeTest::MoreThanAgo(_) | TimeTest::MoreThanAway(_) => {
            let mut all = vec![format!("when {name} comes")];
            all.append(&mut midnight());
            all
        }
        TimeTest::DaysAway(_) => midnight(),
        TimeTest::Before(_) | TimeTest::After(_) | TimeTest::On(_) => Vec::new(),
    }
}

/// The event whose age decides.
fn nth(times: Times, what: &str) -> String {
    match times {
        Times::AtLeast(0 | 1) => format!("when the newest matching {what}"),
        Times::AtLeast(k) => format!("when the {} newest matching {what}", ordinal(k)),
        Times::AtMost(_) | Times::Exactly(_) => format!("when a matching {what}"),
    }
}

fn ordinal(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        (1, teen) if teen != 11 => "st",
        (2, teen) if teen != 12 => "nd",
        (3, teen) if teen != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// One word or two for an event of the verb.
fn short(event: &Match) -> &'static str {
    match &event.verb {
        Verb::Replied => "reply",
        Verb::Tapped => "tap",
        Verb::Reacted => "reaction",
        Verb::RemovedReaction => "removed reaction",
        Verb::WasSent => "send",
        Verb::Received => "delivery",
        Verb::Read => "read receipt",
        Verb::FailedToReceive => "failed delivery",
        Verb::Performed(_) => "event",
        Verb::Moved(_) => "move",
        Verb::Changed(_) => "change",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_end_as_they_should() {
        let ends =
            [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (22, "22nd")];
        for (n, said) in ends {
            assert_eq!(ordinal(n), said);
        }
    }
}
