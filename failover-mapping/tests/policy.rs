//! A user can refuse variants and losses: then nothing is sent, the caller gets the asked provider's own answer, and the note
//! says why.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use failover_mapping::{Config, Fault, Moment, ProviderName, Target};
use http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};
use stage::{GOOD, Played, Says, builder, fal, fleet, ok, play, queue, replicate, status, wait};

fn run(config: &Config, url: &str, body: &Value, stand_in: &[Says]) -> Played {
    let body = body.to_string();
    play(config, &fleet(config), (url, &wait(), body.as_bytes()), &[status(503)], stand_in).unwrap()
}

fn assert_refused(played: &Played, words: &[&str]) {
    assert!(played.answer.is_none() && played.sent.is_empty());
    assert!(words.iter().all(|word| played.note().contains(word)), "{}", played.note());
    let provenance = played.provenance.as_ref().unwrap();
    assert_eq!((provenance.status, provenance.served.is_none()), (Some(503), true));
    assert!(!provenance.maybe_billed && provenance.losses.is_empty());
    assert_eq!(played.faults(), [Some(Fault::Overloaded)], "what was not sent is no attempt");
    assert!(provenance.headers()["x-failover-note"].to_str().unwrap().contains("refused"));
}

#[test]
fn variants_are_refused_on_every_way() {
    let config = builder().variants(false).build().unwrap();
    let words = ["NexaAPI's flux-2-pro is a variant of the model, and variants are refused"];
    for url in [fal("fal-ai/flux-pro"), queue("fal-ai/flux-pro")] {
        assert_refused(&run(&config, &url, &json!({"prompt": "a cat"}), &[]), &words);
    }
    let url = replicate("black-forest-labs/flux-pro");
    assert_refused(&run(&config, &url, &json!({"input": {"prompt": "a cat"}}), &[]), &words);
    // The same model may still stand in.
    let played = run(&config, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[ok(GOOD)]);
    assert_eq!((played.status(), played.note()), (200, ""));
    assert_eq!(
        run(&stage::config(), &fal("fal-ai/flux-pro"), &json!({"prompt": "a cat"}), &[ok(GOOD)]).status(),
        200
    );
}

