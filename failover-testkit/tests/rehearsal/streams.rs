//! Streams on a good day: each event, and how it is sent.

use crate::chats::{ANTHROPIC, BODY, KEYS, OPENAI};
use crate::client::Client;
use failover_testkit::Provider;

pub(crate) fn streaming() -> String {
    BODY.replacen('{', r#"{"stream":true,"#, 1)
}

fn events(provider: &Provider, path: &str, body: &str) -> Vec<String> {
    let mut client = Client::of(provider);
    let head = client.post(path, KEYS, body).head();
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"),
        "{head}"
    );
    assert!(
        head.contains("\r\nTransfer-Encoding: chunked\r\n") && !head.contains("Content-Length"),
        "{head}"
    );
    let (chunks, broken) = client.chunks();
    assert_eq!(broken, None);
    for chunk in &chunks {
        assert!(chunk.ends_with("\n\n") && chunk.matches("\n\n").count() == 1, "one event each: {chunk:?}");
    }
    // The connection is as good as before.
    assert_eq!(client.post(path, KEYS, BODY).answer().code, 200);
    chunks
}

#[test]
fn openai_streams_a_chat() {
    let openai = Provider::openai();
    let events = events(&openai, OPENAI, &streaming());
    let chunk = |delta: &str, reason: &str| {
        format!(
            concat!(
                r#"data: {{"id":"chatcmpl-00000001","object":"chat.completion.chunk","created":1795215600,"model":"m-1","#,
                r#""system_fingerprint":"fp_rehearsal","#,
                r#""choices":[{{"index":0,"delta":{},"logprobs":null,"finish_reason":{}}}]}}"#,
                "\n\n"
            ),
            delta, reason
        )
    };
    assert_eq!(events.len(), 63);
    assert_eq!(events[0], chunk(r#"{"role":"assistant","content":"","refusal":null}"#, "null"));
    assert_eq!(events[1], chunk(r#"{"content":"openai1"}"#, "null"));
    assert_eq!(events[60], chunk(r#"{"content":" openai60"}"#, "null"));
    assert_eq!(events[61], chunk("{}", r#""stop""#));
    assert_eq!(events[62], "data: [DONE]\n\n");
}

#[test]
fn openai_streams_its_usage_when_asked() {
    let openai = Provider::openai();
    let asked = streaming().replacen('{', r#"{"stream_options":{"include_usage":true},"#, 1);
    let events = events(&openai, OPENAI, &asked);
    assert_eq!(events.len(), 64);
    assert!(events[..62].iter().all(|event| event.ends_with("],\"usage\":null}\n\n")), "{events:?}");
    assert!(
        events[62].ends_with(
            "\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":60,\"total_tokens\":72}}\n\n"
        ),
        "{}",
        events[62]
    );
    assert_eq!(events[63], "data: [DONE]\n\n");
}

#[test]
fn anthropic_streams_a_message() {
    let anthropic = Provider::anthropic();
    let events = events(&anthropic, ANTHROPIC, &streaming());
    let delta = |text: &str| {
        format!(
            concat!(
                "event: content_block_delta\ndata: ",
                r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{}"}}}}"#,
                "\n\n"
            ),
            text
        )
    };
    assert_eq!(events.len(), 66);
    assert_eq!(
        events[..3],
        [
            concat!(
                "event: message_start\ndata: ",
                r#"{"type":"message_start","message":{"id":"msg_00000001","type":"message","role":"assistant","model":"m-1","#,
                r#""content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"#,
                r#""cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}"#,
                "\n\n"
            ),
            "event: ping\ndata: {\"type\":\"ping\"}\n\n",
            concat!(
                "event: content_block_start\ndata: ",
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                "\n\n"
            ),
        ]
    );
    assert_eq!([&events[3], &events[62]], [&delta("anthropic1"), &delta(" anthropic60")]);
    assert_eq!(
        events[63..],
        [
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
            concat!(
                "event: message_delta\ndata: ",
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":60}}"#,
                "\n\n"
            ),
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ]
    );
}
