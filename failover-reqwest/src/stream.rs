//! A chat whose answer is wanted as a stream of events: what the driver of it wishes is done here, first by the future that
//! answers the request, then by the body of the response.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use failover_core::{Fault, Moment};
use failover_mapping::calls::futures::Runtime;
use failover_mapping::chat::streams::{
    self, Begun, OwnSaid, Question, Stream, StreamBroken, Wire, Wish, is_events,
};
use failover_mapping::{Conclusion, Engine, PerRequest};
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

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What has to be done next.
enum Next {
    Wish(Wish),
    /// The driver is gone: nothing more will be wished.
    Nothing,
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
    let question = Question {
        method: request.method().clone(),
        uri,
        headers: request.headers().clone(),
        body,
        wishes,
    };
    let url = request.url().clone();
    let (driver, stream) = streams::start(Wired(failover.clone()), question);
    let mut driver: Driver = Box::pin(driver);
    let mut request = Some(request);
    let (mut first, mut head) = (First::<O::Error>::Unasked, None);
    loop {
        match next(&mut driver, &stream).await {
            Next::Wish(Wish::SendOwn(added, span)) => {
                let Some(mut sent) = request.take() else {
                    stream.own_is_gone();
                    stream.own_said(OwnSaid::Failed(Fault::Unsupported));
                    continue;
                };
                request = sent.try_clone();
                for (name, value) in added.iter().flatten() {
                    sent.headers_mut().entry(name).or_insert_with(|| value.clone());
                }
                let said = span.around(meanwhile(own.send_marked(sent), &mut driver, &stream)).await;
                let Some(said) = said else { continue };
                (first, head) = match said {
                    Err(error) => {
                        stream.own_said(OwnSaid::Failed(O::fault(&error)));
                        (First::Own(Err(error)), None)
                    }
                    Ok(response) => heard::<O>(response, &stream).await,
                };
            }
            Next::Wish(Wish::Begin(begun)) => {
                let body = Body::wrap(Events { stream, driver: Mutex::new(driver) });
                return Ok(begin(begun, head, body, url));
            }
            Next::Wish(Wish::Conclude(conclusion)) => return hand_on::<O>(conclusion, first, url).await,
            Next::Nothing => return hand_on::<O>(Conclusion::Own(None), first, url).await,
        }
    }
}

/// Drives until something is wished.
async fn next(driver: &mut Driver, stream: &Stream<Body>) -> Next {
    std::future::poll_fn(|context| {
        let over = driver.as_mut().poll(context).is_ready();
        match stream.wish() {
            Some(wish) => Poll::Ready(Next::Wish(wish)),
            None if over => Poll::Ready(Next::Nothing),
            None => Poll::Pending,
        }
    })
    .await
}

/// What the caller's own request comes to, unless it is given up.
async fn meanwhile<T>(own: impl Future<Output = T>, driver: &mut Driver, stream: &Stream<Body>) -> Option<T> {
    let mut own = std::pin::pin!(own);
    std::future::poll_fn(|context| {
        if let Poll::Ready(said) = own.as_mut().poll(context) {
            return Poll::Ready(Some(said));
        }
        // Its limits are the driver's.
        let over = driver.as_mut().poll(context).is_ready();
        if over || stream.is_own_unwanted() { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

type Begins = Option<http::response::Parts>;

/// The asked provider has answered: tells the driver, and keeps what the caller may get.
async fn heard<O: Own>(response: Response, stream: &Stream<Body>) -> (First<O::Error>, Begins) {
    let (status, headers) = (response.status(), response.headers().clone());
    if is_events(status, &headers) {
        let (parts, body) = http::Response::<Body>::from(response).into_parts();
        stream.own_said(OwnSaid::Events(status, headers, body));
        return (First::Unasked, Some(parts));
    }
    if status.is_success() {
        stream.own_said(OwnSaid::Other(status, headers, Vec::new()));
        return (First::Own(Ok(response)), None);
    }
    let (seen, response) = kept::peek(response, None).await;
    stream.own_said(OwnSaid::Other(status, headers, seen.bytes().to_vec()));
    (First::Read(response), None)
}

/// The response whose body is the stream.
fn begin(begun: Begun, head: Begins, body: Body, url: Url) -> Response {
    let response = match (begun, head) {
        (Begun::Own, Some(mut parts)) => {
            parts.headers.remove(CONTENT_LENGTH);
            http::Response::from_parts(parts, body)
        }
        (Begun::Own, None) => http::Response::new(body),
        (Begun::StandIn(headers), _) => {
            let mut response = http::Response::new(body);
            *response.headers_mut() = headers;
            response
        }
    };
    with_url(response, url)
}

/// The body of the response: whoever reads it drives the rest of the call.
struct Events {
    stream: Stream<Body>,
    // Nobody else locks it: a body of reqwest's has to be shareable.
    driver: Mutex<Driver>,
}

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = StreamBroken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamBroken>>> {
        let this = self.get_mut();
        // What the driver has done already goes before what it would do next.
        let mut piece = this.stream.piece();
        while piece.is_pending() {
            let driver = this.driver.get_mut().unwrap_or_else(PoisonError::into_inner);
            let over = driver.as_mut().poll(context).is_ready();
            if matches!(this.stream.wish(), Some(Wish::SendOwn(..))) {
                // The caller's own client is out of reach by now.
                this.stream.own_is_gone();
                this.stream.own_said(OwnSaid::Failed(Fault::Unsupported));
                continue;
            }
            piece = this.stream.piece();
            if piece.is_pending() {
                if over {
                    return Poll::Ready(None);
                }
                return Poll::Pending;
            }
        }
        piece.map(|piece| piece.map(|piece| piece.map(|piece| Frame::data(Bytes::from(piece)))))
    }
}
