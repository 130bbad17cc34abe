//! A call of callables, as those who listen see it.

use failover_core::{Event as Transition, Launch, Moment, ProviderId};

use super::event::{Event, Outcome, Party, Story};
use super::listeners::Listeners;
use super::span::CallSpan;
use super::watch::Watch;
use crate::cache::Behind;
use crate::calls::{Attempt, End, Report, is_unguarded};

/// Tells of one call, whose providers have these `names`.
#[derive(Debug)]
pub(crate) struct Witness<'c> {
    watch: Watch<'c>,
    /// The candidate whose turn came first.
    asked: Option<(usize, ProviderId)>,
    /// What serves if they all fail.
    pub(crate) behind: Option<Behind>,
}

impl<'c> Witness<'c> {
    pub(crate) const fn new(listeners: &'c Listeners) -> Self {
        Self { watch: Watch::new(listeners), asked: None, behind: None }
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.watch.is_heard()
    }

    /// The span of the call, by the first name in the list.
    pub(crate) fn span(&mut self, names: &[String]) -> CallSpan {
        self.watch.span(Party::new(names.first().map_or("", String::as_str), None))
    }

    pub(crate) fn started(&mut self, names: &[String], launch: &Launch) {
        if !self.watch.is_heard() {
            return;
        }
        let asked = *self.asked.get_or_insert((launch.candidate, launch.provider));
        let _ = self.span(names);
        let (asked, by) = (party(names, asked), party(names, (launch.candidate, launch.provider)));
        self.watch.started(asked, by, launch.attempt.number() + 1, launch.last_resort);
    }

    pub(crate) fn ended(&mut self, names: &[String], launch: &Launch, attempt: &Attempt) {
        let outcome = match attempt.end {
            End::Served { .. } => Outcome::Answered,
            End::Invalid => Outcome::Invalid,
            End::Failed(fault) => Outcome::Failed(fault),
            End::CalledOff => Outcome::CalledOff,
        };
        let event = Event::Ended {
            call: self.watch.call(),
            by: party(names, (launch.candidate, launch.provider)),
            attempt: launch.attempt.number() + 1,
            status: None,
            outcome,
            took: attempt.took,
            maybe_billed: attempt.maybe_billed,
        };
        self.watch.tell(&event);
    }

    pub(crate) fn told(
        &mut self,
        names: &[String],
        event: Option<Transition>,
        report: failover_core::Report<'_>,
        now: Moment,
    ) {
        if !self.watch.is_heard() {
            return;
        }
        let _ = self.span(names);
        for entry in report.entries().filter(|entry| entry.skipped.is_some()) {
            let who = (entry.candidate, entry.provider);
            let asked = *self.asked.get_or_insert(who);
            self.watch.skipped(&entry, party(names, asked), party(names, who), now);
        }
        if let Some(Transition { provider, transition, .. }) = event
            && let Some(entry) = report.entries().find(|entry| entry.provider == provider)
        {
            self.watch.breaker(party(names, (entry.candidate, provider)).provider, transition, now);
        }
    }

    /// The call is over. If nobody failed, there was no failover, whoever was the fastest.
    pub(crate) fn over(&mut self, names: &[String], report: &Report, now: Moment) {
        let Some(asked) = self.asked.filter(|_| self.watch.is_heard()) else {
            return self.watch.over_in_silence();
        };
        let (call, asked, story) = (self.watch.call(), party(names, asked), Story::Report(report));
        let has_served = |it: &&Attempt| matches!(it.end, End::Served { served: 1.., .. });
        let Some(server) = report.attempts.iter().rfind(has_served) else {
            return match self.behind.and_then(|behind| behind.cached(now)) {
                Some(cached) => self.watch.over(&Event::Recalled { call, asked, cached, story }, "cache"),
                None => self.watch.over(&Event::Unserved { call, asked, story }, "nobody"),
            };
        };
        let by = Party { unlisted: server.unguarded, ..Party::new(&server.provider, None) };
        let has_failed = |it: &Attempt| matches!(it.end, End::Invalid | End::Failed(_));
        if report.skipped.is_empty() && !report.attempts.iter().any(has_failed) {
            let took = report.took;
            self.watch.over(&Event::HandedOn { call, by, took }, by.provider);
        } else {
            self.watch.over(&Event::FailedOver { call, asked, by, story }, by.provider);
        }
    }
}

fn party(names: &[String], (candidate, provider): (usize, ProviderId)) -> Party<'_> {
    let name = names.get(candidate).map_or("", String::as_str);
    Party { unlisted: is_unguarded(provider), ..Party::new(name, None) }
}
