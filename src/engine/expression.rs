//! Values that a step computes when it runs. The only place of the engine that knows how texts are filled in.

use serde_json::Value as Json;

use crate::model::calendar::Calendar;
use crate::model::journey::Journey;
use crate::model::person::Person;
use crate::model::rule::{Content as ContentRule, Expression, Schema, Send, Webhook};
use crate::model::time::Span;
use crate::model::value::Properties;
use crate::template::{Locale, Path, Template, Values};

/// An expression, ready.
#[derive(Clone, Debug)]
pub enum Value {
    Literal(Json),
    Template(Template),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// What a message says, ready.
#[derive(Clone, Debug)]
pub enum Content {
    Text(Value),
    Template { name: String, language: Value, params: Vec<(String, Value)> },
}

/// What a step asks the world for, ready.
#[derive(Clone, Debug)]
pub enum Script {
    Send { content: Content, if_window_closed: Option<Content>, even_if_unsubscribed: bool },
    Webhook { url: Value, body: Value, timeout: Option<Span>, retries: Option<u32> },
}

/// What expressions see, and for whom texts are written.
pub struct Scope<'a> {
    person: Properties,
    event: &'a Properties,
    answer: &'a Properties,
    journey: Properties,
    env: &'a Properties,
    locale: Locale,
}

impl Script {
    /// Compiles a `send`.
    ///
    /// # Errors
    /// What is wrong with a text or a path.
    pub fn send(send: &Send) -> Result<Self, String> {
        Ok(Self::Send {
            content: Content::compile(&send.content)?,
            if_window_closed: send.if_window_closed.as_ref().map(Content::compile).transpose()?,
            even_if_unsubscribed: send.even_if_unsubscribed,
        })
    }

    /// Compiles a `webhook`.
    ///
    /// # Errors
    /// What is wrong with a text or a path.
    pub fn webhook(webhook: &Webhook) -> Result<Self, String> {
        Ok(Self::Webhook {
            url: Value::compile(&webhook.url)?,
            body: Value::of_json(&webhook.body)?,
            timeout: webhook.timeout,
            retries: webhook.retries,
        })
    }
}

impl Content {
    fn compile(content: &ContentRule) -> Result<Self, String> {
        Ok(match content {
            ContentRule::Text(text) => Self::Text(Value::of_text(text)?),
            ContentRule::Template { name, language, params } => {
                let params = params.iter().map(|(name, value)| Ok((name.clone(), Value::compile(value)?)));
                let (language, params) = (Value::compile(language)?, params.collect::<Result<_, String>>()?);
                Self::Template { name: name.clone(), language, params }
            }
        })
    }
}

impl Value {
    /// Compiles an expression.
    ///
    /// # Errors
    /// A path whose root is unknown, a text that cannot be read.
    pub fn compile(expression: &Expression) -> Result<Self, String> {
        match expression {
            Expression::Literal(value) => Ok(Self::Literal(value.clone())),
            Expression::Path(path) => {
                let read = Path::read(&path.0).ok_or_else(|| format!("`{}` is no path", path.0))?;
                Ok(Self::Template(Template::Path(read)))
            }
            Expression::Text(text) => Self::of_text(text),
        }
    }

    fn of_text(text: &str) -> Result<Self, String> {
        Template::read(text).map(Self::Template).map_err(|error| error.to_string())
    }

    /// A JSON value whose texts are expressions.
    fn of_json(value: &Json) -> Result<Self, String> {
        Ok(match value {
            Json::String(text) => Self::of_text(text)?,
            Json::Array(items) => Self::List(items.iter().map(Self::of_json).collect::<Result<_, _>>()?),
            Json::Object(map) => {
                let items = map.iter().map(|(name, item)| Ok((name.clone(), Self::of_json(item)?)));
                Self::Map(items.collect::<Result<_, String>>()?)
            }
            plain => Self::Literal(plain.clone()),
        })
    }

    /// The value, with its type. What is missing is `null`.
    ///
    /// # Errors
    /// Why a text cannot be filled in.
    pub fn json(&self, scope: &Scope<'_>) -> Result<Json, String> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Template(template) => {
                template.fill(&scope.values(), &scope.locale).map_err(|error| error.to_string())?
            }
            Self::List(items) => Json::Array(items.iter().map(|item| item.json(scope)).collect::<Result<_, _>>()?),
            Self::Map(items) => {
                let items = items.iter().map(|(name, item)| Ok((name.clone(), item.json(scope)?)));
                Json::Object(items.collect::<Result<_, String>>()?)
            }
        })
    }

    /// The value printed, where a text is needed.
    ///
    /// # Errors
    /// It is missing, or its text cannot be filled in.
    pub fn text(&self, scope: &Scope<'_>) -> Result<String, String> {
        match (self.json(scope)?, self) {
            (Json::Null, Self::Template(Template::Path(path))) => Err(format!("`{path}` is missing")),
            (Json::Null, _) => Err("a value is missing".to_owned()),
            (value, _) => Ok(printed(&value)),
        }
    }
}

impl<'a> Scope<'a> {
    /// What a step of `journey` sees. Texts are written in the person's zone and language.
    #[must_use]
    pub fn new(schema: &Schema, env: &'a Properties, person: &Person, journey: &'a Journey) -> Self {
        let mut attributes = person.attributes.clone();
        for name in ["id", "email", "known_since", "unsubscribed"] {
            let value = person.value(name).map(std::borrow::Cow::into_owned);
            attributes.extend(value.map(|value| (name.to_owned(), value)));
        }
        let text = |name: &str| person.value(name).and_then(|value| value.as_str().map(str::to_owned));
        let language = text("language").unwrap_or_else(|| Locale::default().language);
        let locale = Locale { zone: Calendar::of(schema, person).zone, language };
        let (event, answer) = (&journey.event, &journey.kept.answer);
        Self { person: attributes, event, answer, journey: about(journey), env, locale }
    }

    /// The same for readers of another language.
    #[must_use]
    pub fn in_language(mut self, language: String) -> Self {
        self.locale.language = language;
        self
    }

    fn values(&self) -> Values<'_> {
        Values {
            person: Some(&self.person),
            event: Some(self.event),
            answer: Some(self.answer),
            journey: Some(&self.journey),
            env: Some(self.env),
        }
    }
}

/// A value as a text: texts as they are, everything else as JSON.
#[must_use]
pub fn printed(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What texts may know about the journey itself.
fn about(journey: &Journey) -> Properties {
    Properties::from_iter([
        ("id".to_owned(), Json::String(journey.id.0.to_string())),
        ("campaign".to_owned(), Json::String(journey.campaign.clone())),
        ("started".to_owned(), Json::from(journey.started.0)),
    ])
}
