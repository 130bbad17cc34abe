//! One request, as those who listen see it.

use failover_core::{Event as Transition, Fault, Launch, Moment, Report};
use http::StatusCode;

use super::event::{Event, Outcome, Party, Story};
use super::span::CallSpan;
use crate::errand::{Cast, Errand};
use crate::exchange::Exchange;
use crate::flight::Flight;
use crate::history::Names;
use crate::provenance::Provenance;
use crate::provider::ProviderName;

impl Exchange<'_, '_> {
    /// The span of this call: what goes out for it, goes out within it.
    #[must_use]
    pub fn span(&mut self) -> CallSpan {
        let (provider, model) = self.errand.primary();
        let asked = self.party(&provider, model);
        self.watch.span(asked)
    }

    /// An attempt starts now, and is told of.
    #[must_use]
    pub fn launched(&mut self, launch: Launch, now: Moment) -> Flight {
        if self.watch.is_heard() {
            let _ = self.span();
            let (asked, model) = self.errand.primary();
            let cast = Cast { config: self.config, errand: &self.errand };
            let (provider, by, _) = cast.named(launch.candidate);
            let (asked, by) = (self.party(&asked, model), self.party(&provider, by));
            self.watch.started(asked, by, launch.attempt.number() + 1, launch.last_resort);
            // A question for a job is no call, also if it is dropped.
            if matches!(self.errand, Errand::Follow(_)) {
                self.watch.over_in_silence();
            }
        }
        Flight::new(launch, now)
    }

    /// What the call has come to by its latest poll or settle, besides the action: the change of a breaker
    /// ([`Call::next_event`](failover_core::Call::next_event)) and whom it passed over. To be told after each of them, by
    /// whoever wants to hear of it.
    pub fn told(&mut self, event: Option<Transition>, report: Report<'_>, now: Moment) {
        if !self.watch.is_heard() {
            return;
        }
        let _ = self.span();
        let (asked, model) = self.errand.primary();
        let cast = Cast { config: self.config, errand: &self.errand };
        for entry in report.entries().filter(|entry| entry.skipped.is_some()) {
            let (provider, by, _) = cast.named(entry.candidate);
            let (asked, who) = (self.party(&asked, model), self.party(&provider, by));
            self.watch.skipped(&entry, asked, who, now);
        }
        if let Some(Transition { provider, transition, .. }) = event {
            self.watch.breaker(self.config.domain_name(provider), transition, now);
        }
    }

    /// An attempt ended.
    pub(crate) fn tell_ended(
        &mut self,
        flight: &Flight,
        status: Option<StatusCode>,
        fault: Option<Fault>,
        maybe_billed: bool,
        now: Moment,
    ) {
        if !self.watch.is_heard() {
            return;
        }
        let cast = Cast { config: self.config, errand: &self.errand };
        let (provider, model, _) = cast.named(flight.launch.candidate);
        let event = Event::Ended {
            call: self.watch.call(),
            by: self.party(&provider, model),
            attempt: flight.launch.attempt.number() + 1,
            status: status.map(|status| status.as_u16()),
            outcome: Outcome::of(fault),
            took: now.since(flight.began),
            maybe_billed,
        };
        self.watch.tell(&event);
    }

    /// The call is over. Questions for a job end in silence, as there are many.
    pub(crate) fn tell_over(&mut self, provenance: Option<&Provenance>, now: Moment) {
        if !self.watch.is_heard() || matches!(self.errand, Errand::Follow(_)) {
            return self.watch.over_in_silence();
        }
        let _ = self.span();
        let call = self.watch.call();
        let (provider, model) = self.errand.primary();
        let asked = self.party(&provider, model);
        let Some(provenance) = provenance else {
            if self.history.untouched {
                let took = now.since(self.history.started);
                self.watch.over(&Event::HandedOn { call, by: asked, took }, asked.provider);
            }
            return self.watch.over_in_silence();
        };
        let story = Story::Provenance(provenance);
        match (&provenance.served, provenance.cached) {
            (_, Some(cached)) => {
                self.watch.over(&Event::Recalled { call, asked, cached, story }, "cache");
            }
            (Some(served), None) => {
                let by = self.party(&served.provider, &served.model);
                self.watch.over(&Event::FailedOver { call, asked, by, story }, by.provider);
            }
            (None, None) => self.watch.over(&Event::Unserved { call, asked, story }, "nobody"),
        }
    }

    fn party<'a>(&self, provider: &'a ProviderName, model: &'a str) -> Party<'a> {
        let unlisted = self.errand.is_unlisted(self.config) && self.errand.primary() == (*provider, model);
        Party { unlisted, ..Party::new(provider.as_str(), Some(model)) }
    }
}
