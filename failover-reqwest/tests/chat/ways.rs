//! Streams on every way on which a request goes out, with wishes of its own, and with all that they can hold.

use std::time::Duration;

use failover_reqwest::{Failover, Fault, PerRequest, ProviderName, SendFailover, StreamPolicy};
use failover_testkit::Reply;
use reqwest::{RequestBuilder, Response};
use reqwest_middleware::ClientBuilder;
use serde_json::{Value, json};

use crate::read::{read_anthropic, read_openai};
use crate::scene::{CALLERS_KEY, Scene, Side, claude, client, gpt, gpt_with_usage, plain, served_by};

const TOGETHER: &str = "together/meta-llama/Llama-3.3-70B-Instruct-Turbo";

fn request(scene: &Scene, body: &Value) -> RequestBuilder {
    plain().post(format!("{}/v1/chat/completions", scene.openai.url())).bearer_auth(CALLERS_KEY).json(body)
}

/// One is healthy, one breaks before its first token, and one after it.
async fn on_that_way(send: impl AsyncFn(&Failover, RequestBuilder) -> Response) {
    for (reply, by) in [
        (Reply::healthy(), None),
        (Reply::healthy().cut_after_tokens(0), Some("anthropic")),
        (Reply::healthy().cut_after_tokens(9), None),
    ] {
        let scene = Scene::new();
        scene.openai.script([reply]);
        // With the client for stand-ins that is built in.
        let failover = scene.patient().stream_policy(StreamPolicy::Restart).build().unwrap();
        let response = send(&failover, request(&scene, &gpt_with_usage())).await;
        assert_eq!(served_by(&response), by);
        assert_eq!(response.url().path(), "/v1/chat/completions");
        let read = read_openai(response).await;
        assert!(read.complete && read.clean && read.usage == Some(72));
        assert_eq!(scene.openai.count(), 1);
    }
}

#[tokio::test]
async fn a_plain_client() {
    on_that_way(async |failover, request| request.send_failover(failover).await.unwrap()).await;
}

#[cfg(feature = "tower")]
#[tokio::test]
async fn a_layer_of_tower() {
    use tower::{ServiceBuilder, ServiceExt};
    on_that_way(async |failover, request| {
        let service = ServiceBuilder::new().layer(failover.clone()).service(plain());
        service.oneshot(request.build().unwrap()).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn two_failovers_on_one_client_are_one() {
    on_that_way(async |failover, request| {
        let client = ClientBuilder::new(plain()).with(failover.clone()).with(failover.clone()).build();
        client.execute(request.build().unwrap()).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn the_kill_switch() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().cut_after_tokens(9));
    let failover = scene.patient().stream_policy(StreamPolicy::Buffer).build().unwrap();
    failover.switch_off();
    let response = request(&scene, &gpt(true)).send_failover(&failover).await.unwrap();
    let read = read_openai(response).await;
    assert!(!read.clean && read.error.is_none() && read.broken.is_none(), "it is the provider's own");
    failover.switch_on();
    let response = request(&scene, &gpt(true)).send_failover(&failover).await.unwrap();
    assert!(read_openai(response).await.complete);
    assert_eq!(scene.counts(), [2, 1]);
}

#[tokio::test]
async fn a_request_that_wants_none() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    let failover = scene.patient().build().unwrap().per_request(PerRequest::off());
    let response = request(&scene, &gpt(true)).send_failover(&failover).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, None));
    assert_eq!(scene.counts(), [1, 0]);
}

/// Stand-ins first, then the asked provider, which gets the caller's own request; and it cannot when the response has begun.
#[tokio::test]
async fn an_order_of_its_own() {
    let order = || PerRequest::new().order([ProviderName::Anthropic, ProviderName::OpenAi]);
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        let failover = scene.patient().stream_policy(policy).build().unwrap();
        let ask = async || {
            let failover = failover.per_request(order());
            request(&scene, &gpt_with_usage()).send_failover(&failover).await.unwrap()
        };
        let first = ask().await;
        assert_eq!(served_by(&first), Some("anthropic"));
        assert_eq!(read_openai(first).await.text, scene.anthropic.text());
        assert_eq!(scene.counts(), [0, 1]);

        scene.anthropic.always(Reply::healthy().cut_after_tokens(0));
        let second = ask().await;
        assert_eq!(served_by(&second), Some("openai"));
        assert_eq!(second.headers()["x-failover-attempts"], "anthropic 200 answer cut off, openai 200");
        let read = read_openai(second).await;
        assert!(read.complete && read.text == scene.openai.text() && read.usage == Some(72));
        assert_eq!(scene.counts(), [1, 2]);

        scene.anthropic.always(Reply::healthy().cut_after_tokens(9));
        let read = read_openai(ask().await).await;
        if policy == StreamPolicy::Buffer {
            assert!(read.complete && read.text == scene.openai.text());
        } else {
            assert_eq!(read.error.as_deref(), Some("stream_truncated"), "{policy}");
            assert!(!read.complete && read.broken == Some(Fault::Cut));
        }
    }
}

