//! What is asked and what is answered: the JSON of OpenAI's API, and a text that names the call it belongs to.
//!
//! So an answer that was mixed up with another call's, put together from two providers', or cut, is never taken for a right one.

use std::fmt::Write;

use serde::Deserialize;

use crate::schedule::Who;

/// Of so many tokens an answer consists.
pub(crate) const TOKENS: usize = 10;
/// The model whose provider flaps.
pub(crate) const FLAPPING: &str = "flapping";

/// The prompt of a call.
pub(crate) fn prompt(call: u64) -> String {
    format!("call {call}")
}

/// The body of a request.
pub(crate) fn request(model: &str, prompt: &str, stream: bool) -> String {
    format!(
        r#"{{"model":"{model}","messages":[{{"role":"system","content":"You are a lighthouse keeper."}},{{"role":"user","content":"{prompt}"}}],"temperature":0.2,"stream":{stream}}}"#
    )
}

/// The tokens of an answer.
pub(crate) fn tokens(who: Who, prompt: &str) -> impl Iterator<Item = String> {
    let first = format!("{} answers {prompt}:", who.name());
    std::iter::once(first).chain((1..TOKENS).map(|token| format!(" the {token}. lamp is lit")))
}

/// All of an answer.
pub(crate) fn text(who: Who, prompt: &str) -> String {
    tokens(who, prompt).collect()
}

/// A whole answer.
pub(crate) fn completion(who: Who, prompt: &str) -> String {
    let text = text(who, prompt);
    format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1750000000,"model":"of-{}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":18,"completion_tokens":60,"total_tokens":78}}}}"#,
        who.name()
    )
}

/// An event of a stream.
pub(crate) fn event(who: Who, delta: &str, finish: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":\"of-{}\",\
         \"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n",
        who.name()
    )
}

/// The event that tells a token.
pub(crate) fn token_event(who: Who, token: &str) -> String {
    event(who, &format!("{{\"content\":\"{token}\"}}"), "null")
}

/// A refusal.
pub(crate) fn refusal(message: &str, code: &str) -> String {
    format!(r#"{{"error":{{"message":"{message}","type":"server_error","param":null,"code":"{code}"}}}}"#)
}

/// What a provider reads of a request.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    pub(crate) model: String,
    #[serde(default)]
    pub(crate) stream: bool,
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: String,
}

impl Asked {
    pub(crate) fn prompt(&self) -> &str {
        self.messages.last().map_or("", |last| &last.content)
    }
}

/// `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    digits.char_indices().fold(String::new(), |mut text, (at, digit)| {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        // Text takes whatever is written to it.
        let _ = write!(text, "{digit}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn what_is_asked_is_understood() {
        let asked: Asked = serde_json::from_str(&request(FLAPPING, &prompt(7), true)).unwrap();
        assert_eq!((asked.model.as_str(), asked.stream, asked.prompt()), (FLAPPING, true, "call 7"));
    }
}
