//! Settings that are said entry by entry: for each provider, each deployment, each file.
//!
//! Where there is one of each, whoever goes over the others says it. What is "a further one" adds up, whoever says it.

use std::path::Path;

use super::said::{Problem, Said};
use super::slot::{Around, Check, Of, provider_called};
use super::source::Source;
use super::{OwnData, Settings};
use crate::credentials::{Key, Secret};
use crate::provider::ProviderName;

pub(super) const URL: &str = "write it like https://host";
const BY_PROVIDER: &str = "write a line for each provider, below its name";

type Row<'a, T> = (&'a str, Of<T>, Check);
type Texts = Vec<(ProviderName, String)>;

fn checked(said: Said<'_>, check: Check) -> Result<String, Problem> {
    let text = said.text(URL)?;
    check(text)?;
    Ok(text.to_owned())
}

pub(super) fn origins(
    (name, of, check): Row<'_, Vec<String>>,
    said: Said<'_>,
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Problem> {
    for said in said.list()? {
        let text = checked(said, check)?;
        let _ = settings.sources.says(name, around.source);
        of(settings).push(text);
    }
    Ok(())
}

pub(super) fn one_each(
    (name, of, check): Row<'_, Texts>,
    said: Said<'_>,
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Problem> {
    for entry in said.entries(BY_PROVIDER)? {
        let read = |said| Ok((provider_called(&entry.name)?, checked(said, check)?));
        let (provider, text) = read(entry.said).map_err(|problem: Problem| problem.within(&entry))?;
        if settings.sources.says(&format!("{name}.{provider}"), &around.source_at(entry.at)) {
            of(settings).retain(|(known, _)| *known != provider);
            of(settings).push((provider, text));
        }
    }
    Ok(())
}

pub(super) fn more_each(
    (name, of, check): Row<'_, Texts>,
    said: Said<'_>,
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Problem> {
    for entry in said.entries(BY_PROVIDER)? {
        let read = || {
            let provider = provider_called(&entry.name)?;
            let texts = entry.said.list()?.into_iter().map(|said| checked(said, check));
            Ok((provider, texts.collect::<Result<Vec<_>, _>>()?))
        };
        let (provider, texts) = read().map_err(|problem: Problem| problem.within(&entry))?;
        let _ = settings.sources.says(&format!("{name}.{provider}"), &around.source_at(entry.at));
        of(settings).extend(texts.into_iter().map(|text| (provider, text)));
    }
    Ok(())
}

pub(super) fn deployments(
    name: &str,
    said: Said<'_>,
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Problem> {
    for entry in said.entries("write a line for each deployment, below its name")? {
        let model = entry.said.text("name the model behind it, as owner/name");
        let model = model.map_err(|problem| problem.within(&entry))?.to_owned();
        if settings.sources.says(&format!("{name}.{}", entry.name), &around.source_at(entry.at)) {
            settings.deployments.retain(|(known, _)| *known != entry.name);
            settings.deployments.push((entry.name.into_owned(), model));
        }
    }
    Ok(())
}

/// The stand-ins of each model. Several entries of one name are one list: a variable has no other way to say several.
pub(super) fn fallbacks(
    name: &str,
    said: Said<'_>,
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Problem> {
    let mut models: Vec<(String, Source, Vec<String>)> = Vec::new();
    for entry in said.entries("write a line for each model, below its name")? {
        let read = || {
            if matches!(entry.said, Said::Toml(value) if value.get_ref().is_table()) {
                return Err("is a table, which it cannot be: write a list of models; a model with a dot in its name stands in quotes".into());
            }
            let names = entry.said.list()?.into_iter();
            let names =
                names.map(|said| said.text("write it like anthropic/claude-sonnet-4-6").map(str::to_owned));
            names.collect::<Result<Vec<_>, Problem>>()
        };
        let names = read().map_err(|problem| problem.within(&entry))?;
        match models.iter_mut().find(|(model, ..)| *model == entry.name) {
            Some((.., known)) => known.extend(names),
            None => models.push((entry.name.into_owned(), around.source_at(entry.at), names)),
        }
    }
    for (model, source, names) in models {
        if settings.sources.says(&format!("{name}.{model}"), &source) {
            settings.texts.fallbacks.retain(|(known, _)| *known != model);
            settings.texts.fallbacks.push((model, names));
        }
    }
    Ok(())
}

pub(super) fn keys(said: Said<'_>, around: &Around<'_>, settings: &mut Settings) -> Result<(), Problem> {
    for entry in said.entries(BY_PROVIDER)? {
        let taken = provider_called(&entry.name)
            .and_then(|provider| key(provider, (entry.said, entry.at), around, settings));
        taken.map_err(|problem| problem.within(&entry))?;
    }
    Ok(())
}

/// A key, or the variable that holds it.
pub(super) fn key(
    provider: ProviderName,
    (said, at): (Said<'_>, Option<usize>),
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Problem> {
    const CURE: &str = "write the key as text, or { env = \"THE_VARIABLE\" }";
    let name = format!("key.{provider}");
    let key = match said {
        Said::Toml(value) if value.get_ref().is_table() => match &said.entries(CURE)?[..] {
            [entry] if entry.name == "env" => {
                let variable = entry.said.text(CURE)?;
                let text = (around.variable)(variable);
                text.map_or_else(|| Key::Unset(variable.to_owned()), |text| Key::Given(Secret::new(text)))
            }
            _ => return Err(format!("does not say which variable holds it: {CURE}").into()),
        },
        Said::Toml(_) => {
            let text = said.text(CURE)?;
            if text.starts_with('$') || text.starts_with("env:") {
                return Err(format!("is the name of a variable, and no key: {CURE}").into());
            }
            Key::Given(Secret::new(text.to_owned()))
        }
        Said::Word(text) => Key::Given(Secret::new(text.to_owned())),
    };
    let of_file = |source: &Source| matches!(source, Source::File { .. } | Source::VariableOfFile { .. });
    let mut source = around.source_at(at);
    if of_file(&source) && settings.sources.of(&name).is_some_and(of_file) {
        return Err("is said twice, as nexa_api_key and below key: remove one".into());
    }
    // A variable that was chosen goes over the usual one; not set, it is missing: the usual one may be of another account.
    if let (Source::File { file, line }, Said::Toml(value)) = (&source, said)
        && value.get_ref().is_table()
    {
        source = Source::VariableOfFile { file: file.clone(), line: *line };
    }
    if settings.sources.says(&name, &source) {
        settings.say_key(provider, key);
    }
    Ok(())
}

/// Files with rows of the provider under whose name they stand.
pub(super) fn rows(
    name: &str,
    said: Said<'_>,
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Problem> {
    for entry in said.entries(BY_PROVIDER)? {
        let taken = provider_called(&entry.name).and_then(|provider| {
            files(&format!("{name}.{provider}"), Some(provider), entry.said, around, settings)
        });
        taken.map_err(|problem| problem.within(&entry))?;
    }
    Ok(())
}

/// Files that declare a provider each.
pub(super) fn declared(
    name: &str,
    said: Said<'_>,
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Problem> {
    files(name, None, said, around, settings)
}

fn files(
    name: &str,
    provider: Option<ProviderName>,
    said: Said<'_>,
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Problem> {
    for said in said.list()? {
        let file = said.text("name a file, as seen from this one")?.to_owned();
        let toml = (around.read)(&around.folder.join(Path::new(&file)))
            .map_err(|error| format!("names a file that cannot be read: {error}"))?;
        let _ = settings.sources.says(name, around.source);
        settings.data.push(OwnData { provider, file, toml });
    }
    Ok(())
}
