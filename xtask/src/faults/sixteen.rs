//! The sixteen scenarios of the public Failover Bench (methodology v0.1), under its numbers: the fault, what it checks, and what we
//! expect of ourselves beyond that.

use failover_testkit::Fault;

use super::check::Check::{
    self, Alive, AtMostWithin, AttemptsInOutage, BackWithin, Backup, BackupWithin, Begun, Code, GapAtLeast,
    NamesTheStandIn, NoPrefillMasking, NoSleepAfterTheLast, Primary, PrimaryAtLeast, PrimaryAtMost,
    ServedInOutage, TookAtMost, Usage, Whole,
};
use super::stage::Policy;
use super::verdict::{Ideal, Verdict};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plot {
    /// The asked provider has this fault.
    Fault(Fault),
    /// It is down for a minute, and a call is made every four seconds.
    Outage,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) id: &'static str,
    pub(super) fault: &'static str,
    pub(super) right: &'static str,
    pub(super) plot: Plot,
    pub(super) ideal: Ideal,
    /// The bench's, without which it has failed.
    pub(super) required: &'static [Check],
    /// The bench's, without which it has passed in part.
    pub(super) advisory: &'static [Check],
    /// Ours.
    ours: &'static [Check],
    /// Ours where the stream breaks in the caller's sight.
    in_sight: Option<&'static [Check]>,
    /// After so many seconds it hangs.
    pub(super) longest: u64,
}

impl Scenario {
    const fn of(id: &'static str, plot: Plot, fault: &'static str, right: &'static str) -> Self {
        Self {
            id,
            fault,
            right,
            plot,
            ideal: Ideal::Answer,
            required: &[],
            advisory: &[],
            ours: &[],
            in_sight: None,
            longest: 45,
        }
    }

    const fn required(self, required: &'static [Check]) -> Self {
        Self { required, ..self }
    }

    const fn advisory(self, advisory: &'static [Check]) -> Self {
        Self { advisory, ..self }
    }

    const fn ours(self, ours: &'static [Check]) -> Self {
        Self { ours, ..self }
    }

    const fn longest(self, longest: u64) -> Self {
        Self { longest, ..self }
    }

    const fn in_sight(self, ours: &'static [Check]) -> Self {
        Self { in_sight: Some(ours), ..self }
    }

    /// What it has to come to, and what of it we ask beyond the bench. A stream that breaks in sight can be made whole only where it
    /// was held back.
    pub(super) const fn expected(&self, policy: Policy) -> (Verdict, &'static [Check]) {
        match (policy, self.in_sight) {
            (Policy::Error, Some(ours)) => (Verdict::Safe, ours),
            (Policy::Error, None) | (Policy::Buffer, _) => (Verdict::Pass, self.ours),
        }
    }
}

