//! An answer for a caller of chat completions: every key on which the official clients insist.

use std::borrow::Cow;

use serde::Serialize;

use crate::chat::answer::{ChatAnswer, Stop};
use crate::chat::api::{ChatApi, Heading};

/// What is said by a model that declines without a word: clients look for one.
const DECLINED: &str = "The model declined to answer.";

pub(in crate::chat) fn write(answer: &ChatAnswer, heading: &Heading<'_>) -> Vec<u8> {
    let mute = answer.stop == Stop::Refused && answer.text.is_empty() && answer.calls.is_empty();
    let refusal = answer.refusal.as_deref().or(mute.then_some(DECLINED));
    // Where nothing at all is said, an empty text is still one.
    let silent = answer.text.is_empty() && (refusal.is_some() || !answer.calls.is_empty());
    let calls = answer.calls.iter().enumerate().map(|(number, call)| ToolCall {
        id: heading.call_id(&call.id, number),
        function: Function { name: &call.name, arguments: &call.arguments },
    });
    let message = Message {
        role: "assistant",
        content: (!silent).then_some(answer.text.as_str()),
        refusal,
        tool_calls: calls.collect(),
    };
    let written = Completion {
        id: heading.id(ChatApi::Completions, answer.id.as_deref()),
        object: "chat.completion",
        created: heading.created,
        model: answer.model.as_deref().unwrap_or(heading.model),
        choices: [Choice { index: 0, message, logprobs: (), finish_reason: answer.stop.finish_reason() }],
        usage: answer.usage.map(|usage| Usage {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.total(),
        }),
    };
    let written = serde_json::to_vec(&written);
    debug_assert!(written.is_ok(), "texts and numbers are JSON");
    written.unwrap_or_default()
}

#[derive(Serialize)]
struct Completion<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u8,
    message: Message<'a>,
    logprobs: (),
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "function")]
struct ToolCall<'a> {
    id: Cow<'a, str>,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}
