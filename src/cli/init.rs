//! `init`: a small rule set to begin with.

use std::fs::{File, OpenOptions, create_dir_all};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::exit::{Exit, failed};

/// The files, by their path below the rules folder.
pub const FILES: &[(&str, &str)] = &[
    ("schema.yaml", include_str!("init/schema.yaml")),
    ("segments/replies.yaml", include_str!("init/replies.yaml")),
    ("campaigns/thanks.yaml", include_str!("init/thanks.yaml")),
    ("tests/replies.test.yaml", include_str!("init/replies.test.yaml")),
];

/// Writes a small rule set to begin with: a schema, two segments, a draft campaign and a test.
///
/// Nothing that is there is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon init\n  antiphon init /etc/antiphon/rules")]
pub struct Arguments {
    /// The rules folder.
    #[arg(default_value = "rules")]
    dir: PathBuf,
}

pub fn run(arguments: &Arguments) -> Exit {
    let dir = &arguments.dir;
    // All or nothing: a half written rule set would be a wrong one.
    let there: Vec<_> = FILES.iter().map(|(path, _)| dir.join(path)).filter(|path| path.exists()).collect();
    if let Some(first) = there.first() {
        return failed(format_args!("{} is there already; nothing was written", first.display()));
    }
    for (path, text) in FILES {
        let path = dir.join(path);
        if let Err(error) = write(&path, text) {
            return failed(format_args!("{}: {error}", path.display()));
        }
        anstream::println!("wrote {}", path.display());
    }
    anstream::println!("\nNext:\n{}", next(dir));
    Exit::Fine
}

fn next(dir: &Path) -> String {
    let (check, describe, test, serve) = if dir == Path::new("rules") {
        (
            "antiphon check".to_owned(),
            "antiphon describe said-yes".to_owned(),
            "antiphon test".to_owned(),
            "antiphon serve".to_owned(),
        )
    } else {
        let dir = dir.display();
        (
            format!("antiphon check {dir}"),
            format!("antiphon describe said-yes --rules {dir}"),
            format!("antiphon test {dir}"),
            format!("ANTIPHON_RULES={dir} antiphon serve"),
        )
    };
    let lines = [
        (check.as_str(), "are the rules right?"),
        (describe.as_str(), "what does one of them mean?"),
        (test.as_str(), "do they do what they should?"),
        (serve.as_str(), "start the server"),
        ("antiphon activity --follow", "see what comes in"),
    ];
    let width = lines.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    lines.map(|(command, what)| format!("  {command:width$}  # {what}")).join("\n")
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        create_dir_all(folder)?;
    }
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}
