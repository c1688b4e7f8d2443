//! Which conditions a write of attributes touches, found by the attributes' names and values.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use crate::model::compare::Comparison;
use crate::model::person::Person;
use crate::model::value::{Type, Value};

/// The attribute tests of all watched conditions.
#[derive(Debug, Default)]
pub struct AttributeRoutes {
    /// What a write names → the names that rules use for it or for something inside it.
    by_key: FxHashMap<String, Vec<usize>>,
    by_name: FxHashMap<String, usize>,
    tests: Vec<Tests>,
    /// Names whose tests change by time alone.
    timed: Vec<usize>,
}

/// The tests of one name.
#[derive(Debug)]
struct Tests {
    name: String,
    /// Tests for certain values, by the type they are read under.
    equalities: Vec<(Type, FxHashMap<Value, Vec<u32>>)>,
    rest: Vec<u32>,
    timed: Vec<u32>,
}

/// The values before a write, to be compared with those after it.
pub struct Before(Vec<(usize, Option<Json>)>);

impl AttributeRoutes {
    /// Notes that watched condition `condition` holds `test`.
    pub fn add(&mut self, condition: u32, test: &Comparison) {
        let place = self.place(&test.name);
        let Some(tests) = self.tests.get_mut(place) else { return };
        if test.is_timed() {
            tests.timed.push(condition);
            if !self.timed.contains(&place) {
                self.timed.push(place);
            }
        }
        match test.equals() {
            Some((ty, values)) => tests.add_equality(condition, ty, values),
            None => tests.rest.push(condition),
        }
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.by_name.get(name) {
            return *place;
        }
        let place = self.tests.len();
        let tests = Tests { name: name.to_owned(), equalities: Vec::new(), rest: Vec::new(), timed: Vec::new() };
        self.tests.push(tests);
        self.by_name.insert(name.to_owned(), place);
        self.by_key.entry(name.to_owned()).or_default().push(place);
        if let Some((outer, _)) = name.split_once('.') {
            self.by_key.entry(outer.to_owned()).or_default().push(place);
        }
        place
    }

    /// Looks at what a write of `keys` is about to change.
    pub fn before<'k>(&self, keys: impl Iterator<Item = &'k str>, person: &Person) -> Before {
        let places: BTreeSet<usize> = keys.filter_map(|key| self.by_key.get(key)).flatten().copied().collect();
        let value = |place: usize| person.value(&self.tests.get(place)?.name).map(std::borrow::Cow::into_owned);
        Before(places.into_iter().map(|place| (place, value(place))).collect())
    }

    /// The conditions that the write touched, each possibly more than once.
    pub fn touched(&self, before: &Before, person: &Person) -> Vec<u32> {
        let mut touched = Vec::new();
        for (place, old) in &before.0 {
            let Some(tests) = self.tests.get(*place) else { continue };
            let new = person.value(&tests.name);
            if old.as_ref() != new.as_deref() {
                tests.touched(old.as_ref(), new.as_deref(), &mut touched);
            }
        }
        touched
    }

    /// The conditions that a write of `keys` can touch, whatever it writes.
    pub fn touchable<'k>(&self, keys: impl Iterator<Item = &'k str>) -> impl Iterator<Item = u32> {
        let tests = keys.filter_map(|key| self.by_key.get(key)).flatten().filter_map(|place| self.tests.get(*place));
        tests.flat_map(|tests| {
            let equalities = tests.equalities.iter().flat_map(|(_, by_value)| by_value.values().flatten());
            tests.rest.iter().chain(equalities).copied()
        })
    }

    /// The conditions that a person who has just been made can owe to their first attributes.
    pub fn first(&self, person: &Person) -> Vec<u32> {
        let (mut touched, nobody) = (Vec::new(), Person::nobody());
        let keys = person.attributes.keys().map(String::as_str).chain(["id", "email", "known_since", "unsubscribed"]);
        let places: BTreeSet<usize> = keys.filter_map(|key| self.by_key.get(key)).flatten().copied().collect();
        for tests in places.into_iter().filter_map(|place| self.tests.get(place)) {
            let (old, new) = (nobody.value(&tests.name), person.value(&tests.name));
            tests.touched(old.as_deref(), new.as_deref(), &mut touched);
        }
        touched
    }

    /// The conditions that time alone can change by an attribute of `person`.
    pub fn timed<'a>(&'a self, person: &'a Person) -> impl Iterator<Item = u32> + 'a {
        let timed = self.timed.iter().filter_map(|place| self.tests.get(*place));
        timed.filter(|tests| person.value(&tests.name).is_some()).flat_map(|tests| tests.timed.iter().copied())
    }
}

impl Tests {
    fn add_equality(&mut self, condition: u32, ty: Type, values: &[Value]) {
        let known = self.equalities.iter().position(|(known, _)| *known == ty);
        let place = known.unwrap_or_else(|| {
            self.equalities.push((ty, FxHashMap::default()));
            self.equalities.len() - 1
        });
        if let Some((_, by_value)) = self.equalities.get_mut(place) {
            for value in values {
                by_value.entry(value.clone()).or_default().push(condition);
            }
        }
    }

    fn touched(&self, old: Option<&Json>, new: Option<&Json>, touched: &mut Vec<u32>) {
        touched.extend_from_slice(&self.rest);
        for (ty, by_value) in &self.equalities {
            let read = |stored: Option<&Json>| stored.and_then(|stored| Value::read(stored, *ty));
            let (old, new) = (read(old), read(new));
            if old != new {
                for value in [old, new].into_iter().flatten() {
                    touched.extend(by_value.get(&value).into_iter().flatten());
                }
            }
        }
    }
}
