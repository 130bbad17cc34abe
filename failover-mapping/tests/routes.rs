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
    ours_by(&Method::POST, config, uri, headers)
}

fn ours_by(method: &Method, config: &Config, uri: &str, headers: &HeaderMap) -> bool {
    let by_uri = uri.parse::<Uri>().ok().is_some_and(|uri| {
        let target = Target::of_uri(method, &uri);
        target.is_some_and(|target| config.route(&target, headers).is_some())
    });
    let canonical = Url::parse(uri).is_ok_and(|url| url.as_str() == uri);
    if canonical {
        let url = Url::parse(uri).unwrap();
        let target = Target::of_url(method, &url);
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
        "https://queue.fal.run/fal-ai/flux/dev",
        "https://queue.fal.run:443/fal-ai/flux/dev?fal_max_queue_length=5",
        "https://Queue.FALrun.com/fal-ai/flux/dev",
        // ours so that the note can say why nobody stands in
        "https://queue.fal.run/fal-ai/flux/dev?fal_webhook=https://x.example",
        // an image or a sound, and a video
        "https://fal.run/fal-ai/flux/dev/image-to-image",
        "https://fal.run/fal-ai/wan-t2v",
        "https://fal.run/fal-ai/whisper",
    ] {
        assert!(ours(&config, uri, &HeaderMap::new()), "{uri}");
    }
    for model in ["black-forest-labs/flux-schnell", "stability-ai/sdxl", "openai/whisper"] {
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
        "https://fal.run/fal-ai/flux/dev/image-to-image/",
        "https://fal.run/fal-ai/wan-t2v-lora",
        "https://fal.run/fal-ai/flux/dev/stream",
        "https://fal.run/fal-ai/flux%2Fdev",
        "https://fal.run/fal-ai/flux/dev/requests/1/status",
        "https://fal.run/fal-ai/flux-pro/kontext",
        "https://fal.run/FAL-AI/flux/dev",
        // a query
        "https://fal.run/fal-ai/flux/dev?fal_webhook=https://x.example",
        "https://fal.run/fal-ai/flux/dev?",
        "https://fal.run/fal-ai/flux/dev?fal_max_queue_length=5",
        "https://queue.fal.run/fal-ai/flux/dev?",
        "https://queue.fal.run/fal-ai/flux/dev?other=1",
        "https://queue.fal.run/fal-ai/flux/dev?fal_max_queue_length=5&other=1",
        "https://api.replicate.com/v1/predictions?x=1",
        // FAL's queue is not where FAL answers at once
        "https://queue.fal.run/fal-ai/flux/dev/",
        "https://queue.fal.run//fal-ai/flux/dev",
        "https://queue.fal.run/fal-ai/flux",
        "https://queue.fal.run/fal-ai/flux/dev/stream",
        // other hosts of the providers
        "https://rest.fal.ai/fal-ai/flux/dev",
        "https://v3.fal.media/fal-ai/flux/dev",
        "https://replicate.com/v1/predictions",
        "https://stream.replicate.com/v1/predictions",
        "https://replicate.delivery/v1/predictions",
        "https://rest.fal.ai/storage/upload/initiate",
        // look-alikes
        "https://my.host/api.replicate.com/v1/predictions",
        "https://evil.example/https://fal.run/fal-ai/flux/dev",
        "ftp://fal.run/fal-ai/flux/dev",
        "/fal-ai/flux/dev",
        "https://fal.run/../fal.run/fal-ai/flux/dev",
        "https://fal.run.evil.example/",
        "https://api.nexa-api.com/fal-ai/flux/dev",
        // Replicate's other paths
        "https://api.replicate.com/v1/predictions/abc",
        "https://api.replicate.com/v1/predictions/abc/cancel",
        "https://api.replicate.com/v1/models/black-forest-labs/flux-dev",
        "https://api.replicate.com/v1/deployments/a/b/predictions",
        "https://api.replicate.com/v1/models/black-forest-labs/flux-dev/versions/x/predictions",
        "https://api.replicate.com/predictions",
        "https://api.replicate.com/v1/models//predictions",
    ] {
        assert!(!ours(&config, uri, &wait()), "{uri}");
        let built = config.build_request(uri, br#"{"prompt":"a cat"}"#, ProviderName::Nexa);
        assert!(built.is_err(), "{uri}");
    }
}

/// What only looks like that host, and this path of it.
#[rustfmt::skip]
fn hostile(host: &str, path: &str) -> Vec<String> {
    let (name, end) = host.rsplit_once('.').unwrap();
    let hosts = [
        format!("{host}.evil.example"), format!("evil.example/?u={host}"), format!("evil.example/{host}"),
        format!("evil.example#{host}"), format!("{host}@evil.example"), format!("{host}:@evil.example"),
        format!("user@{host}"), format!("user:pw@{host}"), format!("@{host}"), format!("{host}\\@evil.example"),
        format!("{host}%2eevil.example"), format!("{name}%2e{end}"), format!("{name}\u{ff0e}{end}"),
        format!("{name}\u{3002}{end}"), format!("{name}\u{ff61}{end}"), format!("{name}.\u{ad}{end}"),
        format!("{name}\u{200b}.{end}"), format!("{name}\t.{end}"), format!("{name}\n.{end}"), format!(" {host}"),
        format!("{host}."), format!("{host}:99999"), format!("{host}:8443"), format!("{host}:"), format!("{host}:0443"),
        format!("x{host}"), format!("x.{host}"), format!("{host}\\"),
    ];
    let urls = hosts.iter().map(|host| format!("https://{host}{path}"));
    let others = [
        format!("http://{host}{path}"), format!("http://{host}:443{path}"), format!("https:{host}{path}"),
        format!("https:///{host}{path}"), format!("//{host}{path}"), format!("{host}{path}"),
        format!("wss://{host}{path}"), format!(" https://{host}{path}"), format!("https://{host}{path}\n"),
    ];
    urls.chain(others).collect()
}

#[test]
fn hostile_urls_are_at_no_provider() {
    let config = config();
    let at = |url: &str| [config.is_fal_request(url), config.is_replicate_request(url)];
    for (hosts, path, expected) in [
        (
            &["fal.run", "falrun.com", "queue.fal.run", "queue.falrun.com"][..],
            "/fal-ai/flux/dev",
            [true, false],
        ),
        (&["api.replicate.com"], "/v1/predictions", [false, true]),
    ] {
        for host in hosts {
            assert_eq!(at(&format!("https://{host}{path}")), expected);
            for url in hostile(host, path) {
                assert!(!ours(&config, &url, &wait()), "{url}");
                assert_eq!(at(&url), [false; 2], "{url}");
            }
            // A request to these is one. By hand a URL is text, of which parsers make different things.
            for url in [format!("https://{host}:443{path}"), format!("https://{}{path}", host.to_uppercase())]
            {
                assert!(ours(&config, &url, &wait()), "{url}");
                assert_eq!(at(&url), [false; 2], "{url}");
            }
        }
    }
    for host in ["rest.fal.ai", "v3.fal.media", "fal.media", "replicate.com", "stream.replicate.com"] {
        assert_eq!(at(&format!("https://{host}/fal-ai/flux/dev")), [false; 2], "{host}");
    }
}

const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD, Method::OPTIONS];

