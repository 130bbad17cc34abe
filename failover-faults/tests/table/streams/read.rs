//! A stream of chat completions as a caller reads it, and what it comes to.

use std::error::Error;

use failover_mapping::Fault as Cause;
use failover_mapping::chat::streams::StreamBroken;
use http::HeaderMap;
use serde_json::Value;

use super::row::Got;
use super::scene::{MODEL, Other, Scene};
use crate::row::Count;

/// An answer, as it came over the wire.
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
}

/// How its body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Clean,
    /// With an error of ours, that says why.
    Broken(Cause),
    /// With the client's own error.
    Cut,
}

impl End {
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(broken) = error.downcast_ref::<StreamBroken>() {
                return Self::Broken(broken.fault);
            }
            // An error of I/O does not name what is in it as its source, but the source of that.
            let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            cause = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
        }
        Self::Cut
    }
}

/// What the events say.
#[derive(Debug, Default)]
struct Read {
    text: String,
    /// What was said before somebody else began anew, and who that is, with which model.
    void: Option<(String, String, String)>,
    model: String,
    usage: Option<u64>,
    /// The code of an error.
    error: Option<String>,
    junk: usize,
    stopped: bool,
    done: bool,
}

impl Heard {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What it comes to; or what is wrong with it, if it is nothing that a caller may get.
    pub(crate) fn got(&self, scene: &Scene) -> Result<Got, String> {
        let by = self.header("x-failover-served-by");
        if self.status != 200 {
            return if by.is_none() {
                Ok(Got::Own(self.status))
            } else {
                Err(format!("{} by {by:?}", self.status))
            };
        }
        if !self.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return Err("it is no stream".to_owned());
        }
        let read = read(&self.text())?;
        let got = match by {
            Some(name) if name == scene.other.name() => (read.void.is_none()
                && self.is_whole(&read, scene, Some(scene.other)))
            .then_some(Got::StandIn),
            None | Some("openai") => self.got_of_primary(&read, scene),
            _ => None,
        };
        got.ok_or_else(|| format!("served by {by:?}, ended {:?}: {read:?}", self.end))
    }

    fn got_of_primary(&self, read: &Read, scene: &Scene) -> Option<Got> {
        if let Some((void, provider, model)) = &read.void {
            let named = (provider.as_str(), model.as_str()) == (scene.other.name(), scene.other.model());
            let whole = named && self.is_whole(read, scene, Some(scene.other));
            return whole.then(|| Some(Got::Restarted(tokens(void, scene)?)))?;
        }
        match (self.end, &read.error) {
            (End::Clean, None) if self.is_whole(read, scene, None) => Some(Got::Primary),
            (End::Broken(cause), Some(code)) if !read.done && !read.stopped && says(cause, code) => {
                Some(Got::Failed(tokens(&read.text, scene)?, cause))
            }
            (End::Broken(_), _) => None,
            (_, Some(code)) if says(Cause::Overloaded, code) && !read.done => {
                Some(Got::OwnError(tokens(&read.text, scene)?))
            }
            (_, Some(_)) => None,
            (_, None) if read.stopped && read.done => {
                (read.junk == 1 && read.text == scene.openai.text()).then_some(Got::OwnJunk)
            }
            (_, None) if read.stopped => (read.text == scene.openai.text()).then_some(Got::OwnEndless),
            (_, None) => Some(Got::OwnCut(tokens(&read.text, scene)?)),
        }
    }

    /// All of it came, by the asked provider or this other one, with its end, its usage and the name of its model.
    fn is_whole(&self, read: &Read, scene: &Scene, by: Option<Other>) -> bool {
        let (text, model) = match by {
            Some(other) => (scene.stand_in.text(), other.model()),
            None => (scene.openai.text(), MODEL),
        };
        let ends =
            self.end == End::Clean && read.stopped && read.done && read.error.is_none() && read.junk == 0;
        ends && read.text == text && read.model == model && read.usage == Some(72)
    }
}

/// Whether an event with this code says so too.
fn says(cause: Cause, code: &str) -> bool {
    match cause {
        Cause::Cut => code == "stream_truncated",
        Cause::Timeout => code == "stream_stalled",
        // In the asked provider's words.
        Cause::Overloaded => code == "server_is_overloaded",
        _ => false,
    }
}

/// How many tokens of the asked provider's these are; at least one, or there was no reason to show them.
fn tokens(text: &str, scene: &Scene) -> Option<Count> {
    (1..=60).find(|tokens| scene.openai.first_tokens(*tokens) == text).map(Count::Is)
}

/// Reads it to its end. Comments are skipped, and so is what is no JSON, as clients do that go on at all.
fn read(text: &str) -> Result<Read, String> {
    let mut read = Read::default();
    for event in text.split("\n\n").filter(|event| !event.is_empty() && !event.starts_with(':')) {
        if read.done {
            return Err(format!("after the end: {event}"));
        }
        let data = event.strip_prefix("data: ").ok_or_else(|| format!("not an event: {event}"))?;
        match serde_json::from_str::<Value>(data) {
            Ok(data) => read.hear(&data),
            Err(_) if data == "[DONE]" => read.done = true,
            Err(_) => read.junk += 1,
        }
    }
    Ok(read)
}

impl Read {
    fn hear(&mut self, data: &Value) {
        let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if data["error"].is_object() {
            self.error = Some(said(&data["error"]["code"]));
        }
        let marker = &data["failover"];
        if marker["restart"] == true {
            let void = std::mem::take(&mut self.text);
            self.void = Some((void, said(&marker["provider"]), said(&marker["model"])));
        }
        if data["model"].is_string() {
            self.model = said(&data["model"]);
        }
        self.usage = data["usage"]["total_tokens"].as_u64().or(self.usage);
        for choice in data["choices"].as_array().into_iter().flatten() {
            self.text.push_str(&said(&choice["delta"]["content"]));
            self.stopped |= choice["finish_reason"].is_string();
        }
    }
}
