//! With a cache: fresh in front, stale behind, and one who asks for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use failover_reqwest::calls::{Cache, Calls, Fault, Freshness, Provider, Served, Why};
use tokio::join;
use tokio::time::{Instant, advance};

use crate::scene::{Alive, SECOND, Script, bad, good, hangs, millis, polled, takes};

type Numbers = Cache<&'static str, u32>;

fn numbers() -> Numbers {
    Cache::new(Freshness::new(10 * SECOND).stale_if_error(20 * SECOND))
}

/// The value, its age in seconds, and whether it is stale.
fn told(served: &Served<u32>) -> (u32, Option<(u64, bool)>) {
    (served.value, served.cached().map(|cached| (cached.age.as_secs(), cached.stale)))
}

#[tokio::test(start_paused = true)]
async fn a_fresh_value_asks_nobody_and_an_old_one_serves_when_all_have_failed() {
    let (calls, cache) = (Calls::new(), numbers());
    let script = Script::new("one", &[Ok(7), Err("down"), Err("down"), Ok(8)]);
    let ask = || calls.ask([script.provider()]).cached(&cache, "a").run();
    assert_eq!(told(&ask().await.unwrap()), (7, None));
    advance(9 * SECOND).await;
    assert_eq!((told(&ask().await.unwrap()), script.asked()), ((7, Some((9, false))), 1));
    advance(SECOND).await;
    let stale = ask().await.unwrap();
    assert_eq!((told(&stale), script.asked()), ((7, Some((10, true))), 2));
    assert_eq!((stale.provider.as_str(), stale.report.attempts.len()), ("one", 1));
    advance(20 * SECOND).await;
    assert!(ask().await.is_err(), "too old");
    assert_eq!(told(&ask().await.unwrap()), (8, None));
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_was_valid_and_no_error() {
    let (calls, cache) = (Calls::new(), numbers());
    let script = Script::new("one", &[Ok(0), Err("down"), Ok(8)]);
    let ask = || calls.ask([script.provider()]).is_valid(|value| *value > 0).cached(&cache, "a").run();
    assert!(ask().await.is_err() && ask().await.is_err());
    assert_eq!(told(&ask().await.unwrap()), (8, None));
    assert_eq!((cache.len(), script.asked()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_is_not_answered_by_an_old_value() {
    let (calls, cache) = (Calls::new(), numbers());
    let (well, ill) = (good("one"), bad("one"));
    calls.ask([well.provider()]).cached(&cache, "a").run().await.unwrap();
    advance(11 * SECOND).await;
    let refused = calls.ask([ill.provider()]).classify(|_| Fault::InvalidRequest).cached(&cache, "a").run();
    assert_eq!(refused.await.unwrap_err().why(), &Why::Refused);
    assert!(calls.ask([ill.provider()]).cached(&cache, "a").run().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_tasks_in_many_threads_one_asks_and_all_have_its_answer() {
    let (calls, cache, asked) = (Calls::new(), Arc::new(numbers()), Arc::new(AtomicU32::new(0)));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let (calls, cache, asked) = (calls.clone(), Arc::clone(&cache), Arc::clone(&asked));
        tasks.spawn(async move {
            let ask = || async {
                tokio::task::yield_now().await;
                Ok::<_, String>(asked.fetch_add(1, Ordering::SeqCst))
            };
            calls.ask([("one", ask)]).cached(&cache, "a").run().await.unwrap().value
        });
    }
    assert_eq!(tasks.join_all().await, [0; 1_000]);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn who_follows_waits_no_longer_than_the_one_who_asks() {
    let (calls, cache, start) = (Calls::new(), numbers(), Instant::now());
    let ask = |value| calls.ask([takes("one", SECOND, Ok(value))]).cached(&cache, "a").run();
    let (one, other) = join!(ask(1), ask(2));
    assert_eq!((told(&one.unwrap()), told(&other.unwrap())), ((1, None), (1, Some((0, false)))));
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_all_ask_at_once_and_not_in_a_row() {
    let (calls, cache, start) = (Calls::new(), numbers(), Instant::now());
    let ask = || calls.ask([takes("one", SECOND, Err::<u32, _>("down"))]).cached(&cache, "a").run();
    let (one, two, three, four) = join!(ask(), ask(), ask(), ask());
    assert!([one, two, three, four].iter().all(Result::is_err));
    assert_eq!(start.elapsed(), 2 * SECOND);
}

/// Dropped after every number of polls until it is polled to its end: whoever waited for it asks at once.
#[tokio::test(start_paused = true)]
async fn a_leader_that_is_dropped_anywhere_leaves_the_asking_to_another() {
    let (alive, start) = (AtomicU32::new(0), Instant::now());
    let alive = &alive;
    for polls in 1..100 {
        let (calls, cache) = (Calls::new(), numbers());
        let provider = |value| {
            Provider::new("one", move || async move {
                let _alive = Alive::new(alive);
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
                Ok::<_, String>(value)
            })
        };
        let ask = |value| calls.ask([provider(value)]).cached(&cache, "a").run();
        let mut follower = Box::pin(ask(2));
        let leader = polled(polls, ask(1));
        let (led, followed) = join!(leader, polled(100, &mut follower));
        assert_eq!(alive.load(Ordering::Relaxed), 0);
        let followed = followed.expect("it is done").unwrap();
        match led {
            Some(done) => {
                assert_eq!((done.unwrap().value, followed.value), (1, 1));
                assert!(polls > 3 && start.elapsed() < SECOND, "it was woken, not late");
                return;
            }
            None => assert_eq!(told(&followed), (2, None)),
        }
    }
    panic!("it was never done");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_panics_leaves_the_asking_to_another() {
    let (calls, cache) = (Calls::new(), Arc::new(numbers()));
    let (calls_too, cache_too) = (calls.clone(), Arc::clone(&cache));
    let leader = tokio::spawn(async move {
        let panics = || async {
            tokio::time::sleep(SECOND).await;
            panic!("on purpose")
        };
        let ask = calls_too.ask([Provider::<u32, &str>::new("one", panics)]);
        ask.cached(&cache_too, "a").run().await
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    let followed = calls.ask([good("one").provider()]).cached(&cache, "a").run().await.unwrap();
    assert_eq!((told(&followed), start.elapsed()), ((1, None), SECOND));
    assert!(leader.await.unwrap_err().is_panic());
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_hangs_is_replaced_when_its_lease_ends_and_the_deadline_holds_for_the_waiting() {
    let (calls, cache, start) = (Calls::new(), numbers().lease(5 * SECOND), Instant::now());
    let mut hung = Box::pin(calls.ask([hangs::<u32>("hung")]).cached(&cache, "a").run());
    assert!(polled(1, &mut hung).await.is_none());
    let good = good("one");
    let ask = || calls.ask([good.provider()]);
    let late = ask().deadline(millis(700)).cached(&cache, "a").run().await;
    assert_eq!((late.unwrap_err().why(), good.asked()), (&Why::Deadline, 0));
    assert_eq!(start.elapsed(), millis(700));
    assert_eq!(told(&ask().cached(&cache, "a").run().await.unwrap()), (1, None));
    assert_eq!(start.elapsed(), 5 * SECOND);
}
