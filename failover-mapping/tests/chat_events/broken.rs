//! Events that cannot be read, errors in the middle, and answers of nothing.

use failover_mapping::ChatApi::{self, Completions, Messages};
use failover_mapping::{EventTranslator, Fault};

use crate::streams::{TO, WHOLE, named, tell};

/// The stream with something between each two events.
fn with_between(bytes: &[u8], odd: &str, times: usize) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    let events = text.split_inclusive("\n\n").map(|event| event.to_owned() + &odd.repeat(times));
    events.collect::<String>().into_bytes()
}

/// The stream with something behind the event at this place.
fn with_behind(bytes: &[u8], at: usize, odd: &str, times: usize) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    let events = text.split_inclusive("\n\n").enumerate();
    let with =
        events.map(|(place, event)| event.to_owned() + &odd.repeat(if place == at { times } else { 0 }));
    with.collect::<String>().into_bytes()
}

fn events(bytes: &[u8]) -> usize {
    std::str::from_utf8(bytes).unwrap().split_inclusive("\n\n").count() - 1
}

const UNREADABLE: [&str; 4] = [
    "data: {\"choices\":[{\"delta\":{\"conte\n\n",
    "data: \"no\"\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":7}}],\"delta\":7}\n\n",
    "data: <html>\n\n",
];

#[test]
fn an_unreadable_event_is_skipped() {
    for stream in WHOLE.iter().filter(|stream| !stream.name.ends_with("_tools")) {
        for to in TO {
            let whole = tell(stream.api, to, [stream.bytes]);
            for odd in UNREADABLE {
                for at in 0..events(stream.bytes) {
                    let told = tell(stream.api, to, [&*with_behind(stream.bytes, at, odd, 8)]);
                    assert_eq!(told.end, Ok(()), "{} as {to}, with {odd} at {at}", stream.name);
                    assert_eq!(told.text(), whole.text(), "{} as {to}, with {odd} at {at}", stream.name);
                }
            }
        }
    }
}

#[test]
fn too_many_are_no_stream() {
    for stream in &WHOLE {
        for odd in UNREADABLE {
            let told = tell(stream.api, Messages, [&*with_behind(stream.bytes, 0, odd, 9)]);
            assert_eq!(told.end, Err(Fault::Malformed), "{}, with {odd}", stream.name);
            // Nor if sound ones lie between them: what is missing is missing.
            let told = tell(stream.api, Messages, [&*with_between(stream.bytes, odd, 4)]);
            assert_eq!(told.end, Err(Fault::Malformed), "{}, with {odd}", stream.name);
        }
    }
}

#[test]
fn a_hole_in_the_arguments_of_a_tool_is_never_passed_over() {
    for (api, name) in [(Completions, "completions_tools"), (Messages, "messages_tools")] {
        let text = std::str::from_utf8(named(name)).unwrap();
        let events: Vec<&str> = text.split_inclusive("\n\n").collect();
        let words = ["\"tool_use\",\"id\"", "\"arguments\"", "\"partial_json\""];
        let matters = |event: &str| words.iter().any(|word| event.contains(word));
        let mut holes = 0;
        for (at, event) in events.iter().enumerate().filter(|(_, event)| matters(event)) {
            let mut broken: Vec<String> = events.iter().map(|event| (*event).to_owned()).collect();
            broken[at] = event.replace("}\n\n", "\n\n");
            for to in TO {
                let told = tell(api, to, [broken.concat().as_bytes()]);
                assert_eq!(told.end, Err(Fault::Malformed), "{name} as {to}, without {event}");
            }
            holes += 1;
        }
        assert!(holes >= 6, "{name}");
    }
}

#[test]
fn an_event_longer_than_a_mebibyte_ends_it() {
    let long =
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "a".repeat(1 << 20));
    let mut translator = EventTranslator::new(Completions, Messages);
    let text = b"data: {\"choices\":[{\"delta\":{\"content\":\"before\"}}]}\n\n";
    let told = translator.feed(&[text, long.as_bytes()].concat()).unwrap();
    assert!(String::from_utf8(told).unwrap().contains("before"), "what came before was handed on");
    assert_eq!(translator.feed(b"data: [DONE]\n\n"), Err(Fault::Malformed));
    assert_eq!(translator.end(), Err(Fault::Malformed));
}

