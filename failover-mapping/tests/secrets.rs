//! No key, prompt or query of a URL is in anything that is printed, logged or handed out under our name.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use failover_core::{Action, Call};
use failover_mapping::{
    Body, Builder, Conclusion, Config, ConfigError, Fault, Flight, Moment, ProviderName, Step, Target,
    Unanswered,
};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::json;
use stage::{Says, fal, file, fleet, headers, local, ok, queue, replicate, send, status, wall};

const KEYS: [&str; 3] = ["nexa-s3cret-key", "fal-s3cret-key", "r8-s3cret-key"];
const PROMPT: &str = "an unspeakable cat";
const QUERY: &str = "sig=s1gnature";

/// What must stand nowhere.
fn check(shown: &str, of: &str) {
    for secret in
        KEYS.into_iter().chain([PROMPT, "unspeakable", QUERY, "s1gnature", "caller-s3cret", "sess1on"])
    {
        assert!(!shown.contains(secret), "{secret} in {of}: {shown}");
    }
}

fn show(thing: &impl Debug, of: &str) {
    check(&format!("{thing:?} {thing:#?}"), of);
}

fn builder() -> Builder<Config> {
    let [nexa, fal, replicate] = KEYS;
    Config::builder()
        .nexa_api_key(nexa)
        .key(ProviderName::Fal, fal)
        .key(ProviderName::Replicate, replicate)
        .stand_ins([ProviderName::Nexa, ProviderName::Replicate, ProviderName::Fal])
}

/// A caller with secrets of its own.
fn caller() -> HeaderMap {
    headers(&[
        ("authorization", "Key caller-s3cret"),
        ("cookie", "sid=sess1on"),
        ("x-fal-cdn-token", "caller-s3cret"),
        ("x-internal", "caller-s3cret"),
        ("x-api-key", "caller-s3cret"),
        ("referer", "https://me.example/?sig=s1gnature"),
        ("idempotency-key", "caller-s3cret"),
        ("prefer", "wait"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ])
}

/// The ways, each with a body that holds the prompt, and a URL with a secret query where that is possible.
fn ways() -> Vec<(String, String)> {
    let input = json!({"prompt": PROMPT, "seed": 7, "unspeakable secret as a key": 1});
    let image = format!("https://n.example/in.png?{QUERY}");
    let live = json!({"prompt": PROMPT, "image_url": image});
    let refused = json!({"prompt": PROMPT, "image_url": image, "loras": [PROMPT]});
    vec![
        (fal("fal-ai/flux/dev"), input.to_string()),
        (queue("fal-ai/flux/dev"), input.to_string()),
        (format!("{}?fal_webhook=https://me.example/?{QUERY}", queue("fal-ai/flux/dev")), input.to_string()),
        (fal("fal-ai/flux/dev/image-to-image"), live.to_string()),
        (fal("fal-ai/flux/dev"), refused.to_string()),
        (fal("fal-ai/flux/dev"), json!({"prompt": [PROMPT]}).to_string()),
        (fal("fal-ai/flux/dev"), format!("{{\"prompt\": \"{PROMPT}\", \"image_size\": \"{PROMPT}\"}}")),
        (fal("fal-ai/flux/dev"), format!("not JSON: {PROMPT}")),
        (replicate("black-forest-labs/flux-dev"), json!({"input": input}).to_string()),
        (
            "https://api.replicate.com/v1/predictions".to_owned(),
            json!({"version": "stability-ai/sdxl", "input": input, "webhook": image}).to_string(),
        ),
    ]
}

/// What stand-ins may say. The URL of a result may have a query; that is the caller's.
fn says() -> Vec<Says> {
    let echo =
        json!({"error": format!("bad key {}, prompt {PROMPT}", KEYS[0]), "detail": PROMPT}).to_string();
    vec![
        ok(&json!({"url": "https://cdn.nexa-api.com/a.png", "prompt": PROMPT}).to_string()),
        ok(r#"{"id":"job-7","status":"pending"}"#),
        ok(&echo),
        Says::Answer(401, HeaderMap::new(), echo.clone().into_bytes()),
        Says::Answer(402, headers(&[("x-echo", KEYS[0])]), echo.clone().into_bytes()),
        Says::Answer(404, HeaderMap::new(), echo.clone().into_bytes()),
        Says::Answer(500, HeaderMap::new(), echo.into_bytes()),
        Says::Nothing(Fault::Reset),
    ]
}

#[test]
fn nothing_that_is_shown_holds_a_secret() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&heard);
    let observed = builder().on_failover(move |provenance| {
        into.lock().unwrap().push(format!("{provenance} {provenance:?} {:?}", provenance.headers()));
    });
    show(&observed, "the builder");
    let config = observed.build().unwrap();
    show(&config, "the config");
    check(&config.to_string(), "the plan");
    for (url, body) in ways() {
        for says in says() {
            let request = (&Method::POST, &*url, &caller(), body.as_bytes());
            let played = send(&config, &fleet(&config), request, &[status(503)], &[says]).unwrap();
            show(&played.provenance, "the provenance");
            if let Some(provenance) = &played.provenance {
                check(&provenance.to_string(), "the timeline");
                show(&provenance.headers(), "the headers");
                let unanswered = Unanswered::new(Some(provenance.clone()));
                show(&unanswered, "the error");
                check(&unanswered.to_string(), "the error");
            }
            for sent in &played.sent {
                // The stand-in is told the prompt in the body, and its own key in a header that is marked.
                check(&format!("{:?} {} {:?}", sent.method(), sent.uri(), sent.headers()), "a request");
            }
            if let Some(answer) = &played.answer {
                show(answer.headers(), "the answer's headers");
            }
        }
    }
    let heard = heard.lock().unwrap();
    assert!(heard.len() > 50);
    heard.iter().for_each(|shown| check(shown, "what an observer hears"));
}