/// Whatever is asked about a job, a file or an account of a provider's own is that provider's to answer.
#[test]
fn the_providers_own_jobs_are_theirs() {
    let config = config();
    let (fals, replicates) = ("764cabcf-b745-4b3e-ae38-1200304cf45b", "rrr4z55ocneqzikepnug6xezpe");
    let mut urls = vec![];
    for host in ["queue.fal.run", "queue.falrun.com", "fal.run"] {
        for app in ["fal-ai/flux", "fal-ai/flux/dev", "fal-ai/whisper", "workflows/a/b"] {
            for rest in ["", "/status", "/status?logs=1", "/status/stream", "/cancel", "/"] {
                urls.push(format!("https://{host}/{app}/requests/{fals}{rest}"));
            }
        }
    }
    for rest in ["", "/cancel", "/stream"] {
        urls.push(format!("https://api.replicate.com/v1/predictions/{replicates}{rest}"));
    }
    for rest in [
        "account",
        "collections",
        "files",
        "hardware",
        "models",
        "models/stability-ai/sdxl",
        "trainings",
        "models/stability-ai/sdxl/versions",
        "models/unknown/model/predictions",
        "webhooks/default/secret",
    ] {
        urls.push(format!("https://api.replicate.com/v1/{rest}"));
    }
    for (method, url) in METHODS.iter().flat_map(|method| urls.iter().map(move |url| (method, url))) {
        assert!(!ours_by(method, &config, url, &HeaderMap::new()), "{method} {url}");
    }
}

