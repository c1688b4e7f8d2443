//! Complaints as programs read them: every place is said in bytes and in lines, and fixes can be made by either.

use antiphon::diagnostic::{Diagnostic, Origin, Sources, github, json};
use antiphon::dsl::parse::parse_condition;
use serde_json::Value as Json;

use super::{compile, language};

/// Every complaint that the goldens and the table of mistakes draw, with the files that it is about.
fn complaints() -> Vec<(Diagnostic, Sources)> {
    let mut all = Vec::new();
    for path in compile::goldens() {
        let compiled = compile::compiled(&path);
        all.extend(compiled.diagnostics.into_iter().map(|one| (one, compiled.sources.clone())));
    }
    for written in language::mistakes::conditions_written() {
        let (mut sources, mut out) = (Sources::default(), Vec::new());
        let file = sources.add("rules/it.yaml", written);
        parse_condition(written, &Origin::at(file, 0), &mut out);
        all.extend(out.into_iter().map(|one| (one, sources.clone())));
    }
    assert!(all.len() > 500, "{}", all.len());
    all
}

fn number(value: &Json) -> usize {
    usize::try_from(value.as_u64().expect("it is a number")).expect("it fits")
}

/// The byte at a line and a column of characters, both from 1.
fn byte(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    start + text[start..].chars().take(column - 1).map(char::len_utf8).sum::<usize>()
}

/// The text with the edits made, at places that `place` reads.
fn edited(text: &str, edits: &[Json], place: impl Fn(&Json) -> (usize, usize)) -> String {
    let mut edits: Vec<_> = edits.iter().map(|edit| (place(edit), edit["replacement"].as_str().unwrap())).collect();
    edits.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
    let mut out = text.to_owned();
    for ((start, end), replacement) in edits {
        out.replace_range(start..end, replacement);
    }
    out
}

#[test]
fn fixes_can_be_made_by_bytes_and_by_lines() {
    let mut made = 0;
    for (diagnostic, sources) in complaints() {
        let text = sources.text(diagnostic.span().file);
        let data = json::diagnostic(&diagnostic, &sources);
        assert_eq!(data["code"], diagnostic.code.as_str());
        assert_eq!(data["severity"], diagnostic.severity().to_string());
        assert_eq!(data["message"], diagnostic.message.as_str());
        assert_eq!(data["file"], sources.path(diagnostic.span().file));
        assert_eq!(data["labels"].as_array().unwrap().len(), diagnostic.labels.len());
        assert_eq!(data["notes"].as_array().unwrap().len(), diagnostic.notes.len());
        for (fix, data) in diagnostic.fixes.iter().zip(data["fixes"].as_array().unwrap()) {
            let wanted = fix.apply(text);
            let edits = data["edits"].as_array().unwrap();
            assert!(edits.iter().all(|edit| edit["file"] == sources.path(diagnostic.span().file)));
            let by_bytes = edited(text, edits, |edit| (number(&edit["start"]), number(&edit["end"])));
            let by_lines = edited(text, edits, |edit| {
                let at = |line: &str, column: &str| byte(text, number(&edit[line]), number(&edit[column]));
                (at("line", "column"), at("end_line", "end_column"))
            });
            assert_eq!((&by_bytes, &by_lines), (&wanted, &wanted), "{}", diagnostic.message);
            made += 1;
        }
    }
    assert!(made > 200, "{made}");
}

#[test]
fn each_complaint_is_one_command() {
    for (diagnostic, sources) in complaints() {
        let command = github::command(&diagnostic, &sources, "rules/it.yaml");
        assert_eq!(command.lines().count(), 1, "{command}");
        let (properties, _) = command.trim_start_matches(':').split_once("::").unwrap();
        let (line, _) = sources.place(diagnostic.span());
        assert!(properties.contains(&format!(" file=rules/it.yaml,line={line},")), "{command}");
        assert!(properties.ends_with(&format!("title={}", diagnostic.code)), "{command}");
    }
}

#[test]
fn a_complaint_comes_back_as_it_was_told() {
    for (diagnostic, sources) in complaints() {
        let data = json::diagnostic(&diagnostic, &sources);
        let known: Vec<_> = diagnostic.labels.iter().map(|label| label.span.file).collect();
        let file = |path: &str| known.iter().copied().find(|file| sources.path(*file) == path);
        assert_eq!(json::read(&data, &file).as_ref(), Some(&diagnostic));
        for name in ["code", "message", "labels", "notes", "fixes"] {
            let mut data = data.clone();
            data[name] = Json::Null;
            assert_eq!(json::read(&data, &file), None, "without {name}");
        }
    }
}