#[test]
fn in_band_errors_are_told_by_their_words() {
    let of = |api: ChatApi, event: &str| {
        let text = match api {
            Messages => format!("event: error\ndata: {event}\n\n"),
            _ => format!("data: {event}\n\n"),
        };
        tell(api, Completions, [text.as_bytes()]).end.unwrap_err()
    };
    let object = |kind: &str, code: &str| {
        format!(r#"{{"error":{{"message":"m","type":"{kind}","param":null,"code":{code}}}}}"#)
    };
    for (kind, code, fault) in [
        ("server_error", "null", Fault::Broken),
        ("requests", "\"rate_limit_exceeded\"", Fault::Throttled),
        ("insufficient_quota", "\"insufficient_quota\"", Fault::OutOfCredit),
        ("invalid_request_error", "\"context_length_exceeded\"", Fault::ContextTooLong),
        ("invalid_request_error", "\"content_policy_violation\"", Fault::ContentPolicy),
        ("invalid_request_error", "null", Fault::InvalidRequest),
        ("server_is_overloaded", "503", Fault::Overloaded),
        ("BadGateway", "502", Fault::Gateway),
        ("Whatever", "\"429\"", Fault::Throttled),
        ("whatever", "null", Fault::ErrorInSuccess),
    ] {
        assert_eq!(of(Completions, &object(kind, code)), fault, "{kind} {code}");
    }
    for odd in [
        r#"{"error":"boom"}"#,
        r#"{"error":[1]}"#,
        r#"{"error":{"type":[]}}"#,
        r#"{"object":"error","message":"m"}"#,
    ] {
        assert_eq!(of(Completions, odd), Fault::ErrorInSuccess, "{odd}");
    }
    let long = r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}"#;
    assert_eq!(of(Completions, long), Fault::ContextTooLong);
    for (kind, fault) in [
        ("overloaded_error", Fault::Overloaded),
        ("rate_limit_error", Fault::Throttled),
        ("api_error", Fault::Broken),
        ("timeout_error", Fault::Timeout),
        ("invalid_request_error", Fault::InvalidRequest),
        ("authentication_error", Fault::Unauthenticated),
        ("billing_error", Fault::OutOfCredit),
        ("request_too_large", Fault::ContextTooLong),
        ("new_error", Fault::ErrorInSuccess),
    ] {
        assert_eq!(
            of(Messages, &format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"m"}}}}"#)),
            fault,
            "{kind}"
        );
    }
    let spent = r#"{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
    assert_eq!(of(Messages, spent), Fault::OutOfCredit);
}

#[test]
fn an_answer_of_nothing_is_none() {
    let stopped = |reason: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}\n\ndata: [DONE]\n\n"
        )
    };
    for (reason, end) in [
        ("stop", Err(Fault::Empty)),
        ("tool_calls", Err(Fault::Empty)),
        ("length", Ok(())),
        ("content_filter", Ok(())),
        ("error", Err(Fault::ErrorInSuccess)),
    ] {
        assert_eq!(tell(Completions, Messages, [stopped(reason).as_bytes()]).end, end, "{reason}");
    }
    let thought = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
    assert_eq!(
        tell(Completions, Messages, [thought.as_bytes(), stopped("stop").as_bytes()]).end,
        Err(Fault::Empty)
    );
    assert_eq!(tell(Completions, Messages, [thought.as_bytes(), stopped("length").as_bytes()]).end, Ok(()));
    for nothing in ["", "data: [DONE]\n\n", "<html></html>\n\n", "{\"error\":{}}\n\n"] {
        assert_eq!(tell(Completions, Messages, [nothing.as_bytes()]).end, Err(Fault::Cut), "{nothing}");
    }
}

#[test]
fn values_beside_the_answer_may_be_of_any_type() {
    let text = br#"data: {"id":7,"object":null,"model":[],"created":"x","choices":[{"index":1,"delta":{"content":"no"}},{"delta":{"role":3,"content":"yes","reasoning":{},"audio":{"id":1}},"finish_reason":"stop"}],"usage":{"prompt_tokens":3.0,"completion_tokens":-1}}"#;
    let told = tell(Completions, Messages, [&text[..], b"\n\n"]);
    assert_eq!(told.end, Ok(()));
    assert!(told.text().contains(r#""text":"yes""#) && !told.text().contains("no\""));
    assert!(told.text().contains(r#""usage":{"input_tokens":3,"output_tokens":0}"#));
}

#[test]
fn calls_are_told_apart_however_they_are_numbered() {
    let chunk =
        |piece: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{piece}]}}}}]}}\n\n");
    let call = |index: &str, id: &str| {
        chunk(&format!(r#"{{{index}"id":"{id}","function":{{"name":"f","arguments":"{{}}"}}}}"#))
    };
    let stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    for index in [["\"index\":0,", "\"index\":1,"], ["\"index\":0,", "\"index\":0,"], ["", ""]] {
        let text = call(index[0], "call_a") + &call(index[1], "call_b") + stop;
        let told = tell(Completions, Messages, [text.as_bytes()]);
        assert_eq!(told.end, Ok(()));
        assert_eq!(told.text().matches("\"type\":\"tool_use\"").count(), 2, "{index:?}");
        assert!(told.text().contains("\"stop_reason\":\"tool_use\""), "{index:?}");
    }
    let old = "data: {\"choices\":[{\"delta\":{\"function_call\":{\"name\":\"f\",\"arguments\":\"{\"}}}]}\n\n\
               data: {\"choices\":[{\"delta\":{\"function_call\":{\"arguments\":\"}\"}},\"finish_reason\":\"function_call\"}]}\n\n";
    let told = tell(Completions, Messages, [old.as_bytes()]);
    assert_eq!(told.text().matches("input_json_delta").count(), 2);
}
