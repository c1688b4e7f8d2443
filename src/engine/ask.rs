//! What a step asks the world for: rendered, with a key and a date after which it is pointless.

use super::expression::{Content, Scope, Script};
use super::run::{Mode, Run};
use crate::model::effect::{Body, Call, Effect, EffectKind, Outgoing};
use crate::model::id::EffectId;
use crate::model::journey::{Journey, What};
use crate::model::rule;
use crate::model::time::{Second, Span};
use crate::model::value::{Type, Value};

/// Free text may be sent this long after the person's newest message.
pub const SERVICE_WINDOW: Span = Span::hours(24);
/// A template that could not be sent this long is not sent any more.
pub const TEMPLATE_LIFE: Span = Span::hours(24);
/// A webhook that could not be delivered this long is given up.
pub const WEBHOOK_LIFE: Span = Span::days(2);

impl Run<'_> {
    /// Asks for the effect of a `send` or `webhook` step. Returns what to write down about it.
    ///
    /// # Errors
    /// When the hours begin in which a message may leave: it has to wait until then.
    pub fn ask(
        &mut self,
        journey: &Journey,
        rule: &rule::Campaign,
        step: &str,
        script: &Script,
    ) -> Result<What, Second> {
        let asked = match script {
            Script::Send { content, if_window_closed, even_if_unsubscribed } => {
                let window = rule.send_window.as_ref().filter(|_| self.mode != Mode::Anonymous);
                let opens = window.and_then(|window| self.window_opens(journey, window).map(|at| (window.skip, at)));
                match opens {
                    Some((true, _)) => Err("send window".to_owned()),
                    Some((false, at)) => return Err(at),
                    None => self.outgoing(journey, content, if_window_closed.as_ref(), *even_if_unsubscribed).and_then(
                        |sent| if self.is_over_limit(journey, rule) { Err("limit".to_owned()) } else { Ok(sent) },
                    ),
                }
            }
            Script::Webhook { .. } => self.call(journey, script),
        };
        let (kind, expires) = match asked {
            Ok(asked) => asked,
            Err(reason) => return Ok(What::Skipped(reason)),
        };
        if matches!(kind, EffectKind::Send(_)) {
            self.count_message(journey, rule);
        }
        let id = EffectId::derive(journey.id, step, journey.effects, self.at);
        let (campaign, step) = (journey.campaign.clone(), step.to_owned());
        self.step.effects.push(Effect { id, journey: journey.id, campaign, step, at: self.at, expires, kind });
        Ok(What::Asked(id))
    }

    fn outgoing(
        &self,
        journey: &Journey,
        content: &Content,
        if_window_closed: Option<&Content>,
        even_if_unsubscribed: bool,
    ) -> Result<(EffectKind, Second), String> {
        if self.mode == Mode::Anonymous {
            return Err("anonymous".to_owned());
        }
        if !even_if_unsubscribed && self.is_unsubscribed() {
            return Err("unsubscribed".to_owned());
        }
        if self.subject.person.phone.is_none() {
            return Err("no number".to_owned());
        }
        let window_closes = self.subject.state.newest_inbound().map(|newest| newest.plus(SERVICE_WINDOW));
        let open = window_closes.filter(|closes| self.at < *closes);
        let mut alternative = if_window_closed.map(|content| self.body(journey, content)).transpose()?;
        let mut body = self.body(journey, content)?;
        if matches!(body, Body::Text(_)) && open.is_none() {
            body = alternative.take().ok_or("window closed")?;
        }
        // A text with something to fall back on outlives its window as that.
        let expires = match (&body, &alternative, open) {
            (Body::Text(_), None, Some(closes)) => closes,
            _ => self.at.plus(TEMPLATE_LIFE),
        };
        let outgoing = Outgoing { body, if_window_closed: alternative, even_if_unsubscribed, window_closes };
        Ok((EffectKind::Send(outgoing), expires))
    }

    fn call(&self, journey: &Journey, script: &Script) -> Result<(EffectKind, Second), String> {
        let Script::Webhook { url, body, timeout, retries } = script else { return Err("nothing".to_owned()) };
        let scope = self.scope(journey);
        let (url, body) = (url.text(&scope)?, body.json(&scope)?.to_string());
        let call = Call { url, body, timeout: *timeout, retries: *retries };
        Ok((EffectKind::Webhook(call), self.at.plus(WEBHOOK_LIFE)))
    }

    fn body(&self, journey: &Journey, content: &Content) -> Result<Body, String> {
        let scope = self.scope(journey);
        Ok(match content {
            Content::Text(text) => Body::Text(text.text(&scope)?),
            Content::Template { name, language, params } => {
                let language = language.text(&scope)?;
                let scope = scope.in_language(language.clone());
                let params = params.iter().map(|(name, value)| Ok((name.clone(), value.text(&scope)?)));
                Body::Template { name: name.clone(), language, params: params.collect::<Result<_, String>>()? }
            }
        })
    }

    /// What the steps of `journey` see: by the rule set it runs on.
    pub fn scope<'s>(&'s self, journey: &'s Journey) -> Scope<'s> {
        let engine = self.versions.get(journey.rules).unwrap_or(self.engine);
        Scope::new(&engine.rules.schema, &engine.env, &self.subject.person, journey)
    }

    fn is_unsubscribed(&self) -> bool {
        let stored = self.subject.person.value("unsubscribed");
        stored.and_then(|stored| Value::read(&stored, Type::Boolean)) == Some(Value::Boolean(true))
    }
}
