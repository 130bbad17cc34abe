//! What can be said about text: who stands in for which model, what is refused, and how the plan tells it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use failover_mapping::Target;
use failover_mapping::{Builder, Config, ProviderName, StreamPolicy, TextModel};
use http::{HeaderMap, Method};
use stage::{GOOD, KEY, builder, fal, fleet, ok, play, status};

use ProviderName::{Anthropic, Fal, Nexa, OpenAi, Together};

fn keyed(providers: &[ProviderName]) -> Builder<Config> {
    providers.iter().fold(Config::builder(), |it, provider| it.key(*provider, "text-key-0001"))
}

fn all() -> Builder<Config> {
    keyed(&[OpenAi, Anthropic, Together])
}

fn vllm() -> ProviderName {
    ProviderName::other("vllm").unwrap()
}

/// Who stands in for a model of this name, `provider/model` each.
fn stand_ins(builder: Builder<Config>, model: &str) -> Vec<String> {
    let config = builder.build().unwrap();
    let TextModel { stand_ins, .. } = config.text_models().find(|it| it.id == model).unwrap();
    stand_ins.into_iter().map(|(provider, id)| format!("{provider}/{id}")).collect()
}

/// Whether a chat of this URL is anything of ours.
fn is_ours(config: &Config, url: &str, model: &str) -> bool {
    let uri = url.parse().unwrap();
    let target = Target::of_uri(&Method::POST, &uri).unwrap();
    let body = format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"Hello"}}]}}"#);
    let route = config.route(&target, &HeaderMap::new());
    route.is_some_and(|route| route.exchange(body.as_bytes(), failover_mapping::Moment::EPOCH).is_some())
}

const OPENAI: &str = "https://api.openai.com/v1/chat/completions";
const ANTHROPIC: &str = "https://api.anthropic.com/v1/messages";

#[test]
fn whoever_has_a_key_stands_in_in_the_class_of_the_asked_model() {
    assert_eq!(stand_ins(all(), "gpt-4o"), ["anthropic/claude-sonnet-4-6", "together/zai-org/GLM-5.3"]);
    assert_eq!(
        stand_ins(all(), "gpt-4o-mini"),
        ["anthropic/claude-haiku-4-5", "together/openai/gpt-oss-120b"]
    );
    assert_eq!(stand_ins(all(), "claude-haiku-4-5"), ["openai/gpt-5.4-mini", "together/openai/gpt-oss-120b"]);
    assert_eq!(stand_ins(keyed(&[Together]), "gpt-4o"), ["together/zai-org/GLM-5.3"]);
    assert!(stand_ins(keyed(&[OpenAi]), "gpt-4o").is_empty(), "nobody stands in for itself");
    let ordered = all().text_stand_ins([Together, Anthropic, OpenAi]);
    assert_eq!(stand_ins(ordered, "gpt-4o"), ["together/zai-org/GLM-5.3", "anthropic/claude-sonnet-4-6"]);
    let config = all().text_stand_ins([]).build().unwrap();
    assert!(config.text_models().all(|model| model.stand_ins.is_empty()), "an empty list is nobody");
    assert!(!is_ours(&config, OPENAI, "gpt-4o"));
}

#[test]
fn what_the_user_names_goes_over_the_tables_and_the_narrower_over_the_wider() {
    let builder = all()
        .fallbacks("*", ["anthropic/claude-opus-4-8"])
        .fallbacks("openai/*", ["together/some/model"])
        .fallbacks("gpt-4o", ["openai/gpt-4o-mini", "claude-haiku-4-5"])
        .fallbacks("anthropic/claude-sonnet-4-5", ["anthropic/claude-sonnet-4-6"]);
    let unlisted = all().text_stand_ins([]).fallbacks("*", ["anthropic/claude-next"]).build().unwrap();
    assert!(is_ours(&unlisted, ANTHROPIC, "any") && !is_ours(&unlisted, ANTHROPIC, "claude-next"));
    let named = |model| stand_ins(builder.clone(), model);
    assert_eq!(named("gpt-4o"), ["openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"]);
    assert_eq!(named("gpt-4o-mini"), ["together/some/model"], "every other model of OpenAI's");
    assert_eq!(named("claude-sonnet-4-5"), ["anthropic/claude-sonnet-4-6"]);
    assert_eq!(named("claude-haiku-4-5"), ["anthropic/claude-opus-4-8"]);
    assert!(named("claude-opus-4-8").is_empty(), "what all others have is not itself");
    let config = builder.build().unwrap();
    assert!(is_ours(&config, OPENAI, "ft:gpt-4o:acme") && is_ours(&config, ANTHROPIC, "claude-next"));
    // What is said of every model of a provider is for that one only.
    let config =
        all().text_stand_ins([]).fallbacks("openai/*", ["anthropic/claude-haiku-4-5"]).build().unwrap();
    assert!(is_ours(&config, OPENAI, "any") && !is_ours(&config, ANTHROPIC, "any"));
}

