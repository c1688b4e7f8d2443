//! Rows on their way in and out: a batch as one JSON text, columns as our types.

use sea_orm::{QueryResult, TryGetable, Value};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::StoreError;
use crate::model::phone::Phone;
use crate::model::time::Second;

/// A batch of rows as one parameter. A row is a tuple; wrap bytes in [`Hex`].
pub(super) fn batch<R: Serialize>(rows: impl IntoIterator<Item = R>) -> Value {
    let rows: Vec<R> = rows.into_iter().collect();
    let text = serde_json::to_string(&rows).expect("tuples of numbers, texts and nulls are JSON");
    Value::from(text)
}

/// A JSON text for a column: names sorted, no spaces, so equal values are equal texts.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our types have string keys and finite numbers")
}

/// Reads a JSON column back.
pub(super) fn parse<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::unreadable(what))
}

/// Bytes inside a batch: hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl Hex<'_> {
    pub(super) fn digits(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut digits = String::with_capacity(self.0.len() * 2);
        for byte in self.0 {
            digits.push(char::from(DIGITS[usize::from(byte >> 4)]));
            digits.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        digits
    }
}

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.digits())
    }
}

/// The columns of one row, by their position in the statement.
pub struct Row(pub(super) QueryResult);

impl Row {
    pub(super) fn get<T: TryGetable>(&self, column: usize) -> Result<T, StoreError> {
        Ok(self.0.try_get_by(column)?)
    }

    /// Numbers that are narrower outside than in the database.
    pub(super) fn number<T: TryFrom<i64>>(&self, column: usize) -> Result<T, StoreError> {
        T::try_from(self.get::<i64>(column)?).map_err(|_| StoreError::unreadable("number"))
    }

    pub(super) fn number_or_null<T: TryFrom<i64>>(&self, column: usize) -> Result<Option<T>, StoreError> {
        let number = self.get::<Option<i64>>(column)?;
        number.map(|n| T::try_from(n).map_err(|_| StoreError::unreadable("number"))).transpose()
    }

    pub(super) fn second(&self, column: usize) -> Result<Second, StoreError> {
        Ok(Second(self.get(column)?))
    }

    pub(super) fn second_or_null(&self, column: usize) -> Result<Option<Second>, StoreError> {
        Ok(self.get::<Option<i64>>(column)?.map(Second))
    }

    pub(super) fn flag(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.get::<i64>(column)? != 0)
    }

    pub(super) fn bytes<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        self.get::<Vec<u8>>(column)?.try_into().map_err(|_| StoreError::unreadable("key"))
    }

    pub(super) fn bytes_or_null<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>, StoreError> {
        let bytes = self.get::<Option<Vec<u8>>>(column)?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| StoreError::unreadable("key"))).transpose()
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T, StoreError> {
        parse(&self.get::<String>(column)?, "JSON column")
    }

    pub(super) fn json_or_null<T: DeserializeOwned>(&self, column: usize) -> Result<Option<T>, StoreError> {
        self.get::<Option<String>>(column)?.map(|text| parse(&text, "JSON column")).transpose()
    }

    /// A word or number that is stored as text and reads by its type's own reader.
    pub(super) fn word<T: DeserializeOwned>(&self, column: usize) -> Result<T, StoreError> {
        word(self.get(column)?)
    }

    pub(super) fn word_or_null<T: DeserializeOwned>(&self, column: usize) -> Result<Option<T>, StoreError> {
        self.get::<Option<String>>(column)?.map(word).transpose()
    }

    pub(super) fn phone_or_null(&self, column: usize) -> Result<Option<Phone>, StoreError> {
        self.word_or_null(column)
    }
}

/// A type that is one text outside, read from that text.
pub(super) fn word<T: DeserializeOwned>(text: String) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text)).map_err(|_| StoreError::unreadable("word"))
}
