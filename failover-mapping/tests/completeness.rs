//! Nothing that a provider documents is unknown: every input key of every mapped model has a row, is listed as dropped, or makes
//! the request untranslatable; and no data file knows a key that nobody documents.
//!
//! The keys are those of FAL's own type map (@fal-ai/client 1.10.1 and fal-js from December 2025 to August 2026, which differ in a
//! few) and of the models' schemas on Replicate, per version where versions differ.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use failover_mapping::{Catalogue, Only, ProviderName};

/// Models, and the keys of all of them.
type Documented = &'static [(&'static [&'static str], &'static str)];

const FAL: Documented = &[
    (
        &["fal-ai/flux-pro", "fal-ai/flux-pro/new"],
        "prompt image_size num_inference_steps guidance_scale num_images output_format safety_tolerance seed enhance_prompt \
         sync_mode",
    ),
    (
        &["fal-ai/flux-pro/v1.1"],
        "prompt image_size num_images output_format sync_mode safety_tolerance enable_safety_checker seed enhance_prompt",
    ),
    (
        &["fal-ai/flux-pro/v1.1-ultra"],
        "prompt aspect_ratio raw image_url image_prompt_strength num_images output_format safety_tolerance seed sync_mode \
         enhance_prompt enable_safety_checker",
    ),
    (
        &["fal-ai/flux/dev", "fal-ai/flux/schnell"],
        "prompt image_size num_inference_steps guidance_scale num_images acceleration enable_safety_checker output_format seed \
         sync_mode",
    ),
    (
        &["fal-ai/flux/dev/image-to-image"],
        "prompt image_url strength num_inference_steps guidance_scale num_images acceleration enable_safety_checker \
         output_format seed sync_mode",
    ),
    (
        &["fal-ai/stable-diffusion-xl", "fal-ai/fast-sdxl"],
        "prompt image_size embeddings expand_prompt loras enable_safety_checker guidance_scale negative_prompt format num_images \
         sync_mode safety_checker_version request_id num_inference_steps seed",
    ),
    (
        &["fal-ai/stable-diffusion-v3-medium"],
        "prompt prompt_expansion num_images image_size sync_mode guidance_scale num_inference_steps seed negative_prompt \
         enable_safety_checker",
    ),
    (
        &["fal-ai/stable-diffusion-3.5-large", "fal-ai/stable-diffusion-v35-large"],
        "prompt num_images image_size controlnet output_format ip_adapter sync_mode loras enable_safety_checker \
         num_inference_steps guidance_scale negative_prompt seed",
    ),
    (
        &["fal-ai/stable-diffusion-3.5-medium", "fal-ai/stable-diffusion-v35-medium"],
        "prompt num_images image_size output_format sync_mode guidance_scale num_inference_steps seed negative_prompt \
         enable_safety_checker auto_fix",
    ),
    (
        &["fal-ai/playground-v25"],
        "prompt image_size embeddings expand_prompt guidance_rescale enable_safety_checker guidance_scale negative_prompt format \
         num_images safety_checker_version request_id seed num_inference_steps",
    ),
    (
        &["fal-ai/dreamshaper-xl-turbo", "fal-ai/dreamshaper"],
        "prompt image_size embeddings expand_prompt loras guidance_scale enable_safety_checker negative_prompt format num_images \
         model_name sync_mode safety_checker_version request_id num_inference_steps seed",
    ),
    (&["fal-ai/ideogram/v2"], "prompt aspect_ratio style expand_prompt sync_mode seed negative_prompt"),
    (
        &["fal-ai/recraft-v3", "fal-ai/recraft/v3/text-to-image"],
        "prompt image_size enable_safety_checker colors style style_id",
    ),
    (
        &["fal-ai/kling-video/v1/standard/text-to-video"],
        "prompt aspect_ratio advanced_camera_control duration cfg_scale negative_prompt camera_control",
    ),
    (
        &["fal-ai/kling-video/v1.5/pro/text-to-video", "fal-ai/kling-video/v2/master/text-to-video"],
        "prompt aspect_ratio duration negative_prompt cfg_scale",
    ),
    (&["fal-ai/minimax/video-01", "fal-ai/minimax/video-01-live"], "prompt prompt_optimizer"),
    (
        &["fal-ai/minimax/video-01/image-to-video", "fal-ai/minimax/video-01-live/image-to-video"],
        "prompt prompt_optimizer image_url",
    ),
    (
        &["fal-ai/wan-t2v"],
        "prompt aspect_ratio resolution seed turbo_mode frames_per_second enable_safety_checker num_frames num_inference_steps \
         negative_prompt enable_prompt_expansion",
    ),
    (
        &["fal-ai/wan-i2v"],
        "prompt shift acceleration frames_per_second enable_safety_checker num_frames negative_prompt resolution aspect_ratio \
         image_url enable_prompt_expansion seed guide_scale num_inference_steps",
    ),
    (
        &["fal-ai/sora", "fal-ai/sora-2/text-to-video"],
        "prompt duration resolution model delete_video aspect_ratio character_ids detect_and_block_ip",
    ),
    (
        &["fal-ai/whisper"],
        "version batch_size language prompt num_speakers task chunk_level audio_url diarize",
    ),
    (
        &["fal-ai/elevenlabs/tts/multilingual-v2"],
        "text next_text speed style stability timestamps similarity_boost voice language_code apply_text_normalization \
         previous_text",
    ),
];