#[test]
fn a_generation_is_a_post() {
    let config = config();
    for url in [
        format!("https://fal.run/{FLUX}"),
        stage::queue(FLUX),
        stage::replicate("stability-ai/sdxl"),
        PREDICTIONS.to_owned(),
    ] {
        for method in METHODS {
            assert_eq!(ours_by(&method, &config, &url, &wait()), method == Method::POST, "{method} {url}");
        }
    }
}

/// Who does not wait, or says it in a way that Replicate does not know, is answered at once: with a job.
#[test]
fn any_kind_of_waiting_is_ours() {
    let config = config();
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
        assert!(accepts(&[value]), "{value}");
    }
    assert!(accepts(&[]) && accepts(&["wait", "wait"]));
}

#[test]
fn the_body_names_the_model_of_a_version() {
    let config = config();
    let uri: Uri = PREDICTIONS.parse().unwrap();
    let hash = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b";
    let model = |body: &str| {
        let target = Target::of_uri(&Method::POST, &uri).unwrap();
        let route = config.route(&target, &wait()).unwrap();
        let exchange = route.exchange(body.as_bytes(), Moment::EPOCH)?;
        Some(config.domain_name(exchange.candidates()[0].provider()).to_owned())
    };
    let sdxl = Some("replicate/stability-ai/sdxl".to_owned());
    assert_eq!(model(r#"{"version":"stability-ai/sdxl"}"#), sdxl);
    assert_eq!(model(r#"{"input":{"version":"x"},"version":"stability-ai\/sdxl"}"#), sdxl);
    assert_eq!(model(&format!(r#"{{"version":"stability-ai/sdxl:{hash}"}}"#)), sdxl);
    assert_eq!(model(&format!(r#"{{"version":"{hash}"}}"#)), sdxl);
    for version in [
        hash.replace('3', "4"),
        hash.to_uppercase(),
        format!(" {hash}"),
        String::new(),
        "stability-ai/sdxl:".to_owned(),
        "stability-ai/sdxl:latest".to_owned(),
        format!("stability-ai/sdxl:{}", hash.to_uppercase()),
        format!("stability-ai/sdxl:{hash}:{hash}"),
        format!("sdxl:{hash}"),
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

/// FAL takes `12345-app` for `12345/app`; no other dash is a slash.
#[test]
fn an_id_of_the_old_form_is_the_same_model() {
    let rows = ["12345/app", "acme/app"].map(|id| {
        format!("[[models]]\nid = \"{id}\"\nmodel = \"flux-dev\"\ntask = \"image\"\nanswer = \"flux\"\n")
    });
    let config = builder().data(ProviderName::Fal, "own.toml", rows.concat()).build().unwrap();
    let is_ours = |path: &str| ours(&config, &format!("https://fal.run/{path}"), &HeaderMap::new());
    for path in ["12345/app", "12345-app", "acme/app"] {
        assert!(is_ours(path), "{path}");
        assert!(ours(&config, &stage::queue(path), &HeaderMap::new()), "{path}");
    }
    for path in ["acme-app", "fal-ai-flux/dev", "12345--app", "12345-app/x", "-app", "1234-app", "12345-/app"]
    {
        assert!(!is_ours(path), "{path}");
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
