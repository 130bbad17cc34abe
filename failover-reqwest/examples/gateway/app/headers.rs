//! Which headers go on, in either direction.

use http::header::{self, CONNECTION};
use http::{HeaderMap, HeaderName};

/// Where callers show the gateway's token.
pub(super) const TOKEN: HeaderName = HeaderName::from_static("x-gateway-token");

/// For one connection only (RFC 9110, section 7.6.1), besides those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// For the gateway, or about the caller's network: no provider's business.
const OURS: [HeaderName; 13] = [
    TOKEN,
    header::HOST,
    // It is said anew, of what is sent.
    header::CONTENT_LENGTH,
    // The gateway has read the body, so nobody has to be asked whether it is wanted.
    header::EXPECT,
    // An answer has to be readable here, to be judged and handed on in another shape.
    header::ACCEPT_ENCODING,
    // A browser's, for the gateway's host.
    header::COOKIE,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    header::VIA,
];

/// About the provider's host, and nothing that its clients read.
const THEIRS: [HeaderName; 9] = [
    header::ALT_SVC,
    header::SET_COOKIE,
    header::STRICT_TRANSPORT_SECURITY,
    // Which pages may read it: see `guard`.
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// What the asked provider is told of the caller's headers.
pub(super) fn asked(headers: &HeaderMap) -> HeaderMap {
    let mut told = headers.clone();
    drop_all(&mut told, &OURS);
    told
}

/// What the caller is told of the answer's headers.
pub(super) fn answered(headers: &mut HeaderMap) {
    drop_all(headers, &THEIRS);
}

fn drop_all(headers: &mut HeaderMap, names: &[HeaderName]) {
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named = named.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok());
    let named: Vec<HeaderName> = named.collect();
    for name in named.iter().chain(&HOP_BY_HOP).chain(names) {
        headers.remove(name);
    }
}
