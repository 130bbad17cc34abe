//! JSON in a form that is the same for equal values and another for different ones, whatever the order of the keys.
//!
//! It is for comparing only, and no JSON: each value says its kind and its length. Where two texts may mean the same to one
//! reader and different things to another, they are different here: an object with a key twice, `1` and `1.0`. A
//! number that this reader cannot hold exactly has no such form.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// More values than any request holds.
const MOST: u32 = 100_000;

/// The form. None if this is not JSON, or too large, too deep or too exact for it.
pub(crate) fn form(text: &[u8]) -> Option<Vec<u8>> {
    let left = Cell::new(MOST);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let form = Form(&left).deserialize(&mut reader).ok()?;
    reader.end().ok().map(|()| form)
}

/// One value, out of as many as are left.
#[derive(Clone, Copy)]
struct Form<'a>(&'a Cell<u32>);

fn said(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut form = Vec::with_capacity(content.len() + 9);
    form.push(kind);
    form.extend((content.len() as u64).to_le_bytes());
    form.extend(content);
    form
}

impl<'de> DeserializeSeed<'de> for Form<'_> {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| de::Error::custom("too many values"))?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Form<'_> {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Vec<u8>, E> {
        Ok(said(b'n', &[]))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Vec<u8>, E> {
        Ok(said(b'b', &[value.into()]))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Vec<u8>, E> {
        Ok(said(b'i', &value.to_le_bytes()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Vec<u8>, E> {
        Ok(said(b'u', &value.to_le_bytes()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Vec<u8>, E> {
        // A whole number that fits no integer was rounded on the way here.
        let exact = value.abs() < 9_007_199_254_740_992.0 || value.fract() != 0.0;
        if exact { Ok(said(b'f', &value.to_le_bytes())) } else { Err(de::Error::custom("too large")) }
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(said(b's', text.as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<u8>, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            all.extend(item);
        }
        Ok(said(b'a', &all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Vec<u8>, A::Error> {
        let mut all = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            all.push((key, entries.next_value_seed(self)?));
        }
        // Of a key that comes twice, which value counts depends on the reader, and so does their order.
        all.sort_by(|(key, _), (other, _)| key.cmp(other));
        let one = |(key, value): (String, Vec<u8>)| [said(b's', key.as_bytes()), value].concat();
        Ok(said(b'o', &all.into_iter().flat_map(one).collect::<Vec<_>>()))
    }
}
