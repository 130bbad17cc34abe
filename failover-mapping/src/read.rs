//! The asked provider's request, read into the neutral form by the rows of its data.
//!
//! Only what the provider itself would take is read. What it would refuse, or what changes the request and cannot be carried
//! over, has no translation, and the reason names the field. Everything else that is left behind is a loss.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::catalogue::Source;
use crate::codec::{self, Datum};
use crate::data::{Field, Input, ProviderData, Substitution};
use crate::form::{ImageRequest, Size};
use crate::json;
use crate::loss::{self, Loss, LossKind};

/// Why there is no translation. It names fields, and repeats no value.
pub(crate) type Untranslatable = String;

/// A request that was read.
#[derive(Debug)]
pub(crate) struct Reading<'c> {
    pub(crate) request: ImageRequest,
    /// Where each of its fields was read, so that what is lost later is called what the caller calls it.
    pub(crate) said: Vec<Said<'c>>,
    pub(crate) losses: Vec<Loss>,
}

/// Where a field was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'c> {
    field: Field,
    /// The asked provider's key.
    pub(crate) key: &'c str,
    /// By the caller; otherwise it is the provider's default.
    pub(crate) given: bool,
}

impl Said<'_> {
    /// Whether this said that field, on its own or as a part.
    pub(crate) fn says(&self, field: Field) -> bool {
        self.field == field || (self.field == Field::Size && matches!(field, Field::Width | Field::Height))
    }
}

/// Reads the body of a request for this model.
pub(crate) fn request<'c>(source: &Source<'c>, body: &[u8]) -> Result<Reading<'c>, Untranslatable> {
    let mut losses = Vec::new();
    let mut input = json::object(body).map_err(|mistake| format!("the body {mistake}"))?;
    if let Some(envelope) = &source.data.envelope {
        let inner = input.remove(&envelope.input).ok_or_else(|| format!("{} is missing", envelope.input))?;
        for (key, value) in &input {
            leave(source.data, key, value, envelope.ignore.contains(key), &mut losses)?;
        }
        let Value::Object(inner) = inner else { return Err(format!("{} is not an object", envelope.input)) };
        input = inner;
    }
    for (key, value) in &input {
        let known = source.inputs.iter().any(|row| row.key == *key);
        leave(source.data, key, value, known, &mut losses)?;
    }
    let mut said = Vec::with_capacity(source.inputs.len());
    let request = fill(source, &input, &mut said, &mut losses)?;
    Ok(Reading { request, said, losses })
}

/// The input as the caller wrote it, for an answer that echoes it. Only of a body that was read.
pub(crate) fn echo<'b>(source: &Source<'_>, body: &'b [u8]) -> Option<&'b RawValue> {
    let mut outer: BTreeMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    outer.remove(&source.data.envelope.as_ref()?.input)
}

/// Leaves a key behind, unless that would change what is asked.
fn leave(
    data: &ProviderData,
    key: &str,
    value: &Value,
    known: bool,
    losses: &mut Vec<Loss>,
) -> Result<(), Untranslatable> {
    match data.refusals.iter().find(|refusal| refusal.key == key) {
        Some(refusal) if !is_off(value) => Err(format!("{key}: {}", refusal.why)),
        None if !known && !value.is_null() => {
            loss::note(losses, Loss::new(key, LossKind::Dropped));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What clients write for something that is not wanted.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(items) => items.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// What the rows have said so far.
#[derive(Default)]
struct Draft {
    prompt: Option<String>,
    negative_prompt: Option<String>,
    size: Option<Size>,
    width: Option<u32>,
    height: Option<u32>,
    steps: Option<i64>,
    guidance: Option<f64>,
    count: Option<i64>,
    seed: Option<i64>,
}

fn fill<'c>(
    source: &Source<'c>,
    input: &Map<String, Value>,
    said: &mut Vec<Said<'c>>,
    losses: &mut Vec<Loss>,
) -> Result<ImageRequest, Untranslatable> {
    let mut draft = Draft::default();
    for row in source.inputs {
        if draft.size.is_some() && matches!(row.field, Field::Size | Field::Width | Field::Height) {
            continue;
        }
        let given = input.get(&row.key).filter(|value| !value.is_null());
        let Some(value) = given.or_else(|| default(source, row)) else { continue };
        if value.as_str().is_some_and(|word| row.defer.iter().any(|deferring| deferring == word)) {
            continue;
        }
        let datum =
            codec::read(row, value, source.data).map_err(|mistake| format!("{} {mistake}", row.key))?;
        draft.put(row.field, datum);
        said.push(Said { field: row.field, key: &row.key, given: given.is_some() });
        if row.approximate {
            loss::note(losses, Loss::new(&row.key, LossKind::Approximated));
        }
    }
    let size = draft.size.or_else(|| Some(Size::new(draft.width?, draft.height?)));
    Ok(ImageRequest {
        prompt: draft.prompt.ok_or("prompt is missing")?,
        negative_prompt: draft.negative_prompt.filter(|prompt| !prompt.is_empty()),
        size: size.ok_or("width or height is missing")?,
        steps: draft.steps,
        guidance: draft.guidance,
        count: draft.count,
        seed: draft.seed,
    })
}

/// The asked provider's default. Of steps and guidance it means something for the same model only.
fn default<'a>(source: &Source<'a>, row: &'a Input) -> Option<&'a Value> {
    let tuned = matches!(row.field, Field::Steps | Field::Guidance);
    if tuned && source.stand_in.model.substitution() == Substitution::Variant {
        return None;
    }
    source.model.defaults.get(&row.key).or(row.default.as_ref())
}

impl Draft {
    fn put(&mut self, field: Field, datum: Datum) {
        // Which codec a field may have is checked when the data are read.
        match (field, datum) {
            (Field::Prompt, Datum::Text(text)) => self.prompt = Some(text),
            (Field::NegativePrompt, Datum::Text(text)) => self.negative_prompt = Some(text),
            (Field::Size, Datum::Size(size)) => self.size = Some(size),
            (Field::Width, Datum::Integer(side)) => self.width = u32::try_from(side).ok(),
            (Field::Height, Datum::Integer(side)) => self.height = u32::try_from(side).ok(),
            (Field::Steps, Datum::Integer(steps)) => self.steps = Some(steps),
            (Field::Guidance, Datum::Number(guidance)) => self.guidance = Some(guidance),
            (Field::Count, Datum::Integer(count)) => self.count = Some(count),
            (Field::Seed, Datum::Integer(seed)) => self.seed = Some(seed),
            _ => {}
        }
    }
}
