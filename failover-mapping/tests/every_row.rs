//! What a stand-in is asked and what the caller gets, for every row of the tables and for every parameter of every set.
//!
//! The snapshots are the proof that a row works; they are read beside the providers' documentation.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use failover_mapping::{
    Catalogue, Codec, Config, Dialect, Field, Input, Model, Only, ProviderData, ProviderName, Task,
};
use serde_json::{Map, Value, json};
use stage::{Played, headers, ok, wait};

const ASKED: [ProviderName; 2] = [ProviderName::Fal, ProviderName::Replicate];
const TASKS: [Task; 4] = [Task::Image, Task::Video, Task::Transcription, Task::Speech];

/// What NexaAPI says to such a task.
fn says(task: Task) -> &'static str {
    match task {
        Task::Image => {
            r#"{"data":[{"url":"https://cdn.nexa.example/a.png","width":1024,"height":768}],"seed":7,"nsfw":false}"#
        }
        Task::Video => r#"{"video_url":"https://cdn.nexa.example/a.mp4","duration":5.0,"seed":7}"#,
        Task::Transcription => {
            r#"{"text":"Hello there.","language":"en","segments":[{"start":0.0,"end":1.5,"text":"Hello there."}]}"#
        }
        Task::Speech => r#"{"audio_url":"https://cdn.nexa.example/a.mp3","format":"mp3"}"#,
        _ => unreachable!("the tasks are four"),
    }
}

fn rows<'d>(data: &'d ProviderData, model: &Model) -> impl Iterator<Item = &'d Input> + use<'d> {
    let set = model.inputs.as_deref().unwrap_or(model.task.as_str());
    data.inputs[set].iter().filter(|row| row.only != Some(Only::Write))
}

/// What has to be said.
fn required(data: &ProviderData, model: &Model) -> Map<String, Value> {
    let rows = rows(data, model).filter(|row| row.required || row.field == Field::Prompt && is_image(model));
    rows.map(|row| {
        let value = match row.codec {
            Codec::Url => "https://files.example/a",
            _ => "a cat",
        };
        (row.key.clone(), json!(value))
    })
    .collect()
}

fn is_image(model: &Model) -> bool {
    model.task == Task::Image
}

/// The asked provider fails, and NexaAPI answers.
fn played(config: &Config, provider: ProviderName, model: &Model, input: &Map<String, Value>) -> Played {
    let (uri, headers, body) = match (provider, model.versions.first()) {
        (ProviderName::Fal, _) => (stage::fal(&model.id), headers(&[]), json!(input)),
        (_, Some(version)) if model.community => (
            "https://api.replicate.com/v1/predictions".to_owned(),
            wait(),
            json!({ "version": version, "input": input }),
        ),
        _ => (stage::replicate(&model.id), wait(), json!({ "input": input })),
    };
    let body = body.to_string();
    let request = (uri.as_str(), &headers, body.as_bytes());
    let says = [ok(says(model.task))];
    stage::play(config, &stage::fleet(config), request, &[stage::status(500)], &says).unwrap()
}

/// `POST path {..}`, the answer in the asked shape, and what was lost or invented.
fn story(played: &Played) -> String {
    let mut story = String::new();
    let [sent] = &played.sent[..] else {
        return format!("  not sent: {}\n", played.note());
    };
    let body = String::from_utf8_lossy(sent.body());
    writeln!(story, "  {} {} {body}", sent.method(), sent.uri().path()).unwrap();
    let (answer, id) = (played.json(), played.json()["id"].as_str().map(str::to_owned));
    // Ours holds the job or the result, so it is long.
    let answer = id.map_or_else(|| answer.to_string(), |id| answer.to_string().replace(&id, "ID"));
    writeln!(story, "  {} {answer}", played.status()).unwrap();
    let by_kind = played.provenance.iter().flat_map(|provenance| &provenance.losses).fold(
        BTreeMap::<_, Vec<_>>::new(),
        |mut by_kind, loss| {
            by_kind.entry(loss.kind.to_string()).or_default().push(loss.field.as_str());
            by_kind
        },
    );
    for (kind, fields) in by_kind {
        writeln!(story, "  {kind}: {}", fields.join(", ")).unwrap();
    }
    story
}

