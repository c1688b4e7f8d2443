//! Which message of ours is meant.

use super::scope::{Place, Scope};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::{self, CampaignNames};
use crate::dsl::syntax::{self, MessageKind, Name};
use crate::model::rule::MessageTest;

impl Scope<'_> {
    /// A reference to messages of ours, its names looked up.
    pub(super) fn message(&mut self, message: &syntax::Message) -> Option<MessageTest> {
        match &message.node {
            MessageKind::Any => Some(MessageTest::Any),
            // That there is an earlier message was looked at while this was read.
            MessageKind::It => Some(MessageTest::It),
            MessageKind::Campaign { name, step } => self.campaign_message(name, step.as_ref()),
            MessageKind::Step(name) => self.own_step(message.span, name),
            MessageKind::Template(name) => {
                if let Some(templates) = &self.names.declared.templates
                    && !templates.contains_key(&name.node)
                {
                    let known = templates.keys().map(String::as_str);
                    return self.refuse(names::unknown(Code::E0301, name.span, "template", &name.node, known, true));
                }
                Some(MessageTest::Template(name.node.clone()))
            }
        }
    }

    fn campaign_message(&mut self, name: &Name, step: Option<&Name>) -> Option<MessageTest> {
        let campaign = self.campaign_named(name)?;
        if let Some(step) = step {
            self.step_of(campaign, step)?;
        }
        Some(MessageTest::Campaign { campaign: name.node.clone(), step: step.map(|step| step.node.clone()) })
    }

    /// `step "s"`: what the journey that runs has sent in this step.
    fn own_step(&mut self, span: Span, step: &Name) -> Option<MessageTest> {
        let own = self.own_campaign.as_ref().map(|own| quoted(own, step));
        if self.place != Place::Journey {
            let complaint = Diagnostic::new(Code::E0216, span, "a step alone is named only where a journey runs")
                .label("of which campaign?");
            return self.refuse(match own {
                Some(own) => complaint.fix("name its campaign", span, own),
                None => complaint.note("elsewhere it is `campaign \"…\" step \"…\"`"),
            });
        }
        if let Some(campaign) = self.own_campaign.as_ref().and_then(|own| self.names.campaigns.get(own)) {
            self.step_of(campaign, step)?;
        }
        Some(MessageTest::Step(step.node.clone()))
    }

    fn step_of(&mut self, campaign: &CampaignNames, step: &Name) -> Option<()> {
        if campaign.steps.contains(&step.node) {
            return Some(());
        }
        let known = campaign.steps.iter().map(String::as_str);
        let complaint = names::unknown(Code::E0605, step.span, "step", &step.node, known, true);
        self.refuse(complaint.also(campaign.at, "in this campaign"))
    }
}

fn quoted(campaign: &str, step: &Name) -> String {
    format!("campaign \"{campaign}\" step \"{}\"", step.node)
}
