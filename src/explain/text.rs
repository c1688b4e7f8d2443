//! An explanation for a terminal, with the times that the person's clocks show.

use std::fmt::Write as _;

use super::explanation::{
    CampaignExplained, Candidate, Deadline, Explained, Explanation, Fact, Gate, JourneyTold, Moment, Outcome, Part,
    Pending, SegmentExplained, Sighting,
};
use super::moment::local_words;
use crate::dsl::describe::wrapped;
use crate::dsl::words::{many, quoted, span};
use crate::model::calendar::Calendar;
use crate::model::time::{Second, Span};
use crate::model::value::Properties;

/// A delay between what happened and its arrival that is worth a word.
const DELAY_SHOWN: Span = Span(60);
/// Of a text, and of the data of an event, so many characters are shown.
const TEXT_CHARS_MAX: usize = 120;
/// Columns of a label below a part.
const LABEL: usize = 13;

/// The explanation in lines.
#[must_use]
pub fn render(explanation: &Explanation) -> String {
    let zone = explanation.time_zone.parse().unwrap_or_default();
    let writer = Writer { at: explanation.at.0, calendar: Calendar { zone, ..Calendar::default() } };
    let person = explanation.person.id.clone().unwrap_or_else(|| format!("cio_{}", explanation.person.cio_id));
    let head = format!("{}   {person} at {}", explanation.rule, writer.time(explanation.at));
    let mut out = String::new();
    match &explanation.explained {
        Explained::Segment(segment) => writer.segment(&head, segment, &mut out),
        Explained::Campaign(campaign) => writer.campaign(&head, campaign, &mut out),
    }
    if let Some(wake) = explanation.next_wake {
        let _ = writeln!(out, "\nnext wake: {} (over all rules)", writer.time(wake));
    }
    out
}

struct Writer {
    at: Second,
    calendar: Calendar,
}

impl Writer {
    fn time(&self, moment: Moment) -> String {
        local_words(self.calendar, self.at, moment.0)
    }

    fn segment(&self, head: &str, segment: &SegmentExplained, out: &mut String) {
        let _ = writeln!(out, "{}  {head}", if segment.is_in { "IN " } else { "OUT" });
        let since = self.time(segment.since);
        let _ = match (segment.since_is_exact, segment.from_the_first) {
            (false, _) => writeln!(out, "     since {since} or longer"),
            (true, true) => writeln!(out, "     since {since}, the first second that they are known"),
            (true, false) => writeln!(out, "     since {since}"),
        };
        let _ = match segment.until {
            Some(until) => {
                let how_long = span(until.0.since(self.at));
                let shift =
                    if self.offset(self.at) == self.offset(until.0) { "" } else { "; their clocks change before" };
                writeln!(out, "     until {}, if nothing happens ({how_long} ahead{shift})", self.time(until))
            }
            None => writeln!(out, "     for as long as nothing happens{}", self.ahead(segment.looked_ahead_to)),
        };
        if let Some(condition) = &segment.condition {
            out.push('\n');
            self.part(condition, 0, out);
        }
        if let Some(chosen) = &segment.chosen {
            out.push('\n');
            self.sighting("moved", chosen, 0, out);
        }
        let itself = segment.condition.as_ref().filter(|_| !segment.is_in);
        if segment.changed_by.is_empty() {
            let what = if segment.is_in { "takes them out" } else { "lets them in" };
            let by_events = segment.condition.as_ref().is_some_and(asks_for_events);
            let late = if by_events { " any more, unless it happened earlier and arrives late" } else { "" };
            let _ = writeln!(out, "\nNothing {what}{late}.");
        } else if itself.is_some_and(|itself| itself.parts.is_empty()) {
            // One condition that does not hold: what has to become true stands there.
        } else {
            let _ = writeln!(out, "\n{}", if segment.is_in { "They leave when" } else { "They enter when" });
            for way in &segment.changed_by {
                for (place, part) in way.iter().enumerate() {
                    wrapped(if place == 0 { "  • " } else { "    and " }, "    ", part, out);
                }
            }
        }
    }

