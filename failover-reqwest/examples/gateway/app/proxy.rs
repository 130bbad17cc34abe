//! FAL's own proxy protocol: a browser, which must not have FAL's key, sends its request here, says in `x-fal-target-url` where it
//! belongs, and the key is added. See `@fal-ai/server-proxy`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use failover_reqwest::ProviderName;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use reqwest::Url;

use super::Gateway;
use super::forward::{Door, forward_with};
use super::refusal::{Refusal, Shape};

const TARGET: HeaderName = HeaderName::from_static("x-fal-target-url");
const CLIENT_PROXY: HeaderName = HeaderName::from_static("x-fal-client-proxy");

/// Where files are uploaded that a request names; all else at this host is no business of a browser's.
const UPLOADS: &str = "https://rest.fal.ai";
const UPLOAD_PATHS: [&str; 2] = ["/storage/upload/initiate", "/storage/upload/complete-multipart"];

pub(super) async fn proxy(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let headers = request.headers();
    let refused = |status, why: &str| Refusal::new(Shape::Fal, status, why).into_response();
    let Some(target) = headers.get(TARGET) else {
        return refused(StatusCode::BAD_REQUEST, "the header x-fal-target-url is missing");
    };
    let target = target.to_str().ok().and_then(|target| Url::parse(target).ok());
    let Some(door) = target.and_then(|target| door(&gateway, &target)) else {
        return refused(
            StatusCode::PRECONDITION_FAILED,
            "the header x-fal-target-url names none of FAL's hosts",
        );
    };
    match told(&gateway, headers) {
        Some(told) => forward_with(&gateway, door, told, request).await,
        None => {
            let why = "neither the caller nor the gateway has a key for FAL: set FAL_KEY";
            Refusal::unauthenticated(Shape::Fal, StatusCode::UNAUTHORIZED, why).into_response()
        }
    }
}

/// Where that is. None if it is none of FAL's own hosts, by `https:` and nothing odd about it.
fn door(gateway: &Gateway, target: &Url) -> Option<Door> {
    let config = gateway.failover.config();
    let plain = target.scheme() == "https"
        && target.port().is_none()
        && target.username().is_empty()
        && target.password().is_none();
    let base = match target.host_str().filter(|_| plain)? {
        "fal.run" => config.asked_at(ProviderName::Fal)?,
        "queue.fal.run" => config.fal_queue_asked_at(),
        "rest.fal.ai" if UPLOAD_PATHS.contains(&target.path()) => UPLOADS,
        _ => return None,
    };
    let origin = target.origin().ascii_serialization();
    let asked: Uri = target.as_str().parse().ok()?;
    // The caller asks at FAL's own host, as far as it knows.
    Some(Door::new(Shape::Fal, base, "", &asked).showing(origin, &[]))
}

/// What FAL is told of the browser's headers: what is FAL's, and never what is for the page's own server.
fn told(gateway: &Gateway, headers: &HeaderMap) -> Option<HeaderMap> {
    let own =
        |name: &HeaderName| name.as_str().starts_with("x-fal-") && *name != TARGET && *name != CLIENT_PROXY;
    let listed = |name: &HeaderName| [ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT].contains(name);
    let told = headers.iter().filter(|(name, _)| own(name) || listed(name));
    let mut told: HeaderMap = told.map(|(name, value)| (name.clone(), value.clone())).collect();
    if !told.contains_key(AUTHORIZATION) {
        let key = gateway.settings.fal_key.as_deref()?;
        let mut key = HeaderValue::try_from(format!("Key {key}")).ok()?;
        key.set_sensitive(true);
        told.insert(AUTHORIZATION, key);
    }
    told.insert(CLIENT_PROXY, HeaderValue::from_static("failover-gateway"));
    Some(told)
}
