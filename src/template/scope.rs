//! The values of one text, as Liquid asks for them. Every path has a value: nil, if nothing else.

use std::collections::BTreeSet;
use std::fmt;

use liquid_core::model::{DisplayCow, KString, KStringCow, KStringRef, Object, ScalarCow, State, ValueCow};
use liquid_core::runtime::{PartialStore, Registers};
use liquid_core::{ObjectView, Result, Runtime, Value, ValueView};
use serde_json::Value as Json;

use super::path::{Root, Values};

/// A runtime whose look-ups never fail.
pub(super) struct Scope<'a, R> {
    pub values: &'a Values<'a>,
    /// Liquid's own, for everything that is no look-up.
    pub inner: R,
}

impl<R> Scope<'_, R> {
    fn find(&self, path: &[ScalarCow<'_>]) -> ValueCow<'_> {
        let mut words = path.iter().map(ValueView::to_kstr);
        let root = words.next().and_then(|word| Root::read(&word));
        let name = words.map(KStringCow::into_string).collect::<Vec<_>>().join(".");
        match root.and_then(|root| self.values.below(root, &name)) {
            Some(value) => ValueCow::Owned(liquid(value)),
            None => ValueCow::Borrowed(&Missing),
        }
    }
}

/// A value of JSON as one of Liquid. An integer beyond its reach becomes its digits.
fn liquid(value: &Json) -> Value {
    match value {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::scalar(*b),
        Json::Number(n) => match (n.as_i64(), n.is_f64().then(|| n.as_f64()).flatten()) {
            (Some(whole), _) => Value::scalar(whole),
            (None, Some(float)) => Value::scalar(float),
            (None, None) => Value::scalar(n.to_string()),
        },
        Json::String(text) => Value::scalar(text.clone()),
        Json::Array(items) => Value::array(items.iter().map(liquid)),
        Json::Object(members) => {
            let members = members.iter().map(|(name, value)| (KString::from_ref(name), liquid(value)));
            Value::Object(members.collect())
        }
    }
}

impl<R: Runtime> Runtime for Scope<'_, R> {
    fn partials(&self) -> &dyn PartialStore {
        self.inner.partials()
    }

    fn name(&self) -> Option<KStringRef<'_>> {
        None
    }

    fn roots(&self) -> BTreeSet<KStringCow<'_>> {
        Root::ALL.into_iter().map(|root| KStringCow::from_static(root.as_str())).collect()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        Some(self.find(path))
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
        Ok(self.find(path))
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        self.inner.set_global(name, value)
    }

    fn set_index(&self, name: KString, value: Value) -> Option<Value> {
        self.inner.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.inner.get_index(name)
    }

    fn registers(&self) -> &Registers {
        self.inner.registers()
    }
}

/// Nil, but for one thing: it can be asked whether it contains something, and says no, where Liquid's
/// own nil makes the whole text fail.
#[derive(Debug)]
struct Missing;

impl ValueView for Missing {
    fn as_debug(&self) -> &dyn fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        DisplayCow::Borrowed(&"")
    }

    fn source(&self) -> DisplayCow<'_> {
        DisplayCow::Borrowed(&"nil")
    }

    fn type_name(&self) -> &'static str {
        "nil"
    }

    fn query_state(&self, state: State) -> bool {
        Value::Nil.query_state(state)
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        KStringCow::from_static("")
    }

    fn to_value(&self) -> Value {
        Value::Nil
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        static NOTHING: std::sync::LazyLock<Object> = std::sync::LazyLock::new(Object::new);
        Some(&*NOTHING)
    }

    fn is_nil(&self) -> bool {
        true
    }
}
