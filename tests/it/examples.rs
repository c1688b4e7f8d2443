//! Everything that is shown as an example is right: the samples of `rules/`, and the blocks of the pages.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use antiphon::diagnostic::{Severity, render};
use antiphon::dsl::describe::describe;
use antiphon::dsl::format::{self, Outcome};
use antiphon::dsl::{Compiled, compile};
use antiphon::model::norm::normalise;
use antiphon::model::rule::CampaignState;
use antiphon::scenario::coverage::Coverage;
use antiphon::scenario::report::{self, Played};
use antiphon::scenario::{self, Stage, play};

use page::{Console, Page, codes};

type Files = BTreeMap<String, String>;

/// The files below `folder` whose names end so, by their path in the repository.
fn read(folder: &Path, ending: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            // What is built or hidden is not ours.
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                read(&path, ending, files);
            }
        } else if path.extension().is_some_and(|found| found == ending) {
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("it was found below");
            let text = fs::read_to_string(&path).expect("rule files and pages are UTF-8");
            files.insert(name.to_string_lossy().replace('\\', "/"), text);
        }
    }
}

pub fn samples() -> Files {
    below("rules")
}

/// The rule files below a folder of the repository.
fn below(folder: &str) -> Files {
    let mut files = Files::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), "yaml", &mut files);
    files
}

pub fn pages() -> Vec<Page> {
    let mut files = Files::new();
    read(Path::new(env!("CARGO_MANIFEST_DIR")), "md", &mut files);
    files.iter().map(|(path, text)| Page::read(path, text, &samples())).collect()
}

/// Errors and warnings about the file `path`, by their codes; of a test, its failures too.
fn found(compiled: &Compiled, path: &str) -> BTreeSet<String> {
    let about = |file| compiled.sources.path(file) == path;
    let tests = scenario::read(compiled);
    let diagnostics = compiled.diagnostics.iter().chain(&tests.diagnostics);
    let diagnostics = diagnostics.filter(|d| d.severity() != Severity::Advice && about(d.span().file));
    let mut found: BTreeSet<String> = diagnostics.map(|d| d.code.to_string()).collect();
    if let Some(rules) = &compiled.rules {
        let stage = Stage::new(rules).expect("checked rules run");
        for story in tests.stories.iter().filter(|story| about(story.span.file)) {
            found.extend(play(&stage, story).failures().iter().map(|failure| failure.code.to_string()));
        }
    }
    found
}

/// Where the examples of a page are not what the page says of them: right, or wrong with the codes in their comments.
fn complaints(page: &Page) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut compare = |files: &Files, path: &str, line: usize, expected: &BTreeSet<String>| {
        let compiled = compile(files);
        let found = found(&compiled, path);
        if found != *expected {
            let said = render::render(&compiled.diagnostics, &compiled.sources, false);
            complaints.push(format!("{}:{line}: expected {expected:?}, found {found:?}\n{said}", page.path));
        }
    };
    let right = page.right();
    for example in &page.files {
        let files = page.with(&right, &example.path, &example.text);
        compare(&files, &example.path, example.line, &codes(&example.text));
    }
    for (line, condition) in &page.conditions {
        let path = "rules/condition.yaml";
        let text = format!("version: 1\nsegments:\n  condition:\n    when: |\n      {condition}\n");
        compare(&page.with(&right, path, &text), path, *line, &codes(condition));
    }
    for console in &page.consoles {
        let Some(said) = said(console) else { continue };
        // The numbers in the last line of `check` are the command's: that is compared where there is one.
        let shown = match console.arguments.first().is_some_and(|verb| verb == "check") {
            true => console.output.trim_end().rsplit_once('\n').map_or("", |(shown, _)| shown),
            false => &console.output,
        };
        if shown.trim_end() != said.trim_end() {
            complaints.push(format!("{}:{}: it says\n{said}", page.path, console.line));
        }
    }
    for row in &page.replies {
        for message in &row.messages {
            let (message, keyword) = (normalise(message), normalise("yes"));
            let is = [message == keyword, message.starts_with(&keyword), message.contains(&keyword)];
            if is != row.matches {
                complaints.push(format!("{}:{}: `{}` is {is:?}", page.path, row.line, message.as_str()));
            }
        }
    }
    complaints
}

/// What a command says; none if not even its verb is in the core.
fn said(console: &Console) -> Option<String> {
    let arguments: Vec<&str> = console.arguments.iter().map(String::as_str).collect();
    let compiled = compile(&console.files);
    let tests = scenario::read(&compiled);
    let mut found = compiled.diagnostics.clone();
    found.extend(tests.diagnostics);
    let complaints = |found: &[_]| render::render(found, &compiled.sources, false);
    match (arguments.as_slice(), &compiled.rules) {
        (["check", wanted @ ..], _) => {
            found.retain(|d| wanted.is_empty() || wanted.contains(&compiled.sources.path(d.span().file)));
            Some(complaints(&found))
        }
        (["describe", name], Some(rules)) => Some(describe(rules, name).unwrap_or_default()),
        (["test"], Some(rules)) => {
            let stage = Stage::new(rules).expect("checked rules run");
            let played = |story| Played { story, sources: &compiled.sources, outcome: play(&stage, story), millis: 0 };
            let played: Vec<Played<'_>> = tests.stories.iter().map(played).collect();
            Some(report::human(&played))
        }
        (["describe" | "test", ..], None) => Some(complaints(&found)),
        _ => None,
    }
}

