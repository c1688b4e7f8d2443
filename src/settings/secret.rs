//! Secrets that cannot be printed by accident: every way of showing one shows a mask.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

/// A key, token or password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text that must not be shown.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// One secret, or several while it is being rotated: all are accepted, the first one signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// The entries of a comma-separated list; `None` if one of them is blank.
    #[must_use]
    pub fn read(list: &str) -> Option<Self> {
        let entries: Vec<_> = list.split(',').map(str::trim).collect();
        if entries.iter().any(|entry| entry.is_empty()) {
            return None;
        }
        Some(Self(entries.into_iter().map(Secret::new).collect()))
    }

    /// The one that signs; none if nothing is set.
    #[must_use]
    pub fn first(&self) -> Option<&Secret> {
        self.0.first()
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that are accepted.
    pub fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }

    /// Whether `offered` is one of them. The time does not depend on how much of it is right.
    #[must_use]
    pub fn accept(&self, offered: &[u8]) -> bool {
        let mut found = Choice::from(0);
        for secret in &self.0 {
            found |= secret.0.as_bytes().ct_eq(offered);
        }
        found.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_printing_shows_it() {
        let secrets = Secrets::read("harbour-light-71, next-one").expect("two entries");
        let shown = format!("{secrets:?} {:?} {}", secrets.first(), Secret::new("harbour-light-71"));
        assert!(!shown.contains("harbour") && !shown.contains("next-one"), "{shown}");
    }

    #[test]
    fn every_entry_is_accepted_and_nothing_else() {
        let secrets = Secrets::read("old,new").expect("two entries");
        for (offered, accepted) in [("old", true), ("new", true), ("old,new", false), ("ol", false), ("", false)] {
            assert_eq!(secrets.accept(offered.as_bytes()), accepted, "{offered:?}");
        }
        assert!(!Secrets::default().accept(b""));
        assert_eq!(Secrets::read("old,,new"), None);
        assert_eq!(Secrets::read(" "), None);
    }
}
