//! Whether data files make sense: everything that a row refers to exists, everything that it says can be read, and nothing
//! that it says is without effect.

mod inputs;

use crate::catalogue::{BUILT_IN, Catalogue, is_hash};
use crate::credentials;
use crate::data::{Answer, AnswerKeys, Authentication, Field, Input, Model, ProviderData, Size, Task};
use crate::error::{ConfigError, Place, one_of};
use crate::origin::{Base, MediaHost};
use crate::provider::ProviderName;

type Checked = Result<(), ConfigError>;

/// The longest side of an image, in pixels: FAL's own limit, and the widest of all.
const LONGEST_SIDE: u32 = 14_142;

/// One provider's data on their own.
pub(crate) fn provider(place: Place<'_>, data: &ProviderData) -> Checked {
    let asked = matches!(place.provider, ProviderName::Fal | ProviderName::Replicate);
    let host = data.host.is_some() && !matches!(place.provider, ProviderName::Other(_));
    let idle = [
        ("host", host),
        ("ratios", !asked && !data.ratios.is_empty()),
        ("refusals", !asked && !data.refusals.is_empty()),
        ("sizes", !asked && !data.sizes.is_empty()),
        ("drops", !asked && !data.drops.is_empty()),
    ];
    if let Some((key, _)) = idle.iter().find(|(_, said)| *said) {
        return Err(place.refuse(*key, "has no effect for this provider: leave it out"));
    }
    if let Some(host) = &data.host {
        Base::parse(&host.base_url).map_err(|problem| place.refuse("host.base-url", problem))?;
        if let Authentication::Header(name) = &host.authentication {
            credentials::header(name).map_err(|problem| place.refuse("host.authentication", problem))?;
        }
        for media in &host.media_hosts {
            MediaHost::parse(media).map_err(|problem| place.refuse("host.media-hosts", problem))?;
        }
    }
    let paths = data.endpoints.iter().map(|(task, path)| (format!("endpoints.{task}"), path));
    let others = [("by-version", &data.by_version), ("job", &data.job)];
    let others = others.into_iter().filter_map(|(key, path)| Some((key.to_owned(), path.as_ref()?)));
    for (key, path) in paths.chain(others) {
        if !is_path(&path.replace("{model}", "model").replace("{id}", "id")) {
            return Err(place.refuse(key, "is not a path: it looks like /v1/images/generate"));
        }
    }
    let stray = |path: &String, word: &str| path.contains(word);
    if data.endpoints.values().chain(&data.by_version).any(|path| stray(path, "{id}")) {
        return Err(place.refuse("endpoints", "has an {id}, which is a job's: only `job` has one"));
    }
    if data.job.as_ref().is_some_and(|path| stray(path, "{model}")) {
        return Err(place.refuse("job", "has a {model}, which a job's path cannot say: leave it out"));
    }
    if let Some(answer) = &data.answer {
        answers(place, answer)?;
        let own = matches!(place.provider, ProviderName::Other(_));
        if own && data.job.is_some() && answer.id.is_empty() {
            return Err(
                place.refuse("answer.id", "is missing, and `job` needs it: name the key of a job's id")
            );
        }
    }
    let told = |path: &String| data.model_key.is_some() || path.contains("{model}");
    if !asked && data.models.len() > 1 && !data.endpoints.values().all(told) {
        let reason =
            "is missing, and an endpoint has no {model}: say how the provider is told which model is wanted";
        return Err(place.refuse("model-key", reason));
    }
    if data.job.as_ref().is_some_and(|path| !path.contains("{id}")) {
        return Err(place.refuse("job", "has no {id}: say where a job's id stands"));
    }
    sizes(place, data)?;
    if let Some(set) = data.drops.keys().find(|set| !data.inputs.contains_key(*set)) {
        let reason = format!("is no set: use {}", one_of(data.inputs.keys().map(String::as_str)));
        return Err(place.refuse(format!("drops.{set}"), reason));
    }
    for (name, rows) in &data.inputs {
        inputs::set(place, data, name, rows)?;
    }
    verdicts(place, data)?;
    data.models.iter().try_for_each(|row| model(place, data, row))
}

