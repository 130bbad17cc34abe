//! The fields of the neutral form.

use serde::Deserialize;

/// A field of the neutral form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Field {
    /// What to show; for a transcription, what helps to understand it.
    Prompt,
    /// What not to show.
    NegativePrompt,
    /// Width and height together.
    Size,
    /// Width in pixels.
    Width,
    /// Height in pixels.
    Height,
    /// A video's sides as a ratio: `16:9`.
    AspectRatio,
    /// A video's shorter side: `720p`.
    Resolution,
    /// Inference steps.
    Steps,
    /// Guidance scale.
    Guidance,
    /// How many images.
    Count,
    /// The seed.
    Seed,
    /// The URL of the image that is changed, or that a video begins with.
    Image,
    /// How far the result may be from that image, 0 to 1.
    Strength,
    /// The URL of an image that says what to show, as a prompt does.
    ImagePrompt,
    /// How much of it is wanted, 0 to 1.
    ImagePromptStrength,
    /// `jpeg`, `png`, `webp`; `mp3` and others for sound.
    Format,
    /// Of a lossy format, 0 to 100.
    Quality,
    /// How much is let through by the model's own moderation, 1 to 6.
    SafetyTolerance,
    /// Whether the result is checked for what is not safe for work.
    SafetyChecker,
    /// Whether the prompt may be rewritten.
    Expand,
    /// Less processed, more like a photograph.
    Raw,
    /// A style by name.
    Style,
    /// Files as data URIs. Nobody is told: we fetch them.
    Inline,
    /// Seconds of video or sound.
    Duration,
    /// Frames of a video.
    Frames,
    /// Frames per second.
    FrameRate,
    /// The URL of a sound to transcribe.
    Audio,
    /// A language: ISO 639-1.
    Language,
    /// Whether a transcription is translated into English.
    Translate,
    /// Whether speakers are told apart.
    Diarize,
    /// How many speakers there are.
    Speakers,
    /// What of a transcript has times: `none`, `segment` or `word`.
    Timestamps,
    /// Randomness of a transcription.
    Temperature,
    /// What to say.
    Text,
    /// A voice by name.
    Voice,
    /// How fast to speak; 1 is as usual.
    Speed,
    /// How alike repeated speech is, 0 to 1.
    Stability,
    /// How like the voice's original, 0 to 1.
    Similarity,
    /// How expressive, 0 to 1.
    Expression,
}

impl Field {
    /// Whether the request is another one without it, so that a stand-in that cannot be told cannot serve.
    pub(crate) const fn is_essential(self) -> bool {
        matches!(
            self,
            Self::Prompt | Self::Image | Self::ImagePrompt | Self::Audio | Self::Text | Self::Translate
        )
    }

    /// Whether its best value depends on the model, so that a default of one says nothing to a variant of it.
    pub(crate) const fn is_tuned(self) -> bool {
        matches!(self, Self::Steps | Self::Guidance)
    }

    /// What it is, for a refusal: `an input image`.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Prompt => "a prompt",
            Self::Image => "an input image",
            Self::ImagePrompt => "an image as a prompt",
            Self::Audio => "a sound",
            Self::Text => "a text",
            Self::Translate => "a translation",
            _ => "this",
        }
    }

    /// Whether telling this field tells `other` too.
    pub(crate) const fn covers(self, other: Self) -> bool {
        match self {
            Self::Size => matches!(other, Self::Width | Self::Height | Self::Resolution | Self::AspectRatio),
            Self::Width => matches!(other, Self::Size | Self::Resolution | Self::AspectRatio),
            Self::Duration => matches!(other, Self::Frames | Self::FrameRate),
            _ => false,
        }
    }
}
