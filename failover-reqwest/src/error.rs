//! What reqwest's errors mean.

use failover_core::Fault;
use reqwest_middleware::Error;

/// The fault behind an error of the caller's client, also where another middleware has wrapped it. What is the caller's own
/// doing is an invalid request.
pub(crate) fn fault_of(error: &Error) -> Fault {
    match error {
        Error::Reqwest(error) => fault_of_client(error),
        Error::Middleware(error) => error
            .chain()
            .find_map(|cause| match cause.downcast_ref::<Error>() {
                Some(inner) => Some(fault_of(inner)),
                None => cause.downcast_ref::<reqwest::Error>().map(fault_of_client),
            })
            .unwrap_or(Fault::InvalidRequest),
    }
}

/// The fault behind an error of a client before the answer began.
pub(crate) fn fault_of_client(error: &reqwest::Error) -> Fault {
    if error.is_connect() {
        Fault::Connect
    } else if error.is_timeout() {
        Fault::Timeout
    } else if error.is_builder() || error.is_redirect() || error.is_status() {
        Fault::InvalidRequest
    } else {
        Fault::Reset
    }
}

/// The fault behind an error that breaks off an answer whose head has arrived.
pub(crate) fn fault_of_body(error: &reqwest::Error) -> Fault {
    if error.is_timeout() { Fault::Timeout } else { Fault::Cut }
}
