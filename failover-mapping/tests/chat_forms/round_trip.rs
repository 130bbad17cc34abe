//! What both APIs can say comes back as it was.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stage::{Completions, Messages, written};

fn text() -> impl Strategy<Value = String> {
    "[a-z\"\\\\é\u{1F600}]{1,12}"
}

fn part() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(|text| json!({"type": "text", "text": text})),
        "[a-z]{1,9}".prop_map(|name| {
            json!({"type": "image_url", "image_url": {"url": format!("https://media.example/{name}.png")}})
        }),
        "[a-zA-Z0-9+/]{4,8}".prop_map(|data| {
            json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}")}})
        }),
    ]
}

/// What a user says, and what comes of it: a text, or calls whose results are told.
fn exchange() -> impl Strategy<Value = Vec<Value>> {
    let content = prop_oneof![
        text().prop_map(Value::from),
        proptest::collection::vec(part(), 2..4).prop_map(Value::from)
    ];
    let call = (text(), text()).prop_map(|(key, value)| json!({ key: value }).to_string());
    let calls = proptest::collection::vec((call, text()), 1..3);
    let reply = (proptest::option::of(text()), proptest::option::of(calls));
    (content, reply).prop_map(|(content, (said, calls))| {
        let mut messages = vec![json!({"role": "user", "content": content})];
        let calls = calls.unwrap_or_default();
        let tool_calls = calls.iter().enumerate().map(|(n, (arguments, _))| {
            json!({"type": "function", "id": format!("call_{n}"), "function": {"name": "f", "arguments": arguments}})
        });
        let mut assistant = json!({"role": "assistant", "content": said});
        match calls.is_empty() {
            true => assistant["content"] = json!(said.unwrap_or_else(|| "Well.".to_owned())),
            false => assistant["tool_calls"] = tool_calls.collect(),
        }
        messages.push(assistant);
        messages.extend(calls.iter().enumerate().map(
            |(n, (_, result))| json!({"role": "tool", "tool_call_id": format!("call_{n}"), "content": result}),
        ));
        messages
    })
}

fn chat() -> impl Strategy<Value = Value> {
    let choices = [json!("auto"), json!("required"), json!({"type": "function", "function": {"name": "f"}})];
    let choice = (proptest::sample::select(choices.to_vec()), proptest::option::of(any::<bool>()));
    // Of 128ths, which stay exact on the way through text.
    let tuned = (proptest::sample::select(&["temperature", "top_p"][..]), 0_u8..=128)
        .prop_map(|(key, by)| json!({ key: f64::from(by) / 128.0 }));
    let plain = (
        proptest::option::of(text()),
        proptest::collection::vec(exchange(), 0..4),
        text(),
        proptest::option::of(choice),
        tuned,
        proptest::collection::vec(text(), 0..5),
        (1_u64..9999, proptest::option::of(1_u64..100)),
        (proptest::option::of(text()), any::<bool>()),
    );
    plain.prop_map(|(system, exchanges, last, choice, tuned, stop, (max_tokens, top_k), (user, stream))| {
        let mut messages: Vec<Value> = system.map(|says| json!({"role": "system", "content": says})).into_iter().collect();
        messages.extend(exchanges.into_iter().flatten());
        messages.push(json!({"role": "user", "content": last}));
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let mut body = json!({"model": "other-model", "messages": messages, "max_tokens": max_tokens,
            "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}}]});
        let keys = body.as_object_mut().unwrap();
        if let Value::Object(tuned) = tuned {
            keys.extend(tuned);
        }
        if let Some((choice, parallel)) = choice {
            keys.insert("tool_choice".to_owned(), choice);
            keys.extend(parallel.map(|parallel| ("parallel_tool_calls".to_owned(), json!(parallel))));
        }
        keys.extend(user.map(|user| ("user".to_owned(), json!(user))));
        keys.extend(top_k.map(|top_k| ("top_k".to_owned(), json!(top_k))));
        if !stop.is_empty() {
            keys.insert("stop".to_owned(), json!(stop.iter().take(4).collect::<Vec<_>>()));
        }
        if stream {
            keys.insert("stream".to_owned(), json!(true));
            keys.insert("stream_options".to_owned(), json!({"include_usage": true}));
        }
        body
    })
}

proptest! {
    #[test]
    fn a_chat_comes_back_as_it_was(body in chat()) {
        // Within one API first: both sides are then written by the same hand.
        let same = written(Completions, &body, Completions);
        let messages = written(Completions, &body, Messages);
        prop_assert_eq!(&written(Messages, &messages, Completions), &same);
        prop_assert_eq!(&written(Messages, &messages, Messages), &messages);
        prop_assert_eq!(&written(Completions, &same, Completions), &same);
        // Nothing that was said is missing: only a result may move in front of what the user says next.
        prop_assert_eq!(&same["tools"], &body["tools"]);
        for key in ["max_tokens", "temperature", "top_p", "top_k", "stop", "user", "stream", "tool_choice", "parallel_tool_calls"] {
            prop_assert_eq!(same.get(key), body.get(key), "{}", key);
        }
        prop_assert_eq!(&same["messages"], &body["messages"]);
    }

    #[test]
    fn an_answer_comes_back_as_it_was(
        said in proptest::option::of(text()),
        calls in proptest::collection::vec((text(), text()), 0..3),
        cut in any::<bool>(),
        usage in proptest::option::of((0_u64..1 << 40, 0_u64..1 << 40)),
    ) {
        prop_assume!(said.is_some() || !calls.is_empty() || cut);
        let tool_calls: Vec<_> = calls.iter().enumerate().map(|(n, (key, value))| {
            let arguments = json!({ key: value }).to_string();
            json!({"type": "function", "id": format!("call_{n}"), "function": {"name": "f", "arguments": arguments}})
        }).collect();
        let finish = if cut { "length" } else if calls.is_empty() { "stop" } else { "tool_calls" };
        let mut answer = json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": said, "refusal": null}, "logprobs": null, "finish_reason": finish}]});
        if !tool_calls.is_empty() {
            answer["choices"][0]["message"]["tool_calls"] = json!(tool_calls);
        }
        if let Some((input, output)) = usage {
            answer["usage"] = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
        }
        let told = |from: failover_mapping::ChatApi, body: &Value, to| -> Value {
            serde_json::from_slice(&from.translate_answer(body.to_string().as_bytes(), to).unwrap()).unwrap()
        };
        let same = told(Completions, &answer, Completions);
        let message = told(Completions, &answer, Messages);
        prop_assert_eq!(&told(Messages, &message, Messages), &message);
        let back = told(Messages, &message, Completions);
        prop_assert_eq!(&back["choices"], &same["choices"]);
        prop_assert_eq!(&same["choices"][0]["finish_reason"], finish);
        prop_assert_eq!(&same["choices"][0]["message"]["tool_calls"], &answer["choices"][0]["message"]["tool_calls"]);
        if usage.is_some() {
            prop_assert_eq!(&back["usage"], &answer["usage"]);
        }
    }
}
