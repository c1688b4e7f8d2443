//! Literals against declared types.

use rust_decimal::Decimal;

use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::envelope::schema::type_word;
use crate::dsl::syntax::{Literal, LiteralKind, MomentKind};
use crate::model::rule::Property;
use crate::model::value::{Type, Value, nfc};

/// The declared side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Declaration<'a> {
    /// The name as written.
    pub name: &'a str,
    /// None: nothing is declared, and the literal's own type decides.
    pub property: Option<&'a Property>,
    /// Where it is declared.
    pub at: Option<Span>,
}

/// The value of a literal, as it is.
pub fn value(literal: &LiteralKind) -> Value {
    match literal {
        LiteralKind::Text(text) => Value::Text(nfc(text)),
        LiteralKind::Number(number) => Value::Number(*number),
        LiteralKind::Boolean(boolean) => Value::Boolean(*boolean),
        LiteralKind::Moment(MomentKind::Date(date)) => Value::Date(*date),
        LiteralKind::Moment(MomentKind::Time(second)) => Value::Time(*second),
    }
}

/// The value of a literal, after a look at what it is compared with.
///
/// # Errors
/// E0320 where the types differ, E0322 where the value is not one that can be.
pub fn checked(literal: &Literal, against: Declaration<'_>) -> Result<Value, Box<Diagnostic>> {
    let value = value(&literal.node);
    let Some(property) = against.property else { return Ok(value) };
    let fits = matches!(
        (property.ty, &value),
        (Type::Text | Type::Phone, Value::Text(_))
            | (Type::Number, Value::Number(_))
            | (Type::Boolean, Value::Boolean(_))
            | (Type::Time, Value::Time(_))
            | (Type::Date, Value::Date(_))
    );
    if !fits {
        return Err(Box::new(differ(literal, &value, property.ty, against)));
    }
    if let Value::Text(text) = &value {
        one_of(text, literal.span, property, against)?;
    }
    Ok(value)
}

/// An element of a declared list, or a part of a declared text.
///
/// # Errors
/// E0320 where the types differ.
pub fn part(literal: &Literal, against: Declaration<'_>) -> Result<Value, Box<Diagnostic>> {
    let value = value(&literal.node);
    let Some(property) = against.property else { return Ok(value) };
    match (property.ty, &value) {
        (Type::Text | Type::Phone | Type::ListOfText, Value::Text(_)) | (Type::ListOfNumber, Value::Number(_)) => {
            Ok(value)
        }
        (Type::Text | Type::Phone | Type::ListOfText | Type::ListOfNumber, _) => {
            Err(Box::new(differ(literal, &value, property.ty, against)))
        }
        (ty, _) => {
            let message = format!("`{}` is {}, which contains nothing", against.name, with_article(ty));
            let complaint = Diagnostic::new(Code::E0320, literal.span, message);
            Err(Box::new(match against.at {
                Some(at) => complaint.also(at, "neither a list nor a text"),
                None => complaint,
            }))
        }
    }
}

fn one_of(text: &str, span: Span, property: &Property, against: Declaration<'_>) -> Result<(), Box<Diagnostic>> {
    if property.one_of.is_empty() || property.one_of.iter().any(|allowed| nfc(allowed) == text) {
        return Ok(());
    }
    let mut complaint = Diagnostic::new(Code::E0322, span, format!("`{}` is never `{text}`", against.name));
    let listed = format!("one of `{}`", property.one_of.join("`, `"));
    complaint = match against.at {
        Some(at) => complaint.also(at, listed),
        None => complaint.label(listed),
    };
    if let Some(near) = nearest(text, property.one_of.iter().map(String::as_str)) {
        complaint = complaint.fix(format!("did you mean `{near}`?"), span, format!("\"{near}\""));
    }
    Err(Box::new(complaint))
}

fn differ(literal: &Literal, value: &Value, ty: Type, against: Declaration<'_>) -> Diagnostic {
    let written = type_word(value.natural_type());
    let message =
        format!("`{}` is {}, and this is {}", against.name, with_article(ty), with_article(value.natural_type()));
    let mut complaint = Diagnostic::new(Code::E0320, literal.span, message).label(written);
    if let Some(at) = against.at {
        complaint = complaint.also(at, format!("declared as {}", type_word(ty)));
    }
    match (ty, value) {
        (Type::Text, Value::Number(number)) => {
            complaint.fix("write it as a text", literal.span, format!("\"{number}\""))
        }
        (Type::Number, Value::Text(text)) if Decimal::from_str_exact(text).is_ok() => {
            complaint.fix("write it as a number", literal.span, text)
        }
        (Type::Boolean, Value::Text(text)) if matches!(text.as_str(), "true" | "false") => {
            complaint.fix("write it without quotes", literal.span, text)
        }
        (Type::Date, Value::Time(_)) => {
            let time = Span::new(literal.span.file, literal.span.start + "2026-01-01".len(), literal.span.end);
            complaint.fix("write the day alone", time, "")
        }
        (Type::Time, Value::Date(_)) => {
            complaint.note("a time lies on a day: `is on 2026-01-01`, `is before 2026-01-01`, `is after 2026-01-01`")
        }
        _ => complaint,
    }
}

/// "a number".
pub fn with_article(ty: Type) -> String {
    format!("a {}", type_word(ty))
}
