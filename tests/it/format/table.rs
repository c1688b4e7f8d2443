//! Each rule of the canonical form by an example: what is written, and how it should be written.

use antiphon::dsl::format::{Kind, LINE_COLUMNS_MAX, Room};

use super::formatted;

const CONDITIONS: &[(&str, &str)] = &[
    // Words that say nothing.
    ("has replied YES ever", "replied YES ever"),
    ("not has replied ever", "not replied ever"),
    ("never replied \"STOP\" ever", "never replied \"STOP\""),
    ("has replied within 2 days of the message it answers ever", "replied within 2 days of the message it answers"),
    (
        "replied within 2 days of the message it answers at least 3 times ever",
        "replied within 2 days of the message it answers at least 3 times",
    ),
    ("was sent any message then not replied within 2 days ever", "was sent any message then not replied within 2 days"),
    // Words that say something, and look as if they did not.
    ("replied YES ever", "replied YES ever"),
    ("was sent any message then replied ever", "was sent any message then replied ever"),
    ("replied within 1 day of any message then read it ever", "replied within 1 day of any message then read it ever"),
    ("has not replied ever", "has not replied ever"),
    // Either spelling.
    ("replied YES within 2 days", "replied YES within 2 days"),
    ("replied YES in the last 2 days", "replied YES in the last 2 days"),
    ("replied in the last 24 hours", "replied in the last 24 hours"),
    // Units agree with their number.
    ("replied in the last 1 days", "replied in the last 1 day"),
    ("replied in the last 2 day", "replied in the last 2 days"),
    ("replied in the last 02 calendar month", "replied in the last 2 calendar months"),
    ("replied at least 1 times this weeks", "replied at least 1 time this week"),
    ("replied at most 2 time ever", "replied at most 2 times ever"),
    // Keywords and texts stay as they are spelt.
    ("replied YES ever", "replied YES ever"),
    ("replied \"YES\" ever", "replied \"YES\" ever"),
    (r#"replied "a\u{1F44D}\"" ever"#, r#"replied "a\u{1F44D}\"" ever"#),
    ("replied starting with YES ever", "replied starting with YES ever"),
    // Names in backticks only where they have to.
    ("`plan` is \"pro\"", "plan is \"pro\""),
    ("`last` is \"pro\"", "`last` is \"pro\""),
    ("person.last is \"pro\"", "person.last is \"pro\""),
    ("`person.plan` is \"pro\"", "`person.plan` is \"pro\""),
    // Spaces.
    ("  plan   is\t\"pro\"  ", "plan is \"pro\""),
    ("plan is\n  \"pro\"", "plan is \"pro\""),
    ("n>=2 and(m<3)", "n >= 2 and m < 3"),
    ("country is one of [\"DE\",\"AT\" ,]", "country is one of [\"DE\", \"AT\"]"),
    ("local day is one of [ mon,tue, ]", "local day is one of [mon, tue]"),
    ("country is not \"DE\"( or  missing )", "country is not \"DE\" (or missing)"),
    ("in sample \"x\" of 12.50%", "in sample \"x\" of 12.50%"),
    ("n is 007", "n is 7"),
    ("t is before 2026-03-28T10:00+01:00", "t is before 2026-03-28T10:00+01:00"),
    ("body matches /(?i)a b/", "body matches /a b/i"),
    ("replied YES, then replied NO within 1 day", "replied YES then replied NO within 1 day"),
    // Parentheses.
    ("(everyone)", "everyone"),
    ("((replied YES ever)) and (plan is \"pro\")", "replied YES ever and plan is \"pro\""),
    ("(everyone and (everyone or everyone))", "everyone and (everyone or everyone)"),
    ("everyone and (everyone and everyone)", "everyone and (everyone and everyone)"),
    ("not (country is \"DE\")", "not country is \"DE\""),
    ("not (everyone or everyone)", "not (everyone or everyone)"),
    ("not (not everyone)", "not (not everyone)"),
    ("not (replied then replied within 1 day)", "not (replied then replied within 1 day)"),
    ("(plan is \"x\") for at least 2 days", "plan is \"x\" for at least 2 days"),
    ("(not everyone) for at least 2 days", "(not everyone) for at least 2 days"),
    ("not (everyone for at least 2 days)", "not (everyone for at least 2 days)"),
    ("performed \"a\" where (x is 1) ever", "performed \"a\" where x is 1 ever"),
    ("performed \"a\" where (x is 1 and (not y is 2)) ever", "performed \"a\" where (x is 1 and not y is 2) ever"),
    // Parts that stand on lines of their own stay there, with the word in front.
    ("everyone\nand everyone and everyone", "everyone\nand everyone\nand everyone"),
    ("everyone and\n  everyone", "everyone\nand everyone"),
    ("everyone\n\n\nor everyone", "everyone\nor everyone"),
    ("everyone and (everyone\nor everyone)", "everyone and (everyone or everyone)"),
    // Comments.
    ("# why\neveryone", "# why\neveryone"),
    ("everyone # why", "everyone # why"),
    ("everyone   #  why  ", "everyone #  why"),
    ("everyone and # first\n everyone # second", "everyone # first\nand everyone # second"),
    ("everyone\n# of two\nand everyone", "everyone\n# of two\nand everyone"),
    ("everyone and everyone\n\n# at the end\n\n# of it", "everyone and everyone\n# at the end\n# of it"),
    ("replied # who\n  YES # \"what\nwithin 2 days # when", "replied # who\n  YES # \"what\n  within 2 days # when"),
    ("( # open\neveryone # a\n) # b", "everyone # open\n# a\n# b"),
    ("everyone and ( # open\n everyone or everyone)", "everyone\nand ( # open\n  everyone or everyone\n)"),
    ("replied \"# no comment\" ever # but this", "replied \"# no comment\" ever # but this"),
];

#[test]
fn each_rule_of_the_form_has_its_example() {
    let mut wrong = Vec::new();
    for (before, after) in CONDITIONS {
        let made = formatted(Kind::Condition, before, Room::default());
        if made != *after {
            wrong.push(format!("{before}\n--- should be\n{after}\n--- and is\n{made}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn small_texts_have_a_form_too() {
    for (kind, before, after) in [
        (Kind::Event, " has_it is 1", ""),
        (Kind::Event, "replied  YES within 1 days of campaign \"a\"", "replied YES within 1 day of campaign \"a\""),
        (Kind::Each, "replied,then not  replied within 2 day", "replied then not replied within 2 days"),
        (Kind::Span, "1 days", "1 day"),
        (Kind::Span, "2  calendar  month", "2 calendar months"),
        (Kind::Grace, "0 second", "0 seconds"),
        (Kind::Wait, "until  09:00", "until 09:00"),
        (Kind::Wait, "until event.at-1 days", "until event.at - 1 day"),
        (Kind::Wait, "until event.at - # + no\n2 day", "until event.at # + no\n  - 2 days"),
        (Kind::Wait, "3 day", "3 days"),
        (Kind::Frequency, "once  per 30 day", "once per 30 days"),
        (Kind::Frequency, "every   time", "every time"),
        (Kind::Limit, "at most 1 messages in 1 days", "at most 1 message in 1 day"),
        (Kind::Limit, "at most 3 message in 7 calendar day", "at most 3 messages in 7 calendar days"),
    ] {
        if after.is_empty() {
            assert_eq!(antiphon::dsl::format::format_text(kind, before, Room::default()), Ok(None), "{before}");
        } else {
            assert_eq!(formatted(kind, before, Room::default()), after);
        }
    }
}

/// One more column than there is room for, and not one less, breaks a line.
#[test]
fn a_line_is_broken_past_its_bound() {
    let wide = |columns: usize| {
        let frame = "everyone and plan is \"\"";
        format!("everyone and plan is \"{}\"", "x".repeat(columns - frame.len()))
    };
    for indent in [0, 6, 20] {
        let room = Room { indent, columns: LINE_COLUMNS_MAX };
        let fits = wide(LINE_COLUMNS_MAX - indent);
        assert_eq!(formatted(Kind::Condition, &fits, room), fits);
        let long = wide(LINE_COLUMNS_MAX - indent + 1);
        assert_eq!(formatted(Kind::Condition, &long, room), long.replace(" and", "\nand"));
        // Columns are characters.
        let marks = fits.replace("xx", "é👍");
        assert_eq!(formatted(Kind::Condition, &marks, room), marks);
    }
    // What stands behind the last word is not measured.
    let commented = format!("{} # {}", wide(LINE_COLUMNS_MAX), "long ".repeat(50).trim_end());
    assert_eq!(formatted(Kind::Condition, &commented, Room::default()), commented);
}

#[test]
fn what_is_too_long_is_broken_from_the_outside_in() {
    let words: Vec<String> = (0..30).map(|n| format!("\"word {n}\"")).collect();
    let long = format!(
        "everyone and (plan is \"pro\" or replied any of [{}] ever or (everyone and everyone)) and in segment \"vip\"",
        words.join(",")
    );
    let wanted = "\
everyone
and (
  plan is \"pro\"
  or replied any of [
    \"word 0\", \"word 1\", \"word 2\", \"word 3\", \"word 4\", \"word 5\", \"word 6\", \"word 7\", \"word 8\",
    \"word 9\", \"word 10\", \"word 11\", \"word 12\", \"word 13\", \"word 14\", \"word 15\", \"word 16\",
    \"word 17\", \"word 18\", \"word 19\", \"word 20\", \"word 21\", \"word 22\", \"word 23\", \"word 24\",
    \"word 25\", \"word 26\", \"word 27\", \"word 28\", \"word 29\"
  ] ever
  or (everyone and everyone)
)
and in segment \"vip\"";
    assert_eq!(formatted(Kind::Condition, &long, Room::default()), wanted);

    let steps = "was sent campaign \"winter\" then replied YES within 1 day then performed \"order_placed\" with same \
                 cart_id within 3 days in the last 30 days";
    let wanted = "\
was sent campaign \"winter\"
  then replied YES within 1 day
  then performed \"order_placed\" with same cart_id within 3 days in the last 30 days";
    assert_eq!(formatted(Kind::Condition, steps, Room::default()), wanted);
}
