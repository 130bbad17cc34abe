//! The form of the data files, where they say how a provider answers: its shapes, where a result stands, what a status means.

use failover_core::Fault;
use serde::{Deserialize, Deserializer};

use crate::data::Task;
use crate::provider::ProviderName;

/// The shape of a provider's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Answer {
    /// FAL: images with their sizes, timings, seed, flags and prompt.
    Flux,
    /// FAL: the same and `num_images`.
    FluxCounted,
    /// FAL: image files and the seed.
    FilesSeed,
    /// FAL: image files.
    Files,
    /// FAL: a video file.
    Video,
    /// FAL: a video file and the seed.
    VideoSeed,
    /// FAL: a video with its measures, and its id.
    Sora,
    /// FAL: a transcript with its chunks and languages.
    Whisper,
    /// FAL: a sound file.
    Audio,
    /// Replicate: the output is one URL.
    One,
    /// Replicate: the output is a list of URLs.
    List,
    /// Replicate: the output is a transcript with its segments.
    Transcription,
    /// Replicate: the output is a text and its chunks.
    Chunks,
}

/// Where a stand-in's answer holds what. It is read liberally: everywhere that any of these keys occurs. Of several that hold
/// images, the first that holds as many as were asked for counts, `nested` before `url`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct AnswerKeys {
    /// Keys of a URL.
    pub url: Vec<String>,
    /// Keys of a URL, a list or an object that holds URLs.
    pub nested: Vec<String>,
    /// Keys of a transcript.
    #[serde(default)]
    pub text: Vec<String>,
    /// Keys of the parts of a transcript.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Keys of a job's id.
    #[serde(default)]
    pub id: Vec<String>,
    /// Words of `status` that mean failure; case does not matter.
    #[serde(deserialize_with = "lower_case")]
    pub failed: Vec<String>,
    /// Words of `status` that mean that there is no result yet, likewise.
    #[serde(deserialize_with = "lower_case")]
    pub pending: Vec<String>,
    /// The result may be there while `status` still is one of these words.
    #[serde(default)]
    pub early: bool,
    /// Those of them that mean that nobody works on it yet.
    #[serde(default, deserialize_with = "lower_case")]
    pub queued: Vec<String>,
}

/// What a status means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Verdict {
    /// The status.
    pub status: u16,
    /// Only if this header of the answer has this value.
    #[serde(default)]
    pub header: Option<HeaderIs>,
    /// Only if the answer's text holds this; case does not matter.
    #[serde(default)]
    pub body: Option<String>,
    /// Only if this is the code of the error in the answer's JSON: its `code`, its `type` or its `details.error_code`; case does not
    /// matter.
    #[serde(default)]
    pub code: Option<String>,
    /// Only if the message of that error begins with this; case does not matter.
    #[serde(default)]
    pub message: Option<String>,
    /// What it means.
    #[serde(deserialize_with = "crate::verdict::fault_by_name")]
    pub fault: Fault,
}

/// A header of an answer and its value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct HeaderIs {
    /// Its name, in lower case.
    pub name: String,
    /// Its value; case does not matter.
    pub value: String,
}

impl Verdict {
    /// Whether the answer's body has to be read to know whether the row fits.
    pub(crate) const fn is_told_by_body(&self) -> bool {
        self.body.is_some() || self.code.is_some() || self.message.is_some()
    }
}

impl Answer {
    /// The shapes in which a provider answers such a task.
    pub(crate) const fn of(provider: ProviderName, task: Task) -> &'static [Self] {
        match (provider, task) {
            (ProviderName::Fal, Task::Image) => {
                &[Self::Flux, Self::FluxCounted, Self::FilesSeed, Self::Files]
            }
            (ProviderName::Fal, Task::Video) => &[Self::Video, Self::VideoSeed, Self::Sora],
            (ProviderName::Fal, Task::Transcription) => &[Self::Whisper],
            (ProviderName::Fal, Task::Speech) => &[Self::Audio],
            (ProviderName::Replicate, Task::Transcription) => &[Self::Transcription, Self::Chunks],
            (ProviderName::Replicate, _) => &[Self::One, Self::List],
            (_, _) => &[],
        }
    }

    /// Its name in a data file.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Flux => "flux",
            Self::FluxCounted => "flux-counted",
            Self::FilesSeed => "files-seed",
            Self::Files => "files",
            Self::Video => "video",
            Self::VideoSeed => "video-seed",
            Self::Sora => "sora",
            Self::Whisper => "whisper",
            Self::Audio => "audio",
            Self::One => "one",
            Self::List => "list",
            Self::Transcription => "transcription",
            Self::Chunks => "chunks",
        }
    }
}

fn lower_case<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    Ok(words.iter().map(|word| word.to_ascii_lowercase()).collect())
}
