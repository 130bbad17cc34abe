//! Reads chunks of chat completions.

use std::borrow::Cow;
use std::fmt;

use failover_core::Fault;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::super::in_band::InBand;
use super::super::scalar::Scalar;
use super::super::{MOST_CALLS, Unsound};
use crate::chat::answer::{Stop, Usage};
use crate::chat::delta::Delta;

#[derive(Default)]
pub(crate) struct Reader {
    begun: bool,
    /// The tools that are called, by their numbers.
    calls: Vec<Known>,
}

/// A call of a tool, as the provider tells it from others.
struct Known {
    index: Option<u64>,
    id: String,
}

impl Reader {
    /// What the event adds.
    pub(crate) fn read(&mut self, name: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<(), Unsound> {
        if data.trim() == "[DONE]" {
            deltas.push(Delta::Done);
            return Ok(());
        }
        let chunk: Chunk<'_> = serde_json::from_str(data)?;
        if let Some(InBand(fault)) = chunk.error {
            deltas.push(Delta::Failed(fault));
            return Ok(());
        }
        if name == "error" || chunk.object.text() == Some("error") {
            let InBand(fault) = serde_json::from_str(data)?;
            deltas.push(Delta::Failed(fault));
            return Ok(());
        }
        if !self.begun && (chunk.choice.0.is_some() || chunk.id.text().or(chunk.model.text()).is_some()) {
            self.begun = true;
            deltas.push(Delta::Began { id: chunk.id.owned(), model: chunk.model.owned() });
        }
        if let Some(choice) = chunk.choice.0 {
            self.choice(choice, deltas)?;
        }
        deltas.extend(chunk.usage.and_then(|counts| counts.usage()).map(Delta::Usage));
        Ok(())
    }

    /// Whether arguments are on their way.
    pub(crate) const fn is_calling(&self) -> bool {
        !self.calls.is_empty()
    }

    /// So many were begun.
    pub(crate) const fn calls(&self) -> usize {
        self.calls.len()
    }

    fn choice(&mut self, choice: Choice<'_>, deltas: &mut Vec<Delta>) -> Result<(), Unsound> {
        if let Some(piece) = choice.delta {
            if piece.reasoning.is_something()
                || piece.reasoning_content.is_something()
                || piece.audio.is_something()
            {
                deltas.push(Delta::Thinking);
            }
            deltas.extend(said(piece.content).map(Delta::Text));
            deltas.extend(said(piece.refusal).map(Delta::Refusal));
            for call in piece.tool_calls.0 {
                self.call(call, deltas)?;
            }
            if let Some(function) = piece.function_call {
                // What tools were before there could be several.
                self.call(
                    CallPiece { index: Some(0), id: Scalar::Nothing, function: Some(function) },
                    deltas,
                )?;
            }
        }
        match choice.finish_reason.text() {
            None => {}
            Some(word) if Stop::is_interruption(word) => deltas.push(Delta::Failed(Fault::ErrorInSuccess)),
            Some(word) => deltas.push(Delta::Stopped(Stop::of_finish_reason(word))),
        }
        Ok(())
    }

    fn call(&mut self, piece: CallPiece<'_>, deltas: &mut Vec<Delta>) -> Result<(), Unsound> {
        let Some(function) = piece.function else {
            // A tool of a kind that no other API has.
            deltas.push(Delta::Thinking);
            return Ok(());
        };
        let (id, name) = (piece.id.text(), function.name.text());
        let number = match (self.number(piece.index, id, name.is_some()), name) {
            (Some(number), _) => number,
            (None, Some(name)) if self.calls.len() < MOST_CALLS => {
                let (number, id) = (self.calls.len(), id.unwrap_or_default().to_owned());
                self.calls.push(Known { index: piece.index, id: id.clone() });
                deltas.push(Delta::CallBegan { number, id, name: name.to_owned() });
                number
            }
            // Arguments of a call whose beginning was lost.
            (None, _) => return Err(Unsound::Stream),
        };
        deltas.extend(said(function.arguments).map(|json| Delta::CallInput { number, json }));
        Ok(())
    }

    /// The call that a piece belongs to, if it has begun. Some number all calls 0, or none.
    fn number(&self, index: Option<u64>, id: Option<&str>, named: bool) -> Option<usize> {
        let number = match (index, id) {
            (Some(_), _) => self.calls.iter().rposition(|known| known.index == index),
            (None, Some(id)) => self.calls.iter().rposition(|known| known.id == id),
            (None, None) => self.calls.len().checked_sub(1),
        }?;
        let other = |id: &str| named && self.calls.get(number).is_some_and(|known| known.id != id);
        if id.is_some_and(other) { None } else { Some(number) }
    }
}

/// A piece with something in it.
fn said(piece: Option<Words<'_>>) -> Option<String> {
    piece.filter(|words| !words.0.is_empty()).map(|words| words.0.into_owned())
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    object: Scalar<'a>,
    #[serde(borrow, default)]
    model: Scalar<'a>,
    #[serde(borrow, default, rename = "choices")]
    choice: First<'a>,
    #[serde(borrow, default)]
    usage: Option<Counts<'a>>,
    #[serde(default)]
    error: Option<InBand>,
}

/// The choice of index 0: whoever asks for several is not failed over.
#[derive(Default)]
struct First<'a>(Option<Choice<'a>>);

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: u64,
    #[serde(borrow, default)]
    delta: Option<Piece<'a>>,
    #[serde(borrow, default)]
    finish_reason: Scalar<'a>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow, default)]
    content: Option<Words<'a>>,
    #[serde(borrow, default)]
    refusal: Option<Words<'a>>,
    #[serde(borrow, default)]
    reasoning: Scalar<'a>,
    #[serde(borrow, default)]
    reasoning_content: Scalar<'a>,
    #[serde(borrow, default)]
    audio: Scalar<'a>,
    #[serde(borrow, default)]
    tool_calls: Calls<'a>,
    #[serde(borrow, default)]
    function_call: Option<FunctionPiece<'a>>,
}

