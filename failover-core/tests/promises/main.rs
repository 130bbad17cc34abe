//! The contract of the crate, held against random calls: random policies, providers, answers, clocks and abuse.

mod life;

use core::num::NonZeroU8;
use std::collections::HashMap;
use std::time::Duration;

use failover_core::{
    Action, Breaker, Call, Candidate, Fate, Fault, Finish, Fleet, ModelId, Moment, Outcome, Policy,
    ProviderId, Step, Transition,
};
use proptest::prelude::*;

use crate::life::{Fortune, Life, lives, ms};

/// Calls in one random life; the ordinary run lives 2,000 of them.
const CALLS: usize = 8;
/// Breakers in the fleet, for five fault domains.
const SLOTS: usize = 4;

struct Judge<'a> {
    life: &'a Life,
    policy: &'a Policy,
    candidates: &'a [Candidate],
    fleet: &'a Fleet,
    now: Moment,
    luck: std::iter::Cycle<std::slice::Iter<'a, Fortune>>,
    /// Until when each provider asked to be left alone.
    hinted: HashMap<usize, Moment>,
    trace: Vec<String>,
}

impl Judge<'_> {
    fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    fn note(&mut self, text: String) {
        self.trace.push(format!("{:?} {text}", self.now.since_epoch()));
    }

    fn call(&mut self, seed: u64) {
        let wish = &self.life.wish;
        let began = self.now;
        let deadline = wish.deadline.map(|limit| began.plus(ms(limit)));
        let mut call = Call::new(self.policy, self.candidates, seed, self.now);
        let mut flight: Option<(failover_core::Launch, Moment, Fortune)> = None;
        let mut tries = vec![0_u32; self.candidates.len()];
        let mut unknown = vec![0_u32; self.candidates.len()];
        let mut launched = 0;
        let mut latest = 0;
        let mut expected = None;
        let mut waiting: Option<Moment> = None;
        let mut opened = None;
        let mut hint = None;
        for _ in 0..2_000 {
            let action = call.poll(self.fleet, self.now);
            self.note(format!("{action:?}"));
            self.told(&mut call, &mut opened);
            match action {
                Action::Launch(launch) => {
                    assert!(flight.is_none(), "one at a time");
                    assert_eq!(launch.attempt.number(), launched, "numbered in order");
                    launched += 1;
                    assert!(
                        deadline.is_none_or(|deadline| self.now < deadline),
                        "launched after the deadline"
                    );
                    assert!(wish.attempts.is_none_or(|most| launched <= most), "over the attempts");
                    if let Some(deadline) = deadline {
                        let limit = launch.limits.total().expect("a deadline limits every attempt");
                        assert!(limit <= deadline.since(self.now), "limit beyond the deadline");
                    }
                    let index = launch.candidate;
                    let retries = self.life.candidates[index].2.unwrap_or(wish.retries);
                    tries[index] += 1;
                    assert!(tries[index] <= retries + 1, "more than its retries");
                    if launch.last_resort {
                        assert!(
                            wish.last_resort && index == 0 && tries[0] == 1,
                            "the last resort is the primary"
                        );
                    } else {
                        assert!(index >= latest, "out of order");
                        latest = index;
                        let until = self.hinted.get(&launch.provider.slot());
                        assert!(
                            until.is_none_or(|until| self.now >= *until),
                            "asked before the hinted moment"
                        );
                    }
                    waiting = None;
                    opened = None;
                    let fortune = self.luck.next().expect("luck never ends").clone();
                    flight = Some((launch, self.now.plus(ms(fortune.takes)), fortune));
                }
                Action::Cancel(attempt) => {
                    let (launch, ..) = flight.take().expect("only what is in flight is cancelled");
                    assert_eq!(attempt, launch.attempt);
                    let limit = launch.limits.total().expect("cancelled without a limit");
                    assert!(limit <= self.now.since(began), "cancelled early");
                    unknown[launch.candidate] += 1;
                }
                Action::Wait(until) => {
                    assert!(until.is_none_or(|until| self.now < until), "waits for the past");
                    match flight.take() {
                        Some((launch, end, fortune)) => {
                            if fortune.abuse {
                                self.abuse(&mut call, Action::Wait(until));
                            }
                            if fortune.abandon {
                                call.abandon(self.fleet, self.now);
                                expected = Some(Finish::Failed(failover_core::Cause::Abandoned));
                            } else if until.is_none_or(|until| end <= until) {
                                let polled = self.now;
                                self.now = self.now.max(end);
                                self.settle(
                                    &mut call,
                                    &launch,
                                    &fortune,
                                    polled,
                                    &mut unknown,
                                    &mut expected,
                                );
                                self.told(&mut call, &mut opened);
                                hint = match fortune.outcome {
                                    Outcome::Failed { retry_after: Some(wait), .. } => {
                                        Some(self.now.plus(wait.max(ms(1_000))))
                                    }
                                    _ => None,
                                };
                            } else {
                                self.now = until.expect("checked above");
                                flight = Some((launch, end, fortune));
                            }
                        }
                        None => {
                            let until = until.expect("waits for nothing");
                            assert!(
                                deadline.is_none_or(|deadline| until < deadline),
                                "sleeps past the deadline"
                            );
                            let since = *waiting.get_or_insert(self.now);
                            assert!(until.since(since) <= ms(wish.patience), "longer than patience");
                            let longest = Some(since.plus(ms(wish.cap))).max(opened).max(hint);
                            assert!(Some(until) <= longest, "longer than the cap and every hint");
                            self.now = until;
                        }
                    }
                }
                Action::Finish(finish) => {
                    assert!(flight.is_none(), "finished in flight");
                    if let Some(expected) = expected {
                        assert_eq!(finish, expected);
                    } else {
                        assert!(matches!(finish, Finish::Failed(_)), "who served?");
                    }
                    let report: Vec<_> = call.report().entries().collect();
                    assert_eq!(report.iter().map(|entry| entry.attempts).collect::<Vec<_>>(), tries);
                    self.abuse(&mut call, action);
                    call.abandon(self.fleet, self.now);
                    assert_eq!(call.poll(self.fleet, self.now), action, "a finished call changed its mind");
                    if !wish.repeat_unknown {
                        assert!(unknown.iter().all(|count| *count <= 1), "repeated what may have been done");
                    }
                    return;
                }
            }
        }
        panic!("the call does not end");
    }

    fn told(&mut self, call: &mut Call<'_>, opened: &mut Option<Moment>) {
        if let Some(event) = call.next_event() {
            self.note(format!("{event:?}"));
            if let Transition::Opened(until) = event.transition {
                *opened = Some(until);
            }
        }
        assert_eq!(call.next_event(), None, "an event is told once");
    }

    fn settle(
        &mut self,
        call: &mut Call<'_>,
        launch: &failover_core::Launch,
        fortune: &Fortune,
        polled: Moment,
        unknown: &mut [u32],
        expected: &mut Option<Finish>,
    ) {
        self.note(format!("settle {:?}", fortune.outcome));
        let earlier = Moment::after_epoch(self.now.since_epoch().saturating_sub(ms(fortune.clock_back)));
        call.settle(
            launch.attempt,
            fortune.outcome,
            self.fleet,
            if fortune.abuse { earlier } else { self.now },
        );
        match fortune.outcome {
            Outcome::Failed { fault, retry_after } => {
                let remedy = fault.remedy();
                if remedy.fate == Fate::Unknown {
                    unknown[launch.candidate] += 1;
                }
                if remedy.step == Step::Stop {
                    *expected = Some(Finish::Refused(launch.attempt));
                }
                // The last of the five slots is beyond the fleet: without a breaker nobody remembers the hint.
                let remembered =
                    remedy.blame != failover_core::Blame::Nobody && launch.provider.slot() < SLOTS;
                if let (Some(wait), true) = (retry_after, remembered) {
                    // A clock that stepped back stands still: the wait counts from the latest time seen.
                    let floor = earlier.max(polled).plus(wait);
                    let until = self.hinted.entry(launch.provider.slot()).or_insert(floor);
                    *until = floor.max(*until);
                }
            }
            _ => {
                *expected = Some(Finish::Served(launch.attempt));
                if launch.last_resort {
                    self.hinted.remove(&launch.provider.slot());
                }
            }
        }
    }

    /// Reports about attempts that are not in flight, and a clock that steps back, change nothing.
    fn abuse(&mut self, call: &mut Call<'_>, before: Action) {
        let mut other = Call::new(self.policy, self.candidates, 0, self.now);
        let state = |slot| self.fleet.state(ProviderId::new(slot), self.now);
        let states: Vec<_> = (0..5).map(state).collect();
        if let Action::Launch(stranger) = other.poll(&Fleet::new(0, Breaker::new()), self.now)
            && matches!(before, Action::Finish(_))
        {
            call.settle(stranger.attempt, Outcome::Answered, self.fleet, self.now);
            call.settle(stranger.attempt, Fault::Broken.into(), self.fleet, self.now);
        }
        assert_eq!(call.poll(self.fleet, Moment::EPOCH), before, "a clock that steps back changed something");
        assert_eq!(states, (0..5).map(state).collect::<Vec<_>>(), "abuse reached the fleet");
    }
}

