//! The samples of `rules/` are useful as they stand, and start nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use antiphon::diagnostic::{Code, render};
use antiphon::dsl::compile;
use antiphon::model::rule::CampaignState;

/// The rule files below `folder`, by their path in the repository.
fn read(folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("it was found below");
            let text = fs::read_to_string(&path).expect("rule files are UTF-8");
            files.insert(name.to_string_lossy().replace('\\', "/"), text);
        }
    }
}

#[test]
fn the_samples_compile_without_a_warning_and_are_drafts() {
    let mut files = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"), &mut files);
    let compiled = compile(&files);
    let said = render::render(&compiled.diagnostics, &compiled.sources, false);
    assert!(compiled.diagnostics.iter().all(|diagnostic| diagnostic.code == Code::A0801), "{said}");
    let rules = compiled.rules.expect("nothing was complained of");
    assert!(rules.campaigns.iter().all(|campaign| campaign.state == CampaignState::Draft));
    assert!(rules.segments.iter().any(|segment| segment.name == "yes-in-time"));
}
