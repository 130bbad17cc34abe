//! What a provider of Anthropic's messages answers.

use failover_core::Fault;
use serde_json::Value;

use crate::chat::answer::{ChatAnswer, Junk, Stop, Usage};
use crate::chat::form::Call;
use crate::chat::refusal;
use crate::json;

pub(in crate::chat) fn read(body: &[u8]) -> Result<ChatAnswer, Junk> {
    let malformed = |note: &str| Junk::new(Fault::Malformed, note);
    let mut answer = json::answer(body).map_err(|what| malformed(&format!("an answer that {what}")))?;
    refusal::in_success(&answer)?;
    let Some(Value::Array(blocks)) = answer.remove("content") else {
        return Err(malformed("an answer without content"));
    };
    let mut read = ChatAnswer::default();
    for block in blocks {
        if add(block, &mut read).is_none() {
            return Err(malformed("a block of content that cannot be read"));
        }
    }
    let own = |key: &str| answer.get(key).and_then(Value::as_str).filter(|own| !own.is_empty());
    read.id = own("id").map(str::to_owned);
    read.model = own("model").map(str::to_owned);
    read.stop = match Stop::of_stop_reason(own("stop_reason").unwrap_or_default()) {
        Stop::Sequence(_) => Stop::Sequence(own("stop_sequence").map(str::to_owned)),
        stop => stop,
    };
    if read.stop == Stop::Refused {
        let details = answer.get("stop_details").and_then(|details| details.get("explanation"));
        read.refusal = details.and_then(Value::as_str).map(str::to_owned);
    }
    read.usage = answer.get("usage").and_then(usage);
    read.settled()
}

/// Thinking, and what Anthropic's own tools have done, have no counterpart.
fn add(mut block: Value, read: &mut ChatAnswer) -> Option<()> {
    match block.get("type")?.as_str()? {
        "text" => read.text.push_str(block.get("text")?.as_str()?),
        "tool_use" => {
            let text =
                |key: &str| block.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            let (id, name) = (text("id")?, text("name")?);
            let input = block.get_mut("input").map(Value::take).filter(|input| !input.is_null());
            let arguments = input.map(|input| input.to_string()).unwrap_or_default();
            read.calls.push(Call::new(id, name, arguments));
        }
        _ => {}
    }
    Some(())
}

/// Tokens that were written to a cache or read from it are counted apart there.
fn usage(usage: &Value) -> Option<Usage> {
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"];
    let cached = cached.iter().filter_map(|key| count(key)).fold(0, u64::saturating_add);
    let (input, output) = (count("input_tokens"), count("output_tokens"));
    (input.is_some() || output.is_some())
        .then(|| Usage::new(input.unwrap_or_default().saturating_add(cached), output.unwrap_or_default()))
}
