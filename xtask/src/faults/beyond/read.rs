//! What an answer comes to, as the caller reads it. It is an error if it is nothing that a caller may get.

use bytes::Bytes;
use failover_testkit::Provider;
use serde_json::Value;
use sse_core::{SseDecoder, SseEvent};

use super::ask::{End, Heard};
use super::row::{Got, Why};
use super::stage::Model;

/// A chat, whole or streamed, and who could have answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chat<'p> {
    pub(super) model: Model,
    pub(super) stream: bool,
    pub(super) asked: &'p Provider,
    pub(super) backup: &'p Provider,
}

/// What a chat came to.
#[derive(Debug, Default)]
struct Said {
    text: String,
    model: String,
    usage: bool,
    stopped: bool,
    error: Option<String>,
}

pub(super) fn chat(heard: &Heard, of: Chat<'_>) -> Result<Got, String> {
    if let Some(got) = refused(heard)? {
        return Ok(got);
    }
    let (said, understood) = if of.stream { events(&heard.body) } else { whole(heard) };
    if let Some(code) = &said.error
        && of.stream
    {
        return broke(heard, &said, code, of);
    }
    if let Some(got) = broken_off(heard) {
        return Ok(got);
    }
    if !understood || said.error.is_some() {
        return unread(heard, Got::Junk);
    }
    let by = heard.header("x-failover-served-by");
    let found = [(of.asked, of.model.asked, Got::Primary), (of.backup, of.model.backup, Got::StandIn)];
    let found = found.into_iter().find(|(provider, model, _)| {
        said.text == provider.text() && said.model == *model && said.usage && said.stopped
    });
    match (found, by) {
        (Some((_, _, Got::Primary)), None | Some("openai")) => Ok(Got::Primary),
        (Some((_, _, Got::StandIn)), Some("backup")) => Ok(Got::StandIn),
        _ => Err(format!("served by {by:?}, and no answer that is whole: {said:?}")),
    }
}

/// An image, at once.
pub(super) fn image(heard: &Heard) -> Result<Got, String> {
    if let Some(got) = refused(heard)?.or_else(|| broken_off(heard)) {
        return Ok(got);
    }
    let url = heard.json().and_then(|answer| Some(answer["images"][0]["url"].as_str()?.to_owned()));
    match (url, heard.header("x-failover-served-by"), heard.header("x-failover-cache")) {
        (Some(_), _, Some("stale")) => Ok(Got::Stale),
        (Some(_), Some("nexaapi"), _) => Ok(Got::StandIn),
        (Some(_), None, None) => Ok(Got::Primary),
        (None, None, None) => Ok(Got::Junk),
        (url, by, cache) => {
            Err(format!("served by {by:?}, cache {cache:?}, with an image: {}", url.is_some()))
        }
    }
}

/// Another status than a success. One of the gateway's own says so in words that a client can read.
fn refused(heard: &Heard) -> Result<Option<Got>, String> {
    let Heard { status, .. } = heard;
    match status {
        200..=299 => Ok(None),
        // No provider here says these.
        502 | 504 => {
            let answer = heard.json().unwrap_or_default();
            let said = answer["error"]["message"].as_str().or(answer["detail"].as_str());
            said.map(|_| Some(Got::Typed)).ok_or_else(|| format!("{status}, and nobody can read why"))
        }
        status => Ok(Some(Got::Own(*status))),
    }
}

fn broken_off(heard: &Heard) -> Option<Got> {
    match heard.end {
        End::Whole => None,
        End::TooLong => Some(Got::TooLong),
        End::BrokenOff => Some(Got::Cut),
        End::Slow => Some(Got::Slow),
    }
}

/// It is the asked provider's, as nobody else's is handed on unread.
fn unread(heard: &Heard, got: Got) -> Result<Got, String> {
    match heard.header("x-failover-served-by") {
        None => Ok(got),
        Some(by) => Err(format!("{got}, served by {by}")),
    }
}

/// A stream that says itself that it failed, which must not look like an end.
fn broke(heard: &Heard, said: &Said, code: &str, of: Chat<'_>) -> Result<Got, String> {
    let why = match code {
        "stream_truncated" => Why::CutOff,
        "server_is_overloaded" => Why::Overloaded,
        "stream_error" => Why::Failed,
        code => return Err(format!("broke off with the error `{code}`")),
    };
    let begins = |provider: &&Provider| (1..=60).find(|tokens| provider.first_tokens(*tokens) == said.text);
    let tokens = [of.asked, of.backup].iter().find_map(begins);
    match (tokens, heard.end) {
        (Some(tokens), End::BrokenOff) if !said.stopped => Ok(Got::Broke(tokens, why)),
        (tokens, end) => Err(format!("an error after {tokens:?} tokens, and then the end: {end:?}")),
    }
}

fn whole(heard: &Heard) -> (Said, bool) {
    let (mut said, answer) = (Said::default(), heard.json());
    answer.iter().for_each(|answer| said.take(answer));
    (said, answer.is_some_and(|answer| answer["choices"].is_array()))
}

/// Whatever it is called: there are clients that read it so in any case. An event that is no JSON is none to them.
fn events(body: &[u8]) -> (Said, bool) {
    let (mut said, mut any) = (Said::default(), false);
    let (mut decoder, mut body) = (SseDecoder::new(), Bytes::copy_from_slice(body));
    while let Some(event) = decoder.next(&mut body) {
        let Ok(SseEvent::Message(message)) = event else { continue };
        if let Ok(data) = serde_json::from_str(&message.data) {
            said.take(&data);
            any = true;
        }
    }
    (said, any)
}

impl Said {
    fn take(&mut self, data: &Value) {
        if let Some(error) = data.get("error").filter(|error| error.is_object()) {
            let code = error["code"].as_str().or(error["type"].as_str());
            self.error = Some(code.unwrap_or("without a code").to_owned());
        }
        if let Some(model) = data["model"].as_str() {
            model.clone_into(&mut self.model);
        }
        self.usage |= data["usage"]["total_tokens"].as_u64() == Some(72);
        for choice in data["choices"].as_array().into_iter().flatten() {
            self.stopped |= choice["finish_reason"].is_string();
            for part in [&choice["delta"]["content"], &choice["message"]["content"]] {
                self.text.push_str(part.as_str().unwrap_or_default());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::stage::STREAM;
    use super::*;

    fn got(body: &str, end: End) -> Result<Got, String> {
        let (asked, backup) = (Provider::openai(), Provider::openai_compatible("backup"));
        let heard = Heard { status: 200, headers: Default::default(), body: body.into(), end };
        chat(&heard, Chat { model: STREAM, stream: true, asked: &asked, backup: &backup })
    }

    #[test]
    fn a_stream_that_breaks_has_to_say_so_and_must_not_look_complete() {
        let said = |code: &str| {
            let token = json!({ "choices": [{ "delta": { "content": "openai1" } }] });
            format!("data: {token}\n\ndata: {}\n\n", json!({ "error": { "code": code } }))
        };
        assert_eq!(got(&said("stream_truncated"), End::BrokenOff), Ok(Got::Broke(1, Why::CutOff)));
        assert!(got(&said("stream_truncated"), End::Whole).is_err(), "it looks complete");
        assert!(got(&said("else"), End::BrokenOff).is_err(), "an error of another kind");
        let half = "data: {\"choices\":[{\"delta\":{\"content\":\"openai1\"}}]}\n\n";
        assert_eq!(got(half, End::BrokenOff), Ok(Got::Cut));
        assert!(got(half, End::Whole).is_err(), "a part of an answer, told as all of it");
    }
}