/// Every row of the user's connects with another provider's: an asked one with a stand-in, a stand-in's with an asked one.
pub(crate) fn stand_ins(catalogue: &Catalogue) -> Checked {
    let others = |provider| catalogue.providers().filter(move |other| *other != provider);
    for provider in catalogue.providers() {
        let models = catalogue.provider(provider).into_iter().flat_map(|data| &data.models);
        for (row, model) in models.enumerate() {
            let place = catalogue.place(provider, row);
            if place.file == BUILT_IN {
                continue;
            }
            if !matches!(provider, ProviderName::Fal | ProviderName::Replicate) {
                serves(catalogue, place, row, model)?;
                continue;
            }
            if others(provider).any(|by| catalogue.stand_in(model, by).is_some()) {
                continue;
            }
            let (task, neutral) = (model.task, &model.model);
            let refused =
                |key, reason: String| Err(place.refuse(format!("models.{}.{key}", model.id), reason));
            let rows = || others(provider).filter_map(|by| Some((by, catalogue.provider(by)?)));
            let other = rows().find_map(|(by, data)| {
                let row =
                    data.models.iter().position(|other| other.model == *neutral && !other.asked_only)?;
                Some((by, row, data.models.get(row)?.task))
            });
            return match other {
                None => {
                    let nexa = catalogue.provider(ProviderName::Nexa);
                    let rows = nexa.into_iter().flat_map(|data| &data.models);
                    let known = one_of(rows.filter(|row| row.task == task).map(|row| &*row.model));
                    refused(
                        "model",
                        format!("is `{neutral}`, for which no provider has a row: add one, or use {known}"),
                    )
                }
                Some(other) if other.2 != task => refused("task", two_tasks(catalogue, model, other)),
                Some((by, ..)) => {
                    let name = by.proper();
                    refused("task", format!("is {task}, for which {name} has no endpoint: add its path"))
                }
            };
        }
    }
    Ok(())
}

/// A stand-in's row of the user's serves a model that can be asked for. So none turns a built-in row off by another task.
fn serves(catalogue: &Catalogue, place: Place<'_>, row: usize, model: &Model) -> Checked {
    let (task, neutral, name) = (model.task, &model.model, place.provider.proper());
    let refused = |key, reason: String| Err(place.refuse(format!("models.{neutral}.{key}"), reason));
    let rows = [ProviderName::Fal, ProviderName::Replicate].into_iter().flat_map(|by| {
        let models = catalogue.provider(by).into_iter().flat_map(|data| &data.models).enumerate();
        models.filter(|(_, asked)| asked.model == *neutral).map(move |(row, asked)| (by, row, asked.task))
    });
    let stand_in = catalogue.stand_in_at(place.provider, row);
    match rows.min_by_key(|(.., asked)| *asked != task) {
        None => refused(
            "model",
            format!("is `{neutral}`, for which FAL and Replicate have no row: add one to theirs"),
        ),
        Some(asked) if asked.2 != task => refused("task", two_tasks(catalogue, model, asked)),
        Some(_) if stand_in.is_none_or(|stand_in| stand_in.endpoint().is_none()) => {
            refused("task", format!("is {task}, for which {name} has no endpoint: add its path"))
        }
        Some(_) if stand_in.is_none_or(|stand_in| stand_in.data.answer.is_none()) => {
            Err(place.refuse("answer", "is missing: say where its answers hold what"))
        }
        Some(_) => Ok(()),
    }
}

fn two_tasks(catalogue: &Catalogue, model: &Model, (by, row, other): (ProviderName, usize, Task)) -> String {
    let (name, file) = (by.proper(), catalogue.place(by, row).file);
    let Model { task, model: neutral, .. } = model;
    format!("is {task}, but {name}'s row for `{neutral}` (in {file}) is for {other}: use one task")
}

fn sizes(place: Place<'_>, data: &ProviderData) -> Checked {
    let fits = |size: &Size| [size.width, size.height].iter().all(|side| (1..=LONGEST_SIDE).contains(side));
    let named = data.sizes.iter().map(|(name, size)| (format!("sizes.{name}"), size));
    let by_ratio = data.ratios.iter().flat_map(|(table, sizes)| {
        sizes.iter().map(move |(ratio, size)| (format!("ratios.{table}.{ratio}"), size))
    });
    match named.chain(by_ratio).find(|(_, size)| !fits(size)) {
        Some((key, _)) => Err(place.refuse(key, "has a side that is not between 1 and 14142 pixels")),
        None => Ok(()),
    }
}

/// Where an answer holds a result, there is a place to look; and a word for its state means one thing.
fn answers(place: Place<'_>, answer: &AnswerKeys) -> Checked {
    if answer.url.is_empty() && answer.nested.is_empty() && answer.text.is_empty() {
        return Err(place.refuse("answer", "names no key of a result: say where URLs or texts stand"));
    }
    match answer.failed.iter().find(|word| answer.pending.contains(word) || answer.queued.contains(word)) {
        Some(word) => Err(place.refuse(format!("answer.failed.{word}"), "means pending as well: choose one")),
        None => Ok(()),
    }
}

