//! Messages as Anthropic has them.

use super::{READ, TOKENS, Turn, fragments, has_bearer, missing, request_id};
use crate::answer::{Answer, reason};
use crate::json::{Object, quote};
use crate::reply::refusal::Refusal;
use crate::reply::wish::ToolCall;
use crate::seen::Seen;
use crate::stream::Event;

pub(crate) const PATH: &str = "/v1/messages";

/// A piece of text with nothing in it.
pub(crate) const NOTHING: &str =
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}"#;

/// The refusal of what cannot be answered.
pub(crate) fn objection(seen: &Seen, serial: u64) -> Option<Answer> {
    let invalid =
        |message: &str| Some(Answer::json(400, error("invalid_request_error", message, "", serial)));
    let wanted = match seen.bare_path() {
        PATH => "POST",
        "/v1/models" => "GET",
        _ => return Some(refusal(404, serial)),
    };
    if seen.method != wanted {
        return Some(refusal(405, serial).with("Allow", wanted));
    }
    let has_key = seen.header("x-api-key").is_some_and(|key| !key.trim().is_empty());
    if !has_key && !has_bearer(seen) {
        return Some(refusal(401, serial));
    }
    if seen.header("anthropic-version").is_none_or(str::is_empty) {
        return invalid("anthropic-version: header is required");
    }
    if wanted == "GET" {
        return None;
    }
    let Some(body) = Object::read(&seen.body) else {
        return invalid("The request body is not valid JSON.");
    };
    invalid(&format!("{}: Field required", missing(&body, &["model", "messages", "max_tokens"])?))
}

