//! What becomes of each parameter: no restatement of the data, but what the translation really does with sample values.
//!
//! The samples are all that the asked provider's row tells about its values: the default, every word, every entry of the table,
//! the bounds and something between them. What a parameter needs beside it is given too, as it would mean nothing alone: the
//! image of a strength, the height of a width.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::catalogue::{Catalogue, Source, StandIn};
use crate::data::{Codec, Field, Input, Only, ProviderData, Size};
use crate::loss::LossKind;
use crate::provider::ProviderName;
use crate::redact;
use crate::{read, write};

/// A parameter of a model, and what a stand-in is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Covered<'c> {
    /// The asked provider's key.
    pub key: &'c str,
    /// What became of its values: each outcome once, the best one first. A value beyond these is possible where the provider
    /// takes any text.
    pub said: Vec<Coverage>,
}

/// What becomes of a parameter, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Coverage {
    /// The stand-in is told the same.
    Exact,
    /// It is told the nearest value it takes.
    Clamped,
    /// It is told something similar.
    Approximated,
    /// It is not told, and the loss is reported.
    Dropped,
    /// The request would be another one without it: the stand-in is not asked.
    Declined,
}

impl Coverage {
    /// `exact`, `clamped`, `approximated`, `dropped` or `declined`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Clamped => "clamped",
            Self::Approximated => "approximated",
            Self::Dropped => "dropped",
            Self::Declined => "declined",
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Catalogue {
    /// What a stand-in is told of each parameter of a model, by the model's own id, as [`Catalogue::resolve`] takes it: the
    /// parameters of its set, those that nobody else can be told, and those that make a request untranslatable. Nothing, if
    /// that provider does not stand in for this model.
    ///
    /// ```
    /// use failover_mapping::{Catalogue, Coverage, ProviderName};
    ///
    /// let catalogue = Catalogue::built_in()?;
    /// let said = |key, by| {
    ///     let mut covered = catalogue.coverage(ProviderName::Fal, "fal-ai/flux/schnell", by);
    ///     covered.find(|covered| covered.key == key).expect("it has such a key").said
    /// };
    /// assert_eq!(said("image_size", ProviderName::Nexa), [Coverage::Exact]);
    /// assert_eq!(said("loras", ProviderName::Nexa), [Coverage::Declined]);
    /// // Replicate's takes four steps at most, and FAL's twelve.
    /// assert_eq!(said("num_inference_steps", ProviderName::Replicate), [Coverage::Exact, Coverage::Clamped]);
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn coverage<'c>(
        &'c self,
        provider: ProviderName,
        id: &str,
        by: ProviderName,
    ) -> impl Iterator<Item = Covered<'c>> + use<'c> {
        let row = match provider {
            ProviderName::Replicate => self.row_of_version(id),
            _ => self.row(provider, id),
        };
        let source = row.and_then(|row| self.source(provider, row)).filter(|_| by != provider);
        let trial =
            source.and_then(|source| Some(Trial { source, stand_in: self.stand_in(source.model, by)? }));
        trial.into_iter().flat_map(Trial::covered)
    }
}

/// A model and who is tried in its place.
struct Trial<'c> {
    source: Source<'c>,
    stand_in: StandIn<'c>,
}

