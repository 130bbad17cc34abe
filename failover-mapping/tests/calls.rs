//! The books of a call, driven by hand: what an adapter that settles in another order than the blocking one may rely on.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::time::Duration;

use failover_core::{Action, Call, Fault, Hedge, Launch, Moment, Policy};
use failover_mapping::Preset;
use failover_mapping::calls::{
    AllFailed, Batch, Builder, End, FromRoster, Ledger, Lone, RootCause, Roster, Verdict,
};

struct Calls(Roster);

impl FromRoster for Calls {
    fn from_roster(roster: Roster) -> Self {
        Self(roster)
    }
}

fn roster() -> Roster {
    Builder::<Calls>::new().timeout(Duration::from_secs(10)).build().unwrap().0
}

fn at(millis: u64) -> Moment {
    Moment::after_epoch(Duration::from_millis(millis))
}

fn launches(call: &mut Call<'_>, roster: &Roster, now: Moment) -> Vec<Launch> {
    let mut launches = Vec::new();
    while let Action::Launch(launch) = call.poll(roster.fleet(), now) {
        launches.push(launch);
    }
    launches
}

fn names() -> [String; 2] {
    ["one", "two"].map(str::to_owned)
}

fn race(roster: &Roster) -> Policy {
    roster.policy().hedge(Hedge::race())
}

#[test]
fn of_two_answers_at_once_the_first_is_the_one() {
    let roster = roster();
    let (policy, lineup) = (race(&roster), roster.line_up(names()).unwrap());
    let mut call = Call::new(&policy, &lineup.candidates, 1, at(0));
    let mut ledger = Ledger::new(Lone::new(), Verdict::broken::<String>, lineup.names, at(0));
    let both = launches(&mut call, &roster, at(0));
    for launch in &both {
        ledger.launch(launch, call.missing(), at(0));
    }
    assert_eq!((ledger.in_flight(), both.len()), (2, 2));
    for (launch, value) in both.iter().zip(["first", "second"]) {
        let outcome = ledger.settle(launch.attempt, Ok(value), at(5));
        call.settle(launch.attempt, outcome, roster.fleet(), at(5));
    }
    assert!(matches!(call.poll(roster.fleet(), at(5)), Action::Finish(_)));
    let served = ledger.conclude(call.report(), at(5)).unwrap();
    assert_eq!((served.value, served.provider.as_str()), ("first", "one"));
    let second = &served.report.attempts[1];
    assert_eq!((second.end, second.maybe_billed, served.report.served), (End::CalledOff, true, 1));
}

#[test]
fn one_that_is_called_off_at_its_limit_timed_out() {
    let roster = roster();
    let (policy, lineup) = (race(&roster), roster.line_up(names()).unwrap());
    let mut call = Call::new(&policy, &lineup.candidates, 1, at(0));
    let mut ledger = Ledger::new(Lone::<u32>::new(), Verdict::broken::<String>, lineup.names, at(0));
    for launch in launches(&mut call, &roster, at(0)) {
        ledger.launch(&launch, call.missing(), at(0));
    }
    let now = at(10_000);
    while let Action::Cancel(attempt) = call.poll(roster.fleet(), now) {
        assert!(ledger.is_in_flight(attempt));
        ledger.cancel(attempt, now);
        assert!(!ledger.is_in_flight(attempt));
    }
    let failed = ledger.conclude(call.report(), now).unwrap_err();
    assert!(failed.failures().iter().all(|failure| failure.cause == RootCause::TimedOut));
    assert!(failed.report().attempts.iter().all(|it| it.end == End::Failed(Fault::Timeout) && !it.goes_on));
    assert_eq!(failed.failures().len(), 2);
}

