//! What a refusal means for the call: who is asked next, who is left alone, and what the caller is told.

use std::time::Duration;

use failover_mapping::calls::Why;
use failover_mapping::{CircuitState, Fault, ProviderName};
use serde_json::json;

use crate::scene::{Says, Scene, builder, done, refuses, says, tried};

const ALL: [&str; 3] = ["openai/gpt-4o", "anthropic/claude-sonnet-4-6", "together/zai-org/GLM-5.3"];

/// How a call ends in which OpenAI says this, and how its error counts.
fn judged(line: Says) -> (Vec<String>, Fault) {
    let scene = Scene::whole();
    scene.all_say(&refuses(500, "server_error", "out of order"));
    scene.always("openai", line);
    let error = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap_err();
    let names = error.report().tried().map(str::to_owned).collect();
    (names, error.failures()[0].fault)
}

#[test]
fn what_is_nobodys_doing_but_the_providers_is_asked_elsewhere() {
    for (line, fault) in [
        (refuses(429, "rate_limit_exceeded", "slow down"), Fault::Throttled),
        (refuses(429, "insufficient_quota", "you exceeded your current quota"), Fault::OutOfCredit),
        (refuses(402, "credit_limit", "no money"), Fault::OutOfCredit),
        (refuses(401, "invalid_api_key", "Incorrect API key"), Fault::Unauthenticated),
        (refuses(500, "server_error", "oh"), Fault::Broken),
        (refuses(502, "bad_gateway", "oh"), Fault::Gateway),
        (refuses(503, "overloaded", "oh"), Fault::Overloaded),
        (refuses(400, "context_length_exceeded", "maximum context length"), Fault::ContextTooLong),
        (refuses(404, "model_not_found", "the model does not exist"), Fault::Unsupported),
        (refuses(301, "moved", "elsewhere"), Fault::Unsupported),
        (says(200, &json!({ "error": { "message": "overloaded" } })), Fault::ErrorInSuccess),
        (says(200, &json!({ "choices": [] })), Fault::Empty),
        (says(200, &json!([])), Fault::Malformed),
        (Says::Nothing(Fault::Connect), Fault::Connect),
        (Says::Nothing(Fault::Cut), Fault::Cut),
        // Our own client's complaint is no mistake of the caller's.
        (Says::Nothing(Fault::InvalidRequest), Fault::Unsupported),
    ] {
        let (names, counted) = judged(line);
        assert_eq!((names.as_slice(), counted), (&ALL.map(str::to_owned)[..], fault));
    }
}

#[test]
fn what_nobody_could_serve_or_should_is_not() {
    for (line, fault) in [
        (refuses(400, "invalid_request_error", "bad"), Fault::InvalidRequest),
        (refuses(400, "content_policy_violation", "not allowed"), Fault::ContentPolicy),
    ] {
        let (names, counted) = judged(line);
        assert_eq!((names.as_slice(), counted), (&[ALL[0].to_owned()][..], fault));
    }
}

#[test]
fn what_a_stand_in_finds_wrong_is_the_translations_doing_but_its_policy_holds() {
    for (line, names) in [
        (refuses(400, "invalid_request_error", "bad"), &ALL[..]),
        (refuses(400, "any", "Output blocked by content filtering policy"), &ALL[..2]),
    ] {
        let scene = Scene::whole();
        scene.all_say(&refuses(500, "server_error", "out of order"));
        scene.always("anthropic", line);
        let result = done(scene.text().model("gpt-4o").prompt("hello").ask());
        assert_eq!(tried(&result), names);
        let refused = matches!(result.unwrap_err().why(), Why::Refused);
        assert_eq!(refused, names.len() == 2);
    }
}

