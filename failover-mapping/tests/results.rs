//! What of NexaAPI's answer is a result: finished, as many images as were asked for, and on hosts that may be handed to a caller.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use failover_mapping::{Config, Fault};
use http::HeaderMap;
use serde_json::{Value, json};
use stage::{Played, builder, config, fal, fleet, ok, play, replicate, status, wait};

fn asked_for(config: &Config, count: usize, says: &str) -> Played {
    let body = json!({"prompt": "a cat", "num_images": count, "seed": 1}).to_string();
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), body.as_bytes());
    play(config, &fleet(config), request, &[status(500)], &[ok(says)]).unwrap()
}

fn answer(played: &Played) -> Value {
    serde_json::from_slice(played.answer.as_ref().unwrap().body()).unwrap()
}

/// The URLs that the caller gets; none if the answer is no result.
fn urls(config: &Config, count: usize, says: &str) -> Vec<String> {
    let played = asked_for(config, count, says);
    if played.answer.is_none() {
        return Vec::new();
    }
    let images = answer(&played)["images"].as_array().unwrap().clone();
    images.iter().map(|image| image["url"].as_str().unwrap().to_owned()).collect()
}

/// What the answer lacks. The defaults that NexaAPI cannot be told are another matter, and always the same.
fn losses(played: &Played) -> Vec<String> {
    let (defaulted, others): (Vec<_>, Vec<_>) =
        played.losses().into_iter().partition(|loss| loss.ends_with(" defaulted"));
    assert!(!defaulted.is_empty(), "each of these models has such a default");
    others
}

