//! A bad configuration is refused when it is built, by the name of the field; the user's own rows are taken or refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::time::Duration;

use failover_core::{Breaker, ProviderId};
use failover_mapping::{Builder, Config, ConfigError, ProviderName, Triggers};
use http::HeaderMap;
use stage::{GOOD, KEY, builder, fal, fleet, ok, play, status};

fn refusal(builder: Builder<Config>) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn bad_settings_are_refused_by_name() {
    let refused = [
        ("nexa_api_key", "NEXA_API_KEY", Config::builder()),
        ("nexa_api_key", "empty", builder().nexa_api_key("")),
        ("nexa_api_key", "white space", builder().nexa_api_key(" key")),
        ("nexa_api_key", "white space", builder().nexa_api_key("key\n")),
        ("nexa_api_key", "visible ASCII", builder().nexa_api_key("ke y")),
        ("nexa_api_key", "visible ASCII", builder().nexa_api_key("k\u{e9}y")),
        ("nexa_api_key", "visible ASCII", builder().nexa_api_key("k\r\nx: y")),
        ("nexa_attempts", "zero", builder().nexa_attempts(0)),
        ("nexa_limit", "zero", builder().nexa_limit(Duration::ZERO)),
        ("deadline", "zero", builder().deadline(Duration::ZERO)),
        ("primary_limit", "zero", builder().primary_limit(Duration::ZERO)),
        ("request_limit", "zero", builder().request_limit(0)),
        ("answer_limit", "zero", builder().answer_limit(0)),
        ("triggers.statuses", "400 to 599", builder().triggers(Triggers::default().statuses([200]))),
        ("triggers.statuses", "400 to 599", builder().triggers(Triggers::default().statuses([429, 600]))),
        ("nexa_base_url", "not a URL", builder().nexa_base_url("")),
        ("nexa_base_url", "not a URL", builder().nexa_base_url("api.nexa-api.com")),
        ("nexa_base_url", "not a URL", builder().nexa_base_url("https://nexa.example:99999")),
        ("nexa_base_url", "web address", builder().nexa_base_url("ftp://nexa.example")),
        ("nexa_base_url", "web address", builder().nexa_base_url("data:text/plain,x")),
        ("nexa_base_url", "user name", builder().nexa_base_url("https://user:pw@nexa.example")),
        ("nexa_base_url", "user name", builder().nexa_base_url("https://user@nexa.example")),
        ("nexa_base_url", "query", builder().nexa_base_url("https://nexa.example/?key=1")),
        ("nexa_base_url", "query", builder().nexa_base_url("https://nexa.example/#x")),
        ("nexa_base_url", "canonical", builder().nexa_base_url("https://NEXA.example")),
        ("nexa_base_url", "canonical", builder().nexa_base_url("https://nexa.example:443")),
        ("nexa_base_url", "canonical", builder().nexa_base_url("https://nexa.example/a/../b")),
        ("nexa_base_url", "canonical", builder().nexa_base_url(" https://nexa.example")),
        ("nexa_base_url", "canonical", builder().nexa_base_url(r"https:\\nexa.example")),
        ("nexa_base_url", "canonical", builder().nexa_base_url("https://n\u{e4}xa.example")),
        ("nexa_base_url", "canonical", builder().nexa_base_url("https://@nexa.example")),
        ("nexa_base_url", "canonical", builder().nexa_base_url("https://127.1/")),
        ("nexa_base_url", "double slash", builder().nexa_base_url("https://nexa.example//")),
        ("nexa_base_url", "http:", builder().nexa_base_url("http://nexa.example")),
        ("nexa_base_url", "http:", builder().nexa_base_url("http://10.0.0.1")),
        ("nexa_base_url", "http:", builder().nexa_base_url("http://localhost.evil.example")),
        ("provider_url", "path", builder().provider_url(ProviderName::Fal, "https://proxy.example/fal")),
        ("provider_url", "user name", builder().provider_url(ProviderName::Fal, "https://u:p@proxy.example")),
        ("provider_url", "not a URL", builder().provider_url(ProviderName::Fal, "proxy.example")),
        (
            "provider_url",
            "nexa_base_url",
            builder().provider_url(ProviderName::Nexa, "https://proxy.example"),
        ),
    ];
    for (field, problem, builder) in refused {
        let message = refusal(builder);
        assert!(message.starts_with(field) && message.contains(problem), "{field}, {problem}: {message}");
        assert!(!message.contains(KEY) && !message.contains("pw") && !message.ends_with('.'), "{message}");
    }
}

