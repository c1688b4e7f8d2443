//! What people write instead: each mistake has its code, and each way out that is offered leads out.

use std::collections::BTreeSet;
use std::path::Path;

use antiphon::diagnostic::Code;

use super::{Block, codes, complaints};

/// What is written, the complaints about it, and what each fix of the first makes of it.
struct Case {
    block: Block,
    written: &'static str,
    codes: &'static [Code],
    fixed: &'static [&'static str],
}

const fn condition(written: &'static str, codes: &'static [Code], fixed: &'static [&'static str]) -> Case {
    Case { block: Block::Condition, written, codes, fixed }
}

const fn event(written: &'static str, codes: &'static [Code], fixed: &'static [&'static str]) -> Case {
    Case { block: Block::Event, written, codes, fixed }
}

const fn each(written: &'static str, codes: &'static [Code], fixed: &'static [&'static str]) -> Case {
    Case { block: Block::Each, written, codes, fixed }
}

use Code::*;

const READING: &[Case] = &[
    condition(r#"plan si "pro""#, &[E0100], &[r#"plan is "pro""#]),
    condition("replyed YES ever", &[E0100], &["replied YES ever"]),
    condition("replied YES witin 2 days", &[E0100], &["replied YES within 2 days", "?"]),
    condition(r#"replied to capmaign "winter" ever"#, &[E0100], &[r#"replied to campaign "winter" ever"#]),
    condition("replied \"a\" or \"b\" ever", &[E0100], &["replied any of [\"a\", \"b\"] ever"]),
    condition("replied YES or y ever", &[E0100], &["replied any of [\"YES\", \"y\"] ever"]),
    condition("plan is \"a\" or \"b\"", &[E0100], &["plan is one of [\"a\", \"b\"]"]),
    condition("everyone and user has replied ever", &[E0100], &["everyone and has replied ever"]),
    condition("(everyone and (everyone", &[E0100], &["(everyone and (everyone))"]),
    condition("everyone)", &[E0100], &["everyone"]),
    condition("replied between 2026-03-01 and 2026-03-31", &[E0100], &[]),
    condition("foo bar", &[E0100], &[]),
    condition("", &[E0100], &[]),
    condition("everyone and", &[E0100], &[]),
    condition("t is before 2026-02-30", &[E0100], &[]),
    condition("local time is from 25:00 to 26:00", &[E0100, E0100], &[]),
    condition("replied \"YES within 2 days", &[E0101], &["replied \"YES\" within 2 days"]),
    condition("replied YES\" within 2 days", &[E0101], &["replied \"YES\" within 2 days"]),
    condition("plan is \"pro", &[E0101], &["plan is \"pro\""]),
    condition("body matches /a.c", &[E0101], &["body matches /a.c/"]),
    condition("replied 'yes' ever", &[E0102], &["replied \"yes\" ever"]),
    condition("replied “yes” ever", &[E0102], &["replied \"yes\" ever"]),
    condition("in segment 'vip'", &[E0102], &["in segment \"vip\""]),
    condition("replied yes within 2 days", &[E0103], &["replied \"yes\" within 2 days"]),
    condition("replied yes please within 2 days", &[E0103], &["replied \"yes please\" within 2 days"]),
    condition("plan is pro", &[E0103], &["plan is \"pro\""]),
    condition("replied 👍 ever", &[E0103], &["replied \"👍\" ever"]),
    condition("country is one of [DE, \"AT\"]", &[E0103], &["country is one of [\"DE\", \"AT\"]"]),
    condition("in segment vip", &[E0104], &["in segment \"vip\""]),
    condition("performed order_placed ever", &[E0104], &["performed \"order_placed\" ever"]),
    condition("replied over the last 2 days", &[E0105], &["replied in the last 2 days"]),
    condition("replied within the last 2 days", &[E0105], &["replied in the last 2 days"]),
    condition("replied in last 2 days", &[E0105], &["replied in the last 2 days"]),
    condition("t is within 2 days", &[E0105], &["t is in the last 2 days", "t is in the next 2 days"]),
    condition("replied at least 1001 times ever", &[E0114], &[]),
    condition("replied with at least 101 distinct body ever", &[E0114], &[]),
    condition("in sample \"x\" of 101%", &[E0114], &[]),
    condition("n > 12345678901234567890123456789012345678901234567890", &[E0114], &[]),
    condition("read any message then replied then replied then replied then replied then replied ever", &[E0114], &[]),
    condition("body matches /\\w{500}/", &[E0114], &[]),
    condition("replied within 2 days to campaign \"x\"", &[E0106], &["replied to campaign \"x\" within 2 days"]),
    condition("replied within 2 days at least 3 times", &[E0106], &["replied at least 3 times within 2 days"]),
    condition(
        "was sent any message in the last 9 days, then replied within 1 day",
        &[E0106],
        &["was sent any message then replied within 1 day in the last 9 days"],
    ),
    condition("replied via button to any message ever", &[E0107], &["replied to any message via button ever"]),
    condition(
        "replied within 2 days of the message it answers to any message",
        &[E0107],
        &["replied to any message within 2 days of the message it answers"],
    ),
    condition(
        "replied then not replied within 1 day with same x",
        &[E0107],
        &["replied then not replied with same x within 1 day"],
    ),
    condition("plan = \"pro\"", &[E0108], &["plan is \"pro\""]),
    condition("plan=\"pro\"", &[E0108], &["plan is \"pro\""]),
    condition("plan != \"pro\"", &[E0108], &["plan is not \"pro\""]),
    condition("everyone && everyone", &[E0109], &["everyone and everyone"]),
    condition("everyone OR everyone", &[E0109], &["everyone or everyone"]),
    condition("!everyone", &[E0109], &["not everyone"]),
    condition("NOT everyone", &[E0109], &["not everyone"]),
    condition(
        "a is 1 and b is 2 or c is 3",
        &[E0110],
        &["(a is 1 and b is 2) or c is 3", "a is 1 and (b is 2 or c is 3)"],
    ),
    condition("replied within 2d", &[E0111], &["replied within 2 days"]),
    condition("replied within 1day", &[E0111], &["replied within 1 day"]),
    condition("replied within 5m", &[E0111], &["replied within 5 minutes", "replied within 5 calendar months"]),
    condition("replied within 5x", &[E0111], &[]),
    condition("replied within 1 month", &[E0112], &["replied within 1 calendar month", "replied within 30 days"]),
    condition("replied within two days", &[E0113], &["replied within 2 days"]),
    condition("replied within a month", &[E0113], &["replied within 1 calendar month"]),
    condition("replied at least three times ever", &[E0113], &["replied at least 3 times ever"]),
    condition(
        "replied 3 times ever",
        &[E0115],
        &["replied at least 3 times ever", "replied at most 3 times ever", "replied exactly 3 times ever"],
    ),
    condition(r#"replied "a\d" ever"#, &[E0116], &[r#"replied "a\\d" ever"#]),
    condition(r#"replied "\u{110000}" ever"#, &[E0116], &[r#"replied "\\u{110000}" ever"#]),
    condition("body matches /a/ig", &[E0116], &["body matches /a/i"]),
    condition("body matches /a/imi", &[E0116], &["body matches /a/im"]),
    condition("body matches /(a/", &[E0116], &[]),
    condition("body matches /(?=a)b/", &[E0116], &[]),
    condition("replied\u{a0}YES ever", &[E0117], &["replied YES ever"]),
    condition("replied YES\u{202e} ever", &[E0117], &["replied YES ever"]),
    condition("replied YES WITHIN 2 days", &[E0118], &["replied YES within 2 days", "?"]),
    condition("REPLIED YES ever", &[E0118], &["replied YES ever"]),
    condition("IN SEGMENT \"x\"", &[E0118], &["in segment \"x\""]),
    condition("replied within week", &[E0119], &["replied within 1 week"]),
    condition("replied in the last calendar month", &[E0119], &["replied in the last 1 calendar month"]),
    condition("email is not missing", &[E0120], &["email is present"]),
    condition("email is not present", &[E0120], &["email is missing"]),
    condition(
        "replied to \"winter\" ever",
        &[E0121],
        &[
            "replied to campaign \"winter\" ever",
            "replied to template \"winter\" ever",
            "replied to step \"winter\" ever",
        ],
    ),
    condition("plan is not \"pro\" or missing", &[E0122], &["plan is not \"pro\" (or missing)"]),
    condition("everyone.", &[E0123], &["everyone"]),
];

const PHRASES: &[Case] = &[
    condition("plan is \"pro\" within 2 days", &[E0201], &["plan is \"pro\""]),
    event(
        "replied YES within 2 days",
        &[E0202],
        &["replied YES within 2 days of the message it answers", "replied YES within 2 days of any message"],
    ),
    event("replied YES ever", &[E0202], &["replied YES"]),
    event("replied at least 2 times", &[E0202], &["replied"]),
    event("has replied", &[E0202], &["replied"]),
    event("never replied", &[E0202], &[]),
    event("was not sent any message", &[E0202], &["was sent any message"]),
    each(
        "replied then not replied within 1 day in the last 2 days",
        &[E0202],
        &["replied then not replied within 1 day"],
    ),
    condition("replied YES", &[E0203], &["replied YES ever", "replied YES in the last 30 days"]),
    condition(
        "replied then was sent any message",
        &[E0203],
        &["replied then was sent any message ever", "replied then was sent any message in the last 30 days"],
    ),
    condition("replied then not replied", &[E0204], &["replied then not replied within 2 days"]),
    condition("never replied within 2 days", &[E0205], &["has not replied within 2 days", "never replied"]),
    condition("has not replied at least 3 times ever", &[E0206], &["replied fewer than 3 times ever"]),
    condition(
        "was not sent any message at least 3 times ever",
        &[E0206],
        &["was sent any message at least 3 times ever"],
    ),
    condition(
        "replied at least 2 times with at least 3 distinct body ever",
        &[E0206],
        &["replied with at least 3 distinct body ever", "replied at least 2 times ever"],
    ),
    condition(
        "has not replied with at least 3 distinct body ever",
        &[E0206],
        &["replied with fewer than 3 distinct body ever"],
    ),
    condition("replied then replied within 1 day at least 2 times ever", &[E0207], &[]),
    condition("replied within 2 days of any message at least 2 times ever", &[E0207], &[]),
    condition("most recently replied then replied within 1 day ever", &[E0207], &[]),
    condition(
        "not replied then replied within 1 day",
        &[E0208],
        &["not (replied then replied within 1 day)", "has not replied then replied within 1 day"],
    ),
    event("not replied", &[E0208], &[]),
    condition(
        "replied then not replied within 1 day then replied within 2 days",
        &[E0209],
        &["replied then not replied then replied within 2 days"],
    ),
    condition("replied to it ever", &[E0214], &["replied to any message ever"]),
    condition("replied with same x then replied within 1 day", &[E0214], &["replied then replied within 1 day"]),
    condition("known for 3 days", &[E0215], &["known for at least 3 days"]),
    condition("known", &[E0215], &["known for at least 30 days"]),
    condition("plan is \"pro\" for 3 days", &[E0215], &["plan is \"pro\" for at least 3 days"]),
    condition("replied within 1 day then replied ever", &[E0217], &["replied then replied within 1 day ever"]),
    each("replied YES", &[E0218], &[]),
    event("replied then replied within 1 day", &[E0218], &[]),
    condition(
        "replied at least 2 times within 2 days of the message it answers",
        &[E0219],
        &["replied within 2 days of the message it answers at least 2 times"],
    ),
    condition(
        "replied then replied within 1 day of any message ever",
        &[E0219],
        &["replied within 1 day of any message then replied ever"],
    ),
    condition("replied within 0 days", &[E0221], &[]),
    condition("replied within 101 calendar years", &[E0221], &[]),
    condition("plan is \"pro\" for at least 2 calendar days", &[E0221], &["plan is \"pro\" for at least 2 days"]),
    condition("known for at least 2 calendar months", &[E0221], &["known for at least 60 days"]),
    condition("replied within 2 days in the last 3 days", &[E0222], &["replied within 2 days"]),
    condition("replied then replied within 2 days within 3 days", &[E0222], &["replied then replied within 2 days"]),
    condition(
        "changed d from 2026-01-01 to 2026-02-01",
        &[E0223],
        &["changed d from 2026-01-01 to 2026-02-01 ever", "changed d at least 1 time from 2026-01-01 to 2026-02-01"],
    ),
    condition(
        "not plan is \"pro\" for at least 2 days",
        &[E0224],
        &["not (plan is \"pro\" for at least 2 days)", "(not plan is \"pro\") for at least 2 days"],
    ),
    condition("has not was sent any message ever", &[E0225], &["was not sent any message ever"]),
    condition(
        "replied then not was sent any message within 1 day",
        &[E0225],
        &["replied then was not sent any message within 1 day"],
    ),
    condition("performed \"a\" within 2 days of the message it answers", &[E0226], &["performed \"a\" within 2 days"]),
    event("performed \"a\" within 2 days of the message it answers", &[E0226], &["performed \"a\""]),
    condition("replied where in segment \"x\" ever", &[E0306], &[]),
    condition(
        "most recently was not sent any message ever",
        &[E0206],
        &["not most recently was sent any message ever"],
    ),
    condition("replied where via is \"text\" ever", &[E0100], &["replied where event.via is \"text\" ever"]),
    condition("everyone and last > 5", &[E0100], &["everyone and person.last > 5"]),
    condition("performed \"a\" where sum of total > 50 in the last 30 days", &[E0510], &[]),
    condition("performed \"a\" with sum of total > 50 in the last 30 days", &[E0510], &[]),
    condition("average(total) > 50", &[E0510], &[]),
    condition("total total > 50 in the last 30 days", &[E0510], &[]),
    condition("count of replied > 3", &[E0100], &[]),
    // A slip behind an attribute of that name.
    condition("total si 50", &[E0100], &["total is 50"]),
];

/// The codes that some case shows.
pub fn codes_shown() -> impl Iterator<Item = Code> {
    READING.iter().chain(PHRASES).flat_map(|case| case.codes).copied()
}

/// The conditions in the table, as they are written.
pub fn conditions_written() -> impl Iterator<Item = &'static str> {
    let conditions = READING.iter().chain(PHRASES).filter(|case| matches!(case.block, Block::Condition));
    conditions.map(|case| case.written)
}

#[test]
fn each_mistake_has_its_code_and_its_ways_out() {
    let mut wrong = Vec::new();
    for case in READING.iter().chain(PHRASES) {
        let (found, sources) = complaints(case.block, case.written);
        if codes(&found) != case.codes {
            wrong.push(format!("{}\n    {:?}, not {:?}", case.written, codes(&found), case.codes));
            continue;
        }
        let Some(first) = found.first() else { continue };
        let fixed: Vec<String> = first.fixes.iter().map(|fix| fix.apply(sources.text(first.span().file))).collect();
        let same = fixed.len() == case.fixed.len()
            && fixed.iter().zip(case.fixed).all(|(made, wanted)| made == wanted || *wanted == "?");
        if !same {
            wrong.push(format!("{}\n    {fixed:?}, not {:?}", case.written, case.fixed));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_way_out_leads_out() {
    let mut wrong = Vec::new();
    for case in READING.iter().chain(PHRASES) {
        let (found, sources) = complaints(case.block, case.written);
        for diagnostic in &found {
            for fix in &diagnostic.fixes {
                let fixed = fix.apply(sources.text(diagnostic.span().file));
                let left = codes(&complaints(case.block, &fixed).0);
                if left.contains(&diagnostic.code) {
                    wrong.push(format!("{}\n    {} is left of {fixed}", case.written, diagnostic.code));
                }
                // A text that swallowed clauses is without them when it is quoted.
                let swallowed = matches!(diagnostic.code, E0100 | E0118) && left == [E0203];
                if found.len() == 1 && !left.is_empty() && !swallowed {
                    wrong.push(format!("{}\n    {left:?} come with {fixed}", case.written));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The sources at `path` below `src/`, with everything in it.
fn sources(path: &str) -> String {
    fn collect(path: &Path, out: &mut String) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
                collect(&entry.path(), out);
            }
        } else {
            out.push_str(&std::fs::read_to_string(path).unwrap_or_default());
        }
    }
    let mut out = String::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path), &mut out);
    assert!(!out.is_empty(), "src/{path} is gone");
    out
}

fn is_in(code: Code, sources: &str) -> bool {
    sources.contains(&format!("Code::{code}"))
}

#[test]
fn every_code_of_the_reading_has_a_case() {
    let shown: BTreeSet<Code> = codes_shown().collect();
    let said = ["dsl/parse.rs", "dsl/parse", "dsl/shape.rs", "dsl/shape"].map(sources).concat();
    let missing: Vec<&Code> = Code::ALL.iter().filter(|code| is_in(**code, &said) && !shown.contains(code)).collect();
    assert_eq!(missing, Vec::<&Code>::new(), "write a case for each");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let written = "plan = 'pro' && replied yes within 2d or email is not missing.";
    let mut found = codes(&complaints(Block::Condition, written).0);
    found.sort_unstable();
    assert_eq!(found, [E0102, E0103, E0108, E0109, E0110, E0111, E0120, E0123]);
}

#[test]
fn only_what_is_constructed_is_registered() {
    let said = sources("");
    let unused: Vec<&Code> = Code::ALL.iter().filter(|code| !is_in(**code, &said)).collect();
    assert_eq!(unused, Vec::<&Code>::new(), "take these out of the registry, or say them somewhere");
}

/// What is said where nothing else is: in words that people know.
#[test]
fn what_was_expected_is_said_in_words() {
    for (written, wanted) in [
        ("foo bar", "expected a comparison, such as `is`, `contains` or `>`"),
        ("everyone and", "expected a condition"),
        ("replied within", "expected a length of time, such as `2 days`"),
        ("replied to ever", "expected a message, such as `campaign \"…\"` or `any message`"),
        (
            "replied within 2 days of",
            "expected a message, such as `campaign \"…\"` or `any message` or `the message it answers`",
        ),
        ("count of replied > 3", "for example `replied at least 3 times in the last 30 days`"),
        ("number(replied) > 3", "for example `replied at least 3 times in the last 30 days`"),
        ("was replied ever", "expected `not` or `sent`"),
        ("everyone everyone", "expected `within …`, `in the last …` or `ever`, `and`, `for`, `or` or the end"),
    ] {
        let (found, _) = complaints(Block::Condition, written);
        assert_eq!(found[0].labels[0].text, wanted, "{written}");
    }
}
