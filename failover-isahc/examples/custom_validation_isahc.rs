//! What is a value, and what does an error mean? Only the program knows: it says so, once, in two functions.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use failover_isahc::calls::{Calls, CircuitState, Fault, Provider, Why};
use failover_testkit::{Provider as Fake, Reply};
use futures_lite::future::block_on;
use isahc::HttpClient;
use isahc::prelude::*;

/// An error as a client library has them.
#[derive(Debug)]
enum ApiError {
    Status(u16),
    Busy { retry_after: Duration },
    Http(isahc::Error),
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Busy { retry_after } => write!(f, "busy for {} s", retry_after.as_secs()),
            Self::Http(_) => f.write_str("no answer"),
        }
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Http(error) => Some(error),
            Self::Status(_) | Self::Busy { .. } => None,
        }
    }
}

impl From<isahc::Error> for ApiError {
    fn from(error: isahc::Error) -> Self {
        Self::Http(error)
    }
}

/// One of the functions that the program has anyway.
async fn describe(client: &HttpClient, base: String) -> Result<String, ApiError> {
    let mut response = client.post_async(format!("{base}/fal-ai/some/captioner"), "{}").await?;
    let seconds = response.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
    match (response.status().as_u16(), seconds) {
        (200, _) => {
            let body = response.bytes().await.map_err(isahc::Error::from)?;
            Ok(String::from_utf8_lossy(&body).into_owned())
        }
        (429, Some(seconds)) => Err(ApiError::Busy { retry_after: Duration::from_secs(seconds) }),
        (status, _) => Err(ApiError::Status(status)),
    }
}

/// The caller's own mistakes count against nobody, and a busy provider is left alone for as long as it says.
fn meaning(error: &ApiError) -> (Fault, Option<Duration>) {
    match error {
        ApiError::Busy { retry_after } => (Fault::Throttled, Some(*retry_after)),
        ApiError::Status(401 | 403) => (Fault::Unauthenticated, None),
        ApiError::Status(status) if (400..500).contains(status) => (Fault::InvalidRequest, None),
        ApiError::Status(_) | ApiError::Http(_) => (Fault::Broken, None),
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    block_on(run()) // or within a future of any executor
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (busy, broken, empty, sound) = (Fake::fal(), Fake::fal(), Fake::fal(), Fake::fal());
    busy.always(Reply::status(429).header("Retry-After", "60"));
    broken.always(Reply::status(503));
    empty.always(Reply::status(200).body(" "));
    sound.always(Reply::status(200).body("a lighthouse"));

    let (calls, client) = (Calls::new(), HttpClient::new()?);
    let got = calls
        .ask([
            Provider::new("busy", || describe(&client, busy.url())),
            Provider::new("broken", || describe(&client, broken.url())),
            Provider::new("empty", || describe(&client, empty.url())),
            Provider::new("sound", || describe(&client, sound.url())),
        ])
        .is_valid(|text| !text.trim().is_empty())
        .classify(meaning)
        .run()
        .await?;
    println!("{}\n{}\n", got.value, got.report);
    assert_eq!((got.value.as_str(), got.provider.as_str()), ("a lighthouse", "sound"));
    assert!(matches!(calls.state("busy"), CircuitState::Open(_)), "for the 60 s that it asked for");

    sound.always(Reply::status(422));
    let providers = [("strict", &sound), ("never asked", &empty)];
    let refused = calls
        .ask(providers.map(|(name, fake)| Provider::new(name, || describe(&client, fake.url()))))
        .classify(meaning)
        .run()
        .await
        .expect_err("nobody could serve a request that is wrong");
    println!("{refused}");
    assert_eq!((refused.why(), empty.count()), (&Why::Refused, 1));
    assert_eq!(calls.state("strict"), CircuitState::Closed);
    Ok(())
}