/// The deadline of a call is that of its stream: it ends with an error, and not as if it were complete.
#[tokio::test]
async fn a_deadline_within_the_stream() {
    for side in Side::BOTH {
        let scene = Scene::new();
        scene.own(side).always(Reply::healthy().token_pace(Duration::from_millis(50)));
        let client = client(scene.patient().deadline(Duration::from_millis(600)));
        let read = side.read(scene.stream(side, &client).await.unwrap()).await;
        assert_eq!((read.error.as_deref(), read.broken), (Some("stream_stalled"), Some(Fault::Timeout)));
        assert!(!read.complete && !read.text.is_empty() && scene.own(side).text().starts_with(&read.text));
        assert_eq!(scene.counts_of(side), [1, 0]);
    }
}

/// The caller's own client has a time limit too, which is for the attempt on the asked provider.
#[tokio::test]
async fn the_callers_own_limit() {
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        scene.openai.always(Reply::healthy().stall_after_tokens(5));
        let builder = scene.builder().stream_policy(policy).idle_limit(Duration::from_secs(60));
        let failover = builder.first_token_limit(Duration::from_secs(60)).build().unwrap();
        let request = request(&scene, &gpt(true)).timeout(Duration::from_millis(300));
        let read = read_openai(request.send_failover(&failover).await.unwrap()).await;
        if policy == StreamPolicy::Error {
            assert_eq!((read.error.as_deref(), read.broken), (Some("stream_stalled"), Some(Fault::Timeout)));
        } else {
            assert!(read.complete && read.text == scene.anthropic.text());
        }
    }
}

/// What is encoded is the caller's to decode: it is not looked into.
#[tokio::test]
async fn an_encoded_stream_is_handed_on_as_it_is() {
    let scene = Scene::new();
    let encoded = "\u{1f}not to be read\u{8b}";
    let reply =
        Reply::json(200, encoded).content_type("text/event-stream").header("content-encoding", "gzip");
    scene.openai.always(reply);
    for policy in StreamPolicy::ALL {
        let client = client(scene.patient().stream_policy(policy));
        let response = scene.ask_openai(&client, &gpt(true)).await.unwrap();
        assert_eq!(
            (served_by(&response), &response.headers()["content-encoding"]),
            (None, &"gzip".parse().unwrap())
        );
        assert_eq!(response.text().await.unwrap(), encoded);
    }
}

#[tokio::test]
async fn tools_are_called_on_both_ways() {
    let tool = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let arguments = r#"{"city":"Paris, the one in Texas"}"#;
    let called = |name: &str| vec![(name.to_owned(), arguments.to_owned())];
    for policy in StreamPolicy::ALL {
        for breaks in [None, Some(1)] {
            let scene = Scene::new();
            for (own, other) in [(&scene.openai, &scene.anthropic), (&scene.anthropic, &scene.openai)] {
                scene.openai.heal();
                scene.anthropic.heal();
                let calling = || Reply::healthy().tool_call("weather", arguments);
                own.always(breaks.map_or(Reply::status(503), |after| calling().cut_after_tokens(after)));
                other.always(calling());
                let client = client(scene.patient().stream_policy(policy).text_retries(0));
                let read = if std::ptr::eq(own, &scene.openai) {
                    let mut body = gpt(true);
                    body["tools"] = json!([{ "type": "function", "function": { "name": "weather", "parameters": tool } }]);
                    read_openai(scene.ask_openai(&client, &body).await.unwrap()).await
                } else {
                    let mut body = claude(true);
                    body["tools"] = json!([{ "name": "weather", "input_schema": tool }]);
                    read_anthropic(scene.ask_anthropic(&client, &body).await.unwrap()).await
                };
                if breaks.is_some() && policy == StreamPolicy::Error {
                    assert!(!read.complete && read.error.as_deref() == Some("stream_truncated"));
                } else {
                    assert!(read.complete && read.clean, "{policy} {breaks:?}: {read:?}");
                    assert_eq!(read.calls, called("weather"));
                }
            }
        }
    }
}

