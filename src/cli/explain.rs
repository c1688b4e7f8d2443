//! `explain`: what a code means.

use super::exit::{Exit, failed};
use super::plain::plain;
use crate::diagnostic::Code;
use crate::diagnostic::suggest::nearest;

/// Says what a code of a complaint is about: what is wrong, why that is so, and how it is put right.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon explain E0203\n  antiphon explain a0801")]
pub struct Arguments {
    /// The code, as it stands behind `error`, `warning` or `advice`.
    code: String,
}

pub fn run(arguments: &Arguments) -> Exit {
    match Code::named(&arguments.code) {
        Some(code) => {
            anstream::print!("{}", page(code));
            Exit::Fine
        }
        None => {
            failed(unknown(&arguments.code));
            Exit::Usage
        }
    }
}

fn unknown(written: &str) -> String {
    let meant = nearest(written, Code::ALL.iter().map(|code| code.as_str()));
    let hint = meant.map_or("codes look like `E0203`".to_owned(), |code| format!("did you mean `{code}`?"));
    format!("there is no code `{}`; {hint}", plain(written))
}

/// The page as it is read on a terminal.
fn page(code: Code) -> String {
    let page = code.page();
    let examples = [("Not like this", &page.bad), ("But like this", &page.good)];
    let mut out = format!("{}\n\n{}\n\n{}\n", bold(&format!("{code}: {}", code.title())), page.what, page.why);
    for (title, example) in examples {
        out.push_str(&format!("\n{}\n\n", bold(title)));
        for line in example.lines() {
            out.push_str(format!("    {line}").trim_end());
            out.push('\n');
        }
    }
    out
}

fn bold(text: &str) -> String {
    format!("\u{1b}[1m{text}\u{1b}[0m")
}
