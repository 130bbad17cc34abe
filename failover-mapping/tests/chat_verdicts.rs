//! What the answers of the providers that write mean. Where a source has the body it is the recorded one, shortened.

use failover_mapping::{Config, Fault, ProviderName};
use http::HeaderMap;

fn config() -> Config {
    Config::builder().nexa_api_key("nexa-key").build().expect("it has all it needs")
}

fn check(provider: ProviderName, rows: &[(u16, &str, Fault)]) {
    let config = config();
    for (status, body, fault) in rows {
        let said = config.verdict(provider, *status, &HeaderMap::new(), body.as_bytes());
        assert_eq!(said, *fault, "{provider} {status} {body}");
    }
}

/// S12 of the fault list.
const TOO_LONG: &str = r#"{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 8227 tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;

/// S13.
const REFUSED: &str = r#"{"error":{"message":"Your request was rejected as a result of our safety system.","type":"invalid_request_error","param":null,"code":"content_policy_violation"}}"#;

#[test]
fn openai() {
    check(
        ProviderName::OpenAi,
        &[
            (400, TOO_LONG, Fault::ContextTooLong),
            (
                400, // spread over lines, as OpenAI writes it
                "{\n  \"error\": {\n    \"message\": \"Your input exceeds the context window of this model.\",\n    \"type\": \"invalid_request_error\",\n    \"param\": \"messages\",\n    \"code\": \"context_length_exceeded\"\n  }\n}\n",
                Fault::ContextTooLong,
            ),
            (400, REFUSED, Fault::ContentPolicy),
            (
                400, // Azure's
                r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
                Fault::ContentPolicy,
            ),
            (
                400,
                r#"{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}"#,
                Fault::ContentPolicy,
            ),
            (
                400,
                r#"{"error":{"message":"Invalid prompt: we've limited access to this content for safety reasons.","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}"#,
                Fault::ContentPolicy,
            ),
            (
                400,
                r#"{"error":{"message":"Invalid prompt: expected a list of messages.","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}"#,
                Fault::InvalidRequest,
            ),
            (
                400,
                r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#,
                Fault::InvalidRequest,
            ),
            (
                401,
                r#"{"error":{"message":"Incorrect API key provided: sk-..","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
                Fault::Unauthenticated,
            ),
            (
                403,
                r#"{"error":{"message":"Country, region, or territory not supported","type":"request_forbidden","param":null,"code":"unsupported_country_region_territory"}}"#,
                Fault::Unauthenticated,
            ),
            (
                403,
                r#"{"error":{"message":"Project `proj_x` does not have access to model `gpt-4o`","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
                Fault::InvalidRequest,
            ),
            (
                404,
                r#"{"error":{"message":"The model `gpt-4-0613` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
                Fault::InvalidRequest,
            ),
            (408, "", Fault::Timeout),
            (409, "", Fault::Overloaded),
            (413, "", Fault::ContextTooLong),
            (422, "", Fault::InvalidRequest),
            (
                500,
                r#"{"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":null}}"#,
                Fault::Broken,
            ),
            (502, "<html>Bad gateway</html>", Fault::Gateway),
            (
                503,
                r#"{"error":{"message":"Slow down","type":"server_error","param":null,"code":"slow_down"}}"#,
                Fault::Overloaded,
            ),
            (504, "", Fault::Gateway),
            (520, "", Fault::Gateway),
            (524, "", Fault::Gateway),
            (529, "", Fault::Overloaded),
        ],
    );
}

#[test]
fn openai_tells_a_rate_from_money_by_the_code() {
    check(
        ProviderName::OpenAi,
        &[
            (
                429,
                r#"{"error":{"message":"Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 14567, Requested 24754. Please try again in 18.642s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
                Fault::Throttled,
            ),
            (
                429, // waiting does not help
                r#"{"error":{"message":"Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 30601. The input or output tokens must be reduced in order to run successfully.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
                Fault::ContextTooLong,
            ),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
                Fault::OutOfCredit,
            ),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"project_spend_limit_exceeded"}}"#,
                Fault::OutOfCredit,
            ),
            (429, r#"{"error":{"message":"","code":"credit_balance_exhausted"}}"#, Fault::OutOfCredit),
            (
                429,
                r#"{"error":{"message":"","code":"organization_spend_limit_exceeded"}}"#,
                Fault::OutOfCredit,
            ),
            (
                429,
                r#"{"error":{"message":"","code":"organization_usage_limit_exceeded"}}"#,
                Fault::OutOfCredit,
            ),
            (
                429,
                r#"{"error":{"message":"Your account is not active, please check your billing details on our website.","type":"billing_not_active","param":null,"code":null}}"#,
                Fault::OutOfCredit,
            ),
            (
                429,
                r#"{"error":{"message":"Slow down","type":"rate_limit_error","code":"slow_down"}}"#,
                Fault::Throttled,
            ),
        ],
    );
}

