//! A chat whose answer is wanted as a stream of events: what the driver of it wishes is done here, first by the future that
//! answers the request, then by the body of the response.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use failover_core::{Fault, Limits, Moment};
use failover_mapping::calls::futures::Runtime;
use failover_mapping::chat::streams::{
    Begun, OwnSaid, Question, Running, StreamBroken, Wire, Wish, begins_as_events, is_encoded, is_events,
};
use failover_mapping::{Body, Conclusion, Engine, PerRequest};
use futures_lite::AsyncRead;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Request, Response, StatusCode};
use isahc::{AsyncBody, Error, HttpClient};

use crate::clock::{Clock, seed};
use crate::error::{fault_of, fault_of_body};
use crate::kept::Kept;
use crate::run::{First, hand_on};
use crate::{Failover, attempt};

/// The client for stand-ins, and the time.
struct Wired(Failover);

impl Runtime for Wired {
    type Sleep = <Clock as Runtime>::Sleep;

    fn now(&self) -> Moment {
        self.0.clock.now()
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        self.0.clock.sleep(time)
    }

    fn seed(&self) -> u64 {
        seed()
    }
}

impl Wire for Wired {
    type Body = Pieces;
    type Piece = Vec<u8>;

    fn engine(&self) -> &Engine {
        &self.0.engine
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn ask(&self, request: Request<Vec<u8>>) -> Result<(StatusCode, HeaderMap, Pieces), Fault> {
        let limits = request.extensions().get().copied().unwrap_or(Limits::NONE);
        let (parts, body) = attempt::open(&self.0.stand_in, request, &limits).await?.into_parts();
        Ok((parts.status, parts.headers, Pieces::new(body)))
    }

    fn poll_piece(body: &mut Pieces, context: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, Fault>>> {
        let read = ready!(Pin::new(&mut body.body).poll_read(context, &mut body.room));
        Poll::Ready(match read {
            Ok(0) => None,
            Ok(count) => Some(Ok(body.room[..count].to_vec())),
            Err(error) => Some(Err(fault_of_body(&error))),
        })
    }
}

/// The body of an answer, and room for what is read of it at once.
struct Pieces {
    body: AsyncBody,
    room: Vec<u8>,
}

impl Pieces {
    fn new(body: AsyncBody) -> Self {
        Self { body, room: vec![0; 16 * 1024] }
    }
}

/// Answers a request for a stream, by whoever can. `body` is a copy of the request's.
pub(crate) async fn run(
    failover: &Failover,
    client: &HttpClient,
    request: Request<AsyncBody>,
    body: Vec<u8>,
) -> Result<Response<AsyncBody>, Error> {
    let wishes = request.extensions().get::<PerRequest>().or(failover.wishes.as_ref());
    let question = Question {
        method: request.method().clone(),
        uri: request.uri().clone(),
        headers: request.headers().clone(),
        body: body.clone(),
        wishes: wishes.cloned(),
    };
    let mut running = Running::new(Wired(failover.clone()), question);
    let mut unasked = Some(request);
    let mut first = First::Unasked;
    loop {
        match first.beside(running.wish()).await {
            Some(Wish::SendOwn(added, span)) => {
                let Some(sent) = unasked.take() else {
                    running.own_is_gone();
                    continue;
                };
                unasked = Some(attempt::again(&sent, &body));
                // Its limits are the driver's.
                let asking = attempt::own(client, sent, added.as_ref(), &Limits::NONE, &failover.clock);
                let said = span.around(running.meanwhile(asking)).await.flatten();
                let Some(said) = said else { continue };
                first = match said {
                    Err(error) => {
                        running.own_said(OwnSaid::Failed(fault_of(&error)));
                        First::Error(error)
                    }
                    Ok(response) => {
                        let most = failover.engine.config().answer_limit();
                        let heard = heard(response, &mut running, most, &failover.clock).await;
                        let Some(heard) = heard else { continue };
                        heard
                    }
                };
            }
            Some(Wish::Begin(begun)) => return Ok(begin(begun, first, running)),
            Some(Wish::Conclude(conclusion)) => return hand_on(conclusion, first),
            None => return hand_on(Conclusion::Own(None), first),
        }
    }
}

/// The asked provider has answered: tells the driver, and keeps what the caller may get. Nothing, if nobody waits for its body any more.
async fn heard(
    response: Response<AsyncBody>,
    running: &mut Running<Pieces>,
    most: usize,
    clock: &Clock,
) -> Option<First> {
    let (status, headers) = (response.status(), response.headers().clone());
    if is_events(status, &headers) {
        return Some(streamed(response, running));
    }
    if status.is_success() && is_encoded(&headers) {
        running.own_said(OwnSaid::Other(status, headers, Vec::new()));
        return Some(First::Untouched(response));
    }
    let mut kept = Kept::new(response);
    if !status.is_success() {
        let read = match kept.peek(None, clock).await {
            (.., Body::Beginning(read)) => read.to_vec(),
            _ => Vec::new(),
        };
        running.own_said(OwnSaid::Other(status, headers, read));
        return Some(First::Answer(kept));
    }
    let (.., begun) = running.meanwhile(kept.read(None, 0, clock)).await?;
    if matches!(begun, Body::Beginning(read) if begins_as_events(read)) {
        return Some(streamed(kept.into_response(), running));
    }
    let said = match running.meanwhile(kept.read(None, most, clock)).await? {
        (.., Body::Whole(body)) => OwnSaid::NoStream(status, Ok(body.to_vec())),
        (.., Body::Broken(fault)) => OwnSaid::NoStream(status, Err(fault)),
        // What is too long to be judged is handed on.
        (.., Body::Beginning(_) | Body::Unread) => OwnSaid::Other(status, headers, Vec::new()),
    };
    running.own_said(said);
    Some(First::Untouched(kept.into_response()))
}

fn streamed(response: Response<AsyncBody>, running: &Running<Pieces>) -> First {
    let (head, body) = response.into_parts();
    running.own_said(OwnSaid::Events(head.status, head.headers.clone(), Pieces::new(body)));
    First::Streamed(head)
}

/// The response whose body is the stream.
fn begin(begun: Begun, first: First, running: Running<Pieces>) -> Response<AsyncBody> {
    let history = running.history();
    let mut response = Response::new(AsyncBody::from_reader(Events { running, piece: Vec::new(), taken: 0 }));
    match (begun, first) {
        (Begun::Own, First::Streamed(mut head)) => {
            head.headers.remove(CONTENT_LENGTH);
            response = Response::from_parts(head, response.into_body());
        }
        (Begun::Own, _) => {}
        (Begun::StandIn(headers), first) => {
            *response.headers_mut() = headers;
            *response.extensions_mut() = first.into_marks().unwrap_or_default();
        }
    }
    if let Some(history) = history {
        history.mark(response.headers_mut());
        response.extensions_mut().insert(history);
    }
    response
}

/// The body of the response: whoever reads it drives the rest of the call, in any executor or in none.
struct Events {
    running: Running<Pieces>,
    piece: Vec<u8>,
    taken: usize,
}

impl AsyncRead for Events {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        while this.taken == this.piece.len() {
            match ready!(this.running.poll_piece(context)) {
                None => return Poll::Ready(Ok(0)),
                Some(Err(broken)) => return Poll::Ready(Err(broke_off(broken))),
                Some(Ok(piece)) => (this.piece, this.taken) = (piece, 0),
            }
        }
        let here = &this.piece[this.taken..];
        let count = here.len().min(buffer.len());
        buffer[..count].copy_from_slice(&here[..count]);
        this.taken += count;
        Poll::Ready(Ok(count))
    }
}

/// Of a kind that isahc itself has for such an end.
fn broke_off(broken: StreamBroken) -> io::Error {
    let kind = match broken.fault {
        Fault::Timeout | Fault::CallerDeadline => io::ErrorKind::TimedOut,
        _ => io::ErrorKind::UnexpectedEof,
    };
    io::Error::new(kind, broken)
}
