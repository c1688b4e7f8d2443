//! The pages of codes: what each complaint is about, the reason for the rule, an example that draws it, and one that
//! does not.
//!
//! A page is a text in `pages/`: what, then `why`, `bad` and `good`, each word on a line of its own. Examples are
//! indented. One that begins with `# rules/` is whole files, each behind a line with its path; `# before: rules/` names
//! a file that was in force before. One that begins with `$` is a command. Any other is a condition.

/// The page of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What is complained of.
    pub what: String,
    /// The reason for the rule.
    pub why: String,
    /// What draws the complaint.
    pub bad: String,
    /// How the same can be said.
    pub good: String,
}

/// What stands in front of each line of an example.
const INDENT: &str = "    ";

impl Page {
    /// Reads a page. A part that is not there is empty.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut page = Self { what: String::new(), why: String::new(), bad: String::new(), good: String::new() };
        let mut part = &mut page.what;
        for line in text.lines() {
            part = match line {
                "why" => &mut page.why,
                "bad" => &mut page.bad,
                "good" => &mut page.good,
                _ => {
                    part.push_str(line.strip_prefix(INDENT).unwrap_or(line));
                    part.push('\n');
                    continue;
                }
            };
        }
        for part in [&mut page.what, &mut page.why, &mut page.bad, &mut page.good] {
            *part = part.trim().to_owned();
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_four_parts() {
        let page = Page::read("What.\nMore.\n\nwhy\nSo.\n\nbad\n    # rules/a.yaml\n    a:\n      b\n\ngood\n    c\n");
        assert_eq!(page.what, "What.\nMore.");
        assert_eq!(page.why, "So.");
        assert_eq!(page.bad, "# rules/a.yaml\na:\n  b");
        assert_eq!(page.good, "c");
        assert_eq!(Page::read("").what, "");
    }
}
