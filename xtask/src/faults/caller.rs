//! Who asks: a client that knows nothing of failover, and what it is told.

use std::io::Read;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use sse_core::{SseDecoder, SseEvent};
use ureq::Agent;

use super::stage::BACKUP_KEY;

/// The key that callers show, which is for the asked provider alone.
pub(super) const KEY: &str = "callers-key-not-real";

/// How a call ended, to who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It looks like a whole answer.
    Success,
    /// An error of the API, as a status or within the stream: its code, or what there is instead.
    Error(String),
    /// Neither: the connection broke off, or what came is no answer.
    Broken(String),
    /// It did not end in time.
    Hang,
}

/// What a caller was told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) end: End,
    pub(super) text: String,
    /// Who has answered, by the answer's own account.
    pub(super) model: String,
    pub(super) usage: bool,
    /// It holds the stand-in's key.
    pub(super) leaked: bool,
    pub(super) took: Duration,
}

impl Told {
    fn nothing(end: End) -> Self {
        Self {
            end,
            text: String::new(),
            model: String::new(),
            usage: false,
            leaked: false,
            took: Duration::ZERO,
        }
    }
}

/// Asks for a chat, and waits no longer than this for its end.
pub(super) fn chat(base: &str, model: &str, stream: bool, patience: Duration) -> Told {
    let begun = Instant::now();
    let mut told = ask(base, model, stream, patience);
    told.took = begun.elapsed();
    if told.took >= patience {
        told.end = End::Hang;
    }
    told
}

fn ask(base: &str, model: &str, stream: bool, patience: Duration) -> Told {
    let question = json!({
        "model": model,
        "messages": [{ "role": "user", "content": "Why does a gateway earn its trust only when a provider misbehaves?" }],
        "stream": stream,
    });
    let mut body = question;
    if stream {
        body["stream_options"] = json!({ "include_usage": true });
    }
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
    let agent: Agent = config.timeout_global(Some(patience)).build().into();
    let request = agent.post(format!("{base}/v1/chat/completions")).content_type("application/json");
    let response = match request.header("authorization", format!("Bearer {KEY}")).send(body.to_string()) {
        Ok(response) => response,
        Err(error) => return Told::nothing(End::Broken(error.to_string())),
    };
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
    let events = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
    let mut reading = Reading::default();
    let headers = format!("{:?}", response.headers());
    let (bytes, broken) = drain(response.into_body().into_reader());
    let leaked = headers.contains(BACKUP_KEY) || String::from_utf8_lossy(&bytes).contains(BACKUP_KEY);
    let told = if events { reading.events(bytes, broken) } else { reading.whole(status, &bytes, broken) };
    Told { leaked, ..told }
}

/// All that came, and how it broke off if it did.
fn drain(mut body: impl Read) -> (Bytes, Option<String>) {
    let (mut all, mut piece) = (Vec::new(), [0; 8192]);
    loop {
        match body.read(&mut piece) {
            Ok(0) => return (all.into(), None),
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) => return (all.into(), Some(error.to_string())),
        }
    }
}

#[derive(Default)]
struct Reading {
    text: String,
    model: String,
    usage: bool,
    error: Option<String>,
}

impl Reading {
    fn events(&mut self, mut bytes: Bytes, broken: Option<String>) -> Told {
        let mut decoder = SseDecoder::new();
        while let Some(event) = decoder.next(&mut bytes) {
            let Ok(SseEvent::Message(message)) = event else { continue };
            if message.data == "[DONE]" {
                continue;
            }
            match serde_json::from_str(&message.data) {
                Ok(data) => self.take(&data),
                Err(_) => self.error = self.error.take().or(Some("an event that is no JSON".to_owned())),
            }
        }
        let end = match (self.error.take(), broken) {
            (Some(code), _) => End::Error(code),
            (None, Some(broken)) => End::Broken(broken),
            // With or without a `[DONE]`: there are clients that take every end for one. Whether anything is missing the text shows.
            (None, None) => End::Success,
        };
        self.told(end)
    }

    fn whole(&mut self, status: u16, bytes: &[u8], broken: Option<String>) -> Told {
        let read: Result<Value, _> = serde_json::from_slice(bytes);
        let end = match (read, broken) {
            (_, Some(broken)) => End::Broken(broken),
            (Err(_), None) => End::Broken(format!("{status}, and no JSON")),
            (Ok(data), None) => {
                self.take(&data);
                match self.error.take() {
                    Some(code) => End::Error(code),
                    None if status < 400 => End::Success,
                    None => End::Broken(format!("{status} without an error of the API")),
                }
            }
        };
        self.told(end)
    }

    fn take(&mut self, data: &Value) {
        if let Some(error) = data.get("error").filter(|error| error.is_object()) {
            let code = ["code", "type", "message"].into_iter().find_map(|key| error[key].as_str());
            self.error = Some(code.unwrap_or("an error without a code").to_owned());
        }
        if let Some(model) = data["model"].as_str() {
            model.clone_into(&mut self.model);
        }
        self.usage |= data["usage"]["total_tokens"].as_u64().is_some_and(|tokens| tokens > 0);
        for choice in data["choices"].as_array().into_iter().flatten() {
            for part in [&choice["delta"]["content"], &choice["message"]["content"]] {
                self.text.push_str(part.as_str().unwrap_or_default());
            }
        }
    }

    fn told(&mut self, end: End) -> Told {
        let Self { text, model, usage, .. } = std::mem::take(self);
        Told { text, model, usage, ..Told::nothing(end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover_testkit::{Provider, Reply};

    fn told(reply: Reply, stream: bool) -> (Told, String) {
        let provider = Provider::openai();
        provider.always(reply);
        (chat(&provider.url(), "any", stream, Duration::from_secs(5)), provider.text())
    }

    #[test]
    fn a_whole_answer_is_read_whole() {
        for stream in [false, true] {
            let (told, text) = told(Reply::healthy(), stream);
            assert_eq!((told.end, told.text, &*told.model, told.usage), (End::Success, text, "any", true));
        }
    }

    #[test]
    fn what_breaks_off_is_no_success() {
        for reply in [Reply::healthy().cut_after_tokens(40), Reply::healthy().reset_after_tokens(40)] {
            let (told, text) = told(reply, true);
            assert!(matches!(told.end, End::Broken(_)), "{told:?}");
            assert!(text.starts_with(&told.text) && text != told.text);
        }
    }

    #[test]
    fn errors_are_told_by_their_code() {
        assert_eq!(told(Reply::content_policy(), true).0.end, End::Error("content_policy_violation".into()));
        assert!(matches!(told(Reply::healthy().error_after_tokens(3), true).0.end, End::Error(_)));
        assert!(matches!(told(Reply::healthy().bad_event_at(3), true).0.end, End::Error(_)));
        assert!(matches!(told(Reply::json(503, "<h1>gone</h1>"), false).0.end, End::Broken(_)));
    }

    #[test]
    fn silence_is_a_hang() {
        let provider = Provider::openai();
        provider.always(Reply::silence());
        assert_eq!(chat(&provider.url(), "any", true, Duration::from_millis(50)).end, End::Hang);
    }
}