impl<'c> Trial<'c> {
    fn covered(self) -> Vec<Covered<'c>> {
        let Source { data, model, .. } = self.source;
        let rows = self.rows().map(|row| {
            let beside = self.beside(row);
            let tried = self.samples(row).into_iter().filter_map(|value| self.tried(row, &beside, value));
            Covered { key: &row.key, said: best_first(tried) }
        });
        let drops = data.drops.get(model.inputs_name()).into_iter().flatten().map(String::as_str);
        let refusals = data.refusals.iter().map(|refusal| refusal.key.as_str());
        let others = drops.chain(refusals).filter(|key| self.rows().all(|row| row.key != *key));
        let others = others.map(|key| {
            let beside = self.required(key);
            Covered { key, said: vec![self.outcome(key, &beside, json!("something"))] }
        });
        rows.chain(others).collect()
    }

    /// What the model is asked with.
    fn rows(&self) -> impl Iterator<Item = &'c Input> + use<'c> {
        self.source.inputs.iter().filter(|row| row.only != Some(Only::Write))
    }

    /// What becomes of this value, unless it asks for nothing that would not happen anyway.
    fn tried(&self, row: &Input, beside: &Map<String, Value>, value: Value) -> Option<Coverage> {
        let reading = read::request(&self.source, &self.body(&row.key, beside, value.clone())).ok();
        let nothing = reading.is_some_and(|reading| write::is_nothing(row.field, &reading.form));
        (!nothing).then(|| self.outcome(&row.key, beside, value))
    }

    fn outcome(&self, key: &str, beside: &Map<String, Value>, value: Value) -> Coverage {
        let reading = read::request(&self.source, &self.body(key, beside, value));
        let Ok(translation) = reading.and_then(|reading| write::request(&self.stand_in, &reading)) else {
            return Coverage::Declined;
        };
        let losses = translation.losses.iter().filter(|loss| loss.field == redact::key(key));
        let worst = losses.filter_map(|loss| match loss.kind {
            LossKind::Clamped => Some(Coverage::Clamped),
            LossKind::Approximated => Some(Coverage::Approximated),
            LossKind::Dropped | LossKind::Defaulted => Some(Coverage::Dropped),
            LossKind::Invented | LossKind::Short => None, // of answers
        });
        worst.max().unwrap_or(Coverage::Exact)
    }

    fn body(&self, key: &str, beside: &Map<String, Value>, value: Value) -> Vec<u8> {
        let mut input = beside.clone();
        input.insert(key.to_owned(), value);
        let body = match &self.source.data.envelope {
            None => Value::Object(input),
            Some(envelope) => json!({ envelope.input.as_str(): input }),
        };
        body.to_string().into_bytes()
    }

    /// What every request says.
    fn required(&self, but: &str) -> Map<String, Value> {
        let rows = self.rows().filter(|row| row.required && row.key != but);
        rows.filter_map(|row| Some((row.key.clone(), self.samples(row).pop()?))).collect()
    }

    /// The same, and what else this parameter means nothing without.
    fn beside(&self, row: &Input) -> Map<String, Value> {
        let mut beside = self.required(&row.key);
        for other in self.rows().filter(|other| other.key != row.key) {
            let value = match (row.field, other.field) {
                (Field::Strength, Field::Image)
                | (Field::ImagePromptStrength, Field::ImagePrompt)
                | (Field::Width, Field::Height)
                | (Field::Height, Field::Width) => self.samples(other).pop(),
                (Field::Size | Field::Width | Field::Height, Field::Size) => {
                    other.defer.first().map(|word| json!(word))
                }
                _ => None,
            };
            beside.extend(value.map(|value| (other.key.clone(), value)));
        }
        beside
    }

    /// Values that the asked provider takes; the last one of a flag is `true`.
    fn samples(&self, row: &Input) -> Vec<Value> {
        let default = self.source.model.defaults.get(&row.key).or(row.default.as_ref());
        let default = default.filter(|value| row.defer.iter().all(|word| *value != word));
        let mut samples: Vec<Value> = default.into_iter().cloned().collect();
        samples.extend(values(row, self.source.data));
        samples
    }
}

/// Each once.
fn best_first(outcomes: impl Iterator<Item = Coverage>) -> Vec<Coverage> {
    let mut outcomes: Vec<_> = outcomes.collect();
    outcomes.sort_unstable();
    outcomes.dedup();
    outcomes
}

/// Values of every kind that a row tells of.
fn values(row: &Input, data: &ProviderData) -> Vec<Value> {
    let pixels = |size: &Size| json!(format!("{}x{}", size.width, size.height));
    let table = row.ratios.as_ref().and_then(|table| data.ratios.get(table));
    match row.codec {
        Codec::Text | Codec::Flag if !row.words.is_empty() => {
            row.words.keys().map(|word| json!(word)).collect()
        }
        Codec::Text => vec![json!("some words")],
        Codec::Flag => vec![json!(false), json!(true)],
        Codec::Integer | Codec::Number => numbers(row),
        Codec::Size => {
            let odd = [(1000, 680), (2048, 1536)]
                .map(|(width, height)| json!({ "width": width, "height": height }));
            data.sizes.keys().map(|name| json!(name)).chain(odd).collect()
        }
        Codec::Ratio => table.into_iter().flat_map(|table| table.keys()).map(|ratio| json!(ratio)).collect(),
        Codec::Pixels => match table {
            Some(table) => table.values().map(pixels).collect(),
            None => [Size::new(512, 1536), Size::new(1280, 720)].iter().map(pixels).collect(),
        },
        Codec::Url => vec![json!("https://files.example/a")],
        Codec::Language => vec![json!("de")],
        Codec::LanguageName => vec![json!("german")],
    }
}

