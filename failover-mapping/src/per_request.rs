//! What one request wants otherwise than the configuration says.

use std::time::Duration;

use failover_core::{Candidate, LastResort, Limits, Policy};

use crate::config::{ChatPlan, Config, Plan, first_answer};
use crate::data::Task;
use crate::provider::ProviderName;

/// What one request wants otherwise than the configuration says.
///
/// It is an extension of the request, where the client takes one, or of a whole group of requests: each adapter's
/// `Failover::per_request` gives a handle that wants this for all that go through it.
///
/// ```
/// use std::time::Duration;
/// use failover_mapping::{PerRequest, ProviderName};
///
/// // FAL stands in before NexaAPI this once, and 20 s are enough for all of it.
/// let hurried = PerRequest::new()
///     .deadline(Duration::from_secs(20))
///     .order([ProviderName::Fal, ProviderName::Nexa]);
/// # let _ = hurried;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerRequest {
    off: bool,
    deadline: Option<Duration>,
    order: Option<Vec<ProviderName>>,
    cache_scope: Option<String>,
}

impl PerRequest {
    /// As the configuration says.
    #[must_use]
    pub const fn new() -> Self {
        Self { off: false, deadline: None, order: None, cache_scope: None }
    }

    /// Without failover: the request passes through as it is. A question for a job that was failed over is answered all the
    /// same, as nobody else knows of it.
    #[must_use]
    pub const fn off() -> Self {
        Self { off: true, deadline: None, order: None, cache_scope: None }
    }

    /// The whole call ends this long after it began, in place of [`Builder::deadline`](crate::Builder::deadline). Unless a
    /// limit is set for the asked provider, half of it is that provider's. No time at all counts as one millisecond.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline.max(Duration::from_millis(1))), ..self }
    }

    /// Who is asked, in this order, in place of [`Builder::stand_ins`](crate::Builder::stand_ins): only those who are set up
    /// there, each once; others are passed over. The asked provider comes first, unless it is named here: then it is asked in its
    /// turn. An empty order leaves the request to the asked provider alone.
    #[must_use]
    pub fn order(self, order: impl IntoIterator<Item = ProviderName>) -> Self {
        Self { order: Some(order.into_iter().collect()), ..self }
    }

    /// Answers are kept for this scope apart from all others: a tenant, say, where several share one credential, or are told
    /// apart by something that a client adds on the way and nobody sees here. Without it, whoever sends the same headers shares
    /// answers.
    #[must_use]
    pub fn cache_scope(self, scope: impl Into<String>) -> Self {
        Self { cache_scope: Some(scope.into()), ..self }
    }

    pub(crate) fn scope(&self) -> Option<&str> {
        self.cache_scope.as_deref()
    }

    pub(crate) const fn is_off(&self) -> bool {
        self.off
    }
}

/// A call's policy and candidates, changed for one request.
#[derive(Debug)]
pub(crate) struct Changed {
    pub(crate) policy: Policy,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) standings: Vec<(usize, usize)>,
    /// The asked provider's place among the candidates.
    pub(crate) own: usize,
}

impl Changed {
    /// The policy alone, of a call that has no plan of its own.
    pub(crate) fn alone(policy: &Policy, wishes: &PerRequest) -> Self {
        let policy = hurried(policy, wishes);
        Self { policy, candidates: Vec::new(), standings: Vec::new(), own: 0 }
    }

    /// A plan for text with these wishes.
    pub(crate) fn text(
        config: &Config,
        plan: &ChatPlan,
        asked: ProviderName,
        wishes: &PerRequest,
    ) -> (Policy, ChatPlan) {
        let mut plan = match &wishes.order {
            Some(order) => plan.ordered(asked, order, &config.texts.speakers),
            None => plan.clone(),
        };
        // Half of the time is for those who stand in, if there are any.
        if let Some(deadline) = wishes.deadline.filter(|_| !plan.stand_ins.is_empty()) {
            let half = (deadline / 2).max(Duration::from_millis(1));
            plan.within(config.primary_limit_within(deadline).unwrap_or(half));
        }
        let policy = hurried(&config.texts.policy, wishes).last_resort(LastResort::Candidate(plan.own));
        (policy, plan)
    }

    /// The same plan with these wishes. `asked` is whom the caller asked, by way of `candidates` of the plan.
    pub(crate) fn new(
        config: &Config,
        plan: &Plan,
        candidates: &[Candidate],
        (asked, task): (ProviderName, Task),
        wishes: &PerRequest,
    ) -> Self {
        let all = || candidates.iter().copied().skip(1).zip(plan.standings.iter().copied());
        let provider = |place: usize| config.standings.get(place).map(|standing| standing.provider);
        let (mut chosen, mut standings, mut own) = (Vec::new(), Vec::new(), None);
        let first = candidates.first().copied().map(|own| limited(config, own, task, wishes));
        for name in wishes.order.iter().flatten() {
            if *name == asked {
                own = own.or(Some(chosen.len()));
                continue;
            }
            let found = all().find(|(_, standing)| provider(standing.0) == Some(*name));
            if let Some((candidate, standing)) = found.filter(|(_, known)| !standings.contains(known)) {
                chosen.push(candidate);
                standings.push(standing);
            }
        }
        if wishes.order.is_none() {
            (chosen, standings) = all().unzip();
        }
        // Half of the time is for those who stand in, if there are any.
        let first = first.filter(|_| !standings.is_empty()).or(candidates.first().copied());
        let place = own.unwrap_or(0);
        if let Some(first) = first {
            chosen.insert(place, first);
        }
        // Whoever comes first, the asked provider is the last resort.
        let policy = hurried(config.policy(), wishes).last_resort(LastResort::Candidate(place));
        Self { policy, candidates: chosen, standings, own: place }
    }
}

fn hurried(policy: &Policy, wishes: &PerRequest) -> Policy {
    wishes.deadline.map_or(*policy, |deadline| policy.deadline(deadline))
}

/// The asked provider's limits under the deadline of this request.
fn limited(config: &Config, own: Candidate, task: Task, wishes: &PerRequest) -> Candidate {
    let Some(deadline) = wishes.deadline else { return own };
    let half = (deadline / 2).max(Duration::from_millis(1));
    let limits = Limits::NONE.with_silence(first_answer(task));
    own.limits(limits.with_total(config.primary_limit_within(deadline).unwrap_or(half)))
}
