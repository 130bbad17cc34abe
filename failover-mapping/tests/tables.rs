//! Every row of both tables resolves to exactly its own entry, by catalogue and by route, and nothing that looks like one does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::collections::BTreeSet;

use failover_core::Moment;
use failover_mapping::{Catalogue, Config, ProviderName, Substitution, Target, Task};
use http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};
use stage::config;

const PREDICTIONS: &str = "https://api.replicate.com/v1/predictions";
const PICTURE: &str = "https://x.example/a.png";
const SOUND: &str = "https://x.example/a.mp3";

#[rustfmt::skip]
const FAL: [(&str, &str, Task); 23] = [
    ("fal-ai/flux-pro", "flux-2-pro", Task::Image),
    ("fal-ai/flux-pro/v1.1", "flux-pro-1.1", Task::Image),
    ("fal-ai/flux-pro/v1.1-ultra", "flux-pro-1.1-ultra", Task::Image),
    ("fal-ai/flux/schnell", "flux-schnell", Task::Image),
    ("fal-ai/flux/dev", "flux-dev", Task::Image),
    ("fal-ai/stable-diffusion-xl", "sdxl-turbo", Task::Image),
    ("fal-ai/stable-diffusion-v3-medium", "stable-diffusion-3", Task::Image),
    ("fal-ai/stable-diffusion-3.5-large", "stable-diffusion-3.5-large", Task::Image),
    ("fal-ai/stable-diffusion-3.5-medium", "stable-diffusion-3.5-medium", Task::Image),
    ("fal-ai/playground-v25", "playground-v2.5", Task::Image),
    ("fal-ai/dreamshaper-xl-turbo", "dreamshaper-xl", Task::Image),
    ("fal-ai/ideogram/v2", "ideogram-v2", Task::Image),
    ("fal-ai/recraft-v3", "recraft-v3", Task::Image),
    ("fal-ai/kling-video/v1/standard/text-to-video", "kling-v1-standard", Task::Video),
    ("fal-ai/kling-video/v1.5/pro/text-to-video", "kling-v1.5-pro", Task::Video),
    ("fal-ai/kling-video/v2/master/text-to-video", "kling-v2-master", Task::Video),
    ("fal-ai/minimax/video-01", "minimax-video-01", Task::Video),
    ("fal-ai/minimax/video-01-live", "minimax-video-01-live", Task::Video),
    ("fal-ai/wan-t2v", "wan-t2v", Task::Video),
    ("fal-ai/wan-i2v", "wan-i2v", Task::Video),
    ("fal-ai/sora", "sora-2", Task::Video),
    ("fal-ai/whisper", "whisper-large-v3", Task::Transcription),
    ("fal-ai/elevenlabs/tts/multilingual-v2", "elevenlabs-multilingual-v2", Task::Speech),
];

#[rustfmt::skip]
const REPLICATE: [(&str, &str, Task); 16] = [
    ("black-forest-labs/flux-pro", "flux-2-pro", Task::Image),
    ("black-forest-labs/flux-1.1-pro", "flux-pro-1.1", Task::Image),
    ("black-forest-labs/flux-1.1-pro-ultra", "flux-pro-1.1-ultra", Task::Image),
    ("black-forest-labs/flux-schnell", "flux-schnell", Task::Image),
    ("black-forest-labs/flux-dev", "flux-dev", Task::Image),
    ("stability-ai/stable-diffusion-3", "stable-diffusion-3", Task::Image),
    ("stability-ai/stable-diffusion-3.5-large", "stable-diffusion-3.5-large", Task::Image),
    ("stability-ai/sdxl", "sdxl-turbo", Task::Image),
    ("playgroundai/playground-v2.5-1024px-aesthetic", "playground-v2.5", Task::Image),
    ("lucataco/dreamshaper-xl-turbo", "dreamshaper-xl", Task::Image),
    ("ideogram-ai/ideogram-v2", "ideogram-v2", Task::Image),
    ("recraft-ai/recraft-v3", "recraft-v3", Task::Image),
    ("minimax/video-01", "minimax-video-01", Task::Video),
    ("minimax/video-01-live", "minimax-video-01-live", Task::Video),
    ("openai/whisper", "whisper-large-v3", Task::Transcription),
    ("vaibhavs10/incredibly-fast-whisper", "whisper-large-v3", Task::Transcription),
];

