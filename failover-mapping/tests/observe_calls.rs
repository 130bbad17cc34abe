//! What those who listen hear of a call of callables.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::Cell;
use std::num::NonZeroU8;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::{Action, Breaker, Call, Guard, Hedge, Moment};
use failover_mapping::calls::{
    AllFailed, Batch, Builder, Filled, FromRoster, Ledger, Lone, Roster, Served, Unfilled, Verdict, Wanted,
};
use failover_mapping::observe::{Event, Outcome};

/// Answers to what it is asked; every answer takes 100 ms.
type Ask<Q, A> = fn(Q) -> Result<A, String>;

type Keys = Vec<&'static str>;
type Pairs = Vec<(&'static str, u32)>;

/// A provider's name, and its function.
type Named<'n, W> = (&'n str, Ask<<W as Wanted>::Question, <W as Wanted>::Answer>);

/// What becomes of a call, for what is wanted.
type Ended<W> = Result<<W as Wanted>::Got, <W as Wanted>::Failed<String>>;

/// An adapter with a clock that nobody has to wait for.
struct Calls {
    roster: Roster,
    clock: Cell<Moment>,
    heard: Heard,
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl FromRoster for Calls {
    fn from_roster(roster: Roster) -> Self {
        Self { roster, clock: Cell::new(Moment::EPOCH), heard: Heard::default() }
    }
}

fn calls(builder: Builder<Calls>) -> Calls {
    let heard = Heard::default();
    let told = heard.clone();
    let builder = builder.on_event(move |event| told.0.lock().unwrap().push(event.to_string()));
    Calls { heard, ..builder.build().unwrap() }
}

impl Calls {
    fn now(&self) -> Moment {
        self.clock.get()
    }

    fn pass(&self, time: Duration) {
        self.clock.set(self.clock.get().plus(time));
    }

    /// What was told since the last time.
    fn heard(&self) -> String {
        self.heard.0.lock().unwrap().drain(..).map(|line| line + "\n").collect()
    }

