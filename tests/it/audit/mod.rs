//! The audit on real databases: what was changed behind the server's back is found and put right, and in healthy
//! traffic nothing is found.

mod healthy;
mod recheck;
mod replay;
mod tampered;

use std::sync::Arc;

use antiphon::rollout::audit::{Asked, Auditor, Audits, Report, Scope};

use super::intake::world::World;

/// An auditor of this world.
pub fn auditor(world: &World) -> Auditor {
    Auditor {
        store: Arc::clone(&world.store),
        clock: world.clock.clone(),
        rules: world.rules.clone(),
        intake: world.intake.clone(),
        audits: Audits::default(),
    }
}

/// Audits everybody.
pub async fn audit(world: &World, repair: bool) -> Report {
    let auditor = auditor(world);
    auditor.audits.begin(Asked { scope: Scope::All, repair }, world.clock.second()).expect("none is under way");
    auditor.do_asked().await;
    let report = auditor.audits.latest().expect("one was asked for");
    assert_eq!(report.trouble, None);
    assert!(report.ended.is_some());
    report
}

/// What was found: the rule and the word for what is wrong.
pub fn words(report: &Report) -> Vec<(String, &'static str)> {
    let found = report.tally.found.iter();
    found.map(|found| (found.drift.rule.clone().unwrap_or_default(), found.drift.wrong.as_str())).collect()
}
