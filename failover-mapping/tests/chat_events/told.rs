//! Each stream in the words of the other API.

use failover_mapping::ChatApi::{Completions, Messages};
use failover_mapping::{EventTranslator, Fault};

use crate::streams::{FAILED, TO, WHOLE, named, tell};

#[test]
fn each_stream_in_the_other_api() {
    for stream in WHOLE.iter().chain(&FAILED) {
        let to = if stream.api == Completions { Messages } else { Completions };
        let told = tell(stream.api, to, [stream.bytes]);
        insta::assert_snapshot!(
            format!("{}_as_{to}", stream.name),
            format!("{}end: {:?}", told.text(), told.end)
        );
    }
}

#[test]
fn within_one_api_every_byte_stays() {
    for stream in &WHOLE {
        let told = tell(stream.api, stream.api, [stream.bytes]);
        assert_eq!(told.bytes, stream.bytes, "{}", stream.name);
        assert_eq!(told.end, Ok(()), "{}", stream.name);
    }
}

#[test]
fn what_is_told_can_be_told_back() {
    for stream in &WHOLE {
        let to = if stream.api == Completions { Messages } else { Completions };
        let there = tell(stream.api, to, [stream.bytes]);
        let back = tell(to, stream.api, [&*there.bytes]);
        assert_eq!(back.end, Ok(()), "{}", stream.name);
        // The first translation leaves out what the other API has no word for; the second finds nothing more to leave out.
        let again = tell(stream.api, to, [&*back.bytes]);
        let twice = tell(to, stream.api, [&*again.bytes]);
        assert_eq!(twice.text(), back.text(), "{}", stream.name);
    }
}

#[test]
fn a_whole_answer_as_a_stream() {
    let completion = br#"{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": "I look.", "refusal": null, "tool_calls": [{"id": "call_1", "type": "function",
        "function": {"name": "weather", "arguments": "{\"city\":\"Bern\"}"}}]}, "finish_reason": "tool_calls", "logprobs": null}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 10}}"#;
    for to in TO {
        let whole = EventTranslator::whole(Completions, to, completion, 1_790_000_000).unwrap();
        insta::assert_snapshot!(format!("a_whole_answer_as_{to}"), String::from_utf8(whole).unwrap());
    }
    assert_eq!(EventTranslator::whole(Completions, Messages, b"<html>", 0), Err(Fault::Malformed));
}

#[test]
fn ids_and_models_are_those_of_the_answer() {
    let chunk = br#"data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#;
    let nameless = tell(Completions, Messages, [&chunk[..], b"\n\n"]);
    assert_eq!(nameless.end, Ok(()));
    assert!(
        nameless
            .text()
            .contains(r#""id":"msg_0000000000000000","type":"message","role":"assistant","model":"unknown""#)
    );
    let mut translator = EventTranslator::new(Messages, Completions);
    translator.feed(named("messages_thinking")).unwrap();
    assert_eq!(translator.model(), Some("claude-sonnet-4-6"));
    assert_eq!(translator.usage().map(|usage| (usage.input, usage.output)), Some((213, 30)));
    let named = tell(Messages, Completions, [named("messages_text")]);
    assert!(named.text().contains(r#""created":1790000000,"model":"claude-sonnet-4-6""#));
}