#[test]
fn another_stand_in_may_have_the_model_itself() {
    let config = builder()
        .key(ProviderName::Replicate, "r8-key")
        .stand_ins([ProviderName::Nexa, ProviderName::Replicate])
        .variants(false)
        .build()
        .unwrap();
    let says = ok(r#"{"id":"p1","status":"succeeded","output":"https://replicate.delivery/a.webp"}"#);
    let played = run(&config, &fal("fal-ai/flux-pro/new"), &json!({"prompt": "a cat"}), &[says]);
    assert_eq!(
        played.asked(),
        ["POST https://api.replicate.com/v1/models/black-forest-labs/flux-pro/predictions"]
    );
    assert_eq!((played.status(), played.note()), (200, ""), "the refusal of the other one is of no interest");
}

#[test]
fn losses_are_refused_where_the_caller_said_what_would_be_lost() {
    let config = builder().losses(false).build().unwrap();
    let url = fal("fal-ai/flux/dev");
    for (body, word) in [
        (json!({"prompt": "a cat", "acceleration": "high"}), "acceleration would be dropped for NexaAPI"),
        (json!({"prompt": "a cat", "output_format": "png"}), "output_format would be dropped"),
        (
            json!({"prompt": "a cat", "enable_safety_checker": false}),
            "enable_safety_checker would be dropped",
        ),
        (json!({"prompt": "a cat", "no_such_key": 1}), "no_such_key would be dropped"),
        (json!({"prompt": "a cat", "a whole sentence as a key": 1}), "(other key) would be dropped"),
    ] {
        assert_refused(&run(&config, &url, &body, &[]), &[word, "losses are refused"]);
    }
    let ultra = run(&config, &fal("fal-ai/flux-pro/v1.1-ultra"), &json!({"prompt": "a cat"}), &[]);
    assert_refused(&ultra, &["approximated"]);
    // A default that nobody said is no loss of the caller's.
    let plain = run(&config, &url, &json!({"prompt": "a cat", "seed": 7, "num_images": 1}), &[ok(GOOD)]);
    assert_eq!(plain.status(), 200);
    assert!(plain.losses().iter().all(|loss| !loss.ends_with("dropped")), "{:?}", plain.losses());
}

#[test]
fn what_is_clamped_is_a_loss_too() {
    let file = r#"
        model-key = "model"
        [host]
        name = "acme"
        base-url = "https://api.acme.example"
        authentication = "bearer"
        [endpoints]
        image = "/images"
        [answer]
        url = ["url"]
        nested = []
        failed = []
        pending = []
        [inputs]
        image = [
            { field = "prompt", key = "prompt", codec = "text" },
            { field = "width", key = "w", codec = "integer", max = 512 },
            { field = "height", key = "h", codec = "integer", max = 512 },
        ]
        [[models]]
        model = "flux-dev"
        id = "flux"
        task = "image"
    "#;
    let name = ProviderName::other("acme").unwrap();
    let with = |losses| {
        let builder = builder().provider("acme.toml", file).key(name, "acme-key").stand_ins([name]);
        builder.losses(losses).build().unwrap()
    };
    let body = json!({"prompt": "a cat", "image_size": {"width": 1024, "height": 512}});
    let url = fal("fal-ai/flux/dev");
    assert_refused(&run(&with(false), &url, &body, &[]), &["image_size would be clamped for acme"]);
    let says = ok(r#"{"url":"https://n.example/a"}"#);
    let played = run(&with(true), &url, &body, &[says]);
    assert!(played.losses().contains(&"image_size clamped".to_owned()));
    assert_eq!(played.answer.unwrap().headers()["x-failover-substitution"], "same");
}

/// What changes the request has no translation, whatever the user allows.
#[test]
fn what_cannot_be_carried_over_is_not_sent_and_the_note_names_it() {
    let config = stage::config();
    for (url, body, word) in [
        (fal("fal-ai/flux/dev"), json!({"prompt": "a cat", "loras": [{"path": "x"}]}), "loras"),
        (fal("fal-ai/flux/dev"), json!({"prompt": "a cat", "image_url": "https://n.example/a"}), "image_url"),
        (fal("fal-ai/flux/dev"), json!({"prompt": "a cat", "image_size": "1024x768"}), "image_size"),
        (fal("fal-ai/flux/dev"), json!({}), "prompt is missing"),
        (fal("fal-ai/whisper"), json!({"audio_url": "https://n.example/a", "task": "translate"}), "task"),
        (
            replicate("stability-ai/sdxl"),
            json!({"input": {"prompt": "a cat", "mask": "https://n.example/m"}}),
            "mask",
        ),
        (replicate("stability-ai/sdxl"), json!({"prompt": "a cat"}), "input is missing"),
    ] {
        let played = run(&config, &url, &body, &[]);
        assert!(played.answer.is_none() && played.sent.is_empty(), "{body}");
        assert!(
            played.note().starts_with("no translation was possible: ") && played.note().contains(word),
            "{}",
            played.note()
        );
        assert!(
            !played.note().contains("a cat") && !played.note().contains("n.example"),
            "{}",
            played.note()
        );
    }
}

/// FAL's queue repeats a failing request by itself. Whether it is told not to is the user's wish; Replicate is told nothing.
#[test]
fn fal_is_told_not_to_repeat_only_where_the_user_says_so() {
    let told = |config: &Config, url: &str| {
        let uri: Uri = url.parse().unwrap();
        let route = config.route(&Target::of_uri(&Method::POST, &uri).unwrap(), &wait()).unwrap();
        let exchange = route.exchange(b"{}", Moment::EPOCH).unwrap();
        exchange.own_headers().map(|headers| format!("{headers:?}"))
    };
    let config = builder().fal_no_retry(true).build().unwrap();
    for url in [fal("fal-ai/flux/dev"), queue("fal-ai/flux/dev")] {
        assert_eq!(told(&config, &url), Some(r#"{"x-fal-no-retry": "1"}"#.to_owned()));
        assert_eq!(told(&stage::config(), &url), None);
    }
    assert_eq!(told(&config, &replicate("black-forest-labs/flux-dev")), None);
}

/// An observer hears of a refusal as of any other end.
#[test]
fn an_observer_is_told_why() {
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let into = std::sync::Arc::clone(&heard);
    let config = builder()
        .variants(false)
        .on_failover(move |provenance| into.lock().unwrap().push(provenance.note.clone()))
        .build()
        .unwrap();
    let request = (&*fal("fal-ai/flux-pro"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    play(&config, &fleet(&config), request, &[status(503)], &[]).unwrap();
    assert!(matches!(&heard.lock().unwrap()[..], [Some(note)] if note.contains("variants are refused")));
}
