//! The two articles' own stories: a chain of models on one provider, and the four strategies.

use std::time::Duration;

use failover_reqwest::calls::{
    Backoff, Breaker, Calls, CircuitState, Health, Jitter, LastResort, Provider, Skip,
};

use crate::scene::{SECOND, Script, bad, calls, good, hangs, millis, names, pass, takes, waits};

/// One provider; these of its models are out of order.
async fn generate(model: &'static str, broken: &'static [&'static str]) -> Result<String, String> {
    tokio::time::sleep(millis(10)).await;
    if broken.contains(&model) {
        return Err(format!("{model} is overloaded"));
    }
    Ok(format!("https://media.example/{model}.png"))
}

const CHAIN: [&str; 4] = ["flux-schnell", "flux-dev", "sdxl", "dall-e-3"];

#[tokio::test(start_paused = true)]
async fn a_chain_of_models_ends_at_the_first_that_works_and_names_it() {
    let broken: &[&str] = &["flux-schnell", "flux-dev"];
    let models = CHAIN.map(|model| (model, move || generate(model, broken)));
    let got = Calls::new().call(models).await.unwrap();
    assert_eq!((got.value.as_str(), got.provider.as_str()), ("https://media.example/sdxl.png", "sdxl"));
    assert_eq!(names(&got.report).0, ["flux-schnell", "flux-dev", "sdxl"]);
}

#[tokio::test(start_paused = true)]
async fn a_chain_in_which_all_models_fail_logs_each_with_its_cause() {
    let models = CHAIN.map(|model| (model, move || generate(model, &CHAIN)));
    let failed = Calls::new().call(models).await.unwrap_err();
    let told = failed.to_string();
    assert!(CHAIN.iter().all(|model| told.contains(&format!("{model} is overloaded"))), "{told}");
}

#[tokio::test(start_paused = true)]
async fn one_models_outage_is_not_the_providers() {
    let calls = Calls::new();
    for _ in 0..5 {
        calls.call(CHAIN.map(|model| (model, move || generate(model, &["flux-schnell"])))).await.unwrap();
    }
    assert!(matches!(calls.state("flux-schnell"), CircuitState::Open(_)));
    assert_eq!(calls.state("flux-dev"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn sequential_in_order_each_in_the_log_and_an_end() {
    let got = Calls::new().call([bad("openai").provider(), good("anthropic").provider()]).await.unwrap();
    assert_eq!((got.provider.as_str(), names(&got.report).0), ("anthropic", vec!["openai", "anthropic"]));
    let failed =
        Calls::new().call([bad("openai").provider(), bad("anthropic").provider()]).await.unwrap_err();
    assert!(failed.to_string().starts_with("no provider served: every provider was tried or skipped"));
}

#[tokio::test(start_paused = true)]
async fn race_all_at_once_10_s_each_30_s_in_all_and_the_first_success_wins() {
    let calls = calls(Calls::builder().timeout(10 * SECOND).deadline(30 * SECOND));
    let got = calls
        .race([
            takes("openai", millis(300), Ok("o")),
            takes("anthropic", millis(200), Ok("a")),
            takes("together", millis(100), Err("failed fast")),
            hangs("mistral"),
        ])
        .await
        .unwrap();
    assert_eq!((got.value, got.report.took), ("a", millis(200)));
}

#[tokio::test(start_paused = true)]
async fn health_aware_skips_for_300_s_and_success_heals() {
    let breaker = Breaker::new().pause(300 * SECOND).jitter_percent(0);
    let builder = Calls::builder().breaker(breaker).by_health(Health::new());
    let calls = calls(builder.last_resort(LastResort::Everyone));
    let sick = Script::new("sick", &[Err("1"), Err("2"), Err("3"), Ok(4)]);
    for _ in 0..3 {
        calls.call([sick.provider()]).await.unwrap_err();
    }
    let well = good("well");
    let got = calls.call([sick.provider(), well.provider()]).await.unwrap();
    assert_eq!((got.provider.as_str(), sick.asked()), ("well", 3));
    pass(299 * SECOND).await;
    let got = calls.call([sick.provider(), bad("well").provider()]).await.unwrap();
    assert_eq!(
        (got.value, got.report.skipped[0].why),
        (4, Skip::CircuitOpen),
        "none is healthy: all are tried"
    );
    assert_eq!(calls.state("sick"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn three_tries_with_exponential_backoff_and_jitter_then_a_breaker_after_five_for_60_s() {
    let breaker = Breaker::new().failures(5.try_into().unwrap()).pause(60 * SECOND).jitter_percent(0);
    let backoff = Backoff::exponential(SECOND).jitter(Jitter::Additive);
    let calls = calls(Calls::builder().retries(2).backoff(backoff).breaker(breaker).patience(10 * SECOND));
    let api = bad("api");
    let failed = calls.call([api.provider()]).await.unwrap_err();
    let slept = waits(failed.report());
    for (wait, least) in slept.iter().zip([SECOND, 2 * SECOND]) {
        assert!((least..=least + SECOND + millis(1)).contains(wait), "{slept:?}");
    }
    assert_eq!((slept.len(), api.asked(), calls.state("api")), (2, 3, CircuitState::Closed));
    calls.call([api.provider()]).await.unwrap_err();
    assert_eq!(api.asked(), 5, "the fifth failure opened it");
    assert!(matches!(calls.state("api"), CircuitState::Open(_)));
    pass(60 * SECOND).await;
    assert_eq!(calls.state("api"), CircuitState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn many_providers_with_many_models_each_with_a_breaker() {
    let catalogue = [
        ("openai", ["gpt-4", "gpt-3.5-turbo"]),
        ("anthropic", ["claude-3-opus", "claude-3-sonnet"]),
        ("together", ["llama-2-7b", "mistral-7b"]),
    ];
    let calls = Calls::new();
    let providers = catalogue.iter().flat_map(|(provider, models)| {
        models.iter().map(move |model| {
            Provider::new(format!("{provider}/{model}"), move || async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                if *provider == "together" { Ok(*model) } else { Err("no key") }
            })
        })
    });
    let got = calls.call(providers).await.unwrap();
    assert_eq!((got.provider.as_str(), got.report.attempts.len()), ("together/llama-2-7b", 5));
}
