//! The parts of campaigns that the engine does not run in this version. A draft may have them: it does nothing
//! anyway. Of a campaign that runs, each is refused, so that nothing is silently left undone.

use std::ops::Range;

use crate::dsl::envelope::campaigns::{CampaignFile, TriggerKind};
use crate::dsl::envelope::deeds::ChangeFile;
use crate::dsl::envelope::steps::{self, ActionFile, StepFile};
use crate::dsl::report::Report;
use crate::dsl::syntax;
use crate::model::rule::{CampaignState, IfRunning, OnDeploy};

/// Refuses what does not run, where it stands.
pub fn refuse(file: &CampaignFile<'_>, report: &mut Report<'_>) {
    if file.state == CampaignState::Draft {
        return;
    }
    let steps = steps::all(&file.steps);
    for (at, what) in of_campaign(file).into_iter().chain(steps.into_iter().filter_map(of_step)) {
        report.unsupported(at, &what).note("a campaign with `state: draft` may have it");
    }
}

fn of_campaign(file: &CampaignFile<'_>) -> Vec<(Range<usize>, String)> {
    let trigger = file.trigger.as_ref().and_then(|trigger| {
        let word = match trigger.kind {
            TriggerKind::Event(_) | TriggerKind::Becomes(_) => return None,
            TriggerKind::Each(_) => "each",
            TriggerKind::Schedule(_) => "schedule",
            TriggerKind::Api => "api",
        };
        Some((trigger.at.clone(), format!("the trigger `{word}`")))
    });
    let key = |at: Option<&Range<usize>>, word: &str| at.map(|at| (at.clone(), format!("`{word}` in a campaign")));
    let if_running = (file.entry.if_running == IfRunning::Restart)
        .then(|| (file.entry.if_running_at.clone(), "`if_running: restart`".to_owned()));
    let on_deploy = match &file.on_deploy {
        (at, OnDeploy::Matching { .. }) => Some((at.clone(), "`on_deploy: {start: matching}`".to_owned())),
        (_, OnDeploy::Nobody) => None,
    };
    [
        trigger,
        if_running,
        key(file.limit.map(|(key, _)| &key.at), "limit"),
        key(file.send_window.map(|(key, _)| &key.at), "send_window"),
        key(file.exit.map(|(key, _)| &key.at), "exit"),
        key(file.goal.as_ref().map(|goal| &goal.at), "goal"),
        key(file.grace.map(|(key, _)| &key.at), "grace"),
        on_deploy,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_step(step: &StepFile<'_>) -> Option<(Range<usize>, String)> {
    match &step.action {
        ActionFile::Send(_) | ActionFile::Webhook(_) | ActionFile::Exit(_) => None,
        ActionFile::Wait(syntax::Wait::For(length), _) if length.elapsed().is_some() => None,
        ActionFile::Wait(syntax::Wait::For(_), at) => Some((at.clone(), "`wait` for local days".to_owned())),
        ActionFile::Wait(_, at) => Some((at.clone(), "`wait` until a time".to_owned())),
        ActionFile::UpdatePerson(updates) => updates.iter().find_map(|update| match update.change {
            _ if update.name == "unsubscribed" => {
                Some((update.at.clone(), "a step that changes `unsubscribed`".to_owned()))
            }
            ChangeFile::Set(_) | ChangeFile::Unset => None,
            ChangeFile::Add(_) => Some((update.at.clone(), "`add` in `update_person`".to_owned())),
            ChangeFile::Remove(_) => Some((update.at.clone(), "`remove` in `update_person`".to_owned())),
        }),
        ActionFile::RecordEvent(_)
        | ActionFile::ManualSegment(_)
        | ActionFile::WaitUntil(_)
        | ActionFile::Branch(_)
        | ActionFile::Split(_) => Some((step.word_at.clone(), format!("the step `{}`", step.word))),
    }
}