const REPLICATE: Documented = &[
    (
        &["black-forest-labs/flux-schnell"],
        "prompt aspect_ratio num_outputs num_inference_steps seed output_format output_quality disable_safety_checker go_fast \
         megapixels",
    ),
    (
        &["black-forest-labs/flux-dev"],
        "prompt aspect_ratio image prompt_strength num_outputs num_inference_steps guidance seed output_format output_quality \
         disable_safety_checker go_fast megapixels",
    ),
    (
        &["black-forest-labs/flux-pro"],
        "prompt aspect_ratio width height steps guidance interval image_prompt safety_tolerance prompt_upsampling seed \
         output_format output_quality",
    ),
    (
        &["black-forest-labs/flux-1.1-pro"],
        "prompt image_prompt aspect_ratio width height safety_tolerance seed prompt_upsampling output_format output_quality",
    ),
    (
        &["black-forest-labs/flux-1.1-pro-ultra"],
        "prompt image_prompt image_prompt_strength aspect_ratio safety_tolerance seed raw output_format",
    ),
    (
        &["stability-ai/stable-diffusion-3"], // 72c05df2, d9151b3b, a1a18e0e and what 527d2a62 seems to have
        "prompt negative_prompt aspect_ratio cfg output_format output_quality seed steps sampler_name scheduler image \
         num_outputs guidance_scale prompt_strength disable_safety_checker",
    ),
    (
        &["stability-ai/stable-diffusion-3.5-large"], // 2fdf9488 and e6c4657f
        "prompt negative_prompt cfg seed image aspect_ratio output_format prompt_strength steps output_quality",
    ),
    (
        &["stability-ai/sdxl"],
        "prompt negative_prompt width height num_outputs scheduler num_inference_steps guidance_scale prompt_strength image mask \
         refine refine_steps high_noise_frac lora_scale replicate_weights apply_watermark disable_safety_checker seed",
    ),
    (
        &["playgroundai/playground-v2.5-1024px-aesthetic"],
        "prompt negative_prompt width height num_outputs scheduler num_inference_steps guidance_scale prompt_strength image mask \
         apply_watermark disable_safety_checker seed",
    ),
    (
        &["lucataco/dreamshaper-xl-turbo"],
        "prompt negative_prompt width height num_outputs scheduler num_inference_steps guidance_scale seed apply_watermark \
         disable_safety_checker",
    ),
    (
        &["ideogram-ai/ideogram-v2"],
        "prompt negative_prompt aspect_ratio resolution style_type magic_prompt_option image mask seed",
    ),
    (&["recraft-ai/recraft-v3"], "prompt size aspect_ratio style"),
    (&["minimax/video-01"], "prompt first_frame_image subject_reference prompt_optimizer"),
    (&["minimax/video-01-live"], "prompt first_frame_image prompt_optimizer"),
    (
        &["openai/whisper"],
        "audio transcription translate language temperature patience suppress_tokens initial_prompt condition_on_previous_text \
         temperature_increment_on_fallback compression_ratio_threshold logprob_threshold no_speech_threshold model",
    ),
    (
        &["vaibhavs10/incredibly-fast-whisper"],
        "audio task language batch_size timestamp return_timestamps diarise_audio hf_token",
    ),
];

