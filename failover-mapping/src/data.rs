//! The form of the data files: what one provider's file may say.
//!
//! One file per provider, TOML. A file can name models, keys, sizes, answers and verdicts; it has no place for a host, a header
//! to send or a key, and what it does not know it refuses. A user's own file has the same form.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

pub use crate::answers::{Answer, AnswerKeys, HeaderIs, Verdict};
pub use crate::codec::Codec;
pub use crate::field::Field;
pub use crate::form::Size;

/// One provider: which models it has, how it is asked, how it answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ProviderData {
    /// Where it is and how it is shown a key, of a provider that is not built in.
    pub host: Option<Host>,
    /// Its models.
    pub models: Vec<Model>,
    /// Where it is asked as a stand-in: the path of each task, after the base URL. `{model}` stands for the model's id.
    pub endpoints: BTreeMap<Task, String>,
    /// Where it is asked for a model that it knows by version only.
    pub by_version: Option<String>,
    /// Where it is asked for the state of a job. `{id}` stands for the job's id.
    pub job: Option<String>,
    /// The key of the body that names the model, if the path does not.
    pub model_key: Option<String>,
    /// Sizes that have a name.
    pub sizes: BTreeMap<String, Size>,
    /// Sizes by aspect ratio. Models render the same ratio at different sizes, so there are several such tables.
    pub ratios: BTreeMap<String, BTreeMap<String, Size>>,
    /// Sets of parameters. A model without [`Model::inputs`] has the set that is called like its task.
    pub inputs: BTreeMap<String, Vec<Input>>,
    /// Parameters that the models of a set have, and that nobody else can be told. They are reported as dropped; so is every
    /// key that stands nowhere.
    pub drops: BTreeMap<String, Vec<String>>,
    /// The object around the parameters, if the body is not the parameters themselves.
    pub envelope: Option<Envelope>,
    /// Parameters that make a request untranslatable.
    pub refusals: Vec<Refusal>,
    /// Where its answer holds what, as a stand-in's.
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
    /// What it is told besides, as a stand-in.
    #[serde(default)]
    pub constants: BTreeMap<String, Value>,
    /// Versions by which it is known, 64 hexadecimal digits each, the one to ask for first.
    #[serde(default)]
    pub versions: Vec<String>,
    /// It has no path of its own: it is asked by its first version.
    #[serde(default)]
    pub community: bool,
    /// It can be asked by a caller, and never stands in: an old name of another row, say.
    #[serde(default)]
    pub asked_only: bool,
    /// What it costs.
    #[serde(default)]
    pub price: Option<Price>,
}

/// A list price.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Price {
    /// US dollars per unit.
    pub usd: f64,
    /// The unit: `image`, `megapixel`, `second`, `video`, `minute`, `1000 characters`.
    pub per: String,
}

/// Where a provider of the user's is, and how it is shown a key. The key itself is a setting, never in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Host {
    /// Its name: at most 15 small letters, digits and dashes.
    pub name: String,
    /// Scheme, host, port if it is not the usual one, and a path prefix.
    pub base_url: String,
    /// How it is shown its key.
    pub authentication: Authentication,
    /// The hosts from which its files may be fetched, where a caller wants them as data.
    #[serde(default)]
    pub media_hosts: Vec<String>,
}

/// How a provider is shown its key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Authentication {
    /// `Authorization: Bearer ..`
    Bearer,
    /// `Authorization: Key ..`, as FAL does.
    Key,
    /// The key alone in a header of this name.
    Header(String),
}

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Task {
    /// Text or image to image.
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
    /// The words for this, and what they mean: `{ jpg = "jpeg" }`. No other word is one.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// The only numbers that are possible.
    #[serde(default)]
    pub among: Vec<f64>,
    /// A number is written as text.
    #[serde(default)]
    pub as_text: bool,
    /// An input image decides it: beside one, the provider does not look at it.
    #[serde(default)]
    pub unless_image: bool,
    /// Without it the provider refuses the request.
    #[serde(default)]
    pub required: bool,
    /// It is only read from callers, or only written to a stand-in.
    #[serde(default)]
    pub only: Option<Only>,
}

/// The one way in which a parameter is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Only {
    /// From a caller.
    Read,
    /// To a stand-in.
    Write,
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
    /// Parameters that hold a secret: no answer echoes them.
    #[serde(default)]
    pub secret: Vec<String>,
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
    /// The values that change nothing. Besides, what clients write for something unwanted never does: null, false, nothing.
    #[serde(default)]
    pub unless: Vec<Value>,
}

impl Model {
    pub(crate) fn substitution(&self) -> Substitution {
        self.substitution.unwrap_or_default()
    }
}

impl Task {
    pub(crate) const ALL: [Self; 4] = [Self::Image, Self::Video, Self::Transcription, Self::Speech];

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
