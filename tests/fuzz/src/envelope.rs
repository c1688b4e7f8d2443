//! Any bytes as the files of a rule set, apart at lines `# file: PATH`: they compile, or are complained about, and
//! so are the tests among them. What compiles is said in English, and its canonical form means the same.
#![no_main]

use std::collections::BTreeMap;

use antiphon::diagnostic::{Sources, has_errors, render};
use antiphon::dsl::describe::Describer;
use antiphon::dsl::format::{Outcome, format};
use antiphon::dsl::{self, cost};
use antiphon::model::rule::RuleSet;
use antiphon::scenario;
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
    let formatted = format(&files);
    let compiled = formatted.compiled;
    assert_eq!(compiled.rules.is_none(), has_errors(&compiled.diagnostics), "{:?}", compiled.diagnostics);
    let _ = render::render(&compiled.diagnostics, &compiled.sources, false);
    let tests = scenario::read(&compiled);
    let _ = render::render(&tests.diagnostics, &compiled.sources, false);
    let rules = without_places(compiled.rules);
    let after = files.iter().map(|(path, text)| {
        let text = match &formatted.files[path] {
            Outcome::Changed { text, .. } => text,
            Outcome::Refused(fault) => panic!("{path} would say something else: {}", fault.after),
            Outcome::Unchanged | Outcome::Wrong => text,
        };
        (path.clone(), text.clone())
    });
    let again = format(&after.collect());
    let Some(rules) = rules else { return };
    let describer = Describer::new(&rules);
    for rule in cost::all(&rules) {
        assert!(!describer.rule(rule).is_empty());
    }
    for (path, outcome) in &again.files {
        assert!(matches!(outcome, Outcome::Unchanged), "{path} has another form: {outcome:?}");
    }
    assert_eq!(without_places(again.compiled.rules).as_ref(), Some(&rules), "the canonical form means something else");
});

/// The rules without the lines that they stand in: the canonical form has others.
fn without_places(rules: Option<RuleSet>) -> Option<RuleSet> {
    rules.map(|mut rules| {
        let places = rules.segments.iter_mut().map(|segment| &mut segment.place);
        let places = places.chain(rules.campaigns.iter_mut().map(|campaign| &mut campaign.place));
        places.for_each(|place| place.line = 0);
        rules
    })
}
