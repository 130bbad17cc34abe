//! The neutral form, written as a stand-in's request by the rows of its data.

use serde::Serializer as _;
use serde_json::{Value, json};

use crate::catalogue::StandIn;
use crate::codec::{self, Written};
use crate::data::{Codec, Field, Input, Only, Substitution, Task};
use crate::form::{Datum, Form};
use crate::loss::{self, Loss, LossKind};
use crate::read::{Reading, Said, Untranslatable};

/// A stand-in's request.
#[derive(Clone)]
pub(crate) struct Translation {
    pub(crate) body: Vec<u8>,
    /// What was lost on the way, from the asked provider's words into the stand-in's.
    pub(crate) losses: Vec<Loss>,
}

/// The body of the request, and what it cannot say.
pub(crate) fn request(stand_in: &StandIn<'_>, reading: &Reading<'_>) -> Result<Translation, Untranslatable> {
    let mut draft =
        Draft { stand_in, reading, losses: reading.losses.clone(), body: Vec::new(), told: Vec::new() };
    if let Some(key) = &stand_in.data.model_key {
        draft.body.push((key, json!(stand_in.model.id)));
    }
    for (field, datum) in reading.form.fields() {
        draft.tell(field, datum);
    }
    draft.require()?;
    draft.forget()?;
    draft.body.extend(stand_in.model.constants.iter().map(|(key, value)| (key.as_str(), value.clone())));
    Ok(Translation { body: draft.wrapped(), losses: draft.losses })
}

struct Draft<'a> {
    stand_in: &'a StandIn<'a>,
    reading: &'a Reading<'a>,
    losses: Vec<Loss>,
    body: Vec<(&'a str, Value)>,
    told: Vec<Field>,
}

impl<'a> Draft<'a> {
    fn rows(&self, field: Field) -> impl Iterator<Item = &'a Input> + use<'a> {
        self.stand_in.inputs.iter().filter(move |row| row.field == field && row.only != Some(Only::Read))
    }

    fn said(&self, field: Field) -> Option<&'a Said<'a>> {
        let said = &self.reading.said;
        said.iter()
            .find(|said| said.field == field)
            .or_else(|| said.iter().find(|said| field.covers(said.field)))
    }

    fn lose(&mut self, field: Field, kind: LossKind) {
        if let Some(said) = self.said(field) {
            loss::note(&mut self.losses, Loss::new(said.key, kind));
        }
    }

    fn tell(&mut self, field: Field, datum: &Datum) {
        if self.is_default_of_another(field) || self.is_beside_an_image(field) {
            return;
        }
        match (field, datum) {
            (Field::Size, Datum::Size(_)) => self.tell_size(datum),
            // Sides that were read one by one are told as a size.
            (Field::Width | Field::Height, _) if self.reading.form.size().is_some() => {}
            _ => {
                for row in self.rows(field) {
                    self.put(row, datum);
                }
            }
        }
    }

    /// Steps that are right for one model say nothing to a variant of it.
    fn is_default_of_another(&self, field: Field) -> bool {
        let given = self.said(field).is_none_or(|said| said.given);
        !given && field.is_tuned() && self.stand_in.model.substitution() == Substitution::Variant
    }

    /// How far to go from an image says nothing without one; and a result is as large as its image unless the caller wants
    /// another size.
    fn is_beside_an_image(&self, field: Field) -> bool {
        let form = &self.reading.form;
        let unsaid = self.said(field).is_none_or(|said| !said.given);
        match field {
            Field::Strength => form.get(Field::Image).is_none(),
            Field::ImagePromptStrength => form.get(Field::ImagePrompt).is_none(),
            Field::Size | Field::Width | Field::Height => {
                form.task == Task::Image && form.get(Field::Image).is_some() && unsaid
            }
            _ => false,
        }
    }

    fn put(&mut self, row: &'a Input, datum: &Datum) {
        // Sides that were guessed from a ratio, unless they are told as that ratio again.
        let guessed = self.said(row.field).is_some_and(|said| said.approximate) && row.codec != Codec::Ratio;
        let (value, loss) = match codec::write(row, datum, self.stand_in.data) {
            Written::Exact(value) => (value, guessed.then_some(LossKind::Approximated)),
            Written::Clamped(value) => (value, Some(LossKind::Clamped)),
            Written::Near(value) => (value, Some(LossKind::Approximated)),
            Written::Unsayable => return,
        };
        if let Some(kind) = loss {
            self.lose(row.field, kind);
        }
        self.told.push(row.field);
        self.body.push((&row.key, value));
    }

