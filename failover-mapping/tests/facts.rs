//! The facts in the data files, against the same facts written down a second time: a slip in either shows.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::collections::BTreeMap;

use failover_mapping::{Answer, Catalogue, LossKind, ProviderName, Size};
use serde_json::json;
use stage::{GOOD, fal, headers, ok, replicate, wait};

#[rustfmt::skip]
const FAL_ANSWERS: [(&str, Answer); 33] = [
    ("fal-ai/flux-pro", Answer::Flux),
    ("fal-ai/flux-pro/new", Answer::Flux),
    ("fal-ai/flux-pro/v1.1", Answer::Flux),
    ("fal-ai/flux-pro/v1.1-ultra", Answer::Flux),
    ("fal-ai/flux/schnell", Answer::Flux),
    ("fal-ai/flux/dev", Answer::Flux),
    ("fal-ai/flux/dev/image-to-image", Answer::Flux),
    ("fal-ai/stable-diffusion-xl", Answer::Flux),
    ("fal-ai/fast-sdxl", Answer::Flux),
    ("fal-ai/stable-diffusion-v3-medium", Answer::FluxCounted),
    ("fal-ai/stable-diffusion-3.5-large", Answer::Flux),
    ("fal-ai/stable-diffusion-v35-large", Answer::Flux),
    ("fal-ai/stable-diffusion-3.5-medium", Answer::Flux),
    ("fal-ai/stable-diffusion-v35-medium", Answer::Flux),
    ("fal-ai/playground-v25", Answer::Flux),
    ("fal-ai/dreamshaper-xl-turbo", Answer::Flux),
    ("fal-ai/dreamshaper", Answer::Flux),
    ("fal-ai/ideogram/v2", Answer::FilesSeed),
    ("fal-ai/recraft-v3", Answer::Files),
    ("fal-ai/recraft/v3/text-to-image", Answer::Files),
    ("fal-ai/kling-video/v1/standard/text-to-video", Answer::Video),
    ("fal-ai/kling-video/v1.5/pro/text-to-video", Answer::Video),
    ("fal-ai/kling-video/v2/master/text-to-video", Answer::Video),
    ("fal-ai/minimax/video-01", Answer::Video),
    ("fal-ai/minimax/video-01/image-to-video", Answer::Video),
    ("fal-ai/minimax/video-01-live", Answer::Video),
    ("fal-ai/minimax/video-01-live/image-to-video", Answer::Video),
    ("fal-ai/wan-t2v", Answer::VideoSeed),
    ("fal-ai/wan-i2v", Answer::VideoSeed),
    ("fal-ai/sora", Answer::Sora),
    ("fal-ai/sora-2/text-to-video", Answer::Sora),
    ("fal-ai/whisper", Answer::Whisper),
    ("fal-ai/elevenlabs/tts/multilingual-v2", Answer::Audio),
];
#[rustfmt::skip]
const REPLICATE_ANSWERS: [(&str, Answer); 16] = [
    ("black-forest-labs/flux-pro", Answer::One),
    ("black-forest-labs/flux-1.1-pro", Answer::One),
    ("black-forest-labs/flux-1.1-pro-ultra", Answer::One),
    ("black-forest-labs/flux-schnell", Answer::List),
    ("black-forest-labs/flux-dev", Answer::List),
    ("stability-ai/stable-diffusion-3", Answer::List),
    ("stability-ai/stable-diffusion-3.5-large", Answer::List),
    ("stability-ai/sdxl", Answer::List),
    ("playgroundai/playground-v2.5-1024px-aesthetic", Answer::List),
    ("lucataco/dreamshaper-xl-turbo", Answer::List),
    ("ideogram-ai/ideogram-v2", Answer::One),
    ("recraft-ai/recraft-v3", Answer::One),
    ("minimax/video-01", Answer::One),
    ("minimax/video-01-live", Answer::One),
    ("openai/whisper", Answer::Transcription),
    ("vaibhavs10/incredibly-fast-whisper", Answer::Chunks),
];

#[test]
fn every_model_answers_in_its_own_shape() {
    let catalogue = Catalogue::built_in().unwrap();
    for (provider, answers) in
        [(ProviderName::Fal, &FAL_ANSWERS[..]), (ProviderName::Replicate, &REPLICATE_ANSWERS)]
    {
        let rows = &catalogue.provider(provider).unwrap().models;
        let listed: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.answer.unwrap())).collect();
        assert_eq!(listed, answers, "{provider}");
    }
}

type Sides = &'static [(&'static str, [u32; 2])];