/// One of Together's models is called as if it were OpenAI's.
#[test]
fn a_name_of_a_table_is_taken_whole() {
    let builder = all().fallbacks("claude-haiku-4-5", ["openai/gpt-oss-120b"]);
    assert_eq!(stand_ins(builder, "claude-haiku-4-5"), ["together/openai/gpt-oss-120b"]);
    let builder = all().fallbacks("openai/gpt-oss-120b", ["gpt-4o-mini"]);
    assert_eq!(stand_ins(builder, "openai/gpt-oss-120b"), ["openai/gpt-4o-mini"]);
}

#[test]
fn a_provider_of_ones_own_is_asked_and_stands_in_by_name() {
    let config = keyed(&[Anthropic, vllm()])
        .text_provider(vllm(), "http://127.0.0.1:8000/v1")
        .provider_url(vllm(), "https://llm.example")
        .fallbacks("claude-haiku-4-5", ["vllm/qwen"])
        .fallbacks("vllm/*", ["anthropic/claude-haiku-4-5"])
        .build()
        .unwrap();
    for origin in ["http://127.0.0.1:8000", "https://llm.example"] {
        assert!(is_ours(&config, &format!("{origin}/v1/chat/completions"), "qwen"), "{origin}");
        assert!(!is_ours(&config, &format!("{origin}/chat/completions"), "qwen"), "{origin}");
    }
    assert!(is_ours(&config, ANTHROPIC, "claude-haiku-4-5"));
    // The same model of a provider of one's own is no model itself.
    let same = keyed(&[OpenAi, vllm()])
        .text_provider(vllm(), "https://llm.example/v1")
        .fallbacks("gpt-4o", ["openai/gpt-4o"]);
    let config = same.build().unwrap();
    assert!(is_ours(&config, "https://llm.example/v1/chat/completions", "gpt-4o"));
    assert!(!is_ours(&config, OPENAI, "gpt-4o"), "nobody but itself");
}

