//! Whether two files say the same: the same values behind the same keys, the same trees, the same comments.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::block::{Kind, Tree};
use super::comments;
use super::keys::{Holds, Keys};
use crate::dsl::node::{Content, Node};
use crate::dsl::syntax::WithoutSpans;

/// Whether `after` says what `before` says. Both were read as maps with `keys`.
pub fn same(before: &str, before_root: &Node, after: &str, after_root: &Node, keys: &Keys) -> bool {
    let holds = |node| meaning(node, Some(keys));
    holds(before_root) == holds(after_root) && all_comments(before, before_root) == all_comments(after, after_root)
}

/// Values by their keys, texts of the language by what they say.
fn meaning(node: &Node, keys: Option<&Keys>) -> Json {
    let Content::Map(entries) = &node.content else { return node.json() };
    let entry = |key: &str, value: &Node| match keys.and_then(|keys| keys.find(key)) {
        Some((_, holds)) => held(value, &holds),
        None => value.json(),
    };
    Json::Object(entries.iter().map(|(key, value)| (key.name.clone(), entry(&key.name, value))).collect::<Map<_, _>>())
}

fn held(node: &Node, holds: &Holds) -> Json {
    match (holds, &node.content) {
        (Holds::Text(kind), Content::Scalar(_)) => said(node, *kind),
        (Holds::Map(keys), Content::Map(_)) => meaning(node, Some(keys)),
        (Holds::List(keys), Content::List(items)) => items.iter().map(|item| meaning(item, Some(keys))).collect(),
        (Holds::Named(holds), Content::Map(entries)) => {
            let named = |value: &Node| held(value, holds);
            Json::Object(entries.iter().map(|(key, value)| (key.name.clone(), named(value))).collect::<Map<_, _>>())
        }
        _ => node.json(),
    }
}

/// Two trees that differ are written in different ways.
fn said(node: &Node, kind: Kind) -> Json {
    let tree = node.text().and_then(|text| Tree::read(kind, text));
    tree.map_or_else(|| node.json(), |tree| format!("{:?}", tree.without_redundant().without_spans()).into())
}

/// The comments of the file and of its blocks, sorted.
fn all_comments(text: &str, root: &Node) -> Vec<String> {
    let (mut scalars, mut found) = (Vec::new(), Vec::new());
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match &node.content {
            Content::Scalar(_) => {
                scalars.push(node.at.clone());
                // In a text that is none of the language, what looks like a comment stays the same too.
                found.extend(node.text().map(comments::texts).unwrap_or_default());
            }
            Content::List(items) => open.extend(items),
            Content::Map(entries) => {
                for (key, value) in entries {
                    scalars.push(key.at.clone());
                    open.push(value);
                }
            }
        }
    }
    scalars.sort_by_key(|at| at.start);
    found.extend(between(text, &scalars));
    found.sort_unstable();
    found
}

/// The comments of YAML: a `#` that stands in no scalar begins one.
fn between(text: &str, scalars: &[Range<usize>]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    let ends = scalars.iter().map(|scalar| (scalar.start, scalar.end)).chain([(text.len(), text.len())]);
    for (start, end) in ends {
        for line in text.get(at..start).unwrap_or_default().split('\n') {
            found.extend(line.find('#').and_then(|hash| line.get(hash..)).map(|comment| comment.trim_end().to_owned()));
        }
        at = at.max(end);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::{keys, read};
    use super::*;

    fn same_as(before: &str, after: &str) -> bool {
        let tree = |text| read("a.yaml", text).expect("it is right").0;
        same(before, &tree(before), after, &tree(after), &keys::RULES)
    }

    #[test]
    fn every_difference_in_meaning_is_seen() {
        let file = |keys: &str| format!("version: 1\nsegments:\n  a:\n{keys}");
        let before = file("    # why\n    title: x\n    when: |\n      has replied YES ever # so\n");
        for after in [
            "    # why\n    when: replied  YES ever   # so\n    title: x\n",
            "    when: |\n      # so\n      (replied YES ever)\n    title: x # why\n",
        ] {
            assert!(same_as(&before, &file(after)), "{after}");
        }
        for after in [
            "    # why\n    title: y\n    when: |\n      replied YES ever # so\n",
            "    # why\n    title: x\n    when: |\n      replied NO ever # so\n",
            "    # why\n    title: x\n    when: |\n      replied \"YES\" ever # so\n",
            "    # why\n    title: x\n    when: |\n      replied YES ever\n",
            "    title: x\n    when: |\n      replied YES ever # so\n",
            "    # why\n    title: x\n    when: |\n      replied YES ever # so\n    owner: x\n",
            "    # why\n    when: |\n      replied YES ever # so\n",
        ] {
            assert!(!same_as(&before, &file(after)), "{after}");
        }
    }
}
