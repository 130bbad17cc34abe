//! What a caller does with its client, whichever that is: it asks for an image and looks at what it gets; of a job it asks
//! how it stands, five times at most.

use std::time::{Duration, SystemTime};

use failover_mapping::Fault;
use http::{HeaderMap, Method, Request};
use serde_json::Value;

use crate::row::Got;
use crate::scene::{COOKIE, FAL_KEY, NEXA_KEY, Scene};

/// How often a job is asked for before the caller gives up.
const QUESTIONS: usize = 5;
const BODY: &str = r#"{"prompt":"a lighthouse at dusk"}"#;

pub(crate) struct Errand {
    request: Request<String>,
    job: bool,
    asked: usize,
}

/// An answer as the caller reads it.
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Whole(Vec<u8>),
    /// Longer than the caller reads.
    TooLarge,
    BrokenOff,
}

impl Heard {
    /// Whom it says that it comes from, or that it is of another time.
    pub(crate) fn served_by(&self) -> Option<String> {
        let said = |name| self.headers.get(name)?.to_str().ok().map(str::to_owned);
        said("x-failover-cache").or_else(|| said("x-failover-served-by"))
    }
}

/// What it comes to.
pub(crate) enum Said {
    Image(String),
    NoImage,
    NoJson,
    TooLarge,
    BrokenOff,
    Refused(u16, HeaderMap, Vec<u8>),
    JobFailed,
    JobGoesOn,
}

pub(crate) enum Next {
    Ask(Request<String>),
    Done(Said),
}

/// Why a callable has no image, as its author judges it: by the status, and by what the client says.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) fault: Fault,
    pub(crate) retry_after: Option<Duration>,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.fault.fmt(f)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { fault, retry_after: None }
    }
}

impl Errand {
    /// To the provider that the caller asks.
    pub(crate) fn primary(scene: &Scene) -> Self {
        let request = post(&format!("{}/fal-ai/flux/dev", scene.primary), FAL_KEY);
        Self { request, job: scene.is_job(), asked: 0 }
    }

    /// To the other one, as whoever writes a callable for it asks it.
    pub(crate) fn stand_in(scene: &Scene) -> Self {
        let mut request =
            post(&format!("{}/v1/images/generate", scene.stand_in), &format!("Bearer {NEXA_KEY}"));
        request.headers_mut().remove("cookie");
        Self { request, job: false, asked: 0 }
    }

    pub(crate) fn first(&self) -> Request<String> {
        self.request.clone()
    }

    pub(crate) fn heard(&mut self, heard: Heard) -> Next {
        let body = match heard.body {
            Body::Whole(body) => body,
            Body::TooLarge => return Next::Done(Said::TooLarge),
            Body::BrokenOff => return Next::Done(Said::BrokenOff),
        };
        if !(200..300).contains(&heard.status) {
            return Next::Done(Said::Refused(heard.status, heard.headers, body));
        }
        let Ok(json) = serde_json::from_slice::<Value>(&body) else { return Next::Done(Said::NoJson) };
        if !self.job {
            let url = json["images"][0]["url"].as_str().or(json["url"].as_str());
            return Next::Done(url.map_or(Said::NoImage, |url| Said::Image(url.to_owned())));
        }
        if json["error"].is_string() {
            return Next::Done(Said::JobFailed);
        }
        if self.asked == QUESTIONS {
            return Next::Done(Said::JobGoesOn);
        }
        self.asked += 1;
        let url = json["status_url"].as_str().unwrap();
        let question = Request::builder().method(Method::GET).uri(url).header("authorization", FAL_KEY);
        Next::Ask(question.body(String::new()).unwrap())
    }
}

fn post(url: &str, key: &str) -> Request<String> {
    let request = Request::builder().method(Method::POST).uri(url).header("authorization", key);
    let request = request.header("cookie", COOKIE).header("content-type", "application/json");
    request.body(BODY.to_owned()).unwrap()
}

impl Said {
    /// What the caller of a drop-in has, and `served_by` is what the answer says of itself.
    pub(crate) fn got(self, served_by: Option<&str>) -> Got {
        match (self, served_by) {
            (Self::Image(_), Some("stale")) => Got::Stale,
            (Self::Image(_), Some("nexaapi")) => Got::StandIn,
            (Self::Image(_), _) => Got::Primary,
            (Self::NoImage | Self::NoJson, _) => Got::Junk,
            (Self::TooLarge, _) => Got::TooLarge,
            (Self::BrokenOff, _) => Got::BrokenOff,
            (Self::Refused(status, ..), _) => Got::Own(status),
            (Self::JobFailed, _) => Got::OwnJobFailed,
            (Self::JobGoesOn, _) => Got::OwnJobGoesOn,
        }
    }

    /// What a callable returns. One without an image is a value, and not valid.
    pub(crate) fn into_value(self) -> Result<String, Trouble> {
        Err(match self {
            Self::Image(url) => return Ok(url),
            Self::NoImage => return Ok(String::new()),
            Self::NoJson | Self::TooLarge => Fault::Malformed.into(),
            Self::BrokenOff => Fault::Cut.into(),
            Self::JobFailed => Fault::ErrorInSuccess.into(),
            Self::JobGoesOn => Fault::Timeout.into(),
            Self::Refused(status, headers, body) => {
                let body = String::from_utf8_lossy(&body);
                let fault = match status {
                    429 => Fault::Throttled,
                    500 => Fault::Broken,
                    503 => Fault::Overloaded,
                    502 | 504 => Fault::Gateway,
                    _ if body.contains("context_length_exceeded") => Fault::ContextTooLong,
                    _ if body.contains("content_policy_violation") => Fault::ContentPolicy,
                    _ => Fault::Unsupported,
                };
                Trouble { fault, retry_after: hint(&headers) }
            }
        })
    }
}

fn hint(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?;
    let date = || httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok();
    text.parse().ok().map(Duration::from_secs).or_else(date)
}
