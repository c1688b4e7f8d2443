//! norm/1 of any text: it says the same of its own result, and keywords are found in what holds them.
#![no_main]

use antiphon::model::norm::normalise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let normal = normalise(text);
    assert_eq!(normalise(normal.as_str()), normal, "norm/1 changes its own result");
    if !normal.is_empty() {
        assert!(normal.contains(&normal) && normal.starts_with(&normal));
    }
    let around = format!("x {text} y");
    if normal.as_str().split(' ').all(|token| token.chars().all(char::is_alphanumeric)) {
        assert!(normalise(&around).contains(&normal) || normal.is_empty(), "{around:?}");
    }
});