    /// By the first row that says it exactly, else as two sides, else by the row that comes near.
    fn tell_size(&mut self, datum: &Datum) {
        let Datum::Size(size) = *datum else { return };
        let (stand_in, mut near) = (self.stand_in, None);
        for row in self.rows(Field::Size) {
            match codec::write(row, datum, stand_in.data) {
                Written::Exact(_) => return self.put(row, datum),
                Written::Near(_) => near = near.or(Some(row)),
                Written::Clamped(_) | Written::Unsayable => {}
            }
        }
        let sides = self.rows(Field::Width).next().zip(self.rows(Field::Height).next());
        let Some((width, height)) = sides else {
            return near.into_iter().for_each(|row| self.put(row, datum));
        };
        let [wide, high] = [size.width, size.height].map(|side| Datum::Integer(side.into()));
        let fits = |row, side| matches!(codec::write(row, side, stand_in.data), Written::Exact(_));
        match near {
            Some(row) if !(fits(width, &wide) && fits(height, &high)) => self.put(row, datum),
            Some(row) => {
                // The word that leaves the decision to the sides.
                if let Some(word) = row.defer.first().filter(|_| row.codec == Codec::Ratio) {
                    self.body.push((&row.key, json!(word)));
                }
                self.put(width, &wide);
                self.put(height, &high);
            }
            None => {
                self.put(width, &wide);
                self.put(height, &high);
            }
        }
    }

    /// What the stand-in's model refuses to do without.
    fn require(&self) -> Result<(), Untranslatable> {
        let rows = self.stand_in.inputs.iter().filter(|row| row.required && row.only != Some(Only::Read));
        let told = |key: &str| {
            self.body.iter().any(|(told, _)| *told == key) || self.stand_in.model.constants.contains_key(key)
        };
        match rows.into_iter().find(|row| !told(&row.key)) {
            Some(row) => {
                let name = self.stand_in.provider.proper();
                Err(format!("{name} must be given {} here", row.field.what()))
            }
            None => Ok(()),
        }
    }

    /// What was said and not told: it is lost, unless the request is another one without it.
    fn forget(&mut self) -> Result<(), Untranslatable> {
        for said in &self.reading.said {
            let field = said.field;
            let told = self.told.iter().any(|told| *told == field || told.covers(field));
            let beside = self.is_beside_an_image(field);
            if told || beside || field == Field::Inline || is_nothing(field, &self.reading.form) {
                continue;
            }
            // What helps to understand a sound is not what is asked for.
            let hint = field == Field::Prompt && self.reading.form.task == Task::Transcription;
            if field.is_essential() && !hint {
                let name = self.stand_in.provider.proper();
                return Err(format!("{}: {name} cannot be given {} here", said.key, field.what()));
            }
            let kind = if said.given { LossKind::Dropped } else { LossKind::Defaulted };
            loss::note(&mut self.losses, Loss::new(said.key, kind));
        }
        Ok(())
    }

    fn wrapped(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(256);
        let mut serializer = serde_json::Serializer::new(&mut text);
        let body = self.body.iter().map(|(key, value)| (*key, value));
        let written = match &self.stand_in.data.envelope {
            None => serializer.collect_map(body),
            Some(envelope) => {
                let inner: serde_json::Map<_, _> =
                    body.map(|(key, value)| (key.to_owned(), value.clone())).collect();
                let version = self.stand_in.version().map(|version| ("version", json!(version)));
                let input = (envelope.input.as_str(), Value::Object(inner));
                serializer.collect_map(version.into_iter().chain([input]))
            }
        };
        debug_assert!(written.is_ok(), "text keys and plain values are JSON");
        text
    }
}

/// What asks for nothing that would not happen anyway.
pub(crate) fn is_nothing(field: Field, form: &Form) -> bool {
    match (field, form.get(field)) {
        (Field::Count, Some(Datum::Integer(count))) => *count == 1,
        (Field::Translate | Field::Diarize | Field::Raw, Some(Datum::Flag(flag))) => !flag,
        (Field::Speed, Some(datum)) => datum.number() == Some(1.0),
        _ => false,
    }
}