#[test]
fn what_failed_or_is_unfinished_is_no_result_wherever_that_is_said() {
    for (says, fault) in [
        (r#"{"result":{"status":"failed","url":"https://n.example/a"}}"#, Fault::ErrorInSuccess),
        (r#"{"result":{"error":"nsfw","url":"https://n.example/a"}}"#, Fault::ErrorInSuccess),
        (
            r#"{"data":{"output":{"status":"Cancelled","images":["https://n.example/a"]}}}"#,
            Fault::ErrorInSuccess,
        ),
        (r#"{"data":[{"status":"failed","url":"https://n.example/a"}]}"#, Fault::ErrorInSuccess),
        (r#"{"url":"https://n.example/job/5","data":{"status":"failed"}}"#, Fault::ErrorInSuccess),
        (r#"{"data":{"status":"processing","url":"https://n.example/job/5"}}"#, Fault::Empty),
        (r#"{"url":"https://n.example/job/5","result":{"status":"queued"}}"#, Fault::Empty),
    ] {
        let played = asked_for(&config(), 1, says);
        let provenance = played.provenance.unwrap();
        assert!(played.answer.is_none(), "{says}");
        assert_eq!(provenance.attempts[1].fault, Some(fault), "{says}");
        assert_eq!(provenance.note.is_some(), fault == Fault::Empty, "{says}");
    }
}

#[test]
fn of_several_images_one_may_have_failed() {
    let says = r#"{"data":[{"status":"failed"},{"url":"https://n.example/b"},{"error":"x","url":"https://n.example/c"}]}"#;
    assert_eq!(urls(&config(), 3, says), ["https://n.example/b"]);
    assert!(losses(&asked_for(&config(), 3, says)).contains(&"num_images short".to_owned()));
}

#[test]
fn one_image_stays_one() {
    let config = config();
    for (says, expected) in [
        (
            r#"{"images":[{"url":"https://n.example/a.png?sig=1"}],"url":"https://n.example/a.png"}"#,
            "https://n.example/a.png?sig=1",
        ),
        (
            r#"{"url":"https://api.n.example/job/5","images":[{"url":"https://n.example/a.png"}]}"#,
            "https://n.example/a.png",
        ),
        (
            r#"{"images":[{"url":"https://n.example/a.png","image_url":"https://n.example/small.png"}]}"#,
            "https://n.example/a.png",
        ),
        (r#"{"images":[],"url":"https://n.example/a.png"}"#, "https://n.example/a.png"),
    ] {
        assert_eq!(urls(&config, 1, says), [expected], "{says}");
        assert!(!losses(&asked_for(&config, 1, says)).contains(&"images dropped".to_owned()), "{says}");
    }
}

#[test]
fn the_place_that_holds_enough_images_counts() {
    let config = config();
    let two = ["https://n.example/a", "https://n.example/b"];
    for says in [
        r#"{"image":"https://n.example/c","images":["https://n.example/a","https://n.example/b"]}"#,
        r#"{"images":["https://n.example/c"],"data":["https://n.example/a","https://n.example/b"]}"#,
        r#"{"data":[{"url":"https://n.example/a"},{"url":"https://n.example/b"},{"url":"https://n.example/a"}]}"#,
        r#"{"images":["https://n.example/a","https://n.example/b","https://n.example/c"]}"#,
    ] {
        assert_eq!(urls(&config, 2, says), two, "{says}");
    }
    let short = r#"{"url":"https://n.example/c","images":["https://n.example/a","https://n.example/b"]}"#;
    assert_eq!(urls(&config, 4, short), two, "else the place that holds most");
}

#[test]
fn more_images_than_asked_for_are_cut_and_reported() {
    let three =
        r#"{"images":["https://n.example/a","https://n.example/b","https://n.example/c"],"nsfw":false}"#;
    for (count, kept, lost) in [(1, 1, &["images dropped"][..]), (2, 2, &["images dropped"]), (3, 3, &[])] {
        assert_eq!(urls(&config(), count, three).len(), kept);
        assert_eq!(losses(&asked_for(&config(), count, three)), lost);
    }
    for (model, output) in [
        ("black-forest-labs/flux-dev", json!(["https://n.example/a"])),
        ("black-forest-labs/flux-pro", json!("https://n.example/a")),
    ] {
        let body = r#"{"input":{"prompt":"a cat"}}"#;
        let played = stage::failed_over((&replicate(model), &wait(), body), &[ok(three)]);
        assert_eq!(
            (&answer(&played)["output"], losses(&played)),
            (&output, vec!["output dropped".to_owned()])
        );
    }
}

#[test]
fn hundreds_of_images_are_not_collected() {
    let many: Vec<_> = (0..500).map(|n| format!("https://n.example/{n}")).collect();
    let images = "[[inputs.many]]\nfield = \"prompt\"\nkey = \"prompt\"\ncodec = \"text\"
        [[inputs.many]]\nfield = \"size\"\nkey = \"image_size\"\ncodec = \"size\"\ndefault = \"square\"
        [[inputs.many]]\nfield = \"count\"\nkey = \"num_images\"\ncodec = \"integer\"
        [[models]]\nid = \"fal-ai/flux/dev\"\nmodel = \"flux-dev\"\ntask = \"image\"\ninputs = \"many\"\nanswer = \"flux\"";
    let config = builder().data(failover_mapping::ProviderName::Fal, "many.toml", images).build().unwrap();
    let says = json!({"images": many}).to_string();
    assert_eq!(urls(&config, 100, &says), many[..64]);
    assert_eq!(urls(&config, 0, &says), many[..1], "nothing asked for is answered with one");
}

#[test]
fn a_url_may_stand_four_objects_deep() {
    let within = |depth: usize| {
        format!(r#"{}"https://n.example/a"{}"#, r#"{"result":"#.repeat(depth), "}".repeat(depth))
    };
    assert_eq!(urls(&config(), 1, &within(5)), ["https://n.example/a"]);
    assert!(urls(&config(), 1, &within(6)).is_empty());
}

#[test]
fn flags_that_nobody_gave_are_reported_as_invented() {
    for (says, flags, lost) in [
        (r#"{"url":"https://n.example/a"}"#, json!([false]), true),
        (r#"{"url":"https://n.example/a","nsfw":null}"#, json!([false]), true),
        (r#"{"url":"https://n.example/a","nsfw":false}"#, json!([false]), false),
        (
            r#"{"nsfw":true,"images":["https://n.example/a","https://n.example/b"]}"#,
            json!([true, true]),
            false,
        ),
        (
            r#"{"images":[{"url":"https://n.example/a","nsfw":true},{"url":"https://n.example/b"}]}"#,
            json!([true, false]),
            true,
        ),
    ] {
        let played = asked_for(&config(), flags.as_array().unwrap().len(), says);
        assert_eq!(answer(&played)["has_nsfw_concepts"], flags, "{says}");
        assert_eq!(losses(&played), ["has_nsfw_concepts invented"][..usize::from(lost)], "{says}");
    }
    let body = r#"{"prompt":"a cat"}"#;
    let played = stage::failed_over((&fal("fal-ai/recraft-v3"), &HeaderMap::new(), body), &[ok(stage::GOOD)]);
    assert!(losses(&played).is_empty(), "recraft's answers hold no flags");
}

#[test]
fn media_types_are_read_or_guessed() {
    for (says, expected) in [
        (r#"{"url":"https://n.example/a.png","content_type":"image/webp"}"#, "image/webp"),
        (r#"{"url":"https://n.example/a.png","mime_type":"image/gif"}"#, "image/gif"),
        (r#"{"url":"https://n.example/a.png","format":"avif"}"#, "image/avif"),
        (r#"{"url":"https://n.example/a.png","format":"WEBP","mime_type":"text/html"}"#, "image/webp"),
        (r#"{"url":"https://n.example/a.PNG?x=1"}"#, "image/png"),
        (r#"{"url":"https://n.example/a"}"#, "image/jpeg"),
        (r#"{"url":"data:image/gif;base64,AA"}"#, "image/gif"),
    ] {
        assert_eq!(answer(&asked_for(&config(), 1, says))["images"][0]["content_type"], expected, "{says}");
    }
}

#[test]
fn urls_that_lead_into_the_callers_own_network_are_no_results() {
    let within = [
        "http://127.0.0.1:9200/_shutdown",
        "http://localhost/a",
        "http://[::1]/a",
        "https://127.0.0.1/a",
        "https://localhost/a",
        "https://localhost./a",
        "https://x.localhost/a",
        "https://[::1]/a",
    ];
    let never = [
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/a",
        "https://[fd00::1]/a",
        "https://0x7f000001.1/a",
        "https://3232235777/a",
        "https://8.8.8.8/a",
        "http://n.example/a",
        "http://10.0.0.1/a",
    ];
    let says = |url: &str| json!({"url": url}).to_string();
    for url in within.iter().chain(&never) {
        assert!(urls(&config(), 1, &says(url)).is_empty(), "{url}");
    }
    for base in ["http://127.0.0.1:8080", "http://localhost:8080", "https://[::1]:8080"] {
        let config = builder().nexa_base_url(base).build().unwrap();
        for url in ["http://127.0.0.1:9200/a", "http://localhost/a", "http://[::1]/a", "https://127.0.0.1/a"]
        {
            assert_eq!(urls(&config, 1, &says(url)), [url], "{base}");
        }
        for url in never {
            assert!(urls(&config, 1, &says(url)).is_empty(), "{url}");
        }
    }
}
