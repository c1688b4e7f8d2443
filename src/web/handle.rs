//! How calls name a person: in a path, in a list, in a filter.

use ulid::Ulid;

use super::problem::Problem;
use super::request::Query;
use crate::model::limit::IDENTIFIER_BYTES_MAX;
use crate::model::person::Handle;
use crate::model::phone::{Phone, Region};

/// What an identifier says; one that looks like ours and is not leads to nobody.
#[derive(Debug, PartialEq, Eq)]
pub enum Named {
    Handle(Handle),
    Nobody,
}

impl Named {
    /// The handle, or 404.
    pub fn or_not_found(self) -> Result<Handle, Problem> {
        match self {
            Self::Handle(handle) => Ok(handle),
            Self::Nobody => Err(Problem::no_such("person")),
        }
    }
}

/// The identifier in a Track path: `cio_…`, an e-mail address, or an id.
///
/// # Errors
/// 400 for one that is empty or too long.
pub fn in_track_path(text: &str) -> Result<Named, Problem> {
    measured("identifier", text)?;
    Ok(if let Some(id) = text.strip_prefix("cio_") {
        cio_id(id)
    } else if text.contains('@') {
        email(text)
    } else {
        Named::Handle(Handle::ExternalId(text.to_owned()))
    })
}

/// An identifier of the kind that the parameter `id_type` names; without it an id. A number without a country
/// code is one of `region`.
///
/// # Errors
/// 400 for an unknown kind, or an identifier that is empty or too long.
pub fn by_type(text: &str, query: &Query, region: Region) -> Result<Named, Problem> {
    measured("id", text)?;
    Ok(match query.filled("id_type").unwrap_or("id") {
        "id" => Named::Handle(Handle::ExternalId(text.to_owned())),
        "email" => email(text),
        "cio_id" => cio_id(text.strip_prefix("cio_").unwrap_or(text)),
        "phone" => phone(text, region),
        _ => return Err(Problem::field("id_type", "invalid", "must be `id`, `email`, `cio_id` or `phone`")),
    })
}

/// How our own calls and the command line name a person: as in a Track path, or a number with its plus.
///
/// # Errors
/// 400 for one that is empty or too long.
pub fn in_own_words(text: &str) -> Result<Named, Problem> {
    // With its plus it says its country itself.
    if text.starts_with('+') { Ok(phone(text, Region::default())) } else { in_track_path(text) }
}

/// An address is the same in any case.
pub fn email(text: &str) -> Named {
    Named::Handle(Handle::Email(text.to_lowercase()))
}

/// A number that is a parameter of its own: a plus that was not escaped was read as a space.
pub fn phone_parameter(text: &str, region: Region) -> Named {
    match text.strip_prefix(' ') {
        Some(digits) => phone(&format!("+{}", digits.trim_start_matches([' ', '+'])), region),
        None => phone(text, region),
    }
}

/// A number as somebody wrote it; without a country code it is one of `region`.
pub fn phone(text: &str, region: Region) -> Named {
    let written = serde_json::Value::String(text.trim().to_owned());
    match Phone::from_attribute(&written, region) {
        Ok(phone) => Named::Handle(Handle::Phone(phone)),
        Err(_) => Named::Nobody,
    }
}

fn cio_id(text: &str) -> Named {
    match Ulid::from_string(text) {
        Ok(id) => Named::Handle(Handle::CioId(id)),
        Err(_) => Named::Nobody,
    }
}

/// # Errors
/// 400 for a text that no identifier can be.
pub fn measured(field: &str, text: &str) -> Result<(), Problem> {
    if (1..=IDENTIFIER_BYTES_MAX).contains(&text.len()) {
        return Ok(());
    }
    Err(Problem::field(field, "length", format!("must have 1 to {IDENTIFIER_BYTES_MAX} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_an_identifier_says_what_it_is() {
        let read = |text: &str| in_track_path(text).expect("fits");
        assert_eq!(read("u1"), Named::Handle(Handle::ExternalId("u1".to_owned())));
        assert_eq!(read("Ana@X.org"), Named::Handle(Handle::Email("ana@x.org".to_owned())));
        assert_eq!(read("cio_nobody"), Named::Nobody);
        let id = Ulid::from_parts(7, 7);
        let shown = format!("cio_{}", id.to_string().to_lowercase());
        assert_eq!(read(&shown), Named::Handle(Handle::CioId(id)));
        // A number is an id here.
        assert_eq!(read("+15550100142"), Named::Handle(Handle::ExternalId("+15550100142".to_owned())));
        assert!(matches!(in_own_words("+1 202 555 0142"), Ok(Named::Handle(Handle::Phone(_)))));
    }

    #[test]
    fn a_number_is_read_by_its_plus_or_by_the_region() {
        let region = |code: &str| Region::read(code).expect("a region");
        let (british, american) = (region("GB"), region("US"));
        let london = Named::Handle(Handle::Phone(Phone::from_e164("+442079460018").expect("a number")));
        assert_eq!(phone("020 7946 0018", british), london);
        assert_ne!(phone("020 7946 0018", american), london);
        for written in ["+44 20 7946 0018", " 44 20 7946 0018", " +442079460018"] {
            assert_eq!(phone_parameter(written, american), london, "{written:?}");
        }
        assert_eq!(phone_parameter("020 7946 0018", british), london);
    }

    #[test]
    fn an_identifier_may_have_its_limit_and_not_a_byte_more() {
        assert!(in_track_path(&"x".repeat(IDENTIFIER_BYTES_MAX)).is_ok());
        assert_eq!(in_track_path(&"x".repeat(IDENTIFIER_BYTES_MAX + 1)).expect_err("too long").status(), 400);
        assert_eq!(in_track_path("").expect_err("empty").status(), 400);
    }
}