#[test]
fn good_settings_are_taken() {
    for url in [
        "https://nexa.example",
        "https://nexa.example/",
        "https://nexa.example/prefix",
        "https://nexa.example:8443/a/b/",
        "http://127.0.0.1:8080",
        "http://localhost:8080/",
        "http://[::1]:8080",
    ] {
        let config = builder().nexa_base_url(url).build().unwrap();
        let body = br#"{"prompt":"a cat"}"#;
        let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &body[..]);
        let played = play(&config, &fleet(&config), request, &[status(500)], &[ok(GOOD)]).unwrap();
        let expected = format!("{}/v1/images/generate", url.trim_end_matches('/'));
        assert_eq!(played.sent[0].uri().to_string(), expected);
    }
    let config = builder().request_limit(5).answer_limit(6).breaker(Breaker::new()).build().unwrap();
    assert_eq!((config.request_limit(), config.answer_limit(), config.breaker()), (5, 6, Breaker::new()));
    assert_eq!(config.domain_name(ProviderId::new(u16::MAX)), "unknown");
    let names: std::collections::BTreeSet<_> = (0..config.domains())
        .map(|slot| config.domain_name(ProviderId::new(slot as u16)).to_owned())
        .collect();
    assert_eq!(names.len(), config.domains());
    assert_eq!(names.iter().filter(|name| name.starts_with("nexaapi/")).count(), 13);
}

#[test]
fn the_environment_is_what_the_caller_says_it_is() {
    let vars = |name: &str| match name {
        "NEXA_API_KEY" => Some("from-the-environment".to_owned()),
        "NEXA_BASE_URL" => Some("http://127.0.0.1:1".to_owned()),
        other => panic!("{other} is not ours to read"),
    };
    assert!(Builder::<Config>::from_vars(vars).build().is_ok());
    let missing = Builder::<Config>::from_vars(|_| None).build().unwrap_err();
    assert!(
        missing.to_string().contains("NEXA_API_KEY is missing")
            || missing.to_string().contains("NEXA_API_KEY) is missing")
    );
    let bad =
        Builder::<Config>::from_vars(|_| Some("not a url".to_owned())).nexa_api_key(KEY).build().unwrap_err();
    assert!(bad.to_string().contains("NEXA_BASE_URL"), "{bad}");
}

const OWN: &str = r#"
[[models]]
id = "acme/painter"
model = "painter"
task = "image"
answer = "flux"
defaults = { image_size = "square" }
"#;
const OWN_STAND_IN: &str = r#"
[[models]]
model = "painter"
id = "nexa-painter"
task = "image"
substitution = "variant"
"#;

#[test]
fn own_rows_are_added_and_replace() {
    let config = builder()
        .data(ProviderName::Fal, OWN)
        .data(ProviderName::Nexa, OWN_STAND_IN)
        .data(
            ProviderName::Nexa,
            OWN_STAND_IN.replace("painter\"\nid = \"nexa-painter", "flux-dev\"\nid = \"flux-dev-2"),
        )
        .build()
        .unwrap();
    for (model, stand_in, side) in
        [("acme/painter", "nexa-painter", 512), ("fal-ai/flux/dev", "flux-dev-2", 1024)]
    {
        let body = br#"{"prompt":"a cat"}"#;
        let request = (&*fal(model), &HeaderMap::new(), &body[..]);
        let played = play(&config, &fleet(&config), request, &[status(500)], &[ok(GOOD)]).unwrap();
        let sent: serde_json::Value = serde_json::from_slice(played.sent[0].body()).unwrap();
        assert_eq!((&sent["model"], &sent["width"]), (&stand_in.into(), &side.into()));
    }
    assert!(config.catalogue().resolve_fal("fal-ai/flux-pro").is_some(), "the others are still there");
}

