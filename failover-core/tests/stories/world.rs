//! A world in which providers answer as a script says, and every action is written down as a line of text.

use std::fmt::Write as _;
use std::time::Duration;

use failover_core::{
    Action, AttemptId, Breaker, Call, Candidate, CircuitState, Fault, Finish, Fleet, Moment, Outcome, Policy,
    Progress, ProviderId, Transition,
};

use crate::telling::{at, bound, numbers, show, summary, told};

/// When a part of an answer comes, in milliseconds, and whether the caller sees it.
pub(crate) type Sign = (u64, Progress);

/// How long an attempt takes, how it ends, and what is heard of it on the way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take(pub(crate) u64, pub(crate) Outcome<'static>, pub(crate) &'static [Sign]);

impl Take {
    pub(crate) fn with(self, signs: &'static [Sign]) -> Self {
        Self(self.0, self.1, signs)
    }
}

pub(crate) const NAMES: [&str; 8] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"];

pub(crate) fn ok(ms: u64) -> Take {
    Take(ms, Outcome::Answered, &[])
}

/// Answers these items only.
pub(crate) fn part(ms: u64, items: &'static [usize]) -> Take {
    Take(ms, Outcome::Partly(items), &[])
}

pub(crate) fn fails(ms: u64, fault: Fault) -> Take {
    Take(ms, fault.into(), &[])
}

pub(crate) fn throttled(ms: u64, retry_after: Duration) -> Take {
    Take(ms, Outcome::Failed { fault: Fault::Throttled, retry_after: Some(retry_after) }, &[])
}

/// Never answers.
pub(crate) fn hangs() -> Take {
    Take(u64::MAX / 2_000_000, Fault::Cut.into(), &[])
}

pub(crate) fn candidates(count: usize) -> Vec<Candidate> {
    (0..count).map(|slot| Candidate::new(ProviderId::new(u16::try_from(slot).expect("few")))).collect()
}

pub(crate) struct World {
    pub(crate) fleet: Fleet,
    pub(crate) now: Moment,
    pub(crate) trace: String,
    pub(crate) seed: u64,
    /// How many answers a call asks for.
    pub(crate) items: usize,
    /// How long after its start a call is abandoned, if it is.
    pub(crate) quits: Option<Duration>,
    /// Whether launches say what bounds them.
    pub(crate) bounds: bool,
}

/// An attempt in flight: when it ends, and how; and what is still to be heard of it before.
struct Flight {
    attempt: AttemptId,
    began: Moment,
    end: Moment,
    outcome: Outcome<'static>,
    signs: &'static [Sign],
}

impl Flight {
    /// When it is heard of next.
    fn next(&self) -> Moment {
        let sign = self.signs.first().map(|(ms, _)| self.began.plus(Duration::from_millis(*ms)));
        sign.map_or(self.end, |sign| sign.min(self.end))
    }
}

impl World {
    pub(crate) fn new(breaker: Breaker) -> Self {
        Self::of(Fleet::new(8, breaker))
    }

