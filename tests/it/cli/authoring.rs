//! `fmt`, `explain` and the forms of `check`: what rule authors run all day.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use antiphon::diagnostic::render::SHOWN_MAX;
use serde_json::Value as Json;
use snapbox::{assert_data_eq, str};

use super::{Folder, GOOD, complained, said};

const LOOSE: &str = "version: 1
segments:
  yes-in-time:
    when: |
      has replied YES within 2 day of the message it answers ever
    title: Said YES in time
";

const TIDY: &str = "version: 1
segments:
  yes-in-time:
    title: Said YES in time
    when: |
      replied YES within 2 days of the message it answers
";

fn read(folder: &Folder, path: &str) -> String {
    std::fs::read_to_string(folder.0.join(path)).unwrap()
}

#[test]
fn fmt_shows_what_would_change_and_changes_nothing() {
    let folder = Folder::new();
    folder.write("rules/segments/replies.yaml", LOOSE);
    folder.write("rules/tidy.yaml", GOOD);
    let check = folder.run(&["fmt", "--check"]);
    assert_eq!(check.status.code(), Some(1));
    assert_data_eq!(
        said(&check),
        str![[r#"
rules/segments/replies.yaml:4   + title: Said YES in time
rules/segments/replies.yaml:5   - has replied YES within 2 day of the message it answers ever
                                - title: Said YES in time
                                + replied YES within 2 days of the message it answers
1 file would change, 1 unchanged

"#]]
    );
    assert_eq!(read(&folder, "rules/segments/replies.yaml"), LOOSE);
    let one = folder.run(&["fmt", "rules/tidy.yaml", "--check"]);
    assert_eq!((one.status.code(), said(&one).as_str()), (Some(0), "0 files would change, 1 unchanged\n"));
}

#[test]
fn fmt_writes_once_and_leaves_nothing_behind() {
    let folder = Folder::new();
    folder.write("rules/segments/replies.yaml", LOOSE);
    let path = folder.0.join("rules/segments/replies.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let first = folder.run(&["fmt"]);
    assert_eq!(first.status.code(), Some(0), "{}", complained(&first));
    assert_eq!(said(&first), "rules/segments/replies.yaml\n1 file formatted, 0 unchanged\n");
    assert_eq!(read(&folder, "rules/segments/replies.yaml"), TIDY);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(folder.0.join("rules/segments")).unwrap().count(), 1);
    let second = folder.run(&["fmt"]);
    assert_eq!(said(&second), "0 files formatted, 1 unchanged\n");
}

#[test]
fn fmt_does_not_touch_a_file_with_errors() {
    let folder = Folder::new();
    folder.write("rules/segments/replies.yaml", LOOSE);
    let wrong = "version: 1\nsegments:\n  a:\n    when: has  replied yes ever\n";
    folder.write("rules/wrong.yaml", wrong);
    let all = folder.run(&["fmt"]);
    assert_eq!(all.status.code(), Some(1));
    let text = said(&all);
    assert!(text.contains("error[E0103]") && text.contains("rules/wrong.yaml:4:24"), "{text}");
    assert!(!text.contains("A0803"), "advice is for `check`: {text}");
    assert!(text.ends_with("1 file formatted, 0 unchanged, 1 not touched\n"), "{text}");
    assert_eq!(read(&folder, "rules/wrong.yaml"), wrong);
    assert_eq!(read(&folder, "rules/segments/replies.yaml"), TIDY);
    folder.write("rules/bytes.yaml", b"version: 1 # \xff\n");
    let bytes = folder.run(&["fmt"]);
    assert_eq!(bytes.status.code(), Some(1));
    assert!(said(&bytes).contains("error[E0905]"), "{}", said(&bytes));
}

#[test]
fn fmt_that_cannot_write_says_so() {
    let folder = Folder::new();
    folder.write("rules/segments/replies.yaml", LOOSE);
    // Where the new text would be put, a folder stands already.
    let blocked = std::process::Command::new("sh")
        .arg("-c")
        .arg("mkdir rules/segments/.replies.yaml.$$.tmp && exec \"$0\" fmt")
        .arg(env!("CARGO_BIN_EXE_antiphon"))
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert_eq!(blocked.status.code(), Some(1));
    assert!(complained(&blocked).contains("rules/segments/replies.yaml: it cannot be written"), "{blocked:?}");
    assert_eq!(read(&folder, "rules/segments/replies.yaml"), LOOSE);
}

#[test]
fn explain_shows_the_page_of_a_code() {
    let folder = Folder::new();
    let page = folder.run(&["explain", "e0103"]);
    assert_eq!(page.status.code(), Some(0));
    assert_data_eq!(
        said(&page),
        str![[r#"
E0103: text without quotes

A text stands here without quotes.

Bare words are words of the language, attributes and lists. If texts could be bare too, a misspelt
word of the language would silently become something that people have to say. Only a keyword in
capitals may stand bare, because no word of the language is in capitals; case makes no difference to
what it matches.

Not like this

    plan is pro

But like this

    plan is "pro"

"#]]
    );
    for (code, why) in [
        ("E0230", "antiphon: there is no code `E0230`; did you mean `E0203`?\n"),
        (
            "nonsense",
            "antiphon: there is no code `nonsense`; codes look like `E0203`, and behind a person stands a rule\n",
        ),
    ] {
        let unknown = folder.run(&["explain", code]);
        assert_eq!((unknown.status.code(), complained(&unknown).as_str()), (Some(2), why));
    }
}

/// A file in which each of so many segments has one error.
fn errors(many: usize) -> String {
    let mut text = "version: 1\nsegments:\n".to_owned();
    for n in 0..many {
        let _ = writeln!(text, "  s{n}: {{kind: automatic}}");
    }
    text
}

#[test]
fn check_shows_a_hundred_complaints_and_says_that_there_are_more() {
    let folder = Folder::new();
    let run = |many: usize, format: &str| {
        folder.write("rules/a.yaml", errors(many));
        said(&folder.run(&["check", "--quiet", "--format", format]))
    };
    let human = run(SHOWN_MAX, "human");
    assert_eq!(human.matches("error[E0322]").count(), SHOWN_MAX);
    assert!(!human.contains("more"), "{human}");
    let human = run(SHOWN_MAX + 1, "human");
    assert_eq!(human.matches("error[E0322]").count(), SHOWN_MAX);
    assert!(human.contains("and at least 1 more\n"), "{human}");
    let json: Json = serde_json::from_str(&run(SHOWN_MAX + 1, "json")).unwrap();
    assert_eq!(json["diagnostics"].as_array().unwrap().len(), SHOWN_MAX);
    assert_eq!((&json["version"], &json["files"], &json["errors"]), (&1.into(), &1.into(), &(SHOWN_MAX + 1).into()));
    assert_eq!(run(SHOWN_MAX + 1, "github").lines().count(), SHOWN_MAX);
}

#[test]
fn check_is_one_object_for_all_sets() {
    let folder = Folder::new();
    folder.write("one/a.yaml", GOOD);
    folder.write("two/a.yaml", errors(1));
    let json = said(&folder.run(&["check", "one", "two", "--format", "json"]));
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["files"], &json["errors"]), (&2.into(), &1.into()));
}

#[test]
fn advice_and_warnings_can_be_left_out_and_held_against_one() {
    let folder = Folder::new();
    let rule = |condition: &str| format!("version: 1\nsegments:\n  a:\n    when: |\n      {condition}\n");
    folder.write("rules/a.yaml", rule("replied YES within 2 days"));
    let loud = said(&folder.run(&["check"]));
    assert!(loud.contains("advice[A0801]") && loud.contains("2 advice"), "{loud}");
    let quiet = folder.run(&["check", "--quiet", "--deny-warnings"]);
    assert_eq!(
        (quiet.status.code(), said(&quiet).as_str()),
        (Some(0), "1 file, 1 segment, 0 campaigns: 0 errors, 0 warnings\n")
    );
    folder.write("rules/a.yaml", rule("has not replied within 2 days"));
    for (arguments, exit) in [(&["check"][..], 0), (&["check", "--deny-warnings"], 3)] {
        let warned = folder.run(arguments);
        assert_eq!(warned.status.code(), Some(exit));
        assert!(said(&warned).contains("warning[W0705]"), "{}", said(&warned));
    }
    // An error is more than a warning.
    folder.write("rules/b.yaml", rule("replied"));
    assert_eq!(folder.run(&["check", "--deny-warnings"]).status.code(), Some(1));
}

#[test]
fn annotations_name_files_from_the_root_of_the_repository() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join(".git")).unwrap();
    folder.write("deep/er/rules/a, b.yaml", errors(1));
    let mut command = folder.command(&["check", "--quiet", "--format", "github"]);
    let output = command.current_dir(folder.0.join("deep/er")).output().unwrap();
    let text = said(&output);
    let wanted = "::error file=deep/er/rules/a%2C b.yaml,line=3,endLine=3,col=14,endColumn=23,title=E0322::";
    assert!(text.starts_with(wanted), "{text}");
}
