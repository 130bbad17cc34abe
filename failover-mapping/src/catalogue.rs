//! All models of all providers, and which stands in for which: the data files, merged with the user's rows.

use std::collections::BTreeMap;

use crate::builder::OwnData;
use crate::check;
use crate::data::{Answer, Input, Model, ProviderData, Substitution, Task};
use crate::error::{ConfigError, Place};
use crate::provider::ProviderName;

/// The tables, for looking things up by hand.
///
/// ```
/// use failover_mapping::{Catalogue, Substitution};
///
/// let catalogue = Catalogue::built_in()?;
/// let flux = catalogue.resolve_fal("fal-ai/flux-pro").expect("it has a row");
/// assert_eq!((flux.stand_in, flux.substitution), ("flux-2-pro", Substitution::Variant));
/// assert!(catalogue.resolve_fal("fal-ai/flux-pro/kontext").is_none()); // an exact match, or none
/// # Ok::<(), failover_mapping::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Catalogue {
    fal: Table,
    replicate: Table,
    nexa: Table,
}

#[derive(Clone, Debug)]
struct Table {
    data: ProviderData,
    /// Where each model stands in the data: by its own name, or by its neutral name for a stand-in.
    rows: BTreeMap<String, usize>,
    /// The file of each model.
    files: Vec<String>,
}

/// A model, and NexaAPI's model that stands in for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved<'a> {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's own name of the model.
    pub id: &'a str,
    /// Its neutral name.
    pub model: &'a str,
    /// What it does.
    pub task: Task,
    /// NexaAPI's name of the model that stands in for it.
    pub stand_in: &'a str,
    /// Where NexaAPI is asked for it: the path after the base URL.
    pub endpoint: &'a str,
    /// Whether that is the same model.
    pub substitution: Substitution,
    /// Whether requests for it are answered by NexaAPI today. The other rows can be looked up only.
    pub answered: bool,
}

/// All that is known about a model whose requests are answered by a stand-in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'c> {
    pub(crate) provider: ProviderName,
    pub(crate) data: &'c ProviderData,
    pub(crate) model: &'c Model,
    pub(crate) inputs: &'c [Input],
    pub(crate) answer: Answer,
    pub(crate) stand_in: StandIn<'c>,
}

/// The model that stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StandIn<'c> {
    pub(crate) data: &'c ProviderData,
    pub(crate) model: &'c Model,
    pub(crate) inputs: &'c [Input],
}

const BUILT_IN: [(ProviderName, &str); 3] = [
    (ProviderName::Fal, include_str!("../data/fal.toml")),
    (ProviderName::Replicate, include_str!("../data/replicate.toml")),
    (ProviderName::Nexa, include_str!("../data/nexa.toml")),
];

impl Catalogue {
    /// The tables that come with this crate.
    ///
    /// # Errors
    ///
    /// None, unless the crate's own data are broken.
    pub fn built_in() -> Result<Self, ConfigError> {
        Self::with(&[])
    }

    /// The built-in tables and, over them, the user's.
    pub(crate) fn with(own: &[OwnData]) -> Result<Self, ConfigError> {
        let mut catalogue = Self { fal: Table::empty(), replicate: Table::empty(), nexa: Table::empty() };
        let built_in = BUILT_IN.map(|(provider, text)| (Place { provider, file: "built-in" }, text));
        let own = own.iter().map(|OwnData { provider, file, toml }| {
            (Place { provider: *provider, file: file.as_str() }, toml.as_str())
        });
        for (place, text) in built_in.into_iter().chain(own) {
            let table = catalogue.table_mut(place.provider);
            table.merge(place, parse(place, text)?)?;
            check::provider(place, &table.data)?; // after each file, so that a refusal can name it
        }
        check::stand_ins(&catalogue)?;
        Ok(catalogue)
    }

    const fn table(&self, provider: ProviderName) -> &Table {
        match provider {
            ProviderName::Fal => &self.fal,
            ProviderName::Replicate => &self.replicate,
            ProviderName::Nexa => &self.nexa,
        }
    }

    const fn table_mut(&mut self, provider: ProviderName) -> &mut Table {
        match provider {
            ProviderName::Fal => &mut self.fal,
            ProviderName::Replicate => &mut self.replicate,
            ProviderName::Nexa => &mut self.nexa,
        }
    }

    /// The data of one provider: the built-in ones and the user's.
    #[must_use]
    pub const fn provider(&self, provider: ProviderName) -> &ProviderData {
        &self.table(provider).data
    }