    /// Where not everything ahead was looked at.
    fn ahead(&self, to: Moment) -> String {
        if to.0 < Second::LAST { format!(" (looked ahead to {})", self.time(to)) } else { String::new() }
    }

    fn offset(&self, at: Second) -> i64 {
        self.calendar.local(at).and_utc().timestamp().saturating_sub(at.0)
    }

    fn part(&self, part: &Part, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        let mark = if part.holds { "✔" } else { "✘" };
        wrapped(&format!("{indent}{mark} "), &format!("{indent}  "), &part.text, out);
        for step in &part.steps {
            wrapped(&format!("{indent}    "), &format!("{indent}       "), step, out);
        }
        match part.count {
            Some(count) if count > 1 => self.label("count", &format!("{count} in the window"), depth, out),
            _ => {}
        }
        for sighting in &part.counted {
            self.sighting("counts", sighting, depth, out);
        }
        for pending in &part.pending {
            self.pending(pending, depth, out);
        }
        for sighting in &part.not_counted {
            self.sighting("not counted", sighting, depth, out);
        }
        for fact in &part.facts {
            self.fact(fact, depth, out);
        }
        for inner in &part.parts {
            self.part(inner, depth + 1, out);
        }
    }

    fn label(&self, label: &str, text: &str, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        let _ = writeln!(out, "{indent}    {label:LABEL$}{text}");
    }

    fn fact(&self, fact: &Fact, depth: usize, out: &mut String) {
        let at = fact.at.map(|at| self.time(at));
        let said: Vec<String> = fact.value.iter().cloned().chain(at).collect();
        self.label(&fact.label, &said.join(", "), depth, out);
    }

    fn sighting(&self, label: &str, sighting: &Sighting, depth: usize, out: &mut String) {
        self.label(label, &self.seen(sighting), depth, out);
        if let Some(message) = &sighting.message {
            let of = [&message.campaign, &message.step].into_iter().flatten().cloned().collect::<Vec<_>>().join("/");
            let of = if of.is_empty() {
                message.template.clone().unwrap_or_else(|| "a message of ours".to_owned())
            } else {
                of
            };
            let Some(reason) = &message.reason else { return self.label("", &format!("of {of}"), depth, out) };
            let before = span(sighting.at.0.since(message.sent.0));
            let reason = reason.replace('_', " ");
            self.label("", &format!("answers {of}: {reason}, sent {before} before"), depth, out);
        }
    }

    /// An event on one line.
    fn seen(&self, sighting: &Sighting) -> String {
        let mut out = self.time(sighting.at);
        let _ = match &sighting.text {
            Some(text) => {
                let tokens = sighting.tokens.as_deref().unwrap_or_default().join(" · ");
                write!(out, "   {} → [{}]", quoted(&cut(text)), cut(&tokens))
            }
            None => write!(out, "   {}{}", sighting.event, data(&sighting.data)),
        };
        if let Some(matched) = &sighting.matched {
            let _ = write!(out, "   {matched}");
        }
        if let Some(why) = &sighting.why_not {
            let _ = write!(out, "   {why}");
        }
        if let Some(until) = sighting.counts_until.filter(|until| until.0 > self.at) {
            let _ = write!(out, "   (counts until {})", self.time(until));
        }
        let delay = sighting.arrived.0.since(sighting.at.0);
        let late = if sighting.is_late { "late, " } else { "" };
        if sighting.arrived.0 > self.at {
            let _ = write!(out, "   ({late}not known then: arrived {} later)", span(delay));
        } else if sighting.is_late || delay >= DELAY_SHOWN {
            let _ = write!(out, "   ({late}arrived {} later)", span(delay));
        }
        out
    }

