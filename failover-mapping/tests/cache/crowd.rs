//! Many who want the same value at once.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use failover_core::Fault;
use failover_mapping::cache::{Cache, Follow, Freshness, Turn};

use crate::scene::{
    Answer, Prices, asks, at, buy, called, down, follow, follows, good, lead, prices, served,
};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Tells that it waits, then waits until it is woken.
fn wait(mut follow: Follow, waiting: &AtomicU32) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut told = false;
    while poll(&mut follow, &waker).is_pending() {
        if !std::mem::replace(&mut told, true) {
            waiting.fetch_add(1, Ordering::SeqCst);
        }
        thread::park();
    }
}

fn poll(follow: &mut Follow, waker: &Waker) -> Poll<()> {
    let follow = std::pin::Pin::new(follow);
    Future::poll(follow, &mut Context::from_waker(waker))
}

fn is_over(follow: &mut Follow) -> bool {
    poll(follow, Waker::noop()).is_ready()
}

/// Eight threads at once. The first to lead ends as `leader` does, once all others wait for it; those who ask after that get
/// what `rest` says. How many asked, and what everybody got.
fn crowd(
    prices: &Prices,
    leader: fn() -> Answer,
    rest: fn() -> Answer,
) -> (u32, Vec<thread::Result<Answer>>) {
    const CROWD: u32 = 8;
    let (asked, waiting) = (AtomicU32::new(0), AtomicU32::new(0));
    let call = || {
        let mut visit = prices.visit("BTC", None, at(1));
        loop {
            match visit.next(at(1)) {
                Turn::Served(served) => return Ok(served),
                Turn::Follow(follow) => wait(follow, &waiting),
                Turn::Ask(seat) => {
                    let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
                    while first && waiting.load(Ordering::SeqCst) < CROWD - 1 {
                        thread::yield_now();
                    }
                    return seat.conclude(if first { leader() } else { rest() }, at(1));
                }
            }
        }
    };
    let got = thread::scope(|scope| {
        let threads =
            [(); CROWD as usize].map(|()| scope.spawn(|| panic::catch_unwind(AssertUnwindSafe(call))));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    (asked.into_inner(), got)
}

#[test]
fn one_asks_and_all_have_the_answer() {
    let (asked, got) = crowd(&prices(), || good(7), || unreachable!());
    assert_eq!(asked, 1);
    let got: Vec<_> = got.into_iter().map(|it| it.unwrap().unwrap()).collect();
    assert!(got.iter().all(|it| it.value == 7 && it.provider == "primary"));
    assert_eq!(got.iter().filter(|it| it.cached().is_none()).count(), 1);
}

#[test]
fn they_have_it_also_where_nothing_can_be_kept() {
    let (asked, got) = crowd(&prices().capacity(0), || good(7), || unreachable!());
    assert_eq!((asked, got.iter().flatten().filter(|it| it.is_ok()).count()), (1, 8));
}

#[test]
fn after_a_failure_everybody_asks_for_themselves_and_nobody_waits_in_a_row() {
    let (asked, got) = crowd(&prices(), down, down);
    assert_eq!(asked, 8);
    assert!(got.into_iter().flatten().all(|it| it.is_err()));
}

#[test]
fn nobody_waits_for_another_after_a_failure_but_those_who_come_later_do() {
    let prices = prices();
    let seat = lead(&prices, 0);
    let [mut first, mut second, mut third] = [0; 3].map(|_| follow(&prices, 0).0);
    seat.conclude(down(), at(1)).unwrap_err();
    let _seats = [asks(&mut first, 1), asks(&mut second, 1), asks(&mut third, 1)];
    let _later = follow(&prices, 1);
}

#[test]
fn after_a_failure_an_old_value_serves_the_whole_crowd() {
    let prices = prices().capacity(1);
    let lead = lead(&prices, 0);
    lead.conclude(good(7), at(0)).unwrap();
    let mut visits = [0; 3].map(|_| prices.visit("BTC", None, at(11)));
    let [leader, rest @ ..] = &mut visits;
    let seat = asks(leader, 11);
    let follow = rest.each_mut().map(|visit| follows(visit, 11));
    assert!(seat.conclude(down(), at(12)).unwrap().cached().unwrap().stale);
    for (visit, mut follow) in rest.iter_mut().zip(follow) {
        assert!(is_over(&mut follow));
        let stale = served(visit, 12);
        assert!((stale.value, stale.cached().unwrap().stale) == (7, true));
    }
}

#[test]
fn a_leader_that_panics_wakes_them_and_one_of_them_leads() {
    let (asked, got) = crowd(&prices(), || panic!("on purpose"), || good(8));
    assert_eq!(asked, 2, "the one that panicked, and one more for all");
    assert_eq!(got.iter().filter(|it| it.is_err()).count(), 1);
    assert!(got.into_iter().flatten().all(|it| it.unwrap().value == 8));
}

#[test]
fn a_leader_that_is_dropped_wakes_them_and_one_of_them_leads() {
    let prices = prices();
    let seat = lead(&prices, 0);
    let (mut first, mut waits) = follow(&prices, 0);
    let (mut second, mut too) = follow(&prices, 0);
    assert!(!is_over(&mut waits) && !is_over(&mut too));
    drop(seat);
    assert!(is_over(&mut waits) && is_over(&mut too));
    let seat = asks(&mut first, 1);
    let mut again = follows(&mut second, 1);
    seat.conclude(good(9), at(1)).unwrap();
    assert!(is_over(&mut again));
    assert_eq!(served(&mut second, 1).value, 9);
}

#[test]
fn a_leader_whose_request_is_at_fault_says_nothing_about_the_providers() {
    let prices = prices();
    let seat = lead(&prices, 0);
    let (mut first, _) = follow(&prices, 0);
    let (mut second, _) = follow(&prices, 0);
    seat.conclude(called(Err(Fault::InvalidRequest)), at(0)).unwrap_err();
    let _lead = asks(&mut first, 0);
    let _follow = follows(&mut second, 0);
}

#[test]
fn a_leader_that_hangs_is_replaced_when_its_lease_ends_and_nobody_follows_three() {
    let prices = prices();
    let hung = lead(&prices, 0);
    let (mut first, waits) = follow(&prices, 1);
    let (mut second, _) = follow(&prices, 1);
    let (mut third, _) = follow(&prices, 4);
    assert_eq!(waits.until(), at(5));
    let hung_too = asks(&mut first, 5);
    assert_eq!(follows(&mut second, 5).until(), at(10));
    assert_eq!(follows(&mut third, 6).until(), at(10));
    let hung_as_well = asks(&mut second, 10);
    let alone = asks(&mut third, 10);
    alone.conclude(good(3), at(11)).unwrap();
    drop((hung, hung_too, hung_as_well));
    assert_eq!(buy(&prices, 12, down).0.unwrap().value, 3);
}

#[test]
fn who_comes_back_after_its_lease_does_not_end_its_successor() {
    let prices = prices().capacity(0);
    let hung = lead(&prices, 0);
    let _successor = lead(&prices, 5);
    hung.conclude(down(), at(6)).unwrap_err();
    let (_, mut waits) = follow(&prices, 6);
    assert!(!is_over(&mut waits), "the successor still leads");
}

#[test]
fn nobody_waits_beyond_their_own_deadline() {
    let prices = prices();
    let _hung = lead(&prices, 0);
    let mut hasty = prices.visit("BTC", Some(at(2)), at(1));
    assert_eq!(follows(&mut hasty, 1).until(), at(2));
    let _alone = asks(&mut hasty, 2);
    let (_, waits) = follow(&prices, 2);
    assert_eq!(waits.until(), at(5), "it was no leader of others");
}

#[test]
fn where_nothing_is_fresh_each_asks_for_itself_and_has_the_old_value_behind_it() {
    let prices = Cache::new(Freshness::new(Duration::ZERO).stale_if_error(Duration::from_secs(10)));
    let (one, other) = (lead(&prices, 0), lead(&prices, 0));
    one.conclude(good(7), at(0)).unwrap();
    assert!(buy(&prices, 1, || good(8)).1);
    assert!(other.conclude(down(), at(2)).unwrap().value == 8);
}

#[test]
fn different_keys_do_not_wait_for_each_other() {
    let prices = prices();
    let _seat = lead(&prices, 0);
    let _other = asks(&mut prices.visit("ETH", None, at(0)), 0);
}

#[test]
fn who_does_not_wait_any_more_is_not_woken() {
    let prices = prices();
    let seat = lead(&prices, 0);
    let (_, mut gone) = follow(&prices, 0);
    let (_, mut stays) = follow(&prices, 0);
    let unpark = Arc::new(Unpark(thread::current()));
    let waker = Waker::from(Arc::clone(&unpark));
    for follow in [&mut gone, &mut stays] {
        assert!(poll(follow, &waker).is_pending() && poll(follow, &waker).is_pending());
    }
    assert_eq!(Arc::strong_count(&unpark), 4);
    drop(gone);
    assert_eq!(Arc::strong_count(&unpark), 3);
    drop(seat);
    assert_eq!(Arc::strong_count(&unpark), 2);
}
