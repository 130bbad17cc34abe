//! Chat completions as OpenAI has them, and Together.

use super::{CREATED, READ, TOKENS, Turn, fragments, has_bearer, missing};
use crate::answer::{Answer, reason};
use crate::json::{Object, quote};
use crate::reply::refusal::Refusal;
use crate::reply::wish::ToolCall;
use crate::seen::Seen;
use crate::stream::Event;

pub(crate) const PATH: &str = "/v1/chat/completions";

/// The refusal of what cannot be answered.
pub(crate) fn objection(name: &str, seen: &Seen) -> Option<Answer> {
    let wanted = match seen.bare_path() {
        PATH => "POST",
        "/v1/models" => "GET",
        path => {
            let message = format!("Invalid URL ({} {path})", seen.method);
            return Some(Answer::json(404, error(&message, "invalid_request_error", None, None)));
        }
    };
    if seen.method != wanted {
        return Some(refusal(name, 405).with("Allow", wanted));
    }
    if !has_bearer(seen) {
        return Some(refusal(name, 401));
    }
    if wanted == "GET" {
        return None;
    }
    let Some(body) = Object::read(&seen.body) else {
        let message = "We could not parse the JSON body of your request.";
        return Some(Answer::json(400, error(message, "invalid_request_error", None, None)));
    };
    let missing = missing(&body, &["model", "messages"])?;
    let message = format!("Missing required parameter: '{missing}'.");
    let code = Some("missing_required_parameter");
    Some(Answer::json(400, error(&message, "invalid_request_error", Some(missing), code)))
}

