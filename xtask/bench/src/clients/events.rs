//! The streams of two providers, as one answer of HTTP each: every event is a chunk of its own.

use std::fmt::Write;

/// So many tokens are in each.
pub(crate) const TOKENS: u32 = 200;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// As OpenAI has it.
pub(super) fn completions() -> String {
    let event = |delta: &str, stop: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"gpt-4o\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{stop}}}]}}\n\n"
        )
    };
    let mut events = vec![event(r#"{"role":"assistant","content":""}"#, "null")];
    events.extend((0..TOKENS).map(|token| event(&format!(r#"{{"content":" word{token}"}}"#), "null")));
    events.push(event("{}", r#""stop""#));
    events.push("data: [DONE]\n\n".to_owned());
    chunked(&events)
}

/// As Anthropic has it.
pub(super) fn messages() -> String {
    let event = |kind: &str, rest: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{rest}}}\n\n");
    let mut events = vec![
        event(
            "message_start",
            r#","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":1}}"#,
        ),
        event("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#),
    ];
    let word = |token| format!(r#","index":0,"delta":{{"type":"text_delta","text":" word{token}"}}"#);
    events.extend((0..TOKENS).map(|token| event("content_block_delta", &word(token))));
    events.push(event("content_block_stop", r#","index":0"#));
    let stop = r#","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":200}"#;
    events.push(event("message_delta", stop));
    events.push(event("message_stop", ""));
    chunked(&events)
}

fn chunked(events: &[String]) -> String {
    let mut answer = HEAD.to_owned();
    for event in events {
        // Text takes whatever is written to it.
        let _ = write!(answer, "{:x}\r\n{event}\r\n", event.len());
    }
    answer + "0\r\n\r\n"
}
