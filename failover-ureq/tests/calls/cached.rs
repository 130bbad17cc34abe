//! With a cache: fresh in front, stale behind, and one who asks for all.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use failover_ureq::calls::{Cache, Calls, Fault, Freshness, Served, ThreadProvider, Why};

use crate::scene::{SECOND, Script, bad, good, millis, plain};

type Numbers = Cache<&'static str, u32>;

fn numbers() -> Numbers {
    Cache::new(Freshness::new(10 * SECOND).stale_if_error(20 * SECOND))
}

/// The value, its age in seconds, and whether it is stale.
fn told(served: &Served<u32>) -> (u32, Option<(u64, bool)>) {
    (served.value, served.cached().map(|cached| (cached.age.as_secs(), cached.stale)))
}

#[test]
fn a_fresh_value_asks_nobody_and_an_old_one_serves_when_all_have_failed() {
    let ((time, calls), cache) = (plain(), numbers());
    let script = Script::new("one", &[Ok(7), Err("down"), Err("down"), Ok(8)]);
    let ask = || calls.ask([script.provider()]).cached(&cache, "a").run();
    assert_eq!(told(&ask().unwrap()), (7, None));
    time.pass(9 * SECOND);
    assert_eq!((told(&ask().unwrap()), script.asked()), ((7, Some((9, false))), 1));
    time.pass(SECOND);
    let stale = ask().unwrap();
    assert_eq!((told(&stale), script.asked()), ((7, Some((10, true))), 2));
    assert_eq!((stale.provider.as_str(), stale.report.attempts.len()), ("one", 1));
    time.pass(20 * SECOND);
    assert!(ask().is_err(), "too old");
    assert_eq!(told(&ask().unwrap()), (8, None));
}

#[test]
fn what_is_kept_was_valid_and_no_error() {
    let ((_, calls), cache) = (plain(), numbers());
    let script = Script::new("one", &[Ok(0), Err("down"), Ok(8)]);
    let ask = || calls.ask([script.provider()]).is_valid(|value| *value > 0).cached(&cache, "a").run();
    assert!(ask().is_err() && ask().is_err());
    assert_eq!(told(&ask().unwrap()), (8, None));
    assert_eq!((cache.len(), script.asked()), (1, 3));
}

#[test]
fn a_refused_request_is_not_answered_by_an_old_value() {
    let ((time, calls), cache) = (plain(), numbers());
    let (well, ill) = (good("one"), bad("one"));
    calls.ask([well.provider()]).cached(&cache, "a").run().unwrap();
    time.pass(11 * SECOND);
    let refused = calls.ask([ill.provider()]).classify(|_| Fault::InvalidRequest).cached(&cache, "a").run();
    assert_eq!(refused.unwrap_err().why(), &Why::Refused);
    let unusable = calls.ask([ill.provider(), ill.provider()]).cached(&cache, "a").run();
    assert!(matches!(unusable.unwrap_err().why(), Why::Unusable(_)));
    assert!(calls.ask([ill.provider()]).cached(&cache, "a").run().is_ok());
}

#[test]
fn of_eight_threads_one_asks_and_all_have_its_answer() {
    for threads in [false, true] {
        let (calls, cache, asked) = (Calls::new(), numbers(), Arc::new(AtomicU32::new(0)));
        let all_here = Arc::new(Barrier::new(8));
        let ask = |asked: &AtomicU32| Ok::<_, String>(asked.fetch_add(1, Ordering::SeqCst));
        let served: Vec<u32> = thread::scope(|scope| {
            let workers = [(); 8].map(|()| {
                scope.spawn(|| {
                    all_here.wait();
                    let got = if threads {
                        let asked = Arc::clone(&asked);
                        calls.ask_threads([("one", move || ask(&asked))]).cached(&cache, "a").run()
                    } else {
                        calls.ask([("one", || ask(&asked))]).cached(&cache, "a").run()
                    };
                    got.unwrap().value
                })
            });
            workers.map(|worker| worker.join().unwrap()).into()
        });
        assert_eq!((served, asked.load(Ordering::SeqCst)), (vec![0; 8], 1));
    }
}

