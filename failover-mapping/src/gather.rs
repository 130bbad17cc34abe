//! A stand-in's answer, read into the neutral form.
//!
//! What NexaAPI answers is not written down anywhere, and its own SDK looks for the result in many places. So an answer is
//! read liberally: every place where a URL or a text may stand. But what fails or is not finished is no result, wherever
//! that is said; the same files under several keys are counted once; and a URL must be one that can be handed to a caller.

use std::borrow::Cow;

use failover_core::Fault;
use serde_json::{Map, Value, json};

use crate::data::{AnswerKeys, Task};
use crate::form::{File, Produced, Seed, Segment, Size, Transcript};
use crate::media::{self, Reach};
use crate::{json, language};

/// A success that is none.
#[derive(Debug)]
pub(crate) struct Unusable {
    pub(crate) fault: Fault,
    pub(crate) note: Option<String>,
}

impl From<Fault> for Unusable {
    fn from(fault: Fault) -> Self {
        Self { fault, note: None }
    }
}

/// What an answer says.
#[derive(Debug)]
pub(crate) enum Said {
    /// Here it is.
    Done(Produced),
    /// Not yet: ask for the job of this id, if it has one.
    Pending { id: Option<String>, queued: bool },
}

/// How an answer is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) keys: &'a AnswerKeys,
    pub(crate) task: Task,
    /// How many files were asked for.
    pub(crate) wanted: usize,
    /// Where its files may be.
    pub(crate) reach: Reach,
}

/// How deep in an answer a result may stand: `{"result": {"images": [{"url": ..}]}}`, and some more.
const DEEPEST: u8 = 4;
/// More files than any request asks for.
const MOST: usize = 64;
/// The longest id of a job.
const LONGEST_ID: usize = 200;

