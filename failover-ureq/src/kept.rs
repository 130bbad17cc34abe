//! A refused answer, kept while a stand-in is asked: it is handed back if nobody else can answer.
//!
//! Its body is read at once, in a thread of its own. The caller's timeout is running on it, and would have passed by the
//! time the stand-in has failed; and a body that has been read gives its connection back. What does not arrive by itself
//! keeps nobody waiting but the one who reads it.

use std::io::{self, Cursor, Read as _};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use failover_core::Fault;
use failover_mapping::{Body as Read, READ_AHEAD, READ_TIME};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode, response};
use ureq::{Body, BodyBuilder, BodyReader};

use crate::error::fault_of_body;

/// A refused answer whose body is on its way.
pub(crate) struct Kept {
    parts: response::Parts,
    body: Coming,
    /// All of it is wanted, unless it is longer than this.
    most: Option<usize>,
}

#[allow(
    clippy::large_enum_variant,
    reason = "there is one for each request; how large depends on features of ureq"
)]
enum Coming {
    Awaited(mpsc::Receiver<Arrived>),
    Here(Arrived),
}

/// The beginning of a body, and how it goes on.
struct Arrived {
    head: Cursor<Vec<u8>>,
    /// There is nothing more.
    whole: bool,
    rest: Result<BodyReader<'static>, Option<io::Error>>,
}

impl Kept {
    /// A refusal, of which the beginning is read.
    pub(crate) fn new(response: Response<Body>) -> Self {
        Self::reading(response, None)
    }

    /// A success that is to be checked: all of it is read, unless it is longer than `most` bytes.
    pub(crate) fn whole(response: Response<Body>, most: usize) -> Self {
        Self::reading(response, Some(most))
    }

    fn reading(response: Response<Body>, most: Option<usize>) -> Self {
        // One byte more tells whether there is more.
        let ahead = most.map_or(READ_AHEAD, |most| most.saturating_add(1));
        let (parts, body) = response.into_parts();
        let shared = Arc::new(Mutex::new(Some(body)));
        let (tell, coming) = mpsc::channel();
        let taken = Arc::clone(&shared);
        let reading = thread::Builder::new().name("failover-refused".to_owned()).spawn(move || {
            let body = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(body) = body {
                // Nobody listens if another provider has answered: then it was read for its connection only.
                let _ = tell.send(arrive(body, ahead));
            }
        });
        let body = match reading {
            Ok(_) => Coming::Awaited(coming),
            // No thread could be started: whoever wants the body reads it as it came.
            Err(_) => {
                let body = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
                let rest = body.map(Body::into_reader).ok_or(None);
                Coming::Here(Arrived { head: Cursor::default(), whole: false, rest })
            }
        };
        Self { parts, body, most }
    }

    /// The answer as far as it is here: with the beginning of its body, or all of it. It is waited for as long as the attempt
    /// may take yet, and for the words of a refusal [`READ_TIME`] at most.
    pub(crate) fn peek(&mut self, left: Option<Duration>) -> (StatusCode, &HeaderMap, Read<'_>) {
        let patience = match self.most {
            Some(_) => left,
            None => Some(left.map_or(READ_TIME, |left| left.min(READ_TIME))),
        };
        if let Coming::Awaited(coming) = &self.body {
            let arrived = match patience {
                Some(patience) => coming.recv_timeout(patience).ok(),
                None => coming.recv().ok(),
            };
            if let Some(arrived) = arrived {
                self.body = Coming::Here(arrived);
            }
        }
        let read = match (&self.body, self.most) {
            (Coming::Here(arrived), Some(most)) => arrived.read(most),
            (Coming::Here(arrived), None) => Read::Beginning(arrived.head.get_ref()),
            (Coming::Awaited(_), Some(_)) => Read::Broken(Fault::Timeout),
            (Coming::Awaited(_), None) => Read::Unread,
        };
        (self.parts.status, &self.parts.headers, read)
    }

    /// ureq's private marks, without which a made answer panics when it is asked for its URL.
    pub(crate) fn into_marks(self) -> http::Extensions {
        self.parts.extensions
    }

    /// The answer as it came.
    pub(crate) fn into_response(self) -> Response<Body> {
        let Self { parts, body, .. } = self;
        let built = described(&parts.headers);
        let body = match body {
            // Only so can ureq be told how long it is.
            Coming::Here(arrived) if arrived.whole && parts.headers.contains_key(CONTENT_LENGTH) => {
                built.data(arrived.head.into_inner())
            }
            body => built.reader(Resumed(Mutex::new(body))),
        };
        Response::from_parts(parts, body)
    }
}

impl Arrived {
    fn read(&self, most: usize) -> Read<'_> {
        let head = self.head.get_ref();
        match &self.rest {
            Err(Some(error)) => Read::Broken(fault_of_body(error)),
            _ if self.whole && head.len() <= most => Read::Whole(head),
            _ => Read::Beginning(head),
        }
    }
}

fn arrive(body: Body, most: usize) -> Arrived {
    let (mut reader, mut head) = (body.into_reader(), Vec::new());
    let read = reader.by_ref().take(most as u64).read_to_end(&mut head);
    let whole = read.as_ref().is_ok_and(|read| *read < most);
    Arrived { head: Cursor::new(head), whole, rest: read.map(|_| reader).map_err(Some) }
}

/// Whether ureq translates texts into UTF-8 while they are read, and so has translated what was kept. That is a feature of ureq's
/// which nobody can ask for.
static DECODES: LazyLock<bool> = LazyLock::new(|| {
    let letter = Body::builder().mime_type("text/plain").charset("iso-8859-1").data([0xe9]);
    let mut read = Vec::new();
    letter.into_reader().read_to_end(&mut read).is_ok() && read.len() == 2
});

/// What ureq reads from the headers when it makes a body by itself.
fn described(headers: &HeaderMap) -> BodyBuilder {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts = text.unwrap_or_default().split(';').map(str::trim);
    let mut body = Body::builder();
    let kind = parts.next().unwrap_or_default();
    if !kind.is_empty() {
        body = body.mime_type(kind);
    }
    match parts.find_map(|part| part.strip_prefix("charset=")) {
        Some(_) if *DECODES => body.charset("utf-8"),
        Some(charset) => body.charset(charset.trim_matches('"')),
        None => body,
    }
}

/// Reads what arrived, and goes on where that ends.
struct Resumed(Mutex<Coming>);

impl io::Read for Resumed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let coming = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Coming::Awaited(awaited) = coming {
            let arrived = awaited.recv().map_err(|_| io::Error::other("the answer was not kept"))?;
            *coming = Coming::Here(arrived);
        }
        let Coming::Here(Arrived { head, rest, .. }) = coming else { return Ok(0) };
        match head.read(buffer)? {
            0 => match rest {
                Ok(reader) => reader.read(buffer),
                Err(error) => error.take().map_or(Ok(0), Err),
            },
            read => Ok(read),
        }
    }
}