#[test]
fn a_leader_that_panics_leaves_the_asking_to_another() {
    let (calls, cache) = (Calls::new(), numbers());
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (calls, cache) = (&calls, &cache);
    thread::scope(|scope| {
        let leader = scope.spawn(move || {
            let ask = || -> Result<u32, String> {
                begun.send(()).unwrap();
                may_go_on.recv().unwrap();
                panic!("on purpose")
            };
            calls.ask([("one", ask)]).cached(cache, "a").run()
        });
        has_begun.recv().unwrap();
        let follower = scope.spawn(|| calls.ask([("one", || Ok::<_, String>(8))]).cached(cache, "a").run());
        go_on.send(()).unwrap();
        assert!(leader.join().is_err());
        assert_eq!(told(&follower.join().unwrap().unwrap()), (8, None));
    });
}

/// A leader that hangs until the test is over.
fn beside_a_hung_leader(cache: &Numbers, calls: &Calls, test: impl FnOnce()) {
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let ask = || {
                begun.send(()).unwrap();
                may_go_on.recv().map_or(Err("down"), |()| Ok(1))
            };
            drop(calls.ask([("hung", ask)]).cached(cache, "a").run());
        });
        has_begun.recv().unwrap();
        test();
        drop(go_on);
    });
}

#[test]
fn a_leader_that_hangs_is_replaced_when_its_lease_ends() {
    let (calls, cache) = (Calls::new(), numbers().lease(millis(20)));
    beside_a_hung_leader(&cache, &calls, || {
        let got = calls.ask([("one", || Ok::<_, String>(8))]).cached(&cache, "a").run().unwrap();
        assert_eq!(told(&got), (8, None));
    });
}

#[test]
fn the_deadline_holds_for_the_waiting_too() {
    let (calls, cache) = (Calls::new(), numbers());
    beside_a_hung_leader(&cache, &calls, || {
        let good = good("one");
        let late = calls.ask([good.provider()]).deadline(millis(20)).cached(&cache, "a").run();
        assert_eq!((late.unwrap_err().why(), good.asked()), (&Why::Deadline, 0));
    });
}

#[test]
fn two_calls_of_the_system_s_clock_agree_on_the_age_of_a_value() {
    let cache = Cache::new(Freshness::new(Duration::from_secs(3_600)));
    let elder = Calls::new();
    elder.ask([good("one").provider()]).cached(&cache, "a").run().unwrap();
    let kept = Instant::now();
    let younger = Calls::new();
    let least = kept.elapsed();
    let served = younger.ask([bad("one").provider()]).cached(&cache, "a").run().unwrap();
    assert!(served.cached().unwrap().age >= least);
}

#[test]
fn what_is_cached_shows_neither_keys_nor_values() {
    let ((_, calls), cache) = (plain(), Cache::new(Freshness::new(SECOND)));
    let ask = calls.ask_threads([ThreadProvider::new("one", || Ok::<_, String>("a value"))]);
    let ask = ask.cached(&cache, "a prompt");
    let shown = format!("{ask:?}");
    assert!(shown.contains("one") && !shown.contains("prompt"), "{shown}");
    ask.run().unwrap();
    assert!(!format!("{cache:?}").contains("value"));
}

#[test]
fn a_value_that_serves_behind_the_providers_is_told_of_as_that() {
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hears = std::sync::Arc::clone(&told);
    let builder = Calls::builder().on_event(move |event| hears.lock().unwrap().push(event.to_string()));
    let (calls, hour) = (builder.build().unwrap(), Duration::from_secs(3_600));
    let cache = Cache::new(Freshness::new(Duration::ZERO).stale_if_error(hour));
    for answer in [Ok(7), Err("down")] {
        let got = calls.ask([("primary", || answer)]).cached(&cache, 1).run().unwrap();
        assert_eq!((got.value, got.cached().is_some()), (7, answer.is_err()));
    }
    let told = told.lock().unwrap();
    assert!(told.last().is_some_and(|last| last.contains("from the cache")), "{told:#?}");
    assert!(told.iter().all(|line| !line.contains("nobody served")), "{told:#?}");
}
