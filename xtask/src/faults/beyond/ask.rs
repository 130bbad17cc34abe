//! Who asks for chats and images: a client that knows nothing of failover, and all that comes back to it.

use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{HeaderMap, HeaderName, Method, Request};

use super::super::caller::KEY;
use super::stage::{LIMIT, Model, holds_a_key};

/// An answer, as it came.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) end: End,
}

/// How its body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// It is longer than the caller reads.
    TooLong,
    BrokenOff,
    /// The caller's time was up.
    Slow,
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// A question for a chat.
pub(super) fn chat(model: Model, stream: bool) -> Request<String> {
    let mut body = json!({
        "model": model.asked,
        "messages": [{ "role": "user", "content": "Why is a rescue that nobody notices the best one?" }],
        "stream": stream,
    });
    if stream {
        body["stream_options"] = json!({ "include_usage": true });
    }
    post("/v1/chat/completions", "Bearer", &body)
}

/// A question for an image, at once.
pub(super) fn image() -> Request<String> {
    post("/fal/fal-ai/flux/dev", "Key", &prompt())
}

pub(super) fn prompt() -> Value {
    json!({ "prompt": "a lighthouse at dusk" })
}

/// The path stands for the URL until it is known where the gateway listens.
pub(super) fn post(path: &str, scheme: &str, body: &Value) -> Request<String> {
    let mut request = Request::new(body.to_string());
    *request.method_mut() = Method::POST;
    signed(request, path, scheme)
}

fn signed(mut request: Request<String>, path: &str, scheme: &str) -> Request<String> {
    for (name, value) in [
        ("authorization", format!("{scheme} {KEY}")),
        ("cookie", format!("session={KEY}")),
        ("content-type", "application/json".to_owned()),
    ] {
        // Where one is missing, the providers were not shown what they are to be shown, and the cell is wrong.
        request.headers_mut().extend(value.parse().ok().map(|value| (HeaderName::from_static(name), value)));
    }
    *request.uri_mut() = path.parse().unwrap_or_default();
    request
}

/// A question for how a job stands, at the URL that was given for it.
pub(super) fn question(url: &str, scheme: &str) -> Request<String> {
    signed(Request::new(String::new()), url, scheme)
}

/// Sends it, and waits no longer than this for the end. It is an error if nothing comes, or a key.
pub(super) fn answer(base: &str, request: Request<String>, patience: Duration) -> Result<Heard, String> {
    send(base, request, patience)?.ok_or_else(|| "no answer in time".to_owned())
}

/// The same, and nothing if not even a head has come in time.
pub(super) fn send(
    base: &str,
    request: Request<String>,
    patience: Duration,
) -> Result<Option<Heard>, String> {
    let begun = Instant::now();
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
    let agent: Agent = config.timeout_global(Some(patience)).build().into();
    let (mut parts, body) = request.into_parts();
    if parts.uri.host().is_none() {
        parts.uri =
            format!("{base}{}", parts.uri).parse().map_err(|_| "the gateway has no URL".to_owned())?;
    }
    let get = parts.method == Method::GET;
    let answer = match get {
        true => agent.run(Request::from_parts(parts, ())),
        false => agent.run(Request::from_parts(parts, body)),
    };
    let response = match answer {
        Ok(response) => response,
        Err(_) if begun.elapsed() >= patience => return Ok(None),
        Err(error) => return Err(format!("no answer: {error}")),
    };
    let (parts, body) = response.into_parts();
    let (body, broken) = read(body.into_reader());
    let end = match broken {
        true if begun.elapsed() >= patience => End::Slow,
        true => End::BrokenOff,
        // What is packed here would be too long if it was not.
        false if body.len() > LIMIT || body.starts_with(&GZIP) => End::TooLong,
        false => End::Whole,
    };
    let heard = Heard { status: parts.status.as_u16(), headers: parts.headers, body, end };
    if holds_a_key(&format!("{:?}{}", heard.headers, String::from_utf8_lossy(&heard.body))) {
        return Err("the caller was told a key".to_owned());
    }
    Ok(Some(heard))
}

/// By these bytes it begins (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// All that came, until it is too long, and whether it broke off.
fn read(mut body: impl Read) -> (Vec<u8>, bool) {
    let (mut all, mut piece) = (Vec::new(), [0; 8192]);
    while all.len() <= LIMIT {
        match body.read(&mut piece) {
            Ok(0) => return (all, false),
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(_) => return (all, true),
        }
    }
    (all, false)
}
