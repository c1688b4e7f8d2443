//! What all tests of a rule set are played with: the engine, and the numbers of the rules' names.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::environment;
use crate::engine::{Catalogue, CompileError, Engine, Versions};
use crate::model::id::{CampaignId, InstallationKey, RulesVersion, SegmentId};
use crate::model::phone::Region;
use crate::model::rule::{CampaignState, RuleSet};
use crate::model::time::Second;
use crate::resolve::consent::Words;

/// Keys of events in tests are nobody's secret.
pub(super) const KEY: InstallationKey = InstallationKey([0; 32]);

/// A rule set, ready for tests. Drafts act as if they were live.
#[derive(Debug)]
pub struct Stage {
    pub(super) versions: Versions,
    pub(super) words: Words,
    pub(super) region: Region,
    segments: BTreeMap<String, SegmentId>,
}

impl Stage {
    /// Makes `rules` ready.
    ///
    /// # Errors
    /// What stands in the way of running them. Rules that passed the checker have nothing of the kind.
    pub fn new(rules: &RuleSet) -> Result<Self, CompileError> {
        let mut rules = rules.clone();
        for campaign in &mut rules.campaigns {
            if campaign.state == CampaignState::Draft {
                campaign.state = CampaignState::Live;
            }
        }
        let names = |names: Vec<&String>| names.into_iter().cloned().zip(1..).collect::<Vec<(String, u32)>>();
        let segments = names(rules.segments.iter().map(|segment| &segment.name).collect());
        let campaigns = names(rules.campaigns.iter().map(|campaign| &campaign.name).collect());
        let segments: BTreeMap<_, _> = segments.into_iter().map(|(name, n)| (name, SegmentId(n))).collect();
        let catalogue = Catalogue {
            segments: segments.clone(),
            campaigns: campaigns.into_iter().map(|(name, n)| (name, CampaignId(n))).collect(),
            env: environment(&rules),
        };
        let words = Words::of(&rules.schema);
        let region = Region::read(&rules.schema.phone_region).unwrap_or_default();
        let engine = Engine::compile(Arc::new(rules), RulesVersion(1), &catalogue)?;
        Ok(Self { versions: Versions::new(Arc::new(engine), Second(0)), words, region, segments })
    }

    /// The rules, drafts as live ones.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        self.versions.active.rules()
    }

    /// The number of a segment.
    #[must_use]
    pub fn segment(&self, name: &str) -> Option<SegmentId> {
        self.segments.get(name).copied()
    }

    /// Every segment with its number, by name.
    pub(super) fn segments(&self) -> impl Iterator<Item = (&str, SegmentId)> {
        self.segments.iter().map(|(name, id)| (name.as_str(), *id))
    }
}
