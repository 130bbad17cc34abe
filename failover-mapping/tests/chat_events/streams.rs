//! Streams written by hand, event by event in the order and the shapes that the providers document; none is a live recording.

use failover_mapping::ChatApi::{self, Completions, Messages};
use failover_mapping::{EventTranslator, Fault};

pub(crate) struct Stream {
    pub(crate) name: &'static str,
    pub(crate) api: ChatApi,
    pub(crate) bytes: &'static [u8],
}

macro_rules! streams {
    ($($api:ident $name:literal),* $(,)?) => {
        [$(Stream { name: $name, api: $api, bytes: include_bytes!(concat!("streams/", $name, ".sse")) }),*]
    };
}

/// Whole answers.
pub(crate) const WHOLE: [Stream; 12] = streams! {
    Completions "completions_text",
    Completions "completions_tools",
    Completions "completions_refusal",
    Completions "completions_length",
    Completions "completions_filtered",
    Completions "together_reasoning",
    Messages "messages_text",
    Messages "messages_tools",
    Messages "messages_thinking",
    Messages "messages_max_tokens",
    Messages "messages_stop_sequence",
    Messages "messages_refusal",
};

/// Those in which the provider says that it has failed.
pub(crate) const FAILED: [Stream; 2] =
    streams! { Completions "completions_failed", Messages "messages_overloaded" };

pub(crate) fn named(name: &str) -> &'static [u8] {
    WHOLE.iter().chain(&FAILED).find(|stream| stream.name == name).unwrap().bytes
}

/// What a caller has got, and how it ended.
pub(crate) struct Told {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: Result<(), Fault>,
}

impl Told {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }
}

/// All that a caller of `to` gets for these chunks of one of `from`, as a driver would hand it on.
pub(crate) fn tell<'b>(from: ChatApi, to: ChatApi, chunks: impl IntoIterator<Item = &'b [u8]>) -> Told {
    let mut translator = EventTranslator::new(from, to).created(1_790_000_000);
    let mut bytes = Vec::new();
    for chunk in chunks {
        match translator.feed(chunk) {
            Ok(part) => bytes.extend(part),
            Err(fault) => return Told { bytes, end: Err(fault) },
        }
    }
    let end = translator.end().map(|part| bytes.extend(part));
    Told { bytes, end }
}

/// Each way in which a stream can be told.
pub(crate) const TO: [ChatApi; 2] = [Completions, Messages];
