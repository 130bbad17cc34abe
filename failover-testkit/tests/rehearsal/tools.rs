//! Tool calls, whole and in pieces.

use crate::chats::{ANTHROPIC, BODY, KEYS, all};
use crate::client::Client;
use failover_testkit::Reply;

const ARGUMENTS: &str = r#"{"city":"Zürich \"HB\"","days":[1,2,3]}"#;

fn body(stream: bool) -> String {
    BODY.replacen('{', &format!(r#"{{"stream":{stream},"tools":[{{"name":"weather"}}],"#), 1)
}

#[test]
fn a_tool_is_called() {
    for (provider, path) in all() {
        provider.always(Reply::healthy().tool_call("weather", ARGUMENTS).tool_call("time", "{}"));
        let answer = Client::of(&provider).post(path, KEYS, &body(false)).answer();
        let quoted = ARGUMENTS.replace('\\', r"\\").replace('"', r#"\""#);
        let expected = if path == ANTHROPIC {
            [
                format!(r#""content":[{{"type":"tool_use","id":"toolu_0_msg_00000001","name":"weather","input":{ARGUMENTS}}},"#),
                r#"{"type":"tool_use","id":"toolu_1_msg_00000001","name":"time","input":{}}],"stop_reason":"tool_use""#.to_owned(),
            ]
        } else {
            [
                r#""content":null,"refusal":null,"tool_calls":[{"id":"call_0_"#.to_owned(),
                format!(
                    r#","type":"function","function":{{"name":"weather","arguments":"{quoted}"}}}},{{"id":"call_1_"#
                ),
            ]
        };
        assert!(expected.iter().all(|part| answer.body.contains(part)), "{answer:?}");
        let without_tools = Client::of(&provider).post(path, KEYS, BODY).answer().body;
        assert!(without_tools.contains(&provider.text()), "{without_tools}");
    }
}

#[test]
fn a_tool_is_called_in_pieces() {
    for (provider, path) in all() {
        provider.always(Reply::healthy().tool_call("weather", ARGUMENTS).tool_call("time", "{}"));
        let mut client = Client::of(&provider);
        client.post(path, KEYS, &body(true)).head();
        let (events, broken) = client.chunks();
        assert_eq!(broken, None);
        let (key, begins, ends) = if path == ANTHROPIC {
            (
                r#""partial_json":""#,
                r#""content_block":{"type":"tool_use","id":"#,
                r#""stop_reason":"tool_use""#,
            )
        } else {
            (r#""function":{"arguments":""#, r#"{"tool_calls":[{"index":"#, r#""finish_reason":"tool_calls""#)
        };
        let pieces: Vec<&str> = events
            .iter()
            .filter_map(|event| event.split_once(key))
            .filter_map(|(_, rest)| rest.rsplit_once("\"}"))
            .map(|(piece, _)| piece.trim_end_matches("\"}}]},\"logprobs\":null,\"finish_reason\":null"))
            .collect();
        assert!(pieces.len() > 4, "{events:?}");
        let whole = pieces.concat().replace("\\\"", "\"").replace("\\\\", "\\");
        assert_eq!(whole, format!("{ARGUMENTS}{{}}"), "{events:?}");
        let starts = |index: usize| {
            events.iter().any(|event| {
                event.contains(begins)
                    && event.contains(&format!(r#""index":{index},"#))
                    && event.contains(r#""name":""#)
            })
        };
        assert!(starts(0) && starts(1) && !starts(2), "{events:?}");
        assert!(events.iter().any(|event| event.contains(ends)), "{events:?}");
    }
}
