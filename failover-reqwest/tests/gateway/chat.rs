//! Chats, whole and as streams.

use failover_reqwest::{ProviderName, StreamPolicy};
use failover_testkit::{Provider, Reply, refused};

use crate::read::{read_anthropic, read_openai};
use crate::scene::{ANTHROPIC_KEY, CALLERS_KEY, OPENAI_KEY, Running, Scene, claude, gpt, json_of, served_by};

#[tokio::test]
async fn a_healthy_answer_is_handed_on_and_its_provider_sees_the_callers_key_only() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    let request = gateway.post("/v1/chat/completions", &gpt(false)).bearer_auth(CALLERS_KEY);
    let request = request.header("cookie", "session=1").header("x-forwarded-for", "10.0.0.1");
    let request = request.header("connection", "x-odd").header("x-odd", "1").header("x-own", "kept");
    let response = request.send().await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, None));
    assert_eq!(json_of(response).await["choices"][0]["message"]["content"], scene.openai.text());
    let seen = scene.openai.seen().pop().unwrap();
    assert_eq!(seen.header("authorization"), Some("Bearer callers-secret-0001"));
    assert_eq!(seen.header("x-own"), Some("kept"));
    assert_eq!(seen.header("host"), Some(scene.openai.url().trim_start_matches("http://")));
    for gone in ["cookie", "x-forwarded-for", "x-odd"] {
        assert_eq!(seen.header(gone), None, "{gone}");
    }
    scene.assert_no_key_leaked();
}

#[tokio::test]
async fn anthropic_answers_for_openai_whole_and_as_a_stream() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    let gateway = scene.gateway().await;
    let response = gateway.openai(&gpt(false)).await;
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("anthropic")));
    assert_eq!(json_of(response).await["choices"][0]["message"]["content"], scene.anthropic.text());
    let response = gateway.openai(&gpt(true)).await;
    assert_eq!(served_by(&response), Some("anthropic"));
    let read = read_openai(response).await;
    assert_eq!(read.text, scene.anthropic.text());
    assert!(read.complete && read.clean);
    for seen in scene.anthropic.seen() {
        assert_eq!(seen.header("x-api-key"), Some(ANTHROPIC_KEY));
        assert!(!seen.mentions(CALLERS_KEY));
    }
    scene.assert_no_key_leaked();
}

#[tokio::test]
async fn openai_answers_for_anthropic_whole_and_as_a_stream() {
    let scene = Scene::new();
    scene.anthropic.always(Reply::overloaded());
    let gateway = scene.gateway().await;
    let response = gateway.anthropic(&claude(false)).await;
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("openai")));
    assert_eq!(json_of(response).await["content"][0]["text"], scene.openai.text());
    let read = read_anthropic(gateway.anthropic(&claude(true)).await).await;
    assert_eq!(read.text, scene.openai.text());
    assert!(read.complete && read.clean);
    for seen in scene.openai.seen() {
        assert_eq!(seen.header("authorization"), Some(format!("Bearer {OPENAI_KEY}").as_str()));
        assert!(!seen.mentions(CALLERS_KEY));
    }
}

#[tokio::test]
async fn a_stream_goes_on_as_it_comes() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().stall_after_tokens(3));
    let gateway = Running::new(scene.builder().idle_limit(std::time::Duration::from_secs(600)), |_| {}).await;
    let mut response = gateway.openai(&gpt(true)).await;
    let mut text = String::new();
    // The fourth token never comes: who waits for it before the third is handed on waits for ever.
    while !text.contains("openai3") {
        text.push_str(str::from_utf8(&response.chunk().await.unwrap().expect("more")).unwrap());
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_so_before_it_does() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().cut_after_tokens(40));
    let gateway = scene.gateway().await;
    for _ in 0..20 {
        let read = read_openai(gateway.openai(&gpt(true)).await).await;
        assert_eq!(read.text, scene.openai.first_tokens(40));
        assert_eq!(read.error.as_deref(), Some("stream_truncated"));
        assert!(!read.complete && !read.clean);
        // Three in a row would have opened the circuit.
        scene.openai.script([Reply::healthy()]);
        assert!(read_openai(gateway.openai(&gpt(true)).await).await.complete);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_whole_where_it_is_held_back() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().cut_after_tokens(40));
    let gateway = Running::new(scene.builder().stream_policy(StreamPolicy::Buffer), |_| {}).await;
    let read = read_openai(gateway.openai(&gpt(true)).await).await;
    assert_eq!(read.text, scene.anthropic.text());
    assert!(read.complete && read.clean);
}

