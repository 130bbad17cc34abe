//! FAL's outputs, as its clients' types have them (@fal-ai/client, crate fal).

use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::json;

use super::{Output, numbers, respond};
use crate::data::Answer;
use crate::form::{self, Size};

/// FAL's image where the model's answers hold sizes.
#[derive(Serialize)]
struct Sized<'a> {
    url: &'a str,
    width: u32,
    height: u32,
    content_type: &'a str,
}

/// FAL's file where they do not.
#[derive(Serialize)]
struct File<'a> {
    url: &'a str,
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<&'a str>,
}

/// A video with its measures.
#[derive(Serialize)]
struct Measured<'a> {
    #[serde(flatten)]
    file: File<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

/// A part of a transcript.
#[derive(Serialize)]
struct Chunk<'a> {
    timestamp: (f64, f64),
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    speaker: Option<&'a str>,
}

/// An output, ready to be an answer of its own.
pub(crate) fn answer(output: &Output<'_>) -> Response<Vec<u8>> {
    identified(respond(StatusCode::OK, output), &request_id(output.number))
}

/// With the header that every answer of FAL's has. From it clients learn whose result they have got.
pub(crate) fn identified(mut response: Response<Vec<u8>>, id: &str) -> Response<Vec<u8>> {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(HeaderName::from_static("x-fal-request-id"), id);
    }
    response
}

impl Serialize for Output<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.shape {
            Answer::Flux | Answer::FluxCounted => {
                map.serialize_entry("images", &self.sized())?;
                map.serialize_entry("timings", &json!({}))?;
                map.serialize_entry("seed", &self.seed())?;
                let flags = self.produced.files.iter().map(|file| file.nsfw.unwrap_or(false));
                map.serialize_entry("has_nsfw_concepts", &flags.collect::<Vec<_>>())?;
                map.serialize_entry("prompt", self.prompt)?;
                if self.shape == Answer::FluxCounted {
                    map.serialize_entry("num_images", &self.produced.files.len())?;
                }
            }
            Answer::FilesSeed => {
                map.serialize_entry("images", &self.files())?;
                map.serialize_entry("seed", &self.seed())?;
            }
            Answer::Files => map.serialize_entry("images", &self.files())?,
            Answer::Video | Answer::VideoSeed => {
                map.serialize_entry("video", &self.first().map(|it| file(it, "video/mp4")))?;
                if self.shape == Answer::VideoSeed {
                    map.serialize_entry("seed", &self.seed())?;
                }
            }
            Answer::Sora => {
                map.serialize_entry("video", &self.first().map(measured))?;
                map.serialize_entry("video_id", &request_id(self.number))?;
            }
            Answer::Audio => map.serialize_entry("audio", &self.first().map(|it| file(it, "audio/mpeg")))?,
            Answer::Whisper => {
                let transcript = self.produced.transcript.as_ref();
                map.serialize_entry("text", transcript.map_or("", |it| it.text.as_str()))?;
                map.serialize_entry("chunks", &self.chunks())?;
                let language = transcript.and_then(|it| it.language.as_deref());
                map.serialize_entry("inferred_languages", &language.into_iter().collect::<Vec<_>>())?;
                map.serialize_entry("diarization_segments", &json!([]))?;
            }
            // Replicate's: there an output is not an object of its own keys.
            Answer::One | Answer::List | Answer::Transcription | Answer::Chunks => {}
        }
        map.end()
    }
}

impl Output<'_> {
    fn first(&self) -> Option<&form::File> {
        self.produced.files.first()
    }

    fn sized(&self) -> Vec<Sized<'_>> {
        let images = self.produced.files.iter().map(|image| {
            let asked = self.size.unwrap_or(Size { width: 1024, height: 1024 });
            let Size { width, height } = image.size.unwrap_or(asked);
            Sized { url: &image.url, width, height, content_type: content_type(image, "image/jpeg") }
        });
        images.collect()
    }

    fn files(&self) -> Vec<File<'_>> {
        // FAL's own images are JPEG unless asked for otherwise.
        self.produced.files.iter().map(|image| file(image, "image/jpeg")).collect()
    }

    fn chunks(&self) -> Vec<Chunk<'_>> {
        let segments = self.produced.transcript.iter().flat_map(|transcript| &transcript.segments);
        segments
            .map(|part| Chunk {
                timestamp: (part.start, part.end),
                text: &part.text,
                speaker: part.speaker.as_deref(),
            })
            .collect()
    }
}

fn file<'a>(file: &'a form::File, usual: &'a str) -> File<'a> {
    File { url: &file.url, content_type: content_type(file, usual), file_name: file_name(&file.url) }
}

fn measured(video: &form::File) -> Measured<'_> {
    Measured {
        file: file(video, "video/mp4"),
        duration: video.duration,
        width: video.size.map(|size| size.width),
        height: video.size.map(|size| size.height),
    }
}

fn content_type<'a>(file: &'a form::File, usual: &'a str) -> &'a str {
    file.content_type.as_deref().unwrap_or(usual)
}

/// The last segment of a URL's path, if it looks like a file.
fn file_name(url: &str) -> Option<&str> {
    let path = url.strip_prefix("http")?.split(['?', '#']).next()?;
    path.rsplit('/').next().filter(|name| name.contains('.'))
}

/// An id like FAL's: a random UUID (RFC 9562, version 4), which is all that their clients expect.
fn request_id(number: u64) -> String {
    let mut numbers = numbers(number);
    let (high, low) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff,
    )
}