    fn pending(&self, pending: &Pending, depth: usize, out: &mut String) {
        self.sighting("from", &pending.after, depth, out);
        let deadline = self.time(pending.deadline);
        let grace =
            if pending.grace > 0 { format!(" and {} of grace", span(Span(pending.grace))) } else { String::new() };
        let left = |until: Moment| span(until.0.since(self.at));
        let text = match (pending.state, pending.decided) {
            (Deadline::Open, Some(decided)) => {
                format!("{deadline}; decided {} (+ 1 s{grace}), in {}", self.time(decided), left(decided))
            }
            (Deadline::Open, None) => format!("{deadline}, in {}", left(pending.deadline)),
            (Deadline::Answered, _) => format!("{deadline}, met"),
            (Deadline::Passed, Some(decided)) => format!("{deadline}, nothing came: decided {}", self.time(decided)),
            (Deadline::Passed, None) => format!("{deadline}, passed"),
        };
        self.label("deadline", &text, depth, out);
        if let Some(by) = &pending.by {
            self.sighting("met by", by, depth, out);
        }
    }

    fn campaign(&self, head: &str, campaign: &CampaignExplained, out: &mut String) {
        let runs = campaign.journey.as_ref().is_some_and(|journey| journey.ended.is_none());
        let state = match (runs, &campaign.candidate) {
            (true, _) => "RUNNING",
            (false, Some(Candidate { outcome: Outcome::Started, .. })) => "ENDED",
            (false, Some(Candidate { outcome: Outcome::Refused, .. })) => "REFUSED",
            (false, _) => "NOT STARTED",
        };
        let _ = writeln!(out, "{state}  {head}");
        if let Some(candidate) = &campaign.candidate {
            self.candidate(candidate, out);
        }
        out.push('\n');
        wrapped("starts: ", "        ", &campaign.trigger, out);
        for gate in &campaign.gates {
            self.gate(gate, out);
        }
        if let Some(journey) = &campaign.journey {
            self.journey(journey, out);
        }
    }

    fn candidate(&self, candidate: &Candidate, out: &mut String) {
        let what = match (&candidate.outcome, &candidate.reason) {
            (Outcome::Started, _) => "started it".to_owned(),
            (Outcome::Refused, Some(reason)) => format!("did not start it: {reason}"),
            (Outcome::Refused, None) => "did not start it".to_owned(),
            (Outcome::Nothing, _) => "nothing was written down about it: the campaign was not live then".to_owned(),
        };
        let _ = match &candidate.event {
            Some(event) => writeln!(out, "     {}\n     {what}", self.seen(event)),
            None => writeln!(out, "     what turned true at {} {what}", self.time(candidate.at)),
        };
    }

    fn gate(&self, gate: &Gate, out: &mut String) {
        let mark = match gate.passes {
            Some(true) => "✔",
            Some(false) => "✘",
            None => "·",
        };
        let at = gate.at.map(|at| format!(" {}", self.time(at))).unwrap_or_default();
        let _ = writeln!(out, "{mark} {:11}{}{at}", gate.gate, gate.why);
        for part in &gate.parts {
            self.part(part, 2, out);
        }
    }

    fn journey(&self, journey: &JourneyTold, out: &mut String) {
        let key = journey.key.as_ref().map(|key| format!(" ({})", quoted(key))).unwrap_or_default();
        let state = match journey.ended {
            Some(ended) => format!("ended {}", self.time(ended)),
            None => "runs".to_owned(),
        };
        let lines = many(i128::try_from(journey.lines.len()).unwrap_or_default(), "line");
        let _ = writeln!(
            out,
            "\njourney {}{key}: began {}, {state}; its newest {lines}",
            journey.id,
            self.time(journey.started)
        );
        for line in &journey.lines {
            let step = line.step.as_ref().map(|step| format!("{step}: ")).unwrap_or_default();
            let until = line.until.map(|until| format!(" {}", self.time(until))).unwrap_or_default();
            let _ = writeln!(out, "  {}   {step}{}{until}", self.time(line.at), line.what);
        }
    }
}

/// Whether some part counts events.
fn asks_for_events(part: &Part) -> bool {
    part.count.is_some() || part.parts.iter().any(asks_for_events)
}

/// What a custom event carries, or which attributes were written.
fn data(data: &Properties) -> String {
    if data.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> = data.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!(" ({})", cut(&pairs.join(", ")))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
