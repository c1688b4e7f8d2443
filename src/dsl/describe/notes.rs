//! What stands below a description: the words that need one, what changes the rule, what it costs.

use super::Describer;
use super::event::Number;
use super::outline::wrapped;
use super::picture::Picture;
use crate::dsl::cost::{self, Growing};
use crate::dsl::walk::{Rule, each_condition};
use crate::dsl::words::{exact, grouped, quoted, several, span};
use crate::model::rule::{Condition, Match, TextTest, Verb};

/// How far in the notes stand.
const INDENT: &str = "  ";

impl Describer<'_> {
    /// The first lines: which rule this is.
    pub(super) fn head(&self, rule: Rule<'_>, title: Option<&str>, owner: Option<&str>, out: &mut String) {
        let place = match rule {
            Rule::Segment(segment) => &segment.place,
            Rule::Campaign(campaign) => &campaign.place,
            Rule::Schedule(schedule) => &schedule.place,
        };
        let kind = match rule {
            Rule::Segment(_) => "Segment",
            Rule::Campaign(_) => "Campaign",
            Rule::Schedule(_) => "Schedule",
        };
        let at = if place.file.is_empty() { String::new() } else { format!(" ({}:{})", place.file, place.line) };
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        wrapped("", INDENT, &format!("{kind} {}{at}", rule.name()), out);
        if let Some(title) = title {
            wrapped(INDENT, INDENT, &line(title), out);
        }
        if let Some(owner) = owner {
            wrapped(INDENT, INDENT, &format!("owner: {}", line(owner)), out);
        }
        out.push('\n');
    }

    /// The pictures, with a line between them.
    pub(super) fn draw(&self, pictures: &[Picture], out: &mut String) {
        for picture in pictures {
            out.push('\n');
            out.push_str(&picture.draw());
        }
    }

    /// What the words mean, what changes the rule and what it costs.
    pub(super) fn notes(&self, rule: Rule<'_>, out: &mut String) {
        out.push('\n');
        let mut note = |label: &str, text: &str| wrapped(&format!("{label}: "), INDENT, text, out);
        let matches = rule.matches();
        for (list, entries) in self.lists(&matches) {
            note(&format!("List {list}"), &several(entries.iter().map(|entry| quoted(entry))));
        }
        if matches.iter().any(|event| event.verb == Verb::Replied && event.target.is_none() && event.in_time.is_none())
        {
            note("A reply", "any message of theirs to us, whether it answers one of ours or not; a reaction is none");
        }
        if matches.iter().any(|event| is_attributed(event)) {
            let window = exact(self.rules.schema.attribution_window);
            note(
                "Answers a message",
                &format!(
                    "quotes it or uses a button or list of it, however old it is; or came while only this one was on \
                     its way; or else it is the newest from the number they wrote to, and at most {window} old"
                ),
            );
        }
        if matches.iter().any(|event| event.target.as_ref().is_some_and(|target| target.directly)) {
            note("Points directly at a message", "quotes it, or uses a button or list of it; nothing is guessed");
        }
        if tests_attribute(rule, "unsubscribed") {
            note("Unsubscribed", "a stop word, their WhatsApp preference, the API or the link says so");
        }
        let cost = cost::cost(self.rules, rule);
        let list = |items: &[String], none: &str| if items.is_empty() { none.to_owned() } else { items.join("; ") };
        note("Changes on", &list(&cost.changes, "nothing"));
        note("Wakes", &list(&cost.wakes, "none (time alone changes nothing)"));
        note("State", &cost.state_words());
        for (letter, growing) in ('P'..).zip(&cost.growing) {
            note(&format!("  {letter}"), &self.growing(growing));
        }
    }

    /// What the number of open cases depends on.
    #[must_use]
    pub fn growing(&self, growing: &Growing) -> String {
        let (noun, first) = (self.noun(&growing.opened_by), &growing.opened_by);
        let events = format!("{} {}{}", noun.many, noun.of, self.qualities(first, "that very message", Number::Many));
        let age = growing.open_for.map_or_else(String::new, |open| format!(" in the last {}", span(open)));
        let bound = match growing.at_most {
            Some(most) => format!("; at most {}, as limits allow no more", grouped(most)),
            None => "; nothing bounds their number".to_owned(),
        };
        format!("{events}{age}, as far as they are still open{bound}")
    }

    /// The named lists among the keywords.
    fn lists(&self, matches: &[&Match]) -> Vec<(&str, &[String])> {
        let mut lists: Vec<(&str, &[String])> = Vec::new();
        for event in matches {
            let words = match &event.text {
                Some(TextTest::AnyOf(words) | TextTest::Containing(words) | TextTest::StartingWith(words)) => words,
                Some(TextTest::Exactly(_) | TextTest::Matching(_) | TextTest::ButtonId(_)) | None => continue,
            };
            if let Some(list) = self.list_of(words)
                && let Some(entries) = self.rules.schema.lists.get(list)
                && !lists.iter().any(|(known, _)| *known == list)
            {
                lists.push((list, entries));
            }
        }
        lists
    }
}

/// Whether it matters which message an event answers, pointed at or not.
fn is_attributed(event: &Match) -> bool {
    let to = event.target.as_ref().is_some_and(|target| !target.directly);
    matches!(event.verb, Verb::Replied | Verb::Tapped) && (to || event.in_time.is_some())
}

fn tests_attribute(rule: Rule<'_>, name: &str) -> bool {
    let mut found = false;
    for condition in rule.watched().into_iter().chain(rule.asked()) {
        each_condition(condition, &mut |part| {
            found |= matches!(part, Condition::Attribute(test) if test.name == name);
        });
    }
    found
}
