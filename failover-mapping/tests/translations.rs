//! What NexaAPI is asked, for representative requests of every family, and what is lost or refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::fmt::Write as _;

use failover_mapping::{Dialect, ProviderName};
use serde_json::json;
use stage::{GOOD, fal, headers, ok, pretty, replicate, wait};

/// A picture, a video, a sound and a transcript.
const ANSWER: &str = r#"{"url":"https://cdn.nexa.example/a","text":"hello"}"#;

/// For each input: the body that is sent and the losses, or the reason why nothing is sent.
fn story(uri: &str, wrap: bool, inputs: &[&str]) -> String {
    let mut story = String::new();
    for input in inputs {
        let body = if wrap { format!(r#"{{"input":{input}}}"#) } else { (*input).to_owned() };
        let headers = if wrap { wait() } else { headers(&[]) };
        let played = stage::failed_over((uri, &headers, &body), &[ok(ANSWER)]);
        writeln!(story, "{input}").unwrap();
        let provenance = played.provenance.unwrap();
        match played.sent.first() {
            Some(sent) => writeln!(story, "=> {}", pretty(sent.body())).unwrap(),
            None => writeln!(story, "=> {}", provenance.note.unwrap()).unwrap(),
        }
        for loss in &provenance.losses {
            writeln!(story, "   {loss}").unwrap();
        }
    }
    story
}

#[test]
fn fal_flux_same_model() {
    insta::assert_snapshot!(story(
        &fal("fal-ai/flux/dev"),
        false,
        &[
            r#"{"prompt":"a cat"}"#,
            r#"{"prompt":"a cat","image_size":"portrait_16_9","num_inference_steps":20,"guidance_scale":4,"num_images":2,"seed":42}"#,
            r#"{"prompt":"a cat","image_size":{"width":1280,"height":720},"negative_prompt":"dogs"}"#,
            r#"{"prompt":"a cat","image_size":{"width":640}}"#,
            r#"{"prompt":"a cat","image_size":{"ImageSize":{"height":720,"width":1280}}}"#,
            r#"{"prompt":"a cat","num_inference_steps":"28","guidance_scale":"3.5","seed":"7","image_size":null}"#,
            r#"{"prompt":"a cat","output_format":"png","enable_safety_checker":false,"sync_mode":false,"loras":[],"acceleration":null}"#,
        ],
    ));
}

#[test]
fn fal_defaults_per_model() {
    let mut all = String::new();
    for model in [
        "flux-pro",
        "flux-pro/v1.1",
        "flux-pro/v1.1-ultra",
        "flux/schnell",
        "stable-diffusion-xl",
        "stable-diffusion-v3-medium",
        "stable-diffusion-3.5-large",
        "stable-diffusion-3.5-medium",
        "playground-v25",
        "dreamshaper-xl-turbo",
        "ideogram/v2",
        "recraft-v3",
    ] {
        writeln!(
            all,
            "{model}: {}",
            story(&fal(&format!("fal-ai/{model}")), false, &[r#"{"prompt":"a cat"}"#])
        )
        .unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn fal_by_ratio() {
    insta::assert_snapshot!(story(
        &fal("fal-ai/flux-pro/v1.1-ultra"),
        false,
        &[
            r#"{"prompt":"a cat","aspect_ratio":"21:9","raw":true}"#,
            r#"{"prompt":"a cat","aspect_ratio":"7:5"}"#
        ],
    ));
}

#[test]
fn fal_without_translation() {
    insta::assert_snapshot!(story(
        &fal("fal-ai/flux/dev"),
        false,
        &[
            "not json",
            "",
            "[1]",
            r#""text""#,
            "{}",
            r#"{"prompt":null}"#,
            r#"{"prompt":3}"#,
            r#"{"prompt":"a cat","image_size":"axb"}"#,
            r#"{"prompt":"a cat","image_size":"1024x768"}"#,
            r#"{"prompt":"a cat","image_size":{"width":-1,"height":0}}"#,
            r#"{"prompt":"a cat","image_size":{"width":1e12,"height":512}}"#,
            r#"{"prompt":"a cat","image_size":{"width":512.5}}"#,
            r#"{"prompt":"a cat","image_size":14142}"#,
            r#"{"prompt":"a cat","num_inference_steps":51e999}"#,
            r#"{"prompt":"a cat","num_inference_steps":"NaN"}"#,
            r#"{"prompt":"a cat","guidance_scale":"inf"}"#,
            r#"{"prompt":"a cat","guidance_scale":[1]}"#,
            r#"{"prompt":"a cat","num_images":0}"#,
            r#"{"prompt":"a cat","num_images":true}"#,
            r#"{"prompt":"a cat","seed":18446744073709551615}"#,
            r#"{"prompt":"a cat","seed":1.5}"#,
            r#"{"prompt":"a cat","image_url":"https://x.example/a.png"}"#,
            r#"{"prompt":"a cat","loras":[{"path":"x"}]}"#,
        ],
    ));
}

/// Frames become seconds, a resolution and a ratio become sides, and numbers in strings become numbers.
#[test]
fn fal_video_and_sound() {
    let mut all = String::new();
    for (model, inputs) in [
        (
            "kling-video/v1/standard/text-to-video",
            &[
                r#"{"prompt":"a cat","duration":"10","aspect_ratio":"1:1","cfg_scale":0.7}"#,
                r#"{"prompt":"a cat","duration":"7"}"#,
                r#"{"prompt":"a cat","camera_control":"down_back"}"#,
            ][..],
        ),
        (
            "wan-t2v",
            &[r#"{"prompt":"a cat","num_frames":"96","frames_per_second":24,"aspect_ratio":"9:16"}"#],
        ),
        ("wan-i2v", &[r#"{"prompt":"a cat","image_url":"https://x.example/a.png","resolution":"480p"}"#]),
        (
            "minimax/video-01/image-to-video",
            &[
                r#"{"prompt":"a cat","image_url":"https://x.example/a.png"}"#,
                r#"{"prompt":"a cat","image_url":"file:///etc/passwd"}"#,
                r#"{"prompt":"a cat"}"#,
            ],
        ),
        ("sora-2/text-to-video", &[r#"{"prompt":"a cat","duration":"8","aspect_ratio":"9:16"}"#]),
        (
            "whisper",
            &[
                r#"{"audio_url":"https://x.example/a.mp3","language":"de","diarize":true,"chunk_level":"word"}"#,
                r#"{"audio_url":"https://x.example/a.mp3","task":"translate"}"#,
                r#"{"audio_url":"https://x.example/a.mp3","language":"klingon"}"#,
                "{}",
            ],
        ),
        (
            "elevenlabs/tts/multilingual-v2",
            &[
                r#"{"text":"hello","voice":"Aria","speed":1.1,"stability":0.4,"next_text":"x"}"#,
                r#"{"text":"hello","timestamps":true}"#,
                r#"{"text":""}"#,
            ],
        ),
    ] {
        writeln!(all, "{model}: {}", story(&fal(&format!("fal-ai/{model}")), false, inputs)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn replicate_flux() {
    insta::assert_snapshot!(story(
        &replicate("black-forest-labs/flux-dev"),
        true,
        &[
            r#"{"prompt":"a cat"}"#,
            r#"{"prompt":"a cat","aspect_ratio":"16:9","num_outputs":2,"guidance":2.5,"num_inference_steps":"12","seed":1}"#,
            r#"{"prompt":"a cat","go_fast":true,"megapixels":"1","output_format":"webp"}"#,
            r#"{"prompt":"a cat","aspect_ratio":"5:7"}"#,
            r#"{"prompt":"a cat","image":"https://x.example/a.png"}"#,
        ],
    ));
}

#[test]
fn replicate_keys_per_model() {
    let mut all = String::new();
    for (model, inputs) in [
        (
            "black-forest-labs/flux-pro",
            &[
                r#"{"prompt":"a cat","steps":30,"guidance":4}"#,
                r#"{"prompt":"a cat","aspect_ratio":"custom","width":512,"height":768}"#,
                r#"{"prompt":"a cat","aspect_ratio":"custom","width":512}"#,
                r#"{"prompt":"a cat","width":512,"height":768}"#,
                r#"{"prompt":"a cat","aspect_ratio":"custom","width":2000,"height":768}"#,
            ][..],
        ),
        ("black-forest-labs/flux-1.1-pro", &[r#"{"prompt":"a cat","aspect_ratio":"3:2"}"#]),
        ("black-forest-labs/flux-1.1-pro-ultra", &[r#"{"prompt":"a cat","raw":true}"#]),
        ("black-forest-labs/flux-schnell", &[r#"{"prompt":"a cat"}"#]),
        ("stability-ai/stable-diffusion-3", &[r#"{"prompt":"a cat","cfg":4.5,"steps":28}"#]),
        ("stability-ai/stable-diffusion-3.5-large", &[r#"{"prompt":"a cat","negative_prompt":"dogs"}"#]),
        (
            "stability-ai/sdxl",
            &[
                r#"{"prompt":"a cat"}"#,
                r#"{"prompt":"a cat","width":768,"height":512,"num_inference_steps":30,"guidance_scale":6,"refine":"no_refiner"}"#,
                r#"{"prompt":"a cat","mask":"https://x.example/m.png"}"#,
            ],
        ),
        ("playgroundai/playground-v2.5-1024px-aesthetic", &[r#"{"prompt":"a cat","width":1536}"#]),
        ("lucataco/dreamshaper-xl-turbo", &[r#"{"prompt":"a cat"}"#]),
        (
            "ideogram-ai/ideogram-v2",
            &[
                r#"{"prompt":"a cat"}"#,
                r#"{"prompt":"a cat","resolution":"None","aspect_ratio":"16:9","style_type":"Anime"}"#,
                r#"{"prompt":"a cat","resolution":"512x1536","aspect_ratio":"16:9"}"#,
                r#"{"prompt":"a cat","resolution":"-1x0"}"#,
            ],
        ),
        (
            "recraft-ai/recraft-v3",
            &[
                r#"{"prompt":"a cat"}"#,
                r#"{"prompt":"a cat","size":"1365x1024","aspect_ratio":"Not set","style":"any"}"#,
                r#"{"prompt":"a cat","size":"axb"}"#,
                r#"{"prompt":"a cat","aspect_ratio":"16:9","size":"1365x1024"}"#,
                r#"{"prompt":"a cat","aspect_ratio":"21:9"}"#,
            ],
        ),
    ] {
        writeln!(all, "{model}: {}", story(&replicate(model), true, inputs)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn replicate_envelopes() {
    let mut all = String::new();
    let uri = replicate("black-forest-labs/flux-schnell");
    for body in [
        r#"{"input":{"prompt":"a cat"},"version":"x","webhook_events_filter":["completed"],"stream":false,"other":1}"#,
        r#"{"input":{"prompt":"a cat"},"webhook":"https://x.example/hook"}"#,
        r#"{"input":{"prompt":"a cat"},"stream":true}"#,
        r#"{"input":["a cat"]}"#,
        r#"{"input":{"prompt":"a cat","x":1e999}}"#,
        r#"{"input":{"prompt":"a cat"}"#,
        r#"{"prompt":"a cat"}"#,
        r#"["a cat"]"#,
    ] {
        let played = stage::failed_over((&uri, &wait(), body), &[ok(GOOD)]);
        let provenance = played.provenance.unwrap();
        let losses: Vec<_> = provenance.losses.iter().map(ToString::to_string).collect();
        writeln!(all, "{body}\n=> sent {}, lost {losses:?}, note {:?}", played.sent.len(), provenance.note)
            .unwrap();
    }
    insta::assert_snapshot!(all);
}

/// A stand-in that knows no steps, no negative prompt and no number of images, and has narrow bounds.
const NARROW: &str = r#"
[inputs]
image = [
    { field = "prompt", key = "text", codec = "text" },
    { field = "width", key = "w", codec = "integer", min = 64, max = 800 },
    { field = "height", key = "h", codec = "integer", min = 64, max = 800 },
    { field = "guidance", key = "cfg_scale", codec = "number", min = 1.5, max = 2.5 },
    { field = "seed", key = "s", codec = "integer", max = 100 },
]
"#;

#[test]
fn what_the_stand_in_does_not_take_is_lost_under_the_callers_own_key() {
    let config = stage::builder().data(ProviderName::Nexa, "narrow.toml", NARROW).build().unwrap();
    let dev = fal("fal-ai/flux/dev");
    let sd3 = replicate("stability-ai/stable-diffusion-3");
    for (uri, headers, body, sent, losses) in [
        (
            &dev,
            headers(&[]),
            r#"{"prompt":"a cat","num_inference_steps":20,"num_images":1,"guidance_scale":9,"seed":101,"image_size":"square"}"#,
            json!({"model":"flux-dev","text":"a cat","w":512,"h":512,"cfg_scale":2.5,"s":100}),
            &[
                "enable_safety_checker defaulted",
                "guidance_scale clamped",
                "num_inference_steps dropped",
                "output_format defaulted",
                "seed clamped",
            ][..],
        ),
        (
            // The provider's own defaults are lost like what the caller said, and called so.
            &dev,
            headers(&[]),
            r#"{"prompt":"a cat"}"#,
            json!({"model":"flux-dev","text":"a cat","w":800,"h":768,"cfg_scale":2.5}),
            &[
                "enable_safety_checker defaulted",
                "guidance_scale clamped",
                "image_size clamped",
                "num_inference_steps defaulted",
                "output_format defaulted",
                "seed invented",
            ],
        ),
        (
            &sd3,
            wait(),
            r#"{"input":{"prompt":"a cat","negative_prompt":"dogs","steps":3,"cfg":1,"seed":5,"num_outputs":2}}"#,
            json!({"model":"stable-diffusion-3","text":"a cat","w":800,"h":800,"cfg_scale":1.5,"s":5}),
            &[
                "negative_prompt dropped",
                "aspect_ratio clamped",
                "steps dropped",
                "cfg clamped",
                "num_outputs dropped",
                "num_outputs short",
                "output_format defaulted",
            ],
        ),
    ] {
        let says = [ok(r#"{"url":"https://n.example/a","nsfw":false}"#)];
        let request = (uri.as_str(), &headers, body.as_bytes());
        let played =
            stage::play(&config, &stage::fleet(&config), request, &[stage::status(500)], &says).unwrap();
        let body: serde_json::Value = serde_json::from_slice(played.sent[0].body()).unwrap();
        assert_eq!(body, sent);
        let mut lost: Vec<_> = played.provenance.unwrap().losses.iter().map(ToString::to_string).collect();
        let mut losses = losses.to_vec();
        lost.sort();
        losses.sort_unstable();
        assert_eq!(lost, losses);
    }
}

/// What helps to understand a sound can be left behind; what to transcribe, and into which language, cannot.
#[test]
fn only_what_changes_the_request_is_declined() {
    let config = stage::builder().nexa_dialect(Dialect::Sdk).build().unwrap();
    let sound = r#""audio_url":"https://x.example/a.mp3""#;
    let told = |more: &str| {
        let body = format!("{{{sound},{more}}}");
        config.translate(ProviderName::Fal, "fal-ai/whisper", body.as_bytes(), ProviderName::Nexa)
    };
    let losses = told(r#""prompt":"names: Ada""#).unwrap().losses;
    assert!(losses.iter().any(|loss| loss.to_string() == "prompt dropped"), "{losses:?}");
    let declined = told(r#""task":"translate""#).unwrap_err();
    assert_eq!(declined.reason, "task: NexaAPI cannot be given a translation here");
}

#[test]
fn the_request_carries_its_own_key_and_nothing_of_the_callers() {
    let secrets = headers(&[
        ("authorization", "Key fal-secret"),
        ("cookie", "sid=secret"),
        ("x-api-key", "secret"),
        ("x-fal-store-io", "0"),
        ("idempotency-key", "secret"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ]);
    let played =
        stage::failed_over((&fal("fal-ai/flux/dev"), &secrets, r#"{"prompt":"a cat"}"#), &[ok(GOOD)]);
    let sent = &played.sent[0];
    assert_eq!(
        (sent.method().as_str(), sent.uri().to_string().as_str()),
        ("POST", "https://api.nexa-api.com/v1/images/generate")
    );
    let mut lines: Vec<_> =
        sent.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "accept: application/json",
            &format!("authorization: Bearer {}", stage::KEY),
            "content-type: application/json",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ]
    );
    assert!(sent.headers()["authorization"].is_sensitive());
}
