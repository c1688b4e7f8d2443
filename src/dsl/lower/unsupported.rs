//! The parts of campaigns that the engine does not run in this version. A draft may have them: it does nothing
//! anyway. Of a campaign that runs, each is refused, so that nothing is silently left undone.

use crate::dsl::envelope::campaigns::CampaignFile;
use crate::dsl::report::Report;
use crate::model::rule::{CampaignState, OnDeploy, Trigger};

/// Refuses what does not run, where it stands. `trigger`: what that of the file means.
pub fn refuse(file: &CampaignFile<'_>, trigger: Option<&Trigger>, report: &mut Report<'_>) {
    if file.state == CampaignState::Draft {
        return;
    }
    let what = match trigger {
        Some(Trigger::Api) => Some("the trigger `api`"),
        Some(Trigger::Event(_) | Trigger::Becomes(_) | Trigger::Schedule(_)) | None => None,
    };
    let trigger = file.trigger.as_ref().zip(what).map(|(trigger, what)| (&trigger.at, what));
    let on_deploy = match &file.on_deploy {
        (at, OnDeploy::Matching { .. }) => Some((at, "`on_deploy: {start: matching}`")),
        (_, OnDeploy::Nobody) => None,
    };
    for (at, what) in [trigger, on_deploy].into_iter().flatten() {
        report.unsupported(at.clone(), what).note("a campaign with `state: draft` may have it");
    }
}
