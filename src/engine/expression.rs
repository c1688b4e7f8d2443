//! Values that a step computes when it runs. The only place of the engine that knows how texts are filled in.

use serde_json::Value as Json;

use crate::model::compare::reach;
use crate::model::journey::Journey;
use crate::model::person::Person;
use crate::model::rule::{Action, Content as ContentRule, Expression};
use crate::model::time::Span;
use crate::model::value::Properties;

/// An expression, ready.
#[derive(Clone, Debug)]
pub enum Value {
    Literal(Json),
    Path(Root, String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    Person,
    Event,
    Journey,
}

/// What a message says, ready.
#[derive(Clone, Debug)]
pub enum Content {
    Text(Value),
    Template { name: String, language: Value, params: Vec<(String, Value)> },
}

/// What a step does, ready.
#[derive(Clone, Debug)]
pub enum Script {
    Send { content: Content, if_window_closed: Option<Content>, even_if_unsubscribed: bool },
    Webhook { url: Value, body: Value, timeout: Option<Span>, retries: Option<u32> },
    UpdatePerson(Vec<(String, Option<Value>)>),
    Wait(Span),
    Exit(String),
}

/// What expressions see.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub person: &'a Person,
    pub event: &'a Properties,
    pub journey: &'a Journey,
}

impl Script {
    /// Compiles what a step does. `env` holds the values that rules may know of the settings.
    ///
    /// # Errors
    /// What is wrong with a text or a path.
    pub fn compile(action: &Action, env: &Properties) -> Result<Self, String> {
        Ok(match action {
            Action::Send(send) => Self::Send {
                content: Content::compile(&send.content, env)?,
                if_window_closed: send.if_window_closed.as_ref().map(|c| Content::compile(c, env)).transpose()?,
                even_if_unsubscribed: send.even_if_unsubscribed,
            },
            Action::Webhook(webhook) => Self::Webhook {
                url: Value::compile(&webhook.url, env)?,
                body: Value::of_json(&webhook.body, env)?,
                timeout: webhook.timeout,
                retries: webhook.retries,
            },
            Action::UpdatePerson(writes) => Self::UpdatePerson(
                writes
                    .iter()
                    .map(|(name, value)| {
                        Ok((name.clone(), value.as_ref().map(|value| Value::compile(value, env)).transpose()?))
                    })
                    .collect::<Result<_, String>>()?,
            ),
            Action::Wait(span) => Self::Wait(*span),
            Action::Exit(reason) => Self::Exit(reason.clone()),
        })
    }
}

impl Content {
    fn compile(content: &ContentRule, env: &Properties) -> Result<Self, String> {
        Ok(match content {
            ContentRule::Text(text) => Self::Text(Value::of_text(text, env)?),
            ContentRule::Template { name, language, params } => Self::Template {
                name: name.clone(),
                language: Value::compile(language, env)?,
                params: params
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), Value::compile(value, env)?)))
                    .collect::<Result<_, String>>()?,
            },
        })
    }
}

impl Value {
    /// Compiles an expression. Paths into the settings are values already.
    ///
    /// # Errors
    /// A path whose root is unknown, a text that cannot be read.
    pub fn compile(expression: &Expression, env: &Properties) -> Result<Self, String> {
        match expression {
            Expression::Literal(value) => Ok(Self::Literal(value.clone())),
            Expression::Path(path) => Self::path(&path.0, env).ok_or_else(|| format!("`{}` is no path", path.0)),
            Expression::Text(text) => Self::of_text(text, env),
        }
    }

    fn path(path: &str, env: &Properties) -> Option<Self> {
        let (root, name) = path.split_once('.')?;
        let root = match root {
            "person" => Root::Person,
            "event" => Root::Event,
            "journey" => Root::Journey,
            "env" => return Some(Self::Literal(reach(env, name).cloned().unwrap_or_default())),
            _ => return None,
        };
        Some(Self::Path(root, name.to_owned()))
    }

    fn of_text(text: &str, _env: &Properties) -> Result<Self, String> {
        if text.contains("{{") || text.contains("{%") {
            return Err("texts with tags cannot be filled in yet".to_owned());
        }
        Ok(Self::Literal(Json::String(text.to_owned())))
    }

    /// A JSON value whose texts are expressions.
    fn of_json(value: &Json, env: &Properties) -> Result<Self, String> {
        Ok(match value {
            Json::String(text) => match Self::path(text, env) {
                Some(path) => path,
                None => Self::of_text(text, env)?,
            },
            Json::Array(items) => {
                Self::List(items.iter().map(|item| Self::of_json(item, env)).collect::<Result<_, _>>()?)
            }
            Json::Object(map) => Self::Map(
                map.iter()
                    .map(|(name, item)| Ok((name.clone(), Self::of_json(item, env)?)))
                    .collect::<Result<_, String>>()?,
            ),
            plain => Self::Literal(plain.clone()),
        })
    }

    /// The value, with its type. What is missing is `null`.
    ///
    /// # Errors
    /// Why a text cannot be filled in.
    pub fn json(&self, scope: Scope<'_>) -> Result<Json, String> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Path(Root::Person, name) => {
                scope.person.value(name).map(std::borrow::Cow::into_owned).unwrap_or_default()
            }
            Self::Path(Root::Event, name) => reach(scope.event, name).cloned().unwrap_or_default(),
            Self::Path(Root::Journey, name) => about(scope.journey, name),
            Self::List(items) => Json::Array(items.iter().map(|item| item.json(scope)).collect::<Result<_, _>>()?),
            Self::Map(items) => Json::Object(
                items
                    .iter()
                    .map(|(name, item)| Ok((name.clone(), item.json(scope)?)))
                    .collect::<Result<_, String>>()?,
            ),
        })
    }

    /// The value printed, where a text is needed.
    ///
    /// # Errors
    /// It is missing, or its text cannot be filled in.
    pub fn text(&self, scope: Scope<'_>) -> Result<String, String> {
        match (self.json(scope)?, self) {
            (Json::Null, Self::Path(root, name)) => Err(format!("`{}.{name}` is missing", root.as_str())),
            (Json::Null, _) => Err("a value is missing".to_owned()),
            (value, _) => Ok(printed(&value)),
        }
    }
}

impl Root {
    fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Event => "event",
            Self::Journey => "journey",
        }
    }
}

/// A value as a text: texts as they are, everything else as JSON.
#[must_use]
pub fn printed(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What texts may know about the journey itself.
fn about(journey: &Journey, name: &str) -> Json {
    match name {
        "id" => Json::String(journey.id.0.to_string().to_lowercase()),
        "campaign" => Json::String(journey.campaign.clone()),
        "started" => Json::from(journey.started.0),
        _ => Json::Null,
    }
}