pub(super) fn scenarios() -> [Scenario; 16] {
    let fault = Plot::Fault;
    [
        Scenario::of(
            "S01",
            fault(Fault::ThrottledOnce),
            "429 once, `Retry-After: 2`",
            "wait as long as it says, or go elsewhere",
        )
        .required(&[AtMostWithin(2, 1.5)])
        .advisory(&[PrimaryAtLeast(2), GapAtLeast(1.8)])
        .ours(&[Primary(2), Backup(0)])
        .longest(20),
        Scenario::of(
            "S02",
            fault(Fault::Throttled),
            "429 always, no hint",
            "back off with jitter, then the next provider",
        )
        .required(&[AtMostWithin(4, 3.0), PrimaryAtMost(6)])
        .ours(&[PrimaryAtMost(3), GapAtLeast(0.1), Backup(1), NoSleepAfterTheLast])
        .longest(40),
        Scenario::of(
            "S03",
            fault(Fault::BrokenOnce),
            "500 once, then healthy",
            "one quick retry on the same provider",
        )
        .advisory(&[PrimaryAtLeast(2)])
        .ours(&[Primary(2), Backup(0), TookAtMost(2.0)])
        .longest(20),
        Scenario::of("S04", fault(Fault::Overloaded), "503 always", "fail over within the retry budget")
            .required(&[PrimaryAtMost(6)])
            .ours(&[PrimaryAtMost(3), Backup(1), BackupWithin(1.0), NoSleepAfterTheLast])
            .longest(40),
        Scenario::of("S05", fault(Fault::Reset), "reset before any byte of an answer", "answer anyway")
            .ours(&[Primary(1), Backup(1), TookAtMost(2.0)])
            .longest(20),
        Scenario::of(
            "S06",
            fault(Fault::Silence),
            "accepts, never answers",
            "one limit, then the next; a silent route is not asked again",
        )
        .required(&[TookAtMost(100.0)])
        .advisory(&[PrimaryAtMost(1)])
        .ours(&[Primary(1), Backup(1), TookAtMost(11.0)])
        .longest(130),
        Scenario::of(
            "S07",
            fault(Fault::SlowFirstToken),
            "head at once, first token after 20 s",
            "a limit on the first token; keep-alives are none",
        )
        .advisory(&[TookAtMost(15.0)])
        .ours(&[Primary(1), Backup(1), TookAtMost(11.0)])
        .longest(60),
        Scenario::of(
            "S08",
            fault(Fault::StreamCut),
            "stream cut after 40 of 60 tokens",
            "the whole answer from elsewhere, or a clear error",
        )
        .ours(&[Primary(1), Backup(1), TookAtMost(3.0)])
        .in_sight(&[Primary(1), Backup(0), Begun(40, "stream_truncated"), TookAtMost(2.0)])
        .longest(40),
        Scenario::of(
            "S09",
            fault(Fault::StreamStalls),
            "silence after 20 tokens",
            "a limit on silence, then as S08; healthy afterwards",
        )
        .required(&[TookAtMost(45.0), Alive])
        .ours(&[Primary(1), Backup(1), TookAtMost(11.0)])
        .in_sight(&[Primary(1), Backup(0), Begun(20, "stream_stalled"), TookAtMost(11.0)])
        .longest(70),
        Scenario::of("S10", fault(Fault::BadEvent), "tenth event is invalid JSON", "skip it, finish")
            .required(&[Alive])
            .advisory(&[Whole])
            .ours(&[Primary(1), Backup(0), TookAtMost(2.0)])
            .longest(30),
        Scenario::of(
            "S11",
            fault(Fault::WithoutDone),
            "complete stream without `[DONE]`",
            "finish promptly, with the usage",
        )
        .required(&[TookAtMost(8.0)])
        .advisory(&[Usage])
        .ours(&[Primary(1), Backup(0), TookAtMost(2.0)])
        .longest(30),
        Scenario::of(
            "S12",
            fault(Fault::ContextTooLong),
            "400 `context_length_exceeded`",
            "not again on this model; another may serve",
        )
        .required(&[Primary(1)])
        .ours(&[Backup(1), TookAtMost(2.0)])
        .longest(20),
        Scenario {
            ideal: Ideal::Refusal,
            ..Scenario::of(
                "S13",
                fault(Fault::ContentPolicy),
                "400 `content_policy_violation`",
                "the refusal is the caller's; nobody routes around it",
            )
        }
        .required(&[Primary(1)])
        .ours(&[Backup(0), Code("content_policy_violation"), TookAtMost(1.0)])
        .longest(20),
        Scenario::of(
            "S14",
            fault(Fault::CutAndPrefillRejected),
            "stream cut, the stand-in rejects a prefill",
            "begin anew; the 400 is never the caller's",
        )
        .required(&[NoPrefillMasking])
        .ours(&[Primary(1), Backup(1), TookAtMost(3.0)])
        .in_sight(&[Primary(1), Backup(0), Begun(40, "stream_truncated"), TookAtMost(2.0)])
        .longest(40),
        Scenario::of(
            "S15",
            Plot::Outage,
            "503 for 60 s, a call every 4 s",
            "open the circuit, serve from the stand-in, probe, come back",
        )
        .required(&[ServedInOutage, BackWithin(30.0)])
        .ours(&[AttemptsInOutage(4)])
        .longest(30),
        Scenario::of(
            "S16",
            fault(Fault::Overloaded),
            "503 always: accounting",
            "the answer names the stand-in's model and its usage",
        )
        .required(&[NamesTheStandIn, PrimaryAtMost(6)])
        .advisory(&[Usage])
        .ours(&[PrimaryAtMost(3), Backup(1)])
        .longest(40),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_all_there_and_those_that_are_faults_have_their_numbers() {
        for (at, scenario) in scenarios().iter().enumerate() {
            assert_eq!(scenario.id, format!("S{:02}", at + 1));
            if let Plot::Fault(fault) = scenario.plot {
                assert!(scenario.id == "S16" || scenario.id == fault.id(), "{}", scenario.id);
            }
        }
    }

    #[test]
    fn each_has_expectations_of_ours() {
        for scenario in scenarios() {
            assert!(
                Policy::ALL.iter().all(|policy| !scenario.expected(*policy).1.is_empty()),
                "{}",
                scenario.id
            );
        }
    }

    #[test]
    fn sixteen_pass_where_streams_are_held_back_and_three_are_safe_where_not() {
        let count =
            |policy, verdict| scenarios().iter().filter(|it| it.expected(policy).0 == verdict).count();
        assert_eq!(count(Policy::Buffer, Verdict::Pass), 16);
        assert_eq!((count(Policy::Error, Verdict::Pass), count(Policy::Error, Verdict::Safe)), (13, 3));
    }
}