#[test]
fn a_chat_that_is_too_long_for_a_model_is_not_asked_of_it_elsewhere() {
    let mine = ProviderName::other("mine").unwrap();
    let builder = builder()
        .text_provider(mine, "https://mine.example/v1")
        .key(mine, "any")
        .fallbacks("gpt-4o", ["mine/gpt-4o", "anthropic/claude-sonnet-4-6"]);
    let scene = Scene::new(builder);
    let too_long = refuses(400, "context_length_exceeded", "maximum context length");
    scene.script("openai", [too_long, refuses(500, "server_error", "oh")]);
    let result = done(scene.text().model("gpt-4o").prompt("hello").ask());
    assert_eq!(tried(&result), ["openai/gpt-4o", "anthropic/claude-sonnet-4-6"]);
    let result = done(scene.text().model("gpt-4o").prompt("hello").ask());
    assert_eq!(tried(&result), ["openai/gpt-4o", "mine/gpt-4o"], "an outage is another matter");
}

#[test]
fn a_hint_is_kept_and_a_short_one_waited_for() {
    let scene = Scene::whole();
    scene.script(
        "openai",
        [refuses(429, "rate_limit_exceeded", "slow down").header("retry-after-ms", "1500")],
    );
    let text = done(scene.text().retries(1).model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!((text.provider, text.report.attempts.len()), (ProviderName::OpenAi, 2));
    assert!(text.report.took >= Duration::from_millis(1_500), "{}", text.report);

    scene.script("openai", [refuses(429, "rate_limit_exceeded", "slow down").header("retry-after", "60")]);
    for _ in 0..2 {
        let text = done(scene.text().retries(1).model("gpt-4o").prompt("hello").ask()).unwrap();
        assert_eq!(text.provider, ProviderName::Anthropic, "nobody waits for a minute");
    }
    scene.pass(Duration::from_secs(61));
    let text = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!(text.provider, ProviderName::OpenAi);
}

#[test]
fn a_provider_that_keeps_failing_is_left_alone_for_a_while() {
    let scene = Scene::whole();
    scene.always("openai", refuses(500, "server_error", "out of order"));
    for _ in 0..3 {
        done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    }
    let now = failover_mapping::Moment::EPOCH;
    let state = scene.engine.state("openai/gpt-4o (text)", now);
    assert!(matches!(state, Some(CircuitState::Open(_))), "{state:?}");
    scene.forget();
    done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!(scene.hosts(), ["api.anthropic.com"]);
    let text = done(scene.text().model("gpt-4o-mini").prompt("hello").ask());
    assert_eq!(tried(&text)[0], "openai/gpt-4o-mini", "one model's outage is not the provider's");
}

#[test]
fn repeats_are_the_settings_or_the_callers() {
    let scene = Scene::new(builder().text_retries(1));
    scene.all_say(&refuses(500, "server_error", "out of order"));
    let asked = |retries: Option<u32>| {
        let ask = failover_mapping::text::Ask::new(
            &scene.engine,
            failover_mapping::text::Awaited::new(&scene, &scene),
        );
        let ask = retries.map_or(ask.model("gpt-4o").prompt("hello"), |retries| {
            scene.text().model("gpt-4o").prompt("hello").retries(retries)
        });
        let ask = ask.order([ProviderName::OpenAi]);
        done(ask.ask()).unwrap_err().failures().len()
    };
    assert_eq!((asked(None), asked(Some(0))), (2, 1));
}

#[test]
fn when_everybody_failed_every_cause_is_told() {
    let scene = Scene::whole();
    scene.always("openai", refuses(429, "rate_limit_exceeded", "Rate limit reached for gpt-4o."));
    scene.always("anthropic", refuses(529, "overloaded_error", "Overloaded"));
    scene.always("together", Says::Nothing(Fault::Connect));
    let error = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap_err();
    assert_eq!(error.why(), &Why::Exhausted);
    insta::assert_snapshot!(error.to_string());
    let statuses = error.failures().iter().map(|failure| failure.error().and_then(|error| error.status));
    assert_eq!(statuses.collect::<Vec<_>>(), [Some(429), Some(529), None]);
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "no connection");
}