const FAL_SIZES: Sides = &[
    ("landscape_16_9", [1024, 576]),
    ("landscape_4_3", [1024, 768]),
    ("portrait_16_9", [576, 1024]),
    ("portrait_4_3", [768, 1024]),
    ("square", [512, 512]),
    ("square_hd", [1024, 1024]),
];
const FAL_ULTRA: Sides = &[
    ("16:9", [1344, 768]),
    ("1:1", [1024, 1024]),
    ("21:9", [1536, 640]),
    ("2:3", [832, 1216]),
    ("3:2", [1216, 832]),
    ("3:4", [896, 1152]),
    ("4:3", [1152, 896]),
    ("9:16", [768, 1344]),
    ("9:21", [640, 1536]),
];
const FLUX: Sides = &[
    ("16:9", [1344, 768]),
    ("1:1", [1024, 1024]),
    ("21:9", [1536, 640]),
    ("2:3", [832, 1216]),
    ("3:2", [1216, 832]),
    ("3:4", [896, 1152]),
    ("4:3", [1152, 896]),
    ("4:5", [896, 1088]),
    ("5:4", [1088, 896]),
    ("9:16", [768, 1344]),
    ("9:21", [640, 1536]),
];
const FLUX_PRO: Sides = &[
    ("16:9", [1344, 768]),
    ("1:1", [1024, 1024]),
    ("2:3", [832, 1216]),
    ("3:2", [1216, 832]),
    ("3:4", [896, 1152]),
    ("4:3", [1152, 896]),
    ("4:5", [896, 1088]),
    ("5:4", [1088, 896]),
    ("9:16", [768, 1344]),
];
const STABLE_DIFFUSION: Sides = &[
    ("16:9", [1344, 768]),
    ("1:1", [1024, 1024]),
    ("21:9", [1536, 640]),
    ("2:3", [832, 1216]),
    ("3:2", [1216, 832]),
    ("4:5", [896, 1088]),
    ("5:4", [1088, 896]),
    ("9:16", [768, 1344]),
    ("9:21", [640, 1536]),
];
const IDEOGRAM: Sides = &[
    ("10:16", [800, 1280]),
    ("16:10", [1280, 800]),
    ("16:9", [1312, 736]),
    ("1:1", [1024, 1024]),
    ("1:3", [512, 1536]),
    ("2:3", [832, 1248]),
    ("3:1", [1536, 512]),
    ("3:2", [1248, 832]),
    ("3:4", [864, 1152]),
    ("4:3", [1152, 864]),
    ("9:16", [736, 1312]),
];
const RECRAFT: Sides = &[
    ("16:9", [1820, 1024]),
    ("1:1", [1024, 1024]),
    ("1:2", [1024, 2048]),
    ("2:1", [2048, 1024]),
    ("2:3", [1024, 1536]),
    ("3:2", [1536, 1024]),
    ("3:4", [1024, 1365]),
    ("3:5", [1024, 1707]),
    ("4:3", [1365, 1024]),
    ("4:5", [1024, 1280]),
    ("5:3", [1707, 1024]),
    ("5:4", [1280, 1024]),
    ("5:7", [1024, 1434]),
    ("7:5", [1434, 1024]),
    ("9:16", [1024, 1820]),
];

fn sides(sizes: &BTreeMap<String, Size>) -> Vec<(&str, [u32; 2])> {
    sizes.iter().map(|(name, size)| (name.as_str(), [size.width, size.height])).collect()
}

#[test]
fn every_size_and_ratio_has_its_pixels() {
    let catalogue = Catalogue::built_in().unwrap();
    assert_eq!(sides(&catalogue.provider(ProviderName::Fal).unwrap().sizes), FAL_SIZES);
    for (provider, tables) in [
        (ProviderName::Fal, &[("flux-ultra", FAL_ULTRA), ("ideogram", IDEOGRAM)][..]),
        (
            ProviderName::Replicate,
            &[
                ("flux", FLUX),
                ("flux-pro", FLUX_PRO),
                ("ideogram", IDEOGRAM),
                ("recraft", RECRAFT),
                ("stable-diffusion-3-5", STABLE_DIFFUSION),
            ],
        ),
    ] {
        let listed = &catalogue.provider(provider).unwrap().ratios;
        assert_eq!(
            listed.keys().collect::<Vec<_>>(),
            tables.iter().map(|(name, _)| name).collect::<Vec<_>>()
        );
        for (name, table) in tables {
            assert_eq!(sides(&listed[*name]), *table, "{provider}, {name}");
        }
    }
}

