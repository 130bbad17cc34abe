//! The answer in the shape of the provider that was asked: its status, its keys, its types.
//!
//! The shapes are what the providers' own clients insist on when they parse an answer: which keys must be there, which must be
//! whole numbers, where one URL stands in place of a list.

use std::time::{Duration, SystemTime};

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalogue::Source;
use crate::data::{Answer, Field};
use crate::form::{Image, ImageAnswer, ImageRequest, Size};
use crate::loss::{Loss, LossKind};
use crate::origin::Origin;
use crate::read;
use crate::route::{Prefer, Version};

/// All that goes into an answer.
pub(crate) struct Shape<'a> {
    pub(crate) source: &'a Source<'a>,
    pub(crate) request: &'a ImageRequest,
    pub(crate) answer: &'a ImageAnswer,
    pub(crate) body: &'a [u8],
    pub(crate) origin: &'a Origin,
    pub(crate) version: Option<&'a Version<'a>>,
    pub(crate) prefer: Option<Prefer>,
    pub(crate) started: SystemTime,
    pub(crate) ended: SystemTime,
    pub(crate) took: Duration,
    pub(crate) seed: u64,
}

/// FAL's image where the model's answers hold sizes.
#[derive(Serialize)]
struct Sized<'a> {
    url: &'a str,
    width: u32,
    height: u32,
    content_type: &'a str,
}

/// FAL's image where they do not.
#[derive(Serialize)]
struct File<'a> {
    url: &'a str,
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<&'a str>,
}

#[derive(Serialize)]
struct Flux<'a> {
    images: Vec<Sized<'a>>,
    timings: Timings,
    seed: i64,
    has_nsfw_concepts: Vec<bool>,
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_images: Option<usize>,
}

#[derive(Serialize)]
struct Timings {}

#[derive(Serialize)]
struct Files<'a> {
    images: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
}