    /// What stands in for a FAL model, by its exact id: `fal-ai/flux/dev`.
    #[must_use]
    pub fn resolve_fal(&self, id: &str) -> Option<Resolved<'_>> {
        self.resolve(ProviderName::Fal, self.row(ProviderName::Fal, id)?)
    }

    /// What stands in for a Replicate model, by its exact name: `stability-ai/sdxl`.
    #[must_use]
    pub fn resolve_replicate(&self, name: &str) -> Option<Resolved<'_>> {
        self.resolve(ProviderName::Replicate, self.row(ProviderName::Replicate, name)?)
    }

    /// All models of FAL or Replicate, in the order of the tables.
    pub fn models(&self, provider: ProviderName) -> impl Iterator<Item = Resolved<'_>> {
        (0..self.provider(provider).models.len()).filter_map(move |row| self.resolve(provider, row))
    }

    /// The place of a model in its provider's data.
    pub(crate) fn row(&self, provider: ProviderName, id: &str) -> Option<usize> {
        self.table(provider).rows.get(id).copied()
    }

    fn resolve(&self, provider: ProviderName, row: usize) -> Option<Resolved<'_>> {
        let model = self.provider(provider).models.get(row)?;
        let stand_in = self.stand_in(provider, model)?;
        Some(Resolved {
            provider,
            id: &model.id,
            model: &model.model,
            task: model.task,
            stand_in: &stand_in.id,
            endpoint: self.nexa.data.endpoints.get(&model.task)?,
            substitution: stand_in.substitution(),
            answered: self.source(provider, row).is_some(),
        })
    }

    /// The file in which a model stands.
    pub(crate) fn place(&self, provider: ProviderName, row: usize) -> Place<'_> {
        let file = self.table(provider).files.get(row);
        Place { provider, file: file.map_or("", String::as_str) }
    }

    /// The row of NexaAPI's data that stands in for this model.
    pub(crate) fn stand_in_row(&self, model: &Model) -> Option<usize> {
        self.nexa.rows.get(&model.model).copied()
    }

    fn stand_in(&self, provider: ProviderName, model: &Model) -> Option<&Model> {
        let row = self.stand_in_row(model).filter(|_| provider != ProviderName::Nexa)?;
        self.nexa.data.models.get(row)
    }

    /// A model whose requests are answered by a stand-in; none for the tasks that are only looked up.
    pub(crate) fn source(&self, provider: ProviderName, row: usize) -> Option<Source<'_>> {
        let data = self.provider(provider);
        let model = data.models.get(row).filter(|model| model.task == Task::Image)?;
        let stand_in = self.stand_in(provider, model)?;
        Some(Source {
            provider,
            data,
            model,
            inputs: data.inputs_of(model)?,
            answer: model.answer?,
            stand_in: StandIn {
                data: &self.nexa.data,
                model: stand_in,
                inputs: self.nexa.data.inputs_of(stand_in)?,
            },
        })
    }
}

fn parse(place: Place<'_>, text: &str) -> Result<ProviderData, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        // A value that has the wrong type is pointed at by its own place; its key stands before it.
        let named = before.trim_end().strip_suffix('=').and_then(|before| {
            before.trim_end().rsplit(|c: char| c.is_whitespace() || matches!(c, '{' | ',')).next()
        });
        let key = named.map_or_else(|| format!("line {line}"), |key| format!("line {line}: {key}"));
        // `toml` would name the shapes of all providers.
        if named == Some("answer") {
            check::no_answer(place, key)
        } else {
            place.refuse(key, error.message())
        }
    })
}

impl Table {
    fn empty() -> Self {
        Self { data: ProviderData::default(), rows: BTreeMap::new(), files: Vec::new() }
    }

    fn merge(&mut self, place: Place<'_>, more: ProviderData) -> Result<(), ConfigError> {
        let mut seen = BTreeMap::new();
        for model in more.models {
            let name = if place.provider == ProviderName::Nexa { &model.model } else { &model.id };
            if seen.insert(name.clone(), ()).is_some() {
                return Err(place.refuse(format!("models.{name}"), "stands there twice: remove one"));
            }
            let known = self.rows.get(name).copied();
            match known.and_then(|row| self.data.models.get_mut(row).zip(self.files.get_mut(row))) {
                Some((row, file)) => (*row, *file) = (model, place.file.to_owned()),
                None => {
                    self.rows.insert(name.clone(), self.data.models.len());
                    self.data.models.push(model);
                    self.files.push(place.file.to_owned());
                }
            }
        }
        self.data.endpoints.extend(more.endpoints);
        self.data.sizes.extend(more.sizes);
        self.data.ratios.extend(more.ratios);
        self.data.inputs.extend(more.inputs);
        self.data.envelope = more.envelope.or(self.data.envelope.take());
        self.data.answer = more.answer.or(self.data.answer.take());
        // The first row that fits counts, so the user's go before.
        self.data.refusals.splice(0..0, more.refusals);
        self.data.verdicts.splice(0..0, more.verdicts);
        Ok(())
    }
}

impl ProviderData {
    /// The parameters of a model.
    pub(crate) fn inputs_of(&self, model: &Model) -> Option<&[Input]> {
        self.inputs.get(model.inputs.as_deref().unwrap_or(model.task.as_str())).map(Vec::as_slice)
    }
}
