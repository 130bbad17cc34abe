//! Streams as a client reads them.

use std::error::Error;

use failover_reqwest::{Fault, StreamBroken};
use reqwest::Response;
use serde_json::Value;

/// A stream as a client reads it.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) thinking: String,
    /// The calls of tools: their names and arguments.
    pub(crate) calls: Vec<(String, String)>,
    pub(crate) model: String,
    /// It said why it stopped, and that it is done.
    pub(crate) complete: bool,
    /// The code of an error within the stream; its type, where it has no code.
    pub(crate) error: Option<String>,
    /// Somebody else has begun anew: who, with which model.
    pub(crate) restarts: Vec<(String, String)>,
    pub(crate) usage: Option<u64>,
    /// The body ended without an error of the transport.
    pub(crate) clean: bool,
    /// What that error says.
    pub(crate) broken: Option<Fault>,
}

/// The typed error of a stream that broke off.
pub(crate) fn broken(error: &(dyn Error + 'static)) -> Option<Fault> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(broken) = error.downcast_ref::<StreamBroken>() {
            return Some(broken.fault);
        }
        cause = error.source();
    }
    None
}

/// All that comes, and how it ends.
async fn drain(mut response: Response) -> (String, Read) {
    let (mut read, mut bytes) = (Read { clean: true, ..Read::default() }, Vec::new());
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                (read.clean, read.broken) = (false, broken(&error));
                break;
            }
        }
    }
    (String::from_utf8(bytes).expect("UTF-8"), read)
}

/// The events, each with its name, if it has one. Comments are skipped.
fn events(text: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    text.split("\n\n").filter(|event| !event.is_empty() && !event.starts_with(':')).map(|event| {
        let (name, data) = match event.strip_prefix("event: ") {
            Some(rest) => rest.split_once('\n').map(|(name, data)| (Some(name), data)).expect("data"),
            None => (None, event),
        };
        (name, data.strip_prefix("data: ").unwrap_or_else(|| panic!("not an event: {event:?}")))
    })
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn marker(data: &Value) -> (String, String) {
    (text_of(&data["provider"]).to_owned(), text_of(&data["model"]).to_owned())
}

/// Reads chat completions to their end.
pub(crate) async fn read_openai(response: Response) -> Read {
    let (text, mut read) = drain(response).await;
    let mut stopped = false;
    for (_, data) in events(&text) {
        assert!(!read.complete, "after the end: {data}");
        if data == "[DONE]" {
            read.complete = stopped;
            continue;
        }
        let data: Value = serde_json::from_str(data).expect("JSON");
        if data["error"].is_object() {
            read.error = Some(text_of(&data["error"]["code"]).to_owned());
        }
        if data["failover"]["restart"] == true {
            read.restarts.push(marker(&data["failover"]));
            read.text.clear();
            read.calls.clear();
        }
        if let Some(model) = data["model"].as_str() {
            model.clone_into(&mut read.model);
        }
        read.usage = data["usage"]["total_tokens"].as_u64().or(read.usage);
        for choice in data["choices"].as_array().into_iter().flatten() {
            read.text.push_str(text_of(&choice["delta"]["content"]));
            read.thinking.push_str(text_of(&choice["delta"]["reasoning_content"]));
            for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
                let function = &call["function"];
                if let Some(name) = function["name"].as_str() {
                    read.calls.push((name.to_owned(), String::new()));
                }
                let (_, arguments) = read.calls.last_mut().expect("a call has begun");
                arguments.push_str(text_of(&function["arguments"]));
            }
            stopped |= choice["finish_reason"].is_string();
        }
    }
    read
}

/// Reads messages to their end, and minds that every block is opened before it is filled, and closed once.
pub(crate) async fn read_anthropic(response: Response) -> Read {
    let (text, mut read) = drain(response).await;
    let (mut stopped, mut open, mut starts) = (false, Vec::new(), 0);
    let (mut input, mut output) = (None, None);
    for (name, data) in events(&text) {
        assert!(!read.complete, "after the end: {data}");
        let data: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(name, data["type"].as_str(), "{data}");
        let (index, delta) = (&data["index"], &data["delta"]);
        input =
            [&data, &data["message"]].iter().find_map(|it| it["usage"]["input_tokens"].as_u64()).or(input);
        output = data["usage"]["output_tokens"].as_u64().or(output);
        match name.expect("a name") {
            "message_start" => {
                starts += 1;
                text_of(&data["message"]["model"]).clone_into(&mut read.model);
            }
            "content_block_start" => {
                assert!(!open.contains(index), "opened twice: {data}");
                open.push(index.clone());
                if let Some(name) = data["content_block"]["name"].as_str() {
                    read.calls.push((name.to_owned(), String::new()));
                }
            }
            "content_block_delta" => {
                assert!(open.contains(index), "not open: {data}");
                read.text.push_str(text_of(&delta["text"]));
                read.thinking.push_str(text_of(&delta["thinking"]));
                if let Some(json) = delta["partial_json"].as_str() {
                    read.calls.last_mut().expect("a call has begun").1.push_str(json);
                }
            }
            "content_block_stop" => {
                let before = open.len();
                open.retain(|known| known != index);
                assert_eq!(open.len() + 1, before, "closed twice: {data}");
            }
            "message_delta" => stopped |= delta["stop_reason"].is_string(),
            "message_stop" => read.complete = stopped,
            "failover_restart" => {
                assert!(open.is_empty(), "void blocks are closed");
                read.restarts.push(marker(&data));
                read.model = text_of(&data["model"]).to_owned();
                read.text.clear();
                read.calls.clear();
            }
            "error" => {
                let error = &data["error"];
                let code = error["details"]["code"].as_str().or(error["type"].as_str());
                read.error = code.map(str::to_owned);
            }
            "ping" => {}
            other => panic!("unknown: {other}"),
        }
    }
    assert!(starts <= 1, "begun {starts} times");
    read.usage = input.zip(output).map(|(input, output)| input + output);
    read
}
