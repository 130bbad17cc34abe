//! Whatever a stand-in answers: if it counts as a success, the caller's own client can read it, for every model and on every
//! way; and so it can every state of a job.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;
mod strict;

use std::sync::LazyLock;

use failover_mapping::{Answer, Config, Field, Model, ProviderName};
use http::{HeaderMap, Method, Response};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stage::{Played, Says, fal, fleet, local, ok, play, queue, replicate, status, wait};
use strict::{
    Audio, Chunks, Detail, Files, Flux, Prediction, QueueStatus, SeededFiles, SeededVideo, Sora, Status,
    Submitted, Transcription, Video, Whisper, read,
};

/// NexaAPI, and the two for each other.
static CONFIGS: LazyLock<[(Config, &[ProviderName]); 2]> = LazyLock::new(|| {
    const OTHERS: [ProviderName; 2] = [ProviderName::Replicate, ProviderName::Fal];
    let keys = stage::builder().key(ProviderName::Replicate, "r8-key").key(ProviderName::Fal, "fal-key");
    [(stage::config(), &[ProviderName::Nexa]), (keys.stand_ins(OTHERS).build().unwrap(), &OTHERS)]
});

/// The models of a provider that somebody stands in for, each with the least that it must be told.
fn models<'c>(
    (config, stand_ins): &'c (Config, &[ProviderName]),
    provider: ProviderName,
) -> Vec<(&'c Model, Value)> {
    let catalogue = config.catalogue();
    let data = catalogue.provider(provider).unwrap();
    let served = |model: &&Model| {
        let mut others = stand_ins.iter().filter(|by| **by != provider);
        others.any(|by| catalogue.resolve(provider, &model.id, *by).is_some())
    };
    let rows = data.models.iter().filter(served);
    rows.map(|model| {
        let set = model.inputs.clone().unwrap_or(model.task.to_string());
        let required = data.inputs[&set].iter().filter(|row| row.required || row.field == Field::Prompt);
        let input: Map<_, _> = required
            .map(|row| {
                let value = match row.field {
                    Field::Image | Field::Audio => json!("https://n.example/input"),
                    _ => json!("a cat"),
                };
                (row.key.clone(), value)
            })
            .collect();
        (model, Value::Object(input))
    })
    .collect()
}

fn check_urls<'a>(urls: impl IntoIterator<Item = &'a String>) {
    let mut some = false;
    for text in urls {
        some = true;
        let url = url::Url::parse(text).unwrap();
        assert_eq!(url.as_str(), text);
        assert!(
            matches!(url.scheme(), "https" | "data") && url.username().is_empty() && url.password().is_none()
        );
    }
    assert!(some, "a success has a result");
}

fn check_output(shape: Answer, answer: &Response<Vec<u8>>) {
    assert!(answer.headers().contains_key("x-fal-request-id"));
    match shape {
        Answer::Flux | Answer::FluxCounted => {
            let flux: Flux = read(answer);
            assert_eq!(flux.images.len(), flux.has_nsfw_concepts.len());
            assert_eq!(flux.num_images, (shape == Answer::FluxCounted).then_some(flux.images.len()));
            assert!(flux.images.iter().all(|image| image.width > 0 && image.height > 0));
            assert!(flux.images.iter().all(|image| image.content_type.starts_with("image/")));
            check_urls(flux.images.iter().map(|image| &image.url));
        }
        Answer::FilesSeed => check_urls(read::<SeededFiles>(answer).images.iter().map(|file| &file.url)),
        Answer::Files => check_urls(read::<Files>(answer).images.iter().map(|file| &file.url)),
        Answer::Video => check_urls([&read::<Video>(answer).video.url]),
        Answer::VideoSeed => check_urls([&read::<SeededVideo>(answer).video.url]),
        Answer::Sora => check_urls([&read::<Sora>(answer).video.url]),
        Answer::Audio => check_urls([&read::<Audio>(answer).audio.url]),
        Answer::Whisper => drop(read::<Whisper>(answer)),
        other => panic!("{other:?} is no shape of FAL's"),
    }
}

