//! The schemas for editors: what is right fits them, and their keys are those that the readers take.

mod checker;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use antiphon::diagnostic::{Diagnostic, has_errors};
use antiphon::dsl::compile;
use antiphon::dsl::json_schema::{self, Names};
use antiphon::scenario;
use checker::Checker;
use serde_json::Value as Json;

/// The schema for the file at `path`.
fn schema_for<'f>(files: &'f [json_schema::File], path: &str) -> &'f Json {
    let name = if path.ends_with("schema.yaml") {
        "schema.json"
    } else if path.ends_with(".test.yaml") {
        "test.json"
    } else {
        "rules.json"
    };
    &files.iter().find(|file| file.name == name).unwrap().schema
}

/// A file as an editor's schema sees it. An editor reads dates and the like as texts.
fn data(text: &str) -> Json {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// All sets of files in the repository that are right, by path.
fn right_sets() -> Vec<BTreeMap<String, String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sets = vec![folder(&root.join("rules")), folder(&root.join("src/cli/init"))];
    sets.push(folder(&root.join("tests/it/envelope")));
    for golden in ["tests/it/describe", "tests/it/json_schema", "tests/it/scenarios"] {
        for (path, text) in folder(&root.join(golden)) {
            let name = Path::new(&path).file_stem().unwrap().to_string_lossy().into_owned();
            sets.push(crate::compile::files(&name, &text).0);
        }
    }
    let pages = crate::examples::pages().into_iter().flat_map(|page| page.files);
    sets.extend(pages.map(|file| [(file.path, file.text)].into()));
    sets.retain(|files| complaints(files).is_ok());
    sets
}

/// Everything that is said of rules and tests, if there is an error among it.
fn complaints(files: &BTreeMap<String, String>) -> Result<(), Vec<Diagnostic>> {
    let compiled = compile(files);
    let tests = scenario::read(&compiled);
    let all: Vec<Diagnostic> = compiled.diagnostics.into_iter().chain(tests.diagnostics).collect();
    if has_errors(&all) { Err(all) } else { Ok(()) }
}

fn folder(path: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open: Vec<PathBuf> = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                found.insert(path.to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn what_is_right_fits_and_every_key_is_used() {
    let files = json_schema::files(&Names::default());
    let mut checkers: BTreeMap<&str, Checker<'_>> =
        files.iter().map(|file| (file.name, Checker::new(&file.schema))).collect();
    let sets = right_sets();
    assert!(sets.len() > 5, "{}", sets.len());
    for (path, text) in sets.iter().flatten() {
        let schema = schema_for(&files, path);
        let name = files.iter().find(|file| std::ptr::eq(&file.schema, schema)).unwrap().name;
        let wrong = checkers.get_mut(name).unwrap().check(&data(text));
        assert_eq!(wrong, Vec::<String>::new(), "{path}\n{text}");
    }
    for (name, checker) in &checkers {
        let unused: Vec<String> = checker.keys().difference(&checker.seen).cloned().collect();
        assert_eq!(unused, Vec::<String>::new(), "{name}: add them to tests/it/json_schema/everything.yaml");
    }
}

/// Into each map a key is put that no reader knows: the complaint names the keys that it does know.
#[test]
fn the_keys_are_those_of_the_readers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/json_schema/everything.yaml");
    let (set, _) = crate::compile::files("everything", &fs::read_to_string(path).unwrap());
    assert_eq!(complaints(&set), Ok(()));
    let files = json_schema::files(&Names::default());
    let mut asked = 0;
    for (path, text) in &set {
        let schema = schema_for(&files, path);
        let mut broken = data(text);
        let mut places = Vec::new();
        maps(schema, schema, &broken, "", &mut places);
        // With another key, what becomes of attributes is read as attributes.
        places.retain(|(place, _)| !place.ends_with("/update_person"));
        for (n, (place, _)) in places.iter().enumerate() {
            broken.pointer_mut(place).and_then(Json::as_object_mut).unwrap().insert(strange(n), Json::Null);
        }
        let mut set = set.clone();
        set.insert(path.clone(), broken.to_string());
        let diagnostics = complaints(&set).expect_err("nobody knows these keys");
        for (n, (place, keys)) in places.iter().enumerate() {
            let known = known_to_the_reader(&diagnostics, &strange(n));
            let known = known.unwrap_or_else(|| panic!("{path}{place}: nobody misses a key"));
            let refused = |key: &String| REFUSED.iter().any(|(map, word)| place.ends_with(map) && key == word);
            let missing: Vec<&String> = known.difference(keys).filter(|key| !refused(key)).collect();
            assert!(missing.is_empty(), "{path}{place}: the schema has no {missing:?}, which the reader takes");
            asked += 1;
        }
    }
    assert!(asked > 80, "{asked}");
}

/// Keys that a reader takes only to say why they cannot stand there.
const REFUSED: [(&str, &str); 1] = [("/if_window_closed", "text")];

/// A key like no other.
fn strange(n: usize) -> String {
    format!("zzzzzzzzzzzz{n:03}")
}

/// The keys that the complaint about the strange one names.
fn known_to_the_reader(diagnostics: &[Diagnostic], strange: &str) -> Option<BTreeSet<String>> {
    let complaint = diagnostics.iter().find(|d| d.message.contains(&format!("`{strange}` is no key")))?;
    let known = complaint.notes.iter().find_map(|note| note.strip_prefix("known: "))?;
    Some(known.split(", ").map(|key| key.trim_matches('`').to_owned()).collect())
}

/// The places of all maps in `instance` that have certain keys and no others, with the keys.
fn maps(root: &Json, schema: &Json, instance: &Json, path: &str, found: &mut Vec<(String, BTreeSet<String>)>) {
    if let Some(name) = schema["$ref"].as_str() {
        return maps(root, root.pointer(name.trim_start_matches('#')).unwrap(), instance, path, found);
    }
    for word in ["allOf", "anyOf", "oneOf"] {
        for form in schema[word].as_array().into_iter().flatten() {
            // Of several forms those that fit.
            let document = serde_json::json!({"definitions": root["definitions"], "allOf": [form]});
            if Checker::new(&document).check(instance).is_empty() {
                maps(root, form, instance, path, found);
            }
        }
    }
    let closed = schema["additionalProperties"] == Json::Bool(false);
    if let (true, Some(properties), Some(_)) = (closed, schema["properties"].as_object(), instance.as_object()) {
        found.push((path.to_owned(), properties.keys().cloned().collect()));
    }
    for (key, value) in instance.as_object().into_iter().flatten() {
        let own = &schema["properties"][key];
        let next = if own.is_null() { &schema["additionalProperties"] } else { own };
        if next.is_object() {
            maps(root, next, value, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), found);
        }
    }
    for (n, item) in instance.as_array().into_iter().flatten().enumerate() {
        if schema["items"].is_object() {
            maps(root, &schema["items"], item, &format!("{path}/{n}"), found);
        }
    }
}

