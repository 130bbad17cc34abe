//! Each request, translated both ways.

use serde_json::{Value, json};

use crate::stage::{Completions, Messages, request, with, written};

fn pair(of_completions: &Value, of_messages: &Value) -> String {
    let to_messages = request(Completions, of_completions, Messages);
    let to_completions = request(Messages, of_messages, Completions);
    format!("completions -> messages\n{to_messages}\nmessages -> completions\n{to_completions}")
}

#[test]
fn a_prompt() {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]});
    insta::assert_snapshot!(pair(&body, &with(json!({}))));
}

#[test]
fn what_the_system_says() {
    let completions = with(json!({"messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}, {"type": "text", "text": " "}]},
        {"role": "user", "content": "Hello"},
    ]}));
    let messages = with(json!({
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
                   {"type": "text", "text": "Be kind."}],
    }));
    insta::assert_snapshot!(pair(&completions, &messages));
}

#[test]
fn what_the_system_says_in_between() {
    let body = with(json!({"messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "system", "content": "Now be brief."},
        {"role": "user", "content": "Well?"},
    ]}));
    insta::assert_snapshot!(pair(&body, &body));
}

#[test]
fn messages_of_one_role_are_one_turn() {
    let body = with(json!({"messages": [
        {"role": "user", "content": "One"},
        {"role": "user", "content": ""},
        {"role": "user", "content": "Two", "name": "Ann"},
        {"role": "assistant", "content": "Three"},
        {"role": "assistant", "content": [{"type": "text", "text": "Fo"}, {"type": "text", "text": "ur"}]},
        {"role": "user", "content": "Five"},
    ]}));
    insta::assert_snapshot!(pair(&body, &body));
}

#[test]
fn images() {
    let completions = with(json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is on these?"},
        {"type": "image_url", "image_url": {"url": "https://media.example/a.png", "detail": "high"}},
        {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,/9j/4AAQ", "detail": "auto"}},
        {"type": "image_url", "image_url": {"url": "DATA:IMAGE/WEBP;q=1;BASE64,UklGRg=="}},
    ]}]}));
    let messages = with(json!({"messages": [{"role": "user", "content": [
        {"type": "image", "source": {"type": "url", "url": "https://media.example/a.png"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
         "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "What is on these?"},
    ]}]}));
    insta::assert_snapshot!(pair(&completions, &messages));
}

#[test]
fn tools() {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let completions = with(json!({
        "tools": [
            {"type": "function", "function":
                {"name": "weather", "description": "The weather", "parameters": schema, "strict": true}},
            {"type": "function", "function": {"name": "time"}},
        ],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "parallel_tool_calls": false,
    }));
    let messages = with(json!({
        "tools": [
            {"name": "weather", "description": "The weather", "input_schema": schema,
             "cache_control": {"type": "ephemeral"}},
            {"type": "custom", "name": "time", "input_schema": {"type": "object"}, "strict": true},
        ],
        "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": true},
    }));
    insta::assert_snapshot!(pair(&completions, &messages));
}

#[test]
fn the_choice_of_a_tool() {
    let completions = [json!("auto"), json!("required"), json!("none")];
    let messages = [json!({"type": "auto"}), json!({"type": "any"}), json!({"type": "none"})];
    for (of_completions, of_messages) in completions.into_iter().zip(messages) {
        let tools = json!([{"type": "function", "function": {"name": "f"}}]);
        let body = with(json!({"tool_choice": of_completions, "tools": tools}));
        assert_eq!(written(Completions, &body, Messages)["tool_choice"], of_messages);
        let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
        let body = with(json!({"tool_choice": of_messages, "tools": tools}));
        assert_eq!(written(Messages, &body, Completions)["tool_choice"], of_completions);
    }
    // Of no tools nothing is chosen.
    let body = with(json!({"tool_choice": "none", "parallel_tool_calls": true, "tools": []}));
    assert_eq!(written(Completions, &body, Messages).get("tool_choice"), None);
    assert_eq!(written(Completions, &body, Completions).get("parallel_tool_calls"), None);
    // Whether several are called at once is said beside a choice there.
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let body = with(json!({"parallel_tool_calls": false, "tools": tools}));
    let choice = json!({"type": "auto", "disable_parallel_tool_use": true});
    assert_eq!(written(Completions, &body, Messages)["tool_choice"], choice);
}