#[tokio::test]
async fn when_nobody_can_be_reached_the_error_is_one_of_the_asked_providers_and_final() {
    let scene = Scene::new();
    let builder = scene.builder().provider_url(ProviderName::Replicate, scene.replicate.url());
    // The first URL is where it is asked.
    let dead = refused();
    let builder = failover_reqwest::Failover::builder()
        .key(ProviderName::OpenAi, OPENAI_KEY)
        .provider_url(ProviderName::OpenAi, dead.as_str())
        .provider_url(ProviderName::Anthropic, dead.as_str())
        .nexa_api_key("nexa-key")
        .nexa_base_url(dead.as_str())
        .stand_in_delay(std::time::Duration::from_millis(1))
        .provider_url(ProviderName::Fal, dead.as_str())
        .provider_url(ProviderName::Replicate, dead.as_str())
        .text_stand_ins([ProviderName::OpenAi])
        .stand_in_url(ProviderName::OpenAi, format!("{dead}/v1"))
        .text_retries(0)
        .deadline(std::time::Duration::from_secs(5))
        .fal_queue_url(builder.build().unwrap().config().fal_queue_asked_at());
    let gateway = Running::new(builder, |_| {}).await;
    let answers = [
        (gateway.openai(&gpt(false)).await, "/error/message"),
        (gateway.anthropic(&claude(false)).await, "/error/message"),
        (gateway.post("/fal/fal-ai/flux/dev", &gpt(false)).send().await.unwrap(), "/detail"),
        (gateway.get("/replicate/v1/account").send().await.unwrap(), "/detail"),
    ];
    for (response, place) in answers {
        assert_eq!(response.status(), 502);
        assert_eq!(response.headers()["x-should-retry"], "false");
        let error = json_of(response).await;
        let message = error.pointer(place).unwrap().as_str().unwrap();
        assert!(message.contains("did not answer") && !message.contains("/chat"), "{error}");
    }
}

#[tokio::test]
async fn a_provider_of_text_is_asked_by_its_name_and_with_the_path_that_it_has_at_home() {
    let scene = Scene::new();
    let groq = Provider::openai_compatible("groq");
    let name = ProviderName::other("groq").unwrap();
    let builder = scene.builder().text_provider(name, groq.url() + "/v1");
    let builder = builder.fallbacks("groq/small", ["anthropic/claude-sonnet-4-5"]);
    let gateway = Running::new(builder, |_| {}).await;
    let mut body = gpt(false);
    body["model"] = "small".into();
    let request = gateway.post("/groq/v1/chat/completions", &body).bearer_auth(CALLERS_KEY);
    assert_eq!(json_of(request.send().await.unwrap()).await["choices"][0]["message"]["content"], groq.text());
    groq.always(Reply::status(503));
    let request = gateway.post("/groq/v1/chat/completions", &body).bearer_auth(CALLERS_KEY);
    assert_eq!(served_by(&request.send().await.unwrap()), Some("anthropic"));
    let request = gateway.post("/nobody/v1/chat/completions", &body).bearer_auth(CALLERS_KEY);
    assert_eq!(request.send().await.unwrap().status(), 404);
    assert_eq!(scene.openai.count(), 0);
}

#[tokio::test]
async fn what_has_no_stand_in_passes_through() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    let request = gateway.post("/v1/embeddings?x=1", &gpt(false)).bearer_auth(CALLERS_KEY);
    assert_eq!(request.send().await.unwrap().status(), 404, "the provider has none");
    assert_eq!(scene.openai.seen()[0].path, "/v1/embeddings?x=1");
    let request = gateway.post("/v1/messages/count_tokens", &claude(false)).bearer_auth(CALLERS_KEY);
    request.send().await.unwrap();
    assert_eq!(scene.anthropic.seen()[0].path, "/v1/messages/count_tokens");
}

/// As Anthropic's own clients ask for what is in beta.
#[tokio::test]
async fn a_message_of_the_beta_api_is_failed_over_too() {
    let scene = Scene::new();
    scene.anthropic.model("claude-sonnet-4-5", Reply::overloaded());
    let builder = scene.builder();
    let builder = builder.fallbacks("claude-sonnet-4-5", ["anthropic/claude-haiku-4-5", "openai/gpt-4o"]);
    let gateway = Running::new(builder.text_retries(0), |_| {}).await;
    for stream in [false, true] {
        let ask = || {
            let request = gateway.post("/v1/messages?beta=true", &claude(stream));
            let request = request.header("x-api-key", CALLERS_KEY).header("anthropic-version", "2023-06-01");
            request.header("anthropic-beta", "context-1m-2025-08-07").header("anthropic-beta", "other").send()
        };
        scene.anthropic.model("claude-haiku-4-5", Reply::healthy());
        assert_eq!(served_by(&ask().await.unwrap()), Some("anthropic"));
        let [.., own, kin] = &scene.anthropic.seen()[..] else { panic!("two requests") };
        assert_eq!(own.path, "/v1/messages?beta=true");
        assert_eq!((kin.path.as_str(), kin.header("x-api-key")), ("/v1/messages", Some(ANTHROPIC_KEY)));
        // The other model is asked in the caller's own words, and another provider in words of its own.
        assert_eq!(kin.header("anthropic-beta"), Some("context-1m-2025-08-07, other"));
        scene.anthropic.model("claude-haiku-4-5", Reply::overloaded());
        assert_eq!(served_by(&ask().await.unwrap()), Some("openai"));
        assert_eq!(scene.openai.seen().pop().unwrap().header("anthropic-beta"), None);
    }
    let request = gateway.post("/v1/messages?other=1", &claude(false)).header("x-api-key", CALLERS_KEY);
    assert_eq!(request.send().await.unwrap().status(), 529, "nobody knows what that asks for");
}
