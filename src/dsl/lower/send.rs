//! The steps that go out to the world: messages and requests.

use super::scope::Scope;
use super::value::{Missing, Roots};
use crate::diagnostic::Code;
use crate::dsl::envelope::messages::{ContentFile, IfClosed, SendFile, WebhookFile};
use crate::dsl::envelope::schema::TemplateDeclared;
use crate::dsl::node::{Key, Node};
use crate::dsl::report::Report;
use crate::model::rule::{Content, Expression, Send, Webhook};
use crate::template::Template;

impl<'a> Scope<'a> {
    /// A message. `sure`: the service window is open for certain when the step runs.
    pub(super) fn send(
        &mut self,
        file: &SendFile<'_>,
        roots: &Roots,
        sure: bool,
        report: &mut Report<'_>,
    ) -> Option<Send> {
        if let (ContentFile::Text(node), IfClosed::Unsaid, false) = (&file.content, &file.if_window_closed, sure) {
            report
                .error(Code::E0610, node.at.clone(), "this text may come later than 24 hours after their last message")
                .also(file.at.clone(), "say `if_window_closed: skip` here, or `if_window_closed: {template: …}`")
                .note("WhatsApp takes free text only within 24 hours after a message of theirs, and templates always");
        }
        let content = self.content(&file.content, roots, report);
        let if_window_closed = match &file.if_window_closed {
            IfClosed::Unsaid | IfClosed::Skip => Some(None),
            IfClosed::Send(content) => self.content(content, roots, report).map(Some),
        };
        Some(Send {
            content: content?,
            if_window_closed: if_window_closed?,
            even_if_unsubscribed: file.even_if_unsubscribed,
        })
    }

    fn content(&mut self, file: &ContentFile<'_>, roots: &Roots, report: &mut Report<'_>) -> Option<Content> {
        let (name, language, params) = match file {
            ContentFile::Text(node) => {
                return match self.expression(node, roots, Missing::Refused, report)? {
                    Expression::Text(text) | Expression::Literal(serde_json::Value::String(text)) => {
                        Some(Content::Text(text))
                    }
                    // A text that is one path: the same value as in a text with a tag.
                    Expression::Path(path) => Some(Content::Text(format!("{{{{ {} }}}}", path.0))),
                    Expression::Literal(_) => None,
                };
            }
            ContentFile::Template { name, language, params } => (name, language, params),
        };
        let declared = self.template(name, report);
        let tongue = self.expression(language, roots, Missing::Refused, report);
        if let Some(Some(declared)) = declared {
            check_language(language, declared, report);
            check_params(name, params, declared, report);
        }
        let values: Vec<Option<(String, Expression)>> = params
            .iter()
            .map(|(key, node)| Some((key.name.clone(), self.expression(node, roots, Missing::Refused, report)?)))
            .collect();
        let values: Option<Vec<(String, Expression)>> = values.into_iter().collect();
        declared?;
        Some(Content::Template { name: name.text()?.to_owned(), language: tongue?, params: values? })
    }

    /// What is declared of a template; nothing where templates are not declared.
    fn template(&mut self, node: &Node, report: &mut Report<'_>) -> Option<Option<&'a TemplateDeclared>> {
        let name = node.text()?;
        let Some(templates) = &self.names.declared.templates else { return Some(None) };
        let found = templates.get(name);
        if found.is_none() {
            let known: Vec<&str> = templates.keys().map(String::as_str).collect();
            report.unknown(Code::E0301, node.at.clone(), &format!("there is no template `{name}`"), name, &known);
        }
        found.map(Some)
    }

    /// A signed request.
    pub(super) fn webhook(
        &mut self,
        file: &WebhookFile<'_>,
        roots: &Roots,
        report: &mut Report<'_>,
    ) -> Option<Webhook> {
        let url = self.expression(file.url, roots, Missing::Refused, report);
        if let Some(Expression::Literal(literal)) = &url
            && !literal.as_str().is_some_and(|url| url.starts_with("https://") || url.starts_with("http://"))
        {
            report.error(Code::E0320, file.url.at.clone(), "this is no URL").label("it starts with `https://`");
        }
        let body = file.body.map_or(Some(serde_json::Value::Null), |node| self.body(node, roots, report));
        Some(Webhook { url: url?, body: body?, timeout: file.timeout, retries: file.retries })
    }
}

fn check_language(node: &Node, declared: &TemplateDeclared, report: &mut Report<'_>) {
    let Some(written) = node.text().filter(|text| matches!(Template::read(text), Ok(Template::Literal(_)))) else {
        return;
    };
    if declared.languages.iter().any(|known| known == written) {
        return;
    }
    let known: Vec<&str> = declared.languages.iter().map(String::as_str).collect();
    let message = format!("this template does not exist in `{written}`");
    report.unknown(Code::E0322, node.at.clone(), &message, written, &known);
}

fn check_params(name: &Node, params: &[(&Key, &Node)], declared: &TemplateDeclared, report: &mut Report<'_>) {
    let Some(wanted) = &declared.params else { return };
    let known: Vec<&str> = wanted.iter().map(String::as_str).collect();
    for (key, _) in params.iter().filter(|(key, _)| !wanted.contains(&key.name)) {
        let message = format!("this template has no parameter `{}`", key.name);
        report.unknown(Code::E0301, key.at.clone(), &message, &key.name, &known);
    }
    let missing: Vec<String> =
        wanted.iter().filter(|w| !params.iter().any(|(key, _)| key.name == **w)).map(|w| format!("`{w}`")).collect();
    if !missing.is_empty() {
        let message = format!("this template also wants {}", missing.join(" and "));
        report.error(Code::E0903, name.at.clone(), message).label("give them under `params`");
    }
}