fn live(life: &Life) -> Vec<String> {
    let (failures, pause, probes, successes) = life.breaker;
    let at_least_one = |n| NonZeroU8::new(n).expect("drawn from 1 up");
    let breaker = Breaker::new()
        .failures(at_least_one(failures))
        .pause(ms(pause))
        .probes(at_least_one(probes))
        .successes(at_least_one(successes));
    let fleet = Fleet::new(SLOTS, breaker);
    let candidates: Vec<_> = life
        .candidates
        .iter()
        .map(|&(slot, model, retries)| {
            let candidate = Candidate::new(ProviderId::new(slot));
            let candidate = model.map_or(candidate, |model| candidate.model(ModelId::new(model)));
            retries.map_or(candidate, |retries| candidate.retries(retries))
        })
        .collect();
    let policy = life.wish.policy();
    let mut judge = Judge {
        life,
        policy: &policy,
        candidates: &candidates,
        fleet: &fleet,
        now: Moment::after_epoch(ms(1_000)),
        luck: life.fortunes.iter().cycle(),
        hinted: HashMap::new(),
        trace: Vec::new(),
    };
    for (number, pause) in life.pauses.iter().enumerate() {
        judge.call(life.seed.wrapping_add(number as u64));
        judge.pass(ms(*pause));
    }
    judge.trace
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_contract_holds_and_the_same_inputs_give_the_same_actions(life in lives()) {
        prop_assert_eq!(live(&life), live(&life));
    }
}
