//! Ids that nobody handed out: whatever stands in one, nothing panics, nothing is generated, and no request leaves for
//! anywhere but a stand-in's own jobs and its own media hosts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;
mod strict;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use failover_mapping::{Config, ProviderName};
use http::{HeaderMap, Method, Uri};
use proptest::prelude::*;
use serde_json::{Value, json};
use stage::{Played, file, fleet, ok, status};

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let builder = stage::builder().key(ProviderName::Replicate, "r8-key").key(ProviderName::Fal, "fal-key");
    builder.stand_ins([ProviderName::Nexa, ProviderName::Replicate, ProviderName::Fal]).build().unwrap()
});

fn id(ticket: &Value) -> String {
    format!("nx_{}", URL_SAFE_NO_PAD.encode(ticket.to_string()))
}

const FAL: &str = "https://queue.fal.run/fal-ai/flux/requests";
const REPLICATE: &str = "https://api.replicate.com/v1/predictions";

/// Every way to ask for this id, as far as a URL can hold it.
fn asked(id: &str) -> Vec<Played> {
    let ways = [
        (Method::GET, format!("{FAL}/{id}")),
        (Method::GET, format!("{FAL}/{id}/status?logs=1")),
        (Method::GET, format!("{FAL}/{id}/status/stream")),
        (Method::PUT, format!("{FAL}/{id}/cancel")),
        (Method::GET, format!("{REPLICATE}/{id}")),
        (Method::POST, format!("{REPLICATE}/{id}/cancel")),
    ];
    let picture = file("image/png", b"png");
    ways.iter()
        .filter(|(_, url)| url.parse::<Uri>().is_ok())
        .flat_map(|(method, url)| {
            [ok(r#"{"status":"completed","url":"https://cdn.nexa-api.com/a"}"#), status(503), picture.clone()]
                .map(|says| {
                    let request = (method, &**url, &HeaderMap::new(), &b""[..]);
                    stage::send(&CONFIG, &fleet(&CONFIG), request, &[], &[says, picture.clone()]).unwrap()
                })
        })
        .collect()
}

/// What holds of every answer to a forged id.
fn check(played: &Played) {
    let status = played.status();
    assert!([200, 202, 400, 404, 500, 503].contains(&status), "{status}");
    for request in &played.sent {
        assert_eq!(request.method(), Method::GET);
        let (host, path) = (request.uri().host().unwrap(), request.uri().path());
        let job = |base: &str| {
            path.strip_prefix(base).is_some_and(|id| !id.contains(['/', '%', '\\']) && id != "..")
        };
        match host {
            "api.nexa-api.com" if job("/v1/jobs/") => {}
            "api.replicate.com" if job("/v1/predictions/") => {}
            host => {
                assert!(host.ends_with(".nexa-api.com") || host.ends_with("replicate.delivery"), "{host}");
                assert!(!request.headers().contains_key("authorization"));
            }
        }
        assert!(request.uri().query().is_none_or(|_| host != "api.nexa-api.com"));
        assert_eq!(request.uri().authority().unwrap().as_str(), host, "no user and no port");
    }
}

#[test]
fn a_ticket_that_is_whole_is_read() {
    let ticket = json!({"a": "fal", "m": "fal-ai/flux/dev", "s": "nexaapi", "h": {"j": "job-7"}, "c": 1});
    let played = asked(&id(&ticket));
    assert_eq!(
        played[0].asked(),
        ["GET https://api.nexa-api.com/v1/jobs/job-7"],
        "or the rest shows nothing"
    );
    assert_eq!(played[0].status(), 200);
}

#[test]
fn what_does_not_fit_together_is_unknown() {
    let ticket = |asked: &str, model: &str, by: &str, held: Value| json!({"a": asked, "m": model, "s": by, "h": held, "c": 1});
    let job = || json!({"j": "job-7"});
    let flux = "fal-ai/flux/dev";
    let url = |url: &str| json!({"r": {"f": [{"u": url}]}});
    for forged in [
        ticket("replicate", flux, "nexaapi", job()),
        ticket("nexaapi", "flux-dev", "nexaapi", job()),
        ticket("acme", flux, "nexaapi", job()),
        ticket("fal", "fal-ai/flux/unknown", "nexaapi", job()),
        ticket("fal", "fal-ai/flux-pro/v1.1", "nexaapi", job()),
        ticket("fal", flux, "https://evil.example", job()),
        ticket("fal", flux, "fal", job()),
        ticket("fal", flux, "nexaapi", json!({"j": "../images/generate"})),
        ticket("fal", flux, "nexaapi", json!({"j": "a?b"})),
        ticket("fal", flux, "nexaapi", json!({"j": ".."})),
        ticket("fal", flux, "nexaapi", json!({"j": ""})),
        ticket("fal", flux, "nexaapi", json!({"j": 7})),
        ticket("fal", flux, "nexaapi", json!({"j": "a".repeat(201)})),
        ticket("fal", flux, "nexaapi", json!({"r": {}})),
        ticket("fal", flux, "nexaapi", json!({"r": {"t": {"x": "a text for a picture"}}})),
        ticket("fal", flux, "nexaapi", url("http://127.0.0.1/a")),
        ticket("fal", flux, "nexaapi", url("https://169.254.169.254/latest/meta-data")),
        ticket("fal", flux, "nexaapi", url("file:///etc/passwd")),
        ticket("fal", flux, "nexaapi", url("javascript:alert(1)")),
        ticket("fal", flux, "nexaapi", url("data:text/html,x")),
        ticket("fal", flux, "nexaapi", json!({"r": {"f": [{"u": "https://n.example/a", "c": "text/html"}]}})),
        ticket("fal", flux, "nexaapi", json!({"x": 1})),
        json!({"a": "fal"}),
        json!([]),
        json!("fal"),
        json!({"a": "fal", "m": flux, "s": "nexaapi", "h": job(), "c": 1, "n": -1}),
        json!({"a": "fal", "m": flux, "s": "nexaapi", "h": job(), "c": 1, "z": [1]}),
        json!({"a": "fal", "m": flux, "s": "nexaapi", "h": job()}),
    ] {
        for played in asked(&id(&forged)) {
            assert_eq!((played.status(), played.sent.len()), (404, 0), "{forged}");
        }
    }
    // It may have been declared when the id was handed out, and nobody is asked for it.
    for played in asked(&id(&ticket("fal", flux, "acme", job()))) {
        assert!(played.sent.is_empty() && [200, 400, 404, 500].contains(&played.status()));
    }
}

/// The file of a forged result is fetched by the same rule as any other: from declared media hosts, or not at all.
#[test]
fn a_forged_result_is_not_fetched_from_anywhere_else() {
    let forged = |url: &str| {
        let held = json!({"r": {"f": [{"u": url}]}});
        id(&json!({"a": "fal", "m": "fal-ai/flux/dev", "s": "nexaapi", "h": held, "i": true, "c": 1}))
    };
    assert_eq!(
        asked(&forged("https://cdn.nexa-api.com/a.png"))[2].asked(),
        ["GET https://cdn.nexa-api.com/a.png"]
    );
    for url in [
        "https://evil.example/a.png",
        "https://nexa-api.com.evil.example/a.png",
        "https://evilnexa-api.com/a.png",
        "https://cdn.nexa-api.com:8443/a.png",
        "https://cdn.nexa-api.com@evil.example/a.png",
        "https://replicate.delivery/a.png",
    ] {
        for played in asked(&forged(url)) {
            assert!(played.sent.is_empty() && played.status() != 202, "{url}");
        }
    }
}

/// Times and counts without end, as JSON can hold them.
#[test]
fn numbers_without_measure_are_numbers() {
    for created in [0, 1, u64::MAX / 2, u64::MAX] {
        for (seed, count) in [(i64::MIN, 1), (i64::MAX, u32::MAX)] {
            for (asked_of, model) in [("fal", "fal-ai/flux/dev"), ("replicate", "black-forest-labs/flux-dev")]
            {
                let ticket = json!({
                    "a": asked_of, "m": model, "s": "nexaapi", "h": {"j": "job-7"}, "c": created, "d": seed,
                    "n": count, "z": [0, u32::MAX],
                });
                asked(&id(&ticket)).iter().for_each(check);
            }
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,24}",
        prop::sample::select(vec![
            "fal",
            "replicate",
            "nexaapi",
            "fal-ai/flux/dev",
            "black-forest-labs/flux-dev",
            "openai/whisper",
            "job-7",
            "..",
            "a/b",
            "https://cdn.nexa-api.com/a.png",
            "https://evil.example/a",
            "http://127.0.0.1/a",
            "https://x.replicate.delivery/a.png?x=1",
            "data:image/png;base64,AA",
            "image/png",
        ])
        .prop_map(str::to_owned),
    ]
}

fn held() -> impl Strategy<Value = Value> {
    let file = (text(), prop::option::of(text()), any::<bool>(), any::<f64>())
        .prop_map(|(url, kind, nsfw, seconds)| json!({"u": url, "c": kind, "n": nsfw, "d": seconds}));
    let done = (prop::collection::vec(file, 0..3), prop::option::of(text())).prop_map(|(files, text)| {
        let transcript =
            text.map(|text| json!({"x": text, "l": "xx", "g": [{"b": 1e308, "e": -0.0, "x": text}]}));
        json!({"r": {"f": files, "t": transcript, "s": {"k": 5}}})
    });
    prop_oneof![
        text().prop_map(|id| json!({"j": id})),
        any::<u64>().prop_map(|number| json!({"s": number})),
        done,
        text().prop_map(Value::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_letters_after_the_prefix(rest in "[ -~]{0,80}") {
        asked(&format!("nx_{rest}")).iter().for_each(check);
    }

    #[test]
    fn any_bytes_in_the_ticket(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        asked(&format!("nx_{}", URL_SAFE_NO_PAD.encode(bytes))).iter().for_each(check);
    }

    #[test]
    fn any_ticket(
        asked_of in text(), model in text(), by in text(), held in held(), version in prop::option::of(text()),
        inline in any::<bool>(), seed in any::<i64>(), size in any::<(u32, u32)>(), created in any::<u64>(),
    ) {
        let ticket = json!({
            "a": asked_of, "m": model, "s": by, "h": held, "v": version, "i": inline, "d": seed, "z": size, "c": created,
        });
        asked(&id(&ticket)).iter().for_each(check);
        // And with a whole frame around what is held.
        for (asked_of, model) in [("fal", "fal-ai/flux/dev"), ("replicate", "openai/whisper")] {
            for by in ["nexaapi", "replicate"] {
                let ticket = json!({"a": asked_of, "m": model, "s": by, "h": held, "i": inline, "c": created});
                asked(&id(&ticket)).iter().for_each(check);
            }
        }
    }

    #[test]
    fn a_damaged_id(at in 0_usize..120, letter in "[A-Za-z0-9_-]") {
        let ticket = json!({"a": "fal", "m": "fal-ai/flux/dev", "s": "nexaapi", "h": {"j": "job-7"}, "c": 1});
        let mut damaged = id(&ticket);
        let at = 3 + at % (damaged.len() - 3);
        damaged.replace_range(at..=at, &letter);
        asked(&damaged).iter().for_each(check);
    }
}
