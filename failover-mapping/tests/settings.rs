//! A bad configuration is refused when it is built, by the name of the field; a good one does what it says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::time::Duration;

use failover_core::{Action, Breaker, Call, Limits, Moment, ProviderId};
use failover_mapping::{Builder, Config, ProviderName, Target, Triggers};
use http::{HeaderMap, Method};
use stage::{GOOD, KEY, builder, fal, fleet, ok, play, status};

fn refusal(builder: Builder<Config>) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn bad_settings_are_refused_by_name() {
    use ProviderName::{Fal, Nexa, Replicate};
    let acme = ProviderName::other("acme").unwrap();
    let both = || builder().key(Fal, "fal-key").stand_ins([Fal, Nexa]);
    let refused = [
        ("nexa_api_key", "NEXA_API_KEY", Config::builder()),
        ("nexa_api_key", "empty", builder().nexa_api_key("")),
        ("nexa_api_key", "white space", builder().nexa_api_key(" key")),
        ("nexa_api_key", "white space", builder().nexa_api_key("key\n")),
        ("nexa_api_key", "without \"Bearer\"", builder().nexa_api_key("Bearer key")),
        ("nexa_api_key", "quotes: remove", builder().nexa_api_key("\"key\"")),
        ("nexa_api_key", "quotes: remove", builder().nexa_api_key("'key'")),
        ("nexa_api_key", "visible ASCII", builder().nexa_api_key("k\u{e9}y")),
        ("nexa_api_key", "white space", builder().nexa_api_key("k\r\nx: y")),
        ("nexa_api_key", "visible ASCII", builder().nexa_api_key("k\0y")),
        (
            "stand_in_attempts",
            "zero: nobody would stand in; leave it out for 2",
            builder().stand_in_attempts(0),
        ),
        ("stand_in_limit", "zero: leave it out for 60 s", builder().stand_in_limit(Duration::ZERO)),
        ("deadline", "zero: leave it out for no limit", builder().deadline(Duration::ZERO)),
        (
            "primary_limit",
            "zero: leave it out for half of the deadline",
            builder().primary_limit(Duration::ZERO),
        ),
        ("request_limit", "leave it out for 8 MiB", builder().request_limit(0)),
        ("answer_limit", "leave it out for 32 MiB", builder().answer_limit(0)),
        ("triggers.statuses", "400 to 599", builder().triggers(Triggers::default().statuses([200]))),
        ("triggers.statuses", "400 to 599", builder().triggers(Triggers::default().statuses([429, 600]))),
        ("nexa_base_url", "is empty: unset it", builder().nexa_base_url("")),
        ("nexa_base_url", "has no scheme", builder().nexa_base_url("api.nexa-api.com")),
        ("nexa_base_url", "has no scheme", builder().nexa_base_url("localhost:8080")),
        ("nexa_base_url", "has no scheme", builder().nexa_base_url("//nexa.example")),
        ("nexa_base_url", "not a URL", builder().nexa_base_url("https://nexa.example:99999")),
        ("nexa_base_url", "web address", builder().nexa_base_url("ftp://nexa.example")),
        ("nexa_base_url", "web address", builder().nexa_base_url("data:text/plain,x")),
        ("nexa_base_url", "user name", builder().nexa_base_url("https://user:pw@nexa.example")),
        ("nexa_base_url", "user name", builder().nexa_base_url("https://user@nexa.example")),
        ("nexa_base_url", "query", builder().nexa_base_url("https://nexa.example/?key=1")),
        ("nexa_base_url", "query", builder().nexa_base_url("https://nexa.example/#x")),
        ("nexa_base_url", "capital letters", builder().nexa_base_url("https://NEXA.example")),
        ("nexa_base_url", "default port", builder().nexa_base_url("https://nexa.example:443")),
        ("nexa_base_url", "default port", builder().nexa_base_url("http://127.0.0.1:80/")),
        ("nexa_base_url", "dot segments", builder().nexa_base_url("https://nexa.example/a/../b")),
        ("nexa_base_url", "white space", builder().nexa_base_url(" https://nexa.example")),
        ("nexa_base_url", "backslash", builder().nexa_base_url(r"https:\\nexa.example")),
        ("nexa_base_url", "xn--", builder().nexa_base_url("https://n\u{e4}xa.example")),
        ("nexa_base_url", "canonical", builder().nexa_base_url("https://@nexa.example")),
        ("nexa_base_url", "canonical", builder().nexa_base_url("https://127.1/")),
        ("nexa_base_url", "double slash", builder().nexa_base_url("https://nexa.example//")),
        ("nexa_base_url", "http:", builder().nexa_base_url("http://nexa.example")),
        ("nexa_base_url", "http:", builder().nexa_base_url("http://10.0.0.1")),
        ("nexa_base_url", "http:", builder().nexa_base_url("http://localhost.evil.example")),
        ("provider_url", "path", builder().provider_url(Fal, "https://proxy.example/fal")),
        ("provider_url", "user name", builder().provider_url(Fal, "https://u:p@proxy.example")),
        ("provider_url", "has no scheme", builder().provider_url(Fal, "proxy.example")),
        ("provider_url", "nexa_base_url", builder().provider_url(Nexa, "https://proxy.example")),
        ("stand_ins", "names nobody: leave it out for NexaAPI", builder().stand_ins([])),
        ("stand_ins", "twice: name each once", builder().stand_ins([Nexa, Fal, Nexa])),
        ("key for fal (FAL_KEY)", "is missing: set the variable", builder().stand_ins([Nexa, Fal])),
        ("key for fal (FAL_KEY)", "is empty: set it", builder().key(Fal, "").stand_ins([Fal])),
        ("key for replicate (REPLICATE_API_TOKEN)", "or call key(..)", builder().stand_ins([Replicate])),
        ("stand_ins", "has declared: call provider(..)", builder().stand_ins([acme])),
        ("stand_ins", "has declared: call provider(..)", builder().key(acme, "acme-key").stand_ins([acme])),
        ("stand_in_url", "use nexa_base_url(..)", builder().stand_in_url(Nexa, "https://proxy.example")),
        ("stand_in_url", "http:", both().stand_in_url(Fal, "http://proxy.example")),
        ("stand_in_url", "user name", both().stand_in_url(Fal, "https://u:pw@proxy.example")),
        ("poll_interval", "zero: leave it out for 2 s", builder().poll_interval(Duration::ZERO)),
        ("fal_queue_url", "path", builder().fal_queue_url("https://proxy.example/queue")),
        ("fal_queue_url", "origins of their own", builder().fal_queue_url("https://fal.run")),
        ("media_host", "path", builder().media_host(Nexa, "https://cdn.example/a")),
        ("media_host", "https: on a host with a name", builder().media_host(Nexa, "http://cdn.example")),
        ("media_host", "https: on a host with a name", builder().media_host(Nexa, "https://10.0.0.1")),
        ("media_host", "like https://*.example.com", builder().media_host(Nexa, "https://*.com")),
        ("deployment", "owner/name", builder().deployment("acme", "stability-ai/sdxl")),
        ("deployment", "use one of Replicate's table", builder().deployment("acme/mine", "acme/model")),
        ("nexa_rapidapi_host", "p.rapidapi.com", builder().nexa_rapidapi_host("https://evil.example")),
        ("nexa_rapidapi_host", "p.rapidapi.com", builder().nexa_rapidapi_host("user@nexa.example")),
    ];
    for (field, problem, builder) in refused {
        let message = refusal(builder);
        assert!(message.starts_with(field) && message.contains(problem), "{field}, {problem}: {message}");
        assert!(!message.contains(KEY) && !message.contains("pw") && !message.ends_with('.'), "{message}");
    }
}