#[test]
fn what_is_wrong_does_not_fit() {
    let files = json_schema::files(&Names::default());
    for (path, text) in [
        ("rules/a.yaml", "version: 1\nsegments: {a: {wehn: everyone}}"),
        ("rules/a.yaml", "version: 1\nsegments: {a: {when: everyone, kind: manual}}"),
        ("rules/a.yaml", "version: 2\nsegments: {a: {when: everyone}}"),
        ("rules/a.yaml", "version: 1\nsegments: {A_B: {when: everyone}}"),
        ("rules/a.yaml", "version: 1"),
        ("rules/a.yaml", "version: 1\ncampaigns: {a: {state: on, trigger: {api: true}, steps: [{exit: x}]}}"),
        (
            "rules/a.yaml",
            "version: 1\ncampaigns: {a: {state: live, trigger: {api: true, event: replied}, steps: [{exit: x}]}}",
        ),
        (
            "rules/a.yaml",
            "version: 1\ncampaigns: {a: {state: live, trigger: {api: true}, steps: [{exit: x, wait: 1 day}]}}",
        ),
        ("rules/a.yaml", "version: 1\nschedules: {a: {cron: 0 9 * * mon}}"),
        ("rules/schema.yaml", "version: 1\nperson: {plan: {type: string}}"),
        ("rules/schema.yaml", "version: 1\ngrace: 2 months"),
    ] {
        assert_ne!(Checker::new(schema_for(&files, path)).check(&data(text)), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn names_are_offered_and_not_demanded() {
    let text = "version: 1\nsegments: {vips: {kind: manual}}\ncampaigns:\n  winter:\n    state: draft\n    trigger: {api: true}\n    steps: [{manual_segment: {add: vips}}]\n";
    let rules = compile(&[("rules/a.yaml".to_owned(), text.to_owned())].into()).rules.unwrap();
    let files = json_schema::files(&Names::of(&rules));
    let schema = schema_for(&files, "rules/a.yaml");
    let offered =
        schema["definitions"]["steps"]["items"]["properties"]["manual_segment"]["properties"]["add"]["examples"]
            .clone();
    assert_eq!(offered, serde_json::json!(["vips"]));
    let other = text.replace("add: vips", "add: others");
    assert_eq!(Checker::new(schema).check(&data(&other)), Vec::<String>::new());
}
