//! What starts what, over all files: schedules that start nothing, and campaigns that start themselves.

use std::collections::BTreeSet;

use super::check::loops;
use super::compile::Filed;
use super::envelope::campaigns::{CampaignFile, TriggerKind};
use super::envelope::schedules::{ScheduleFile, TaskFile};
use super::envelope::steps;
use super::report::Report;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::rule::{Campaign, Segment};

/// W0713 for each schedule that no campaign names. `reports` are those of the files, by their numbers.
pub fn warn_of_idle(
    schedules: &[Filed<ScheduleFile<'_>>],
    campaigns: &[Filed<CampaignFile<'_>>],
    reports: &mut [Report<'_>],
) {
    let triggers = campaigns.iter().filter_map(|(_, campaign)| campaign.trigger.as_ref());
    let named: BTreeSet<&str> = triggers
        .filter_map(|trigger| match trigger.kind {
            TriggerKind::Schedule(node) => node.text(),
            _ => None,
        })
        .collect();
    for (index, file) in schedules {
        let Some(report) = reports.get_mut(*index) else { continue };
        if matches!(file.task, Some(TaskFile::ForEach(_))) && !named.contains(file.name.as_str()) {
            let message = format!("the schedule `{}` starts nothing", file.name);
            let complaint = Diagnostic::new(Code::W0713, report.span(&file.at), message);
            report.complain(complaint.note(format!("a campaign names it: `trigger: {{schedule: {}}}`", file.name)));
        }
    }
}

/// W0712 for each circle of campaigns.
pub fn warn_of_circles(
    campaigns: &[Campaign],
    segments: &[Segment],
    files: &[Filed<CampaignFile<'_>>],
    reports: &mut [Report<'_>],
) {
    for circle in loops::circles(campaigns, segments) {
        let first = circle.campaigns.first();
        let Some((index, file)) = files.iter().find(|(_, file)| Some(&file.name) == first) else { continue };
        let Some(report) = reports.get_mut(*index) else { continue };
        let at = file.trigger.as_ref().map_or(&file.at, |trigger| &trigger.at);
        let message = format!("what the campaign `{}` does can start it again", file.name);
        let mut complaint = Diagnostic::new(Code::W0712, report.span(at), message);
        let step = steps::all(&file.steps).into_iter().find(|step| Some(&step.id) == circle.step.as_ref());
        if let Some(step) = step {
            complaint = complaint.also(report.span(&step.word_at), "this leads back to the trigger");
        }
        if circle.campaigns.len() > 2 {
            let path = circle.campaigns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
            complaint = complaint.note(format!("the way round: {path}"));
        }
        report.complain(complaint.note("with `frequency: once`, or `once per …`, it comes to an end"));
    }
}
