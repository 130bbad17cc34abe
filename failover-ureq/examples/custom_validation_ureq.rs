//! What is a value, and what does an error mean? Only the program knows: it says so, once, in two functions.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use failover_ureq::calls::{Calls, CircuitState, Fault, Provider, Why};

/// An error as a client library has them.
#[derive(Debug)]
enum ApiError {
    Status(u16),
    Busy { retry_after: Duration },
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Busy { retry_after } => write!(f, "busy for {} s", retry_after.as_secs()),
        }
    }
}

impl Error for ApiError {}

/// The caller's own mistakes count against nobody, and a busy provider is left alone for as long as it says.
fn meaning(error: &ApiError) -> (Fault, Option<Duration>) {
    match error {
        ApiError::Busy { retry_after } => (Fault::Throttled, Some(*retry_after)),
        ApiError::Status(401 | 403) => (Fault::Unauthenticated, None),
        ApiError::Status(status) if (400..500).contains(status) => (Fault::InvalidRequest, None),
        ApiError::Status(_) => (Fault::Broken, None),
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let calls = Calls::new();
    let got = calls
        .ask([
            Provider::new("busy", || Err(ApiError::Busy { retry_after: Duration::from_secs(60) })),
            Provider::new("broken", || Err(ApiError::Status(503))),
            Provider::new("empty", || Ok(String::new())),
            Provider::new("sound", || Ok("a lighthouse".to_owned())),
        ])
        .is_valid(|text| !text.trim().is_empty())
        .classify(meaning)
        .run()?;
    println!("{}\n{}\n", got.value, got.report);
    assert_eq!(got.provider, "sound");
    assert!(matches!(calls.state("busy"), CircuitState::Open(_)), "for the 60 s that it asked for");

    let refused = calls
        .ask([
            Provider::new("strict", || Err(ApiError::Status(422))),
            Provider::new("never asked", || Ok(String::new())),
        ])
        .classify(meaning)
        .run()
        .expect_err("nobody could serve a request that is wrong");
    println!("{refused}");
    assert_eq!(refused.why(), &Why::Refused);
    assert_eq!(calls.state("strict"), CircuitState::Closed);
    Ok(())
}
