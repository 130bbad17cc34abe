//! All models of all providers, and which stands in for which: the data files, merged with the user's rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::check;
use crate::data::{Answer, Input, Model, Price, ProviderData, Substitution, Task};
use crate::error::{ConfigError, Place, one_of, without_values};
use crate::provider::ProviderName;
use crate::settings::{Dialect, OwnData};

/// The file of the rows that come with this crate.
pub(crate) const BUILT_IN: &str = "built-in";

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
    /// FAL, Replicate, NexaAPI, then the user's.
    tables: Vec<Table>,
}

#[derive(Clone, Debug)]
struct Table {
    provider: ProviderName,
    data: ProviderData,
    /// Where each model stands in the data, by its own name.
    by_id: BTreeMap<String, usize>,
    /// Where the model stands that serves under this neutral name.
    by_model: BTreeMap<String, usize>,
    /// Where the model stands that has this version.
    by_version: BTreeMap<String, usize>,
    /// The file of each model.
    files: Vec<String>,
}

/// A model, and the model of another provider that stands in for it.
#[derive(Clone, Debug, PartialEq)]
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
    /// Who stands in.
    pub by: ProviderName,
    /// That provider's name of the model that stands in.
    pub stand_in: &'a str,
    /// Where that provider is asked for it: the path after the base URL.
    pub endpoint: &'a str,
    /// Whether that is the same model.
    pub substitution: Substitution,
    /// What the asked model costs.
    pub price: Option<&'a Price>,
    /// What the model costs that stands in.
    pub stand_in_price: Option<&'a Price>,
}

/// All that is known about a model that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'c> {
    pub(crate) provider: ProviderName,
    pub(crate) data: &'c ProviderData,
    pub(crate) model: &'c Model,
    pub(crate) inputs: &'c [Input],
    pub(crate) answer: Answer,
}

/// A model that stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StandIn<'c> {
    pub(crate) provider: ProviderName,
    pub(crate) data: &'c ProviderData,
    pub(crate) model: &'c Model,
    pub(crate) inputs: &'c [Input],
}

impl<'c> StandIn<'c> {
    /// The version by which it is asked, if it is.
    pub(crate) fn version(&self) -> Option<&'c str> {
        self.model.versions.first().filter(|_| self.model.community).map(String::as_str)
    }

    /// The path at which it is asked, with `{model}` where its name stands.
    pub(crate) fn endpoint(&self) -> Option<&'c str> {
        match self.version() {
            Some(_) => self.data.by_version.as_deref(),
            None => self.data.endpoints.get(&self.model.task).map(String::as_str),
        }
    }
}

/// All data that comes with this crate.
pub(crate) const FILES: [&str; 4] = [FAL, REPLICATE, NEXA, NEXA_SDK];

const FAL: &str = include_str!("../data/fal.toml");
const REPLICATE: &str = include_str!("../data/replicate.toml");
const NEXA: &str = include_str!("../data/nexa.toml");
const NEXA_SDK: &str = include_str!("../data/nexa-sdk.toml");

impl Catalogue {
    /// The tables that come with this crate.
    ///
    /// # Errors
    ///
    /// None, unless the crate's own data are broken.
    pub fn built_in() -> Result<Self, ConfigError> {
        Self::with(Dialect::Http, &[])
    }

    /// The built-in tables and, over them, the user's.
    pub(crate) fn with(dialect: Dialect, own: &[OwnData]) -> Result<Self, ConfigError> {
        let nexa = match dialect {
            Dialect::Http => NEXA,
            Dialect::Sdk => NEXA_SDK,
        };
        let mut catalogue = Self { tables: Vec::new() };
        let built_in =
            [(ProviderName::Fal, FAL), (ProviderName::Replicate, REPLICATE), (ProviderName::Nexa, nexa)];
        for (provider, text) in built_in {
            let place = Place { provider, file: BUILT_IN };
            let mut table = Table::new(provider);
            table.merge(place, parse(place, text)?)?;
            check::provider(place, &table.data)?;
            catalogue.tables.push(table);
        }
        for OwnData { provider, file, toml } in own {
            catalogue.add(*provider, file, toml)?;
        }
        check::stand_ins(&catalogue)?;
        Ok(catalogue)
    }

