//! Who is asked for each model, and how long each may take.

use std::time::Duration;

use failover_core::{Candidate, Limits, ProviderId};

use crate::catalogue::Catalogue;
use crate::data::Task;
use crate::error::ConfigError;
use crate::provider::ProviderName;
use crate::settings::Settings;
use crate::standing::Standing;

/// Who is asked for a model: its own provider, then those who stand in, in the user's order.
#[derive(Debug)]
pub(crate) struct Plan {
    /// At once.
    pub(crate) candidates: Vec<Candidate>,
    /// By way of FAL's queue, which fails apart from the rest.
    pub(crate) queued: Vec<Candidate>,
    /// The stand-ins from the second candidate on: their places, and the places of their models in their data.
    pub(crate) standings: Vec<(usize, usize)>,
}

/// After this long without an answer, a request to the asked provider that nobody waits for any more counts against it. No
/// adapter ends an attempt for it; without it, a provider that hangs would never be blamed by callers who give up
/// on their own. Thirty seconds are several times what the slowest of the image models takes; a video takes minutes.
pub(crate) const fn first_answer(task: Task) -> Duration {
    match task {
        Task::Image | Task::Speech | Task::Transcription => Duration::from_secs(30),
        Task::Video => Duration::from_secs(600),
    }
}

/// The longest that a stand-in may take unless the user says otherwise. Ten minutes are the limit of NexaAPI's own SDK.
pub(super) const fn usual_limit(task: Task) -> Duration {
    match task {
        Task::Image | Task::Speech | Task::Transcription => Duration::from_secs(60),
        Task::Video => Duration::from_secs(600),
    }
}

/// One for each model of the provider for which anybody else may answer.
pub(super) fn plans(
    provider: ProviderName,
    settings: &Settings,
    catalogue: &Catalogue,
    standings: &[Standing],
    domains: &mut Domains,
) -> Result<Vec<Option<Plan>>, ConfigError> {
    let half = settings.deadline.map(|deadline| deadline / 2).filter(|half| !half.is_zero());
    let own_limit = settings.primary_limit.or(half);
    let retries = settings.stand_in_attempts - 1;
    let rows = catalogue.provider(provider).map_or(0, |data| data.models.len());
    let mut plans = Vec::with_capacity(rows);
    for row in 0..rows {
        let Some(source) = catalogue.source(provider, row) else {
            plans.push(None);
            continue;
        };
        let (task, id) = (source.model.task, &source.model.id);
        let limits = Limits::NONE.with_silence(first_answer(task));
        let limits = own_limit.map_or(limits, |limit| limits.with_total(limit));
        let own = |domain| Candidate::new(domain).retries(0).limits(limits);
        let mut candidates = vec![own(domains.intern(&format!("{provider}/{id}"))?)];
        let mut serving = Vec::new();
        for (place, standing) in standings.iter().enumerate().filter(|(_, it)| it.provider != provider) {
            let by = standing.provider;
            let Some(row) = catalogue.stand_in_row(source.model, by) else { continue };
            let Some(stand_in) = catalogue.stand_in_at(by, row) else { continue };
            let limit = settings.stand_in_limit.unwrap_or(usual_limit(task));
            let domain = domains.intern(&format!("{}/{}", standing.provider, stand_in.model.id))?;
            candidates.push(Candidate::new(domain).retries(retries).limits(Limits::NONE.with_total(limit)));
            serving.push((place, row));
        }
        if serving.is_empty() {
            plans.push(None);
            continue;
        }
        let mut queued = candidates.clone();
        if provider == ProviderName::Fal
            && let Some(first) = queued.first_mut()
        {
            *first = own(domains.intern(&format!("{provider}/{id} (queue)"))?);
        }
        plans.push(Some(Plan { candidates, queued, standings: serving }));
    }
    Ok(plans)
}

/// The fault domains by name.
#[derive(Default)]
pub(super) struct Domains(Vec<String>);

impl Domains {
    pub(super) fn into_names(self) -> Vec<String> {
        self.0
    }

    pub(super) fn intern(&mut self, name: &str) -> Result<ProviderId, ConfigError> {
        let slot = self.0.iter().position(|known| known == name).unwrap_or(self.0.len());
        let too_many = ConfigError::setting("data", "holds too many models: use fewer than 60000");
        let id = u16::try_from(slot).map_err(|_| too_many)?;
        if slot == self.0.len() {
            self.0.push(name.to_owned());
        }
        Ok(ProviderId::new(id))
    }
}
