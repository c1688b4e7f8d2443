//! What differs between two rule sets: which rules are new, gone or mean something else. Nobody is looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{Change, People, Starts, What};
use crate::dsl::cost;
use crate::dsl::describe::Describer;
use crate::dsl::walk::Rule;
use crate::engine::Engine;
use crate::model::rule::{Campaign, CampaignState, OnDeploy, Place, RuleSet, Schedule, Task, Trigger};

/// The changes from `before` to `after`, with nobody counted yet. Campaigns that start by a condition are listed
/// even where they are the same: what they are about may change.
pub fn between(before: &Engine, after: &Engine) -> Vec<Change> {
    let (old, new) = (Rules::of(before), Rules::of(after));
    let mut changes = Vec::new();
    if before.rules().schema != after.rules().schema {
        changes.push(bare("schema", "schema.yaml", What::Changed));
    }
    let names: BTreeSet<_> = old.by_name.keys().chain(new.by_name.keys()).copied().collect();
    for key @ (kind, name) in names {
        let (was, is) = (old.by_name.get(&key), new.by_name.get(&key));
        let what = match (was, is) {
            (None, _) => What::Added,
            (_, None) => What::Removed,
            (Some(was), Some(is)) if old.is_same(*was, &new, *is) => What::Touched,
            _ => What::Changed,
        };
        let mut change = bare(kind.word(), name, what);
        match is.or(was) {
            Some(Rule::Segment(_)) => change.people = Some(People::default()),
            Some(Rule::Campaign(campaign)) => change.starts = starts(campaign).filter(|_| is.is_some()),
            _ => {}
        }
        if what == What::Touched && change.starts.is_none() {
            continue;
        }
        match (was, is) {
            (Some(Rule::Segment(was)), Some(Rule::Segment(is))) => {
                let (was, is) = (Describer::new(old.rules).statements(was), Describer::new(new.rules).statements(is));
                (change.was, change.is) = (missing(&was, &is), missing(&is, &was));
            }
            (Some(Rule::Campaign(was)), Some(Rule::Campaign(is))) => change.keys = of_campaign(was, is),
            (Some(Rule::Schedule(was)), Some(Rule::Schedule(is))) => change.keys = of_schedule(was, is),
            _ => {}
        }
        changes.push(change);
    }
    changes
}

fn bare(kind: &str, name: &str, what: What) -> Change {
    let (was, is, keys) = (Vec::new(), Vec::new(), Vec::new());
    Change { kind: kind.to_owned(), name: name.to_owned(), what, was, is, keys, people: None, starts: None }
}

/// In the order in which changes are told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Segment,
    Campaign,
    Schedule,
}

impl Sort {
    fn word(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Campaign => "campaign",
            Self::Schedule => "schedule",
        }
    }
}

struct Rules<'e> {
    engine: &'e Engine,
    rules: &'e RuleSet,
    by_name: BTreeMap<(Sort, &'e str), Rule<'e>>,
}

impl<'e> Rules<'e> {
    fn of(engine: &'e Engine) -> Self {
        let sort = |rule: &Rule<'_>| match rule {
            Rule::Segment(_) => Sort::Segment,
            Rule::Campaign(_) => Sort::Campaign,
            Rule::Schedule(_) => Sort::Schedule,
        };
        let all = cost::all(engine.rules()).into_iter();
        Self { engine, rules: engine.rules(), by_name: all.map(|rule| ((sort(&rule), rule.name()), rule)).collect() }
    }

    /// Whether the rule, which is `mine` here and `theirs` there, means the same. Where it stands is no part of that.
    fn is_same(&self, mine: Rule<'_>, other: &Self, theirs: Rule<'_>) -> bool {
        match (mine, theirs) {
            (Rule::Segment(mine), Rule::Segment(theirs)) => {
                self.engine.meaning(&mine.name) == other.engine.meaning(&theirs.name)
            }
            (Rule::Campaign(mine), Rule::Campaign(theirs)) => {
                let nowhere = |campaign: &Campaign| Campaign { place: Place::default(), ..campaign.clone() };
                nowhere(mine) == nowhere(theirs)
            }
            (Rule::Schedule(mine), Rule::Schedule(theirs)) => {
                let nowhere = |schedule: &Schedule| Schedule { place: Place::default(), ..schedule.clone() };
                nowhere(mine) == nowhere(theirs)
            }
            _ => false,
        }
    }
}

/// What stands in `these` and not in `those`.
fn missing(these: &[String], those: &[String]) -> Vec<String> {
    these.iter().filter(|line| !those.contains(line)).cloned().collect()
}

/// The keys that say something else.
fn of_campaign(was: &Campaign, is: &Campaign) -> Vec<String> {
    let state = if was.state == is.state {
        "state".to_owned()
    } else {
        format!("state ({} → {})", word(was.state), word(is.state))
    };
    differing([
        (&*state, was.state != is.state),
        ("title", was.title != is.title),
        ("trigger", was.trigger != is.trigger),
        ("max_event_age", was.max_event_age != is.max_event_age),
        ("filter", was.filter != is.filter),
        ("frequency", was.frequency != is.frequency),
        ("key", was.key != is.key),
        ("if_running", was.if_running != is.if_running),
        ("limit", was.limit != is.limit),
        ("send_window", was.send_window != is.send_window),
        ("exit", was.exit != is.exit),
        ("goal", was.goal != is.goal),
        ("grace", was.grace != is.grace),
        ("on_deploy", was.on_deploy != is.on_deploy),
        ("steps", was.steps != is.steps),
    ])
}

fn of_schedule(was: &Schedule, is: &Schedule) -> Vec<String> {
    let task = if matches!(is.task, Task::ForEach(_)) { "for_each" } else { "recheck" };
    differing([
        ("cron", was.cron != is.cron),
        ("time_zone", was.time_zone != is.time_zone),
        (task, was.task != is.task),
        ("missed", was.run_missed != is.run_missed),
        ("max_lateness", was.max_lateness != is.max_lateness),
        ("spread", was.spread != is.spread),
    ])
}

fn differing<const N: usize>(keys: [(&str, bool); N]) -> Vec<String> {
    keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key.to_owned()).collect()
}

fn word(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Live => "live",
        CampaignState::Draft => "draft",
        CampaignState::Paused => "paused",
    }
}

fn starts(campaign: &Campaign) -> Option<Starts> {
    let Trigger::Becomes(_) = &campaign.trigger else { return None };
    let on_deploy = match campaign.on_deploy {
        OnDeploy::Nobody => "none".to_owned(),
        OnDeploy::Matching { at_most } => format!("matching, at most {at_most}"),
    };
    Some(Starts { state: word(campaign.state).to_owned(), on_deploy, ..Starts::default() })
}
