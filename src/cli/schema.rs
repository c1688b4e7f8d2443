//! `schema`: what helps editors with rule files, and what helps authors with a first schema.

use std::fs;
use std::path::{Path, PathBuf};

use super::client::ask_server;
use super::exit::{Exit, failed};
use super::load;
use super::run::{given, settings};
use crate::dsl::infer::{Observed, propose};
use crate::dsl::json_schema::{self, File, Names};

/// Writes the JSON Schemas of the rule files, so that an editor completes their keys; or proposes a schema.
///
/// Names of the rules are offered where one is wanted, so write the schemas again when rules have come and gone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon schema\n  antiphon schema --infer > rules/schema.yaml")]
pub struct Arguments {
    /// The folder that the JSON Schemas are written to.
    #[arg(long, value_name = "DIR", default_value = ".antiphon", conflicts_with = "infer")]
    out: PathBuf,
    /// Print a schema.yaml that fits the newest people and events of a running server, with counts as comments.
    #[arg(long)]
    infer: bool,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Exit {
    if arguments.infer { infer(arguments) } else { write(arguments) }
}

fn write(arguments: &Arguments) -> Exit {
    let root = match settings(&given(arguments.config.clone())) {
        Ok(settings) => settings.rules,
        Err(exit) => return exit,
    };
    // Rules that are broken, or not there yet, are no reason not to help with them.
    let rules = load::compile(&root, &[]).ok().and_then(|(compiled, _)| compiled.rules);
    let files = json_schema::files(&rules.as_ref().map(Names::of).unwrap_or_default());
    for file in &files {
        let path = arguments.out.join(file.name);
        let text = format!("{:#}\n", file.schema);
        let written = fs::create_dir_all(&arguments.out).and_then(|()| fs::write(&path, text));
        if let Err(error) = written {
            return failed(format_args!("{}: {error}", path.display()));
        }
    }
    anstream::print!("{}", told(&arguments.out, &root, &files));
    Exit::Fine
}

/// What was written, and how an editor gets to know of it.
fn told(out: &Path, root: &Path, files: &[File]) -> String {
    let mut text = String::new();
    for file in files {
        text.push_str(&format!("wrote {}: {}\n", out.join(file.name).display(), file.about));
    }
    let first = files.first().map(|file| out.join(file.name)).unwrap_or_default();
    text.push_str(&format!(
        "\nFor one file, as its first line, with the path as seen from it:\n  # yaml-language-server: $schema={}\n",
        from(root, &first).display()
    ));
    text.push_str(
        "\nFor all files, in .vscode/settings.json or what your editor has in its place:\n  \"yaml.schemas\": {\n",
    );
    for (n, file) in (1..).zip(files) {
        let globs: Vec<String> = file
            .globs
            .iter()
            .map(|glob| match glob.strip_prefix('!') {
                Some(glob) => format!("!{}", shown(&root.join(glob))),
                None => shown(&root.join(glob)),
            })
            .collect();
        let path = shown(&out.join(file.name));
        let comma = if n < files.len() { "," } else { "" };
        text.push_str(&format!("    {}: {}{comma}\n", serde_json::json!(path), serde_json::json!(globs)));
    }
    text + "  }\n"
}

fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if path.is_absolute() || text.starts_with("./") { text } else { format!("./{text}") }
}

/// `to` as seen from a file in `folder`, where both are relative to the same place.
fn from(folder: &Path, to: &Path) -> PathBuf {
    if to.is_absolute() || folder.is_absolute() {
        return to.canonicalize().unwrap_or_else(|_| to.to_path_buf());
    }
    let depth = folder.components().filter(|part| matches!(part, std::path::Component::Normal(_))).count();
    std::iter::repeat_n(PathBuf::from(".."), depth).collect::<PathBuf>().join(to)
}

fn infer(arguments: &Arguments) -> Exit {
    ask_server(arguments.config.as_ref(), async |client| {
        let answer = client.send(client.get("/antiphon/schema", &[])?).await?;
        let observed: Observed = answer.json().await.map_err(|error| error.to_string())?;
        anstream::print!("{}", propose(&observed));
        Ok(Exit::Fine)
    })
}
