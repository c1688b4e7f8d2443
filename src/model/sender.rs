//! Who a provider says wrote: the shape of an identifier decides what it is, not the field it came in.
//! Which person that is, is decided elsewhere.

use std::fmt;

use super::phone::Phone;

/// An identifier of a sender.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum SenderId {
    /// A telephone number.
    Number(Phone),
    /// A user id, scoped to our business: opaque, case counts, and never a number.
    UserId(String),
}

impl SenderId {
    /// What `text` is by its shape; none if it is neither.
    ///
    /// A number is 3 to 20 digits with or without a plus. A user id is 3 to 160 letters, digits, `.`,
    /// `_` and `-`, with at least one `.` and one letter.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Phone::from_whatsapp(text).map(Self::Number).or_else(|| is_user_id(text).then(|| Self::UserId(text.to_owned())))
    }
}

fn is_user_id(text: &str) -> bool {
    (3..=160).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && text.contains('.')
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

impl fmt::Debug for SenderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(phone) => phone.fmt(f),
            Self::UserId(_) => f.write_str("UserId(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_decides() {
        let number = |digits: &str| Some(SenderId::Number(Phone::from_e164(digits).unwrap()));
        let user = |id: &str| Some(SenderId::UserId(id.to_owned()));
        for (text, expected) in [
            ("447911123456", number("+447911123456")),
            ("+447911123456", number("+447911123456")),
            ("5215512345678", number("+525512345678")),
            ("123", number("+123")),
            ("12", None),
            ("US.2041ABC", user("US.2041ABC")),
            ("us.2041abc", user("us.2041abc")),
            ("US.ENT.2041", user("US.ENT.2041")),
            ("a.b", user("a.b")),
            ("a.", None),
            ("1.2", None),
            ("abc", None),
            ("US.20 41", None),
            ("US.é", None),
            ("", None),
        ] {
            assert_eq!(SenderId::read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lengths_end_where_they_should() {
        assert!(SenderId::read(&"1".repeat(20)).is_some());
        assert!(SenderId::read(&"1".repeat(21)).is_none());
        assert!(SenderId::read(&format!("a.{}", "b".repeat(158))).is_some());
        assert!(SenderId::read(&format!("a.{}", "b".repeat(159))).is_none());
    }
}
