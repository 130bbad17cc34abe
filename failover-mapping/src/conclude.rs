//! The end of an exchange: what the caller gets, and who is told.

use std::time::SystemTime;

use failover_core::{Entry, Moment};
use http::Response;

use crate::errand::{Cast, Errand};
use crate::exchange::Exchange;
use crate::flight::Conclusion;
use crate::provenance::Attempt;
use crate::shape::replicate;

impl Exchange<'_, '_> {
    /// The end of the call: what the caller gets, once. Tells the observer, if there is anything to tell. `entries` are those of
    /// the call's report; `number` is any number.
    #[must_use]
    pub fn conclude(
        &mut self,
        entries: impl IntoIterator<Item = Entry>,
        now: Moment,
        wall: impl Fn() -> SystemTime,
        number: u64,
    ) -> Conclusion {
        let made = self.answer(now, &wall, number);
        if made.is_none()
            && let Some((record, cached)) = self.keep_or_stale(&wall)
        {
            return Conclusion::StandIn(self.recalled(&record, cached, entries, now));
        }
        let cast = Cast { config: self.config, errand: &self.errand };
        let answered = made.is_some() || self.chat().is_some_and(|chat| chat.streamed);
        let provenance = self.history.provenance(&cast, entries, answered, now);
        // Before anybody is told, who may want the same: those who follow this call wait no longer than it lasts.
        if let (Some(made), Some(provenance)) = (&made, &provenance) {
            self.keep_made(made, provenance, wall());
        }
        // A question for a job is none that was failed over, and there are many.
        if let Some(provenance) = provenance.as_ref().filter(|_| !matches!(self.errand, Errand::Follow(_))) {
            self.config.notify(provenance);
        }
        self.tell_over(provenance.as_ref(), now);
        match made {
            Some(mut made) => {
                if let Some(provenance) = provenance {
                    provenance.mark(made.headers_mut());
                    made.extensions_mut().insert(provenance);
                }
                Conclusion::StandIn(made)
            }
            None => Conclusion::Own(provenance),
        }
    }

    /// An answer in the shape of the provider that was asked. None unless somebody stood in.
    fn answer(&self, now: Moment, wall: impl Fn() -> SystemTime, number: u64) -> Option<Response<Vec<u8>>> {
        match &self.errand {
            Errand::Generation(generation) => {
                let Some(Ok(reading)) = &self.reading else { return None };
                let answered = self.answered.as_ref()?;
                let wall = wall();
                let created = wall.checked_sub(now.since(self.history.started)).unwrap_or(wall);
                generation.answer(self.config, &reading.form, answered, self.body, created, wall, number)
            }
            Errand::Chat(chat) => {
                let created = wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
                chat.answer(self.config, created, number)
            }
            Errand::Follow(follow) => Some(follow.answer(self.found.as_ref(), self.began_queued, wall())),
            // Only in an outage: a refusal is the caller's.
            Errand::Version { hash, .. } => self.is_version_known().then(|| replicate::version(hash, wall())),
        }
    }

    /// The provider could not say it, and it is in the tables. What it did say stands, also a refusal.
    fn is_version_known(&self) -> bool {
        let triggers = &self.config.triggers;
        let failed = |attempt: &Attempt| match (attempt.status, attempt.fault) {
            (Some(status), Some(_)) => triggers.should_failover(status),
            (None, Some(fault)) => triggers.transport(fault),
            (_, None) => false,
        };
        !self.history.untouched && self.history.attempts.last().is_none_or(failed)
    }
}
