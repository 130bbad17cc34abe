//! Strict readers of FAL's and Replicate's answers, built from what their clients insist on: a key that is missing, has
//! another type or is not known there ends the test.

#![allow(dead_code, reason = "each test file uses its part, and most fields are read by being parsed")]

use http::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// FAL's answer to a submit: crate fal wants the four texts, fal_client `queue_position`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Submitted {
    pub(crate) status: String,
    pub(crate) request_id: String,
    pub(crate) response_url: String,
    pub(crate) status_url: String,
    pub(crate) cancel_url: String,
    pub(crate) queue_position: u32,
    pub(crate) logs: Option<Vec<Log>>,
    pub(crate) metrics: Map<String, Value>,
}

/// FAL's queue status, by the words that fal_client knows. A failed job is a completed one with an error.
#[derive(Debug, Deserialize)]
#[serde(tag = "status", deny_unknown_fields)]
pub(crate) enum QueueStatus {
    #[serde(rename = "IN_QUEUE")]
    Queued {
        queue_position: u32,
        request_id: String,
        response_url: String,
        status_url: String,
        cancel_url: String,
        logs: Option<Vec<Log>>,
        metrics: Map<String, Value>,
    },
    #[serde(rename = "IN_PROGRESS")]
    Running {
        request_id: String,
        response_url: String,
        status_url: String,
        cancel_url: String,
        logs: Option<Vec<Log>>,
        metrics: Map<String, Value>,
    },
    #[serde(rename = "COMPLETED")]
    Completed {
        request_id: String,
        response_url: String,
        status_url: String,
        cancel_url: String,
        logs: Option<Vec<Log>>,
        metrics: Map<String, Value>,
        error: Option<String>,
        error_type: Option<String>,
    },
}

impl QueueStatus {
    /// The word, and whether it says how it failed.
    pub(crate) fn said(&self) -> (&'static str, bool) {
        match self {
            Self::Queued { .. } => ("IN_QUEUE", false),
            Self::Running { .. } => ("IN_PROGRESS", false),
            Self::Completed { error, error_type, .. } => {
                assert_eq!(error.is_some(), error_type.is_some());
                ("COMPLETED", error.is_some())
            }
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    message: String,
    level: String,
    source: String,
    timestamp: String,
}

/// `{"detail": ..}`, with an `error_type` where the job is to blame.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detail {
    pub(crate) detail: String,
    pub(crate) error_type: Option<String>,
}

/// The images of the flux family: crate fal breaks without timings, seed or flags, and by a size that is null.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flux {
    pub(crate) images: Vec<Image>,
    pub(crate) timings: Map<String, Value>,
    pub(crate) seed: i64,
    pub(crate) has_nsfw_concepts: Vec<bool>,
    pub(crate) prompt: String,
    pub(crate) num_images: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    pub(crate) url: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) content_type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Files {
    pub(crate) images: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeededFiles {
    pub(crate) images: Vec<File>,
    pub(crate) seed: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) url: String,
    pub(crate) content_type: String,
    pub(crate) file_name: Option<String>,
    pub(crate) file_size: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Video {
    pub(crate) video: File,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeededVideo {
    pub(crate) video: File,
    pub(crate) seed: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sora {
    pub(crate) video: Measured,
    pub(crate) video_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measured {
    pub(crate) url: String,
    pub(crate) content_type: String,
    pub(crate) file_name: Option<String>,
    pub(crate) duration: Option<f64>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Audio {
    pub(crate) audio: File,
}

/// Crate fal needs the text, the languages and the (empty) speakers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whisper {
    pub(crate) text: String,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) inferred_languages: Vec<String>,
    pub(crate) diarization_segments: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chunk {
    pub(crate) timestamp: (f64, f64),
    pub(crate) text: String,
    pub(crate) speaker: Option<String>,
}

/// A prediction that replicate 1.0.7 and replicate-rust take.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prediction<Output> {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) version: String,
    pub(crate) input: Map<String, Value>,
    pub(crate) logs: String,
    pub(crate) output: Option<Output>,
    pub(crate) data_removed: bool,
    pub(crate) error: Option<String>,
    pub(crate) source: Source,
    pub(crate) status: Status,
    pub(crate) created_at: String,
    pub(crate) started_at: Option<String>,
    pub(crate) completed_at: Option<String>,
    pub(crate) metrics: Metrics,
    pub(crate) urls: Urls,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Api,
    Web,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Starting,
    Processing,
    Succeeded,
    Failed,
    Canceled,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metrics {
    pub(crate) predict_time: Option<f64>,
    pub(crate) total_time: Option<f64>,
}

/// Without `stream`: clients open it if it is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Urls {
    pub(crate) get: String,
    pub(crate) cancel: String,
    pub(crate) web: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transcription {
    pub(crate) detected_language: Option<String>,
    pub(crate) transcription: String,
    pub(crate) segments: Vec<Value>,
    pub(crate) translation: Option<String>,
    pub(crate) txt_file: Option<String>,
    pub(crate) srt_file: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chunks {
    pub(crate) text: String,
    pub(crate) chunks: Vec<Chunk>,
}

/// Replicate's error: `status` is a number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Problem {
    pub(crate) title: Option<String>,
    pub(crate) detail: String,
    pub(crate) status: u16,
}

/// Reads the body, which says that it is JSON: @fal-ai/client takes it for text otherwise.
pub(crate) fn read<T: DeserializeOwned>(answer: &Response<Vec<u8>>) -> T {
    assert_eq!(answer.headers()["content-type"], "application/json");
    serde_json::from_slice(answer.body())
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(answer.body())))
}
