//! The form of the data files: what one provider's file may say.
//!
//! One file per provider, TOML. A file can name models, keys, sizes, answers and verdicts; it has no place for a host, a header
//! to send or a key, and what it does not know it refuses. A user's own file has the same form.

use std::collections::BTreeMap;
use std::fmt;

use failover_core::Fault;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use crate::codec::Codec;
pub use crate::form::Size;
use crate::provider::ProviderName;

/// One provider: which models it has, how it is asked, how it answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ProviderData {
    /// Its models.
    pub models: Vec<Model>,
    /// Where a stand-in is asked: the path of each task, after the base URL.
    pub endpoints: BTreeMap<Task, String>,
    /// Sizes that have a name.
    pub sizes: BTreeMap<String, Size>,
    /// Sizes by aspect ratio. Models render the same ratio at different sizes, so there are several such tables.
    pub ratios: BTreeMap<String, BTreeMap<String, Size>>,
    /// Sets of parameters. A model without [`Model::inputs`] has the set that is called like its task.
    pub inputs: BTreeMap<String, Vec<Input>>,
    /// The object around the parameters, if the body is not the parameters themselves.
    pub envelope: Option<Envelope>,
    /// Parameters that make a request untranslatable.
    pub refusals: Vec<Refusal>,
    /// Where its answer holds what (a stand-in's).
    pub answer: Option<AnswerKeys>,
    /// What its statuses mean. The first row that fits counts.
    pub verdicts: Vec<Verdict>,
}

/// One model of a provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Model {
    /// The provider's own name of it.
    pub id: String,
    /// The neutral name, which connects it with the same model elsewhere.
    pub model: String,
    /// What it does.
    pub task: Task,
    /// Whether it is that model or only like it, of a stand-in; the same unless said.
    #[serde(default)]
    pub substitution: Option<Substitution>,
    /// Its set of parameters, where that is not the one named like the task.
    #[serde(default)]
    pub inputs: Option<String>,
    /// The shape of its answer.
    #[serde(default)]
    pub answer: Option<Answer>,
    /// Defaults of its own, by the provider's key, before those of the set.
    #[serde(default)]
    pub defaults: BTreeMap<String, Value>,
}

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Task {
    /// Text to image.
    Image,
    /// Text or image to video.
    Video,
    /// Speech to text.
    Transcription,
    /// Text to speech.
    Speech,
}

/// Whether a stand-in's model is the model that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Substitution {
    /// The same model.
    #[default]
    Same,
    /// Another version or relative of it.
    Variant,
}

/// A field of the neutral form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Field {
    /// What to show.
    Prompt,
    /// What not to show.
    NegativePrompt,
    /// Width and height together.
    Size,
    /// Width in pixels.
    Width,
    /// Height in pixels.
    Height,
    /// Inference steps.
    Steps,
    /// Guidance scale.
    Guidance,
    /// How many images.
    Count,
    /// The seed.
    Seed,
}

/// One parameter of a provider.
///
/// Where several rows of a set can say the size, the first one that says it counts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Input {
    /// What it means.
    pub field: Field,
    /// The provider's key.
    pub key: String,
    /// How its value is written.
    pub codec: Codec,
    /// The table of aspect ratios, for that codec.
    #[serde(default)]
    pub ratios: Option<String>,
    /// The provider's default.
    #[serde(default)]
    pub default: Option<Value>,
    /// The least value. Of a source, less is a mistake; a stand-in is told this instead.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest value, likewise.
    #[serde(default)]
    pub max: Option<f64>,
    /// The side that a size object leaves out.
    #[serde(default)]
    pub side: Option<u32>,
    /// Values that leave the decision to the next row.
    #[serde(default)]
    pub defer: Vec<String>,
    /// The value is only similar to what the provider would do; this is reported.
    #[serde(default)]
    pub approximate: bool,
}

/// An object around the parameters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Envelope {
    /// The key under which the parameters stand.
    pub input: String,
    /// Other keys that lose nothing by being left out.
    #[serde(default)]
    pub ignore: Vec<String>,
}

/// A parameter, in or beside the input, that changes what is asked and cannot be carried over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Refusal {
    /// The provider's key.
    pub key: String,
    /// Why it cannot.
    pub why: String,
}

/// The shape of a provider's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Answer {
    /// FAL: images with their sizes, timings, seed, flags and prompt.
    Flux,
    /// FAL: the same and `num_images`.
    FluxCounted,
    /// FAL: files and the seed.
    FilesSeed,
    /// FAL: files.
    Files,
    /// Replicate: the output is one URL.
    One,
    /// Replicate: the output is a list of URLs.
    List,
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
    /// Words of `status` that mean failure; case does not matter.
    #[serde(deserialize_with = "lower_case")]
    pub failed: Vec<String>,
    /// Words of `status` that mean that there is no result yet, likewise.
    #[serde(deserialize_with = "lower_case")]
    pub pending: Vec<String>,
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

impl Model {
    pub(crate) fn substitution(&self) -> Substitution {
        self.substitution.unwrap_or_default()
    }
}

impl Task {
    /// `image`, `video`, `transcription` or `speech`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Transcription => "transcription",
            Self::Speech => "speech",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Answer {
    /// The shapes in which a provider answers.
    pub(crate) const fn of(provider: ProviderName) -> &'static [Self] {
        match provider {
            ProviderName::Fal => &[Self::Flux, Self::FluxCounted, Self::FilesSeed, Self::Files],
            ProviderName::Replicate => &[Self::One, Self::List],
            ProviderName::Nexa => &[],
        }
    }

    /// Its name in a data file.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Flux => "flux",
            Self::FluxCounted => "flux-counted",
            Self::FilesSeed => "files-seed",
            Self::Files => "files",
            Self::One => "one",
            Self::List => "list",
        }
    }
}

impl Substitution {
    /// `same` or `variant`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Variant => "variant",
        }
    }
}

impl fmt::Display for Substitution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

fn lower_case<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    Ok(words.iter().map(|word| word.to_ascii_lowercase()).collect())
}