/// The possible ones, or the bounds and what lies between them.
fn numbers(row: &Input) -> Vec<Value> {
    /// The greatest seed that some providers draw.
    const MANY: f64 = 4_294_967_295.0;
    let (min, max) = (row.min.unwrap_or(1.0), row.max.unwrap_or(MANY));
    let between = min + (max - min) * 0.3;
    let numbers = if row.among.is_empty() { vec![min, between, max] } else { row.among.clone() };
    let written = numbers.into_iter().map(|number| match row.codec {
        Codec::Integer => json!(number as i64),
        _ => json!(number),
    });
    written.map(|number| if row.as_text { json!(number.to_string()) } else { number }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const ASKED: [ProviderName; 2] = [ProviderName::Fal, ProviderName::Replicate];
    const STAND_INS: [ProviderName; 3] = [ProviderName::Nexa, ProviderName::Replicate, ProviderName::Fal];

    /// Every row of every model with every stand-in.
    fn trials(catalogue: &Catalogue) -> impl Iterator<Item = Trial<'_>> {
        let pairs = ASKED.into_iter().flat_map(|asked| STAND_INS.map(|by| (asked, by)));
        pairs.filter(|(asked, by)| asked != by).flat_map(move |(asked, by)| {
            let rows = catalogue.provider(asked).unwrap().models.len();
            (0..rows).filter_map(move |row| {
                let source = catalogue.source(asked, row)?;
                Some(Trial { source, stand_in: catalogue.stand_in(source.model, by)? })
            })
        })
    }

    #[test]
    fn the_asked_provider_would_take_every_sample() {
        let catalogue = Catalogue::built_in().unwrap();
        for trial in trials(&catalogue) {
            for row in trial.rows() {
                let (beside, samples) = (trial.beside(row), trial.samples(row));
                assert!(!samples.is_empty());
                for value in samples {
                    let read =
                        read::request(&trial.source, &trial.body(&row.key, &beside, value.clone())).map(drop);
                    assert_eq!(read, Ok(()), "{} {value}", trial.source.model.id);
                }
            }
        }
    }

    /// Different values that are called exact are told differently; one alone changes what is told.
    #[test]
    fn what_is_exact_is_told() {
        let catalogue = Catalogue::built_in().unwrap();
        let told = |trial: &Trial<'_>, body: Vec<u8>| {
            let reading = read::request(&trial.source, &body)?;
            let translation = write::request(&trial.stand_in, &reading)?;
            Ok::<_, read::Untranslatable>(String::from_utf8_lossy(&translation.body).into_owned())
        };
        let plain = |value: &Value| value.as_f64().map_or(value.to_string(), |number| number.to_string());
        let plain = |value: &Value| plain(value).trim_matches('"').to_owned();
        let mut different = 0;
        for trial in trials(&catalogue) {
            // Files as data URIs are made by us.
            for row in trial.rows().filter(|row| row.field != Field::Inline) {
                let beside = trial.beside(row);
                let values = trial.samples(row).into_iter();
                let exact =
                    values.filter(|value| trial.tried(row, &beside, value.clone()) == Some(Coverage::Exact));
                let exact: BTreeMap<_, _> = exact
                    .map(|value| (plain(&value), told(&trial, trial.body(&row.key, &beside, value))))
                    .collect();
                let bodies: BTreeSet<_> = exact.values().collect();
                let (id, by) = (&trial.source.model.id, trial.stand_in.provider);
                assert_eq!(bodies.len(), exact.len(), "{id}, {} to {by}: {exact:?}", row.key);
                let default = trial.source.model.defaults.get(&row.key).or(row.default.as_ref()).map(plain);
                if exact.len() == 1 && !exact.contains_key(&default.unwrap_or_default()) {
                    let unsaid = told(&trial, trial.body(&row.key, &beside, Value::Null));
                    assert!(!bodies.contains(&unsaid), "{id}, {} to {by}", row.key);
                }
                different += exact.len();
            }
        }
        assert!(different > 500, "{different} values");
    }

    #[test]
    fn what_the_stand_in_refuses_to_do_without_is_declined() {
        let catalogue = Catalogue::built_in().unwrap();
        // On Replicate, this model always begins with an image.
        let id = "fal-ai/minimax/video-01-live";
        let mut covered = catalogue.coverage(ProviderName::Fal, id, ProviderName::Replicate);
        assert!(covered.all(|covered| covered.said == [Coverage::Declined]));
        assert_eq!(said(&catalogue, id, "prompt", ProviderName::Nexa), [Coverage::Exact]);
    }

    #[test]
    fn a_ratio_that_both_have_is_no_loss_though_its_size_is_a_guess() {
        let catalogue = Catalogue::built_in().unwrap();
        for id in ["fal-ai/flux-pro/v1.1-ultra", "fal-ai/ideogram/v2"] {
            let ratio = |by| said(&catalogue, id, "aspect_ratio", by);
            assert_eq!(ratio(ProviderName::Replicate), [Coverage::Exact]);
            assert_eq!(ratio(ProviderName::Nexa), [Coverage::Approximated]);
        }
    }

    fn said(catalogue: &Catalogue, id: &str, key: &str, by: ProviderName) -> Vec<Coverage> {
        let mut covered = catalogue.coverage(ProviderName::Fal, id, by);
        covered.find(|covered| covered.key == key).unwrap().said
    }

    #[test]
    fn nobody_stands_in_for_what_has_no_row() {
        let catalogue = Catalogue::built_in().unwrap();
        for (id, by) in [
            ("fal-ai/unknown", ProviderName::Nexa),
            ("fal-ai/flux/dev", ProviderName::Fal),
            ("fal-ai/wan-t2v", ProviderName::Replicate),
        ] {
            assert_eq!(catalogue.coverage(ProviderName::Fal, id, by).count(), 0, "{id} {by}");
        }
    }
}