    fn add(&mut self, provider: Option<ProviderName>, file: &str, toml: &str) -> Result<(), ConfigError> {
        // Of a provider whose file cannot be read, the name is not known.
        let place = Place { provider: provider.unwrap_or(ProviderName::UNNAMED), file };
        let data = parse(place, toml)?;
        let provider = match (provider, &data.host) {
            (Some(provider), _) => provider,
            (None, Some(host)) => ProviderName::other(&host.name).ok_or_else(|| {
                let reason = "is no name of its own: use at most 15 small letters, digits and dashes";
                place.refuse("host.name", reason)
            })?,
            (None, None) => return Err(place.refuse("host", "is missing: say where the provider is")),
        };
        let place = Place { provider, file };
        if self.table(provider).is_none() {
            if data.host.is_none() {
                return Err(place.refuse("host", "is missing: declare the provider before adding rows to it"));
            }
            self.tables.push(Table::new(provider));
        } else if data.host.is_some() {
            return Err(place.refuse("host", "stands there already: a provider is declared in one place"));
        }
        let Some(table) = self.tables.iter_mut().find(|table| table.provider == provider) else {
            return Ok(());
        };
        table.merge(place, data)?;
        check::provider(place, &table.data) // after each file, so that a refusal can name it
    }

    fn table(&self, provider: ProviderName) -> Option<&Table> {
        self.tables.iter().find(|table| table.provider == provider)
    }

    /// Everybody who is known.
    pub fn providers(&self) -> impl Iterator<Item = ProviderName> {
        self.tables.iter().map(|table| table.provider)
    }

    /// The data of one provider: the built-in ones and the user's. None of one that nobody has declared.
    #[must_use]
    pub fn provider(&self, provider: ProviderName) -> Option<&ProviderData> {
        self.table(provider).map(|table| &table.data)
    }

    /// NexaAPI's model that stands in for a FAL model, by its exact id: `fal-ai/flux/dev`.
    #[must_use]
    pub fn resolve_fal(&self, id: &str) -> Option<Resolved<'_>> {
        self.resolve(ProviderName::Fal, id, ProviderName::Nexa)
    }

    /// NexaAPI's model that stands in for a Replicate model, by its exact name (`stability-ai/sdxl`), with a version
    /// (`stability-ai/sdxl:39ed..`), or by a version alone.
    #[must_use]
    pub fn resolve_replicate(&self, name: &str) -> Option<Resolved<'_>> {
        self.resolve(ProviderName::Replicate, name, ProviderName::Nexa)
    }

    /// What stands in for a provider's model at another provider.
    #[must_use]
    pub fn resolve(&self, provider: ProviderName, id: &str, by: ProviderName) -> Option<Resolved<'_>> {
        let row = match provider {
            ProviderName::Replicate => self.row_of_version(id)?,
            _ => self.row(provider, id)?,
        };
        self.resolved(provider, row, by)
    }

    /// All models of a provider that have a stand-in at another one, in the order of the tables.
    pub fn models(&self, provider: ProviderName, by: ProviderName) -> impl Iterator<Item = Resolved<'_>> {
        let rows = self.provider(provider).map_or(0, |data| data.models.len());
        (0..rows).filter_map(move |row| self.resolved(provider, row, by))
    }

    /// The place of a model in its provider's data.
    pub(crate) fn row(&self, provider: ProviderName, id: &str) -> Option<usize> {
        self.table(provider)?.by_id.get(id).copied()
    }

    /// The place of a Replicate model that is named by `owner/name`, `owner/name:hash` or a hash.
    pub(crate) fn row_of_version(&self, version: &str) -> Option<usize> {
        let table = self.table(ProviderName::Replicate)?;
        match version.split_once(':') {
            Some((model, hash)) if is_hash(hash) => table.by_id.get(model),
            Some(_) => None,
            None if is_hash(version) => table.by_version.get(version),
            None => table.by_id.get(version),
        }
        .copied()
    }

    fn resolved(&self, provider: ProviderName, row: usize, by: ProviderName) -> Option<Resolved<'_>> {
        let source = self.source(provider, row)?;
        let stand_in = self.stand_in(source.model, by).filter(|_| by != provider)?;
        Some(Resolved {
            provider,
            id: &source.model.id,
            model: &source.model.model,
            task: source.model.task,
            by,
            stand_in: &stand_in.model.id,
            endpoint: stand_in.endpoint()?,
            substitution: stand_in.model.substitution(),
            price: source.model.price.as_ref(),
            stand_in_price: stand_in.model.price.as_ref(),
        })
    }

    /// The file in which a model stands.
    pub(crate) fn place(&self, provider: ProviderName, row: usize) -> Place<'_> {
        let file = self.table(provider).and_then(|table| table.files.get(row));
        Place { provider, file: file.map_or("", String::as_str) }
    }

    /// The model of that provider which serves for this one.
    pub(crate) fn stand_in(&self, model: &Model, by: ProviderName) -> Option<StandIn<'_>> {
        self.stand_in_at(by, self.stand_in_row(model, by)?)
    }

    /// Where it stands in that provider's data.
    pub(crate) fn stand_in_row(&self, model: &Model, by: ProviderName) -> Option<usize> {
        let row = *self.table(by)?.by_model.get(&model.model)?;
        let found = self.stand_in_at(by, row)?;
        (found.model.task == model.task && found.endpoint().is_some()).then_some(row)
    }

    /// The model that stands there.
    pub(crate) fn stand_in_at(&self, by: ProviderName, row: usize) -> Option<StandIn<'_>> {
        let data = &self.table(by)?.data;
        let model = data.models.get(row)?;
        Some(StandIn { provider: by, data, model, inputs: data.inputs_of(model)? })
    }

    /// A model that can be asked for.
    pub(crate) fn source(&self, provider: ProviderName, row: usize) -> Option<Source<'_>> {
        let data = self.provider(provider)?;
        let model = data.models.get(row)?;
        Some(Source { provider, data, model, inputs: data.inputs_of(model)?, answer: model.answer? })
    }
}

