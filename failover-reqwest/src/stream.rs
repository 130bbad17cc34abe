//! A chat whose answer is wanted as a stream of events: what the driver of it wishes is done here, first by the future that
//! answers the request, then by the body of the response.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use failover_core::{Fault, Moment};
use failover_mapping::calls::futures::Runtime;
use failover_mapping::chat::streams::{
    Begun, OwnSaid, Question, Running, StreamBroken, Wire, Wish, begins_as_events, is_encoded, is_events,
};
use failover_mapping::{Body as Read, Conclusion, Engine, PerRequest};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode, Uri};
use http_body::Frame;
use reqwest::{Body, Request, Response, Url};

use crate::Failover;
use crate::clock::seed;
use crate::error::{fault_of_body, fault_of_client};
use crate::kept::{self, with_url};
use crate::own::Own;
use crate::run::{First, hand_on};

/// The client for stand-ins, and the time.
struct Wired(Failover);

impl Runtime for Wired {
    type Sleep = tokio::time::Sleep;

    fn now(&self) -> Moment {
        self.0.shared.clock.now()
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        self.0.shared.clock.sleep(time)
    }

    fn seed(&self) -> u64 {
        seed()
    }
}

impl Wire for Wired {
    type Body = Body;
    type Piece = Bytes;

    fn engine(&self) -> &Engine {
        &self.0.shared.engine
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn ask(&self, request: http::Request<Vec<u8>>) -> Result<(StatusCode, HeaderMap, Body), Fault> {
        let request = Request::try_from(request).map_err(|error| fault_of_client(&error))?;
        let response = self.0.stand_in.execute(request).await.map_err(|error| fault_of_client(&error))?;
        let (parts, body) = http::Response::<Body>::from(response).into_parts();
        Ok((parts.status, parts.headers, body))
    }

    fn poll_piece(body: &mut Body, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Fault>>> {
        loop {
            let frame = std::task::ready!(http_body::Body::poll_frame(Pin::new(&mut *body), context));
            let piece = match frame {
                None => None,
                Some(Err(error)) => Some(Err(fault_of_body(&error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Some(Ok(data)),
                    Err(_) => continue, // trailers
                },
            };
            return Poll::Ready(piece);
        }
    }
}

/// Answers a request for a stream, by whoever can.
pub(crate) async fn run<O: Own>(
    failover: &Failover,
    request: Request,
    wishes: Option<PerRequest>,
    body: Vec<u8>,
    mut own: O,
) -> Result<Response, O::Error> {
    let Ok(uri) = request.url().as_str().parse::<Uri>() else { return own.send(request).await };
    let question =
        Question { method: request.method().clone(), uri, headers: request.headers().clone(), body, wishes };
    let url = request.url().clone();
    let mut running = Running::new(Wired(failover.clone()), question);
    let mut request = Some(request);
    let (mut first, mut head) = (First::<O::Error>::Unasked, None);
    loop {
        match running.wish().await {
            Some(Wish::SendOwn(added, span)) => {
                let Some(mut sent) = request.take() else {
                    running.own_is_gone();
                    continue;
                };
                request = sent.try_clone();
                for (name, value) in added.iter().flatten() {
                    sent.headers_mut().entry(name).or_insert_with(|| value.clone());
                }
                let said = span.around(running.meanwhile(own.send_marked(sent))).await;
                let Some(said) = said else { continue };
                (first, head) = match said {
                    Err(error) => {
                        running.own_said(OwnSaid::Failed(O::fault(&error)));
                        (First::Own(Err(error)), None)
                    }
                    Ok(response) => {
                        let most = failover.shared.engine.config().answer_limit();
                        let Some(heard) = heard::<O>(response, &mut running, most).await else { continue };
                        heard
                    }
                };
            }
            Some(Wish::Begin(begun)) => return Ok(begin(begun, head, running, url)),
            Some(Wish::Conclude(conclusion)) => return hand_on::<O>(conclusion, first, url).await,
            None => return hand_on::<O>(Conclusion::Own(None), first, url).await,
        }
    }
}

type Begins = Option<http::response::Parts>;

/// The asked provider has answered: tells the driver, and keeps what the caller may get. Nothing, if nobody waits for its body any more.
async fn heard<O: Own>(
    response: Response,
    running: &mut Running<Body>,
    most: usize,
) -> Option<(First<O::Error>, Begins)> {
    let (status, headers) = (response.status(), response.headers().clone());
    if is_events(status, &headers) {
        return Some(streamed::<O>(response, running));
    }
    if !status.is_success() {
        let (seen, response) = kept::peek(response, None).await;
        running.own_said(OwnSaid::Other(status, headers, seen.bytes().to_vec()));
        return Some((First::Read(response), None));
    }
    if is_encoded(&headers) {
        running.own_said(OwnSaid::Other(status, headers, Vec::new()));
        return Some((First::Own(Ok(response)), None));
    }
    let (seen, response) = running.meanwhile(kept::read(response, None, 0)).await?;
    if begins_as_events(seen.bytes()) {
        return Some(streamed::<O>(response, running));
    }
    let (seen, response) = running.meanwhile(kept::read(response, None, most)).await?;
    running.own_said(match seen.body() {
        Read::Whole(body) => OwnSaid::NoStream(status, Ok(body.to_vec())),
        Read::Broken(fault) => OwnSaid::NoStream(status, Err(fault)),
        // What is too long to be judged is handed on.
        Read::Beginning(_) | Read::Unread => OwnSaid::Other(status, headers, Vec::new()),
    });
    Some((First::Own(Ok(response)), None))
}

fn streamed<O: Own>(response: Response, running: &Running<Body>) -> (First<O::Error>, Begins) {
    let (parts, body) = http::Response::<Body>::from(response).into_parts();
    running.own_said(OwnSaid::Events(parts.status, parts.headers.clone(), body));
    (First::Unasked, Some(parts))
}

/// The response whose body is the stream.
fn begin(begun: Begun, head: Begins, running: Running<Body>, url: Url) -> Response {
    let history = running.history();
    let mut response = http::Response::new(Body::wrap(Events(running)));
    match (begun, head) {
        (Begun::Own, Some(mut parts)) => {
            parts.headers.remove(CONTENT_LENGTH);
            response = http::Response::from_parts(parts, response.into_body());
        }
        (Begun::Own, None) => {}
        (Begun::StandIn(headers), _) => *response.headers_mut() = headers,
    }
    if let Some(history) = history {
        history.mark(response.headers_mut());
        response.extensions_mut().insert(history);
    }
    with_url(response, url)
}

/// The body of the response: whoever reads it drives the rest of the call.
struct Events(Running<Body>);

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = StreamBroken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamBroken>>> {
        let piece = self.get_mut().0.poll_piece(context);
        piece.map(|piece| piece.map(|piece| piece.map(|piece| Frame::data(Bytes::from(piece)))))
    }
}