#[test]
fn what_names_nobody_is_refused_with_the_cure() {
    let named = |by: &'static str| all().fallbacks("gpt-4o", [by]);
    let zero = std::time::Duration::ZERO;
    let two = ["claude-haiku-4-5", "anthropic/claude-haiku-4-5"];
    for (builder, said) in [
        (
            named("antropic/claude-haiku-4-5"),
            "fallbacks names a model of `antropic`, which nobody has declared: use anthropic/ before its name",
        ),
        (
            named("acme/x"),
            "fallbacks names a model of `acme`, a provider that nobody has declared: call text_provider(..)",
        ),
        (
            named("claude-haiku-45"),
            "fallbacks names a model that is in no table: use claude-haiku-4-5, or name its provider with it",
        ),
        (
            named("mine"),
            "fallbacks names a model that is in no table: name its provider with it, like openai/gpt-4o",
        ),
        (
            named("anthropic"),
            "fallbacks names a provider and no model: write it like anthropic/claude-sonnet-4-6",
        ),
        (
            named("anthropic/"),
            "fallbacks names a provider and no model: write it like anthropic/claude-sonnet-4-6",
        ),
        (
            named("anthropic/*"),
            "fallbacks names a provider and no model: write it like anthropic/claude-sonnet-4-6",
        ),
        (
            named("*"),
            "fallbacks names a model that is in no table: name its provider with it, like openai/gpt-4o",
        ),
        (
            named("openai/gpt-4o"),
            "fallbacks names the model itself, which is asked first anyway: name another",
        ),
        (named("gpt-4o"), "fallbacks names the model itself, which is asked first anyway: name another"),
        (
            all().fallbacks("openai/mine", ["openai/mine"]),
            "fallbacks names the model itself, which is asked first anyway: name another",
        ),
        (all().fallbacks("gpt-4o", two), "fallbacks names a model twice: name each once"),
        (all().fallbacks("gpt-4o", [""; 0]), "fallbacks names nobody: leave it out for the tables' own"),
        (
            all().fallbacks("", ["gpt-4o"]),
            "fallbacks is for no model: write its name as it is asked for, or *",
        ),
        (
            all().fallbacks("openai/", ["gpt-4o"]),
            "fallbacks is for no model: write its name as it is asked for, or *",
        ),
        (
            keyed(&[Anthropic]).fallbacks("claude-haiku-4-5", ["gpt-4o"]),
            "key for openai (OPENAI_API_KEY) is missing: set the variable, or call key(..)",
        ),
        (
            keyed(&[Anthropic]).text_stand_ins([OpenAi]),
            "key for openai (OPENAI_API_KEY) is missing: set the variable, or call key(..)",
        ),
        (all().text_stand_ins([OpenAi, OpenAi]), "text_stand_ins names a provider twice: name each once"),
        (
            all().text_stand_ins([Fal]),
            "text_stand_ins names `fal`, which does not write: name it in stand_ins(..)",
        ),
        (
            all().text_stand_ins([ProviderName::other("togeter").unwrap()]),
            "text_stand_ins names `togeter`, which nobody has declared: use `together`",
        ),
        (
            all().text_stand_ins([ProviderName::other("acme").unwrap()]),
            "text_stand_ins names `acme`, a provider that nobody has declared: call text_provider(..)",
        ),
        (
            all().text_provider(vllm(), "https://llm.example/v1").text_stand_ins([vllm()]),
            "text_stand_ins names `vllm`, whose models are in no table: say by fallbacks(..) for whom they stand in",
        ),
        (
            builder().stand_ins([OpenAi]).key(OpenAi, "any"),
            "stand_ins names `openai`, which stands in for text only: name it in text_stand_ins(..)",
        ),
        (
            all().first_token_limit(zero),
            "first_token_limit is zero: leave it out for 30 s, or give it some time",
        ),
        (all().idle_limit(zero), "idle_limit is zero: leave it out for 30 s, or give it some time"),
        (all().stream_buffer(0), "stream_buffer is zero: nothing could be held back; leave it out for 4 MiB"),
        (
            all().stand_in_url(OpenAi, "http://llm.example"),
            "stand_in_url is http: on a host that is not this machine",
        ),
    ] {
        let refused = builder.build().unwrap_err().to_string();
        assert!(refused.starts_with(said), "{refused}\nand not {said}");
    }
}

/// NexaAPI's key is not needed where a provider of text has one, unless NexaAPI is named.
#[test]
fn either_key_is_enough() {
    let config = keyed(&[Anthropic]).build().unwrap();
    assert!(is_ours(&config, OPENAI, "gpt-4o"));
    let target = fal("fal-ai/flux/dev").parse().unwrap();
    let target = Target::of_uri(&Method::POST, &target).unwrap();
    let route = config.route(&target, &HeaderMap::new());
    assert!(
        route.is_none_or(|route| route.exchange(b"{}", failover_mapping::Moment::EPOCH).is_none()),
        "no media"
    );

    let body = br#"{"prompt":"a cat"}"#;
    let both = builder().key(Anthropic, "any").build().unwrap();
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &body[..]);
    assert!(play(&both, &fleet(&both), request, &[status(500)], &[ok(GOOD)]).unwrap().answer.is_some());
    assert!(is_ours(&both, OPENAI, "gpt-4o"));

    let neither = Config::builder().build().unwrap_err().to_string();
    assert!(neither.contains("NEXA_API_KEY") && neither.contains("OPENAI_API_KEY"), "{neither}");
    let named = keyed(&[Anthropic]).stand_ins([Nexa]).build().unwrap_err().to_string();
    assert_eq!(named, "nexa_api_key (NEXA_API_KEY) is missing: set the variable, or call nexa_api_key(..)");
}

