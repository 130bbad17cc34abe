//! A caller's object, read key by key: what nobody has asked for in the end was not understood, and is lost.

use serde_json::{Map, Value};

use crate::loss::{self, Loss, LossKind};

/// An object on its way into the neutral form. `null` is as good as no value.
pub(super) struct Keys {
    object: Map<String, Value>,
    /// Where it lies in the body, or nothing for the body itself.
    place: &'static str,
}

impl Keys {
    pub(super) const fn new(object: Map<String, Value>, place: &'static str) -> Self {
        Self { object, place }
    }

    pub(super) fn of(value: Value, place: &'static str) -> Result<Self, String> {
        match value {
            Value::Object(object) => Ok(Self::new(object, place)),
            _ => Err(format!("{place} holds something that is no object")),
        }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        self.object.remove(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.is_not(key, "a text")),
        }
    }

    pub(super) fn required_text(&mut self, key: &str) -> Result<String, String> {
        let text = self.text(key)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| format!("{} is missing", self.path(key)))
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.is_not(key, "true or false")),
        }
    }

    pub(super) fn number(&mut self, key: &str) -> Result<Option<f64>, String> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let number = value.as_f64().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| self.is_not(key, "a number"))
    }

    /// How many: at least one.
    pub(super) fn count(&mut self, key: &str) -> Result<Option<u64>, String> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let count = value.as_u64().filter(|count| *count > 0);
        count.map(Some).ok_or_else(|| self.is_not(key, "a whole number above 0"))
    }

    pub(super) fn integer(&mut self, key: &str) -> Result<Option<i64>, String> {
        let Some(value) = self.take(key) else { return Ok(None) };
        value.as_i64().map(Some).ok_or_else(|| self.is_not(key, "a whole number"))
    }

    pub(super) fn list(&mut self, key: &str) -> Result<Vec<Value>, String> {
        match self.take(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(self.is_not(key, "a list")),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &str) -> Result<Vec<String>, String> {
        let list = self.list(key).map_err(|_| self.is_not(key, "a list of texts"))?;
        let texts = list.into_iter().map(|value| match value {
            Value::String(text) => Ok(text),
            _ => Err(self.is_not(key, "a list of texts")),
        });
        texts.collect()
    }

    pub(super) fn object(&mut self, key: &str, place: &'static str) -> Result<Option<Self>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(Self::new(object, place))),
            Some(_) => Err(self.is_not(key, "an object")),
        }
    }

    /// An object that is handed on as it is.
    pub(super) fn map(&mut self, key: &str) -> Result<Option<Value>, String> {
        match self.take(key) {
            Some(value) if !value.is_object() => Err(self.is_not(key, "an object")),
            value => Ok(value),
        }
    }

    /// The `type` of a part.
    pub(super) fn kind(&mut self) -> Result<String, String> {
        self.required_text("type")
    }

    /// What is left is lost, unless it says nothing.
    pub(super) fn drop_rest(self, losses: &mut Vec<Loss>) {
        for (key, value) in &self.object {
            let says_nothing = match value {
                Value::Null => true,
                Value::Array(list) => list.is_empty(),
                Value::Object(object) => object.is_empty(),
                _ => false,
            };
            if !says_nothing {
                loss::note(losses, Loss::new(&self.path(key), LossKind::Dropped));
            }
        }
    }

    fn path(&self, key: &str) -> String {
        match self.place {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        }
    }

    fn is_not(&self, key: &str, what: &str) -> String {
        format!("{} is not {what}", self.path(key))
    }
}

/// Why a part of a kind that has no room here cannot be asked of anybody else. The kind is the caller's text, so it is shown
/// only where it is one of the APIs' own words.
pub(super) fn unknown_part(kind: &str, place: &str) -> String {
    const KNOWN: [&str; 14] = [
        "audio",
        "audio_url",
        "container_upload",
        "document",
        "file",
        "input_audio",
        "search_result",
        "server_tool_use",
        "tool_reference",
        "video",
        "video_url",
        "web_search_tool_result",
        "mcp_tool_use",
        "mcp_tool_result",
    ];
    match KNOWN.iter().find(|known| **known == kind) {
        Some(kind) => format!("{place} holds a part of the kind {kind}, which others do not take"),
        None => format!("{place} holds a part of a kind that others do not take"),
    }
}
