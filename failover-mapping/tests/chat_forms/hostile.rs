//! Whatever is thrown at a translation, it answers or says why not.

use failover_mapping::ChatApi;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stage::{Completions, Messages, with};

const BOTH: [ChatApi; 2] = [Completions, Messages];

fn translate_all(body: &[u8]) {
    for from in BOTH {
        for to in BOTH {
            if let Ok((body, _)) = from.translate_request(body, to, "m") {
                // What is written can be read by whoever speaks that API, and nothing of it is lost again.
                let (_, losses) = to.translate_request(&body, to, "m").unwrap();
                assert!(losses.iter().all(|lost| lost.field == "max_tokens"), "{losses:?}");
            }
            if let Ok(answer) = from.translate_answer(body, to) {
                to.translate_answer(&answer, from).unwrap();
            }
        }
    }
}

/// Words that mean something to the readers, so that a random tree comes far.
fn word() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "model",
        "messages",
        "role",
        "user",
        "assistant",
        "system",
        "tool",
        "content",
        "type",
        "text",
        "image_url",
        "url",
        "tool_use",
        "tool_result",
        "tool_use_id",
        "tool_call_id",
        "tool_calls",
        "function",
        "id",
        "name",
        "arguments",
        "input",
        "tools",
        "tool_choice",
        "input_schema",
        "source",
        "data:image/png;base64,AAAA",
        "https://a.example/b.png",
        "choices",
        "message",
        "finish_reason",
        "stop_reason",
        "usage",
        "error",
        "stop",
        "{}",
        "",
        "\u{1F600}",
        "length",
    ];
    prop_oneof![9 => proptest::sample::select(WORDS).prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::hash_map(word(), inner, 0..7).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// A request or an answer, one of whose values is something else.
fn damaged() -> impl Strategy<Value = Value> {
    let whole = json!({
        "model": "m", "max_tokens": 9, "temperature": 0.5, "stop": ["a"], "stream": true,
        "system": [{"type": "text", "text": "s"}],
        "tools": [{"type": "function", "name": "f", "input_schema": {}, "function": {"name": "f", "parameters": {}}}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "t"},
                {"type": "image", "source": {"type": "url", "url": "https://a.example"}}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": [1]}}],
             "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "r"}]},
        ],
        "content": [{"type": "text", "text": "t"}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 1, "prompt_tokens": 1},
        "choices": [{"message": {"content": "t", "tool_calls": [{"id": "t", "function": {"name": "f", "arguments": "{}"}}]}}],
    });
    let places = places(&whole, "");
    (proptest::sample::select(places), tree()).prop_map(move |(place, value)| {
        let mut damaged = whole.clone();
        *damaged.pointer_mut(&place).unwrap() = value;
        damaged
    })
}

fn places(value: &Value, place: &str) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(object) => {
            object.iter().map(|(key, value)| (format!("{place}/{key}"), value)).collect()
        }
        Value::Array(list) => {
            list.iter().enumerate().map(|(n, value)| (format!("{place}/{n}"), value)).collect()
        }
        _ => Vec::new(),
    };
    let within = inner.iter().flat_map(|(place, value)| places(value, place));
    [place.to_owned()].into_iter().chain(within).collect()
}

proptest! {
    #[test]
    fn any_bytes(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        translate_all(&body);
    }

    #[test]
    fn any_tree(body in tree()) {
        translate_all(body.to_string().as_bytes());
    }

    #[test]
    fn any_messages(messages in tree(), system in tree(), tools in tree()) {
        translate_all(with(json!({"messages": messages, "system": system, "tools": tools})).to_string().as_bytes());
    }

    #[test]
    fn any_damage(body in damaged()) {
        translate_all(body.to_string().as_bytes());
    }
}

fn reason(api: ChatApi, body: &str) -> String {
    api.translate_request(body.as_bytes(), Messages, "m").unwrap_err().reason
}

#[test]
fn too_much_of_it() {
    for api in BOTH {
        let turns = vec![json!({"role": "user", "content": "x"}); 100_000];
        let many = with(json!({"messages": turns})).to_string();
        assert_eq!(reason(api, &many), "the body holds too many values");
        let deep = format!(r#"{{"model":"m","messages":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(reason(api, &deep), "the body is not JSON that can be read");
        assert_eq!(
            reason(api, r#"{"model":"m","temperature":1e999}"#),
            "the body is not JSON that can be read"
        );
        assert!(
            reason(api, r#"{"model":"m","max_tokens":123456789012345678901234567890}"#)
                .contains("max_tokens")
        );
    }
}

#[test]
fn many_turns_take_no_time_to_speak_of() {
    // As many as pass: whoever compares each with each is not done here today.
    let turns = |role| vec![json!({"role": role, "content": "x", "name": "n"}); 24_000];
    let keys: serde_json::Map<_, _> = (0..1000).map(|n| (format!("key{n}"), json!(n))).collect();
    for role in ["user", "system"] {
        let mut body = with(json!({"messages": turns(role)}));
        body["messages"].as_array_mut().unwrap().push(json!({"role": "user", "content": "y"}));
        body.as_object_mut().unwrap().extend(keys.clone());
        for api in BOTH {
            let (_, losses) = api.translate_request(body.to_string().as_bytes(), Messages, "m").unwrap();
            assert_eq!(losses.len(), 65, "{api}");
        }
    }
}

#[test]
fn arguments_that_nest_stay_a_text() {
    let nested = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let answer = json!({"choices": [{"message": {"tool_calls": [
        {"id": "c", "function": {"name": "f", "arguments": nested}}]}}]});
    let told = Completions.translate_answer(answer.to_string().as_bytes(), Messages).unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["content"][0]["input"]["arguments"], json!(nested));
}
