//! One call as those who listen see it: its number, its span, and how far it has been told.

use failover_core::{Entry, Moment, Transition};

use super::event::{Change, Event, Party};
use super::listeners::Listeners;
use super::span::CallSpan;

/// What is told of one call.
///
/// It is told to be over ([`Watch::over`]) or was dropped on the way, which it tells itself.
#[derive(Debug)]
pub(crate) struct Watch<'c> {
    listeners: &'c Listeners,
    call: u64,
    span: Option<CallSpan>,
    /// The candidates that were told to be passed over.
    skipped: Vec<usize>,
    /// Who was asked, as long as the call is under way.
    under_way: Option<Box<Asked>>,
}

#[derive(Debug)]
struct Asked {
    provider: String,
    model: Option<String>,
    unlisted: bool,
}

impl<'c> Watch<'c> {
    pub(crate) const fn new(listeners: &'c Listeners) -> Self {
        Self { listeners, call: 0, span: None, skipped: Vec::new(), under_way: None }
    }

    /// Whether anybody listens.
    #[inline]
    pub(crate) fn is_heard(&self) -> bool {
        self.listeners.is_heard()
    }

    /// The span of the call; a new one the first time.
    pub(crate) fn span(&mut self, asked: Party<'_>) -> CallSpan {
        self.span.get_or_insert_with(|| CallSpan::of(asked)).clone()
    }

    /// The number of the call; a new one the first time.
    pub(crate) fn call(&mut self) -> u64 {
        if self.call == 0 {
            self.call = self.listeners.number();
        }
        self.call
    }

    /// Tells of something, within the span.
    pub(crate) fn tell(&self, event: &Event<'_>) {
        match &self.span {
            Some(span) => span.within(|| self.listeners.tell(event)),
            None => self.listeners.tell(event),
        }
    }

    /// An attempt starts, and with the first one the call.
    pub(crate) fn started(&mut self, asked: Party<'_>, by: Party<'_>, attempt: u32, last_resort: bool) {
        if !self.is_heard() {
            return;
        }
        self.begin(asked);
        let call = self.call();
        self.tell(&Event::Started { call, by, attempt, last_resort });
    }

    fn begin(&mut self, asked: Party<'_>) {
        let Party { provider, model, unlisted } = asked;
        self.under_way.get_or_insert_with(|| {
            Box::new(Asked { provider: provider.to_owned(), model: model.map(str::to_owned), unlisted })
        });
    }

    /// A candidate is passed over, which is told once.
    pub(crate) fn skipped(&mut self, entry: &Entry, asked: Party<'_>, who: Party<'_>, now: Moment) {
        let Some(skipped) = entry.skipped.filter(|_| !self.skipped.contains(&entry.candidate)) else {
            return;
        };
        self.skipped.push(entry.candidate);
        self.begin(asked);
        let call = self.call();
        let pause = skipped.until.map(|until| until.since(now));
        self.tell(&Event::Skipped { call, who, why: skipped.why, pause });
    }

    /// A breaker changed its state.
    pub(crate) fn breaker(&self, domain: &str, transition: Transition, now: Moment) {
        let change = match transition {
            Transition::Opened(until) => Change::Opened(until.since(now)),
            Transition::HalfOpened => Change::HalfOpened,
            Transition::Closed => Change::Closed,
            _ => return,
        };
        self.tell(&Event::Breaker { domain, change });
    }

    /// The call is over, which is told last.
    pub(crate) fn over(&mut self, event: &Event<'_>, served_by: &str) {
        if let Some(span) = &self.span {
            span.served_by(served_by);
        }
        self.tell(event);
        self.under_way = None;
    }

    /// The call is over, and nobody is told.
    pub(crate) fn over_in_silence(&mut self) {
        self.under_way = None;
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(asked) = self.under_way.take() {
            let asked =
                Party { unlisted: asked.unlisted, ..Party::new(&asked.provider, asked.model.as_deref()) };
            let call = self.call();
            self.over(&Event::Dropped { call, asked }, "dropped");
        }
    }
}
