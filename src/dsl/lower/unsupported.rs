//! The parts of campaigns that the engine does not run in this version. A draft may have them: it does nothing
//! anyway. Of a campaign that runs, each is refused, so that nothing is silently left undone.

use crate::dsl::envelope::campaigns::{CampaignFile, TriggerKind};
use crate::dsl::report::Report;
use crate::model::rule::{CampaignState, OnDeploy};

/// Refuses what does not run, where it stands.
pub fn refuse(file: &CampaignFile<'_>, report: &mut Report<'_>) {
    if file.state == CampaignState::Draft {
        return;
    }
    let trigger = file.trigger.as_ref().and_then(|trigger| {
        let word = match trigger.kind {
            TriggerKind::Event(_) | TriggerKind::Becomes(_) => return None,
            TriggerKind::Each(_) => "each",
            TriggerKind::Schedule(_) => "schedule",
            TriggerKind::Api => "api",
        };
        Some((&trigger.at, format!("the trigger `{word}`")))
    });
    let on_deploy = match &file.on_deploy {
        (at, OnDeploy::Matching { .. }) => Some((at, "`on_deploy: {start: matching}`".to_owned())),
        (_, OnDeploy::Nobody) => None,
    };
    for (at, what) in [trigger, on_deploy].into_iter().flatten() {
        report.unsupported(at.clone(), &what).note("a campaign with `state: draft` may have it");
    }
}
