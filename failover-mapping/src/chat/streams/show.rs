//! What the caller is shown, and when.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use failover_core::Moment;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use super::mail::{Begun, Outlet, Wish};
use super::relay::Relay;
use crate::chat::events::EventWriter;
use crate::provenance::Provenance;
use crate::shape;

/// After so long without anything to show, a stream sends a comment, so that nobody on the way gives it up: clients and proxies
/// wait for 30 s or more.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// When an answer has said why it stops, its usage and a farewell may come still, for so long.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the caller is shown.
pub(super) struct Show<'o, B> {
    pub(super) outlet: &'o Outlet<B>,
    pub(super) relay: Relay,
    /// What has to go out.
    pub(super) out: Vec<u8>,
    begun: bool,
    /// A part of the answer waits for the caller.
    untaken: bool,
    /// When there has to be a sign of life.
    alive: Option<Moment>,
    /// When the farewell is over of an answer that has stopped.
    farewell: Option<Moment>,
}

impl<'o, B> Show<'o, B> {
    pub(super) const fn new(outlet: &'o Outlet<B>, relay: Relay) -> Self {
        Self { outlet, relay, out: Vec::new(), begun: false, untaken: false, alive: None, farewell: None }
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// A token came.
    pub(super) fn heard(&mut self, now: Moment) {
        self.alive.get_or_insert(now.plus(KEEP_ALIVE));
    }

    /// The answer has said why it stops. Half of what is `left` to its attempt is the longest that a farewell is waited for: it is
    /// complete without.
    pub(super) fn stopped(&mut self, left: Option<Duration>, now: Moment) {
        let longest = left.map_or(FAREWELL, |left| FAREWELL.min(left / 2));
        self.farewell.get_or_insert(now.plus(longest));
    }

    /// Whether nothing more is waited for.
    pub(super) fn is_farewell_over(&self, now: Moment) -> bool {
        self.farewell.is_some_and(|farewell| farewell <= now)
    }

    /// The attempt is over, and another may begin.
    pub(super) const fn landed(&mut self) {
        self.farewell = None;
    }

    /// When something is due. Of a response that has not begun and cannot now, a sign of life is not.
    pub(super) fn wakes(&self, can_begin: bool) -> Option<Moment> {
        let alive = self.alive.filter(|_| self.begun || can_begin);
        [alive, self.farewell].into_iter().flatten().min()
    }

    /// Whether the response has to be handed on now.
    pub(super) fn begins(&self, now: Moment) -> bool {
        !self.begun && (!self.out.is_empty() || self.alive.is_some_and(|alive| alive <= now))
    }

    /// Hands it on: with a stand-in's head, or with the asked provider's own. `history` is none where that provider was the first
    /// and only one to be asked.
    pub(super) fn begin(&mut self, stands_in: bool, history: Option<Provenance>) {
        self.begun = true;
        let begun = if stands_in { Begun::StandIn(head(history.as_ref())) } else { Begun::Own };
        self.outlet.tell(history);
        self.outlet.wish(Wish::Begin(begun));
    }

    /// Shows what there is, or a sign of life if one is due.
    pub(super) fn flush(&mut self, now: Moment) {
        if !self.begun {
            return;
        }
        if !self.out.is_empty() {
            self.outlet.push(std::mem::take(&mut self.out));
            self.untaken = true;
        } else if self.alive.is_none_or(|alive| alive > now) {
            return;
        } else if self.outlet.is_empty() {
            let mut comment = Vec::new();
            EventWriter::keep_alive(&mut comment);
            self.outlet.push(comment);
        }
        self.alive = Some(now.plus(KEEP_ALIVE));
    }

    /// Whether the caller has to take a part of the answer first. A sign of life is none.
    pub(super) const fn is_untaken(&self) -> bool {
        self.untaken
    }

    /// Waits until the caller has taken what was shown. Nobody need be woken: whoever takes it polls on.
    pub(super) async fn taken(&mut self) {
        poll_fn(|_| if self.outlet.is_empty() { Poll::Ready(()) } else { Poll::Pending }).await;
        self.untaken = false;
    }
}

/// The head of a stand-in's stream.
fn head(history: Option<&Provenance>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(history) = history {
        history.mark(&mut headers);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(shape::EVENTS));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers
}
