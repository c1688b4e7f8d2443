//! Outcomes of one wait, in the order in which they are asked: which keywords an earlier one takes.

use antiphon::diagnostic::{Code, Span};
use antiphon::dsl::shadowed_keywords;

use super::meaning;

/// What is said of each outcome, none where there is nothing to say.
fn said(outcomes: &[&str]) -> Vec<String> {
    let conditions: Vec<_> = outcomes.iter().map(|outcome| meaning(outcome)).collect();
    let places: Vec<_> = conditions.iter().map(|condition| (condition, Span::default())).collect();
    let complaints = shadowed_keywords(&places);
    assert!(complaints.iter().all(|complaint| complaint.code == Code::W0703));
    complaints.into_iter().map(|complaint| complaint.message).collect()
}

#[test]
fn a_keyword_that_an_earlier_outcome_takes_is_never_the_answer() {
    for (earlier, later, word) in [
        ("replied any of [\"yes\", \"ok\"] ever", "replied any of [\"OK!\", \"no\"] ever", "OK!"),
        ("replied any of [\"yes\", \"ok\"] ever", "replied OK to campaign \"winter\" ever", "OK"),
        ("replied containing \"please\" ever", "replied \"yes please\" ever", "yes please"),
        ("replied starting with \"yes\" ever", "replied starting with \"yes please\" ever", "yes please"),
        ("replied ever", "replied NO ever", "NO"),
        ("replied YES ever or tapped \"go\" ever", "plan is \"pro\" and tapped \"Go\" ever", "Go"),
    ] {
        assert_eq!(
            said(&[earlier, later]),
            [format!("an earlier outcome is the answer to `{word}` already")],
            "{later}"
        );
    }
    assert_eq!(said(&["replied YES ever", "replied NO ever", "replied any of [\"y\", \"no\"] ever"]).len(), 1);
}

#[test]
fn what_can_still_be_the_answer_draws_no_warning() {
    for (earlier, later) in [
        ("replied YES ever", "replied NO ever"),
        // The earlier one asks for more.
        ("replied YES to campaign \"winter\" ever", "replied YES ever"),
        ("replied YES via button ever", "replied YES via text ever"),
        ("replied YES ever and plan is \"pro\"", "replied YES ever"),
        ("replied \"yes\" ever", "replied starting with \"yes\" ever"),
        ("replied starting with \"yes\" ever", "replied containing \"yes\" ever"),
        ("tapped \"yes\" ever", "replied YES ever"),
        ("replied YES at least 2 times ever", "replied YES ever"),
    ] {
        assert_eq!(said(&[earlier, later]), [""; 0], "{earlier}, {later}");
    }
}