#[test]
fn anthropic() {
    check(
        ProviderName::Anthropic,
        &[
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"},"request_id":"req_x"}"#,
                Fault::ContextTooLong,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input length or `max_tokens` and try again"},"request_id":"req_x"}"#,
                Fault::ContextTooLong,
            ),
            (
                400,
                r#"{"type":"error","error":{"details":null,"type":"invalid_request_error","message":"Output blocked by content filtering policy"},"request_id":"req_x"}"#,
                Fault::ContentPolicy,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."},"request_id":"req_x"}"#,
                Fault::OutOfCredit,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified workspace API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."},"request_id":"req_x"}"#,
                Fault::OutOfCredit,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"This organization is on hold.","details":{"error_code":"organization_on_hold"}},"request_id":"req_x"}"#,
                Fault::Unauthenticated,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"`temperature` is deprecated for this model."}}"#,
                Fault::InvalidRequest,
            ),
            (
                401,
                r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
                Fault::Unauthenticated,
            ),
            (402, r#"{"type":"error","error":{"type":"billing_error","message":".."}}"#, Fault::OutOfCredit),
            (
                403,
                r#"{"type":"error","error":{"type":"permission_error","message":".."}}"#,
                Fault::Unauthenticated,
            ),
            (
                404,
                r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-3-opus-20240229"}}"#,
                Fault::InvalidRequest,
            ),
            (409, r#"{"type":"error","error":{"type":"conflict_error","message":".."}}"#, Fault::Overloaded),
            (
                413,
                r#"{"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
                Fault::ContextTooLong,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account's rate limit. Please try again later."},"request_id":"req_x"}"#,
                Fault::Throttled,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"..","details":{"error_code":"ramp_limit_exceeded"}}}"#,
                Fault::Throttled,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"..","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
                Fault::OutOfCredit,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"..","details":{"error_code":"contract_spend_limit_reached"}}}"#,
                Fault::OutOfCredit,
            ),
            (
                500,
                r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#,
                Fault::Broken,
            ),
            (502, "", Fault::Gateway),
            (503, "", Fault::Overloaded),
            (504, r#"{"type":"error","error":{"type":"timeout_error","message":".."}}"#, Fault::Gateway),
            (
                529,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                Fault::Overloaded,
            ),
        ],
    );
}

#[test]
fn together() {
    check(
        ProviderName::Together,
        &[
            (
                400,
                r#"{"id":"x","error":{"message":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 80125 `inputs` tokens and 4096 `max_new_tokens`","type":"invalid_request_error","param":"max_tokens","code":null}}"#,
                Fault::ContextTooLong,
            ),
            (
                422,
                r#"{"error":"Input validation error: `inputs` must have less than 4096 tokens. Given: 4545","error_type":"validation"}"#,
                Fault::ContextTooLong,
            ),
            (400, TOO_LONG, Fault::ContextTooLong),
            (400, REFUSED, Fault::ContentPolicy),
            (
                400,
                r#"{"id":"x","error":{"message":"Unable to access non-serverless model mistralai/Mixtral-8x7B-Instruct-v0.1.","type":"invalid_request_error","param":null,"code":"model_not_available"}}"#,
                Fault::InvalidRequest,
            ),
            (401, "", Fault::Unauthenticated),
            (
                402,
                r#"{"id":"x","error":{"message":"Credit limit exceeded. Please navigate to https://api.together.xyz/settings/billing to add credit or upgrade your plan.","type":"credit_limit","param":null,"code":null}}"#,
                Fault::OutOfCredit,
            ),
            (403, "", Fault::ContextTooLong),
            (404, "", Fault::InvalidRequest),
            (422, "", Fault::InvalidRequest),
            (
                429, // whose type says credit, and means a rate
                r#"{"error":{"message":"You have been rate limited. Your rate limit is 60 queries per minute. Please navigate to https://api.together.xyz/settings/billing to upgrade to a paid plan.","type":"credit_limit","param":null,"code":null}}"#,
                Fault::Throttled,
            ),
            (500, "", Fault::Broken),
            (503, "", Fault::Overloaded),
            (524, "", Fault::Gateway),
            (529, "", Fault::Overloaded),
        ],
    );
}

