//! What nobody else can be asked, and why. No value of the caller's is repeated.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::stage::{Completions, Messages, request, with};

/// A value that must not be shown.
const SECRET: &str = "my-secret";

fn said(content: Value) -> Value {
    with(json!({"messages": [{"role": "user", "content": content}]}))
}

fn all(reasons: impl IntoIterator<Item = String>) -> String {
    let mut all = String::new();
    for reason in reasons {
        assert!(reason.starts_with("not failed over: "), "{reason}");
        assert!(!reason.contains(SECRET), "{reason}");
        write!(all, "{reason}").unwrap();
    }
    all
}

#[test]
fn by_all() {
    let bodies = [
        json!([SECRET]),
        json!({"model": SECRET}),
        json!({"model": 1, "messages": []}),
        with(json!({"messages": SECRET})),
        with(json!({"messages": [SECRET]})),
        with(json!({"messages": [{"role": SECRET, "content": SECRET}]})),
        with(json!({"messages": [{"content": SECRET}]})),
        with(json!({"messages": [{"role": "user"}]})),
        said(json!({SECRET: SECRET})),
        said(json!([{"type": SECRET, "text": SECRET}])),
        said(json!([{"type": "text"}])),
        said(json!(" ")),
        with(
            json!({"messages": [{"role": "user", "content": SECRET}, {"role": "assistant", "content": SECRET}]}),
        ),
        with(json!({"temperature": SECRET})),
        with(json!({"max_tokens": 0})),
        with(json!({"max_tokens": -5})),
        with(json!({"max_tokens": 2.5})),
        with(json!({"top_k": SECRET})),
        with(json!({"stream": SECRET})),
        with(json!({"tools": [{"type": SECRET, "name": SECRET}]})),
        with(json!({"tool_choice": {"type": SECRET}})),
    ];
    for (asked, to) in [(Completions, Messages), (Messages, Completions)] {
        insta::assert_snapshot!(
            format!("by_all_{asked}"),
            all(bodies.iter().map(|body| request(asked, body, to)))
        );
    }
}

#[test]
fn of_completions() {
    let function = json!({"name": SECRET, "arguments": "{}"});
    let bodies = [
        with(json!({"n": 2})),
        with(json!({"n": SECRET})),
        with(json!({"logprobs": true})),
        with(json!({"top_logprobs": 3})),
        with(json!({"response_format": {"type": "json_schema", "json_schema": {"name": SECRET}}})),
        with(json!({"response_format": {"type": "json_object", "schema": {"type": "object"}}})),
        with(json!({"response_format": {"type": SECRET}})),
        with(json!({"response_format": {"type": "json_object"}})),
        with(json!({"modalities": ["text", "audio"]})),
        with(json!({"audio": {"voice": SECRET}})),
        with(json!({"functions": [{"name": SECRET}]})),
        with(json!({"web_search_options": {}})),
        with(json!({"seed": 1.5})),
        with(json!({"stop": 5})),
        with(json!({"stop": [5]})),
        with(json!({"tools": [{"type": "custom", "custom": {"name": SECRET}}]})),
        with(json!({"tool_choice": SECRET})),
        with(json!({"tool_choice": {"type": "allowed_tools"}})),
        said(json!([{"type": "input_audio", "input_audio": {"data": SECRET, "format": "wav"}}])),
        said(json!([{"type": "file", "file": {"file_id": SECRET}}])),
        said(json!([{"type": "image_url", "image_url": {"url": format!("file:///{SECRET}")}}])),
        said(json!([{"type": "image_url", "image_url": {"url": format!("data:image/png,{SECRET}")}}])),
        said(json!([{"type": "image_url", "image_url": {"url": format!("data:{SECRET}")}}])),
        said(json!([{"type": "image_url", "image_url": {"url": "data:text/html;base64,AAAA"}}])),
        said(json!([{"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AAAA"}}])),
        said(json!([{"type": "image_url", "image_url": SECRET}])),
        with(
            json!({"messages": [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "https://a.example"}}]}]}),
        ),
        with(json!({"messages": [{"role": "function", "name": SECRET, "content": SECRET}]})),
        with(json!({"messages": [{"role": "tool", "content": SECRET}]})),
        with(json!({"messages": [{"role": "assistant", "audio": {"id": SECRET}}]})),
        with(json!({"messages": [{"role": "assistant", "function_call": function}]})),
        with(json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "", "function": function}]}]})),
        with(json!({"messages": [{"role": "assistant", "tool_calls": [{"id": SECRET}]}]})),
        with(
            json!({"messages": [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Ho"}]}),
        ),
    ];
    insta::assert_snapshot!(all(bodies.iter().map(|body| request(Completions, body, Messages))));
}

#[test]
fn of_messages() {
    let bodies = [
        with(json!({"mcp_servers": [{"url": SECRET}]})),
        with(json!({"container": SECRET})),
        with(json!({"output_format": {"type": "json_schema"}})),
        with(json!({"output_config": {"format": {"type": "json_schema"}}})),
        with(json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]})),
        with(json!({"stop_sequences": SECRET})),
        with(json!({"stop_sequences": [5]})),
        with(json!({"system": 5})),
        with(json!({"system": [{"type": "image"}]})),
        with(json!({"metadata": SECRET})),
        said(json!([{"type": "document", "source": {"type": "text", "data": SECRET}}])),
        said(json!([{"type": "image", "source": {"type": "file", "file_id": SECRET}}])),
        said(json!([{"type": "image"}])),
        said(json!([{"type": "tool_result", "content": SECRET}])),
        said(json!([{"type": "tool_use", "id": "t", "name": "f", "input": {}}])),
        with(
            json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": SECRET}]}]}),
        ),
        with(
            json!({"messages": [{"role": "assistant", "content": [{"type": "server_tool_use", "id": "t"}]}]}),
        ),
        with(json!({"messages": [{"role": "assistant", "content": [{"type": "image"}]}]})),
    ];
    insta::assert_snapshot!(all(bodies.iter().map(|body| request(Messages, body, Completions))));
}
