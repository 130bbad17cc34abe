//! What the tests share: a translation as text.

use failover_mapping::ChatApi;
use serde_json::{Value, json};

pub(crate) use ChatApi::{Completions, Messages};

/// A JSON text, a line for each key. The order of the keys is part of what is shown.
pub(crate) fn lines(body: &[u8]) -> String {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let _: Value = serde_json::from_str(&text).unwrap();
    text.replace(",\"", ",\n \"").replace(",{", ",\n {").replace("[{", "[\n {")
}

/// A request in the words of an API, with what was lost, or why it cannot be said.
pub(crate) fn request(asked: ChatApi, body: &Value, to: ChatApi) -> String {
    match asked.translate_request(body.to_string().as_bytes(), to, "other-model") {
        Ok((body, losses)) => {
            let losses: Vec<_> = losses.iter().map(ToString::to_string).collect();
            format!("{}\nlosses: {losses:?}\n", lines(&body))
        }
        Err(declined) => format!("{declined}\n"),
    }
}

/// The request as a tree.
pub(crate) fn written(asked: ChatApi, body: &Value, to: ChatApi) -> Value {
    let written = asked.translate_request(body.to_string().as_bytes(), to, "other-model");
    serde_json::from_slice(&written.unwrap().0).unwrap()
}

/// An answer in the words of an API, or the fault.
pub(crate) fn answer(by: ChatApi, body: &Value, to: ChatApi) -> String {
    match by.translate_answer(body.to_string().as_bytes(), to) {
        Ok(body) => format!("{}\n", lines(&body)),
        Err(fault) => format!("{fault:?}\n"),
    }
}

/// A request of one turn, and these keys.
pub(crate) fn with(keys: Value) -> Value {
    let mut body =
        json!({"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": "Hello"}]});
    let Value::Object(keys) = keys else { unreachable!("the tests give objects") };
    body.as_object_mut().unwrap().extend(keys);
    body
}
