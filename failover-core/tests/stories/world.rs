//! A world in which providers answer as a script says, and every action is written down as a line of text.

use std::fmt::Write as _;
use std::time::Duration;

use failover_core::{
    Action, Breaker, Call, Candidate, Cause, CircuitState, Entry, Fault, Finish, Fleet, Limits, Moment,
    Outcome, Policy, ProviderId, Transition,
};

/// How long an attempt takes, and how it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take(pub(crate) u64, pub(crate) Outcome<'static>);

pub(crate) const NAMES: [&str; 8] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"];

pub(crate) fn ok(ms: u64) -> Take {
    Take(ms, Outcome::Answered)
}

pub(crate) fn fails(ms: u64, fault: Fault) -> Take {
    Take(ms, fault.into())
}

pub(crate) fn throttled(ms: u64, retry_after: Duration) -> Take {
    Take(ms, Outcome::Failed { fault: Fault::Throttled, retry_after: Some(retry_after) })
}

/// Never answers.
pub(crate) fn hangs() -> Take {
    Take(u64::MAX / 2_000_000, Fault::Cut.into())
}

pub(crate) fn candidates(count: usize) -> Vec<Candidate> {
    (0..count).map(|slot| Candidate::new(ProviderId::new(u16::try_from(slot).expect("few")))).collect()
}

pub(crate) struct World {
    pub(crate) fleet: Fleet,
    pub(crate) now: Moment,
    pub(crate) trace: String,
    pub(crate) seed: u64,
}

impl World {
    pub(crate) fn new(breaker: Breaker) -> Self {
        Self { fleet: Fleet::new(8, breaker), now: Moment::EPOCH, trace: String::new(), seed: 7 }
    }

    pub(crate) fn at(&self) -> String {
        format!("{:>7.3}", self.now.since_epoch().as_secs_f64())
    }

    pub(crate) fn line(&mut self, text: &str) {
        let _ = writeln!(self.trace, "{} {text}", self.at());
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    /// Drives one call to its end in virtual time; each candidate's attempts go by its script, whose last line repeats.
    pub(crate) fn call(&mut self, policy: &Policy, candidates: &[Candidate], scripts: &[&[Take]]) -> Finish {
        let mut call = Call::new(policy, candidates, self.seed, self.now);
        let mut asked = vec![0_usize; candidates.len()];
        let mut flight = None;
        for _ in 0..10_000 {
            let action = call.poll(&self.fleet, self.now);
            self.line(&show(&action));
            self.tell(&mut call);
            match action {
                Action::Launch(launch) => {
                    let script = scripts[launch.candidate];
                    let take = script[asked[launch.candidate].min(script.len() - 1)];
                    asked[launch.candidate] += 1;
                    flight = Some((launch.attempt, self.now.plus(Duration::from_millis(take.0)), take.1));
                }
                Action::Cancel(_) => flight = None,
                Action::Wait(until) => match flight {
                    Some((attempt, end, outcome)) if until.is_none_or(|until| end <= until) => {
                        self.now = end;
                        self.line(&format!("settle {} {}", attempt.number(), told(&outcome)));
                        call.settle(attempt, outcome, &self.fleet, self.now);
                        self.tell(&mut call);
                        flight = None;
                    }
                    _ => self.now = until.expect("a call that waits for nothing"),
                },
                Action::Finish(finish) => {
                    for entry in call.report().entries() {
                        self.line(&summary(&entry));
                    }
                    if call.report().maybe_billed() {
                        self.line("  maybe billed");
                    }
                    return finish;
                }
            }
        }
        panic!("the call does not end:\n{}", self.trace);
    }

    fn tell(&mut self, call: &mut Call<'_>) {
        if let Some(event) = call.next_event() {
            let name = NAMES[event.provider.slot()];
            self.line(&match event.transition {
                Transition::Opened(until) => format!("  ! {name} opens until {}", at(until)),
                Transition::HalfOpened => format!("  ! {name} half-opens"),
                Transition::Closed => format!("  ! {name} closes"),
                _ => unreachable!("a transition without a word here"),
            });
        }
    }

    pub(crate) fn state(&mut self, slot: u16) {
        let state = self.fleet.state(ProviderId::new(slot), self.now);
        let word = match state {
            CircuitState::Closed => "closed".to_owned(),
            CircuitState::Open(until) => format!("open until {}", at(until)),
            CircuitState::HalfOpen => "half-open".to_owned(),
            CircuitState::ForcedOpen => "forced open".to_owned(),
            CircuitState::ForcedClosed => "forced closed".to_owned(),
            _ => unreachable!("a state without a word here"),
        };
        self.line(&format!("= {} is {word}", NAMES[usize::from(slot)]));
    }
}

pub(crate) fn at(moment: Moment) -> String {
    format!("{:.3}", moment.since_epoch().as_secs_f64())
}

fn limits(limits: &Limits) -> String {
    let mut text = String::new();
    if let Some(limit) = limits.first_answer() {
        let _ = write!(text, ", first answer within {:.3}", limit.as_secs_f64());
    }
    if let Some(limit) = limits.total() {
        let _ = write!(text, ", whole within {:.3}", limit.as_secs_f64());
    }
    text
}

fn told(outcome: &Outcome<'_>) -> String {
    match outcome {
        Outcome::Answered => "answered".to_owned(),
        Outcome::Failed { fault, retry_after: None } => fault.to_string(),
        Outcome::Failed { fault, retry_after: Some(wait) } => format!("{fault}, retry after {wait:?}"),
        _ => unreachable!("an outcome without a word here"),
    }
}

fn show(action: &Action) -> String {
    match action {
        Action::Launch(launch) => format!(
            "launch {} on {}{}{}",
            launch.attempt.number(),
            NAMES[launch.provider.slot()],
            if launch.last_resort { ", last resort" } else { "" },
            limits(&launch.limits)
        ),
        Action::Cancel(attempt) => format!("cancel {}", attempt.number()),
        Action::Wait(None) => "wait".to_owned(),
        Action::Wait(Some(until)) => format!("wait until {}", at(*until)),
        Action::Finish(Finish::Served(attempt)) => format!("served by {}", attempt.number()),
        Action::Finish(Finish::Partly) => "over, partly answered".to_owned(),
        Action::Finish(Finish::Refused(attempt)) => format!("refused by {}", attempt.number()),
        Action::Finish(Finish::Failed(Cause::Unavailable(until))) => {
            format!("failed: unavailable until {}", at(*until))
        }
        Action::Finish(Finish::Failed(cause)) => format!("failed: {cause:?}"),
    }
}

fn summary(entry: &Entry) -> String {
    let mut text = format!("  {}:", NAMES[entry.provider.slot()]);
    if let Some(skipped) = entry.skipped {
        let _ = write!(text, " skipped ({}", skipped.why);
        if let Some(until) = skipped.until {
            let _ = write!(text, " until {}", at(until));
        }
        text.push(')');
    }
    if entry.last_resort {
        text.push_str(" last resort");
    }
    if let (Some(began), Some(ended)) = (entry.began, entry.ended) {
        let plural = if entry.attempts == 1 { "" } else { "s" };
        let _ = write!(text, " {} attempt{plural} {}..{}", entry.attempts, at(began), at(ended));
        for fault in entry.faults.iter() {
            let _ = write!(text, ", {fault}");
        }
    } else if entry.skipped.is_none() {
        text.push_str(" not asked");
    }
    text
}