pub(crate) fn whole(turn: &Turn<'_>) -> String {
    let (content, calls) = if turn.calls.is_empty() {
        (quote(&turn.tokens.concat()), String::new())
    } else {
        let calls: Vec<String> =
            turn.calls.iter().enumerate().map(|(n, call)| tool_call(turn, n, call)).collect();
        ("null".to_owned(), format!(r#","tool_calls":[{}]"#, calls.join(",")))
    };
    format!(
        concat!(
            r#"{{"id":"{id}","object":"chat.completion","created":{created},"model":{model},"#,
            r#""choices":[{{"index":0,"message":{{"role":"assistant","content":{content},"refusal":null{calls}}},"#,
            r#""logprobs":null,"finish_reason":{reason}}}],"usage":{usage},"system_fingerprint":"fp_rehearsal"}}"#
        ),
        id = turn.id,
        created = CREATED,
        model = turn.model,
        content = content,
        calls = calls,
        reason = finish_reason(turn),
        usage = usage(),
    )
}

/// The role, the content in pieces, the reason of the end, the usage if it was wanted, and the word that ends it all.
pub(crate) fn events(turn: &Turn<'_>) -> Vec<Event> {
    let mut events = vec![Event::other(None, &chunk(turn, &opening(turn), "null"))];
    for token in &turn.tokens {
        events.push(Event::token(None, &chunk(turn, &format!(r#"{{"content":{}}}"#, quote(token)), "null")));
    }
    for (n, call) in turn.calls.iter().enumerate() {
        let beginning = ToolCall { name: call.name.clone(), arguments: String::new() };
        let call_begins = with_index(n, &tool_call(turn, n, &beginning));
        events.push(Event::token(None, &chunk(turn, &call_begins, "null")));
        for piece in fragments(&call.arguments) {
            let piece = format!(r#"{{"function":{{"arguments":{}}}}}"#, quote(&piece));
            events.push(Event::token(None, &chunk(turn, &with_index(n, &piece), "null")));
        }
    }
    events.push(Event::other(None, &chunk(turn, "{}", &finish_reason(turn))));
    if turn.tells_usage {
        let data = format!(r#"{{{},"choices":[],"usage":{}}}"#, head(turn), usage());
        events.push(Event::other(None, &data));
    }
    events.push(Event::last(None, "[DONE]"));
    events
}

/// The answer with this status and nothing of use in it.
pub(crate) fn refusal(name: &str, code: u16) -> Answer {
    let together = name == "together";
    let (message, kind, word) = match code {
        401 => ("Incorrect API key provided.", "invalid_request_error", Some("invalid_api_key")),
        402 if together => ("You have reached your credit limit.", "credit_limit", None),
        403 if together => (
            "The request is longer than the model's context.",
            "invalid_request_error",
            Some("context_length_exceeded"),
        ),
        403 => (
            "Country, region, or territory not supported",
            "request_forbidden",
            Some("unsupported_country_region_territory"),
        ),
        404 => ("The model does not exist.", "invalid_request_error", Some("model_not_found")),
        429 => ("Rate limit reached for requests.", "requests", Some("rate_limit_exceeded")),
        500 => ("The server had an error while processing your request.", "server_error", None),
        503 => (
            "The server is overloaded, please try again later.",
            "service_unavailable_error",
            Some("server_is_overloaded"),
        ),
        501.. => (reason(code), "server_error", None),
        _ => (reason(code), "invalid_request_error", None),
    };
    Answer::json(code, error(message, kind, None, word))
}

/// A refusal for a reason.
pub(crate) fn refuse(name: &str, why: Refusal) -> Answer {
    let (code, message, kind, param, word) = match why {
        Refusal::ContextTooLong => (
            400,
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
            "invalid_request_error",
            Some("messages"),
            "context_length_exceeded",
        ),
        Refusal::ContentPolicy => (
            400,
            "Your request was rejected as a result of our safety system.",
            "invalid_request_error",
            None,
            "content_policy_violation",
        ),
        Refusal::Quota | Refusal::SpendLimit if name == "together" => return refusal(name, 402),
        Refusal::Quota => (
            429,
            "You exceeded your current quota, please check your plan and billing details.",
            "insufficient_quota",
            None,
            "insufficient_quota",
        ),
        Refusal::SpendLimit => (
            429,
            "Your organization has reached its spend limit.",
            "insufficient_quota",
            None,
            "organization_spend_limit_exceeded",
        ),
        Refusal::Overloaded => return refusal(name, 503),
    };
    Answer::json(code, error(message, kind, param, Some(word)))
}

pub(crate) fn error(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> String {
    let or_null = |text: Option<&str>| text.map_or_else(|| "null".to_owned(), quote);
    format!(
        r#"{{"error":{{"message":{},"type":{},"param":{},"code":{}}}}}"#,
        quote(message),
        quote(kind),
        or_null(param),
        or_null(code)
    )
}

/// What a stream that fails says of it.
pub(crate) fn in_band(name: &str) -> String {
    String::from_utf8_lossy(&refusal(name, 503).body).into_owned()
}

pub(crate) fn models(name: &str) -> String {
    let ids: &[&str] = match name {
        "together" => &["meta-llama/Llama-3.3-70B-Instruct-Turbo", "mistralai/Mistral-7B-Instruct-v0.3"],
        _ => &["gpt-4o", "gpt-4o-mini"],
    };
    let models: Vec<String> = ids
        .iter()
        .map(|id| format!(r#"{{"id":"{id}","object":"model","created":{CREATED},"owned_by":"{name}"}}"#))
        .collect();
    format!(r#"{{"object":"list","data":[{}]}}"#, models.join(","))
}

fn chunk(turn: &Turn<'_>, delta: &str, reason: &str) -> String {
    // Where usage is wanted, every chunk says that it has none yet.
    let usage = if turn.tells_usage { r#","usage":null"# } else { "" };
    format!(
        r#"{{{},"choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{reason}}}]{usage}}}"#,
        head(turn)
    )
}

fn head(turn: &Turn<'_>) -> String {
    format!(
        r#""id":"{}","object":"chat.completion.chunk","created":{CREATED},"model":{},"system_fingerprint":"fp_rehearsal""#,
        turn.id, turn.model
    )
}

fn opening(turn: &Turn<'_>) -> String {
    let content = if turn.calls.is_empty() { r#""""# } else { "null" };
    format!(r#"{{"role":"assistant","content":{content},"refusal":null}}"#)
}

fn tool_call(turn: &Turn<'_>, n: usize, call: &ToolCall) -> String {
    format!(
        r#"{{"id":"call_{n}_{}","type":"function","function":{{"name":{},"arguments":{}}}}}"#,
        turn.id,
        quote(&call.name),
        quote(&call.arguments)
    )
}

/// The delta that holds this piece of the n-th tool call.
fn with_index(n: usize, piece: &str) -> String {
    format!(r#"{{"tool_calls":[{{"index":{n},{}]}}"#, piece.trim_start_matches('{'))
}

fn finish_reason(turn: &Turn<'_>) -> String {
    quote(turn.reason.unwrap_or(if turn.calls.is_empty() { "stop" } else { "tool_calls" }))
}

fn usage() -> String {
    format!(r#"{{"prompt_tokens":{READ},"completion_tokens":{TOKENS},"total_tokens":{}}}"#, READ + TOKENS)
}
