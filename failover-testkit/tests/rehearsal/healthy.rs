//! A good day: the shapes that the clients of each provider expect.

use crate::client::{Client, post};
use failover_testkit::Provider;

const KEY: &str = "Authorization: Bearer secret\r\n";

#[test]
fn fal_answers_in_the_shape_of_flux() {
    let fal = Provider::fal();
    let body =
        r#"{"prompt":"a \"cat\"\n","image_size":"square","num_images":2,"seed":7,"output_format":"png"}"#;
    let answer = post(&fal, "/fal-ai/flux/dev?x=1", body);
    assert_eq!(answer.code, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-fal-request-id"), Some("00000000-0000-4000-8000-000000000001"));
    assert_eq!(
        answer.body,
        concat!(
            r#"{"images":["#,
            r#"{"url":"https://v3.fal.media/files/rehearsal/1-0.png","width":512,"height":512,"content_type":"image/png"},"#,
            r#"{"url":"https://v3.fal.media/files/rehearsal/1-1.png","width":512,"height":512,"content_type":"image/png"}],"#,
            r#""timings":{"inference":0.9},"seed":7,"has_nsfw_concepts":[false,false],"prompt":"a \"cat\"\u000a"}"#
        )
    );
}

#[test]
fn fal_has_defaults_for_what_was_not_said() {
    let fal = Provider::fal();
    for body in ["", "{}", "no json", "[1]", r#"{"num_images":-4,"seed":1e99,"image_size":"1024x768"}"#] {
        let answer = post(&fal, "/fal-ai/flux-pro", body);
        assert_eq!(answer.code, 200, "{body}");
        assert!(
            answer.body.contains(r#"-0.jpg","width":1024,"height":768,"content_type":"image/jpeg"}],"#),
            "{body}"
        );
    }
    let custom = post(&fal, "/fal-ai/flux-pro", r#"{"image_size":{"width":640},"num_images":9000000000}"#);
    assert!(custom.body.contains(r#""width":640,"height":512"#));
    assert_eq!(custom.body.matches("https://").count(), 16);
}

#[test]
fn fal_answers_in_the_shape_of_each_family() {
    let fal = Provider::fal();
    let file = |path: &str, content_type: &str| {
        format!(
            r#"{{"url":"https://v3.fal.media/files/rehearsal/{path}","content_type":"{content_type}","file_name":"{path}","file_size":"#
        )
    };
    for (serial, path, shape) in [
        (1, "ideogram/v2", [r#"{"images":["#, r#""seed":5}"#, &file("1-0.png", "image/png")]),
        (2, "recraft-v3", [r#"{"images":["#, "}]}", &file("2-0.png", "image/png")]),
        (3, "recraft/v3/text-to-image", [r#"{"images":["#, "}]}", &file("3-0.png", "image/png")]),
        (4, "kling-video/v2/master/text-to-video", [r#"{"video":"#, "}}", &file("4-0.mp4", "video/mp4")]),
        (5, "minimax/video-01-live", [r#"{"video":"#, "}}", &file("5-0.mp4", "video/mp4")]),
        (6, "wan-i2v", [r#"{"video":"#, r#"},"seed":5}"#, &file("6-0.mp4", "video/mp4")]),
        (
            7,
            "sora-2/text-to-video",
            [r#"{"video":"#, r#""video_id":"video_7"}"#, r#""duration":4,"fps":30,"#],
        ),
        (8, "whisper", [r#"{"text":"A rehearsal.""#, r#""diarization_segments":[]}"#, r#""chunks":[{"#]),
        (9, "elevenlabs/tts/multilingual-v2", [r#"{"audio":"#, "}}", &file("9-0.mp3", "audio/mpeg")]),
        (10, "stable-diffusion-v3-medium", [r#"{"images":["#, r#","num_images":1}"#, r#""seed":5,"#]),
    ] {
        let body = post(&fal, &format!("/fal-ai/{path}"), r#"{"prompt":"cat","seed":5}"#).body;
        let [begin, end, within] = shape;
        assert_eq!(fal.count(), serial);
        assert!(body.starts_with(begin) && body.ends_with(end) && body.contains(within), "{path}: {body}");
    }
}

#[test]
fn fal_refuses_in_its_own_words() {
    let fal = Provider::fal();
    for (line, code) in [
        ("GET /fal-ai/flux/dev", 405),
        ("GET /fal-ai/flux/requests/abc/status", 404),
        ("PUT /fal-ai/flux/requests/abc/cancel", 404),
        ("POST /flux", 404),
        ("POST /workflows/acme", 404),
        ("GET /", 404),
    ] {
        let answer = Client::of(&fal).send(format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n")).answer();
        assert_eq!(answer.code, code, "{line}");
        assert!(answer.body.starts_with(r#"{"detail":""#), "{line}");
    }
}

#[test]
fn replicate_answers_with_a_prediction_that_succeeded() {
    let replicate = Provider::replicate();
    let body = r#"{"input":{"prompt":"\u00e9\"","num_outputs":2}}"#;
    let path = "/v1/models/black-forest-labs/flux-schnell/predictions";
    let answer = Client::of(&replicate).post(path, "Prefer: wait=10\r\n", body).answer();
    assert_eq!(answer.code, 201);
    assert_eq!(answer.header("preference-applied"), Some("wait=10"));
    let id = "rehearsal00000000000000001";
    let base = replicate.url();
    for part in [
        format!(r#"{{"id":"{id}","model":"black-forest-labs/flux-schnell","version":"hidden","#),
        r#""input":{"prompt":"\u00e9\"","num_outputs":2},"logs":"","#.to_owned(),
        format!(
            r#""output":["https://replicate.delivery/rehearsal/{id}/out-0.webp","https://replicate.delivery/rehearsal/{id}/out-1.webp"],"#
        ),
        r#""error":null,"source":"api","status":"succeeded","#.to_owned(),
        format!(
            r#""urls":{{"get":"{base}/v1/predictions/{id}","cancel":"{base}/v1/predictions/{id}/cancel","#
        ),
    ] {
        assert!(answer.body.contains(&part), "{part}\nin {}", answer.body);
    }
}

#[test]
fn replicate_names_the_version_that_was_asked_for() {
    let replicate = Provider::replicate();
    for (version, expected) in [
        ("stability-ai/sdxl", r#""model":"stability-ai/sdxl","version":"hidden""#),
        ("stability-ai/sdxl:39ed", r#""model":"stability-ai/sdxl","version":"39ed""#),
        ("39ed", r#""model":"rehearsal/by-version","version":"39ed""#),
    ] {
        let answer =
            post(&replicate, "/v1/predictions", &format!(r#"{{"version":"{version}","input":{{}}}}"#));
        assert_eq!(answer.code, 201);
        assert_eq!(answer.header("preference-applied"), None);
        assert!(answer.body.contains(expected), "{}", answer.body);
    }
}

#[test]
fn replicate_answers_with_one_url_where_the_model_does() {
    let replicate = Provider::replicate();
    let body = |version: &str| format!(r#"{{"version":"{version}","input":{{"num_outputs":2}}}}"#);
    for model in [
        "black-forest-labs/flux-pro",
        "black-forest-labs/flux-1.1-pro",
        "black-forest-labs/flux-1.1-pro-ultra",
        "ideogram-ai/ideogram-v2",
        "recraft-ai/recraft-v3",
    ] {
        for (path, body) in [
            ("/v1/predictions", body(model)),
            ("/v1/predictions", body(&format!("{model}:39ed"))),
            (&format!("/v1/models/{model}/predictions"), body("")),
        ] {
            let answer = Client::of(&replicate).post(path, "Prefer: wait\r\n", &body).answer();
            let one = r#""output":"https://replicate.delivery/rehearsal/"#;
            assert!(
                answer.body.contains(one) && answer.body.contains(r#"/out-0.webp","data_removed""#),
                "{model}"
            );
        }
    }
}

#[test]
fn replicate_does_not_know_other_paths() {
    let replicate = Provider::replicate();
    for path in ["/v1/predictions/abc/cancel", "/v1/models/o/n", "/predictions", "/"] {
        let answer = post(&replicate, path, "{}");
        assert_eq!(answer.code, 404, "{path}");
        assert_eq!(
            answer.body,
            r#"{"title":"Not found","detail":"The requested resource could not be found.","status":404}"#
        );
    }
}

#[test]
fn nexa_answers_with_a_completed_job() {
    let nexa = Provider::nexa();
    let body = r#"{"model":"flux-\"dev\"","prompt":"cat","n":2,"width":640,"height":480,"seed":-3}"#;
    let answer = Client::of(&nexa).post("/v1/images/generate", KEY, body).answer();
    assert_eq!(answer.code, 200);
    assert_eq!(
        answer.body,
        concat!(
            r#"{"id":"job-00000001","status":"completed","model":"flux-\"dev\"","#,
            r#""url":"https://media.nexa-api.example/images/00000001-0.png","#,
            r#""images":[{"url":"https://media.nexa-api.example/images/00000001-0.png"},"#,
            r#"{"url":"https://media.nexa-api.example/images/00000001-1.png"}],"#,
            r#""width":640,"height":480,"seed":-3,"cost":0.02}"#
        )
    );
    let sdk = Client::of(&nexa).post("/v1/images/generate", KEY, r#"{"num_images":3}"#).answer();
    assert_eq!(sdk.body.matches("{\"url\"").count(), 3);
}

#[test]
fn nexa_serves_the_other_media_too() {
    let nexa = Provider::nexa();
    for (path, expected) in [
        (
            "/v1/videos/generate",
            r#""model":"m","url":"https://media.nexa-api.example/videos/00000001-0.mp4","cost""#,
        ),
        (
            "/v1/audio/speech",
            r#""model":"m","url":"https://media.nexa-api.example/audio/00000002-0.mp3","cost""#,
        ),
        (
            "/v1/audio/transcriptions",
            r#""model":"m","text":"A rehearsal.","language":"en","duration":1.2,"segments":[{"id":0,"start":0.0,"end":1.2,"text":"A rehearsal."}],"cost""#,
        ),
    ] {
        let answer = Client::of(&nexa).post(path, KEY, r#"{"model":"m"}"#).answer();
        assert_eq!(answer.code, 200);
        assert!(answer.body.contains(expected), "{}", answer.body);
    }
    assert_eq!(Client::of(&nexa).post("/v1/jobs/1", KEY, "").answer().code, 404);
}

#[test]
fn nexa_understands_its_own_sdk() {
    let nexa = Provider::nexa();
    let rapid = "X-RapidAPI-Key: secret\r\nX-RapidAPI-Host: nexa-api.p.rapidapi.com\r\n";
    let speech = |body| Client::of(&nexa).post("/v1/audio/speech", rapid, body).answer().body;
    assert!(speech(r#"{"text":"Hi","input":"Hi"}"#).contains(r#"0.mp3","cost""#));
    let heard = speech(r#"{"audio_url":"https://host.example/a.mp3"}"#);
    assert!(heard.contains(r#""text":"A rehearsal.","language":"en""#) && heard.contains(r#""segments":[{"#));
}

#[test]
fn nexa_wants_its_own_kind_of_key() {
    let nexa = Provider::nexa();
    for header in [
        "",
        "Authorization: Key abc\r\n",
        "Authorization: Bearer\r\n",
        "X-Key: Bearer secret\r\n",
        "X-RapidAPI-Key: secret\r\n",
    ] {
        let answer = Client::of(&nexa).post("/v1/images/generate", header, "{}").answer();
        assert_eq!(
            (answer.code, answer.body.as_str()),
            (401, r#"{"detail":"Invalid or missing API key"}"#),
            "{header}"
        );
    }
}
