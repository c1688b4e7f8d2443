//! What cannot be said, on purpose: each with the code that says why.

use antiphon::dsl::compile;

use super::SCHEMA;

/// The codes of the errors about a condition of a segment.
fn of_segment(condition: &str) -> Vec<String> {
    of(&format!("segments:\n  a:\n    when: |\n      {condition}\n"))
}

/// The codes of the errors about the event of a trigger.
fn of_trigger(event: &str) -> Vec<String> {
    of(&format!(
        "campaigns:\n  a:\n    state: draft\n    trigger:\n      event: |\n        {event}\n    steps: [{{exit: done}}]\n"
    ))
}

fn of(rules: &str) -> Vec<String> {
    let files = [
        ("rules/schema.yaml".to_owned(), SCHEMA.to_owned()),
        ("rules/rules.yaml".to_owned(), format!("version: 1\n{rules}")),
    ];
    let compiled = compile(&files.into());
    assert!(compiled.rules.is_none(), "{rules}");
    let errors = compiled.diagnostics.iter().map(|found| found.code.to_string());
    errors.filter(|code| code.starts_with('E')).collect()
}

#[test]
fn what_is_left_out_is_refused_with_its_code() {
    for (left_out, condition, code) in [
        ("no window", "replied YES", "E0203"),
        ("never with a window", "never replied YES within 2 days", "E0205"),
        ("has not with a count", "has not replied YES at least 3 times ever", "E0206"),
        ("counting a sequence", "was sent any message then replied within 1 day at least 2 times ever", "E0207"),
        ("counting a sequence", "replied within 1 day of any message at least 2 times ever", "E0207"),
        ("not first", "not replied then replied within 1 day", "E0208"),
        ("not first", "was not sent any message then replied within 1 day", "E0208"),
        ("absence without a deadline", "replied then not performed \"paid\" ever", "E0204"),
        ("sums", "performed \"order_placed\" where sum of total > 50 in the last 30 days", "E0510"),
        ("the clock", "local time is from 09:00 to 18:00", "E0530"),
        ("the clock", "replied ever and local day is one of [mon]", "E0530"),
        ("and beside or", "replied ever and plan is \"pro\" or age > 5", "E0110"),
    ] {
        assert_eq!(of_segment(condition), [code], "{left_out}: {condition}");
    }
    for event in ["replied YES within 2 days", "replied YES in the last 2 days", "replied at least 2 times"] {
        assert_eq!(of_trigger(event), ["E0202"], "a window or count in a trigger: {event}");
    }
}