#[test]
fn results_of_tools() {
    let completions = with(json!({"messages": [
        {"role": "user", "content": "The weather in Rome and Oslo?"},
        {"role": "assistant", "content": null, "refusal": null, "annotations": [], "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Rome\"}"}},
            {"id": "functions.weather:1", "index": 1, "type": "function",
             "function": {"name": "weather", "arguments": "Oslo"}},
        ]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "functions.weather:1",
         "content": [{"type": "text", "text": "snow"}, {"type": "text", "text": "ice"}]},
        {"role": "user", "content": "And where is it warm?"},
    ]}));
    let messages = with(json!({"messages": [
        {"role": "user", "content": "The weather in Rome and Oslo?"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "Two cities.", "signature": "c2ln"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}},
            {"type": "tool_use", "id": "toolu_2", "name": "weather", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "text", "text": "And where is it warm?"},
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"},
            {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": true,
             "content": [{"type": "text", "text": "no such city"}]},
        ]},
    ]}));
    insta::assert_snapshot!(pair(&completions, &messages));
}

#[test]
fn a_tool_shows_an_image() {
    let body = with(json!({"messages": [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "camera", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}]}]},
    ]}));
    insta::assert_snapshot!(request(Messages, &body, Completions), @"not failed over: messages holds an image that a tool has shown, which others do not take");
    let shown = &written(Messages, &body, Messages)["messages"][2]["content"][0]["content"][0]["type"];
    assert_eq!(shown, "image");
}

#[test]
fn how_it_goes_on() {
    let completions = with(json!({
        "max_completion_tokens": 500, "temperature": 1.7, "top_p": 0.9, "top_k": 40,
        "stop": ["END", "\n\n"], "seed": 7, "frequency_penalty": 0.5, "presence_penalty": 0,
        "user": "u-1", "stream": true, "n": 1, "logprobs": false, "store": false,
    }));
    let messages = with(json!({
        "temperature": 0.7, "top_p": 0.9, "top_k": 40, "stop_sequences": ["a", "b", "c", "d", "e"],
        "metadata": {"user_id": "u-1"}, "stream": true,
    }));
    insta::assert_snapshot!(pair(&completions, &messages));
}

#[test]
fn among_speakers_of_completions() {
    let body = with(json!({
        "temperature": 1.7, "top_p": 0.9, "top_k": -1, "stop": "END", "seed": 7, "frequency_penalty": 0.5,
        "presence_penalty": 0.25, "response_format": {"type": "json_object"}, "safety_identifier": "u-1",
        "stream": true, "stream_options": {"include_usage": false, "include_obfuscation": true},
        "max_completion_tokens": null,
    }));
    insta::assert_snapshot!(request(Completions, &body, Completions));
}

#[test]
fn what_has_no_room_is_told() {
    let completions = with(json!({
        "logit_bias": {"50256": -100}, "metadata": {"a": "b"}, "prediction": {"type": "content", "content": "x"},
        "reasoning_effort": "low", "service_tier": "flex", "store": true, "verbosity": "low", "min_p": 0.1,
        "a key that may hold a prompt": 1, "nothing": null, "empty": {},
    }));
    let messages = with(json!({
        "thinking": {"type": "enabled", "budget_tokens": 1024}, "service_tier": "auto",
        "output_config": {"effort": "low"}, "cache_control": {"type": "ephemeral"}, "mcp_servers": [],
        "metadata": {"user_id": "u", "other": 1}, "inference_geo": "us",
    }));
    insta::assert_snapshot!(pair(&completions, &messages));
}

#[test]
fn one_of_temperature_and_top_p_is_told_to_anthropic() {
    let told = |keys| {
        let body = written(Completions, &with(keys), Messages);
        (body.get("temperature").cloned(), body.get("top_p").cloned())
    };
    assert_eq!(told(json!({"top_p": 0.5})), (None, Some(json!(0.5))));
    assert_eq!(told(json!({"temperature": 0})), (Some(json!(0.0)), None));
    assert_eq!(told(json!({"temperature": 0.5, "top_p": 0.5})), (Some(json!(0.5)), None));
    let body = with(json!({"temperature": 0.5, "top_p": 1}));
    let (_, losses) = Completions.translate_request(body.to_string().as_bytes(), Messages, "claude").unwrap();
    assert!(losses.is_empty(), "{losses:?}");
}

#[test]
fn arguments_stay_as_they_came() {
    let arguments = r#"{"z": 1, "id": 123456789012345678901234567890}"#;
    let body = with(json!({"messages": [
        {"role": "user", "content": "x"},
        {"role": "assistant", "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}]},
        {"role": "tool", "tool_call_id": "c", "content": ""},
    ]}));
    let written = written(Completions, &body, Completions);
    assert_eq!(written["messages"][1]["tool_calls"][0]["function"]["arguments"], arguments);
}

#[test]
fn a_citation_ends_no_sentence() {
    let body = with(json!({"messages": [
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": [
            {"type": "text", "text": "It was "},
            {"type": "text", "text": "Ann", "citations": [{"type": "char_location", "cited_text": "Ann"}]},
            {"type": "text", "text": "."}]},
        {"role": "user", "content": "When?"},
    ]}));
    assert_eq!(written(Messages, &body, Completions)["messages"][1]["content"], "It was Ann.");
    insta::assert_snapshot!(request(Messages, &body, Messages));
}