fn verdicts(place: Place<'_>, data: &ProviderData) -> Checked {
    for verdict in &data.verdicts {
        let refused = |reason: &str| Err(place.refuse(format!("verdicts.{}", verdict.status), reason));
        if !(300..=599).contains(&verdict.status) {
            return refused("is no failing status: use one from 300 to 599");
        }
        let header = verdict.header.as_ref().map_or("x", |header| &header.name);
        if http::HeaderName::from_lowercase(header.as_bytes()).is_err() {
            return refused("names a header that cannot be: write it in lower case");
        }
    }
    Ok(())
}

fn model(place: Place<'_>, data: &ProviderData, row: &Model) -> Checked {
    let asked = matches!(place.provider, ProviderName::Fal | ProviderName::Replicate);
    let name = if asked { &row.id } else { &row.model };
    let refused = |part: &str, reason: &str| Err(place.refuse(format!("models.{name}{part}"), reason));
    if !is_path(&format!("/{}", row.id)) || row.id.len() > 200 || row.model.is_empty() {
        let reason = "has an id or a model that is no name: use letters, digits, dots, dashes and slashes";
        return refused("", reason);
    }
    let sets = || one_of(data.inputs.keys().map(String::as_str));
    if row.inputs.as_ref().is_some_and(|set| !data.inputs.contains_key(set)) {
        return refused(".inputs", &format!("names a set that is not there: use {}", sets()));
    }
    let Some(inputs) = data.inputs_of(row) else {
        return refused(".inputs", &format!("is missing: use {}", sets()));
    };
    if let Some(lacking) = lacking(row.task, inputs, asked) {
        let reason = format!("has no row for {lacking}, which models.{name} needs: add it");
        return Err(place.refuse(format!("inputs.{}", row.inputs_name()), reason));
    }
    if !asked && row.asked_only {
        return refused(".asked-only", "has no effect here: nobody asks this provider");
    }
    if !asked && !row.defaults.is_empty() {
        return refused(".defaults", "has no effect here: the asked provider's defaults count");
    }
    if row.versions.iter().any(|version| !is_hash(version)) {
        return refused(".versions", "holds one that is no version: each has 64 digits of 0-9 and a-f");
    }
    if row.community && (row.versions.is_empty() || data.by_version.is_none()) {
        return refused(".community", "needs a version to be asked by");
    }
    let told =
        |key: &String| inputs.iter().any(|input| input.key == *key) || data.model_key.as_ref() == Some(key);
    if let Some(key) = row.constants.keys().find(|key| told(key)) {
        return refused(&format!(".constants.{key}"), "is told by a row already: leave one of them out");
    }
    if row.price.as_ref().is_some_and(|price| price.per.is_empty()) {
        return refused(".price", "has no unit: say per what");
    }
    if row.price.as_ref().is_some_and(|price| !price.usd.is_finite() || price.usd < 0.0) {
        return refused(".price", "is no price: say how many US dollars");
    }
    let shapes = Answer::of(place.provider, row.task);
    let known = || one_of(shapes.iter().map(|shape| shape.as_str()));
    match row.answer {
        Some(_) if !asked => {
            return refused(".answer", "has no effect here: say it in the asked provider's row");
        }
        Some(answer) if !shapes.contains(&answer) => {
            return refused(
                ".answer",
                &format!("is not a shape in which this provider answers such a task: use {}", known()),
            );
        }
        None if asked => return refused(".answer", &format!("is missing: use {}", known())),
        Some(_) | None => {}
    }
    for (key, value) in &row.defaults {
        let Some(input) = inputs.iter().find(|input| input.key == *key) else {
            let reason = format!("is not in its set: use {}", one_of(inputs.iter().map(|input| &*input.key)));
            return refused(&format!(".defaults.{key}"), &reason);
        };
        inputs::default(data, input, value)
            .or_else(|mistake| refused(&format!(".defaults.{key}"), &mistake))?;
    }
    Ok(())
}

/// What no request of this task can do without, and the set cannot say.
fn lacking(task: Task, rows: &[Input], asked: bool) -> Option<&'static str> {
    let has = |field| rows.iter().any(|row| row.field == field);
    let sized = has(Field::Size) || (has(Field::Width) && has(Field::Height)) || has(Field::Image);
    match task {
        Task::Image | Task::Video if !has(Field::Prompt) => Some("the prompt"),
        Task::Image if asked && !sized => Some("the size"),
        Task::Transcription if !has(Field::Audio) => Some("the sound"),
        Task::Speech if !has(Field::Text) => Some("the text"),
        Task::Image | Task::Video | Task::Transcription | Task::Speech => None,
    }
}

/// A path that means the same to every parser, so that it cannot lead to another host.
fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let segments = path.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|segment| !segment.is_empty() && segment != "." && segment != "..")
    });
    segments && path.bytes().all(plain)
}