impl Reader<'_> {
    /// Reads the body of an answer that claims success.
    /// `accepted` is whether its status says that there is none yet (202).
    pub(crate) fn answer(self, body: &[u8], accepted: bool) -> Result<Said, Unusable> {
        let answer = json::answer(body).map_err(|_| Fault::Malformed)?;
        let pending = self.pending(&answer)?;
        if let Some(queued) = pending.filter(|_| !self.keys.early) {
            return Ok(Said::Pending { id: self.id(&answer), queued });
        }
        let mut seed = Seed::Unsaid;
        let produced = match self.task {
            Task::Transcription => {
                Produced { transcript: self.transcript(&answer, 0)?, ..Produced::default() }
            }
            Task::Image | Task::Video | Task::Speech => {
                let files = self.gather(&answer, Around::default(), 0, &mut seed)?;
                Produced { files, seed, transcript: None }
            }
        };
        // Of several files the first can be there while the others are made.
        let enough = if pending.is_some() { self.wanted } else { 1 };
        if produced.files.len() >= enough || produced.transcript.is_some() {
            return Ok(Said::Done(produced));
        }
        let id = self.id(&answer);
        // No word for its state, or one that nobody knows, and no result: a job that goes on, if it can be asked for.
        let unfinished = accepted || (id.is_some() && jobs(&answer).all(|job| status(job).is_empty()));
        match pending {
            Some(queued) => Ok(Said::Pending { id, queued }),
            None if unfinished || is_wordy(&answer) => Ok(Said::Pending { id, queued: false }),
            None => Err(Fault::Empty.into()),
        }
    }

    /// Whether an answer is a result, and all of it.
    pub(crate) fn is_finished(self, body: &[u8]) -> bool {
        let ended = json::answer(body).is_ok_and(|answer| matches!(self.pending(&answer), Ok(None)));
        ended && matches!(self.answer(body, false), Ok(Said::Done(_)))
    }

    /// Whether the answer, or the object that it wraps, is not finished; and if so, whether it has not even begun.
    fn pending(self, answer: &Map<String, Value>) -> Result<Option<bool>, Unusable> {
        for object in jobs(answer) {
            self.must_not_have_failed(object)?;
            let queued = says(object, &self.keys.queued);
            if queued || says(object, &self.keys.pending) {
                return Ok(Some(queued));
            }
        }
        Ok(None)
    }

    fn id(self, answer: &Map<String, Value>) -> Option<String> {
        jobs(answer).find_map(|object| {
            self.keys.id.iter().find_map(|key| match object.get(key)? {
                Value::String(id) => Some(id.clone()).filter(|id| is_id(id)),
                Value::Number(number) if number.is_u64() => Some(number.to_string()),
                _ => None,
            })
        })
    }

    /// The files under one of the object's keys: the first one that holds as many as are wanted, else the one that holds
    /// most. The other keys say the same again, or something that is no result, such as the job's own page.
    fn gather(
        self,
        object: &Map<String, Value>,
        around: Around<'_>,
        depth: u8,
        seed: &mut Seed,
    ) -> Result<Vec<File>, Unusable> {
        if depth > DEEPEST {
            return Ok(Vec::new());
        }
        self.check(object)?;
        note_seed(object, seed);
        let around = around.within(object);
        let mut best = Vec::new();
        for (_, value) in self.places(object) {
            let found = match value {
                Value::Array(items) => self.gather_list(items, around, depth, seed)?,
                Value::Object(inner) => self.gather(inner, around, depth + 1, seed)?,
                Value::String(text) => self.file(text, around).into_iter().collect(),
                _ => Vec::new(),
            };
            if best.len() < found.len() {
                best = found;
            }
            if best.len() >= self.wanted {
                break;
            }
        }
        Ok(best)
    }

    /// Where a result may stand, the fullest places first. An answer has few keys and the data many, so the answer's are gone
    /// through.
    fn places(self, object: &Map<String, Value>) -> Vec<(usize, &Value)> {
        let known = |name: &String| self.keys.nested.iter().chain(&self.keys.url).position(|key| key == name);
        let mut places: Vec<_> =
            object.iter().filter_map(|(name, value)| Some((known(name)?, value))).collect();
        places.sort_unstable_by_key(|(rank, _)| *rank);
        places
    }

    /// One file of several may fail, and the others be good. If none is, the first failure tells why.
    fn gather_list(
        self,
        items: &[Value],
        around: Around<'_>,
        depth: u8,
        seed: &mut Seed,
    ) -> Result<Vec<File>, Unusable> {
        let (mut found, mut failed) = (Vec::<File>::new(), None);
        for item in items {
            let more = match item {
                Value::Object(inner) => self.gather(inner, around, depth + 1, seed),
                Value::String(text) => Ok(self.file(text, around).into_iter().collect()),
                _ => continue,
            };
            match more {
                Ok(more) => {
                    for file in more.into_iter().take(MOST - found.len()) {
                        if found.iter().all(|known| known.url != file.url) {
                            found.push(file);
                        }
                    }
                }
                Err(unusable) => failed = failed.or(Some(unusable)),
            }
        }
        match failed {
            Some(unusable) if found.is_empty() => Err(unusable),
            _ => Ok(found),
        }
    }

    /// The file behind a URL; none if it is another kind of file than was asked for.
    fn file(self, text: &str, around: Around<'_>) -> Option<File> {
        let url = self.reach.url(text)?;
        let said = around.content_type.map(Cow::Borrowed);
        let content_type = said.or_else(|| media::type_of(&url));
        let kind = content_type.as_deref().and_then(|media| media.split('/').next());
        let wanted = match self.task {
            Task::Image => "image",
            Task::Video => "video",
            Task::Speech => "audio",
            Task::Transcription => return None,
        };
        let other = kind.is_some_and(|kind| !kind.eq_ignore_ascii_case(wanted));
        // What the asked provider calls its result, it knows.
        if other && self.reach != Reach::Anywhere {
            return None;
        }
        let size = around.width.zip(around.height).map(|(width, height)| Size::new(width, height));
        // What was checked is what is handed on: the parser's own spelling.
        let content_type = content_type.map(Cow::into_owned);
        Some(File { url: url.into(), content_type, size, nsfw: around.nsfw, duration: around.duration })
    }

    fn transcript(self, object: &Map<String, Value>, depth: u8) -> Result<Option<Transcript>, Unusable> {
        if depth > DEEPEST {
            return Ok(None);
        }
        self.check(object)?;
        // Silence is a transcript too, so an empty text is one.
        if let Some(text) = self.keys.text.iter().find_map(|key| object.get(key)?.as_str()) {
            let said = ["language", "detected_language"].iter().find_map(|key| object.get(*key)?.as_str());
            let parts = self.keys.segments.iter().find_map(|key| object.get(key)?.as_array());
            return Ok(Some(Transcript {
                text: text.to_owned(),
                language: said.and_then(language::code).map(str::to_owned),
                segments: parts.into_iter().flatten().filter_map(segment).collect(),
            }));
        }
        for inner in self.keys.nested.iter().filter_map(|key| object.get(key)) {
            let inner = match inner {
                Value::Array(items) => items.first(),
                _ => Some(inner),
            };
            let found = match inner {
                Some(Value::Object(inner)) => self.transcript(inner, depth + 1)?,
                Some(Value::String(text)) if media::of_stand_in(text, true).is_none() => {
                    Some(Transcript { text: text.clone(), ..Transcript::default() })
                }
                _ => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// An object that says of itself that it failed, or is not finished, holds no result.
    fn check(self, object: &Map<String, Value>) -> Result<(), Unusable> {
        self.must_not_have_failed(object)?;
        let pending = !self.keys.early && says(object, &self.keys.pending);
        if pending { Err(Fault::Empty.into()) } else { Ok(()) }
    }

    fn must_not_have_failed(self, object: &Map<String, Value>) -> Result<(), Unusable> {
        let failed = says(object, &self.keys.failed);
        if failed || object.get("error").is_some_and(says_something) {
            return Err(Fault::ErrorInSuccess.into());
        }
        Ok(())
    }
}

/// Where a job may be described: the answer, or the object that it wraps.
fn jobs(answer: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let wrapped = ["data", "job", "result"].iter().filter_map(|key| answer.get(*key)?.as_object());
    [answer].into_iter().chain(wrapped)
}

/// It says a state of itself that is not the end.
fn is_wordy(answer: &Map<String, Value>) -> bool {
    const ENDS: [&str; 9] =
        ["", "completed", "complete", "succeeded", "success", "successful", "done", "finished", "ok"];
    jobs(answer).any(|job| !ENDS.iter().any(|end| status(job).eq_ignore_ascii_case(end)))
}

fn status(object: &Map<String, Value>) -> &str {
    object.get("status").or_else(|| object.get("state")).and_then(Value::as_str).unwrap_or_default()
}

/// Whether its state is one of these words.
fn says(object: &Map<String, Value>, words: &[String]) -> bool {
    let status = status(object);
    !status.is_empty() && words.iter().any(|word| status.eq_ignore_ascii_case(word))
}

/// An id that means the same in every URL.
pub(crate) fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'~');
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain) && id.bytes().any(|byte| byte != b'.')
}

