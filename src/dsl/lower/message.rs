//! Which message of ours is meant.

use super::scope::{Place, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::dsl::check::names;
use crate::dsl::syntax::{self, MessageKind, Name};
use crate::model::rule::MessageTest;

impl Scope<'_> {
    /// A reference to messages of ours, its names looked up.
    pub(super) fn message(&mut self, message: &syntax::Message) -> Option<MessageTest> {
        match &message.node {
            MessageKind::Any => Some(MessageTest::Any),
            MessageKind::It => self.unsupported(message.span, "`it`"),
            MessageKind::Campaign { name, step } => self.campaign_message(name, step.as_ref()),
            MessageKind::Step(_) if self.place == Place::Journey => {
                self.unsupported(message.span, "the messages of one journey")
            }
            MessageKind::Step(_) => self.refuse(
                Diagnostic::new(Code::E0216, message.span, "a step alone is named only where a journey runs")
                    .label("which campaign?")
                    .note("elsewhere it is `campaign \"…\" step \"…\"`"),
            ),
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
        let Some(campaign) = self.names.campaigns.get(&name.node) else {
            let known = self.names.campaigns.keys().map(String::as_str);
            return self.refuse(names::unknown(Code::E0301, name.span, "campaign", &name.node, known, true));
        };
        if let Some(step) = step
            && !campaign.steps.contains(&step.node)
        {
            let known = campaign.steps.iter().map(String::as_str);
            let complaint = names::unknown(Code::E0605, step.span, "step", &step.node, known, true);
            return self.refuse(complaint.also(campaign.at, "in this campaign"));
        }
        Some(MessageTest::Campaign { campaign: name.node.clone(), step: step.map(|step| step.node.clone()) })
    }
}
