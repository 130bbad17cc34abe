//! The answer in the shape of the provider that was asked: its status, its keys, its types.
//!
//! The shapes are what the providers' own clients insist on when they parse an answer: which keys must be there, which must be
//! whole numbers, where one URL stands in place of a list.

pub(crate) mod fal;
pub(crate) mod queue;
pub(crate) mod replicate;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::data::{Answer, Field, Input};
use crate::form::{Form, Produced, Size};
use crate::loss::{Loss, LossKind};

/// What an output is made from.
#[derive(Clone, Copy)]
pub(crate) struct Output<'a> {
    pub(crate) shape: Answer,
    pub(crate) produced: &'a Produced,
    /// The seed that was asked for.
    pub(crate) seed: Option<i64>,
    /// The size that was asked for.
    pub(crate) size: Option<Size>,
    /// A transcript is a translation.
    pub(crate) translated: bool,
    /// Empty if it is no longer known.
    pub(crate) prompt: &'a str,
    /// Any number.
    pub(crate) number: u64,
}

impl Output<'_> {
    fn seed(&self) -> i64 {
        self.produced.seed.of(self.seed).unwrap_or(0)
    }
}

/// Where a job is.
pub(crate) enum State<'a> {
    /// Nobody works on it yet.
    Queued,
    Running,
    Done(Output<'a>),
    /// In words for a person.
    Failed(&'static str),
}

/// What an answer is held against.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// Files.
    pub(crate) count: usize,
    pub(crate) seed: Option<i64>,
    pub(crate) translated: bool,
}

impl Wanted {
    pub(crate) fn by(form: &Form) -> Self {
        let translated = form.flag(Field::Translate);
        Self { count: form.wanted(), seed: form.integer(Field::Seed), translated }
    }
}

/// What the answer lacks, and what it holds beyond what was asked for.
pub(crate) fn losses(shape: Answer, inputs: &[Input], wanted: Wanted, produced: &Produced) -> Vec<Loss> {
    let (seeded, flagged) = match shape {
        Answer::Flux | Answer::FluxCounted => (true, true),
        Answer::FilesSeed | Answer::VideoSeed => (true, false),
        _ => (false, false),
    };
    let held = match shape {
        Answer::Flux | Answer::FluxCounted | Answer::FilesSeed | Answer::Files => "images",
        Answer::Video | Answer::VideoSeed | Answer::Sora => "video",
        Answer::Audio => "audio",
        Answer::Whisper => "chunks",
        Answer::One | Answer::List | Answer::Transcription | Answer::Chunks => "output",
    };
    let mut losses = Vec::new();
    let mut lose = |lost: bool, key: &str, kind| losses.extend(lost.then(|| Loss::new(key, kind)));
    if let Some(transcript) = &produced.transcript {
        let bare = transcript.segments.is_empty() && !transcript.text.is_empty();
        let key = match shape {
            Answer::Transcription => "segments",
            _ => "chunks",
        };
        lose(bare, key, LossKind::Short);
        // Whoever translates says nothing of the original.
        let original = wanted.translated && shape == Answer::Transcription;
        lose(original, "transcription", LossKind::Short);
        let named = matches!(shape, Answer::Transcription | Answer::Whisper);
        let key = if shape == Answer::Whisper { "inferred_languages" } else { "detected_language" };
        lose(named && transcript.language.is_none(), key, LossKind::Short);
        return losses;
    }
    let count = inputs.iter().find(|row| row.field == Field::Count);
    let Wanted { count: wanted, seed, .. } = wanted;
    let got = produced.files.len();
    lose(seeded && produced.seed.of(seed).is_none(), "seed", LossKind::Invented);
    let unflagged = produced.files.iter().take(wanted).any(|file| file.nsfw.is_none());
    lose(flagged && unflagged, "has_nsfw_concepts", LossKind::Invented);
    let one = matches!(shape, Answer::One | Answer::Video | Answer::VideoSeed | Answer::Sora | Answer::Audio);
    let shown = if one { 1 } else { got };
    lose(shown < wanted, count.map_or(held, |row| &row.key), LossKind::Short);
    lose(got > wanted.min(shown), held, LossKind::Dropped);
    lose(shape == Answer::Sora, "video_id", LossKind::Invented);
    losses
}

pub(crate) fn respond(status: StatusCode, body: &impl Serialize) -> Response<Vec<u8>> {
    // Text, numbers and raw JSON under text keys: nothing that JSON cannot hold.
    let body = serde_json::to_vec(body).unwrap_or_else(|_| Value::Null.to_string().into_bytes());
    respond_with(status, JSON, body)
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const EVENTS: &str = "text/event-stream; charset=utf-8";

pub(crate) fn respond_with(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// SplitMix64, as everywhere where a seed becomes many numbers.
pub(crate) fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}
