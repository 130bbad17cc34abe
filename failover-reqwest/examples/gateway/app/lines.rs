//! A stream of events whose URLs lead back to the gateway, event by event, as they come.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::Frame;

use super::addresses::with_urls_of;

/// What is longer without an end of a line is handed on as it is.
const LONGEST: usize = 1 << 20;

/// The body of such an answer. It holds back what is not yet a whole line.
pub(super) struct Lines {
    body: Body,
    held: Vec<u8>,
    shown: String,
    bases: Vec<String>,
}

impl Lines {
    pub(super) const fn new(body: Body, shown: String, bases: Vec<String>) -> Self {
        Self { body, held: Vec::new(), shown, bases }
    }

    /// What is held back, up to `end`.
    fn changed(&mut self, end: usize) -> Bytes {
        let rest = self.held.split_off(end);
        let lines = std::mem::replace(&mut self.held, rest);
        let changed = lines.split_inclusive(|byte| *byte == b'\n').flat_map(|line| {
            let Some(data) = line.strip_prefix(b"data: ") else { return line.to_vec() };
            let data = with_urls_of(&self.shown, &self.bases, Bytes::copy_from_slice(data));
            [b"data: ", &*data].concat()
        });
        changed.collect::<Vec<_>>().into()
    }
}

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
            let end = match frame {
                None if self.held.is_empty() => return Poll::Ready(None),
                None => self.held.len(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    self.held.extend_from_slice(&data);
                    let line = self.held.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
                    match line {
                        Some(end) => end,
                        None if self.held.len() > LONGEST => self.held.len(),
                        None => continue,
                    }
                }
            };
            return Poll::Ready(Some(Ok(Frame::data(self.changed(end)))));
        }
    }
}