fn says_something(error: &Value) -> bool {
    !matches!(error, Value::Null | Value::Bool(false))
        && *error != json!(0)
        && *error != json!("")
        && *error != json!({})
        && *error != json!([])
}

/// A part with `start` and `end`, or with a `timestamp` of two.
fn segment(part: &Value) -> Option<Segment> {
    let time = |value: Option<&Value>| value.and_then(Value::as_f64).filter(|time| time.is_finite());
    let pair = part.get("timestamp").and_then(Value::as_array);
    let start = time(part.get("start")).or_else(|| time(pair?.first()))?;
    let end = time(part.get("end")).or_else(|| time(pair?.get(1))).unwrap_or(start);
    let text = part.get("text").or_else(|| part.get("word"))?.as_str()?.to_owned();
    let speaker = part.get("speaker").and_then(Value::as_str).map(str::to_owned);
    Some(Segment { start, end, text, speaker })
}

/// The first object that knows the seed counts.
fn note_seed(object: &Map<String, Value>, seed: &mut Seed) {
    if let Some(said) = object.get("seed").filter(|said| !said.is_null() && !matches!(seed, Seed::Known(_))) {
        *seed = said.as_i64().map_or(Seed::Unfit, Seed::Known);
    }
}

/// What the objects around a URL say about its file.
#[derive(Clone, Copy, Default)]
struct Around<'v> {
    width: Option<u32>,
    height: Option<u32>,
    content_type: Option<&'v str>,
    nsfw: Option<bool>,
    duration: Option<f64>,
}

impl<'v> Around<'v> {
    fn within(self, object: &'v Map<String, Value>) -> Self {
        let side = |key: &str| {
            let side = object.get(key).and_then(Value::as_u64).and_then(|side| u32::try_from(side).ok());
            side.filter(|side| (1..=1 << 20).contains(side))
        };
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let named = text("content_type").or_else(|| text("mime_type"));
        let named = named.filter(|named| media::is_media_type(named));
        let content_type = named.or_else(|| text("format").and_then(media::by_extension));
        let seconds = |key: &str| object.get(key).and_then(Value::as_f64).filter(|time| *time >= 0.0);
        Self {
            width: side("width").or(self.width),
            height: side("height").or(self.height),
            content_type: content_type.or(self.content_type),
            nsfw: object.get("nsfw").and_then(Value::as_bool).or(self.nsfw),
            duration: seconds("duration").or(self.duration),
        }
    }
}