    fn run<W: Wanted>(&self, wanted: W, providers: &[Named<'_, W>]) -> Ended<W> {
        let lineup = self.roster.line_up(providers.iter().map(|(name, _)| (*name).to_owned())).unwrap();
        let policy = self.roster.policy().require_all(false);
        let mut ledger =
            Ledger::new(wanted, Verdict::broken, lineup.names, self.now()).observed(&self.roster);
        let call = Call::batch(&policy, &lineup.candidates, ledger.count(), 42, self.now());
        let mut call = Guard::new(call, self.roster.fleet(), || self.now());
        let mut flights = Vec::new();
        loop {
            let action = call.poll(self.now());
            ledger.told(call.next_event(), call.report(), self.now());
            match action {
                Action::Launch(launch) => {
                    let question = ledger.launch(&launch, call.missing(), self.now());
                    flights.push((launch.attempt, providers[launch.candidate].1, question));
                }
                Action::Cancel(attempt) => {
                    ledger.cancel(attempt, self.now());
                    flights.retain(|(other, ..)| *other != attempt);
                }
                // The one that started last is the quickest.
                Action::Wait(until) => match flights.pop() {
                    Some((attempt, ask, question)) => {
                        self.pass(Duration::from_millis(100));
                        call.settle(attempt, ledger.settle(attempt, ask(question), self.now()), self.now());
                        ledger.told(call.next_event(), call.report(), self.now());
                    }
                    None => self.clock.set(until.unwrap()),
                },
                Action::Finish(_) => return ledger.conclude(call.report(), self.now()),
            }
        }
    }

    fn one(&self, providers: &[(&str, Ask<(), u32>)]) -> Result<Served<u32>, AllFailed<String>> {
        self.run(Lone::new().is_valid(|value| *value > 0), providers)
    }

    fn each(
        &self,
        keys: [&'static str; 3],
        feeds: &[(&str, Ask<Keys, Pairs>)],
    ) -> Result<Filled<&'static str, u32>, Unfilled<&'static str, u32, String>> {
        self.run(Batch::new(keys), feeds)
    }
}

const GOOD: Ask<(), u32> = |()| Ok(7);
const BAD: Ask<(), u32> = |()| Err("a very secret reason".to_owned());
const INVALID: Ask<(), u32> = |()| Ok(0);

#[test]
fn the_first_serves() {
    let calls = calls(Builder::new());
    calls.one(&[("primary", GOOD), ("backup", GOOD)]).unwrap();
    insta::assert_snapshot!(calls.heard());
}

#[test]
fn a_backup_serves() {
    let calls = calls(Builder::new());
    calls.one(&[("primary", BAD), ("second", INVALID), ("backup", GOOD)]).unwrap();
    insta::assert_snapshot!(calls.heard());
}

#[test]
fn nobody_serves() {
    let calls = calls(Builder::new());
    calls.one(&[("primary", BAD), ("backup", INVALID)]).unwrap_err();
    insta::assert_snapshot!(calls.heard());
}

/// Nobody failed, so nothing was failed over.
#[test]
fn a_race() {
    let calls = calls(Builder::new().hedge(Hedge::race()));
    calls.one(&[("slow", GOOD), ("quick", GOOD)]).unwrap();
    insta::assert_snapshot!(calls.heard());
}

#[test]
fn a_batch_is_filled() {
    let calls = calls(Builder::new());
    let half = |_: Vec<&'static str>| Ok(vec![("BTC", 1)]);
    let rest = |_: Vec<&'static str>| Ok(vec![("ETH", 2)]);
    let down = |_: Vec<&'static str>| Err("down".to_owned());
    calls.each(["BTC", "ETH", "XMR"], &[("half", half), ("rest", rest), ("down", down)]).unwrap();
    calls.each(["BTC", "ETH", "XMR"], &[("down", down)]).unwrap_err();
    insta::assert_snapshot!(calls.heard());
}

#[test]
fn the_life_of_a_breaker() {
    let breaker = Breaker::new().failures(NonZeroU8::MIN).pause(Duration::from_secs(30)).jitter_percent(0);
    let calls = calls(Builder::new().breaker(breaker));
    calls.one(&[("primary", BAD), ("backup", GOOD)]).unwrap();
    calls.one(&[("primary", GOOD), ("backup", GOOD)]).unwrap();
    calls.pass(Duration::from_secs(30));
    calls.one(&[("primary", GOOD), ("backup", GOOD)]).unwrap();
    calls.roster.force_open("primary").unwrap();
    calls.one(&[("primary", GOOD)]).unwrap_err();
    calls.roster.release("primary");
    insta::assert_snapshot!(calls.heard());
}

/// What a panic in a callable leaves behind is told, as nobody else can.
#[test]
fn a_callable_panics() {
    let calls = calls(Builder::new());
    let broken: Ask<(), u32> = |()| std::panic::resume_unwind(Box::new("a bug"));
    let run = std::panic::AssertUnwindSafe(|| calls.one(&[("primary", broken), ("backup", GOOD)]));
    std::panic::catch_unwind(run).unwrap_err();
    insta::assert_snapshot!(calls.heard());
}

#[test]
fn a_listener_that_panics_harms_nobody() {
    let builder =
        Builder::<Calls>::new().on_event(|_| std::panic::resume_unwind(Box::new("the user's own mistake")));
    let calls = builder.build().unwrap();
    assert_eq!(calls.one(&[("primary", BAD), ("backup", GOOD)]).unwrap().value, 7);
}

/// The errors are the callables' own, and in none of the events.
#[test]
fn no_error_is_told() {
    let told = Arc::new(Mutex::new(String::new()));
    let builder = Builder::<Calls>::new().on_event({
        let told = Arc::clone(&told);
        move |event| *told.lock().unwrap() += &format!("{event} {event:?}")
    });
    let calls = builder.build().unwrap();
    calls.one(&[("primary", BAD), ("backup", BAD)]).unwrap_err();
    let told = told.lock().unwrap();
    assert!(told.contains("backup") && !told.contains("secret"), "{told}");
}

/// The 257th name has no breaker, and is counted with all others of which there are too many.
#[test]
fn there_are_only_so_many_names() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let builder = Builder::<Calls>::new().on_event({
        let seen = Arc::clone(&seen);
        move |event| {
            if let Event::Ended { by, outcome: Outcome::Answered, .. } = event {
                seen.lock().unwrap().push(format!("{} {:?}", by.provider, by.model));
            }
        }
    });
    let calls = builder.build().unwrap();
    for number in 0..257 {
        calls.one(&[(&format!("p{number}"), GOOD)]).unwrap();
    }
    let seen = seen.lock().unwrap();
    assert_eq!((seen.len(), seen[256].as_str()), (257, "p256 None"));
}

/// As many series as there are breakers, and one for the rest.
#[cfg(feature = "metrics")]
#[test]
fn names_without_a_breaker_are_counted_together() {
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    let seen = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let calls = calls(Builder::new());
        for number in 0..260 {
            calls.one(&[(&format!("p{number}"), GOOD)]).unwrap();
        }
    });
    let seen = seen.snapshot().into_vec();
    let label = |at: usize, name: &str| {
        let key = seen[at].0.key();
        let labels: Vec<_> = key.labels().map(|label| label.value().to_owned()).collect();
        (key.name() == name).then_some(labels)
    };
    for name in ["failover_attempts_total", "failover_calls_total"] {
        let series: Vec<_> = (0..seen.len()).filter_map(|at| label(at, name)).collect();
        assert_eq!(series.len(), 257, "{name}");
        assert_eq!(series.iter().filter(|labels| labels[0] == "other").count(), 1, "{name}");
        assert!(series.iter().all(|labels| labels[0] != "p256"), "{name}");
    }
}
