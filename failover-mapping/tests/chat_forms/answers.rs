//! Each answer, translated both ways, and each that is none.

use std::fmt::Write as _;

use failover_mapping::Fault;
use serde_json::{Value, json};

use crate::stage::{Completions, Messages, answer};

fn completion(message: Value, finish_reason: &str) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}})
}

fn message(content: Value, stop_reason: &str) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": content, "stop_reason": stop_reason, "stop_sequence": null,
        "usage": {"input_tokens": 10, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 4,
            "output_tokens": 6}})
}

fn said(text: &str) -> Value {
    json!([{"type": "text", "text": text}])
}

fn pair(of_completions: &Value, of_messages: &Value) -> String {
    let to_messages = answer(Completions, of_completions, Messages);
    let to_completions = answer(Messages, of_messages, Completions);
    format!("completions -> messages\n{to_messages}\nmessages -> completions\n{to_completions}")
}

#[test]
fn a_text() {
    let of_completions =
        completion(json!({"role": "assistant", "content": "Hello!", "refusal": null}), "stop");
    let of_messages = message(
        json!([{"type": "thinking", "thinking": "Greet.", "signature": "s"},
            {"type": "text", "text": "Hello", "citations": []}, {"type": "text", "text": "!"}]),
        "end_turn",
    );
    insta::assert_snapshot!(pair(&of_completions, &of_messages));
}

#[test]
fn calls_of_tools() {
    let call = |id, arguments: Value| json!({"id": id, "type": "function", "function": {"name": "weather", "arguments": arguments}});
    let of_completions = completion(
        json!({"role": "assistant", "content": null, "tool_calls": [
            call("call_1", json!("{\"city\": \"Rome\"}")),
            call("functions.weather:1", json!("")),
            call("", json!({"city": "Oslo"})),
            call("call_4", json!("Rome, of course")),
        ]}),
        "tool_calls",
    );
    let of_messages = message(
        json!([{"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}},
            {"type": "tool_use", "id": "toolu_2", "name": "time", "input": {}}]),
        "tool_use",
    );
    insta::assert_snapshot!(pair(&of_completions, &of_messages));
}

#[test]
fn refusals() {
    let of_completions =
        completion(json!({"role": "assistant", "content": null, "refusal": "I cannot help."}), "stop");
    let mut of_messages = message(json!([]), "refusal");
    of_messages["stop_details"] = json!({"type": "refusal", "category": "cyber", "explanation": "Not this."});
    let without_words = message(json!([]), "refusal");
    let filtered = completion(json!({"role": "assistant", "content": ""}), "content_filter");
    insta::assert_snapshot!(format!(
        "{}\n{}",
        pair(&of_completions, &of_messages),
        pair(&filtered, &without_words)
    ));
}

#[test]
fn what_is_not_told_is_made_up_where_clients_insist() {
    let of_completions = json!({"choices": [{"message": {"content": "Hi"}}]});
    let of_messages = json!({"content": [{"type": "text", "text": "Hi"}]});
    insta::assert_snapshot!(pair(&of_completions, &of_messages));
}

#[test]
fn why_it_ends() {
    let mut all = String::new();
    for reason in ["stop", "length", "tool_calls", "function_call", "content_filter", "eos", "", "new"] {
        let read = completion(json!({"content": "Hi"}), reason).to_string();
        let told = Completions.translate_answer(read.as_bytes(), Messages).unwrap();
        let told: Value = serde_json::from_slice(&told).unwrap();
        writeln!(all, "{reason:?} -> {}", told["stop_reason"]).unwrap();
    }
    for reason in [
        "end_turn",
        "stop_sequence",
        "max_tokens",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
        "",
        "new",
    ] {
        let read = message(said("Hi"), reason).to_string();
        let told = Messages.translate_answer(read.as_bytes(), Completions).unwrap();
        let told: Value = serde_json::from_slice(&told).unwrap();
        writeln!(all, "{reason:?} -> {}", told["choices"][0]["finish_reason"]).unwrap();
    }
    let mut read = message(said("Hi"), "stop_sequence");
    read["stop_sequence"] = json!("END");
    let told = Messages.translate_answer(read.to_string().as_bytes(), Messages).unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!((&told["stop_reason"], &told["stop_sequence"]), (&json!("stop_sequence"), &json!("END")));
    insta::assert_snapshot!(all);
}

#[test]
fn other_speakers_of_completions() {
    let in_parts = completion(
        json!({"content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]}),
        "stop",
    );
    let legacy = completion(
        json!({"content": null, "function_call": {"name": "f", "arguments": "{}"}}),
        "function_call",
    );
    let stopped =
        completion(json!({"content": "", "tool_calls": [{"id": "c", "function": {"name": "f"}}]}), "stop");
    let thinking = completion(json!({"content": "", "reasoning": "Hm."}), "length");
    let usage_of_null = json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "eos"}], "usage": null, "error": null});
    let all = [in_parts, legacy, stopped, thinking, usage_of_null];
    insta::assert_snapshot!(all.map(|body| answer(Completions, &body, Messages)).join("\n"));
}