/// What a version is called by.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
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
            let shapes = Task::ALL.iter().flat_map(|task| Answer::of(place.provider, *task));
            let mut known: Vec<_> = shapes.map(|shape| shape.as_str()).collect();
            let mut seen = BTreeSet::new();
            known.retain(|name| seen.insert(*name));
            place.refuse(
                key,
                match &known[..] {
                    [] => "has no effect here: say it in the asked provider's row".to_owned(),
                    known => format!(
                        "is not a shape in which this provider answers: use {}",
                        one_of(known.iter().copied())
                    ),
                },
            )
        } else {
            place.refuse(key, without_values(error.message()))
        }
    })
}

impl Table {
    fn new(provider: ProviderName) -> Self {
        Self {
            provider,
            data: ProviderData::default(),
            by_id: BTreeMap::new(),
            by_model: BTreeMap::new(),
            by_version: BTreeMap::new(),
            files: Vec::new(),
        }
    }

    fn merge(&mut self, place: Place<'_>, more: ProviderData) -> Result<(), ConfigError> {
        let asked = matches!(place.provider, ProviderName::Fal | ProviderName::Replicate);
        let mut seen = BTreeSet::new();
        for model in more.models {
            // A stand-in's row is known by what it stands in for, the others by their own name.
            let (name, rows) = if asked { (&model.id, &self.by_id) } else { (&model.model, &self.by_model) };
            if !seen.insert(name.clone()) {
                return Err(place.refuse(format!("models.{name}"), "stands there twice: remove one"));
            }
            let known = rows.get(name).copied();
            match known.and_then(|row| self.data.models.get_mut(row).zip(self.files.get_mut(row))) {
                Some((row, file)) => (*row, *file) = (model, place.file.to_owned()),
                None => {
                    self.data.models.push(model);
                    self.files.push(place.file.to_owned());
                }
            }
            self.index();
        }
        self.data.host = more.host.or(self.data.host.take());
        self.data.endpoints.extend(more.endpoints);
        self.data.by_version = more.by_version.or(self.data.by_version.take());
        self.data.job = more.job.or(self.data.job.take());
        self.data.model_key = more.model_key.or(self.data.model_key.take());
        self.data.sizes.extend(more.sizes);
        self.data.ratios.extend(more.ratios);
        self.data.inputs.extend(more.inputs);
        self.data.drops.extend(more.drops);
        self.data.envelope = more.envelope.or(self.data.envelope.take());
        self.data.answer = more.answer.or(self.data.answer.take());
        // The first row that fits counts, so the user's go before.
        self.data.refusals.splice(0..0, more.refusals);
        self.data.verdicts.splice(0..0, more.verdicts);
        Ok(())
    }

    fn index(&mut self) {
        for index in [&mut self.by_id, &mut self.by_model, &mut self.by_version] {
            index.clear();
        }
        for (row, model) in self.data.models.iter().enumerate() {
            self.by_id.entry(model.id.clone()).or_insert(row);
            if !model.asked_only {
                self.by_model.entry(model.model.clone()).or_insert(row);
            }
            for version in &model.versions {
                self.by_version.entry(version.clone()).or_insert(row);
            }
        }
    }
}

impl ProviderData {
    /// The parameters of a model.
    pub(crate) fn inputs_of(&self, model: &Model) -> Option<&[Input]> {
        self.inputs.get(model.inputs_name()).map(Vec::as_slice)
    }
}

impl Model {
    /// The name of its set of parameters.
    pub(crate) fn inputs_name(&self) -> &str {
        self.inputs.as_deref().unwrap_or(self.task.as_str())
    }
}
