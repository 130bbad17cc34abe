//! NexaAPI: the neutral request in its words, and its answer read into the neutral form.
//!
//! What it answers is not written down anywhere, and its own SDK looks for the result in many places. So it is read liberally:
//! every place where a URL may stand, all images, in order, none twice. But a URL must be one that can be handed to a caller.

use failover_core::Fault;
use serde::Serializer as _;
use serde_json::{Map, Value, json};
use url::Url;

use crate::catalogue::StandIn;
use crate::data::{AnswerKeys, Field, Input};
use crate::form::{Image, ImageAnswer, ImageRequest, Size};
use crate::loss::{self, Loss, LossKind};
use crate::origin;

/// The body of the request; what it cannot say is added to the losses.
pub(crate) fn request(stand_in: &StandIn<'_>, request: &ImageRequest, losses: &mut Vec<Loss>) -> Vec<u8> {
    let mut body = vec![("model", json!(stand_in.model.id))];
    for (name, field, value) in fields(request) {
        match stand_in.inputs.iter().find(|row| row.field == field) {
            Some(row) => {
                let clamped = clamp(row, &value);
                if clamped.is_some() {
                    loss::note(losses, Loss::new(&row.key, LossKind::Clamped));
                }
                body.push((&row.key, clamped.unwrap_or(value)));
            }
            None => loss::note(losses, Loss::new(name, LossKind::Dropped)),
        }
    }
    let mut text = Vec::with_capacity(256);
    let written = serde_json::Serializer::new(&mut text).collect_map(body);
    debug_assert!(written.is_ok(), "text keys and plain values are JSON");
    text
}

fn fields(request: &ImageRequest) -> impl Iterator<Item = (&'static str, Field, Value)> {
    let ImageRequest { prompt, negative_prompt, size, steps, guidance, count, seed } = request;
    [
        ("prompt", Field::Prompt, Some(json!(prompt))),
        ("negative_prompt", Field::NegativePrompt, negative_prompt.as_ref().map(|text| json!(text))),
        ("width", Field::Width, Some(json!(size.width))),
        ("height", Field::Height, Some(json!(size.height))),
        ("steps", Field::Steps, steps.map(|steps| json!(steps))),
        ("guidance", Field::Guidance, guidance.map(|guidance| json!(guidance))),
        ("count", Field::Count, count.map(|count| json!(count))),
        ("seed", Field::Seed, seed.map(|seed| json!(seed))),
    ]
    .into_iter()
    .filter_map(|(name, field, value)| Some((name, field, value?)))
}

/// The nearest value that the row takes, if it is another one.
fn clamp(row: &Input, value: &Value) -> Option<Value> {
    let number = value.as_f64()?;
    let nearest = row.max.map_or(number, |max| number.min(max));
    let nearest = row.min.map_or(nearest, |min| nearest.max(min));
    let same = nearest == number;
    (!same).then(|| if value.is_i64() || value.is_u64() { json!(nearest as i64) } else { json!(nearest) })
}

/// A success that is none.
#[derive(Debug)]
pub(crate) struct Unusable {
    pub(crate) fault: Fault,
    pub(crate) note: Option<&'static str>,
}

impl From<Fault> for Unusable {
    fn from(fault: Fault) -> Self {
        Self { fault, note: None }
    }
}

/// Reads the body of an answer that claims success.
pub(crate) fn answer(keys: Option<&AnswerKeys>, body: &[u8]) -> Result<ImageAnswer, Unusable> {
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else { return Err(Fault::Malformed.into()) };
    let keys = keys.ok_or(Fault::Empty)?;
    let status = answer.get("status").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    if keys.failed.contains(&status) || answer.get("error").is_some_and(says_something) {
        return Err(Fault::ErrorInSuccess.into());
    }
    if keys.pending.contains(&status) {
        let note = "NexaAPI accepted the request as a job and has no result yet; its jobs are not waited for";
        return Err(Unusable { fault: Fault::Empty, note: Some(note) });
    }
    let mut found = Vec::new();
    gather(keys, &answer, &Around::default(), 0, &mut found);
    if found.is_empty() {
        return Err(Fault::Empty.into());
    }
    Ok(ImageAnswer { images: found, seed: seed(&answer) })
}

