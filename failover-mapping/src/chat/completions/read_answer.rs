//! What a provider of chat completions answers, as its many speakers do.

use failover_core::Fault;
use serde_json::{Map, Value};

use crate::chat::answer::{ChatAnswer, Junk, Stop, Usage};
use crate::chat::form::Call;
use crate::chat::refusal;
use crate::json;

pub(in crate::chat) fn read(body: &[u8]) -> Result<ChatAnswer, Junk> {
    let malformed = |note: &str| Junk::new(Fault::Malformed, note);
    let mut answer = json::answer(body).map_err(|what| malformed(&format!("an answer that {what}")))?;
    refusal::in_success(&answer)?;
    let Some(Value::Array(choices)) = answer.remove("choices") else {
        return Err(malformed("an answer without choices"));
    };
    let Some(choice) = choices.into_iter().next() else {
        return Err(Junk::new(Fault::Empty, "an answer with no choice"));
    };
    let Value::Object(mut choice) = choice else { return Err(malformed("a choice that is no object")) };
    // OpenRouter tells the failure of whoever is behind it here.
    refusal::in_success(&choice)?;
    let Some(Value::Object(mut message)) = choice.remove("message") else {
        return Err(malformed("a choice without a message"));
    };
    let stop = choice.get("finish_reason").and_then(Value::as_str).unwrap_or_default();
    if Stop::is_interruption(stop) {
        return Err(Junk::new(Fault::ErrorInSuccess, "an answer that ended with an error"));
    }
    let (text, mut refusal) =
        content(message.remove("content")).ok_or_else(|| malformed("an unknown content"))?;
    if let Some(Value::String(said)) = message.remove("refusal") {
        refusal.push_str(&said);
    }
    let calls = calls(&mut message).ok_or_else(|| malformed("an unknown form of tool calls"))?;
    let own = |key: &str| answer.get(key).and_then(Value::as_str).filter(|own| !own.is_empty());
    let read = ChatAnswer {
        id: own("id").map(str::to_owned),
        model: own("model").map(str::to_owned),
        text,
        calls,
        refusal: Some(refusal).filter(|refusal| !refusal.is_empty()),
        stop: Stop::of_finish_reason(stop),
        usage: answer.get("usage").and_then(usage),
    };
    read.settled()
}

/// What it says, and with what it declines.
fn content(content: Option<Value>) -> Option<(String, String)> {
    let (mut text, mut refusal) = (String::new(), String::new());
    match content {
        None | Some(Value::Null) => {}
        Some(Value::String(said)) => text = said,
        // Some answer in parts, as they are asked.
        Some(Value::Array(parts)) => {
            for part in &parts {
                let said = |key: &str| part.get(key).and_then(Value::as_str);
                match said("type") {
                    Some("text" | "output_text") => text.push_str(said("text")?),
                    Some("refusal") => refusal.push_str(said("refusal")?),
                    // Thinking, which has no counterpart.
                    _ => {}
                }
            }
        }
        Some(_) => return None,
    }
    Some((text, refusal))
}

fn calls(message: &mut Map<String, Value>) -> Option<Vec<Call>> {
    let list = match message.remove("tool_calls") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => return None,
    };
    let calls = list.into_iter().map(|mut call| {
        let id = call.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        self::call(call.get_mut("function")?.take(), id)
    });
    let mut calls = calls.collect::<Option<Vec<_>>>()?;
    // As it was before there were several.
    match message.remove("function_call") {
        Some(function @ Value::Object(_)) if calls.is_empty() => calls.push(call(function, String::new())?),
        _ => {}
    }
    Some(calls)
}

fn call(mut function: Value, id: String) -> Option<Call> {
    let name = function.get("name").and_then(Value::as_str).filter(|name| !name.is_empty())?.to_owned();
    let arguments = match function.get_mut("arguments").map(Value::take) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(arguments)) => arguments,
        // Some do not write them as a text.
        Some(arguments) => arguments.to_string(),
    };
    Some(Call::new(id, name, arguments))
}

fn usage(usage: &Value) -> Option<Usage> {
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    let (input, output) = (count("prompt_tokens"), count("completion_tokens"));
    (input.is_some() || output.is_some())
        .then(|| Usage::new(input.unwrap_or_default(), output.unwrap_or_default()))
}