#[test]
fn only_what_is_allowed_crosses() {
    let config = builder().build().unwrap();
    let request = (&Method::POST, &*fal("fal-ai/flux/dev"), &caller(), &br#"{"prompt":"a cat"}"#[..]);
    let script =
        [ok(r#"{"id":"job-7","status":"pending"}"#), status(500), ok(r#"{"url":"https://n.example/a"}"#)];
    let played = send(&config, &fleet(&config), request, &[status(503)], &script).unwrap();
    for sent in &played.sent {
        let names: Vec<_> = sent.headers().keys().map(|name| name.as_str()).collect();
        let allowed = ["authorization", "accept", "content-type", "traceparent", "prefer"];
        assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
        assert!(sent.headers()["authorization"].is_sensitive());
        assert!(sent.headers()["traceparent"].to_str().unwrap().starts_with("00-0af"));
        assert_ne!(sent.headers().get("prefer"), Some(&"wait".parse().unwrap()), "the caller's own word");
    }
}

/// Each provider sees its own key and no other.
#[test]
fn keys_go_to_their_own_provider() {
    let config = builder().build().unwrap();
    let request =
        (&Method::POST, &*fal("fal-ai/flux/dev"), &caller(), &br#"{"prompt":"a cat","sync_mode":true}"#[..]);
    let script =
        [status(401), ok(r#"{"id":"p1","status":"succeeded","output":["https://x.replicate.delivery/a"]}"#)];
    let mut script = script.to_vec();
    script.push(file("image/png", b"png"));
    let played = send(&config, &fleet(&config), request, &[status(503)], &script).unwrap();
    assert_eq!(played.status(), 200);
    let shown: Vec<_> = played
        .sent
        .iter()
        .map(|sent| {
            let keys =
                sent.headers().values().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            (
                sent.uri().host().unwrap().to_owned(),
                keys.filter(|value| value.contains("s3cret")).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("api.nexa-api.com".to_owned(), vec![format!("Bearer {}", KEYS[0])]),
            ("api.replicate.com".to_owned(), vec![format!("Bearer {}", KEYS[2])]),
            ("x.replicate.delivery".to_owned(), vec![]),
        ]
    );
}

/// Everything that has a `Debug`, at every moment of a call.
#[test]
fn an_exchange_shows_no_secret_at_any_moment() {
    let config = builder().build().unwrap();
    let (fleet, now) = (fleet(&config), Moment::EPOCH);
    for (url, body) in ways() {
        let uri: Uri = url.parse().unwrap();
        let target = Target::of_uri(&Method::POST, &uri).unwrap();
        let route = config.route(&target, &caller()).unwrap();
        check(&format!("{route:?}"), "the route");
        let mut exchange = route.exchange(body.as_bytes(), now).unwrap();
        let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, now);
        while let Action::Launch(launch) = call.poll(&fleet, now) {
            let flight = Flight::new(launch, now);
            show(&exchange, "the exchange");
            let outcome = if exchange.is_own(&launch) {
                let refusal =
                    (StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new(), Body::Beginning(body.as_bytes()));
                exchange.own_answered(&flight, refusal, now, wall)
            } else {
                let step = exchange.ask(&flight, now);
                show(&step, "a step");
                match step {
                    Step::Done(outcome) => outcome,
                    _ => {
                        let says = format!(r#"{{"url":"https://cdn.nexa-api.com/a.png?{QUERY}"}}"#);
                        let answer = (StatusCode::OK, &HeaderMap::new(), says.as_bytes());
                        let step = exchange.answered(&flight, answer, now, wall);
                        show(&step, "a step");
                        let Step::Done(outcome) = step else { panic!("{step:?}") };
                        outcome
                    }
                }
            };
            show(&exchange, "the exchange");
            call.settle(launch.attempt, outcome, &fleet, now);
        }
        let conclusion = exchange.conclude(call.report().entries(), now, wall, 7);
        show(&conclusion, "the conclusion");
        if let Conclusion::StandIn(made) = conclusion {
            let id = made.headers().get("x-fal-request-id").map(|id| id.to_str().unwrap().to_owned());
            let id = id.filter(|id| id.starts_with("nx_")).unwrap_or_default();
            let text = base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(id.trim_start_matches("nx_"))
                .unwrap();
            // The address of a result is the result.
            check(&String::from_utf8(text).unwrap().replace(QUERY, ""), "an id");
        }
    }
}

#[test]
fn a_question_for_a_job_shows_no_more() {
    let config = builder().build().unwrap();
    let body = json!({"prompt": PROMPT}).to_string();
    let request = (&Method::POST, &*queue("fal-ai/flux/dev"), &caller(), body.as_bytes());
    let pending = ok(r#"{"id":"job-7","status":"pending"}"#);
    let played = send(&config, &fleet(&config), request, &[status(503)], &[pending]).unwrap();
    let url = played.json()["status_url"].as_str().unwrap().to_owned();
    for says in says() {
        for url in [format!("{url}?logs=1&fal_jwt_token={}", KEYS[1]), url.replace("/status", "")] {
            let played = local(&config, &Method::GET, &url, std::slice::from_ref(&says));
            show(&played.provenance, "the provenance");
            show(played.answer.as_ref().unwrap().headers(), "the headers");
            if played.status() != 200 {
                check(&String::from_utf8_lossy(played.answer.unwrap().body()), "a refusal");
            }
        }
    }
}

#[test]
fn a_refused_setting_does_not_repeat_itself() {
    let secret = KEYS[0];
    let acme = format!(
        "[host]\nname = \"acme\"\nbase-url = \"https://user:{secret}@acme.example\"\nauthentication = \"bearer\""
    );
    let refused: Vec<ConfigError> = [
        builder().nexa_api_key(format!("{secret} x")),
        builder().key(ProviderName::Fal, format!("{secret}\n")),
        builder().key(ProviderName::Replicate, format!("{secret}\u{e9}")),
        builder().nexa_base_url(format!("https://user:{secret}@nexa.example")),
        builder().nexa_base_url(format!("https://nexa.example/?key={secret}")),
        builder().nexa_rapidapi_host(format!("{secret}@x")),
        builder().stand_in_url(ProviderName::Fal, format!("https://{secret}@fal.example")),
        builder().media_host(ProviderName::Nexa, format!("https://{secret}@cdn.example")),
        builder().fal_queue_url(format!("https://{secret}@fal.example")),
        builder().deployment(format!("{secret}/x/y"), "a/b"),
        builder().provider("acme.toml", acme),
    ]
    .into_iter()
    .map(|builder| {
        show(&builder, "the builder");
        builder.build().unwrap_err()
    })
    .collect();
    for error in refused {
        check(&format!("{error} {error:?}"), "a refusal");
    }
}
