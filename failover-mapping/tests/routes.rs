//! Which requests are ours. Everything else must pass through, above all what only looks like a provider.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::sync::LazyLock;

use failover_core::Moment;
use failover_mapping::{Config, ProviderName, Target};
use http::{HeaderMap, Method, Uri};
use proptest::prelude::*;
use stage::{builder, config, headers, wait};
use url::Url;

const FLUX: &str = "fal-ai/flux/dev";
const PREDICTIONS: &str = "https://api.replicate.com/v1/predictions";

fn ours(config: &Config, uri: &str, headers: &HeaderMap) -> bool {
    let by_uri = uri.parse::<Uri>().ok().is_some_and(|uri| {
        let target = Target::of_uri(&Method::POST, &uri);
        target.is_some_and(|target| config.route(&target, headers).is_some())
    });
    let canonical = Url::parse(uri).is_ok_and(|url| url.as_str() == uri);
    if canonical {
        let url = Url::parse(uri).unwrap();
        let target = Target::of_url(&Method::POST, &url);
        let by_url = target.is_some_and(|target| config.route(&target, headers).is_some());
        assert_eq!(by_uri, by_url, "{uri}");
    }
    by_uri
}

#[test]
fn providers_are_recognised() {
    let config = config();
    for uri in [
        "https://fal.run/fal-ai/flux/dev",
        "https://falrun.com/fal-ai/flux/dev",
        "https://fal.run:443/fal-ai/flux-pro/v1.1-ultra",
        "https://FAL.run/fal-ai/flux/dev",
    ] {
        assert!(ours(&config, uri, &HeaderMap::new()), "{uri}");
    }
    for model in ["black-forest-labs/flux-schnell", "stability-ai/sdxl"] {
        let uri = stage::replicate(model);
        assert!(ours(&config, &uri, &wait()), "{uri}");
    }
    assert!(ours(&config, PREDICTIONS, &wait()));
}

#[test]
fn nothing_else_is() {
    let config = config();
    for uri in [
        // no row, or a path around it
        "https://fal.run/",
        "https://fal.run/fal-ai/flux",
        "https://fal.run/fal-ai/flux/dev/",
        "https://fal.run//fal-ai/flux/dev",
        "https://fal.run/fal-ai/flux/dev/image-to-image",
        "https://fal.run/fal-ai/flux/dev/stream",
        "https://fal.run/fal-ai/flux%2Fdev",
        "https://fal.run/fal-ai/flux/dev/requests/1/status",
        "https://fal.run/fal-ai/flux-pro/kontext",
        "https://fal.run/FAL-AI/flux/dev",
        "https://fal.run/fal-ai/wan-t2v",
        "https://fal.run/fal-ai/whisper",
        // a query
        "https://fal.run/fal-ai/flux/dev?fal_webhook=https://x.example",
        "https://fal.run/fal-ai/flux/dev?",
        // other hosts of the providers
        "https://queue.fal.run/fal-ai/flux/dev",
        "https://rest.fal.ai/fal-ai/flux/dev",
        "https://v3.fal.media/fal-ai/flux/dev",
        "https://queue.falrun.com/fal-ai/flux/dev",
        "https://replicate.com/v1/predictions",
        "https://stream.replicate.com/v1/predictions",
        // look-alikes
        "https://fal.run.evil.example/fal-ai/flux/dev",
        "https://evil.example/?u=fal.run/fal-ai/flux/dev",
        "https://fal.run@evil.example/fal-ai/flux/dev",
        "https://evil.example@fal.run/fal-ai/flux/dev",
        "https://user:pw@fal.run/fal-ai/flux/dev",
        r"https://fal.run\@evil.example/fal-ai/flux/dev",
        "https://fal.run%2eevil.example/fal-ai/flux/dev",
        "https://fal.run./fal-ai/flux/dev",
        "https://fal.run:99999/fal-ai/flux/dev",
        "https://fal.run:8443/fal-ai/flux/dev",
        "https://fal.run:/fal-ai/flux/dev",
        "https://fal.run:0443/fal-ai/flux/dev",
        "http://fal.run/fal-ai/flux/dev",
        "http://fal.run:443/fal-ai/flux/dev",
        "https://xfal.run/fal-ai/flux/dev",
        "https://my.host/api.replicate.com/v1/predictions",
        "https://fal\u{3002}run/fal-ai/flux/dev",
        "https://fal.\u{ad}run/fal-ai/flux/dev",
        "https://evil.example/https://fal.run/fal-ai/flux/dev",
        "ftp://fal.run/fal-ai/flux/dev",
        "/fal-ai/flux/dev",
        "https://fal.run/../fal.run/fal-ai/flux/dev",
        "https://api.nexa-api.com/fal-ai/flux/dev",
        // Replicate's other paths
        "https://api.replicate.com/v1/predictions/abc",
        "https://api.replicate.com/v1/predictions/abc/cancel",
        "https://api.replicate.com/v1/models/black-forest-labs/flux-dev",
        "https://api.replicate.com/v1/deployments/a/b/predictions",
        "https://api.replicate.com/v1/models/black-forest-labs/flux-dev/versions/x/predictions",
        "https://api.replicate.com/predictions",
        "https://api.replicate.com/v1/models/openai/whisper/predictions",
        "https://api.replicate.com/v1/models//predictions",
    ] {
        assert!(!ours(&config, uri, &wait()), "{uri}");
    }
}

