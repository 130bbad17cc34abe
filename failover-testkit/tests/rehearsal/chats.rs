//! Those who chat: a good day, and how they refuse.

use crate::client::{Answer, Client, post};
use failover_testkit::{Fault, Pace, Provider, Reply};

pub(crate) const OPENAI: &str = "/v1/chat/completions";
pub(crate) const ANTHROPIC: &str = "/v1/messages";
pub(crate) const KEYS: &str = "Authorization: Bearer secret\r\nanthropic-version: 2023-06-01\r\n";
pub(crate) const BODY: &str =
    r#"{"model":"m-1","max_tokens":100,"messages":[{"role":"user","content":"Hi"}]}"#;

/// Each of them, and where it is asked.
pub(crate) fn all() -> [(Provider, &'static str); 3] {
    [(Provider::openai(), OPENAI), (Provider::together(), OPENAI), (Provider::anthropic(), ANTHROPIC)]
}

fn ask(provider: &Provider, path: &str, body: &str) -> Answer {
    Client::of(provider).post(path, KEYS, body).answer()
}

#[test]
fn openai_completes_a_chat() {
    let openai = Provider::openai();
    let answer = ask(&openai, OPENAI, BODY);
    assert_eq!((answer.code, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.header("x-request-id"), Some("req_00000001"));
    let text = openai.text();
    assert!(text.starts_with("openai1 openai2 ") && text.ends_with(" openai60"), "{text}");
    assert_eq!(text.split(' ').count(), 60);
    assert_eq!(
        answer.body,
        [
            r#"{"id":"chatcmpl-00000001","object":"chat.completion","created":1795215600,"model":"m-1","#,
            r#""choices":[{"index":0,"message":{"role":"assistant","content":""#,
            &text,
            r#"","refusal":null},"logprobs":null,"finish_reason":"stop"}],"#,
            r#""usage":{"prompt_tokens":12,"completion_tokens":60,"total_tokens":72},"#,
            r#""system_fingerprint":"fp_rehearsal"}"#
        ]
        .concat()
    );
}

#[test]
fn others_who_speak_as_openai_does_have_names_and_ids_of_their_own() {
    for (provider, id, word) in [
        (Provider::together(), "oRehearsal-00000001", "together60"),
        (Provider::openai_compatible("local"), "chatcmpl-00000001", "local60"),
    ] {
        let answer = ask(&provider, OPENAI, BODY);
        assert!(answer.body.starts_with(&format!(r#"{{"id":"{id}","#)), "{answer:?}");
        assert!(answer.body.contains(&format!(r#" {word}","refusal":null"#)), "{answer:?}");
    }
}

#[test]
fn anthropic_answers_a_message() {
    let anthropic = Provider::anthropic();
    let answer = ask(&anthropic, ANTHROPIC, BODY);
    assert_eq!(answer.code, 200);
    assert_eq!(answer.header("request-id"), Some("req_00000001"));
    assert_eq!(
        answer.body,
        [
            r#"{"id":"msg_00000001","type":"message","role":"assistant","model":"m-1","#,
            r#""content":[{"type":"text","text":""#,
            &anthropic.text(),
            r#""}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":12,"#,
            r#""cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":60}}"#
        ]
        .concat()
    );
    let keyed = "x-api-key: secret\r\nanthropic-version: 2026-10-21\r\n";
    assert_eq!(Client::of(&anthropic).post(ANTHROPIC, keyed, BODY).answer().code, 200);
}

#[test]
fn models_are_listed() {
    for ((provider, _), begins) in all().into_iter().zip([
        r#"{"object":"list","data":[{"id":"gpt-4o","object":"model","created":1795215600,"owned_by":"openai"},"#,
        r#"{"object":"list","data":[{"id":"meta-llama/"#,
        r#"{"data":[{"type":"model","id":"claude-sonnet-4-5","display_name":"Claude Sonnet 4.5","#,
    ]) {
        let answer = crate::client::ask(&provider, "GET", "/v1/models", KEYS);
        assert!(answer.code == 200 && answer.body.starts_with(begins), "{answer:?}");
    }
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let versioned = "anthropic-version: 2023-06-01\r\n";
    for (provider, path) in all() {
        let of_anthropic = path == ANTHROPIC;
        let without = |field: &str| BODY.replace(&format!(r#""{field}""#), r#""other""#);
        for (path, headers, body, code, word) in [
            (
                path,
                versioned,
                BODY.to_owned(),
                401,
                if of_anthropic { "x-api-key" } else { "invalid_api_key" },
            ),
            (path, "Authorization: Bearer \r\n", BODY.to_owned(), 401, "error"),
            (path, "Authorization: Basic x\r\n", BODY.to_owned(), 401, "error"),
            (path, KEYS, without("model"), 400, "model"),
            (path, KEYS, without("messages"), 400, "messages"),
            (path, KEYS, BODY.replace(r#"{"role":"user","content":"Hi"}"#, ""), 400, "messages"),
            (path, KEYS, "no json".to_owned(), 400, "JSON"),
            ("/v1/completions", KEYS, BODY.to_owned(), 404, "error"),
            ("/v1/models", KEYS, BODY.to_owned(), 405, "error"),
        ] {
            let answer = Client::of(&provider).post(path, headers, &body).answer();
            assert!(answer.code == code && answer.body.contains(word), "{path} {headers} {body}: {answer:?}");
            assert_eq!(answer.body.starts_with(r#"{"type":"error","error":{"type":""#), of_anthropic);
        }
    }
    let anthropic = Provider::anthropic();
    let bearer = "Authorization: Bearer secret\r\n";
    for (headers, body, word) in [
        (bearer, BODY.to_owned(), "anthropic-version: header is required"),
        (KEYS, BODY.replace("max_tokens", "most"), "max_tokens: Field required"),
    ] {
        let answer = Client::of(&anthropic).post(ANTHROPIC, headers, &body).answer();
        assert!(answer.code == 400 && answer.body.contains(word), "{answer:?}");
    }
}

#[test]
fn a_status_comes_in_the_shape_of_its_provider() {
    for (provider, code, body) in [
        (
            Provider::openai(),
            429,
            r#"{"error":{"message":"Rate limit reached for requests.","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#,
        ),
        (
            Provider::openai(),
            500,
            r#"{"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":null}}"#,
        ),
        (
            Provider::together(),
            402,
            r#"{"error":{"message":"You have reached your credit limit.","type":"credit_limit","param":null,"code":null}}"#,
        ),
        (
            Provider::anthropic(),
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_00000001"}"#,
        ),
        (
            Provider::anthropic(),
            500,
            r#"{"type":"error","error":{"type":"api_error","message":"Internal Server Error"},"request_id":"req_00000001"}"#,
        ),
    ] {
        provider.script([Reply::status(code).retry_after_ms(250)]);
        let answer = post(&provider, "/any", "");
        assert_eq!((answer.code, answer.body.as_str()), (code, body));
        assert_eq!(answer.header("retry-after-ms"), Some("250"));
    }
}

#[test]
fn refusals_have_a_reason() {
    let replies = [
        Reply::context_too_long(),
        Reply::content_policy(),
        Reply::quota(),
        Reply::spend_limit(),
        Reply::overloaded(),
    ];
    for (provider, expected) in [
        (
            Provider::openai(),
            [
                (400, r#""code":"context_length_exceeded""#),
                (400, r#""code":"content_policy_violation""#),
                (429, r#""type":"insufficient_quota""#),
                (429, r#""code":"organization_spend_limit_exceeded""#),
                (503, r#""code":"server_is_overloaded""#),
            ],
        ),
        (
            Provider::together(),
            [
                (400, r#""code":"context_length_exceeded""#),
                (400, r#""code":"content_policy_violation""#),
                (402, r#""type":"credit_limit""#),
                (402, r#""type":"credit_limit""#),
                (503, r#""code":"server_is_overloaded""#),
            ],
        ),
        (
            Provider::anthropic(),
            [
                (400, r#""message":"prompt is too long: "#),
                (400, r#""message":"Output blocked by content filtering policy""#),
                (402, r#""type":"billing_error""#),
                (429, r#""details":{"error_code":"enforced_spend_limit_reached"}"#),
                (529, r#""type":"overloaded_error""#),
            ],
        ),
        (
            Provider::fal(),
            [
                (400, r#""code":"context_length_exceeded""#),
                (400, r#""code":"content_policy_violation""#),
                (403, "Exhausted balance"),
                (403, "Exhausted balance"),
                (503, "No runner"),
            ],
        ),
    ] {
        provider.script(replies.clone());
        for (code, word) in expected {
            let answer = post(&provider, "/any", "");
            assert!(answer.code == code && answer.body.contains(word), "{code} {word}: {answer:?}");
        }
    }
}

#[test]
fn named_faults_speak_each_providers_language() {
    for (fault, openai, anthropic) in [
        (Fault::ContextTooLong, r#""context_length_exceeded""#, "prompt is too long"),
        (Fault::ContentPolicy, r#""content_policy_violation""#, "content filtering"),
        (Fault::TruncatedJson, r#"{"id":"chatcmpl-"#, r#"{"id":"msg_"#),
        (Fault::ErrorInSuccess, r#"{"error":{"message":"#, r#"{"type":"error","error":"#),
    ] {
        for ((provider, path), word) in all().into_iter().zip([openai, openai, anthropic]) {
            provider.misbehave(fault);
            let answer = ask(&provider, path, BODY);
            assert!(answer.body.contains(word), "{fault}: {answer:?}");
        }
    }
}

#[test]
fn the_end_has_another_reason_if_that_is_wanted() {
    for ((provider, path), expected) in all().into_iter().zip([
        r#""finish_reason":"length""#,
        r#""finish_reason":"length""#,
        r#""stop_reason":"length""#,
    ]) {
        provider.script([Reply::healthy().finish_reason("length")]);
        assert!(ask(&provider, path, BODY).body.contains(expected));
    }
}

#[test]
fn a_prefill_may_be_refused() {
    let prefilled = BODY.replace(r#""Hi"}]"#, r#""Hi"},{"role":"assistant","content":"He"}]"#);
    for (provider, path) in all() {
        provider.always(Reply::healthy().rejects_prefill());
        let refused = ask(&provider, path, &prefilled);
        assert!(refused.code == 400 && refused.body.contains("prefill"), "{refused:?}");
        assert_eq!(ask(&provider, path, BODY).code, 200);
        provider.heal();
        assert_eq!(ask(&provider, path, &prefilled).code, 200);
    }
}

#[test]
fn a_model_may_have_a_day_of_its_own() {
    for (provider, path) in all() {
        provider.model("m-1", Reply::status(503));
        provider.model_misbehaves("m-2", Fault::ThrottledOnce, Pace::PUBLISHED);
        provider.script([Reply::status(418)]);
        let code = |model: &str| ask(&provider, path, &BODY.replace("m-1", model)).code;
        let codes = ["m-1", "m-2", "m-1", "m-3", "m-3", "m-2", "m-1"].map(code);
        // With its turn over, the second model is still one with replies of its own: none of the script's.
        assert_eq!(codes, [503, 429, 503, 418, 200, 200, 503]);
        provider.heal();
        assert_eq!(["m-1", "m-2"].map(code), [200, 200]);
    }
}
