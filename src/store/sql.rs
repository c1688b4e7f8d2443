//! One text of a statement for both databases, and the few words in which they differ.
//!
//! A batch is one JSON text, `[[…],[…]]`, bound as the only parameter for any number of rows. The
//! text of the statement stays the same, so each connection prepares it once.
//!
//! * `{rows}` is the table made of parameter 1; its column `value` is one inner array, of which
//!   `value->>0` is the first element on either database. `{rows2}`, `{rows3}` are those of
//!   parameters 2 and 3.
//! * `{bytes:X}` reads hexadecimal digits as bytes.
//! * `{for_update}` and `{skip_locked}` lock rows where rows can be locked. SQLite has one writer.

use std::sync::OnceLock;

use sea_orm::{DbBackend, Statement, Value};

/// The text of a statement. Meant for a `static`: each translation is made once.
pub struct Sql {
    texts: [&'static str; 2],
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
}

impl Sql {
    pub(super) const fn new(text: &'static str) -> Self {
        Self::apart(text, text)
    }

    /// Two texts, for SQLite and for PostgreSQL, where no common one says it.
    pub(super) const fn apart(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { texts: [sqlite, postgres], sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// The statement with its parameters, for this database.
    pub(super) fn bind(&self, backend: DbBackend, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(backend, self.text_for(backend), values)
    }

    fn text_for(&self, backend: DbBackend) -> &str {
        match backend {
            DbBackend::Postgres => self.postgres.get_or_init(|| translate(self.texts[1], &POSTGRES)),
            _ => self.sqlite.get_or_init(|| translate(self.texts[0], &SQLITE)),
        }
    }
}

struct Words {
    rows: fn(u32) -> String,
    bytes: fn(&str) -> String,
    for_update: &'static str,
    skip_locked: &'static str,
}

const SQLITE: Words = Words {
    rows: |parameter| format!("jsonb_each(${parameter})"),
    bytes: |hex| format!("unhex({hex})"),
    for_update: "",
    skip_locked: "",
};

const POSTGRES: Words = Words {
    rows: |parameter| format!("jsonb_array_elements(${parameter}::jsonb)"),
    bytes: |hex| format!("decode({hex}, 'hex')"),
    for_update: "FOR UPDATE",
    skip_locked: "FOR UPDATE SKIP LOCKED",
};

fn translate(text: &str, words: &Words) -> String {
    let mut out = String::with_capacity(text.len() + 200);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (word, after) = after.split_once('}').expect("braces in our own statements are closed");
        out.push_str(before);
        match word {
            "rows" => out.push_str(&(words.rows)(1)),
            "rows2" => out.push_str(&(words.rows)(2)),
            "rows3" => out.push_str(&(words.rows)(3)),
            "for_update" => out.push_str(words.for_update),
            "skip_locked" => out.push_str(words.skip_locked),
            // Anything else is SQL's own, such as an empty JSON object.
            _ => match word.strip_prefix("bytes:") {
                Some(hex) => out.push_str(&(words.bytes)(hex)),
                None => {
                    out.push('{');
                    out.push_str(word);
                    out.push('}');
                }
            },
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{POSTGRES, SQLITE, translate};

    #[test]
    fn one_text_becomes_two() {
        let text = "SELECT {bytes:value->>0} FROM {rows2} AS r {for_update}";
        assert_eq!(translate(text, &SQLITE), "SELECT unhex(value->>0) FROM jsonb_each($2) AS r ");
        assert_eq!(
            translate(text, &POSTGRES),
            "SELECT decode(value->>0, 'hex') FROM jsonb_array_elements($2::jsonb) AS r FOR UPDATE"
        );
    }
}
