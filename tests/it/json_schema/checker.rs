//! JSON Schema, draft 7, as far as our schemas use it. A keyword that is not known here fails the test, so that
//! nothing is taken for checked that is not.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value as Json;

/// Words that say nothing about what is right.
const SILENT: [&str; 6] = ["$schema", "title", "description", "examples", "default", "definitions"];

/// One schema, and which of its keys have been seen in what is right.
pub struct Checker<'s> {
    root: &'s Json,
    /// The places of `properties` that an instance had, as pointers into the schema.
    pub seen: BTreeSet<String>,
}

impl<'s> Checker<'s> {
    pub fn new(root: &'s Json) -> Self {
        Self { root, seen: BTreeSet::new() }
    }

    /// Everything that is wrong with `instance`, each with its place.
    pub fn check(&mut self, instance: &Json) -> Vec<String> {
        let mut wrong = Vec::new();
        self.at("", self.root, "", instance, &mut wrong);
        wrong
    }

    /// `place`: where the schema stands; `path`: where the instance does.
    fn at(&mut self, place: &str, schema: &'s Json, path: &str, instance: &Json, wrong: &mut Vec<String>) {
        let Json::Object(rules) = schema else { panic!("{place}: a schema is a map") };
        let mut complain = |what: String| wrong.push(format!("{path}: {what}"));
        for (word, rule) in rules {
            match word.as_str() {
                "type" if !types(rule).any(|ty| is(instance, ty)) => complain(format!("is no {rule}: {instance}")),
                "enum" if !rule.as_array().unwrap().contains(instance) => {
                    complain(format!("{instance} is none of {rule}"))
                }
                "const" if rule != instance => complain(format!("{instance} is not {rule}")),
                "pattern" => {
                    if let Some(text) = instance.as_str().filter(|text| !found(rule, text)) {
                        complain(format!("{text:?} has no {rule}"));
                    }
                }
                "minimum" if instance.as_u64() < rule.as_u64() => complain(format!("{instance} < {rule}")),
                "maximum" if instance.as_u64() > rule.as_u64() => complain(format!("{instance} > {rule}")),
                "maxItems" if instance.as_array().map(Vec::len) > len(rule) => {
                    complain("has too many items".to_owned())
                }
                "minProperties" if instance.as_object().map(serde_json::Map::len) < len(rule) => {
                    complain("has too few keys".to_owned());
                }
                "required" => {
                    for key in rule.as_array().unwrap().iter().filter_map(Json::as_str) {
                        if instance.as_object().is_some_and(|map| !map.contains_key(key)) {
                            complain(format!("`{key}` is missing"));
                        }
                    }
                }
                "type" | "enum" | "const" | "minimum" | "maximum" | "maxItems" | "minProperties" => {}
                "additionalProperties"
                | "properties"
                | "propertyNames"
                | "items"
                | "allOf"
                | "anyOf"
                | "oneOf"
                | "$ref"
                | "if"
                | "then" => {}
                silent => assert!(SILENT.contains(&silent), "{place}: the checker does not know `{silent}`"),
            }
        }
        self.parts(place, schema, path, instance, wrong);
        self.choices(place, schema, path, instance, wrong);
    }

    fn parts(&mut self, place: &str, schema: &'s Json, path: &str, instance: &Json, wrong: &mut Vec<String>) {
        for (key, value) in instance.as_object().into_iter().flatten() {
            let path = format!("{path}/{key}");
            if schema["propertyNames"]["pattern"].is_string() && !found(&schema["propertyNames"]["pattern"], key) {
                wrong.push(format!("{path}: cannot be named so"));
            }
            let (place, schema) = match &schema["properties"][key] {
                Json::Null => (format!("{place}/additionalProperties"), &schema["additionalProperties"]),
                own => {
                    let place = format!("{place}/properties/{key}");
                    self.seen.insert(place.clone());
                    (place, own)
                }
            };
            match schema {
                Json::Bool(false) => wrong.push(format!("{path}: no such key")),
                Json::Null | Json::Bool(true) => {}
                schema => self.at(&place, schema, &path, value, wrong),
            }
        }
        for (n, item) in instance.as_array().into_iter().flatten().enumerate().filter(|_| !schema["items"].is_null()) {
            self.at(&format!("{place}/items"), &schema["items"], &format!("{path}/{n}"), item, wrong);
        }
    }

    fn choices(&mut self, place: &str, schema: &'s Json, path: &str, instance: &Json, wrong: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            let place = name.trim_start_matches('#');
            let target = self.root.pointer(place).unwrap_or_else(|| panic!("{place} is nowhere"));
            self.at(place, target, path, instance, wrong);
        }
        for (n, part) in schema["allOf"].as_array().into_iter().flatten().enumerate() {
            self.at(&format!("{place}/allOf/{n}"), part, path, instance, wrong);
        }
        if !schema["if"].is_null() && self.fits("", &schema["if"], instance) {
            self.at(&format!("{place}/then"), &schema["then"], path, instance, wrong);
        }
        for (word, exactly) in [("anyOf", false), ("oneOf", true)] {
            let Some(forms) = schema[word].as_array() else { continue };
            let places = (0..).zip(forms).map(|(n, form): (usize, _)| (format!("{place}/{word}/{n}"), form));
            let right = places.filter(|(place, form)| self.fits(place, form, instance)).count();
            if right == 0 || exactly && right > 1 {
                wrong.push(format!("{path}: fits {right} forms of {word} at {place}: {instance}"));
            }
        }
    }

    /// Keys of a form that does not fit were not seen.
    fn fits(&mut self, place: &str, schema: &'s Json, instance: &Json) -> bool {
        let (seen, mut wrong) = (self.seen.clone(), Vec::new());
        self.at(place, schema, "", instance, &mut wrong);
        if !wrong.is_empty() {
            self.seen = seen;
        }
        wrong.is_empty()
    }

    /// The places of all keys of maps that have no others.
    pub fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        collect("", self.root, &mut keys);
        keys
    }
}

fn collect(place: &str, schema: &Json, keys: &mut BTreeSet<String>) {
    match schema {
        Json::Object(rules) => {
            for (word, rule) in rules {
                if word == "properties" && rules.get("additionalProperties") == Some(&Json::Bool(false)) {
                    keys.extend(rule.as_object().unwrap().keys().map(|key| format!("{place}/properties/{key}")));
                }
                collect(&format!("{place}/{word}"), rule, keys);
            }
        }
        Json::Array(items) => {
            (0..).zip(items).for_each(|(n, item): (usize, _)| collect(&format!("{place}/{n}"), item, keys))
        }
        _ => {}
    }
}

fn types(rule: &Json) -> impl Iterator<Item = &str> {
    rule.as_array().map_or_else(|| std::slice::from_ref(rule), Vec::as_slice).iter().filter_map(Json::as_str)
}

fn is(instance: &Json, ty: &str) -> bool {
    match ty {
        "object" => instance.is_object(),
        "array" => instance.is_array(),
        "string" => instance.is_string(),
        "integer" => instance.is_i64() || instance.is_u64(),
        "boolean" => instance.is_boolean(),
        "null" => instance.is_null(),
        other => panic!("the checker does not know the type {other}"),
    }
}

fn found(pattern: &Json, text: &str) -> bool {
    Regex::new(pattern.as_str().unwrap()).unwrap().is_match(text)
}

fn len(rule: &Json) -> Option<usize> {
    rule.as_u64().and_then(|n| usize::try_from(n).ok())
}
