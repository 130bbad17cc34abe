//! Calls that come out as a test says.

use std::time::Duration;

use failover_core::{Action, Call, Fault, Guard, Moment};
use failover_mapping::cache::{Cache, Follow, Freshness, Seat, Turn, Visit};
use failover_mapping::calls::{AllFailed, Builder, FromRoster, Ledger, Lone, Roster, Served, Verdict};

pub(crate) type Answer = Result<Served<u32>, AllFailed<Fault>>;
pub(crate) type Prices = Cache<&'static str, u32>;

pub(crate) fn at(seconds: u64) -> Moment {
    Moment::after_epoch(Duration::from_secs(seconds))
}

/// Fresh for 10 s, stale for 20 s more, and a lease of 5 s.
pub(crate) fn prices() -> Prices {
    let second = Duration::from_secs(1);
    Cache::new(Freshness::new(10 * second).stale_if_error(20 * second)).lease(5 * second)
}

struct Calls(Roster);

impl FromRoster for Calls {
    fn from_roster(roster: Roster) -> Self {
        Self(roster)
    }
}

/// What came of a call of one provider, which says this, in no time.
pub(crate) fn called(says: Result<u32, Fault>) -> Answer {
    let calls: Calls = Builder::new().build().unwrap();
    let lineup = calls.0.line_up(["primary".to_owned()])?;
    let policy = calls.0.policy();
    let verdict = |fault: &Fault| Verdict::from(*fault);
    let mut ledger = Ledger::new(Lone::new(), verdict, lineup.names, at(0));
    let call = Call::new(&policy, &lineup.candidates, 42, at(0));
    let mut call = Guard::new(call, calls.0.fleet(), || at(0));
    while let Action::Launch(launch) = call.poll(at(0)) {
        ledger.launch(&launch, call.missing(), at(0));
        call.settle(launch.attempt, ledger.settle(launch.attempt, says, at(0)), at(0));
    }
    ledger.conclude(call.report(), at(0))
}

pub(crate) fn good(price: u32) -> Answer {
    called(Ok(price))
}

pub(crate) fn down() -> Answer {
    called(Err(Fault::Broken))
}

/// A call that finds no leader in its way; whether anybody was asked.
pub(crate) fn buy(prices: &Prices, now: u64, answer: impl FnOnce() -> Answer) -> (Answer, bool) {
    match prices.visit("BTC", None, at(now)).next(at(now)) {
        Turn::Served(served) => (Ok(served), false),
        Turn::Ask(seat) => (seat.conclude(answer(), at(now)), true),
        Turn::Follow(follow) => panic!("somebody leads: {follow:?}"),
    }
}

/// A call that begins now, and has nothing better to do than to ask.
pub(crate) fn lead(prices: &Prices, now: u64) -> Seat<&'static str, u32> {
    asks(&mut prices.visit("BTC", None, at(now)), now)
}

/// A call that begins now, and follows.
pub(crate) fn follow(prices: &Prices, now: u64) -> (Visit<&'static str, u32>, Follow) {
    let mut visit = prices.visit("BTC", None, at(now));
    let follow = follows(&mut visit, now);
    (visit, follow)
}

pub(crate) fn asks(visit: &mut Visit<&'static str, u32>, now: u64) -> Seat<&'static str, u32> {
    match visit.next(at(now)) {
        Turn::Ask(seat) => seat,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn follows(visit: &mut Visit<&'static str, u32>, now: u64) -> Follow {
    match visit.next(at(now)) {
        Turn::Follow(follow) => follow,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn served(visit: &mut Visit<&'static str, u32>, now: u64) -> Served<u32> {
    match visit.next(at(now)) {
        Turn::Served(served) => served,
        other => panic!("{other:?}"),
    }
}