pub(crate) fn whole(turn: &Turn<'_>) -> String {
    let blocks: Vec<String> = if turn.calls.is_empty() {
        vec![format!(r#"{{"type":"text","text":{}}}"#, quote(&turn.tokens.concat()))]
    } else {
        turn.calls.iter().enumerate().map(|(n, call)| tool_use(turn, n, call, &call.arguments)).collect()
    };
    message(turn, &blocks.join(","), &stop_reason(turn), TOKENS)
}

/// The message without its content, each block from its beginning to its end, and then what is known at the end only.
pub(crate) fn events(turn: &Turn<'_>) -> Vec<Event> {
    let start = format!(r#"{{"type":"message_start","message":{}}}"#, message(turn, "", "null", 1));
    let mut events =
        vec![Event::other(Some("message_start"), &start), Event::other(Some("ping"), r#"{"type":"ping"}"#)];
    if turn.calls.is_empty() {
        let start = block_start(0, r#"{"type":"text","text":""}"#);
        events.push(Event::other(Some("content_block_start"), &start));
        let deltas =
            turn.tokens.iter().map(|text| format!(r#"{{"type":"text_delta","text":{}}}"#, quote(text)));
        events.extend(deltas.map(|delta| block_delta(0, &delta)));
        events.push(block_stop(0));
    }
    for (n, call) in turn.calls.iter().enumerate() {
        // A tool's name is something of use already, and so counts as a token, which an empty text does not.
        let start = block_start(n, &tool_use(turn, n, call, "{}"));
        events.push(Event::token(Some("content_block_start"), &start));
        let deltas = fragments(&call.arguments).into_iter();
        let deltas =
            deltas.map(|json| format!(r#"{{"type":"input_json_delta","partial_json":{}}}"#, quote(&json)));
        events.extend(deltas.map(|delta| block_delta(n, &delta)));
        events.push(block_stop(n));
    }
    let delta = format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":{},"stop_sequence":null}},"usage":{{"output_tokens":{TOKENS}}}}}"#,
        stop_reason(turn)
    );
    events.push(Event::other(Some("message_delta"), &delta));
    events.push(Event::last(Some("message_stop"), r#"{"type":"message_stop"}"#));
    events
}

/// The answer with this status and nothing of use in it.
pub(crate) fn refusal(code: u16, serial: u64) -> Answer {
    let (kind, message) = match code {
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low to access the API."),
        403 => ("permission_error", "Your API key does not have permission to use this resource."),
        404 => ("not_found_error", "Not found"),
        409 => ("conflict_error", reason(code)),
        413 => ("request_too_large", "Request exceeds the maximum size"),
        429 => ("rate_limit_error", "This request would exceed the rate limit of your organization."),
        504 => ("timeout_error", "Request timed out"),
        529 => ("overloaded_error", "Overloaded"),
        500.. => ("api_error", reason(code)),
        _ => ("invalid_request_error", reason(code)),
    };
    Answer::json(code, error(kind, message, "", serial))
}

/// A refusal for a reason.
pub(crate) fn refuse(why: Refusal, serial: u64) -> Answer {
    let invalid = |message| Answer::json(400, error("invalid_request_error", message, "", serial));
    match why {
        Refusal::ContextTooLong => invalid("prompt is too long: 210000 tokens > 200000 maximum"),
        Refusal::ContentPolicy => invalid("Output blocked by content filtering policy"),
        Refusal::Quota => refusal(402, serial),
        Refusal::SpendLimit => {
            let details = r#","details":{"error_code":"enforced_spend_limit_reached"}"#;
            let message = "You have reached your specified API usage limits.";
            Answer::json(429, error("rate_limit_error", message, details, serial))
        }
        Refusal::Overloaded => refusal(529, serial),
    }
}

/// `details` are further members of the error, with a comma before each.
pub(crate) fn error(kind: &str, message: &str, details: &str, serial: u64) -> String {
    format!(
        r#"{{"type":"error","error":{{"type":{},"message":{}{details}}},"request_id":"{}"}}"#,
        quote(kind),
        quote(message),
        request_id(serial)
    )
}

/// What a stream that fails says of it.
pub(crate) fn overloaded(serial: u64) -> String {
    error("overloaded_error", "Overloaded", "", serial)
}

pub(crate) fn models() -> String {
    let model = |id: &str, name: &str| {
        format!(
            r#"{{"type":"model","id":"{id}","display_name":"{name}","created_at":"2026-11-20T23:00:00Z"}}"#
        )
    };
    let (first, last) = ("claude-sonnet-4-5", "claude-haiku-4-5");
    format!(
        r#"{{"data":[{},{}],"has_more":false,"first_id":"{first}","last_id":"{last}"}}"#,
        model(first, "Claude Sonnet 4.5"),
        model(last, "Claude Haiku 4.5"),
    )
}

fn message(turn: &Turn<'_>, blocks: &str, stop_reason: &str, written: usize) -> String {
    format!(
        concat!(
            r#"{{"id":"{id}","type":"message","role":"assistant","model":{model},"content":[{blocks}],"#,
            r#""stop_reason":{stop_reason},"stop_sequence":null,"usage":{{"input_tokens":{read},"#,
            r#""cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":{written}}}}}"#
        ),
        id = turn.id,
        model = turn.model,
        blocks = blocks,
        stop_reason = stop_reason,
        read = READ,
        written = written,
    )
}

fn tool_use(turn: &Turn<'_>, n: usize, call: &ToolCall, input: &str) -> String {
    let name = quote(&call.name);
    format!(r#"{{"type":"tool_use","id":"toolu_{n}_{}","name":{name},"input":{input}}}"#, turn.id)
}

fn block_start(n: usize, block: &str) -> String {
    format!(r#"{{"type":"content_block_start","index":{n},"content_block":{block}}}"#)
}

fn block_delta(n: usize, delta: &str) -> Event {
    let data = format!(r#"{{"type":"content_block_delta","index":{n},"delta":{delta}}}"#);
    Event::token(Some("content_block_delta"), &data)
}

fn block_stop(n: usize) -> Event {
    Event::other(Some("content_block_stop"), &format!(r#"{{"type":"content_block_stop","index":{n}}}"#))
}

fn stop_reason(turn: &Turn<'_>) -> String {
    quote(turn.reason.unwrap_or(if turn.calls.is_empty() { "end_turn" } else { "tool_use" }))
}