fn says_something(error: &Value) -> bool {
    !matches!(error, Value::Null | Value::Bool(false))
        && *error != json!("")
        && *error != json!({})
        && *error != json!([])
}

fn seed(answer: &Map<String, Value>) -> Option<i64> {
    let inner = || answer.get("result")?.as_object()?.get("seed");
    answer.get("seed").or_else(inner)?.as_i64()
}

/// What the objects around a URL say about its image.
#[derive(Clone, Default)]
struct Around {
    width: Option<u32>,
    height: Option<u32>,
    content_type: Option<String>,
    nsfw: bool,
}

impl Around {
    fn within(&self, object: &Map<String, Value>) -> Self {
        let side = |key: &str| {
            let side = object.get(key).and_then(Value::as_u64).and_then(|side| u32::try_from(side).ok());
            side.filter(|side| (1..=1 << 20).contains(side))
        };
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let named = text("content_type").or_else(|| text("mime_type")).and_then(media_type);
        let content_type = named.or_else(|| text("format").and_then(by_extension).map(str::to_owned));
        Self {
            width: side("width").or(self.width),
            height: side("height").or(self.height),
            content_type: content_type.or_else(|| self.content_type.clone()),
            nsfw: object.get("nsfw").and_then(Value::as_bool).unwrap_or(self.nsfw),
        }
    }
}

/// How deep in an answer a URL may stand: `{"result": {"images": [{"url": ..}]}}`, and some more.
const DEEPEST: u8 = 4;
/// More images than any request asks for.
const MOST: usize = 64;

fn gather(
    keys: &AnswerKeys,
    object: &Map<String, Value>,
    around: &Around,
    depth: u8,
    found: &mut Vec<Image>,
) {
    if depth > DEEPEST {
        return;
    }
    let around = around.within(object);
    for value in keys.url.iter().chain(&keys.nested).filter_map(|key| object.get(key)) {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for item in items {
            match item {
                Value::String(text) if found.len() < MOST => {
                    let new = image(text, &around);
                    found.extend(new.filter(|new| found.iter().all(|known| known.url != new.url)));
                }
                Value::Object(inner) => gather(keys, inner, &around, depth + 1, found),
                _ => {}
            }
        }
    }
}

/// The image behind a URL that may be handed to a caller: `https:`, `http:` on this machine, or the image itself.
fn image(text: &str, around: &Around) -> Option<Image> {
    let url = Url::parse(text).ok()?;
    let usable = match url.scheme() {
        "https" => url.has_host(),
        "http" => origin::is_loopback(&url),
        "data" => url.path().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("image/")),
        _ => false,
    };
    if !usable || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let inline = || media_type(url.path().split([';', ',']).next().filter(|_| url.scheme() == "data")?);
    let extension = || by_extension(url.path().rsplit_once('.')?.1).map(str::to_owned);
    let content_type = around.content_type.clone().or_else(inline).or_else(extension);
    let size = around.width.zip(around.height).map(|(width, height)| Size::new(width, height));
    // What was checked is what is handed on: the parser's own spelling.
    Some(Image { url: url.into(), content_type, size, nsfw: around.nsfw })
}

/// An image's media type, if it looks like one.
fn media_type(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    let subtype = text.strip_prefix("image/")?;
    (!subtype.is_empty() && subtype.len() < 64 && subtype.bytes().all(plain)).then(|| text.to_owned())
}

fn by_extension(extension: &str) -> Option<&'static str> {
    let known = [
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("jpeg", "image/jpeg"),
        ("webp", "image/webp"),
        ("gif", "image/gif"),
        ("avif", "image/avif"),
        ("svg", "image/svg+xml"),
    ];
    known.into_iter().find(|(ending, _)| extension.eq_ignore_ascii_case(ending)).map(|(_, media)| media)
}
