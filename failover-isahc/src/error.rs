//! What isahc's errors mean, and the ones that we make of it.

use std::error::Error as _;
use std::io;

use failover_core::Fault;
use failover_mapping::Unanswered;
use http::{HeaderMap, HeaderValue};
use isahc::Error;
use isahc::error::ErrorKind;

/// What is known of a call that nobody answered in time; none of any other error.
///
/// isahc's own error carries it, of the kind [`ErrorKind::Timeout`], so that call sites stay as they are.
///
/// ```no_run
/// # fn ask(client: &failover_isahc::Client) {
/// match client.post("https://fal.run/fal-ai/flux/dev", r#"{"prompt": "a lighthouse"}"#) {
///     Ok(response) => println!("{}", response.status()),
///     Err(error) => match failover_isahc::unanswered(&error) {
///         Some(nobody) => println!("{nobody}"), // who was asked, and what became of it
///         None => println!("{error}"),          // the asked provider's own
///     },
/// }
/// # }
/// ```
#[must_use]
pub fn unanswered(error: &Error) -> Option<&Unanswered> {
    error.source()?.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref()
}

/// The error of a call that has nothing of the asked provider's to hand on.
pub(crate) fn nobody(unanswered: Unanswered) -> Error {
    io::Error::new(io::ErrorKind::TimedOut, unanswered).into()
}

/// isahc panics where the value of a header to be sent is not visible ASCII. Then nothing is sent.
pub(crate) fn sendable(headers: &HeaderMap) -> Result<(), Error> {
    if headers.values().all(|value| value.to_str().is_ok()) {
        return Ok(());
    }
    // The one error about a header that isahc takes for an invalid request.
    let invalid = HeaderValue::from_bytes(b"\n").map(drop).map_err(http::Error::from);
    Err(invalid.map_or_else(Error::from, |()| ErrorKind::InvalidRequest.into()))
}

/// The fault behind an error before the answer began. What is the caller's own doing is an invalid request.
pub(crate) fn fault_of(error: &Error) -> Fault {
    // As long as there is no connection, nothing has been sent. TLS is part of it.
    let connected = error.remote_addr().is_some();
    match error.kind() {
        ErrorKind::ConnectionFailed
        | ErrorKind::NameResolution
        | ErrorKind::BadClientCertificate
        | ErrorKind::BadServerCertificate
        | ErrorKind::InvalidTlsConfiguration
        | ErrorKind::TlsEngine => Fault::Connect,
        ErrorKind::Timeout if !connected => Fault::Connect,
        ErrorKind::Timeout => Fault::Timeout,
        ErrorKind::ClientInitialization
        | ErrorKind::InvalidCredentials
        | ErrorKind::InvalidRequest
        | ErrorKind::RequestBodyNotRewindable
        | ErrorKind::TooManyRedirects => Fault::InvalidRequest,
        // A protocol that libcurl was built without, such as https.
        ErrorKind::ProtocolViolation if !connected => Fault::InvalidRequest,
        // Not HTTP, or not to its end: what became of the request is unknown.
        _ => Fault::Reset,
    }
}

/// The fault behind an error that breaks off an answer whose head has arrived.
pub(crate) fn fault_of_body(error: &io::Error) -> Fault {
    if error.kind() == io::ErrorKind::TimedOut { Fault::Timeout } else { Fault::Cut }
}
