//! Reads the events of messages.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::in_band::InBand;
use super::super::scalar::Scalar;
use super::super::{MOST_CALLS, Unsound};
use crate::chat::answer::{Stop, Usage};
use crate::chat::delta::Delta;
use crate::json;

#[derive(Default)]
pub(crate) struct Reader {
    /// The blocks that are open: their indices count texts and thoughts too.
    open: Vec<(u64, Block)>,
    next_block: u64,
    calls: usize,
    usage: Counted,
}

#[derive(Clone, Copy)]
enum Block {
    /// The call of this number, which has got arguments or not yet.
    Call {
        number: usize,
        filled: bool,
    },
    Other,
}

/// Each event repeats what it knows, so the latest counts.
#[derive(Default)]
struct Counted {
    fresh: Option<u64>,
    written_to_cache: Option<u64>,
    read_from_cache: Option<u64>,
    output: Option<u64>,
}

impl Reader {
    /// What the event adds.
    pub(crate) fn read(&mut self, name: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<(), Unsound> {
        if !is_known(name) {
            return Ok(());
        }
        let event: Event<'_> = serde_json::from_str(data)?;
        match event.kind.text().unwrap_or(name) {
            "message_start" => {
                let message = event.message.ok_or(Unsound::Event)?;
                deltas.push(Delta::Began { id: message.id.owned(), model: message.model.owned() });
                deltas.extend(message.usage.map(|counts| Delta::Usage(self.usage.with(&counts))));
            }
            "content_block_start" => {
                self.start(event.index, event.content_block.ok_or(Unsound::Event)?, data, deltas)?;
            }
            "content_block_delta" => self.fill(event.index, event.delta.ok_or(Unsound::Event)?, deltas)?,
            "content_block_stop" => self.stop(event.index, deltas),
            "message_delta" => {
                deltas.extend(event.delta.as_ref().and_then(stop).map(Delta::Stopped));
                deltas.extend(event.usage.map(|counts| Delta::Usage(self.usage.with(&counts))));
            }
            "message_stop" => deltas.push(Delta::Done),
            "error" => {
                let InBand(fault) = match event.error {
                    Some(error) => error,
                    None => serde_json::from_str(data)?,
                };
                deltas.push(Delta::Failed(fault));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether arguments are on their way.
    pub(crate) fn is_calling(&self) -> bool {
        self.open.iter().any(|(_, block)| matches!(block, Block::Call { .. }))
    }

    /// So many were begun.
    pub(crate) const fn calls(&self) -> usize {
        self.calls
    }

    /// An index that no block has.
    pub(crate) const fn next_block(&self) -> u64 {
        self.next_block
    }

    pub(crate) fn open_block(&self) -> Option<u64> {
        self.open.last().map(|(index, _)| *index)
    }

    fn start(
        &mut self,
        index: u64,
        block: Start<'_>,
        data: &str,
        deltas: &mut Vec<Delta>,
    ) -> Result<(), Unsound> {
        if self.open.len() >= MOST_CALLS || self.calls >= MOST_CALLS {
            return Err(Unsound::Stream);
        }
        let mut opened = Block::Other;
        match block.kind.text() {
            Some("text") => deltas.extend(said(block.text).map(Delta::Text)),
            Some("redacted_thinking") => deltas.push(Delta::Thinking),
            Some("tool_use") => {
                let number = self.calls;
                self.calls += 1;
                let id = block.id.owned().unwrap_or_default();
                deltas.push(Delta::CallBegan { number, id, name: block.name.owned().unwrap_or_default() });
                let input = block.input.and_then(|IgnoredAny| whole_input(data));
                opened = Block::Call { number, filled: input.is_some() };
                deltas.extend(input.map(|json| Delta::CallInput { number, json }));
            }
            _ => {}
        }
        self.next_block = self.next_block.max(index.saturating_add(1));
        self.open.retain(|(known, _)| *known != index);
        self.open.push((index, opened));
        Ok(())
    }

    fn stop(&mut self, index: u64, deltas: &mut Vec<Delta>) {
        let closed = self.open.extract_if(.., |(known, _)| *known == index);
        for (_, block) in closed {
            if let Block::Call { number, filled: false } = block {
                // It takes no arguments. Here that may go unsaid, elsewhere it is an empty object.
                deltas.push(Delta::CallInput { number, json: "{}".to_owned() });
            }
        }
    }

    fn fill(&mut self, index: u64, piece: Piece<'_>, deltas: &mut Vec<Delta>) -> Result<(), Unsound> {
        match piece.kind.text() {
            Some("text_delta") => deltas.extend(said(piece.text).map(Delta::Text)),
            Some("thinking_delta" | "signature_delta") => deltas.push(Delta::Thinking),
            Some("input_json_delta") => match self.open.iter_mut().find(|(known, _)| *known == index) {
                Some((_, Block::Call { number, filled })) => {
                    let input = said(piece.partial_json);
                    *filled |= input.is_some();
                    deltas.extend(input.map(|json| Delta::CallInput { number: *number, json }));
                }
                // A tool that the provider calls by itself.
                Some((_, Block::Other)) => {}
                // The beginning of the call was lost.
                None => return Err(Unsound::Stream),
            },
            _ => {}
        }
        Ok(())
    }
}

impl Counted {
    fn with(&mut self, counts: &Counts<'_>) -> Usage {
        let keep = |known: &mut Option<u64>, said: &Scalar<'_>| *known = said.number().or(*known);
        keep(&mut self.fresh, &counts.input_tokens);
        keep(&mut self.written_to_cache, &counts.cache_creation_input_tokens);
        keep(&mut self.read_from_cache, &counts.cache_read_input_tokens);
        keep(&mut self.output, &counts.output_tokens);
        let input = [self.fresh, self.written_to_cache, self.read_from_cache].into_iter().flatten();
        Usage::new(input.fold(0, u64::saturating_add), self.output.unwrap_or_default())
    }
}

/// Clients skip the events that they do not know without reading them.
fn is_known(name: &str) -> bool {
    matches!(
        name,
        "message"
            | "message_start"
            | "content_block_start"
            | "content_block_delta"
            | "content_block_stop"
            | "message_delta"
            | "message_stop"
            | "error"
    )
}

fn stop(piece: &Piece<'_>) -> Option<Stop> {
    Some(match Stop::of_stop_reason(piece.stop_reason.text()?) {
        Stop::Sequence(_) => Stop::Sequence(piece.stop_sequence.owned()),
        stop => stop,
    })
}

/// The arguments of a call that begins with all of them: some speak this API so.
fn whole_input(data: &str) -> Option<String> {
    let mut event = json::answer(data.as_bytes()).ok()?;
    let input = event.get_mut("content_block")?.get_mut("input")?.take();
    input.as_object().filter(|object| !object.is_empty())?;
    Some(input.to_string())
}

/// A piece with something in it.
fn said(piece: Option<Words<'_>>) -> Option<String> {
    piece.filter(|words| !words.0.is_empty()).map(|words| words.0.into_owned())
}

/// An event of any kind. (By its kind, `serde` could only read it from a tree.)
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(default)]
    index: u64,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    content_block: Option<Start<'a>>,
    #[serde(borrow, default)]
    delta: Option<Piece<'a>>,
    #[serde(borrow, default)]
    usage: Option<Counts<'a>>,
    #[serde(default)]
    error: Option<InBand>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    model: Scalar<'a>,
    #[serde(borrow, default)]
    usage: Option<Counts<'a>>,
}

#[derive(Deserialize)]
struct Start<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow, default)]
    text: Option<Words<'a>>,
    #[serde(default)]
    input: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    text: Option<Words<'a>>,
    #[serde(borrow, default)]
    partial_json: Option<Words<'a>>,
    #[serde(borrow, default)]
    stop_reason: Scalar<'a>,
    #[serde(borrow, default)]
    stop_sequence: Scalar<'a>,
}

/// A part of the answer: a text and nothing else. (`Option<Cow<str>>` would never borrow.)
#[derive(Deserialize)]
struct Words<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Counts<'a> {
    #[serde(borrow, default)]
    input_tokens: Scalar<'a>,
    #[serde(borrow, default)]
    cache_creation_input_tokens: Scalar<'a>,
    #[serde(borrow, default)]
    cache_read_input_tokens: Scalar<'a>,
    #[serde(borrow, default)]
    output_tokens: Scalar<'a>,
}