#[derive(Serialize)]
struct Prediction<'a> {
    id: &'a str,
    model: &'a str,
    version: &'a str,
    input: Option<&'a RawValue>,
    logs: &'a str,
    output: Output<'a>,
    data_removed: bool,
    error: Option<()>,
    source: &'a str,
    status: &'a str,
    created_at: String,
    started_at: String,
    completed_at: String,
    metrics: Metrics,
    urls: Urls,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Output<'a> {
    One(&'a str),
    List(Vec<&'a str>),
}

#[derive(Serialize)]
struct Metrics {
    predict_time: f64,
    total_time: f64,
}

/// Without `stream`: its presence makes clients open it.
#[derive(Serialize)]
struct Urls {
    get: String,
    cancel: String,
    web: String,
}

/// What the answer lacks, and what it holds beyond what was asked for.
pub(crate) fn losses(source: &Source<'_>, request: &ImageRequest, answer: &ImageAnswer) -> Vec<Loss> {
    let (seeded, flagged, images) = match source.answer {
        Answer::Flux | Answer::FluxCounted => (true, true, "images"),
        Answer::FilesSeed => (true, false, "images"),
        Answer::Files => (false, false, "images"),
        Answer::One | Answer::List => (false, false, "output"),
    };
    let count = source.inputs.iter().find(|row| row.field == Field::Count);
    let (got, wanted) = (answer.images.len(), request.images());
    let mut losses = Vec::new();
    let mut lose = |lost: bool, key: &str, kind| losses.extend(lost.then(|| Loss::new(key, kind)));
    lose(seeded && answer.seed.of(request.seed).is_none(), "seed", LossKind::Invented);
    let unflagged = answer.images.iter().take(wanted).any(|image| image.nsfw.is_none());
    lose(flagged && unflagged, "has_nsfw_concepts", LossKind::Invented);
    let held = if source.answer == Answer::One { 1 } else { got };
    lose(held < wanted, count.map_or(images, |row| &row.key), LossKind::Short);
    lose(got > wanted.min(held), images, LossKind::Dropped);
    losses
}

impl Shape<'_> {
    pub(crate) fn write(&self) -> Response<Vec<u8>> {
        match self.source.answer {
            Answer::Flux => self.fal(&self.flux(None)),
            Answer::FluxCounted => self.fal(&self.flux(Some(self.answer.images.len()))),
            Answer::FilesSeed => self.fal(&self.files(Some(self.fal_seed()))),
            Answer::Files => self.fal(&self.files(None)),
            Answer::One => self.prediction(Output::One(self.urls().next().unwrap_or_default())),
            Answer::List => self.prediction(Output::List(self.urls().collect())),
        }
    }

    fn urls(&self) -> impl Iterator<Item = &str> {
        self.answer.images.iter().map(|image| image.url.as_str())
    }

    fn fal(&self, body: &impl Serialize) -> Response<Vec<u8>> {
        let mut response = respond(StatusCode::OK, body);
        if let Ok(id) = HeaderValue::from_str(&request_id(self.seed)) {
            response.headers_mut().insert(HeaderName::from_static("x-fal-request-id"), id);
        }
        response
    }

    fn flux(&self, num_images: Option<usize>) -> Flux<'_> {
        let images = self.answer.images.iter().map(|image| {
            let Size { width, height } = image.size.unwrap_or(self.request.size);
            Sized { url: &image.url, width, height, content_type: content_type(image) }
        });
        Flux {
            images: images.collect(),
            timings: Timings {},
            seed: self.fal_seed(),
            has_nsfw_concepts: self.answer.images.iter().map(|image| image.nsfw.unwrap_or(false)).collect(),
            prompt: &self.request.prompt,
            num_images,
        }
    }

    fn files(&self, seed: Option<i64>) -> Files<'_> {
        let images = self.answer.images.iter().map(|image| File {
            url: &image.url,
            content_type: content_type(image),
            file_name: file_name(&image.url),
        });
        Files { images: images.collect(), seed }
    }

    fn fal_seed(&self) -> i64 {
        self.answer.seed.of(self.request.seed).unwrap_or(0)
    }

    fn prediction(&self, output: Output<'_>) -> Response<Vec<u8>> {
        let id = id(self.seed);
        let base = format!("{}/v1/predictions/{id}", self.origin);
        let (started, ended) = (rfc3339(self.started), rfc3339(self.ended));
        let total = self.ended.duration_since(self.started).unwrap_or_default();
        let prediction = Prediction {
            id: &id,
            model: &self.source.model.id,
            version: self.version.and_then(Version::hash).unwrap_or("hidden"),
            input: read::echo(self.source, self.body),
            logs: "",
            output,
            data_removed: false,
            error: None,
            source: "api",
            status: "succeeded",
            created_at: started.clone(),
            started_at: started,
            completed_at: ended,
            metrics: Metrics { predict_time: seconds(self.took), total_time: seconds(total) },
            urls: Urls {
                cancel: format!("{base}/cancel"),
                get: base,
                web: format!("https://replicate.com/p/{id}"),
            },
        };
        let mut response = respond(StatusCode::CREATED, &prediction);
        let applied = match self.prefer {
            None => return response,
            Some(Prefer::Wait) => HeaderValue::from_static("wait"),
            Some(Prefer::Seconds(seconds)) => {
                HeaderValue::from_str(&format!("wait={seconds}")).unwrap_or(HeaderValue::from_static("wait"))
            }
        };
        response.headers_mut().insert(HeaderName::from_static("preference-applied"), applied);
        response
    }
}

fn respond(status: StatusCode, body: &impl Serialize) -> Response<Vec<u8>> {
    // Text, numbers and raw JSON under text keys: nothing that JSON cannot hold.
    let body = serde_json::to_vec(body).unwrap_or_else(|_| Value::Null.to_string().into_bytes());
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// FAL's own images are JPEG unless asked for otherwise.
fn content_type(image: &Image) -> &str {
    image.content_type.as_deref().unwrap_or("image/jpeg")
}

/// The last segment of a URL's path, if it looks like a file.
fn file_name(url: &str) -> Option<&str> {
    let path = url.strip_prefix("http")?.split(['?', '#']).next()?;
    path.rsplit('/').next().filter(|name| name.contains('.'))
}

/// An id like Replicate's (26 of a-z and 0-9) that can be told from theirs by its first letters.
fn id(seed: u64) -> String {
    let letters = numbers(seed).map(|n| char::from_digit((n % 36) as u32, 36).unwrap_or('0'));
    "nx".chars().chain(letters.take(24)).collect()
}

/// An id like FAL's: a random UUID (RFC 9562, version 4), which is all that their clients expect.
fn request_id(seed: u64) -> String {
    let mut numbers = numbers(seed);
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

/// SplitMix64, as everywhere where a seed becomes many numbers.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

fn rfc3339(time: SystemTime) -> String {
    /// The last second that the format can hold: the end of the year 9999.
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LAST);
    humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + since).to_string()
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}