#[test]
fn broken_data_are_refused_by_provider_key_and_reason() {
    let fal = ProviderName::Fal;
    let nexa = ProviderName::Nexa;
    for (provider, data, key, reason) in [
        (fal, "not toml".to_owned(), "line 1", ""),
        (fal, "\n\n[models".to_owned(), "line 3", ""),
        (fal, "host = \"https://evil.example\"".to_owned(), "line 1", "unknown field `host`"),
        (fal, "[headers]\nauthorization = \"x\"".to_owned(), "line 1", "unknown field"),
        (
            fal,
            OWN.replace("task = \"image\"", "task = \"image\"\nurl = \"https://evil.example\""),
            "line",
            "unknown field `url`",
        ),
        (fal, OWN.replace("\"image\"", "\"music\""), "line 5", "unknown variant `music`"),
        (fal, OWN.to_owned(), "models.acme/painter.model", "NexaAPI has no row"),
        (
            fal,
            OWN.replace("model = \"painter\"", "model = \"flux-dev\"").repeat(2),
            "models.acme/painter",
            "twice",
        ),
        (fal, OWN.replace("answer = \"flux\"", ""), "models.acme/painter.answer", "missing"),
        (
            fal,
            OWN.replace("answer = \"flux\"", "answer = \"list\""),
            "models.acme/painter.answer",
            "not a shape",
        ),
        (
            fal,
            OWN.replace("defaults", "inputs = \"none\"\ndefaults"),
            "models.acme/painter.inputs",
            "not there",
        ),
        (
            fal,
            OWN.replace("\"square\"", "\"vast\""),
            "models.acme/painter.defaults.image_size",
            "not the name of a size",
        ),
        (fal, OWN.replace("image_size", "size"), "models.acme/painter.defaults", "not in its set"),
        (fal, OWN.replace("acme/painter", "../painter"), "models.../painter", "no name"),
        (fal, OWN.replace("acme/painter", "a?b"), "models.a?b", "no name"),
        (fal, "[sizes]\nflat = [0, 1]".to_owned(), "sizes.flat", "no pixels"),
        (fal, "[inputs]\nx = []".to_owned(), "inputs.x", "no row for the prompt"),
        (
            fal,
            "[inputs]\nx = [{ field = \"prompt\", key = \"p\", codec = \"number\" }]".to_owned(),
            "inputs.x.p",
            "codec",
        ),
        (
            fal,
            "[inputs]\nx = [{ field = \"size\", key = \"s\", codec = \"ratio\", ratios = \"y\" }]".to_owned(),
            "inputs.x.s",
            "table",
        ),
        (
            fal,
            "[inputs]\nx = [{ field = \"seed\", key = \"s\", codec = \"integer\", min = 2, max = 1 }]"
                .to_owned(),
            "inputs.x.s",
            "least",
        ),
        (
            fal,
            "[inputs]\nx = [{ field = \"seed\", key = \"s\", codec = \"integer\", default = \"a\" }]"
                .to_owned(),
            "inputs.x.s",
            "default",
        ),
        (fal, "[[verdicts]]\nstatus = 200\nfault = \"broken\"".to_owned(), "verdicts.200", "300 to 599"),
        (fal, "[[verdicts]]\nstatus = 500\nfault = \"bored\"".to_owned(), "line 3", "`bored`"),
        (
            fal,
            "[[verdicts]]\nstatus = 500\nfault = \"broken\"\nheader = { name = \"X Y\", value = \"\" }"
                .to_owned(),
            "verdicts.500",
            "header",
        ),
        (nexa, "[endpoints]\nimage = \"https://evil.example\"".to_owned(), "endpoints.image", "not a path"),
        (nexa, "[endpoints]\nimage = \"//evil.example\"".to_owned(), "endpoints.image", "not a path"),
        (nexa, "[endpoints]\nimage = \"@evil.example/\"".to_owned(), "endpoints.image", "not a path"),
        (nexa, "[endpoints]\nimage = \"/a/../b\"".to_owned(), "endpoints.image", "not a path"),
        (nexa, "[endpoints]\nimage = \"/a?key=1\"".to_owned(), "endpoints.image", "not a path"),
    ] {
        let error = builder().data(provider, data.clone()).build().unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, ConfigError::Data { .. }), "{message}");
        assert!(
            message.starts_with(&format!("data for {provider}: {key}")) && message.contains(reason),
            "{data}: {message}"
        );
    }
}
