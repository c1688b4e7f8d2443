//! Steps in English; what stands inside one, below it.

use super::Describer;
use super::outline::Outline;
use crate::dsl::words::{and, clock, exact, exact_length, length, many, name, quoted, share, span};
use crate::model::rule::{
    Action, Arm, Content, Expression, Outcome, Send, Step, Timeout, Update, Wait, WaitUntil, Webhook,
};
use crate::model::time::{Length, Span};

/// Characters of a text, or of a webhook's body, that are shown.
const TEXT_CHARS_MAX: usize = 300;

impl Describer<'_> {
    /// One step and what stands inside it.
    #[must_use]
    pub fn step(&self, step: &Step, grace: Span) -> Outline {
        let mut outline = self.action(&step.action, grace);
        if !step.id.starts_with("step-") {
            outline = outline.behind(&format!("{}:", step.id));
        }
        if let Some(condition) = &step.condition {
            outline.parts.insert(0, ("•".to_owned(), self.condition(condition, false).behind("only if")));
        }
        outline
    }

    fn action(&self, action: &Action, grace: Span) -> Outline {
        match action {
            Action::Send(send) => self.send(send),
            Action::Webhook(webhook) => Outline::leaf(webhook_words(webhook)),
            Action::UpdatePerson(updates) => Outline::leaf(and(&updates
                .iter()
                .map(|(attribute, update)| update_words(attribute, update))
                .collect::<Vec<_>>())),
            Action::RecordEvent { name, properties } => {
                Outline::leaf(format!("record the event {}{}", quoted(name), with(properties)))
            }
            Action::ManualSegment { segment, join: true } => {
                Outline::leaf(format!("put them into segment {}", quoted(segment)))
            }
            Action::ManualSegment { segment, join: false } => {
                Outline::leaf(format!("take them out of segment {}", quoted(segment)))
            }
            Action::Wait(wait) => Outline::leaf(wait_words(wait)),
            Action::WaitUntil(wait) => self.wait_until(wait, grace),
            Action::Branch { arms, otherwise } => {
                let arms = arms
                    .iter()
                    .map(|(condition, steps)| self.inside(self.condition(condition, false).behind("if"), steps, grace));
                let otherwise = self.inside(Outline::leaf("otherwise"), otherwise, grace);
                Outline::dotted("take the first way that is open:", arms.chain([otherwise]))
            }
            Action::Split(arms) => {
                let arm = |Arm { name, share: part, steps }: &Arm| {
                    self.inside(Outline::leaf(format!("{name}, {} of the people", share(*part))), steps, grace)
                };
                Outline::dotted("split: the same person always goes the same way", arms.iter().map(arm))
            }
            Action::Exit(reason) => Outline::leaf(format!("end the journey: {reason}")),
        }
    }

    /// Steps below what leads to them.
    fn inside(&self, mut head: Outline, steps: &[Step], grace: Span) -> Outline {
        head.parts.extend(steps.iter().map(|step| ("→".to_owned(), self.step(step, grace))));
        if steps.is_empty() {
            head.parts.push(("→".to_owned(), Outline::leaf("go on with the next step")));
        }
        head
    }

    fn send(&self, send: &Send) -> Outline {
        let mut parts = Vec::new();
        if let Content::Text(_) = send.content {
            parts.push(match &send.if_window_closed {
                Some(content) => format!("if the service window is closed: {} instead", content_words(content)),
                None => "only while the service window is open: else nothing is sent".to_owned(),
            });
        }
        if send.even_if_unsubscribed {
            parts.push("also to people who unsubscribed".to_owned());
        }
        Outline::dotted(content_words(&send.content), parts.into_iter().map(Outline::leaf))
    }

    fn wait_until(&self, wait: &WaitUntil, grace: Span) -> Outline {
        let head = match &wait.timeout {
            Some(timeout) => format!("wait at most {} for the first of these to be true:", exact_length(timeout.after)),
            None => "wait, however long it takes, for the first of these to be true:".to_owned(),
        };
        let outcome = |Outcome { name, condition, steps }: &Outcome| {
            self.inside(self.condition(condition, false).behind(&format!("{name}:")), steps, grace)
        };
        let mut parts: Vec<Outline> = wait.outcomes.iter().map(outcome).collect();
        if let Some(Timeout { after, steps }) = &wait.timeout {
            let decided = match after {
                Length::Elapsed(after) => {
                    let whole = Span(after.0.saturating_add(grace.0).saturating_add(1));
                    let graced =
                        if grace > Span(0) { format!(", {} of grace included", span(grace)) } else { String::new() };
                    format!("nothing came: decided after {}{graced}", exact(whole))
                }
                Length::Calendar { .. } => {
                    format!("nothing came: decided at the end of the last local day of {}", length(*after))
                }
            };
            parts.push(self.inside(Outline::leaf(decided), steps, grace));
        }
        Outline::dotted(head, parts)
    }
}

fn content_words(content: &Content) -> String {
    match content {
        Content::Text(text) => format!("send the text {}", quoted(&cut(text))),
        Content::Template { name, language, params } => {
            format!("send template {} in language {}{}", quoted(name), expression(language), with(params))
        }
    }
}

/// `, with a = 1, b = 2`
fn with(values: &[(String, Expression)]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let values: Vec<String> =
        values.iter().map(|(key, value)| format!("{} = {}", name(key), expression(value))).collect();
    format!(", with {}", values.join(", "))
}

fn expression(value: &Expression) -> String {
    match value {
        Expression::Literal(serde_json::Value::String(text)) | Expression::Text(text) => quoted(&cut(text)),
        Expression::Literal(literal) => cut(&literal.to_string()),
        Expression::Path(path) => path.0.clone(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn webhook_words(webhook: &Webhook) -> String {
    let mut out = format!("call the webhook {}", expression(&webhook.url));
    if !webhook.body.is_null() {
        out.push_str(&format!(" with {}", cut(&webhook.body.to_string())));
    }
    if let Some(timeout) = webhook.timeout {
        out.push_str(&format!("; one attempt takes at most {}", exact(timeout)));
    }
    if let Some(retries) = webhook.retries {
        out.push_str(&format!(
            "; at most {}",
            if retries == 1 { "1 retry".to_owned() } else { format!("{retries} retries") }
        ));
    }
    out
}

fn update_words(attribute: &str, update: &Update) -> String {
    let attribute = name(attribute);
    match update {
        Update::Set(value) => format!("set {attribute} to {}", expression(value)),
        Update::Unset => format!("unset {attribute}"),
        Update::Add(value) => format!("add {} to {attribute} (once)", expression(value)),
        Update::Remove(value) => format!("remove {} from {attribute}", expression(value)),
    }
}

fn wait_words(wait: &Wait) -> String {
    match wait {
        Wait::For(Length::Elapsed(elapsed)) => format!("wait {}", exact(*elapsed)),
        Wait::For(Length::Calendar { amount, unit }) => {
            format!(
                "wait until the end of the local day {} from then",
                many(*amount, crate::dsl::words::unit_word(*unit))
            )
        }
        Wait::UntilTime(time) => format!("wait until their clocks next show {}", clock(*time)),
        Wait::Until { path, offset } => {
            let moved = match offset.0 {
                0 => String::new(),
                seconds if seconds < 0 => format!("{} before ", exact(Span(seconds.saturating_neg()))),
                _ => format!("{} after ", exact(*offset)),
            };
            format!("wait until {moved}{}; where that is missing or past, go on at once", path.0)
        }
    }
}