/// The samples, and what `init` writes.
const SETS: [&str; 2] = ["rules", "src/cli/init"];

#[test]
fn the_samples_compile_without_a_complaint_and_are_drafts() {
    for set in SETS {
        let compiled = compile(&below(set));
        let said = render::render(&compiled.diagnostics, &compiled.sources, false);
        assert!(said.is_empty(), "{said}");
        let rules = compiled.rules.expect("nothing was complained of");
        assert!(!rules.campaigns.is_empty() && !rules.segments.is_empty());
        assert!(rules.campaigns.iter().all(|campaign| campaign.state == CampaignState::Draft));
    }
}

#[test]
fn the_tests_of_the_samples_pass_and_look_at_every_rule() {
    for set in SETS {
        let compiled = compile(&below(set));
        let tests = scenario::read(&compiled);
        let wrong = render::render(&tests.diagnostics, &compiled.sources, false);
        assert!(wrong.is_empty(), "{wrong}");
        let rules = compiled.rules.as_ref().expect("the samples are right");
        let stage = Stage::new(rules).expect("checked rules run");
        let played = |story| Played { story, sources: &compiled.sources, outcome: play(&stage, story), millis: 0 };
        let played: Vec<Played<'_>> = tests.stories.iter().map(played).collect();
        let coverage = Coverage::of(rules, played.iter().map(|played| &played.outcome.seen));
        let said = report::human(&played);
        assert!(!played.is_empty() && said.ends_with(", 0 failed, 0 todo\n"), "{said}{}", coverage.human());
        assert_eq!(coverage.untested().count(), 0, "{}", coverage.human());
    }
}

#[test]
fn the_samples_are_written_as_the_formatter_writes_them() {
    for set in SETS {
        for (path, outcome) in format::format(&below(set)).files {
            assert!(matches!(outcome, Outcome::Unchanged), "{path}: {outcome:?}");
        }
    }
}

#[test]
fn what_the_pages_show_is_true() {
    let complaints: Vec<String> = pages().iter().flat_map(complaints).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_page_of_the_language_shows_a_lot() {
    let pages = pages();
    let page = pages.iter().find(|page| page.path == "grammar/README.md").expect("the page is there");
    assert!(page.files.len() >= 5 && page.conditions.len() >= 50 && page.consoles.len() >= 4);
    assert!(page.replies.len() >= 4 && page.replies.iter().all(|row| !row.messages.is_empty()));
}

#[test]
fn a_wrong_example_is_seen() {
    let wrong = |text: &str| complaints(&Page::read("page.md", text, &samples())).len();
    let file = "version: 1\nsegments:\n  a:\n    when: |\n      replied";
    assert_eq!(wrong(&format!("```yaml\n{file} ever\n```\n")), 0);
    assert_eq!(wrong(&format!("```yaml\n{file}\n```\n")), 1);
    assert_eq!(wrong(&format!("```yaml\n# rules/a.yaml: E0203\n{file}\n```\n")), 0);
    assert_eq!(wrong(&format!("```yaml\n# rules/a.yaml: E0203\n{file} ever\n```\n")), 1);
    assert_eq!(wrong("```antiphon\nreplied YES ever\n\n# a comment\nreplied yes ever   # E0103\n```\n"), 0);
    assert_eq!(wrong("```antiphon\nreplied yes ever\nreplied YES ever   # E0103\nrelpied ever  # E0101\n```\n"), 3);
    let console = |command: &str, said: &str| wrong(&format!("```console\n$ antiphon {command}\n{said}\n```\n"));
    assert_eq!(console("describe vips", "Segment vips"), 1);
    assert_eq!(console("test", "0 tests, 0 failed, 0 todo"), 1);
    assert_eq!(console("check", "all is well"), 0);
    assert_eq!(console("check", "all is well\nand more"), 1);
    assert_eq!(console("serve", "it serves"), 0);
    assert_eq!(wrong("| `Yes!` `YES` | ✔ | ✔ | ✔ |\n| `oh yes` | ✘ | ✘ | ✔ |\n"), 0);
    assert_eq!(wrong("| `Yes!` `no` | ✔ | ✔ | ✔ |\n"), 1);
}

#[cfg(feature = "server")]
#[test]
fn the_output_on_the_pages_is_what_the_command_says() {
    for page in pages() {
        for console in &page.consoles {
            let folder = std::env::temp_dir().join(format!("antiphon-page-{}-{}", std::process::id(), console.line));
            for (path, text) in &console.files {
                let path = folder.join(path);
                fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("it can be made");
                fs::write(path, text).expect("it can be written");
            }
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_antiphon"))
                .args(&console.arguments)
                .current_dir(&folder)
                .env_clear()
                .output()
                .expect("the binary starts");
            fs::remove_dir_all(&folder).expect("it can be taken away");
            let said = String::from_utf8(output.stdout).expect("it is UTF-8");
            assert_eq!(console.output.trim_end(), said.trim_end(), "{}:{}\n{said}", page.path, console.line);
        }
    }
}
