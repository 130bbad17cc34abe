//! Streams as a client reads them.

use std::io::Read as _;

use serde_json::Value;
use ureq::Body;
use ureq::http::Response;

use crate::scene::Side;

/// A stream as a client reads it.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) model: String,
    /// It said why it stopped, and that it is done.
    pub(crate) complete: bool,
    pub(crate) usage: Option<u64>,
    /// The body ended without an error of the transport.
    pub(crate) clean: bool,
}

/// Reads what this side's API says to its end.
pub(crate) fn read(side: Side, response: Response<Body>) -> Read {
    let mut bytes = Vec::new();
    let clean = response.into_body().into_reader().read_to_end(&mut bytes).is_ok();
    let mut read = Read { clean, ..Read::default() };
    let text = String::from_utf8(bytes).expect("UTF-8");
    let (mut stopped, mut input) = (false, None);
    for event in text.split("\n\n").filter(|event| !event.is_empty() && !event.starts_with(':')) {
        let data = event.lines().find_map(|line| line.strip_prefix("data: "));
        let data = data.unwrap_or_else(|| panic!("not an event: {event:?}"));
        if data == "[DONE]" {
            read.complete = stopped;
            continue;
        }
        let data: Value = serde_json::from_str(data).expect("JSON");
        let message = &data["message"];
        if let Some(model) = data["model"].as_str().or(message["model"].as_str()) {
            model.clone_into(&mut read.model);
        }
        match side {
            Side::OpenAi => {
                read.usage = data["usage"]["total_tokens"].as_u64().or(read.usage);
                for choice in data["choices"].as_array().into_iter().flatten() {
                    read.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
                    stopped |= choice["finish_reason"].is_string();
                }
            }
            Side::Anthropic => {
                input = [&data, message].iter().find_map(|it| it["usage"]["input_tokens"].as_u64()).or(input);
                let output = data["usage"]["output_tokens"].as_u64();
                read.usage = input.zip(output).map(|(input, output)| input + output).or(read.usage);
                read.text.push_str(data["delta"]["text"].as_str().unwrap_or_default());
                stopped |= data["delta"]["stop_reason"].is_string();
                read.complete |= stopped && data["type"] == "message_stop";
            }
        }
    }
    read
}
