//! An answer for a caller of Anthropic's messages: every key on which the official clients insist.

use serde::Serialize;
use serde_json::Value;

use super::plain_id;
use crate::chat::answer::{ChatAnswer, Stop};
use crate::chat::api::{ChatApi, Heading};

pub(in crate::chat) fn write(answer: &ChatAnswer, heading: &Heading<'_>) -> Vec<u8> {
    let texts = [Some(answer.text.as_str()), answer.refusal.as_deref()];
    let texts = texts.into_iter().flatten().filter(|text| !text.is_empty());
    let calls = answer.calls.iter().enumerate().map(|(number, call)| Block::ToolUse {
        // The caller sends it back to Anthropic, which takes no other letters.
        id: plain_id(&heading.call_id(&call.id, number)).into_owned(),
        name: &call.name,
        input: call.input(),
    });
    let written = Message {
        id: heading.id(ChatApi::Messages, answer.id.as_deref()),
        kind: "message",
        role: "assistant",
        model: answer.model.as_deref().unwrap_or(heading.model),
        content: texts.map(|text| Block::Text { text }).chain(calls).collect(),
        stop_reason: answer.stop.stop_reason(),
        stop_sequence: match &answer.stop {
            Stop::Sequence(sequence) => sequence.as_deref(),
            _ => None,
        },
        // Its clients insist on it; nobody pays by what is told here.
        usage: answer.usage.map_or(Usage { input_tokens: 0, output_tokens: 0 }, |usage| Usage {
            input_tokens: usage.input,
            output_tokens: usage.output,
        }),
    };
    let written = serde_json::to_vec(&written);
    debug_assert!(written.is_ok(), "texts and numbers are JSON");
    written.unwrap_or_default()
}

#[derive(Serialize)]
struct Message<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    usage: Usage,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text { text: &'a str },
    ToolUse { id: String, name: &'a str, input: Value },
}

#[derive(Serialize)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
}
