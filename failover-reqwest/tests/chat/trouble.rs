//! Streams whose trouble begins before the first token, comes in the stream itself, or comes twice.

use failover_reqwest::{Fault, ProviderName, StreamPolicy, Unanswered};
use failover_testkit::{Provider, Reply};
use serde_json::{Value, json};

use crate::read::read_openai;
use crate::scene::{Scene, Side, client, gpt, plain, served_by};

/// These events are the whole answer.
pub(crate) fn recorded(events: &str) -> Reply {
    Reply::json(200, events).content_type("text/event-stream")
}

/// An answer of that provider that does not stream.
fn whole(side: Side, text: &str) -> Reply {
    let (model, text) = (side.model(), json!(text));
    Reply::json(
        200,
        match side {
            Side::OpenAi => format!(
                r#"{{"id":"chatcmpl-9","object":"chat.completion","created":1,"model":"{model}","choices":[{{"index":0,"message":{{"role":"assistant","content":{text}}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":12,"completion_tokens":60,"total_tokens":72}}}}"#
            ),
            Side::Anthropic => format!(
                r#"{{"id":"msg_9","type":"message","role":"assistant","model":"{model}","content":[{{"type":"text","text":{text}}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":12,"output_tokens":60}}}}"#
            ),
        },
    )
}

/// An error of this kind in place of the first token.
fn in_band(side: Side, code: &str) -> Reply {
    recorded(&match side {
        Side::OpenAi => format!(
            "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"\"}}}}]}}\n\n\
             data: {{\"error\":{{\"message\":\"no\",\"type\":\"{code}\",\"code\":\"{code}\"}}}}\n\n"
        ),
        Side::Anthropic => format!(
            "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"m\",\"model\":\"claude\",\"usage\":{{\"input_tokens\":1,\"output_tokens\":1}}}}}}\n\n\
             event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"{code}\",\"message\":\"no\"}}}}\n\n"
        ),
    })
}

#[tokio::test]
async fn an_error_before_the_first_token_is_answered_by_another() {
    for side in Side::BOTH {
        for policy in StreamPolicy::ALL {
            // Rejected, it is asked again; spent, it is not.
            for (reply, attempts) in
                [(Reply::healthy().error_after_tokens(0), 3), (Reply::healthy().cut_after_tokens(0), 1)]
            {
                let scene = Scene::new();
                scene.own(side).always(reply);
                let client = client(scene.patient().stream_policy(policy));
                let response = scene.stream(side, &client).await.unwrap();
                assert_eq!(served_by(&response), Some(side.other().name()));
                let read = side.read(response).await;
                assert_eq!((read.text, read.restarts.len()), (scene.other(side).text(), 0), "{policy}");
                assert!(read.complete && read.clean);
                assert_eq!(scene.counts_of(side), [attempts, 1]);
            }
        }
    }
}

/// The content policy is the caller's affair, also where it comes in a success; and it is an error to the caller.
#[tokio::test]
async fn a_refusal_in_the_stream_is_the_callers() {
    for side in Side::BOTH {
        for policy in StreamPolicy::ALL {
            let scene = Scene::new();
            let code = "content_policy_violation";
            scene.own(side).always(in_band(side, code));
            let client = client(scene.patient().stream_policy(policy));
            let response = scene.stream(side, &client).await.unwrap();
            let read = side.read(response).await;
            assert_eq!(read.error.as_deref(), Some(code), "{policy}, {side:?}: {read:?}");
            assert!(!read.complete, "{read:?}");
            assert_eq!(scene.counts_of(side), [1, 0]);
        }
    }
}

#[tokio::test]
async fn whoever_answers_whole_though_asked_to_stream_serves() {
    for side in Side::BOTH {
        for policy in StreamPolicy::ALL {
            let scene = Scene::new();
            scene.own(side).always(Reply::status(503));
            scene.other(side).always(whole(side.other(), "all at once"));
            let client = client(scene.patient().stream_policy(policy));
            let response = scene.stream(side, &client).await.unwrap();
            assert_eq!(served_by(&response), Some(side.other().name()));
            assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
            let read = side.read(response).await;
            assert_eq!((read.text.as_str(), read.usage), ("all at once", Some(72)));
            assert_eq!(read.model, side.other().model());
            assert!(read.complete && read.clean);
        }
    }
}

/// So does another model of the asked provider's own, whose answer needs no translation.
#[tokio::test]
async fn a_model_of_the_same_provider_that_answers_whole_serves_as_a_stream() {
    let scene = Scene::new();
    scene.openai.model("gpt-4o", Reply::status(503));
    scene.openai.model("gpt-4o-mini", whole(Side::OpenAi, "all at once"));
    let client = client(scene.patient().fallbacks("gpt-4o", ["openai/gpt-4o-mini"]));
    let response = scene.stream(Side::OpenAi, &client).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let read = read_openai(response).await;
    assert_eq!(read.text, "all at once");
    assert!(read.complete && read.clean);
}