fn assert_rows(config: &Config, provider: ProviderName, task: Task, name: &str, most: usize) {
    let catalogue = Catalogue::built_in().unwrap();
    let data = catalogue.provider(provider).unwrap();
    let mut all = String::new();
    for model in data.models.iter().filter(|model| model.task == task).take(most) {
        let input = required(data, model);
        let played = played(config, provider, model, &input);
        assert_eq!(played.sent.len(), 1, "{} is not failed over: {}", model.id, played.note());
        writeln!(all, "{} {}\n{}", model.id, json!(input), story(&played)).unwrap();
    }
    if !all.is_empty() {
        insta::assert_snapshot!(name, all);
    }
}

#[test]
fn every_row() {
    for provider in ASKED {
        for task in TASKS {
            assert_rows(&stage::config(), provider, task, &format!("{provider}_{task}"), usize::MAX);
        }
    }
}

/// The other dialect has other keys, paths and models: one of each task shows them.
#[test]
fn every_task_in_the_dialect_of_the_sdk() {
    let config = stage::builder().nexa_dialect(Dialect::Sdk).build().unwrap();
    for task in TASKS {
        let (provider, most) =
            if task == Task::Video { (ProviderName::Replicate, 1) } else { (ProviderName::Fal, 1) };
        assert_rows(&config, provider, task, &format!("sdk_{task}"), most);
    }
}

/// A value that is not the default.
fn sample(data: &ProviderData, row: &Input) -> Value {
    let other = |value: &Value| row.default.as_ref() != Some(value);
    let mut words = row.words.keys().map(|word| json!(word));
    match (row.codec, row.field) {
        (Codec::Text, _) if !row.words.is_empty() => words.find(other).unwrap_or_else(|| json!("720p")),
        (Codec::Flag, Field::Translate) if !row.words.is_empty() => json!("translate"),
        (Codec::Flag, Field::SafetyChecker) if !row.words.is_empty() => json!(true),
        (Codec::Flag, _) if !row.words.is_empty() => words.next().unwrap(),
        (Codec::Text, _) => json!("a dog"),
        (Codec::Flag, _) => json!(row.default != Some(json!(true))),
        (Codec::Integer | Codec::Number, _) => {
            let most = row.among.last().copied().or(row.max.filter(|max| *max < 2000.0)).unwrap_or(768.0);
            let is_default = row.default.as_ref().and_then(Value::as_f64) == Some(most);
            let number = if is_default { row.min.unwrap_or(1.0) } else { most };
            let number = if row.codec == Codec::Integer { json!(number as i64) } else { json!(number) };
            if row.as_text { json!(number.to_string()) } else { number }
        }
        (Codec::Size, _) => json!({ "width": 640, "height": 368 }),
        (Codec::Ratio, _) => {
            let table = &data.ratios[row.ratios.as_ref().unwrap()];
            json!(table.keys().find(|ratio| other(&json!(ratio)) && ratio.starts_with('3')).unwrap())
        }
        (Codec::Pixels, _) => json!("1536x1024"),
        (Codec::Url, _) => json!("https://files.example/b"),
        (Codec::LanguageName, _) => json!("german"),
        (Codec::Language, _) => json!("de"),
        (codec, _) => unreachable!("{codec:?} is new"),
    }
}

/// What a parameter means nothing without.
fn beside(data: &ProviderData, model: &Model, row: &Input) -> Map<String, Value> {
    let (field, more): (_, &[_]) = match row.field {
        Field::Strength => (Field::Image, &[]),
        Field::ImagePromptStrength => (Field::ImagePrompt, &[]),
        Field::Width => (Field::Height, &[("aspect_ratio", "custom")]),
        Field::Height => (Field::Width, &[("aspect_ratio", "custom")]),
        _ => return Map::new(),
    };
    let mut beside: Map<_, _> = rows(data, model)
        .filter(|row| row.field == field)
        .map(|row| (row.key.clone(), sample(data, row)))
        .collect();
    for (key, value) in more {
        if rows(data, model).any(|row| row.key == *key) {
            beside.insert((*key).to_owned(), json!(value));
        }
    }
    beside
}

