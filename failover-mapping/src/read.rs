//! The asked provider's request, read into the neutral form by the rows of its data.
//!
//! Only what the provider itself would take is read. What it would refuse, or what changes the request and cannot be carried
//! over, has no translation, and the reason names the field. Everything else that is left behind is a loss.

use serde_json::{Map, Value};

use crate::catalogue::Source;
use crate::codec;
use crate::data::{Field, Input, Only, ProviderData, Task};
use crate::form::{Datum, Form, Size};
use crate::json;
use crate::loss::{self, Loss, LossKind};

/// Why there is no translation. It names fields, and repeats no value.
pub(crate) type Untranslatable = String;

/// A request that was read.
#[derive(Clone, Debug)]
pub(crate) struct Reading<'c> {
    pub(crate) form: Form,
    /// Where each of its fields was read, so that what is lost later is called what the caller calls it.
    pub(crate) said: Vec<Said<'c>>,
    pub(crate) losses: Vec<Loss>,
}

/// Where a field was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'c> {
    pub(crate) field: Field,
    /// The asked provider's key.
    pub(crate) key: &'c str,
    /// By the caller; otherwise it is the provider's default.
    pub(crate) given: bool,
    /// Its value is only similar to what the provider would do. Whoever has the same words for it may do the same.
    pub(crate) approximate: bool,
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
        if !source.inputs.iter().any(|row| row.key == *key && row.only != Some(Only::Write)) {
            leave(source.data, key, value, false, &mut losses)?;
        }
    }
    let mut said = Vec::with_capacity(source.inputs.len());
    let form = fill(source, &input, &mut said)?;
    Ok(Reading { form, said, losses })
}

/// The input as the caller wrote it, for an answer that echoes it; an empty object if it is none.
pub(crate) fn echo(data: &ProviderData, body: &[u8]) -> Map<String, Value> {
    let inner = json::object(body).ok().zip(data.envelope.as_ref());
    match inner.and_then(|(mut outer, envelope)| outer.remove(&envelope.input)) {
        Some(Value::Object(mut input)) => {
            let secret = data.envelope.iter().flat_map(|envelope| &envelope.secret);
            secret.for_each(|key| drop(input.remove(key)));
            input
        }
        _ => Map::new(),
    }
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
        Some(refusal) if !is_off(value) && !refusal.unless.contains(value) => {
            Err(format!("{key}: {}", refusal.why))
        }
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

fn fill<'c>(
    source: &Source<'c>,
    input: &Map<String, Value>,
    said: &mut Vec<Said<'c>>,
) -> Result<Form, Untranslatable> {
    let mut form = Form::new(source.model.task);
    let says = |row: &Input| input.get(&row.key).is_some_and(|value| !value.is_null());
    let image = source.inputs.iter().any(|row| row.field == Field::Image && says(row));
    for row in source.inputs.iter().filter(|row| row.only != Some(Only::Write)) {
        if image && row.unless_image {
            continue;
        }
        let settled = form.get(row.field).is_some();
        let sized = form.size().is_some() && matches!(row.field, Field::Width | Field::Height);
        let given = input.get(&row.key).filter(|value| !value.is_null());
        let default = || source.model.defaults.get(&row.key).or(row.default.as_ref());
        let Some(value) = given.or_else(default).filter(|_| !settled && !sized) else {
            if row.required && given.is_none() {
                return Err(format!("{} is missing", row.key));
            }
            continue;
        };
        if value.as_str().is_some_and(|word| row.defer.iter().any(|deferring| deferring == word)) {
            continue;
        }
        let datum =
            codec::read(row, value, source.data).map_err(|mistake| format!("{} {mistake}", row.key))?;
        if matches!(&datum, Datum::Text(text) if text.is_empty()) {
            // An empty prompt is one, of a model that thinks of something itself.
            if row.required && row.field != Field::Prompt {
                return Err(format!("{} is empty", row.key));
            }
            if !row.required {
                continue;
            }
        }
        form.put(row.field, datum);
        let (given, approximate) = (given.is_some(), row.approximate);
        said.push(Said { field: row.field, key: &row.key, given, approximate });
    }
    derive(&mut form);
    if form.task == Task::Image && form.size().is_none() && form.get(Field::Image).is_none() {
        return Err("width or height is missing".to_owned());
    }
    Ok(form)
}

/// What follows from what was said, in the words that other providers ask for.
fn derive(form: &mut Form) {
    let side = |field| form.integer(field).and_then(|side| u32::try_from(side).ok());
    if let Some((width, height)) = side(Field::Width).zip(side(Field::Height)) {
        form.put(Field::Size, Datum::Size(Size::new(width, height)));
    }
    if let Some((frames, rate)) = form.number(Field::Frames).zip(form.number(Field::FrameRate))
        && rate > 0.0
    {
        // To the hundredth of a second: 81 frames at 16 are 5.06 s.
        form.put(Field::Duration, Datum::Number((frames / rate * 100.0).round() / 100.0));
    }
    let short = form.text(Field::Resolution).and_then(|text| text.strip_suffix('p')?.parse::<u32>().ok());
    let ratio = form.text(Field::AspectRatio).and_then(|text| text.split_once(':'));
    let ratio = ratio.and_then(|(wide, high)| Some((wide.parse::<f64>().ok()?, high.parse::<f64>().ok()?)));
    if let Some((short, (wide, high))) =
        short.zip(ratio).filter(|(_, (wide, high))| *wide > 0.0 && *high > 0.0)
    {
        let aspect = (wide.max(high) / wide.min(high)).min(100.0);
        // Encoders want even sides.
        let long = ((f64::from(short.min(1 << 14)) * aspect / 2.0).round() * 2.0) as u32;
        let size = if wide >= high { Size::new(long, short) } else { Size::new(short, long) };
        form.put(Field::Size, Datum::Size(size));
    }
}
