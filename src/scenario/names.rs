//! What a test may name, looked up in the rules; and the complaint about what is not there.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostic::Code;
use crate::dsl::file::{OWN_EVENTS, Report, built_in};
use crate::dsl::walk;
use crate::model::rule::{Action, Campaign, Content, RuleSet, SegmentKind, Step};
use crate::model::value::Properties;

use super::story::Which;

/// The names of the rules; none where the rules are broken or the test is still to be written, and then any name goes.
#[derive(Clone, Copy)]
pub struct Names<'r>(pub Option<&'r RuleSet>);

impl<'r> Names<'r> {
    /// Complains of a segment that is not there.
    pub fn segment(self, name: &str, at: &Range<usize>, report: &mut Report<'_>) {
        let Some(rules) = self.0 else { return };
        let known: Vec<&str> = rules.segments.iter().map(|segment| segment.name.as_str()).collect();
        unknown("segment", name, at, &known, report);
    }

    /// Complains of a segment whose members do not come from outside.
    pub fn manual(self, name: &str, at: &Range<usize>, report: &mut Report<'_>) {
        let Some(rules) = self.0 else { return };
        match rules.segments.iter().find(|segment| segment.name == name) {
            Some(segment) if segment.kind != SegmentKind::Manual => {
                report
                    .error(Code::E1002, at.clone(), format!("segment `{name}` has a condition"))
                    .note("only manual segments are joined and left");
            }
            _ => self.segment(name, at, report),
        }
    }

    /// Complains of parts of a message that no campaign has.
    pub fn message(self, which: &Which, places: &[(&str, Range<usize>)], report: &mut Report<'_>) {
        let Some(rules) = self.0 else { return };
        let at =
            |key: &str| places.iter().find(|(found, _)| *found == key).map(|(_, at)| at.clone()).unwrap_or_default();
        let mut campaigns: Vec<&Campaign> = rules.campaigns.iter().collect();
        if let Some(name) = &which.campaign {
            let known: Vec<&str> = campaigns.iter().map(|campaign| campaign.name.as_str()).collect();
            if unknown("campaign", name, &at("campaign"), &known, report) {
                return;
            }
            campaigns.retain(|campaign| campaign.name == *name);
        }
        if let Some(step) = &which.step {
            let steps = campaigns.iter().flat_map(|campaign| steps(&campaign.steps));
            let known: Vec<&str> =
                steps.filter(|step| matches!(step.action, Action::Send(_))).map(|step| step.id.as_str()).collect();
            unknown("step that sends", step, &at("step"), &known, report);
        }
    }

    /// The template that the step sends, if it is one.
    pub fn template(self, which: &Which) -> Option<&'r str> {
        let campaigns =
            self.0?.campaigns.iter().filter(|found| which.campaign.as_ref().is_none_or(|n| *n == found.name));
        let step =
            campaigns.flat_map(|found| steps(&found.steps)).find(|step| Some(&step.id) == which.step.as_ref())?;
        match &step.action {
            Action::Send(send) => match &send.content {
                Content::Template { name, .. } => Some(name),
                Content::Text(_) => None,
            },
            _ => None,
        }
    }

    /// Complains of an attribute that nobody has.
    pub fn attribute(self, name: &str, at: &Range<usize>, report: &mut Report<'_>) {
        let Some(rules) = self.0.filter(|rules| !rules.schema.person.is_empty()) else { return };
        if built_in(name).is_some() {
            return;
        }
        let known: Vec<&str> = rules.schema.person.keys().map(String::as_str).chain(["id", "phone", "email"]).collect();
        if !known.contains(&name) {
            report.unknown(Code::E0301, at.clone(), &format!("there is no attribute `{name}`"), name, &known);
        }
    }

    /// Complains of an event that is not declared, or of properties that it has not.
    pub fn event(
        self,
        (name, at): (&str, &Range<usize>),
        properties: &[(&str, Range<usize>)],
        report: &mut Report<'_>,
    ) {
        let Some(rules) = self.0.filter(|rules| !rules.schema.events.is_empty()) else { return };
        if OWN_EVENTS.contains(&name) {
            return;
        }
        let Some(declared) = rules.schema.events.get(name) else {
            let known: Vec<&str> = rules.schema.events.keys().map(String::as_str).collect();
            report.unknown(Code::E0301, at.clone(), &format!("there is no event `{name}`"), name, &known);
            return;
        };
        let known: Vec<&str> = declared.keys().map(String::as_str).collect();
        for (property, at) in properties.iter().filter(|(property, _)| !declared.contains_key(*property)) {
            let message = format!("event `{name}` has no property `{property}`");
            report.unknown(Code::E0301, at.clone(), &message, property, &known);
        }
    }
}

fn unknown(what: &str, name: &str, at: &Range<usize>, known: &[&str], report: &mut Report<'_>) -> bool {
    let is_unknown = !known.contains(&name);
    if is_unknown {
        report.unknown(Code::E1002, at.clone(), &format!("there is no {what} `{name}`"), name, known);
    }
    is_unknown
}

/// All steps of a campaign, those inside of other steps too.
fn steps(steps: &[Step]) -> Vec<&Step> {
    let mut all = Vec::new();
    walk::each_step(steps, &mut |step| all.push(step));
    all
}

/// The names under `env.` that rules reach. In a test each stands for itself: `env.DESK_URL` is the text
/// `env.DESK_URL`, on whatever machine it is played.
#[must_use]
pub fn environment(rules: &RuleSet) -> Properties {
    // A rule set is plain data: it has no map whose keys are no texts, which is what could fail.
    let text = serde_json::to_string(rules).unwrap_or_default();
    let names = text.match_indices("env.").map(|(at, found)| {
        let rest = &text[at + found.len()..];
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
    });
    let names: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
    names.into_iter().map(|name| (name.to_owned(), format!("env.{name}").into())).collect()
}