/// Keys beside the input, of a prediction.
const BESIDE: &str = "version webhook webhook_events_filter webhook_completed stream";

fn keys_of(documented: Documented, id: &str) -> Option<BTreeSet<&'static str>> {
    let found = documented.iter().find(|(ids, _)| ids.contains(&id));
    found.map(|(_, keys)| keys.split_whitespace().collect())
}

#[test]
fn every_documented_key_is_known() {
    let catalogue = Catalogue::built_in().unwrap();
    for (provider, documented) in [(ProviderName::Fal, FAL), (ProviderName::Replicate, REPLICATE)] {
        let data = catalogue.provider(provider).unwrap();
        let refused: BTreeSet<_> = data.refusals.iter().map(|refusal| refusal.key.as_str()).collect();
        for model in &data.models {
            let keys = keys_of(documented, &model.id);
            let keys = keys.unwrap_or_else(|| panic!("{} has no list of keys in this test", model.id));
            let set = model.inputs.as_deref().unwrap_or(model.task.as_str());
            let rows = data.inputs[set].iter().filter(|row| row.only != Some(Only::Write));
            let mut known: BTreeSet<_> = rows.map(|row| row.key.as_str()).collect();
            known.extend(data.drops.get(set).into_iter().flatten().map(String::as_str));
            known.extend(&refused);
            let unknown: Vec<_> = keys.difference(&known).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?} would be dropped as if nobody knew them", model.id);
        }
    }
}

/// Two spellings of a key are a row that nobody ever reaches.
#[test]
fn every_known_key_is_documented() {
    let catalogue = Catalogue::built_in().unwrap();
    for (provider, documented) in [(ProviderName::Fal, FAL), (ProviderName::Replicate, REPLICATE)] {
        let data = catalogue.provider(provider).unwrap();
        let sets: BTreeSet<_> = data.inputs.keys().chain(data.drops.keys()).collect();
        for set in sets {
            let users = data
                .models
                .iter()
                .filter(|model| model.inputs.as_deref().unwrap_or(model.task.as_str()) == set.as_str());
            let of_users: BTreeSet<_> =
                users.filter_map(|model| keys_of(documented, &model.id)).flatten().collect();
            assert!(!of_users.is_empty(), "{provider}: no model has the set {set}");
            let rows = data.inputs.get(set).into_iter().flatten().map(|row| &row.key);
            for key in rows.chain(data.drops.get(set).into_iter().flatten()) {
                assert!(of_users.contains(key.as_str()), "{provider}, {set}: {key}");
            }
        }
    }
}

#[test]
fn every_list_is_of_a_mapped_model() {
    let catalogue = Catalogue::built_in().unwrap();
    for (provider, documented) in [(ProviderName::Fal, FAL), (ProviderName::Replicate, REPLICATE)] {
        let models: BTreeSet<_> =
            catalogue.provider(provider).unwrap().models.iter().map(|model| model.id.as_str()).collect();
        let mut listed = BTreeSet::new();
        for id in documented.iter().flat_map(|(ids, _)| *ids) {
            assert!(models.contains(id) && listed.insert(id), "{id}");
        }
    }
}

#[test]
fn every_key_beside_the_input_is_known() {
    let catalogue = Catalogue::built_in().unwrap();
    let data = catalogue.provider(ProviderName::Replicate).unwrap();
    let ignored = &data.envelope.as_ref().unwrap().ignore;
    for key in BESIDE.split_whitespace() {
        let refused = data.refusals.iter().any(|refusal| refusal.key == key);
        assert!(refused != ignored.iter().any(|ignored| ignored == key), "{key}");
    }
}