#[test]
fn other_methods_and_other_kinds_of_waiting_are_not_ours() {
    let config = config();
    let uri: Uri = format!("https://fal.run/{FLUX}").parse().unwrap();
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD, Method::OPTIONS] {
        let target = Target::of_uri(&method, &uri).unwrap();
        assert!(config.route(&target, &HeaderMap::new()).is_none(), "{method}");
    }
    let accepts = |values: &[&str]| {
        let pairs: Vec<_> = values.iter().map(|value| ("prefer", *value)).collect();
        let mut all = HeaderMap::new();
        for (name, value) in pairs {
            all.append(name, value.parse().unwrap());
        }
        ours(&config, PREDICTIONS, &all)
    };
    for value in ["wait", "Wait", " wait ", "wait=1", "wait=60"] {
        assert!(accepts(&[value]), "{value}");
    }
    for value in [
        "",
        "wait=0",
        "wait=61",
        "wait=",
        "wait=-5",
        "wait=+5",
        "wait=5s",
        "wait=999999",
        "respond-async",
        "waiting",
        "wait, x",
    ] {
        assert!(!accepts(&[value]), "{value}");
    }
    assert!(!accepts(&[]) && !accepts(&["wait", "wait"]));
}

#[test]
fn the_body_names_the_model_of_a_version() {
    let config = config();
    let uri: Uri = PREDICTIONS.parse().unwrap();
    let hash = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b";
    let model = |body: &str| {
        let target = Target::of_uri(&Method::POST, &uri).unwrap();
        let exchange = config.route(&target, &wait()).unwrap().exchange(body.as_bytes(), Moment::EPOCH)?;
        Some(config.domain_name(exchange.candidates()[0].provider()).to_owned())
    };
    let sdxl = Some("replicate/stability-ai/sdxl".to_owned());
    assert_eq!(model(r#"{"version":"stability-ai/sdxl"}"#), sdxl);
    assert_eq!(model(r#"{"input":{"version":"x"},"version":"stability-ai\/sdxl"}"#), sdxl);
    assert_eq!(model(&format!(r#"{{"version":"stability-ai/sdxl:{hash}"}}"#)), sdxl);
    for version in [
        hash.to_owned(),
        String::new(),
        "stability-ai/sdxl:".to_owned(),
        "stability-ai/sdxl:latest".to_owned(),
        format!("stability-ai/sdxl:{}", hash.to_uppercase()),
        format!("stability-ai/sdxl:{hash}:{hash}"),
        format!("sdxl:{hash}"),
        "openai/whisper".to_owned(),
        "unknown/model".to_owned(),
    ] {
        assert_eq!(model(&format!(r#"{{"version":"{version}"}}"#)), None, "{version}");
    }
    for body in [
        "",
        "x",
        "{}",
        "[]",
        r#"{"version":3}"#,
        r#"{"version":null}"#,
        r#"{"version":"a/b","version":"stability-ai/sdxl"}"#,
    ] {
        assert_eq!(model(body), None, "{body}");
    }
}

#[test]
fn bodies_beyond_the_limit_are_not_ours() {
    let config = builder().request_limit(10).build().unwrap();
    let uri: Uri = format!("https://fal.run/{FLUX}").parse().unwrap();
    let target = Target::of_uri(&Method::POST, &uri).unwrap();
    let route = || config.route(&target, &HeaderMap::new()).unwrap();
    assert!(route().exchange(&[b'x'; 10], Moment::EPOCH).is_some());
    assert!(route().exchange(&[b'x'; 11], Moment::EPOCH).is_none());
}

#[test]
fn the_users_origins_are_recognised_and_only_those() {
    let config = builder()
        .provider_url(ProviderName::Fal, "http://127.0.0.1:8080")
        .provider_url(ProviderName::Replicate, "http://[::1]:8081/")
        .build()
        .unwrap();
    assert!(ours(&config, "http://127.0.0.1:8080/fal-ai/flux/dev", &HeaderMap::new()));
    assert!(ours(&config, "http://[::1]:8081/v1/predictions", &wait()));
    assert!(ours(&config, "https://fal.run/fal-ai/flux/dev", &HeaderMap::new()));
    for uri in [
        "http://127.0.0.1:8081/fal-ai/flux/dev",
        "https://127.0.0.1:8080/fal-ai/flux/dev",
        "http://127.0.0.1/fal-ai/flux/dev",
        "http://localhost:8080/fal-ai/flux/dev",
        "http://127.0.0.1:8080/v1/predictions",
    ] {
        assert!(!ours(&config, uri, &wait()), "{uri}");
    }
}

#[test]
fn exchanges_can_be_held_across_threads() {
    fn sent<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    sent::<failover_mapping::Exchange<'_, '_>>();
    shared::<Config>();
    shared::<failover_mapping::Provenance>();
    assert_eq!(headers(&[]).len(), 0);
}

static CONFIG: LazyLock<Config> = LazyLock::new(config);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    /// Any change to the host, however small, makes it another host.
    #[test]
    fn look_alike_hosts_never_match(
        before in "[a-z0-9.@:/\\\\%-]{0,8}",
        after in "[a-z0-9.@:/\\\\%-]{0,8}",
        host in prop::sample::select(vec!["fal.run", "falrun.com"]),
    ) {
        let uri = format!("https://{before}{host}{after}/{FLUX}");
        let exact = before.is_empty() && matches!(&*after, "" | ":443");
        prop_assume!(!exact);
        prop_assert!(!ours(&CONFIG, &uri, &HeaderMap::new()), "{}", uri);
    }

    /// Arbitrary URLs and headers are judged without a panic, and whatever is ours is at a declared host.
    #[test]
    fn arbitrary_urls_do_not_panic(uri in "\\PC{0,60}", name in "[a-z-]{1,12}", value in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut all = wait();
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), http::HeaderValue::from_bytes(&value)) {
            all.append(name, value);
        }
        for uri in [uri.clone(), format!("https://{uri}"), format!("https://fal.run/{uri}"), format!("{PREDICTIONS}{uri}")] {
            let _ = Url::parse(&uri).map(|url| Target::of_url(&Method::POST, &url).map(|target| CONFIG.route(&target, &all).is_some()));
            let _ = uri.parse::<Uri>().map(|uri| Target::of_uri(&Method::POST, &uri).map(|target| CONFIG.route(&target, &all).is_some()));
        }
    }
}