#[test]
fn junk() {
    let fault = |api: failover_mapping::ChatApi, body: &Value| {
        api.translate_answer(body.to_string().as_bytes(), Messages).unwrap_err()
    };
    for body in [json!([]), json!("Hello"), json!({}), json!({"choices": {}, "content": "Hello"})] {
        assert_eq!(fault(Completions, &body), Fault::Malformed, "{body}");
        assert_eq!(fault(Messages, &body), Fault::Malformed, "{body}");
    }
    for body in [
        json!({"choices": ["Hello"]}),
        json!({"choices": [{"text": "Hello"}]}),
        completion(json!({"content": 5}), "stop"),
        completion(json!({"content": [{"type": "text"}]}), "stop"),
        completion(json!({"tool_calls": "f"}), "stop"),
        completion(json!({"tool_calls": [{"id": "c"}]}), "stop"),
        completion(json!({"tool_calls": [{"function": {"arguments": "{}"}}]}), "stop"),
    ] {
        assert_eq!(fault(Completions, &body), Fault::Malformed, "{body}");
    }
    for block in [
        json!("Hello"),
        json!({"text": "Hello"}),
        json!({"type": "text"}),
        json!({"type": "tool_use", "name": "f"}),
    ] {
        assert_eq!(fault(Messages, &message(json!([block]), "end_turn")), Fault::Malformed, "{block}");
    }

    assert_eq!(fault(Completions, &json!({"choices": []})), Fault::Empty);
    for content in [json!(null), json!(""), json!([])] {
        for reason in ["stop", "tool_calls", "eos"] {
            assert_eq!(fault(Completions, &completion(json!({"content": content}), reason)), Fault::Empty);
        }
    }
    for content in [json!([]), said(""), json!([{"type": "thinking", "thinking": "Hm."}])] {
        for reason in ["end_turn", "tool_use", "pause_turn"] {
            assert_eq!(fault(Messages, &message(content.clone(), reason)), Fault::Empty);
        }
    }

    let error = json!({"error": {"message": "no", "type": "server_error", "code": null}});
    let named = json!({"type": "error", "error": {"type": "overloaded_error", "message": "no"}});
    let text = json!({"error": "no", "choices": [{"message": {"content": "Hi"}}]});
    for body in [error, named, text] {
        assert_eq!(fault(Completions, &body), Fault::ErrorInSuccess, "{body}");
        assert_eq!(fault(Messages, &body), Fault::ErrorInSuccess, "{body}");
    }
    assert_eq!(fault(Messages, &json!({"type": "error"})), Fault::ErrorInSuccess);
    assert_eq!(fault(Completions, &completion(json!({"content": "H"}), "error")), Fault::ErrorInSuccess);
    let behind = json!({"choices": [{"error": {"code": 502}, "message": {"content": ""}}]});
    assert_eq!(fault(Completions, &behind), Fault::ErrorInSuccess);
}

#[test]
fn an_answer_within_its_api_keeps_what_it_tells() {
    let message =
        message(json!([{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}]), "tool_use");
    let again = Messages.translate_answer(message.to_string().as_bytes(), Messages).unwrap();
    let again: Value = serde_json::from_slice(&again).unwrap();
    for key in ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence"] {
        assert_eq!(again[key], message[key], "{key}");
    }
    assert_eq!(again["usage"], json!({"input_tokens": 17, "output_tokens": 6}));
}
