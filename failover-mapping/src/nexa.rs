//! NexaAPI: the neutral request in its words, and its answer read into the neutral form.
//!
//! What it answers is not written down anywhere, and its own SDK looks for the result in many places. So it is read liberally:
//! every place where a URL may stand. But what fails or is not finished is no result, wherever that is said; the same images under
//! several keys are counted once; and a URL must be one that can be handed to a caller.

use failover_core::Fault;
use serde::Serializer as _;
use serde_json::{Map, Value, json};
use url::{Host, Url};

use crate::catalogue::StandIn;
use crate::data::{AnswerKeys, Field, Input};
use crate::form::{Image, ImageAnswer, ImageRequest, Seed, Size};
use crate::json;
use crate::loss::{self, Loss, LossKind};
use crate::origin;
use crate::read::{Reading, Said};

/// The body of the request; what it cannot say is added to the losses.
pub(crate) fn request(stand_in: &StandIn<'_>, reading: &mut Reading<'_>) -> Vec<u8> {
    let Reading { request, said, losses } = reading;
    let mut body = vec![("model", json!(stand_in.model.id))];
    for (field, value) in fields(request) {
        let mut lose = |said: Option<&Said<'_>>, kind| {
            said.into_iter().for_each(|said| loss::note(losses, Loss::new(said.key, kind)));
        };
        let said = said.iter().find(|said| said.says(field));
        match stand_in.inputs.iter().find(|row| row.field == field) {
            Some(row) => {
                let clamped = clamp(row, &value);
                lose(said.filter(|_| clamped.is_some()), LossKind::Clamped);
                body.push((&row.key, clamped.unwrap_or(value)));
            }
            // A default that stays behind is none of the caller's wishes.
            None => lose(said.filter(|said| said.given), LossKind::Dropped),
        }
    }
    let mut text = Vec::with_capacity(256);
    let written = serde_json::Serializer::new(&mut text).collect_map(body);
    debug_assert!(written.is_ok(), "text keys and plain values are JSON");
    text
}

fn fields(request: &ImageRequest) -> impl Iterator<Item = (Field, Value)> {
    let ImageRequest { prompt, negative_prompt, size, steps, guidance, count, seed } = request;
    [
        (Field::Prompt, Some(json!(prompt))),
        (Field::NegativePrompt, negative_prompt.as_ref().map(|text| json!(text))),
        (Field::Width, Some(json!(size.width))),
        (Field::Height, Some(json!(size.height))),
        (Field::Steps, steps.map(|steps| json!(steps))),
        (Field::Guidance, guidance.map(|guidance| json!(guidance))),
        (Field::Count, count.map(|count| json!(count))),
        (Field::Seed, seed.map(|seed| json!(seed))),
    ]
    .into_iter()
    .filter_map(|(field, value)| Some((field, value?)))
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

/// How an answer is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) keys: &'a AnswerKeys,
    /// How many images were asked for.
    pub(crate) wanted: usize,
    /// NexaAPI is on this machine, so its images may be too.
    pub(crate) local: bool,
}

/// How deep in an answer a URL may stand: `{"result": {"images": [{"url": ..}]}}`, and some more.
const DEEPEST: u8 = 4;
/// More images than any request asks for.
const MOST: usize = 64;

impl Reader<'_> {
    /// Reads the body of an answer that claims success.
    pub(crate) fn answer(self, body: &[u8]) -> Result<ImageAnswer, Unusable> {
        let answer = json::object(body).map_err(|_| Fault::Malformed)?;
        let mut seed = Seed::Unsaid;
        let images = self.gather(&answer, &Around::default(), 0, &mut seed)?;
        if images.is_empty() { Err(Fault::Empty.into()) } else { Ok(ImageAnswer { images, seed }) }
    }

    /// The images under one of the object's keys: the first one that holds as many as are wanted, else the one that holds
    /// most. The other keys say the same again, or something that is no image, such as the job's own page.
    fn gather(
        self,
        object: &Map<String, Value>,
        around: &Around,
        depth: u8,
        seed: &mut Seed,
    ) -> Result<Vec<Image>, Unusable> {
        if depth > DEEPEST {
            return Ok(Vec::new());
        }
        self.check(object)?;
        note_seed(object, seed);
        let around = around.within(object);
        let mut best = Vec::new();
        for value in self.keys.nested.iter().chain(&self.keys.url).filter_map(|key| object.get(key)) {
            let found = match value {
                Value::Array(items) => self.gather_list(items, &around, depth, seed)?,
                Value::Object(inner) => self.gather(inner, &around, depth + 1, seed)?,
                Value::String(text) => image(text, &around, self.local).into_iter().collect(),
                _ => Vec::new(),
            };
            if best.len() < self.wanted && best.len() < found.len() {
                best = found;
            }
        }
        Ok(best)
    }

    /// One image of several may fail, and the others be good. If none is, the first failure tells why.
    fn gather_list(
        self,
        items: &[Value],
        around: &Around,
        depth: u8,
        seed: &mut Seed,
    ) -> Result<Vec<Image>, Unusable> {
        let (mut found, mut failed) = (Vec::<Image>::new(), None);
        for item in items {
            let more = match item {
                Value::Object(inner) => self.gather(inner, around, depth + 1, seed),
                Value::String(text) => Ok(image(text, around, self.local).into_iter().collect()),
                _ => continue,
            };
            match more {
                Ok(more) => {
                    for image in more.into_iter().take(MOST - found.len()) {
                        if found.iter().all(|known| known.url != image.url) {
                            found.push(image);
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

    /// An object that says of itself that it failed, or is not finished, holds no result.
    fn check(self, object: &Map<String, Value>) -> Result<(), Unusable> {
        let status = object.get("status").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        if self.keys.failed.contains(&status) || object.get("error").is_some_and(says_something) {
            return Err(Fault::ErrorInSuccess.into());
        }
        if self.keys.pending.contains(&status) {
            let note =
                "NexaAPI accepted the request as a job and has no result yet; its jobs are not waited for";
            return Err(Unusable { fault: Fault::Empty, note: Some(note) });
        }
        Ok(())
    }
}

fn says_something(error: &Value) -> bool {
    !matches!(error, Value::Null | Value::Bool(false))
        && *error != json!("")
        && *error != json!({})
        && *error != json!([])
}

/// The first object that knows the seed counts.
fn note_seed(object: &Map<String, Value>, seed: &mut Seed) {
    if let Some(said) = object.get("seed").filter(|said| !said.is_null() && !matches!(seed, Seed::Known(_))) {
        *seed = said.as_i64().map_or(Seed::Unfit, Seed::Known);
    }
}

/// What the objects around a URL say about its image.
#[derive(Clone, Default)]
struct Around {
    width: Option<u32>,
    height: Option<u32>,
    content_type: Option<String>,
    nsfw: Option<bool>,
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
            nsfw: object.get("nsfw").and_then(Value::as_bool).or(self.nsfw),
        }
    }
}

/// The image behind a URL that may be handed to a caller: on a host with a name, or the image itself. A number in place of a
/// name leads into the caller's own network, and this machine is nobody's media host unless NexaAPI itself is there.
fn image(text: &str, around: &Around, local: bool) -> Option<Image> {
    let url = Url::parse(text).ok()?;
    let here = local && origin::is_loopback(&url);
    let usable = match url.scheme() {
        "https" => here || matches!(url.host(), Some(Host::Domain(name)) if !is_this_machine(name)),
        "http" => here,
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

/// RFC 6761, section 6.3.
fn is_this_machine(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
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
