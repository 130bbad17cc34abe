//! A streamed token: what it costs through the drop-in of reqwest, beside a bare client that only reads it.
//!
//! All that the provider says is there at once, so what is measured is the work on a token and not the wait for it.

use std::hint::black_box;

use failover_reqwest::{Failover, ProviderName};
use http::header::CONTENT_TYPE;
use reqwest::{Client, Response};
use reqwest_middleware::ClientBuilder;
use tokio::runtime::{Builder, Runtime};

use super::events::TOKENS;
use super::row::{Row, Table, Work};
use super::stage::Stage;

const ASKED: &str =
    r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"why is the sky blue?"}]}"#;
const PATH: &str = "/v1/chat/completions";
const BARE: &str = "reqwest, bare, a token";

pub(super) fn table() -> Table {
    let row = |name, make: fn(&Stage) -> Work| Row::new(name, make).parts(TOKENS);
    let rows = vec![
        row(BARE, |stage| {
            let (runtime, client, url) = (runtime(), client(), format!("{}{PATH}", stage.completions));
            Box::new(move || {
                runtime.block_on(async {
                    let request = client.post(&url).header(CONTENT_TYPE, "application/json").body(ASKED);
                    read(request.send().await.expect("the provider is healthy")).await;
                });
            })
        }),
        row("reqwest, drop-in, healthy, a token", |stage| through(stage, &stage.completions)).against(BARE),
        row("reqwest, drop-in, a stand-in's token in another shape", |stage| through(stage, &stage.busy))
            .against(BARE),
    ];
    Table { title: "A streamed token through reqwest", rows }
}

fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client without TLS can be built")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime of one thread can be built")
}

fn through(stage: &Stage, base: &str) -> Work {
    let failover = Failover::builder()
        .key(ProviderName::Anthropic, "anthropic-key")
        .provider_url(ProviderName::OpenAi, base)
        .stand_in_url(ProviderName::Anthropic, &stage.messages)
        .text_retries(0)
        .build()
        .expect("the settings are sound");
    failover.force_closed("openai").expect("there is a provider of that name");
    let client = ClientBuilder::new(client()).with(failover).build();
    let (runtime, url) = (runtime(), format!("{base}{PATH}"));
    Box::new(move || {
        runtime.block_on(async {
            let request = client.post(&url).header(CONTENT_TYPE, "application/json").body(ASKED);
            read(request.send().await.expect("somebody answers")).await;
        });
    })
}

/// Reads all of it as it comes.
async fn read(mut answer: Response) {
    let mut length = 0;
    while let Some(piece) = answer.chunk().await.expect("the stream is whole") {
        length += black_box(&piece).len();
    }
    assert!(length > TOKENS as usize * 100, "{length} bytes are not all of it");
}
