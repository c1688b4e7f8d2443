//! A page in Markdown as a set of examples:
//!
//! * `yaml`: a whole rule file. Its first line can name its path: `# rules/a.yaml`.
//! * `antiphon`: conditions, one a line.
//! * `console`: a command and what it says, if the command is one of [`VERBS`].
//! * rows of a table with ✔ and ✘: messages, and whether each is, starts with and contains "yes".
//!
//! An example whose comment names codes of errors or warnings is wrong on purpose, and exactly so.
//! A page that shows no schema is read beside the samples of `rules/`.

use std::collections::BTreeSet;

use antiphon::diagnostic::{Code, Severity};

use super::Files;

/// What needs nothing but rule files.
const VERBS: [&str; 5] = ["check", "describe", "explain", "fmt", "test"];

pub struct Page {
    pub path: String,
    pub files: Vec<File>,
    /// With their lines.
    pub conditions: Vec<(usize, String)>,
    pub consoles: Vec<Console>,
    pub replies: Vec<Replies>,
    beside: Files,
}

pub struct File {
    pub path: String,
    pub text: String,
    pub line: usize,
}

pub struct Console {
    pub line: usize,
    /// The verb is the first.
    pub arguments: Vec<String>,
    pub output: String,
    /// What is on the page above it. Wrong files only from its own section.
    pub files: Files,
}

pub struct Replies {
    pub line: usize,
    pub messages: Vec<String>,
    /// Equal, starting with, containing.
    pub matches: [bool; 3],
}

/// The codes that the comments of an example name. Advice is always allowed, and none is expected.
pub fn codes(text: &str) -> BTreeSet<String> {
    let comments = text.lines().filter_map(|line| line.split_once('#')).map(|(_, comment)| comment);
    let words = comments.flat_map(|comment| comment.split(|c: char| !c.is_ascii_alphanumeric()));
    let known = |word: &&str| Code::ALL.iter().any(|c| c.as_str() == *word && c.severity() != Severity::Advice);
    words.filter(known).map(str::to_owned).collect()
}

impl Page {
    /// Takes the page apart. `samples` are the rule files it is read beside if it shows no schema.
    pub fn read(path: &str, text: &str, samples: &Files) -> Self {
        let mut page = Self {
            path: path.to_owned(),
            files: Vec::new(),
            conditions: Vec::new(),
            consoles: Vec::new(),
            replies: Vec::new(),
            beside: Files::new(),
        };
        if !text.contains("# rules/schema.yaml") {
            page.beside.clone_from(samples);
        }
        let mut section = 0;
        let mut lines = text.lines().enumerate().map(|(n, line)| (n + 1, line));
        while let Some((number, line)) = lines.next() {
            if line.starts_with("## ") || line.starts_with("### ") {
                section = page.files.len();
            } else if let Some(tag) = line.strip_prefix("```") {
                let block: Vec<(usize, &str)> = lines.by_ref().take_while(|(_, line)| *line != "```").collect();
                page.block(tag, number, &block, section);
            } else if line.starts_with("| ") && line.contains(['✔', '✘']) {
                page.replies.push(row(number, line));
            }
        }
        page
    }

    fn block(&mut self, tag: &str, line: usize, block: &[(usize, &str)], section: usize) {
        let text: String = block.iter().map(|(_, line)| format!("{line}\n")).collect();
        match tag {
            "yaml" => {
                let named = text.strip_prefix("# ").and_then(|rest| rest.split_once(".yaml"));
                let path = named.map_or(format!("rules/line-{line}.yaml"), |(path, _)| format!("{path}.yaml"));
                self.files.push(File { path, text, line });
            }
            "antiphon" => {
                let conditions = block.iter().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
                self.conditions.extend(conditions.map(|(number, line)| (*number, (*line).to_owned())));
            }
            "console" => {
                let Some((command, output)) = text.split_once('\n') else { return };
                let Some(command) = command.strip_prefix("$ antiphon ") else { return };
                let arguments: Vec<String> = command.split(' ').map(str::to_owned).collect();
                if arguments.first().is_some_and(|verb| VERBS.contains(&verb.as_str())) {
                    let shown = self.files.iter().enumerate();
                    let there = shown.filter(|(n, file)| *n >= section || codes(&file.text).is_empty());
                    let mut files = self.beside.clone();
                    files.extend(there.map(|(_, file)| (file.path.clone(), file.text.clone())));
                    self.consoles.push(Console { line, arguments, output: output.to_owned(), files });
                }
            }
            _ => {}
        }
    }

    /// All files of the page that are right.
    pub fn right(&self) -> Files {
        let right = self.files.iter().filter(|file| codes(&file.text).is_empty());
        let mut files = self.beside.clone();
        files.extend(right.map(|file| (file.path.clone(), file.text.clone())));
        files
    }

    /// `files` with one more.
    pub fn with(&self, files: &Files, path: &str, text: &str) -> Files {
        let mut files = files.clone();
        files.insert(path.to_owned(), text.to_owned());
        files
    }
}

/// A row of messages in backticks, and three marks.
fn row(line: usize, text: &str) -> Replies {
    let mut cells = text.split('|').skip(1);
    let messages = cells.next().unwrap_or_default().split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let matches = [(); 3].map(|()| cells.next().is_some_and(|cell| cell.contains('✔')));
    Replies { line, messages, matches }
}