/// How a model's sizes are its own, or only like them.
#[test]
fn only_guessed_pixels_are_approximated() {
    for (model, approximated) in [
        ("recraft-ai/recraft-v3", false),
        ("ideogram-ai/ideogram-v2", true),
        ("black-forest-labs/flux-1.1-pro-ultra", true),
        ("black-forest-labs/flux-dev", false),
    ] {
        let body = r#"{"input":{"prompt":"a cat","aspect_ratio":"3:2"}}"#;
        let played = stage::failed_over((&replicate(model), &wait(), body), &[ok(GOOD)]);
        let losses = played.provenance.unwrap().losses;
        // The defaults that NexaAPI cannot be told are another matter.
        let others = losses.iter().filter(|loss| loss.kind != LossKind::Defaulted).map(ToString::to_string);
        let expected = &["aspect_ratio approximated"][..usize::from(approximated)];
        assert_eq!(others.collect::<Vec<_>>(), expected, "{model}");
    }
}

const FAL_REFUSALS: [&str; 21] = [
    "image_url",
    "image_urls",
    "mask_url",
    "image_prompt_url",
    "reference_image_url",
    "loras",
    "embeddings",
    "style_id",
    "character_ids",
    "controlnet",
    "controlnets",
    "controlnet_unions",
    "easycontrols",
    "ip_adapter",
    "ip_adapters",
    "camera_control",
    "advanced_camera_control",
    "model_name",
    "model",
    "timestamps",
    "webhook_url",
];
const REPLICATE_REFUSALS: [&str; 15] = [
    "image",
    "mask",
    "image_prompt",
    "style_reference_images",
    "control_image",
    "lora_weights",
    "extra_lora",
    "hf_lora",
    "replicate_weights",
    "subject_reference",
    "diarise_audio",
    "transcription",
    "webhook",
    "webhook_completed",
    "stream",
];