/// Nobody else's client could read it, but its own gets it, whatever the policy.
#[tokio::test]
async fn the_asked_providers_thoughts_are_passed_on() {
    let deltas = |kind: &str, text: &str| {
        let delta = format!(r#"{{"type":"{kind}_delta","{kind}":"{text}"}}"#);
        format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{delta}}}\n\n"
        )
    };
    let block = |kind: &str, text: &str| {
        format!(
            "event: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"{kind}\",\"{kind}\":\"\"}}}}\n\n\
             {}event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":0}}\n\n",
            deltas(kind, text)
        )
    };
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"claude\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n";
    let end = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n\
               event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let whole = format!(
        "{start}{}{}{end}",
        block("thinking", "hm"),
        block("text", "yes").replace(":0,", ":1,").replace(":0}", ":1}")
    );
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        scene.anthropic.always(Reply::json(200, whole.as_str()).content_type("text/event-stream"));
        let client = client(scene.patient().stream_policy(policy));
        let read = read_anthropic(scene.ask_anthropic(&client, &claude(true)).await.unwrap()).await;
        assert_eq!((read.thinking.as_str(), read.text.as_str()), ("hm", "yes"), "{policy}");
        assert!(read.complete && read.clean && read.usage == Some(10));
    }
}

#[tokio::test]
async fn usage_is_told_to_whoever_asks() {
    for own in [true, false] {
        let scene = Scene::new();
        if !own {
            scene.openai.always(Reply::reset());
        }
        let client = client(scene.patient());
        let without = read_openai(scene.ask_openai(&client, &gpt(true)).await.unwrap()).await;
        let with = read_openai(scene.ask_openai(&client, &gpt_with_usage()).await.unwrap()).await;
        assert_eq!((without.usage, with.usage), (None, Some(72)));
    }
}

/// What does not fit is shown from then on: and what breaks then ends with an error.
#[tokio::test]
async fn a_stream_longer_than_the_buffer() {
    for side in Side::BOTH {
        for (reply, breaks) in [(Reply::healthy(), false), (Reply::healthy().cut_after_tokens(40), true)] {
            for (buffer, fits) in [(1000, false), (1 << 20, true)] {
                let scene = Scene::new();
                scene.own(side).always(reply.clone());
                let builder = scene.patient().stream_policy(StreamPolicy::Buffer).stream_buffer(buffer);
                let read = side.read(scene.stream(side, &client(builder)).await.unwrap()).await;
                let (own, other) = (scene.own(side), scene.other(side));
                if breaks && !fits {
                    assert_eq!(read.error.as_deref(), Some("stream_truncated"));
                    assert!(!read.complete && read.text == own.first_tokens(40));
                } else {
                    assert!(read.complete && read.text == if breaks { other.text() } else { own.text() });
                }
                assert_eq!(scene.counts_of(side), [1, usize::from(breaks && fits)]);
            }
        }
    }
}

/// Together, and a provider of the user's own.
#[tokio::test]
async fn whoever_speaks_openais_api() {
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        scene.openai.always(Reply::healthy().cut_after_tokens(0));
        let client = client(scene.patient().stream_policy(policy).fallbacks("gpt-4o", [TOGETHER]));
        let response = scene.ask_openai(&client, &gpt_with_usage()).await.unwrap();
        assert_eq!(served_by(&response), Some("together"));
        let read = read_openai(response).await;
        assert_eq!((read.text, read.usage), (scene.together.text(), Some(72)));
        assert!(read.complete && format!("together/{}", read.model) == TOGETHER);
    }
}
