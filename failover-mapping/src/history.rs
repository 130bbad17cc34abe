//! What has happened to a request so far, and its provenance at the end.

use std::mem;

use failover_core::{Entry, Fault, Moment};
use http::StatusCode;

use crate::cache::{Cached, Record};
use crate::data::Substitution;
use crate::flight::Flight;
use crate::loss::Loss;
use crate::provenance::{Asked, Attempt, Passed, Price, Provenance, Served};
use crate::provider::ProviderName;

/// Who is who in a call.
pub(crate) trait Names {
    /// What the caller asked for.
    fn asked(&self) -> Asked;
    /// A candidate, its name of the model, and whether that is the model that was asked for.
    fn named(&self, candidate: usize) -> (ProviderName, &str, Substitution);
    /// Who served, if the last attempt, on this candidate, did; or if nobody had to be asked.
    fn served(&self, candidate: Option<usize>) -> Option<Served>;
    /// What it costs, as far as that is known.
    fn price(&self, served: &Served) -> Option<Price>;
}

/// The notes that are taken on one request.
#[derive(Clone)]
pub(crate) struct History {
    pub(crate) started: Moment,
    /// Its attempts cost something. A question for a job does not.
    billable: bool,
    /// The asked provider was the first and only one to be asked, and its answer is the caller's.
    pub(crate) untouched: bool,
    pub(crate) attempts: Vec<Attempt>,
    /// The candidate of the last of them.
    candidate: usize,
    /// What was lost in the translation, also if nothing comes of it.
    pub(crate) losses: Vec<Loss>,
    pub(crate) note: Option<String>,
    /// The attempt that ends now had begun to answer.
    pub(crate) begun: bool,
}

impl History {
    pub(crate) const fn new(started: Moment, billable: bool) -> Self {
        Self {
            started,
            billable,
            untouched: false,
            attempts: Vec::new(),
            candidate: 0,
            losses: Vec::new(),
            note: None,
            begun: false,
        }
    }

    pub(crate) fn record(
        &mut self,
        flight: &Flight,
        (provider, model): (ProviderName, &str),
        status: Option<StatusCode>,
        fault: Option<Fault>,
        now: Moment,
    ) {
        self.candidate = flight.launch.candidate;
        self.attempts.push(Attempt {
            provider,
            model: model.to_owned(),
            at: flight.began.since(self.started),
            took: now.since(flight.began),
            status: status.map(|status| status.as_u16()),
            fault,
            last_resort: flight.launch.last_resort,
            maybe_billed: self.maybe_billed(fault),
        });
    }

    /// Whether an attempt that ended so may be billed without having served.
    pub(crate) fn maybe_billed(&self, fault: Option<Fault>) -> bool {
        self.billable && fault.is_some_and(|fault| self.begun || fault.remedy().fate.maybe_billed())
    }

    /// The last attempt failed after its result had been made.
    pub(crate) fn last_was_made(&mut self) {
        if let Some(last) = self.attempts.last_mut() {
            last.maybe_billed = self.billable;
        }
    }

    /// What happened; it is told once. None if the asked provider was the first and only one to be asked.
    pub(crate) fn provenance(
        &mut self,
        names: &impl Names,
        entries: impl IntoIterator<Item = Entry>,
        answered: bool,
        now: Moment,
    ) -> Option<Provenance> {
        if self.untouched {
            return None;
        }
        let skipped: Vec<_> = entries.into_iter().filter_map(|entry| self.passed(names, &entry)).collect();
        if self.attempts.is_empty() && skipped.is_empty() && self.note.is_none() && !answered {
            return None;
        }
        let asked = names.asked();
        let last = self.attempts.last().filter(|attempt| attempt.fault.is_none());
        let served = names.served(last.map(|_| self.candidate)).filter(|_| answered || last.is_some());
        // What was lost concerns the stand-in's answer only.
        let losses = if answered { mem::take(&mut self.losses) } else { Vec::new() };
        let price = served.as_ref().and_then(|served| names.price(served));
        Some(Provenance { price, losses, served, ..self.told(asked, skipped, now) })
    }

    /// What happened, where an answer serves that came before.
    pub(crate) fn recalled(
        &mut self,
        names: &impl Names,
        entries: impl IntoIterator<Item = Entry>,
        (record, cached): (&Record, Cached),
        now: Moment,
    ) -> Provenance {
        let skipped = entries.into_iter().filter_map(|entry| self.passed(names, &entry)).collect();
        let told = self.told(names.asked(), skipped, now);
        let (served, losses) = (Some(record.served.clone()), record.losses.clone());
        Provenance { served, losses, cached: Some(cached), ..told }
    }

    /// All but who served, and what.
    fn told(&mut self, asked: Asked, skipped: Vec<Passed>, now: Moment) -> Provenance {
        let own = |attempt: &&Attempt| attempt.provider == asked.provider;
        Provenance {
            skipped,
            note: self.note.take(),
            maybe_billed: self.attempts.iter().any(|attempt| attempt.maybe_billed),
            status: self.attempts.iter().filter(own).find_map(|attempt| attempt.fault.and(attempt.status)),
            took: now.since(self.started),
            attempts: mem::take(&mut self.attempts),
            asked,
            served: None,
            losses: Vec::new(),
            price: None,
            cached: None,
        }
    }

    fn passed(&self, names: &impl Names, entry: &Entry) -> Option<Passed> {
        let skipped = entry.skipped?;
        let (provider, model, _) = names.named(entry.candidate);
        let until = skipped.until.map(|until| until.since(self.started));
        Some(Passed { provider, model: model.to_owned(), why: skipped.why, until })
    }
}
