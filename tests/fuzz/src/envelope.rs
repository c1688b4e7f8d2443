//! Any bytes as the files of a rule set, apart at lines `# file: PATH`: they compile, or are complained
//! about; what compiles means the same when it is compiled again.
#![no_main]

use std::collections::BTreeMap;

use antiphon::diagnostic::{Sources, has_errors, render};
use antiphon::dsl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = dsl::decode("rules/fuzz.yaml", bytes.to_vec(), &mut Sources::default()) else { return };
    let files: BTreeMap<String, String> = text
        .split("# file: ")
        .enumerate()
        .map(|(number, part)| match part.split_once('\n') {
            Some((path, text)) if number > 0 => (path.trim().to_owned(), text.to_owned()),
            _ => (format!("rules/{number}.yaml"), part.to_owned()),
        })
        .collect();
    let compiled = dsl::compile(&files);
    assert_eq!(compiled.rules.is_none(), has_errors(&compiled.diagnostics), "{:?}", compiled.diagnostics);
    let _ = render::render(&compiled.diagnostics, &compiled.sources, false);
    assert_eq!(dsl::compile(&files).rules, compiled.rules);
});
