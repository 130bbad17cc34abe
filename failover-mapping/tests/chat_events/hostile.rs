//! Whatever comes, it is an answer or a fault: no panic, and no end that nobody has said.

use std::fmt::Write as _;

use failover_mapping::{ChatApi, Fault};
use proptest::prelude::*;

use crate::streams::{TO, WHOLE, tell};

fn api() -> impl Strategy<Value = ChatApi> {
    prop_oneof![Just(ChatApi::Completions), Just(ChatApi::Messages)]
}

/// Events made of the keys that matter, with values of any kind.
fn events() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("-1".to_owned()),
        Just("1e400".to_owned()),
        Just("18446744073709551615".to_owned()),
        Just("{}".to_owned()),
        Just("true".to_owned()),
        prop_oneof![
            Just("tool_use"),
            Just("text_delta"),
            Just("input_json_delta"),
            Just("message_start"),
            Just("message_delta"),
            Just("content_block_start"),
            Just("content_block_delta"),
            Just("content_block_stop"),
            Just("stop"),
            Just("end_turn"),
            Just("text"),
        ]
        .prop_map(|word| format!("\"{word}\"")),
    ];
    let key = prop_oneof![
        Just("choices"),
        Just("delta"),
        Just("content"),
        Just("tool_calls"),
        Just("index"),
        Just("id"),
        Just("function"),
        Just("name"),
        Just("arguments"),
        Just("finish_reason"),
        Just("usage"),
        Just("prompt_tokens"),
        Just("type"),
        Just("message"),
        Just("error"),
        Just("content_block"),
        Just("text"),
        Just("partial_json"),
        Just("stop_reason"),
        Just("output_tokens"),
        Just("input"),
    ];
    let value = leaf.prop_recursive(4, 24, 4, move |inner| {
        let object = proptest::collection::vec((key.clone(), inner.clone()), 0..5).prop_map(|entries| {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            format!("{{{}}}", entries.join(","))
        });
        let list = proptest::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(",")));
        prop_oneof![3 => object, 1 => list]
    });
    proptest::collection::vec(value, 0..20).prop_map(|values| {
        values.iter().fold(String::new(), |mut text, value| {
            _ = write!(text, "data: {value}\n\n");
            text
        })
    })
}

proptest! {
    #[test]
    fn any_bytes(from in api(), to in api(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let told = tell(from, to, [&*bytes]);
        prop_assert!(told.end.is_err());
    }

    #[test]
    fn any_values(from in api(), to in api(), text in events(), size in 1_usize..40) {
        let (whole, pieces) = (tell(from, to, [text.as_bytes()]), tell(from, to, text.as_bytes().chunks(size)));
        prop_assert_eq!(whole.text(), pieces.text());
        prop_assert_eq!(whole.end, pieces.end);
        if whole.end.is_ok() {
            prop_assert!(text.contains("finish_reason") || text.contains("stop_reason"));
        }
    }

    #[test]
    fn a_stream_with_a_damaged_byte(stream in 0..WHOLE.len(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = WHOLE[stream].bytes.to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        for to in TO {
            let told = tell(WHOLE[stream].api, to, [&*bytes]);
            prop_assert!(matches!(told.end, Ok(()) | Err(Fault::Cut | Fault::Malformed | Fault::Empty)), "{:?}", told.end);
        }
    }
}

#[test]
fn deep_nesting_and_long_lists_are_not_held() {
    let deep = format!("data: {{\"error\":{}", "[".repeat(100_000));
    let nested = format!("data: {{\"error\":{}1{}}}", "[{\"a\":".repeat(200), "}]".repeat(200));
    let many =
        format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{}{{}}]}}}}]}}", "{},".repeat(2000));
    for text in [deep, many] {
        let told = tell(ChatApi::Completions, ChatApi::Messages, [text.as_bytes(), b"\n\n"]);
        assert_eq!((told.bytes, told.end), (Vec::new(), Err(Fault::Cut)));
    }
    // What is not looked at may be as deep as it likes.
    let told = tell(ChatApi::Completions, ChatApi::Messages, [nested.as_bytes(), b"\n\n"]);
    assert_eq!(told.end, Err(Fault::ErrorInSuccess));
}