/// What a stand-in is told, and what it cannot be told; or why it is not asked.
type Told = Result<(Map<String, Value>, Vec<String>), String>;

type Pair = (ProviderName, ProviderName);

fn told(config: &Config, (provider, by): Pair, model: &Model, input: &Map<String, Value>) -> Told {
    let body = match provider {
        ProviderName::Fal => json!(input),
        _ => json!({ "input": input }),
    };
    let translated = config.translate(provider, &model.id, body.to_string().as_bytes(), by);
    let translated = translated.map_err(|declined| declined.reason)?;
    let mut body: Map<_, _> = serde_json::from_slice(&translated.body).unwrap();
    if let Some(Value::Object(inner)) = body.remove("input") {
        body.extend(inner);
    }
    Ok((body, translated.losses.iter().map(ToString::to_string).collect()))
}

/// What one more key changes.
fn change((body, losses): &(Map<String, Value>, Vec<String>), now: Told) -> String {
    let (new_body, new_losses) = match now {
        Ok(told) => told,
        Err(why) => return format!("declined, {why}"),
    };
    let gone = body.keys().filter(|key| !new_body.contains_key(*key)).map(|key| format!("no {key}"));
    let told = new_body.iter().filter(|(key, value)| body.get(*key) != Some(value));
    let lost = new_losses.iter().filter(|loss| !losses.contains(loss)).cloned();
    let all: Vec<_> = told.map(|(key, value)| format!("{key}={value}")).chain(gone).chain(lost).collect();
    if all.is_empty() { "nothing changes".to_owned() } else { all.join(", ") }
}

#[test]
fn every_parameter() {
    for provider in ASKED {
        assert_parameters(
            &stage::config(),
            (provider, ProviderName::Nexa),
            &format!("{provider}_parameters"),
        );
    }
}

/// FAL and Replicate in place of each other, where a model exists on both.
#[test]
fn every_parameter_between_fal_and_replicate() {
    let [fal, replicate] = ASKED;
    let config =
        stage::builder().key(fal, "fal-key").key(replicate, "r8-key").stand_ins(ASKED).build().unwrap();
    for (provider, by) in [(fal, replicate), (replicate, fal)] {
        assert_parameters(&config, (provider, by), &format!("{provider}_parameters_by_{by}"));
    }
}

fn assert_parameters(config: &Config, pair: Pair, name: &str) {
    let (catalogue, (provider, by)) = (Catalogue::built_in().unwrap(), pair);
    let data = catalogue.provider(provider).unwrap();
    let mut all = String::new();
    for set in data.inputs.keys() {
        let named = |model: &&Model| model.inputs.as_deref().unwrap_or(model.task.as_str()) == set;
        let base = |model| told(config, pair, model, &required(data, model));
        // Nexa has them all; of two models with one set, the other provider may have the second.
        let found = data.models.iter().filter(named).find_map(|model| Some((model, base(model).ok()?)));
        let Some((model, plain)) = found else {
            assert_ne!(by, ProviderName::Nexa, "{set}");
            continue;
        };
        let base = required(data, model);
        writeln!(all, "[{set}] {} {}", model.id, json!(plain.0)).unwrap();
        let mut given = |key: &str, value: Value, beside: Map<String, Value>| {
            let mut input = base.clone();
            input.extend(beside.clone());
            let before = told(config, pair, model, &input).unwrap_or_else(|_| plain.clone());
            input.insert(key.to_owned(), value.clone());
            let change = change(&before, told(config, pair, model, &input));
            let beside = if beside.is_empty() { String::new() } else { format!(" beside {}", json!(beside)) };
            writeln!(all, "  {key} = {value}{beside}: {change}").unwrap();
        };
        for row in rows(data, model) {
            given(&row.key, sample(data, row), beside(data, model, row));
        }
        for key in data.drops.get(set).into_iter().flatten() {
            given(key, json!("x"), Map::new());
        }
        let rows: Vec<_> = rows(data, model).map(|row| &row.key).collect();
        if set == "flux-schnell" {
            for refusal in data.refusals.iter().filter(|refusal| !rows.contains(&&refusal.key)) {
                given(&refusal.key, json!("x"), Map::new());
            }
        }
        all.push('\n');
    }
    insta::assert_snapshot!(name, all);
}