/// What stands beside the two tables: today's names of FAL's models, and its paths that begin with an image.
#[rustfmt::skip]
const BESIDE: [(&str, &str, Task); 10] = [
    ("fal-ai/flux-pro/new", "flux-2-pro", Task::Image),
    ("fal-ai/flux/dev/image-to-image", "flux-dev", Task::Image),
    ("fal-ai/fast-sdxl", "sdxl-turbo", Task::Image),
    ("fal-ai/stable-diffusion-v35-large", "stable-diffusion-3.5-large", Task::Image),
    ("fal-ai/stable-diffusion-v35-medium", "stable-diffusion-3.5-medium", Task::Image),
    ("fal-ai/dreamshaper", "dreamshaper-xl", Task::Image),
    ("fal-ai/recraft/v3/text-to-image", "recraft-v3", Task::Image),
    ("fal-ai/minimax/video-01/image-to-video", "minimax-video-01", Task::Video),
    ("fal-ai/minimax/video-01-live/image-to-video", "minimax-video-01-live", Task::Video),
    ("fal-ai/sora-2/text-to-video", "sora-2", Task::Video),
];

/// The rows of the replaced package that another row's name was a part of, so that they were never reached.
#[rustfmt::skip]
const ONCE_OUT_OF_REACH: [&str; 6] = [
    "fal-ai/flux-pro/v1.1", "fal-ai/flux-pro/v1.1-ultra", "fal-ai/minimax/video-01-live",
    "black-forest-labs/flux-1.1-pro-ultra", "stability-ai/stable-diffusion-3.5-large", "minimax/video-01-live",
];

fn rows() -> impl Iterator<Item = (ProviderName, &'static str, &'static str, Task)> {
    let fal =
        FAL.iter().chain(&BESIDE).map(|(id, stand_in, task)| (ProviderName::Fal, *id, *stand_in, *task));
    fal.chain(REPLICATE.iter().map(|(id, stand_in, task)| (ProviderName::Replicate, *id, *stand_in, *task)))
}

const fn endpoint(task: Task) -> &'static str {
    match task {
        Task::Image => "/v1/images/generate",
        Task::Video => "/v1/videos/generate",
        Task::Transcription => "/v1/audio/transcriptions",
        _ => "/v1/audio/speech",
    }
}

fn resolve(catalogue: &Catalogue, provider: ProviderName, id: &str) -> Option<(String, String)> {
    let row = match provider {
        ProviderName::Fal => catalogue.resolve_fal(id),
        _ => catalogue.resolve_replicate(id),
    }?;
    assert_eq!((row.provider, row.by), (provider, ProviderName::Nexa), "{id}");
    assert_eq!(row.endpoint, endpoint(row.task), "{id}");
    Some((row.id.to_owned(), row.stand_in.to_owned()))
}

/// The names of those who are asked, first the provider's own; none if the request is not ours.
fn asked(config: &Config, url: &str, body: &str) -> Option<Vec<String>> {
    let uri: Uri = url.parse().ok()?;
    let target = Target::of_uri(&Method::POST, &uri)?;
    let route = config.route(&target, &HeaderMap::new())?;
    let exchange = route.exchange(body.as_bytes(), Moment::EPOCH)?;
    let names = exchange.candidates().iter().map(|one| config.domain_name(one.provider()).to_owned());
    Some(names.collect())
}