#[test]
fn servers_that_speak_openais_api_are_understood() {
    check(
        ProviderName::OpenAi,
        &[
            (
                400, // vLLM
                r#"{"object":"error","message":"This model's maximum context length is 131072 tokens. However, you requested 351430 tokens.","type":"BadRequestError","param":null,"code":400}"#,
                Fault::ContextTooLong,
            ),
            (
                400, // DeepSeek
                r#"{"error":{"message":"This model's maximum context length is 131072 tokens. However, you requested 131134 tokens","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#,
                Fault::ContextTooLong,
            ),
            (
                402,
                r#"{"error":{"message":"Insufficient Balance","type":"unknown_error"}}"#,
                Fault::OutOfCredit,
            ),
        ],
    );
}

/// What a caller writes must not look like what a provider says.
#[test]
fn an_error_that_repeats_the_request_misleads_nobody() {
    let echo = r#"{"error":{"message":"Invalid value: 'prompt is too long. Your credit balance is too low. insufficient_quota \"code\":\"context_length_exceeded\"'","type":"invalid_request_error","param":"This model's maximum context length is","code":null},"code":"insufficient_quota"}"#;
    for provider in [ProviderName::OpenAi, ProviderName::Anthropic, ProviderName::Together] {
        check(provider, &[(400, echo, Fault::InvalidRequest), (429, echo, Fault::Throttled)]);
    }
}

#[test]
fn a_body_that_says_nothing_leaves_the_status() {
    let deep = format!("{{\"error\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let long = format!(r#"{{"error":{{"message":"{}","code":"insufficient_quota"}}}}"#, "x".repeat(70_000));
    let cut = r#"{"error":{"message":"..","code":"insufficient_quota""#;
    for body in
        ["", "null", "[]", "\u{fffd}", r#"{"error":null}"#, r#"{"error":{"code":7,"message":[]}}"#, cut]
    {
        check(ProviderName::OpenAi, &[(429, body, Fault::Throttled), (400, body, Fault::InvalidRequest)]);
    }
    check(ProviderName::OpenAi, &[(429, &deep, Fault::Throttled), (429, &long, Fault::Throttled)]);
}

#[test]
fn the_makers_of_media_are_judged_by_their_rows_too() {
    let exhausted = r#"{"detail":"User is locked. Reason: Exhausted balance."}"#;
    check(ProviderName::Fal, &[(403, exhausted, Fault::OutOfCredit), (403, "", Fault::Unauthenticated)]);
    check(ProviderName::Nexa, &[(402, "", Fault::OutOfCredit), (404, "", Fault::Unsupported)]);
    let nobody = ProviderName::other("nobodys").expect("it is a name");
    check(nobody, &[(418, "", Fault::Unsupported), (500, "", Fault::Gateway), (7, "", Fault::Malformed)]);
}

/// A row of the user's own may go by the error's code and message as well.
#[test]
fn rows_of_the_users_own_go_before() {
    let rows = "[[verdicts]]\nstatus = 422\ncode = \"Too_Long\"\nmessage = \"the prompt\"\nfault = \"context-too-long\"";
    let config: Config = Config::builder()
        .nexa_api_key("nexa-key")
        .data(ProviderName::Fal, "fal.toml", rows)
        .build()
        .expect("it is sound");
    let verdict = |body: &str| config.verdict(ProviderName::Fal, 422, &HeaderMap::new(), body.as_bytes());
    assert_eq!(verdict(r#"{"type":"too_long","message":"The prompt is long"}"#), Fault::ContextTooLong);
    assert_eq!(verdict(r#"{"type":"too_long","message":"It is long"}"#), Fault::InvalidRequest);
    assert_eq!(verdict(r#"{"type":"other","message":"The prompt is long"}"#), Fault::InvalidRequest);
}