fn check_prediction(shape: Answer, answer: &Response<Vec<u8>>) -> Status {
    fn ended<T: serde::de::DeserializeOwned>(
        answer: &Response<Vec<u8>>,
        urls: impl Fn(&T) -> Vec<String>,
    ) -> Status {
        let prediction: Prediction<T> = read(answer);
        let done = prediction.status == Status::Succeeded;
        assert_eq!(prediction.output.is_some(), done);
        assert_eq!(prediction.error.is_some(), prediction.status == Status::Failed);
        assert_eq!(prediction.completed_at.is_some(), done || prediction.status == Status::Failed);
        prediction.output.iter().for_each(|output| {
            let urls = urls(output);
            if shape_has_files::<T>() {
                check_urls(&urls);
            }
        });
        prediction.status
    }
    fn shape_has_files<T>() -> bool {
        let name = std::any::type_name::<T>();
        !name.contains("Transcription") && !name.contains("Chunks")
    }
    match shape {
        Answer::One => ended::<String>(answer, |url| vec![url.clone()]),
        Answer::List => ended::<Vec<String>>(answer, Clone::clone),
        Answer::Transcription => ended::<Transcription>(answer, |_| vec![]),
        Answer::Chunks => ended::<Chunks>(answer, |_| vec![]),
        other => panic!("{other:?} is no shape of Replicate's"),
    }
}

fn check_submitted(answer: &Response<Vec<u8>>) -> Submitted {
    assert_eq!(answer.status().as_u16(), 200);
    let submitted: Submitted = read(answer);
    let base = format!("requests/{}", submitted.request_id);
    assert!(submitted.response_url.ends_with(&base) && submitted.request_id.len() <= 1000);
    submitted
}

/// The state and the result of a job, if the stand-in says this now.
fn check_job(config: &Config, shape: Answer, submitted: &Submitted, says: &Says) {
    let state = local(config, &Method::GET, &submitted.status_url, std::slice::from_ref(says));
    let answer = state.answer.as_ref().unwrap();
    let word = match answer.status().as_u16() {
        code @ (200 | 202) => {
            let word = read::<QueueStatus>(answer).said();
            assert_eq!(code == 200, word.0 == "COMPLETED");
            word
        }
        503 => {
            read::<Detail>(answer);
            return;
        }
        code => panic!("{code}"),
    };
    let result = local(config, &Method::GET, &submitted.response_url, std::slice::from_ref(says));
    let answer = result.answer.as_ref().unwrap();
    match (answer.status().as_u16(), word) {
        (200, ("COMPLETED", false)) => check_output(shape, answer),
        (500, ("COMPLETED", true)) | (400, ("IN_QUEUE" | "IN_PROGRESS", _)) => drop(read::<Detail>(answer)),
        (code, word) => panic!("{code} for {word:?}"),
    }
    assert_eq!(state.posts() + result.posts(), 0);
}

/// A request for a model, and what a stand-in says to it.
fn asked(config: &Config, url: &str, headers: &HeaderMap, body: &Value, says: &Says) -> Played {
    let body = body.to_string();
    play(config, &fleet(config), (url, headers, body.as_bytes()), &[status(503)], std::slice::from_ref(says))
        .unwrap()
}

/// Every model, on every way. Returns how many were answered.
fn check_all(says: &Says) -> usize {
    let mut answered = 0;
    for whole in &*CONFIGS {
        let config = &whole.0;
        for (model, input) in models(whole, ProviderName::Fal) {
            let shape = model.answer.unwrap();
            let sync = asked(config, &fal(&model.id), &HeaderMap::new(), &input, says);
            sync.answer.iter().for_each(|answer| check_output(shape, answer));
            let submit = asked(config, &queue(&model.id), &HeaderMap::new(), &input, says);
            if let Some(answer) = &submit.answer {
                check_job(config, shape, &check_submitted(answer), says);
            }
            answered += usize::from(sync.answer.is_some());
        }
        for (model, input) in models(whole, ProviderName::Replicate) {
            let (shape, body) = (model.answer.unwrap(), json!({"input": input}));
            for headers in [wait(), HeaderMap::new()] {
                let created = asked(config, &replicate(&model.id), &headers, &body, says);
                let Some(answer) = &created.answer else { continue };
                assert_eq!(answer.status().as_u16(), 201);
                check_prediction(shape, answer);
                let get = created.json()["urls"]["get"].as_str().unwrap().to_owned();
                let state = local(config, &Method::GET, &get, std::slice::from_ref(says));
                if state.status() == 200 {
                    check_prediction(shape, state.answer.as_ref().unwrap());
                }
                answered += 1;
            }
        }
    }
    answered
}