#[tokio::test]
async fn a_model_of_the_same_provider_streams_as_it_is() {
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        scene.openai.model("gpt-4o", Reply::healthy().cut_after_tokens(0));
        let client =
            client(scene.patient().stream_policy(policy).fallbacks("gpt-4o", ["openai/gpt-4o-mini"]));
        let read = read_openai(scene.stream(Side::OpenAi, &client).await.unwrap()).await;
        assert_eq!((read.text, read.model.as_str()), (scene.openai.text(), "gpt-4o-mini"));
        assert!(read.complete && read.clean && read.usage == Some(72));
    }
}

/// What the marker of a restart says, where the one who begins anew answers whole.
#[tokio::test]
async fn a_whole_answer_behind_a_restart() {
    for side in Side::BOTH {
        let scene = Scene::new();
        scene.own(side).always(Reply::healthy().cut_after_tokens(10));
        scene.other(side).always(whole(side.other(), "all at once"));
        let client = client(scene.patient().stream_policy(StreamPolicy::Restart));
        let read = side.read(scene.stream(side, &client).await.unwrap()).await;
        let by = (side.other().name().to_owned(), side.other().model().to_owned());
        assert_eq!((read.text.as_str(), read.restarts), ("all at once", vec![by]));
        assert_eq!(read.model, side.other().model());
        assert!(read.complete && read.clean);
    }
}

#[tokio::test]
async fn a_second_break_after_a_restart() {
    for together in [Reply::healthy(), Reply::healthy().cut_after_tokens(5), Reply::status(503)] {
        let scene = Scene::new();
        scene.openai.always(Reply::healthy().cut_after_tokens(10));
        scene.anthropic.always(Reply::healthy().error_after_tokens(20));
        let healthy = format!("{together:?}") == format!("{:?}", Reply::healthy());
        let cut = format!("{together:?}").contains("Cut");
        scene.together.always(together);
        let models = ["anthropic/claude-sonnet-4-5", "together/meta-llama/Llama-3.3-70B-Instruct-Turbo"];
        let builder = scene.patient().fallbacks("gpt-4o", models).stream_policy(StreamPolicy::Restart);
        let read = read_openai(scene.stream(Side::OpenAi, &client(builder)).await.unwrap()).await;
        let who: Vec<_> = read.restarts.iter().map(|(who, _)| who.as_str()).collect();
        if healthy {
            assert_eq!(read.text, scene.together.text());
            assert!(read.complete && read.clean && read.usage == Some(72));
        } else {
            assert!(!read.complete && !read.clean);
            // What the caller saw last broke off so: by a cut, or by an error.
            let code = if cut { "stream_truncated" } else { "stream_error" };
            assert_eq!(read.error.as_deref(), Some(code));
        }
        let last = (healthy || cut).then_some("together");
        assert_eq!(who, ["anthropic"].into_iter().chain(last).collect::<Vec<_>>());
    }
}

/// The caller is told how its own stream ended, and not how those did whom it has not seen.
#[tokio::test]
async fn a_restart_that_finds_nobody() {
    for side in Side::BOTH {
        let scene = Scene::new();
        scene.own(side).always(Reply::healthy().cut_after_tokens(10));
        scene.other(side).always(Reply::status(500));
        let client = client(scene.patient().stream_policy(StreamPolicy::Restart));
        let read = side.read(scene.stream(side, &client).await.unwrap()).await;
        assert_eq!((read.error.as_deref(), read.broken), (Some("stream_truncated"), Some(Fault::Cut)));
        assert_eq!(read.text, scene.own(side).first_tokens(10));
        assert!(!read.complete && !read.clean);
    }
}

#[tokio::test]
async fn when_all_have_failed_the_asked_provider_has_the_word() {
    for side in Side::BOTH {
        let scene = Scene::new();
        scene.own(side).always(Reply::status(500).header("x-own", "kept"));
        scene.other(side).always(Reply::healthy().cut_after_tokens(0));
        let response = scene.stream(side, &client(scene.patient())).await.unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (500, Some("nobody")));
        assert_eq!(response.headers()["x-should-retry"], "false");
        assert_eq!(response.headers()["x-own"], "kept");
        let said: Value = response.json().await.unwrap();
        assert!(said["error"]["message"].is_string(), "{said}");
    }
}