/// An error that ends `main` is printed by its `Debug`.
#[test]
fn a_refusal_is_a_sentence_for_whoever_prints_it() {
    for refused in [
        builder().stand_in_attempts(0).build().unwrap_err(),
        builder().data(ProviderName::Fal, "own.toml", "[models").build().unwrap_err(),
    ] {
        assert_eq!(format!("{refused:?}"), refused.to_string());
    }
}

#[test]
fn the_debug_of_a_config_says_who_is_asked_where() {
    let config = builder()
        .key(ProviderName::Replicate, "replicate-key")
        .key(ProviderName::Fal, "fal-key")
        .stand_ins([ProviderName::Replicate, ProviderName::Nexa, ProviderName::Fal])
        .nexa_base_url("https://nexa.example:8443/hidden")
        .stand_in_url(ProviderName::Fal, "https://proxy.example/hidden")
        .provider_url(ProviderName::Fal, "http://127.0.0.1:9000")
        .fal_queue_url("http://127.0.0.1:9001")
        .build()
        .unwrap();
    let shown = format!("{config:?}");
    for part in [
        r#"["replicate at https://api.replicate.com", "nexaapi at https://nexa.example:8443", "fal at https://proxy.example"]"#,
        "\"fal at https://queue.fal.run\"",
        "\"fal at http://127.0.0.1:9001\"",
        "\"fal at https://fal.run\"",
        "\"fal at http://127.0.0.1:9000\"",
        "\"replicate at https://api.replicate.com\"",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for secret in ["hidden", KEY, "replicate-key", "fal-key"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
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
    assert_eq!(names.iter().filter(|name| name.starts_with("nexaapi/")).count(), 23);
    assert!(
        names.contains("nexaapi (jobs)") && names.contains("replicate (versions)"),
        "no model is called so"
    );
}

/// The limits of the first attempt on the asked provider.
fn primary_limits(builder: Builder<Config>) -> Limits {
    let config = builder.build().unwrap();
    let uri = fal("fal-ai/flux/dev").parse().unwrap();
    let target = Target::of_uri(&Method::POST, &uri).unwrap();
    let route = config.route(&target, &HeaderMap::new()).unwrap();
    let exchange = route.exchange(b"{}", Moment::EPOCH).unwrap();
    let fleet = fleet(&config);
    let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
    match call.poll(&fleet, Moment::EPOCH) {
        Action::Launch(launch) if launch.is_primary() => launch.limits,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_deadline_leaves_half_of_itself_to_the_stand_in() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let limit = |builder| primary_limits(builder).total();
    let (long, short) = (Duration::from_secs(90), Duration::from_secs(20));
    assert_eq!(limit(builder()), None);
    assert_eq!(limit(builder().deadline(long)), seconds(45));
    assert_eq!(limit(builder().deadline(long).primary_limit(short)), seconds(20));
    assert_eq!(limit(builder().primary_limit(short)), seconds(20));
    assert_eq!(limit(builder().deadline(Duration::from_nanos(1))), Some(Duration::from_nanos(1)));
}

/// Callers who hang up on a provider that hangs count against it after 30 seconds, though nothing limits the attempt.
#[test]
fn a_provider_that_hangs_is_blamed_without_any_limit() {
    let config = builder().build().unwrap();
    let (fleet, uri) = (fleet(&config), fal("fal-ai/flux/dev").parse().unwrap());
    let target = Target::of_uri(&Method::POST, &uri).unwrap();
    let mut now = Moment::EPOCH;
    let mut hang_up_after = |wait| {
        let route = config.route(&target, &HeaderMap::new()).unwrap();
        let exchange = route.exchange(b"{}", now).unwrap();
        let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, now);
        let asked = matches!(call.poll(&fleet, now), Action::Launch(launch) if launch.is_primary());
        now = now.plus(Duration::from_secs(wait));
        call.abandon(&fleet, now);
        asked
    };
    assert_eq!([29, 29, 29, 29, 31, 31, 31].map(&mut hang_up_after), [true; 7]);
    assert!(!hang_up_after(31), "three in a row");
}
