//! Who is let in.
//!
//! The gateway spends the money of whoever runs it. Beyond this machine it asks for a token of its own; on this machine it
//! minds that a web page which is open in a browser is not on this machine, although what it sends comes from there.

use std::fmt;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN};
use http::uri::Authority;
use http::{Method, StatusCode, Uri};

use super::headers::TOKEN;
use super::{Gateway, Refusal};

/// The shortest token: nobody guesses 16 characters over a network.
const SHORTEST: usize = 16;

/// What callers have to show.
pub(crate) struct Token(String);

impl Token {
    /// Says what is wrong with it, and the cure.
    pub(crate) fn new(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty: make it long, and random, or do not set it");
        }
        if text.len() < SHORTEST {
            return Err("is shorter than 16 characters: make it long, and random");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("holds what a header cannot: use letters and digits");
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes as long whichever character is wrong.
    fn is(&self, shown: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let differ = own.iter().zip(shown).fold(0, |differ, (own, shown)| black_box(differ | (own ^ shown)));
        own.len() == shown.len() && differ == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Whether the gateway may listen there. Says what is missing.
pub(crate) fn may_listen(address: SocketAddr, token: Option<&Token>) -> Result<(), String> {
    if address.ip().is_loopback() || token.is_some() {
        return Ok(());
    }
    Err(format!(
        "{address} can be reached from other machines, and whoever reaches it spends your money: set \
         FAILOVER_GATEWAY_TOKEN to what callers have to show in {TOKEN}, or listen on 127.0.0.1"
    ))
}

/// Lets a request in, or says why not.
pub(super) async fn admit(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let refused = match &gateway.settings.token {
        Some(token) => {
            let shown = headers.get(TOKEN).is_some_and(|shown| token.is(shown.as_bytes()));
            (!shown).then(|| {
                (StatusCode::UNAUTHORIZED, format!("show the gateway's token in the header {TOKEN}"))
            })
        }
        None => page(&request).map(|why| (StatusCode::FORBIDDEN, why.to_owned())),
    };
    let refused = refused.or_else(|| preflight(&request));
    match refused {
        Some((status, why)) => {
            Refusal::unauthenticated(gateway.shape(request.uri().path()), status, why).into_response()
        }
        None => next.run(request).await,
    }
}

/// Whether a web page of somebody else's has sent this: it says so, or its host's name was made to mean this machine.
fn page(request: &Request) -> Option<&'static str> {
    match host(request) {
        Some(host) if is_local(host) => {}
        _ => {
            return Some(
                "the gateway has no token, so it is for this machine only: call it localhost or 127.0.0.1",
            );
        }
    }
    let origin = request.headers().get(ORIGIN)?.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let local = origin.is_some_and(|origin| origin.authority().is_some_and(|it| is_local(it.as_str())));
    (!local).then_some("the gateway has no token, so it is not for web pages of other machines")
}

/// A browser asks whether a page may. Whether the provider's own pages may is not the answer, and the key that is spent may be the
/// gateway's: a page asks its own server, which asks the gateway.
fn preflight(request: &Request) -> Option<(StatusCode, String)> {
    let asked =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    asked.then(|| (StatusCode::FORBIDDEN, "a web page asks the gateway by way of its own server".to_owned()))
}

/// The host that the caller named, with its port: in the target, which goes over the header (RFC 9112, section 3.2.2), or in the
/// header, which has to be one.
pub(super) fn host(request: &Request) -> Option<&str> {
    let mut headers = request.headers().get_all(HOST).iter();
    let host = match (request.uri().authority(), headers.next(), headers.next()) {
        (_, _, Some(_)) => return None,
        (Some(target), _, None) => target.as_str(),
        (None, host, None) => host?.to_str().ok()?,
    };
    let plain = host.parse::<Authority>().is_ok() && !host.contains('@');
    plain.then_some(host)
}

fn is_local(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