#[test]
fn what_no_table_has_is_told() {
    let unlisted = |builder: Builder<Config>| {
        let config = builder.build().unwrap();
        let names: Vec<_> = config.unlisted().map(str::to_owned).collect();
        let line = format!("# In no table, and asked by these names as they are: {}\n", names.join(", "));
        assert_eq!(config.to_string().contains(&line), !names.is_empty());
        names
    };
    let vllm = vllm();
    let own = || all().key(vllm, "any").text_provider(vllm, "https://llm.example/v1");
    let known = own().fallbacks("gpt-4o", ["anthropic/claude-sonnet-4-6", "gpt-4o-mini", "vllm/anything"]);
    assert_eq!(unlisted(known.fallbacks("openai/*", ["gpt-4o"]).fallbacks("*", ["gpt-4o"])), [""; 0]);
    let odd = own().fallbacks("gpt-4oo", ["anthropic/claude-sonet-4-6", "gpt-4o"]);
    let odd = odd.fallbacks("vlm/mine", ["anthropic/claude-sonet-4-6"]);
    assert_eq!(unlisted(odd), ["anthropic/claude-sonet-4-6", "gpt-4oo", "vlm/mine"]);
}

#[test]
fn the_plan_tells_of_text() {
    let vllm = vllm();
    let config = all()
        .key(vllm, "any")
        .key_from(Together, || "any".to_owned())
        .text_stand_ins([Together, Anthropic])
        .text_provider(vllm, "https://llm.example/hidden/v1")
        .provider_url(OpenAi, "http://127.0.0.1:9000")
        .stand_in_url(Anthropic, "https://proxy.example/hidden")
        .fallbacks("gpt-4o", ["openai/gpt-4o-mini", "vllm/qwen"])
        .stream_policy(StreamPolicy::Buffer)
        .build()
        .unwrap();
    let told = config.to_string();
    assert!(!told.contains("hidden") && !told.contains("text-key") && !told.contains(KEY), "{told}");
    let beginning = told.split("\n\n").next().unwrap();
    insta::assert_snapshot!(beginning);
    for line in ["stream_policy = \"buffer\"", "fallbacks.gpt-4o = [\"openai/gpt-4o-mini\", \"vllm/qwen\"]"] {
        assert!(told.lines().any(|it| it.starts_with(line) && it.ends_with("# builder")), "{line}: {told}");
    }
    let idle = keyed(&[OpenAi]).text_stand_ins([]).build().unwrap().to_string();
    assert!(idle.starts_with("# Asked for text: nobody, as nobody stands in for anybody.\n"), "{idle}");
    let none = builder().build().unwrap().to_string();
    assert!(!none.contains("Asked for text"), "{none}");
}

/// By hand, what a stand-in is asked: in its own words, for its own model.
#[test]
fn a_chat_is_translated_by_hand() {
    let config = all().fallbacks("gpt-4o", ["gpt-4o-mini", "claude-haiku-4-5"]).build().unwrap();
    let body =
        br#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}],"seed":7,"max_tokens":9}"#;
    let by = |provider| config.translate(OpenAi, "gpt-4o", body, provider).unwrap();
    let anthropic = by(Anthropic);
    assert_eq!(
        (anthropic.model.as_str(), anthropic.losses[0].to_string().as_str()),
        ("claude-haiku-4-5", "seed dropped")
    );
    assert!(
        String::from_utf8(anthropic.body)
            .unwrap()
            .starts_with(r#"{"model":"claude-haiku-4-5","max_tokens":9"#)
    );
    let kin = by(OpenAi);
    let expected = String::from_utf8_lossy(body).replace("gpt-4o", "gpt-4o-mini");
    assert_eq!(
        (String::from_utf8(kin.body).unwrap(), kin.losses.len()),
        (expected, 0),
        "another model of its own"
    );
    let refused = config.translate(OpenAi, "gpt-4o", body, Together).unwrap_err().to_string();
    assert_eq!(refused, "not failed over: that provider does not stand in for this model");
    let refused = config.translate(Nexa, "gpt-4o", body, Together).unwrap_err().to_string();
    assert_eq!(refused, "not failed over: nobody asks that provider for text");
}