#[derive(Default)]
struct Calls<'a>(Vec<CallPiece<'a>>);

#[derive(Deserialize)]
struct CallPiece<'a> {
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    function: Option<FunctionPiece<'a>>,
}

#[derive(Deserialize)]
struct FunctionPiece<'a> {
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow, default)]
    arguments: Option<Words<'a>>,
}

/// A part of the answer: a text and nothing else. (`Option<Cow<str>>` would never borrow.)
#[derive(Deserialize)]
struct Words<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Counts<'a> {
    #[serde(borrow, default)]
    prompt_tokens: Scalar<'a>,
    #[serde(borrow, default)]
    completion_tokens: Scalar<'a>,
}

impl Counts<'_> {
    fn usage(&self) -> Option<Usage> {
        let (input, output) = (self.prompt_tokens.number(), self.completion_tokens.number());
        input.or(output)?;
        Some(Usage::new(input.unwrap_or_default(), output.unwrap_or_default()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Choices)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Calls<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Pieces)
    }
}

// Lists are read by hand, so that a long one takes no more memory than its text.

struct Choices;

impl<'de> Visitor<'de> for Choices {
    type Value = First<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of choices")
    }

    fn visit_unit<E>(self) -> Result<First<'de>, E> {
        Ok(First(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<First<'de>, A::Error> {
        let mut first = None;
        while let Some(choice) = items.next_element::<Choice<'de>>()? {
            if choice.index == 0 {
                first = Some(choice);
            }
        }
        Ok(First(first))
    }
}

struct Pieces;

impl<'de> Visitor<'de> for Pieces {
    type Value = Calls<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of calls")
    }

    fn visit_unit<E>(self) -> Result<Calls<'de>, E> {
        Ok(Calls::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Calls<'de>, A::Error> {
        let mut pieces = Vec::new();
        while let Some(piece) = items.next_element()? {
            if pieces.len() == MOST_CALLS {
                return Err(serde::de::Error::custom("too many calls"));
            }
            pieces.push(piece);
        }
        Ok(Calls(pieces))
    }
}