#[test]
fn one_that_could_not_be_started_blames_nobody() {
    let roster = roster();
    let (policy, lineup) = (roster.policy(), roster.line_up(names()).unwrap());
    let mut call = Call::new(&policy, &lineup.candidates, 1, at(0));
    let mut ledger = Ledger::new(Lone::<u32>::new(), Verdict::broken::<String>, lineup.names, at(0));
    while let Action::Launch(launch) = call.poll(roster.fleet(), at(0)) {
        ledger.launch(&launch, call.missing(), at(0));
        call.settle(launch.attempt, ledger.not_started(launch.attempt, at(0)), roster.fleet(), at(0));
    }
    let failed = ledger.conclude(call.report(), at(0)).unwrap_err();
    assert!(failed.failures().iter().all(|failure| failure.cause == RootCause::NotStarted));
    let line = "+0 ms     two  cannot take this request, 0 ms: no thread could be started";
    assert!(failed.to_string().contains(line), "{failed}");
    assert!(!failed.report().maybe_billed);
}

#[test]
fn a_batch_takes_each_item_from_whoever_has_it_first() {
    let roster = roster();
    let (policy, lineup) = (race(&roster), roster.line_up(names()).unwrap());
    let wanted = Batch::new(["a", "b", "c"]);
    let mut ledger = Ledger::new(wanted, Verdict::broken::<String>, lineup.names, at(0));
    let mut call = Call::batch(&policy, &lineup.candidates, ledger.count(), 1, at(0));
    let both = launches(&mut call, &roster, at(0));
    for launch in &both {
        assert_eq!(ledger.launch(launch, call.missing(), at(0)), ["a", "b", "c"]);
    }
    let answers = [vec![("a", 1), ("b", 2)], vec![("a", 10), ("b", 20), ("c", 30)]];
    for (launch, answer) in both.iter().zip(answers) {
        let outcome = ledger.settle(launch.attempt, Ok(answer), at(5));
        call.settle(launch.attempt, outcome, roster.fleet(), at(5));
    }
    assert!(matches!(call.poll(roster.fleet(), at(5)), Action::Finish(_)));
    let filled = ledger.conclude(call.report(), at(5)).unwrap();
    assert_eq!(filled.values.into_iter().collect::<Vec<_>>(), [("a", 1), ("b", 2), ("c", 30)]);
    assert_eq!(filled.report.to_string().lines().last(), Some("3 of 3 served, after 5 ms"));
}

#[test]
fn what_a_caller_gets_crosses_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Roster>();
    crosses::<AllFailed<String>>();
    crosses::<Ledger<Lone<String>, String, fn(&String) -> Verdict>>();
    crosses::<Ledger<Batch<String, u32>, String, fn(&String) -> Verdict>>();
}

/// The limits of a first attempt, and the wait after its failure.
fn first(roster: &Roster) -> (Option<Duration>, Action) {
    let lineup = roster.line_up(["one".to_owned()]).unwrap();
    let policy = roster.policy();
    let mut call = Call::new(&policy, &lineup.candidates, 1, at(0));
    let Action::Launch(launch) = call.poll(roster.fleet(), at(0)) else { panic!("nothing was asked") };
    call.settle(launch.attempt, Fault::Broken.into(), roster.fleet(), at(0));
    (launch.limits.total(), call.poll(roster.fleet(), at(0)))
}

#[test]
fn presets_are_a_beginning() {
    let preset = |preset| Builder::<Calls>::new().preset(preset);
    let (limit, next) = first(&preset(Preset::Interactive).build().unwrap().0);
    assert_eq!(limit, Some(Duration::from_secs(10)));
    assert!(matches!(next, Action::Finish(_)), "no retry: {next:?}");
    let (limit, next) = first(&preset(Preset::Batch).build().unwrap().0);
    assert_eq!(limit, Some(Duration::from_secs(600)));
    assert!(matches!(next, Action::Wait(Some(until)) if until <= at(30_000)), "{next:?}");
    let (limit, _) = first(&preset(Preset::Batch).timeout(Duration::from_secs(5)).build().unwrap().0);
    assert_eq!(limit, Some(Duration::from_secs(5)), "what is said after it goes over it");
}