#[test]
fn what_cannot_be_carried_over_is_refused_unless_it_is_off() {
    let catalogue = Catalogue::built_in().unwrap();
    for (provider, keys) in
        [(ProviderName::Fal, &FAL_REFUSALS[..]), (ProviderName::Replicate, &REPLICATE_REFUSALS)]
    {
        let listed: Vec<_> =
            catalogue.provider(provider).unwrap().refusals.iter().map(|row| &row.key).collect();
        assert_eq!(listed, keys, "{provider}");
        for key in keys {
            for (value, off) in [
                ("null", true),
                ("false", true),
                (r#""""#, true),
                ("[]", true),
                ("{}", true),
                ("true", false),
                ("0", false),
                (r#""x""#, false),
                ("[0]", false),
                (r#"{"x":0}"#, false),
            ] {
                let asked = format!(r#"{{"prompt":"a cat","{key}":{value}}}"#);
                let played = match provider {
                    ProviderName::Fal => {
                        stage::failed_over((&fal("fal-ai/flux/dev"), &headers(&[]), &asked), &[ok(GOOD)])
                    }
                    _ => {
                        let body = format!(r#"{{"input":{asked}}}"#);
                        let uri = replicate("black-forest-labs/flux-schnell"); // it takes no image
                        stage::failed_over((&uri, &wait(), &body), &[ok(GOOD)])
                    }
                };
                assert_eq!(played.sent.len(), usize::from(off), "{key}: {value}");
                let provenance = played.provenance.unwrap();
                let refused = format!("no translation was possible: {key}: ");
                assert_eq!(provenance.note.is_some_and(|note| note.starts_with(&refused)), !off);
                assert!(!provenance.losses.iter().any(|loss| loss.field == *key), "{key}: {value}");
            }
        }
    }
}

/// Values that name what happens anyway.
#[test]
fn what_changes_nothing_is_not_refused() {
    for (model, key, value, taken) in [
        ("fal-ai/dreamshaper", "model_name", "Lykon/dreamshaper-xl-v2-turbo", true),
        ("fal-ai/dreamshaper", "model_name", "Lykon/dreamshaper-xl-1-0", true),
        ("fal-ai/dreamshaper", "model_name", "Lykon/dreamshaper-8", false),
        ("fal-ai/sora-2/text-to-video", "model", "sora-2", true),
        ("fal-ai/sora-2/text-to-video", "model", "sora-2-2025-10-06", false),
        ("openai/whisper", "transcription", "plain text", true),
        ("openai/whisper", "transcription", "srt", false),
    ] {
        let input = json!({"prompt": "a cat", "audio": "https://n.example/a.mp3", key: value});
        let played = if model.starts_with("fal-ai/") {
            stage::failed_over((&fal(model), &headers(&[]), &input.to_string()), &[ok(GOOD)])
        } else {
            let body = json!({"version": model, "input": input}).to_string();
            stage::failed_over(("https://api.replicate.com/v1/predictions", &wait(), &body), &[ok(GOOD)])
        };
        assert_eq!(!played.sent.is_empty(), taken, "{model}: {key} = {value}");
        assert_eq!(played.note().contains(key), !taken, "{model}: {key} = {value}");
    }
}

#[test]
fn bounds_are_the_models_own() {
    for (model, key, least, most) in [
        ("fal-ai/flux/schnell", "num_inference_steps", 1, 12),
        ("fal-ai/flux/dev", "num_images", 1, 4),
        ("fal-ai/flux/dev", "guidance_scale", 1, 20),
        ("fal-ai/flux/dev", "num_inference_steps", 1, 50),
        ("fal-ai/flux-pro", "safety_tolerance", 1, 6),
        ("fal-ai/fast-sdxl", "num_images", 1, 8),
        ("fal-ai/fast-sdxl", "guidance_scale", 0, 20),
        ("fal-ai/dreamshaper", "num_inference_steps", 1, 70),
        ("fal-ai/wan-t2v", "num_frames", 81, 100),
        ("fal-ai/wan-t2v", "frames_per_second", 5, 24),
        ("black-forest-labs/flux-schnell", "num_inference_steps", 1, 4),
        ("black-forest-labs/flux-dev", "num_inference_steps", 1, 50),
        ("black-forest-labs/flux-dev", "num_outputs", 1, 4),
        ("playgroundai/playground-v2.5-1024px-aesthetic", "width", 256, 1536),
        ("playgroundai/playground-v2.5-1024px-aesthetic", "height", 256, 1536),
        ("playgroundai/playground-v2.5-1024px-aesthetic", "num_inference_steps", 1, 60),
        ("black-forest-labs/flux-pro", "steps", 1, 50),
        ("black-forest-labs/flux-pro", "guidance", 2, 5),
        ("stability-ai/stable-diffusion-3.5-large", "cfg", 1, 10),
        ("stability-ai/sdxl", "num_inference_steps", 1, 500),
        ("stability-ai/sdxl", "width", 1, 14142),
    ] {
        for (value, taken) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
            let asked = format!(r#"{{"prompt":"a cat","{key}":{value}}}"#);
            let wrapped = format!(r#"{{"input":{asked}}}"#);
            let played = if model.starts_with("fal-ai/") {
                stage::failed_over((&fal(model), &headers(&[]), &asked), &[ok(GOOD)])
            } else {
                stage::failed_over((&replicate(model), &wait(), &wrapped), &[ok(GOOD)])
            };
            assert_eq!(played.sent.len(), usize::from(taken), "{model}: {key} = {value}");
        }
    }
}

#[test]
fn keys_that_a_model_does_not_take_are_dropped() {
    for (model, keys) in [
        ("fal-ai/flux/dev", &["negative_prompt"][..]),
        ("fal-ai/flux/schnell", &["negative_prompt"]),
        ("fal-ai/flux-pro", &["negative_prompt"]),
        ("fal-ai/flux-pro/v1.1", &["num_inference_steps", "guidance_scale", "negative_prompt"]),
        ("fal-ai/recraft-v3", &["num_images", "seed", "negative_prompt", "num_inference_steps"]),
        ("black-forest-labs/flux-schnell", &["guidance", "negative_prompt"]),
        ("black-forest-labs/flux-1.1-pro", &["steps", "guidance", "num_outputs"]),
        ("stability-ai/stable-diffusion-3.5-large", &["num_outputs"]),
        ("recraft-ai/recraft-v3", &["seed", "num_outputs"]),
    ] {
        for key in keys {
            let asked = format!(r#"{{"prompt":"a cat","{key}":3}}"#);
            let wrapped = format!(r#"{{"input":{asked}}}"#);
            let played = if model.starts_with("fal-ai/") {
                stage::failed_over((&fal(model), &headers(&[]), &asked), &[ok(GOOD)])
            } else {
                stage::failed_over((&replicate(model), &wait(), &wrapped), &[ok(GOOD)])
            };
            let losses = played.provenance.unwrap().losses;
            let dropped = format!("{key} dropped");
            assert!(losses.iter().any(|loss| loss.to_string() == dropped), "{model}: {key}: {losses:?}");
        }
    }
}