/// A property of answers says nothing if there are none.
#[test]
fn a_good_answer_is_read_for_every_model() {
    let rich = json!({
        "id": "job-7", "status": "completed", "seed": 5, "width": 640, "height": 480, "duration": 5.5, "nsfw": true,
        "images": [{"url": "https://n.example/a"}, {"url": "https://n.example/b"}], "output": ["https://n.example/a"],
        "video": {"url": "https://n.example/v"}, "audio": {"url": "https://n.example/s"}, "text": "Hello.", "language": "en",
        "segments": [{"start": 0, "end": 1, "text": "Hello."}],
    });
    let rows: usize = CONFIGS
        .iter()
        .map(|config| {
            models(config, ProviderName::Fal).len() + 2 * models(config, ProviderName::Replicate).len()
        })
        .sum();
    let answered = check_all(&ok(&rich.to_string()));
    assert!(rows > 100 && answered * 10 >= rows * 8, "{answered} of {rows}");
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        prop::sample::select(vec![
            "https://cdn.nexa-api.com/a.png",
            "https://n.example/a.mp4",
            "https://n.example/a.mp3",
            "https://n.example/a",
            "http://n.example/a",
            "https://127.0.0.1/a",
            "https://u:p@n.example/a",
            "data:image/png;base64,AA",
            "data:text/html,x",
            "HTTPS://N.example/\u{e9}",
            "completed",
            "processing",
            "queued",
            "failed",
            "baking",
            "image/png",
            "text/html",
            "mp4",
            "en",
            "Hello.",
            "job-7",
        ])
        .prop_map(Value::from),
    ]
}

fn object(inner: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "id",
        "status",
        "url",
        "output_url",
        "image_url",
        "video_url",
        "audio_url",
        "images",
        "image",
        "video",
        "audio",
        "output",
        "outputs",
        "data",
        "result",
        "text",
        "transcription",
        "transcript",
        "translation",
        "segments",
        "chunks",
        "timestamp",
        "start",
        "end",
        "speaker",
        "language",
        "detected_language",
        "seed",
        "width",
        "height",
        "nsfw",
        "duration",
        "content_type",
        "format",
        "error",
        "job_id",
        "prompt",
    ]);
    prop::collection::vec((key, inner), 0..6)
        .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn answer() -> impl Strategy<Value = Value> {
    let value = leaf().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from), object(inner)]
    });
    object(value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_answer(body in answer()) {
        check_all(&ok(&body.to_string()));
    }

    /// The same, with a result in it, so that most are successes.
    #[test]
    fn any_answer_around_a_result(body in answer(), place in prop::sample::select(vec!["output", "url", "result", "data"])) {
        let mut body = body;
        body["status"] = json!("succeeded");
        body["error"] = Value::Null;
        body[place] = json!("https://n.example/a");
        body["text"] = json!("Hello.");
        check_all(&ok(&body.to_string()));
    }

    /// A job that was accepted, and whatever is said of it later.
    #[test]
    fn any_state_of_a_job(body in answer(), code in prop::sample::select(vec![200_u16, 200, 200, 202, 204, 302, 400, 401, 404, 410, 429, 500, 503])) {
        let whole = &CONFIGS[0];
        let config = &whole.0;
        let says = Says::Answer(code, HeaderMap::new(), body.to_string().into_bytes());
        let pending = ok(r#"{"id":"job-7","status":"pending"}"#);
        for (model, input) in models(whole, ProviderName::Fal) {
            let submit = asked(config, &queue(&model.id), &HeaderMap::new(), &input, &pending);
            let submitted = check_submitted(submit.answer.as_ref().unwrap());
            check_job(config, model.answer.unwrap(), &submitted, &says);
            let stream = local(config, &Method::GET, &format!("{}/stream", submitted.status_url), &[says.clone(), status(404)]);
            if stream.status() == 200 {
                let text = String::from_utf8(stream.answer.unwrap().into_body()).unwrap();
                let last = text.trim_end().rsplit("data: ").next().unwrap();
                // What never ends is cut off where it is.
                let said = serde_json::from_str::<QueueStatus>(last).unwrap();
                prop_assert!(["COMPLETED", "IN_PROGRESS", "IN_QUEUE"].contains(&said.said().0));
            }
        }
        for (model, input) in models(whole, ProviderName::Replicate) {
            let created = asked(config, &replicate(&model.id), &HeaderMap::new(), &json!({"input": input}), &pending);
            let urls = created.json()["urls"].clone();
            for (method, key) in [(Method::GET, "get"), (Method::POST, "cancel")] {
                let state = local(config, &method, urls[key].as_str().unwrap(), std::slice::from_ref(&says));
                match state.status() {
                    200 => drop(check_prediction(model.answer.unwrap(), state.answer.as_ref().unwrap())),
                    code => assert_eq!(code, 503),
                }
            }
        }
    }
}
