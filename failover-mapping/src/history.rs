//! What has happened to a request so far, and its provenance at the end.

use failover_core::{Entry, Fault, Moment};
use http::StatusCode;

use crate::data::Substitution;
use crate::exchange::{Ask, Flight};
use crate::loss::Loss;
use crate::provenance::{Asked, Attempt, Passed, Provenance, Served};
use crate::provider::ProviderName;

/// The notes that are taken on one request.
pub(crate) struct History {
    pub(crate) started: Moment,
    /// The asked provider was the first and only one to be asked, and its answer is the caller's.
    pub(crate) untouched: bool,
    pub(crate) attempts: Vec<Attempt>,
    /// What was lost in the translation, also if nothing comes of it.
    pub(crate) losses: Vec<Loss>,
    pub(crate) note: Option<String>,
}

impl History {
    pub(crate) const fn new(started: Moment) -> Self {
        Self { started, untouched: false, attempts: Vec::new(), losses: Vec::new(), note: None }
    }

    pub(crate) fn record(
        &mut self,
        flight: &Flight,
        (provider, model): (ProviderName, &str),
        status: Option<StatusCode>,
        fault: Option<Fault>,
        now: Moment,
    ) {
        self.attempts.push(Attempt {
            provider,
            model: model.to_owned(),
            at: flight.began.since(self.started),
            took: now.since(flight.began),
            status: status.map(|status| status.as_u16()),
            fault,
            last_resort: flight.launch.last_resort,
            maybe_billed: fault.is_some_and(|fault| fault.remedy().fate.maybe_billed()),
        });
    }

    /// What happened. None if the asked provider was the first and only one to be asked.
    pub(crate) fn provenance(
        &self,
        ask: &Ask<'_, '_>,
        entries: impl IntoIterator<Item = Entry>,
        answered: bool,
        now: Moment,
    ) -> Option<Provenance> {
        if self.untouched {
            return None;
        }
        let skipped: Vec<_> = entries.into_iter().filter_map(|entry| self.passed(ask, &entry)).collect();
        if self.attempts.is_empty() && skipped.is_empty() && self.note.is_none() {
            return None;
        }
        let (provider, model) = ask.primary();
        let path = match (provider, &ask.version) {
            (ProviderName::Replicate, Some(_)) => "v1/predictions".to_owned(),
            (ProviderName::Replicate, None) => format!("v1/models/{model}/predictions"),
            _ => model.to_owned(),
        };
        let own = |attempt: &&Attempt| attempt.provider == provider;
        Some(Provenance {
            asked: Asked { provider, model: model.to_owned(), url: format!("{}/{path}", ask.origin) },
            served: self.attempts.last().and_then(|attempt| served(ask, attempt)),
            skipped,
            // What was lost concerns the stand-in's answer only.
            losses: if answered { self.losses.clone() } else { Vec::new() },
            note: self.note.clone(),
            maybe_billed: self.attempts.iter().any(|attempt| attempt.maybe_billed),
            status: self.attempts.iter().filter(own).find_map(|attempt| attempt.fault.and(attempt.status)),
            took: now.since(self.started),
            attempts: self.attempts.clone(),
        })
    }

    fn passed(&self, ask: &Ask<'_, '_>, entry: &Entry) -> Option<Passed> {
        let skipped = entry.skipped?;
        let (provider, model) = if entry.candidate == 0 { ask.primary() } else { ask.stand_in() };
        let until = skipped.until.map(|until| until.since(self.started));
        Some(Passed { provider, model: model.to_owned(), why: skipped.why, until })
    }
}

fn served(ask: &Ask<'_, '_>, last: &Attempt) -> Option<Served> {
    let substitution = match last.provider {
        ProviderName::Nexa => ask.source.stand_in.model.substitution(),
        ProviderName::Fal | ProviderName::Replicate => Substitution::Same,
    };
    let Attempt { provider, ref model, fault, .. } = *last;
    fault.is_none().then(|| Served { provider, model: model.clone(), substitution })
}
