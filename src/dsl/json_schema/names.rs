//! The names of a rule set, to be offered where one is wanted.

use std::collections::BTreeSet;

use crate::dsl::walk::each_step;
use crate::model::rule::{Action, Content, RuleSet, SegmentKind};

/// Names by what they name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub segments: BTreeSet<String>,
    pub manual: BTreeSet<String>,
    pub campaigns: BTreeSet<String>,
    pub steps: BTreeSet<String>,
    pub schedules: BTreeSet<String>,
    pub limits: BTreeSet<String>,
    /// Those that campaigns send.
    pub templates: BTreeSet<String>,
    pub attributes: BTreeSet<String>,
    pub events: BTreeSet<String>,
}

impl Names {
    /// The names in `rules`.
    #[must_use]
    pub fn of(rules: &RuleSet) -> Self {
        let mut names = Self {
            segments: rules.segments.iter().map(|segment| segment.name.clone()).collect(),
            campaigns: rules.campaigns.iter().map(|campaign| campaign.name.clone()).collect(),
            schedules: rules.schedules.iter().map(|schedule| schedule.name.clone()).collect(),
            limits: rules.schema.limits.keys().cloned().collect(),
            attributes: rules.schema.person.keys().cloned().collect(),
            events: rules.schema.events.keys().cloned().collect(),
            ..Self::default()
        };
        let manual = rules.segments.iter().filter(|segment| segment.kind == SegmentKind::Manual);
        names.manual = manual.map(|segment| segment.name.clone()).collect();
        for campaign in &rules.campaigns {
            each_step(&campaign.steps, &mut |step| {
                names.steps.insert(step.id.clone());
                if let Action::Send(send) = &step.action {
                    for content in std::iter::once(&send.content).chain(&send.if_window_closed) {
                        if let Content::Template { name, .. } = content {
                            names.templates.insert(name.clone());
                        }
                    }
                }
            });
        }
        names
    }
}
