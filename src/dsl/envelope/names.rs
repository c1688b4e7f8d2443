//! The names that authors give to segments, campaigns, schedules, limits and steps.

use crate::diagnostic::Code;
use crate::dsl::node::Key;
use crate::dsl::report::Report;

/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 63;

/// Checks the form of a name: it stands in addresses and in the API's answers.
pub fn name(key: &Key, of: &str, report: &mut Report<'_>) -> String {
    if !is_name(&key.name) {
        report
            .error(Code::E0903, key.at.clone(), format!("{of} cannot be named `{}`", key.name))
            .label(format!("small letters, digits and `-`, at most {NAME_CHARS_MAX}"));
    }
    key.name.clone()
}

/// `[a-z0-9][a-z0-9-]{0,62}`
pub fn is_name(text: &str) -> bool {
    text.len() <= NAME_CHARS_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::{NAME_CHARS_MAX, is_name};

    #[test]
    fn a_name_has_a_bound() {
        assert!(is_name(&"a".repeat(NAME_CHARS_MAX)));
        assert!(!is_name(&"a".repeat(NAME_CHARS_MAX + 1)));
        for wrong in ["", "-a", "A", "a_b", "a b", "ä"] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
