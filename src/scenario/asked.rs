//! What campaigns asked for, in the form in which a test says it.

use serde_json::{Value as Json, json};

use crate::model::effect::{Body, Effect, EffectKind};
use crate::model::event::{Event, Kind};
use crate::model::time::Second;
use crate::model::value::Properties;

/// Something that a step did or asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub at: Second,
    /// The step's word.
    pub kind: &'static str,
    pub body: Json,
}

/// What an effect asks for, with the campaign and step that did.
pub fn of_effect(effect: &Effect) -> Asked {
    let (kind, mut body) = match &effect.kind {
        EffectKind::Send(outgoing) => (
            "send",
            match &outgoing.body {
                Body::Text(text) => json!({ "text": text }),
                Body::Template { name, language, params } => {
                    let params: Properties = params.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
                    json!({ "template": name, "language": language, "params": params })
                }
            },
        ),
        EffectKind::Webhook(call) => {
            let body = serde_json::from_str(&call.body).unwrap_or_else(|_| json!(call.body));
            ("webhook", json!({ "url": call.url, "body": body }))
        }
    };
    body["campaign"] = json!(effect.campaign);
    body["step"] = json!(effect.step);
    Asked { at: effect.at, kind, body }
}

/// What a step wrote into its person's log; none for events that are no doing of a step.
pub fn of_event(event: &Event) -> Option<Asked> {
    let (kind, body) = match &event.kind {
        Kind::AttributesSet => ("update_person", Json::Object(event.properties.clone())),
        Kind::Custom(name) => ("record_event", json!({ "name": name, "props": event.properties })),
        Kind::SegmentJoined(segment) => ("manual_segment", json!({ "add": segment })),
        Kind::SegmentLeft(segment) => ("manual_segment", json!({ "remove": segment })),
        Kind::Inbound
        | Kind::Reaction
        | Kind::ReactionRemoved
        | Kind::Sent
        | Kind::Received
        | Kind::Read
        | Kind::Failed
        | Kind::Moved(_) => return None,
    };
    Some(Asked { at: event.at, kind, body })
}

/// Whether all of `said` is in `done`: maps by their keys, everything else as a whole.
pub fn covers(said: &Json, done: &Json) -> bool {
    match (said, done) {
        (Json::Object(said), Json::Object(done)) => {
            said.iter().all(|(name, value)| done.get(name).is_some_and(|found| covers(value, found)))
        }
        _ => said == done,
    }
}

/// In the words of a test: `send: {template: appt_confirm}`. Of `body` only what `like` says, if that is given.
pub fn words(kind: &str, body: &Json, like: Option<&Json>) -> String {
    let Json::Object(body) = body else { return format!("{kind}: {body}") };
    let wanted = |name: &str| match like {
        Some(Json::Object(like)) => like.contains_key(name) || (name == "text" || name == "template"),
        _ => name != "params" && name != "language",
    };
    let parts: Vec<String> =
        body.iter().filter(|(name, _)| wanted(name)).map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{kind}: {{{}}}", parts.join(", "))
}
