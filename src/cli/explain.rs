//! `explain`: what a code means; or why a rule is as it is for somebody, as a running server knows it.

use std::path::PathBuf;

use clap::ValueEnum;

use super::client::{ask_server, segment};
use super::exit::{Exit, failed};
use super::plain::plain;
use crate::diagnostic::Code;
use crate::diagnostic::suggest::nearest;
use crate::explain::{Explanation, render};

/// Says what a code of a complaint is about; or, for a person and a rule, why they are in or out, since when and until
/// when, on what evidence.
///
/// Of a campaign it says which of trigger, age, filter, frequency and key said no to the newest that could have
/// started it, and where the journey stands. A person and a rule are explained by the server at ANTIPHON_URL, by the
/// rules in force there; the app key comes from the settings or the keys file.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  antiphon explain E0203\n  antiphon explain ana said-yes --at 2026-03-28T20:00+01:00"
)]
pub struct Arguments {
    /// The code, as it stands behind `error`, `warning` or `advice`; or a person: an external id, a number with its
    /// plus, an e-mail address, or `cio_…`.
    #[arg(value_name = "CODE|PERSON")]
    subject: String,
    /// A segment or campaign; `segment:NAME` or `campaign:NAME` where both have the name.
    rule: Option<String>,
    /// The instant that is explained, with its zone; without it now.
    #[arg(long, value_name = "INSTANT", requires = "rule")]
    at: Option<String>,
    /// How an explanation is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How an explanation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, with the times that the person's clocks show.
    Text,
    /// As data.
    Json,
}

pub fn run(arguments: &Arguments) -> Exit {
    if let Some(rule) = &arguments.rule {
        return about_person(arguments, rule);
    }
    match Code::named(&arguments.subject) {
        Some(code) => {
            anstream::print!("{}", page(code));
            Exit::Fine
        }
        None => {
            failed(unknown(&arguments.subject));
            Exit::Usage
        }
    }
}

fn about_person(arguments: &Arguments, rule: &str) -> Exit {
    ask_server(arguments.config.as_ref(), async |client| {
        let path = format!("/antiphon/people/{}/explain", segment(&arguments.subject));
        let mut parameters = vec![("rule", rule)];
        parameters.extend(arguments.at.as_deref().map(|at| ("at", at)));
        let answer = client.send(client.get(&path, &parameters)?).await?;
        let text = answer.text().await.map_err(|error| error.to_string())?;
        show(&text, arguments.format).map(|()| Exit::Fine)
    })
}

fn show(text: &str, format: Format) -> Result<(), String> {
    match format {
        Format::Json => anstream::print!("{text}"),
        Format::Text => {
            let read: Result<Explanation, _> = serde_json::from_str(text);
            let explanation = read.map_err(|error| format!("the server's answer is of another version: {error}"))?;
            // Texts are strangers', and nothing of them acts on the terminal.
            render(&explanation).lines().for_each(|line| anstream::println!("{}", plain(line)));
        }
    }
    Ok(())
}

fn unknown(written: &str) -> String {
    let meant = nearest(written, Code::ALL.iter().map(|code| code.as_str()));
    let otherwise = || "codes look like `E0203`, and behind a person stands a rule".to_owned();
    let hint = meant.map_or_else(otherwise, |code| format!("did you mean `{code}`?"));
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