/// There is no answer of its own left where its stream was used up before the first token: the caller gets one in its shape.
#[tokio::test]
async fn a_stream_that_was_used_up_leaves_an_error_of_its_shape() {
    let breaks = [(Reply::healthy().cut_after_tokens(0), 502), (Reply::healthy().stall_after_tokens(0), 504)];
    for side in Side::BOTH {
        for (reply, status) in breaks.clone() {
            let scene = Scene::new();
            scene.own(side).always(reply);
            // Another fault than its own, which is not the caller's to hear of.
            let other = if status == 502 { Reply::silence() } else { Reply::status(500) };
            scene.other(side).always(other);
            let response = scene.stream(side, &scene.client()).await.unwrap();
            assert_eq!(
                (response.status().as_u16(), served_by(&response)),
                (status, Some("nobody")),
                "{side:?}"
            );
            assert_eq!(response.headers()["x-should-retry"], "false");
            assert_eq!(response.headers()["content-type"], "application/json");
            let said: Value = response.json().await.unwrap();
            assert!(said["error"]["message"].is_string(), "{said}");
            assert_eq!(said["type"] == "error", side == Side::Anthropic, "{said}");
        }
    }
}

/// Its latest word counts: what came before a repeat is forgotten.
#[tokio::test]
async fn the_latest_word_of_the_asked_provider_counts() {
    for side in Side::BOTH {
        for policy in StreamPolicy::ALL {
            let ask = async |second: Reply| {
                let scene = Scene::new();
                scene.own(side).script([Reply::healthy().error_after_tokens(0), second]);
                scene.other(side).always(Reply::status(500));
                let client = client(scene.patient().stream_policy(policy).text_retries(1));
                let response = scene.stream(side, &client).await.unwrap();
                assert_eq!(scene.own(side).count(), 2);
                response
            };
            let refused = ask(Reply::status(400)).await;
            assert_eq!((refused.status().as_u16(), served_by(&refused)), (400, Some("nobody")), "{policy}");
            let failed = ask(Reply::status(503)).await;
            assert_eq!((failed.status().as_u16(), served_by(&failed)), (503, Some("nobody")), "{policy}");
            let served = ask(whole(side, "all at once")).await;
            assert_eq!((served.status().as_u16(), served_by(&served)), (200, Some(side.name())), "{policy}");
            let healthy = ask(Reply::healthy()).await;
            assert_eq!(served_by(&healthy), Some(side.name()), "{policy}");
            assert!(side.read(healthy).await.complete);
        }
    }
}

/// Who answers a stream's question with JSON has answered: it is handed on as it came.
#[tokio::test]
async fn the_asked_providers_whole_answer_is_handed_on() {
    for side in Side::BOTH {
        let scene = Scene::new();
        scene.own(side).always(whole(side, "all at once").header("x-own", "kept"));
        let response = scene.stream(side, &client(scene.patient())).await.unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (200, None));
        assert_eq!(response.headers()["x-own"], "kept");
        assert!(response.text().await.unwrap().contains("all at once"));
        assert_eq!((scene.counts_of(side), scene.told_times()), ([1, 0], 0));
    }
}

#[tokio::test]
async fn with_everybody_down_the_error_is_the_clients_own() {
    for side in Side::BOTH {
        let scene = Scene::new();
        let (gone, client) = (Provider::openai().url(), scene.client());
        let builder = scene.patient().provider_url(ProviderName::OpenAi, gone.as_str());
        scene.anthropic.always(Reply::reset());
        let client = if side == Side::OpenAi { crate::scene::client(builder) } else { client };
        let error = match side {
            Side::OpenAi => {
                let url = format!("{gone}/v1/chat/completions");
                client.post(url).bearer_auth("key").json(&gpt(true)).send().await.unwrap_err()
            }
            Side::Anthropic => {
                scene.openai.always(Reply::reset());
                scene.stream(side, &client).await.unwrap_err()
            }
        };
        assert!(matches!(error, reqwest_middleware::Error::Reqwest(_)), "{error:?}");
        assert_eq!(error.is_connect(), side == Side::OpenAi, "{error:?}");
        assert_eq!(scene.told().served, None);
    }
}

/// Nobody has said anything when the time is up, and nobody else can be asked.
#[tokio::test]
async fn a_silence_that_nobody_else_can_answer_for() {
    for side in Side::BOTH {
        let scene = Scene::new();
        scene.own(side).always(Reply::silence());
        let failover = scene.builder().build().unwrap().with_stand_in_client(plain());
        failover.force_open(side.other().name()).unwrap();
        let client = reqwest_middleware::ClientBuilder::new(plain()).with(failover).build();
        let error = scene.stream(side, &client).await.unwrap_err();
        let reqwest_middleware::Error::Middleware(error) = error else { panic!("{error:?}") };
        let unanswered: &Unanswered = error.downcast_ref().unwrap();
        assert_eq!(unanswered.provenance().unwrap().attempts[0].fault, Some(Fault::Timeout));
        assert_eq!(scene.counts_of(side), [1, 0]);
    }
}
