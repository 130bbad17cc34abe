//! A refused answer, kept while a stand-in is asked: it is handed back if nobody else can answer.
//!
//! Its body is read at once, in a thread of its own. The caller's timeout is running on it, and would have passed by the
//! time the stand-in has failed; and a body that has been read gives its connection back. What does not arrive by itself
//! keeps nobody waiting but the one who reads it.

use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Response, response};
use ureq::{Body, BodyReader};

/// So much of a refused answer is read ahead. Undrained, it would cost its connection.
const READ_AHEAD: u64 = 64 * 1024;

/// A refused answer whose body is on its way.
pub(crate) struct Kept {
    parts: response::Parts,
    body: Coming,
}

enum Coming {
    Read(mpsc::Receiver<Arrived>),
    /// No thread could be started: it is as it came.
    Unread(Option<Body>),
}

/// The beginning of a body, and how it goes on.
struct Arrived {
    head: Cursor<Vec<u8>>,
    rest: Result<BodyReader<'static>, Option<io::Error>>,
}

impl Kept {
    pub(crate) fn new(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let shared = Arc::new(Mutex::new(Some(body)));
        let (tell, coming) = mpsc::channel();
        let taken = Arc::clone(&shared);
        let reading = thread::Builder::new().name("failover-refused".to_owned()).spawn(move || {
            let body = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(body) = body {
                // Nobody listens if another provider has answered: then it was read for its connection only.
                let _ = tell.send(arrive(body));
            }
        });
        let body = match reading {
            Ok(_) => Coming::Read(coming),
            Err(_) => Coming::Unread(shared.lock().unwrap_or_else(PoisonError::into_inner).take()),
        };
        Self { parts, body }
    }

    /// ureq's private marks, without which a made answer panics when it is asked for its URL.
    pub(crate) fn into_marks(self) -> http::Extensions {
        self.parts.extensions
    }

    /// The answer as it came.
    pub(crate) fn into_response(self) -> Response<Body> {
        let body = match self.body {
            Coming::Read(coming) => {
                resumed(&self.parts.headers, Resumed(Mutex::new(Reading::Coming(coming))))
            }
            Coming::Unread(body) => body.unwrap_or_else(|| Body::builder().data(Vec::new())),
        };
        Response::from_parts(self.parts, body)
    }
}

fn arrive(body: Body) -> Arrived {
    let (mut reader, mut head) = (body.into_reader(), Vec::new());
    let read = reader.by_ref().take(READ_AHEAD).read_to_end(&mut head);
    Arrived { head: Cursor::new(head), rest: read.map(|_| reader).map_err(Some) }
}

/// What ureq reads from the headers when it makes a body by itself.
fn resumed(headers: &HeaderMap, reader: Resumed) -> Body {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let mut parts = text(CONTENT_TYPE).unwrap_or_default().split(';').map(str::trim);
    let mut body = Body::builder();
    if let Some(kind) = parts.next().filter(|kind| !kind.is_empty()) {
        body = body.mime_type(kind);
    }
    if let Some(charset) = parts.find_map(|part| part.strip_prefix("charset=")) {
        body = body.charset(charset.trim_matches('"'));
    }
    // The length of what was sent is that of what is read only where nothing was unpacked.
    if let Some(length) = text(CONTENT_LENGTH).filter(|_| !headers.contains_key(CONTENT_ENCODING))
        && let Ok(length) = length.parse()
    {
        body = body.limit(length);
    }
    body.reader(reader)
}

/// Reads what arrived, and goes on where that ends.
struct Resumed(Mutex<Reading>);

enum Reading {
    Coming(mpsc::Receiver<Arrived>),
    Here(Arrived),
}

impl Read for Resumed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reading = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Reading::Coming(coming) = reading {
            let arrived = coming.recv().map_err(|_| io::Error::other("the answer was not kept"))?;
            *reading = Reading::Here(arrived);
        }
        let Reading::Here(Arrived { head, rest }) = reading else { return Ok(0) };
        match head.read(buffer)? {
            0 => match rest {
                Ok(reader) => reader.read(buffer),
                Err(error) => error.take().map_or(Ok(0), Err),
            },
            read => Ok(read),
        }
    }
}
