//! A stranger's JSON, read into a tree that is bounded in depth and in size.
//!
//! `Value` of `serde_json` is not read by its own rules here. It gives one key of its crate's a meaning: under that key it parses
//! the text once more, with a fresh limit of depth, so that a body of nested texts overflows the stack. And a list of
//! zeros takes twenty times the memory of its text.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// More values than any request holds, and few enough to be held many times over.
const MOST: u32 = 100_000;
/// An answer may be the transcript of a day, each word with its time.
const MOST_OF_ANSWER: u32 = 2_000_000;

/// What `serde_json` calls a number while it is read, if somebody in the build has turned on its `arbitrary_precision`.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";

/// Reads a caller's object, or says what is wrong with the text.
pub(crate) fn object(text: &[u8]) -> Result<Map<String, Value>, &'static str> {
    read(text, MOST)
}

/// Reads a provider's object, likewise.
pub(crate) fn answer(text: &[u8]) -> Result<Map<String, Value>, &'static str> {
    read(text, MOST_OF_ANSWER)
}

fn read(text: &[u8], most: u32) -> Result<Map<String, Value>, &'static str> {
    let left = Cell::new(most);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Tree(&left).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match read {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("is not a JSON object"),
        // A tree takes values of every type, so the only complaint about data is its own.
        Err(error) if error.is_data() => Err("holds too many values"),
        Err(_) => Err("is not JSON that can be read"),
    }
}

/// One value, out of as many as are left.
#[derive(Clone, Copy)]
struct Tree<'a>(&'a Cell<u32>);

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| de::Error::custom("too many values"))?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            object.insert(key, entries.next_value_seed(self)?);
        }
        let number = object.get(NUMBER).filter(|_| object.len() == 1).and_then(Value::as_str);
        let number = number.and_then(|digits| digits.parse().ok());
        Ok(number.map_or(Value::Object(object), Value::Number))
    }
}