    pub(crate) const fn of(fleet: Fleet) -> Self {
        Self {
            fleet,
            now: Moment::EPOCH,
            trace: String::new(),
            seed: 7,
            items: 1,
            quits: None,
            bounds: false,
        }
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

    /// What happens in between is told as one line.
    pub(crate) fn meanwhile(&mut self, story: &str, mut happens: impl FnMut(&mut Self)) {
        let told = self.trace.len();
        happens(self);
        self.trace.truncate(told);
        self.line(&format!("({story})"));
    }

    /// Drives one call to its end in virtual time; each candidate's attempts go by its script, whose last line repeats.
    pub(crate) fn call(&mut self, policy: &Policy, candidates: &[Candidate], scripts: &[&[Take]]) -> Finish {
        let mut call = Call::batch(policy, candidates, self.items, self.seed, self.now);
        let mut asked = vec![0_usize; candidates.len()];
        let mut flights: Vec<Flight> = Vec::new();
        let mut quits = self.quits.map(|after| self.now.plus(after));
        for _ in 0..10_000 {
            let action = call.poll(&self.fleet, self.now);
            self.tell_action(&action, &call);
            self.tell(&mut call);
            match action {
                Action::Launch(launch) => {
                    let script = scripts[launch.candidate];
                    let take = script[asked[launch.candidate].min(script.len() - 1)];
                    asked[launch.candidate] += 1;
                    let Take(ms, outcome, signs) = take;
                    let (attempt, began) = (launch.attempt, self.now);
                    let end = began.plus(Duration::from_millis(ms));
                    flights.push(Flight { attempt, began, end, outcome, signs });
                }
                Action::Cancel(attempt) => flights.retain(|flight| flight.attempt != attempt),
                Action::Wait(until) => {
                    flights.sort_by_key(|flight| (flight.next(), flight.attempt));
                    let first = flights.first().map(Flight::next);
                    let next =
                        [first, until].into_iter().flatten().min().expect("a call that waits for nothing");
                    if let Some(quit) = quits.filter(|quit| *quit <= next) {
                        self.now = quit;
                        self.line("abandoned");
                        call.abandon(&self.fleet, self.now);
                        self.tell(&mut call);
                        flights.clear();
                        quits = None;
                    } else {
                        self.now = next;
                        if first == Some(next) {
                            self.hear(&mut call, &mut flights);
                        }
                    }
                }
                Action::Finish(finish) => {
                    assert!(flights.is_empty(), "finished in flight:\n{}", self.trace);
                    self.tell_report(&call);
                    return finish;
                }
            }
        }
        panic!("the call does not end:\n{}", self.trace);
    }

    /// What the first of the attempts in flight has to say.
    fn hear(&mut self, call: &mut Call<'_>, flights: &mut Vec<Flight>) {
        if let Some(Flight { attempt, signs, .. }) =
            flights.first_mut().filter(|first| first.next() < first.end)
            && let Some(((_, progress), rest)) = signs.split_first()
        {
            let (attempt, progress) = (*attempt, *progress);
            *signs = rest;
            self.line(&format!(
                "{} {}",
                if progress == Progress::Shown { "show" } else { "hear" },
                attempt.number()
            ));
            call.progress(attempt, progress, &self.fleet, self.now);
        } else {
            let Flight { attempt, outcome, .. } = flights.remove(0);
            self.line(&format!("settle {} {}", attempt.number(), told(&outcome)));
            call.settle(attempt, outcome, &self.fleet, self.now);
        }
        self.tell(call);
    }

    fn tell_action(&mut self, action: &Action, call: &Call<'_>) {
        let mut text = show(action);
        if let Action::Launch(launch) = action {
            if self.bounds {
                text.push_str(bound(launch));
            }
            if self.items != 1 {
                let missing: Vec<_> = call.missing().collect();
                let _ = write!(text, ", for items [{}]", numbers(&missing));
            }
        }
        self.line(&text);
    }

    fn tell_report(&mut self, call: &Call<'_>) {
        for entry in call.report().entries() {
            self.line(&summary(&entry));
        }
        if self.items != 1 {
            self.tell_items(call);
        }
        if call.report().maybe_billed() {
            self.line("  maybe billed");
        }
    }

    fn tell_items(&mut self, call: &Call<'_>) {
        let owner = |item: &usize| call.report().answered_by(*item);
        let mut owners: Vec<_> = (0..self.items).map(|item| owner(&item)).collect();
        owners.sort_unstable();
        owners.dedup();
        for who in owners {
            let items: Vec<_> = (0..self.items).filter(|item| owner(item) == who).collect();
            let by = who.map_or("by nobody".to_owned(), |attempt| format!("by attempt {}", attempt.number()));
            self.line(&format!("  items [{}] {by}", numbers(&items)));
        }
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
