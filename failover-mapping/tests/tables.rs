//! Every row of both tables resolves to exactly its own entry, and nothing that only looks like a row resolves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use failover_mapping::{Catalogue, ProviderName, Substitution, Task};

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

#[test]
fn every_row_resolves_to_its_own_entry() {
    let catalogue = Catalogue::built_in().unwrap();
    for (table, provider) in [(&FAL[..], ProviderName::Fal), (&REPLICATE[..], ProviderName::Replicate)] {
        let listed: Vec<_> = catalogue.models(provider).map(|row| (row.id, row.stand_in, row.task)).collect();
        assert_eq!(listed, table, "{provider}");
        for (id, stand_in, task) in table {
            let row = match provider {
                ProviderName::Fal => catalogue.resolve_fal(id),
                _ => catalogue.resolve_replicate(id),
            };
            let row = row.unwrap_or_else(|| panic!("{id} does not resolve"));
            assert_eq!((row.id, row.stand_in, row.task, row.provider), (*id, *stand_in, *task, provider));
            assert_eq!(row.answered, *task == Task::Image, "{id}");
            let endpoint = match task {
                Task::Image => "/v1/images/generate",
                Task::Video => "/v1/videos/generate",
                Task::Transcription => "/v1/audio/transcriptions",
                _ => "/v1/audio/speech",
            };
            assert_eq!(row.endpoint, endpoint, "{id}");
        }
    }
}

#[test]
fn another_model_is_called_a_variant() {
    let catalogue = Catalogue::built_in().unwrap();
    let variants: Vec<_> = catalogue
        .models(ProviderName::Fal)
        .chain(catalogue.models(ProviderName::Replicate))
        .filter(|row| row.substitution == Substitution::Variant)
        .map(|row| row.id)
        .collect();
    let expected = [
        "fal-ai/flux-pro",
        "fal-ai/stable-diffusion-xl",
        "fal-ai/dreamshaper-xl-turbo",
        "fal-ai/sora",
        "black-forest-labs/flux-pro",
        "stability-ai/sdxl",
        "lucataco/dreamshaper-xl-turbo",
    ];
    assert_eq!(variants, expected);
}

#[test]
fn the_same_model_of_two_providers_has_one_neutral_name() {
    let catalogue = Catalogue::built_in().unwrap();
    for (fal, replicate) in [
        ("fal-ai/flux/dev", "black-forest-labs/flux-dev"),
        ("fal-ai/stable-diffusion-xl", "stability-ai/sdxl"),
        ("fal-ai/whisper", "openai/whisper"),
        ("fal-ai/minimax/video-01-live", "minimax/video-01-live"),
    ] {
        let (fal, replicate) =
            (catalogue.resolve_fal(fal).unwrap(), catalogue.resolve_replicate(replicate).unwrap());
        assert_eq!(fal.model, replicate.model);
    }
}

#[test]
fn near_misses_do_not_resolve() {
    let catalogue = Catalogue::built_in().unwrap();
    let fal = [
        "fal-ai/flux-pro/kontext",
        "fal-ai/flux-pro/v1",
        "fal-ai/flux-pro/v1.1-ultra-finetuned",
        "fal-ai/flux-pro/",
        "fal-ai/flux/dev/image-to-image",
        "fal-ai/flux/schnell/redux",
        "fal-ai/flux",
        "fal-ai/flux/dev/stream",
        "fal-ai/ideogram/v2/edit",
        "fal-ai/ideogram/v2a",
        "fal-ai/minimax/video-01/image-to-video",
        "fal-ai/wan-t2v-lora",
        "fal-ai/recraft-v3-svg",
        "FAL-AI/flux/dev",
        "fal-ai/Flux/dev",
        "flux/dev",
        "/fal-ai/flux/dev",
        "fal-ai//flux/dev",
        "fal-ai/flux%2Fdev",
        "fal-ai/flux/dev ",
        "",
    ];
    for id in fal {
        assert_eq!(catalogue.resolve_fal(id), None, "{id}");
        assert_eq!(catalogue.resolve_replicate(id), None, "{id}");
    }
    let replicate = [
        "black-forest-labs/flux-dev-lora",
        "black-forest-labs/flux-1.1-pro-ultra-finetuned",
        "black-forest-labs/flux",
        "stability-ai/stable-diffusion",
        "stability-ai/stable-diffusion-3.5-large-turbo",
        "stability-ai/stable-diffusion-3.5-medium",
        "recraft-ai/recraft-v3-svg",
        "ideogram-ai/ideogram-v2-turbo",
        "ideogram-ai/ideogram-v2a",
        "openai/whisper-diarization",
        "sdxl",
        "stability-ai/",
        "evil/flux-dev",
    ];
    for name in replicate {
        assert_eq!(catalogue.resolve_replicate(name), None, "{name}");
        assert_eq!(catalogue.resolve_fal(name), None, "{name}");
    }
}

#[test]
fn every_image_row_is_answered_and_asks_for_its_own_stand_in() {
    for (table, uri, headers, body) in [
        (&FAL[..], stage::fal as fn(&str) -> String, stage::headers(&[]), r#"{"prompt":"a cat"}"#),
        (&REPLICATE[..], stage::replicate, stage::wait(), r#"{"input":{"prompt":"a cat"}}"#),
    ] {
        for (id, stand_in, task) in table {
            let (config, uri) = (stage::config(), uri(id));
            let request = (uri.as_str(), &headers, body.as_bytes());
            let says = [stage::ok(stage::GOOD)];
            let played = stage::play(&config, &stage::fleet(&config), request, &[stage::status(500)], &says);
            if *task != Task::Image {
                assert!(played.is_none(), "{id}");
                continue;
            }
            let played = played.unwrap();
            let sent: serde_json::Value = serde_json::from_slice(played.sent[0].body()).unwrap();
            assert_eq!(sent["model"], *stand_in, "{id}");
            assert!(played.answer.is_some(), "{id}");
        }
    }
}