/// Every address at which a model can be asked for, with the body.
fn addresses(provider: ProviderName, id: &str) -> Vec<(String, String)> {
    let hosts = ["fal.run", "falrun.com", "queue.fal.run", "queue.falrun.com"];
    match provider {
        ProviderName::Fal => hosts.map(|host| (format!("https://{host}/{id}"), "{}".to_owned())).to_vec(),
        _ => vec![
            (stage::replicate(id), "{}".to_owned()),
            (PREDICTIONS.to_owned(), format!(r#"{{"version":"{id}"}}"#)),
        ],
    }
}

/// What a client says at least.
fn input(provider: ProviderName, id: &str, task: Task) -> Value {
    let image = (["i2v", "image-to-"].iter().any(|part| id.contains(part)) || id == "minimax/video-01-live")
        .then_some(if provider == ProviderName::Fal { "image_url" } else { "first_frame_image" });
    let mut input = match (task, provider) {
        (Task::Transcription, ProviderName::Fal) => json!({"audio_url": SOUND}),
        (Task::Transcription, _) => json!({"audio": SOUND}),
        (Task::Speech, _) => json!({"text": "hello"}),
        _ => json!({"prompt": "a cat"}),
    };
    if let Some(key) = image {
        input[key] = json!(PICTURE);
    }
    input
}

#[test]
fn both_tables_are_there_and_nothing_is_that_nobody_named() {
    let catalogue = Catalogue::built_in().unwrap();
    for (table, beside, provider) in
        [(&FAL[..], &BESIDE[..], ProviderName::Fal), (&REPLICATE[..], &[], ProviderName::Replicate)]
    {
        let all = catalogue.models(provider, ProviderName::Nexa).map(|row| (row.id, row.stand_in, row.task));
        let (named, others): (Vec<_>, Vec<_>) = all.partition(|row| table.contains(row));
        assert_eq!((named, others), (table.to_vec(), beside.to_vec()), "{provider}");
        for (id, stand_in, _) in table.iter().chain(beside) {
            let found = resolve(&catalogue, provider, id);
            assert_eq!(found, Some(((*id).to_owned(), (*stand_in).to_owned())));
        }
    }
}

#[test]
fn every_row_is_found_at_every_address_of_its_model() {
    let config = config();
    for (provider, id, stand_in, _) in rows() {
        for (url, body) in addresses(provider, id) {
            let queue = if url.contains("queue") { " (queue)" } else { "" };
            let expected = [format!("{provider}/{id}{queue}"), format!("nexaapi/{stand_in}")];
            assert_eq!(asked(&config, &url, &body).unwrap_or_default(), expected, "{url} {body}");
        }
    }
}

#[test]
fn rows_that_were_once_out_of_reach_resolve_to_themselves() {
    let (catalogue, config) = (Catalogue::built_in().unwrap(), config());
    let once: Vec<_> = rows().filter(|(_, id, ..)| ONCE_OUT_OF_REACH.contains(id)).collect();
    assert_eq!(once.len(), 6);
    for (provider, id, stand_in, _) in once {
        assert_eq!(resolve(&catalogue, provider, id), Some((id.to_owned(), stand_in.to_owned())));
        let (url, body) = &addresses(provider, id)[0];
        let expected = [format!("{provider}/{id}"), format!("nexaapi/{stand_in}")];
        assert_eq!(asked(&config, url, body).unwrap_or_default(), expected);
    }
}

#[test]
fn every_row_is_answered_and_asks_for_its_own_stand_in() {
    let config = config();
    for (provider, id, stand_in, task) in rows() {
        let input = input(provider, id, task);
        let (url, headers, body) = match provider {
            ProviderName::Fal => (stage::fal(id), HeaderMap::new(), input.to_string()),
            _ => (stage::replicate(id), stage::wait(), json!({ "input": input }).to_string()),
        };
        let says = [stage::ok(match task {
            Task::Transcription => r#"{"text":"hello"}"#,
            _ => r#"{"url":"https://cdn.nexa.example/a"}"#,
        })];
        let request = (url.as_str(), &headers, body.as_bytes());
        let played =
            stage::play(&config, &stage::fleet(&config), request, &[stage::status(500)], &says).unwrap();
        let sent: Value = serde_json::from_slice(played.sent[0].body()).unwrap();
        assert_eq!(sent["model"], stand_in, "{id}");
        assert_eq!(played.sent[0].uri().path(), endpoint(task), "{id}");
        for (key, value) in input.as_object().unwrap() {
            let nexas = match key.as_str() {
                "audio" => "audio_url",
                "first_frame_image" => "image_url",
                same => same,
            };
            assert_eq!(sent[nexas], *value, "{id}: {key}");
        }
        assert_eq!(played.status(), if provider == ProviderName::Fal { 200 } else { 201 }, "{id}");
    }
}

/// An old name and today's are one model: asked the same way, they ask the same.
#[test]
fn todays_names_translate_like_the_old_ones() {
    let config = config();
    for (old, new) in [
        ("fal-ai/flux-pro", "fal-ai/flux-pro/new"),
        ("fal-ai/stable-diffusion-xl", "fal-ai/fast-sdxl"),
        ("fal-ai/stable-diffusion-3.5-large", "fal-ai/stable-diffusion-v35-large"),
        ("fal-ai/stable-diffusion-3.5-medium", "fal-ai/stable-diffusion-v35-medium"),
        ("fal-ai/dreamshaper-xl-turbo", "fal-ai/dreamshaper"),
        ("fal-ai/recraft-v3", "fal-ai/recraft/v3/text-to-image"),
        ("fal-ai/sora", "fal-ai/sora-2/text-to-video"),
    ] {
        let translate =
            |id| config.translate(ProviderName::Fal, id, br#"{"prompt":"a cat"}"#, ProviderName::Nexa);
        let [old, new] =
            [old, new].map(|id| translate(id).map(|it| (stage::pretty(&it.body), it.losses)).unwrap());
        assert_eq!(old, new);
    }
}

/// A path that begins with an image has a row of its own, and never runs as if there were none.
#[test]
fn a_path_that_begins_with_an_image_is_not_one_that_begins_with_a_text() {
    let config = config();
    for id in [
        "fal-ai/flux/dev/image-to-image",
        "fal-ai/minimax/video-01/image-to-video",
        "fal-ai/minimax/video-01-live/image-to-video",
        "fal-ai/wan-i2v",
    ] {
        let translate =
            |body: &[u8]| config.translate(ProviderName::Fal, id, body, ProviderName::Nexa).map(|it| it.body);
        let refused = translate(br#"{"prompt":"a cat"}"#).unwrap_err();
        assert_eq!(refused.reason, "image_url is missing", "{id}");
        let body = json!({"prompt": "a cat", "image_url": PICTURE}).to_string();
        let sent: Value = serde_json::from_slice(&translate(body.as_bytes()).unwrap()).unwrap();
        assert_eq!(sent["image_url"], PICTURE, "{id}");
    }
}

#[test]
fn another_model_is_called_a_variant() {
    let catalogue = Catalogue::built_in().unwrap();
    let variants: Vec<_> = catalogue
        .models(ProviderName::Fal, ProviderName::Nexa)
        .chain(catalogue.models(ProviderName::Replicate, ProviderName::Nexa))
        .filter(|row| row.substitution == Substitution::Variant)
        .map(|row| row.id)
        .collect();
    #[rustfmt::skip]
    let expected = [
        "fal-ai/flux-pro", "fal-ai/flux-pro/new", "fal-ai/stable-diffusion-xl", "fal-ai/fast-sdxl",
        "fal-ai/dreamshaper-xl-turbo", "fal-ai/dreamshaper", "fal-ai/sora",
        "black-forest-labs/flux-pro", "stability-ai/sdxl", "lucataco/dreamshaper-xl-turbo",
    ];
    assert_eq!(variants, expected);
}

/// The models that both have: Replicate's, the name by which FAL is asked for it, and FAL's other names of it. An old name is
/// asked by callers and never of FAL.
#[rustfmt::skip]
const OF_BOTH: [(&str, &str, &[&str]); 15] = [
    ("black-forest-labs/flux-pro", "fal-ai/flux-pro/new", &["fal-ai/flux-pro"]),
    ("black-forest-labs/flux-1.1-pro", "fal-ai/flux-pro/v1.1", &[]),
    ("black-forest-labs/flux-1.1-pro-ultra", "fal-ai/flux-pro/v1.1-ultra", &[]),
    ("black-forest-labs/flux-schnell", "fal-ai/flux/schnell", &[]),
    ("black-forest-labs/flux-dev", "fal-ai/flux/dev", &["fal-ai/flux/dev/image-to-image"]),
    ("stability-ai/stable-diffusion-3", "fal-ai/stable-diffusion-v3-medium", &[]),
    ("stability-ai/stable-diffusion-3.5-large", "fal-ai/stable-diffusion-v35-large", &["fal-ai/stable-diffusion-3.5-large"]),
    ("stability-ai/sdxl", "fal-ai/fast-sdxl", &["fal-ai/stable-diffusion-xl"]),
    ("playgroundai/playground-v2.5-1024px-aesthetic", "fal-ai/playground-v25", &[]),
    ("lucataco/dreamshaper-xl-turbo", "fal-ai/dreamshaper", &["fal-ai/dreamshaper-xl-turbo"]),
    ("ideogram-ai/ideogram-v2", "fal-ai/ideogram/v2", &[]),
    ("recraft-ai/recraft-v3", "fal-ai/recraft/v3/text-to-image", &["fal-ai/recraft-v3"]),
    ("minimax/video-01", "fal-ai/minimax/video-01", &["fal-ai/minimax/video-01/image-to-video"]),
    ("minimax/video-01-live", "fal-ai/minimax/video-01-live/image-to-video", &["fal-ai/minimax/video-01-live"]),
    ("openai/whisper", "fal-ai/whisper", &[]),
];

#[test]
fn a_model_of_both_stands_in_for_itself() {
    let catalogue = Catalogue::built_in().unwrap();
    let pairs = |asked, by| -> BTreeSet<_> {
        catalogue.models(asked, by).map(|row| (row.id, row.stand_in)).collect()
    };
    let by_replicate = OF_BOTH
        .iter()
        .flat_map(|(replicate, today, others)| others.iter().chain([today]).map(|fal| (*fal, *replicate)));
    assert_eq!(pairs(ProviderName::Fal, ProviderName::Replicate), by_replicate.collect());
    let by_fal = OF_BOTH.iter().map(|(replicate, today, _)| (*replicate, *today));
    let by_fal = by_fal.chain([("vaibhavs10/incredibly-fast-whisper", "fal-ai/whisper")]);
    assert_eq!(pairs(ProviderName::Replicate, ProviderName::Fal), by_fal.collect());
}

#[rustfmt::skip]
const LIKE_FAL: [&str; 31] = [
    // those which the replaced package took for a row
    "fal-ai/flux-pro/kontext", "fal-ai/flux/schnell/redux", "fal-ai/ideogram/v2/edit", "fal-ai/wan-t2v-lora",
    "fal-ai/flux-pro/v1", "fal-ai/flux-pro/v1.1-ultra-finetuned", "fal-ai/flux-pro/v1.1/redux", "fal-ai/flux-pro/",
    "fal-ai/flux/dev/redux", "fal-ai/flux/dev/image-to-image/x", "fal-ai/flux/schnell/image-to-image", "fal-ai/flux",
    "fal-ai/flux/dev/stream", "fal-ai/ideogram/v2a", "fal-ai/ideogram/v2/turbo", "fal-ai/minimax/video-01-director",
    "fal-ai/minimax/video-01/text-to-video", "fal-ai/recraft-v3-svg", "fal-ai/recraft/v3/image-to-image",
    "fal-ai/stable-diffusion-v3", "fal-ai/fast-sdxl/inpainting", "fal-ai/sora-2/image-to-video", "fal-ai/whisper/x",
    "FAL-AI/flux/dev", "fal-ai/Flux/dev", "flux/dev", "/fal-ai/flux/dev", "fal-ai//flux/dev", "fal-ai/flux%2Fdev",
    "fal-ai/flux/dev ", "",
];

#[rustfmt::skip]
const LIKE_REPLICATE: [&str; 19] = [
    "black-forest-labs/flux-dev-lora", "recraft-ai/recraft-v3-svg", "ideogram-ai/ideogram-v2a",
    "ideogram-ai/ideogram-v2-turbo", "ideogram-ai/ideogram-v2a-turbo", "openai/whisper-diarization",
    "thomasmol/whisper-diarization", "stability-ai/stable-diffusion-3.5-medium",
    "stability-ai/stable-diffusion-3.5-large-turbo", "black-forest-labs/flux-1.1-pro-ultra-finetuned",
    "black-forest-labs/flux", "stability-ai/stable-diffusion", "stability-ai/", "sdxl", "evil/flux-dev",
    "Stability-AI/sdxl", "stability-ai/sdxl ", "stability-ai%2Fsdxl", "minimax/video-01-director",
];

#[test]
fn what_looks_like_a_row_is_none() {
    let (catalogue, config) = (Catalogue::built_in().unwrap(), config());
    let fal = LIKE_FAL.iter().map(|name| (ProviderName::Fal, name));
    for (provider, name) in fal.chain(LIKE_REPLICATE.iter().map(|name| (ProviderName::Replicate, name))) {
        assert_eq!(resolve(&catalogue, ProviderName::Fal, name), None, "{name}");
        assert_eq!(resolve(&catalogue, ProviderName::Replicate, name), None, "{name}");
        for (url, body) in addresses(provider, name) {
            assert_eq!(asked(&config, &url, &body), None, "{url} {body}");
        }
    }
}
