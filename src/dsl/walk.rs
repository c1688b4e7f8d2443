//! Walks over rules: the conditions, events and steps in them, wherever they stand.

use crate::model::rule::{Action, Campaign, Condition, Happened, Match, Phrase, Schedule, Segment, SegmentKind, Step};
use crate::model::rule::{Task, Trigger};

/// One rule of any kind.
#[derive(Clone, Copy, Debug)]
pub enum Rule<'r> {
    Segment(&'r Segment),
    Campaign(&'r Campaign),
    Schedule(&'r Schedule),
}

impl<'r> Rule<'r> {
    /// `segment`, `campaign`, `schedule`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Segment(_) => "segment",
            Self::Campaign(_) => "campaign",
            Self::Schedule(_) => "schedule",
        }
    }

    /// The name that the author gave it.
    #[must_use]
    pub fn name(self) -> &'r str {
        match self {
            Self::Segment(segment) => &segment.name,
            Self::Campaign(campaign) => &campaign.name,
            Self::Schedule(schedule) => &schedule.name,
        }
    }

    /// The conditions whose truth is kept up at every second while the rule, or a journey of it, is there.
    #[must_use]
    pub fn watched(self) -> Vec<&'r Condition> {
        match self {
            Self::Segment(segment) => match &segment.kind {
                SegmentKind::Data(condition) => vec![condition],
                SegmentKind::Manual => Vec::new(),
            },
            Self::Campaign(campaign) => {
                let mut all = Vec::new();
                if let Trigger::Becomes(condition) = &campaign.trigger {
                    all.push(condition);
                }
                all.extend(&campaign.exit);
                all.extend(campaign.goal.as_ref().map(|goal| &goal.condition));
                each_step(&campaign.steps, &mut |step| {
                    if let Action::WaitUntil(wait) = &step.action {
                        all.extend(wait.outcomes.iter().map(|outcome| &outcome.condition));
                    }
                });
                all
            }
            Self::Schedule(_) => Vec::new(),
        }
    }

    /// The conditions that are looked at only when something else happens: filters, steps, occurrences.
    #[must_use]
    pub fn asked(self) -> Vec<&'r Condition> {
        match self {
            Self::Segment(_) => Vec::new(),
            Self::Campaign(campaign) => {
                let mut all: Vec<&Condition> = campaign.filter.iter().collect();
                each_step(&campaign.steps, &mut |step| {
                    all.extend(&step.condition);
                    if let Action::Branch { arms, .. } = &step.action {
                        all.extend(arms.iter().map(|(condition, _)| condition));
                    }
                });
                all
            }
            Self::Schedule(schedule) => match &schedule.task {
                Task::ForEach(condition) => vec![condition],
                Task::Recheck { .. } => Vec::new(),
            },
        }
    }

    /// What starts it, where that is an event or a sequence.
    #[must_use]
    pub fn trigger(self) -> Option<&'r Phrase> {
        match self {
            Self::Campaign(Campaign { trigger: Trigger::Event(phrase), .. }) => Some(phrase),
            Self::Campaign(_) | Self::Segment(_) | Self::Schedule(_) => None,
        }
    }

    /// Every event test of the rule.
    #[must_use]
    pub fn matches(self) -> Vec<&'r Match> {
        let mut all: Vec<&Match> = self.trigger().map(events).unwrap_or_default();
        for condition in self.watched().into_iter().chain(self.asked()) {
            each_happened(condition, &mut |happened| all.extend(events(&happened.what)));
        }
        all
    }
}

/// The condition and all its parts, outer ones first.
pub fn each_condition<'r>(condition: &'r Condition, see: &mut impl FnMut(&'r Condition)) {
    let mut waiting = vec![condition];
    while let Some(condition) = waiting.pop() {
        see(condition);
        match condition {
            Condition::Not(part) | Condition::HeldFor { condition: part, .. } => waiting.push(part),
            Condition::All(parts) | Condition::Any(parts) => waiting.extend(parts.iter().rev()),
            Condition::Everyone
            | Condition::Attribute(_)
            | Condition::InSegment(_)
            | Condition::InCampaign(_)
            | Condition::InSample { .. }
            | Condition::ServiceWindow
            | Condition::LocalTime { .. }
            | Condition::LocalDay(_)
            | Condition::KnownFor(_)
            | Condition::Happened(_) => {}
        }
    }
}

/// Every part of the condition that is about events.
pub fn each_happened<'r>(condition: &'r Condition, see: &mut impl FnMut(&'r Happened)) {
    each_condition(condition, &mut |part| {
        if let Condition::Happened(happened) = part {
            see(happened);
        }
    });
}

/// The event tests of a phrase, in order.
#[must_use]
pub fn events(phrase: &Phrase) -> Vec<&Match> {
    match phrase {
        Phrase::One(one) => vec![one],
        Phrase::Sequence(sequence) => {
            std::iter::once(&sequence.first).chain(sequence.steps.iter().map(|step| &step.event)).collect()
        }
    }
}

/// Every step and what stands inside it, in the order of the file.
pub fn each_step<'r>(steps: &'r [Step], see: &mut impl FnMut(&'r Step)) {
    let mut waiting: Vec<&Step> = steps.iter().rev().collect();
    while let Some(step) = waiting.pop() {
        see(step);
        let inside: Vec<&[Step]> = match &step.action {
            Action::WaitUntil(wait) => {
                let outcomes = wait.outcomes.iter().map(|outcome| outcome.steps.as_slice());
                outcomes.chain(wait.timeout.iter().map(|timeout| timeout.steps.as_slice())).collect()
            }
            Action::Branch { arms, otherwise } => {
                arms.iter().map(|(_, steps)| steps.as_slice()).chain([otherwise.as_slice()]).collect()
            }
            Action::Split(arms) => arms.iter().map(|arm| arm.steps.as_slice()).collect(),
            Action::Send(_)
            | Action::Webhook(_)
            | Action::UpdatePerson(_)
            | Action::RecordEvent { .. }
            | Action::ManualSegment { .. }
            | Action::Wait(_)
            | Action::Exit(_) => Vec::new(),
        };
        waiting.extend(inside.into_iter().rev().flat_map(|steps| steps.iter().rev()));
    }
}
