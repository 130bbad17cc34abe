//! A thousand calls at once while the primary flaps: all are answered, and whoever is down is left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use failover_reqwest::calls::{Breaker, Calls, CircuitState, Provider};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::scene::{SECOND, calls, millis};

const CALLERS: u32 = 1000;

/// A primary that is up or down as the test says, and counts who asks it while it is down.
#[derive(Default)]
struct Flapping {
    down: AtomicBool,
    asked_in_vain: AtomicU32,
    asked: AtomicU32,
}

impl Flapping {
    async fn ask(&self) -> Result<&'static str, &'static str> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let down = self.down.load(Ordering::Relaxed);
        self.asked_in_vain.fetch_add(down.into(), Ordering::Relaxed);
        sleep(millis(5)).await;
        if down { Err("down") } else { Ok("primary") }
    }
}

/// A thousand calls, one more each millisecond. Returns how many of them the primary served.
async fn crowd(calls: &Calls, primary: &Arc<Flapping>) -> u32 {
    let mut tasks = JoinSet::new();
    for caller in 0..CALLERS {
        let (calls, primary) = (calls.clone(), primary.clone());
        tasks.spawn(async move {
            sleep(millis(caller.into())).await;
            let backup = Provider::new("backup", async || {
                sleep(millis(2)).await;
                Ok("backup")
            });
            calls.call([Provider::new("primary", || primary.ask()), backup]).await.unwrap().provider
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.len(), 1000, "every call is answered");
    answers.iter().map(|by| u32::from(by == "primary")).sum()
}

#[tokio::test(start_paused = true)]
async fn a_flapping_primary_is_asked_in_vain_as_often_as_its_breaker_lets_it() {
    let calls = calls(Calls::builder().breaker(Breaker::new().pause(30 * SECOND).jitter_percent(0)));
    let primary = Arc::new(Flapping::default());
    for _ in 0..5 {
        primary.down.store(true, Ordering::Relaxed);
        assert_eq!(crowd(&calls, &primary).await, 0);
        // The third failure opens it. Until that one ends, 5 ms later, whoever comes asks as well.
        let in_vain = primary.asked_in_vain.swap(0, Ordering::Relaxed);
        assert!((3..=3 + 5).contains(&in_vain), "{in_vain}");
        for _ in 0..3 {
            sleep(30 * SECOND + millis(1)).await;
            assert_eq!(crowd(&calls, &primary).await, 0);
            assert_eq!(primary.asked_in_vain.swap(0, Ordering::Relaxed), 1, "one probe");
        }
        assert!(matches!(calls.state("primary"), CircuitState::Open(_)));
        primary.down.store(false, Ordering::Relaxed);
        sleep(30 * SECOND + millis(1)).await;
        // One probes, whoever comes meanwhile is answered by the backup, and then all come back.
        let by_primary = crowd(&calls, &primary).await;
        assert!((1000 - 6..1000).contains(&by_primary), "{by_primary}");
        assert_eq!(calls.state("primary"), CircuitState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn all_in_the_same_moment() {
    let calls = calls(Calls::builder().breaker(Breaker::new().pause(30 * SECOND).jitter_percent(0)));
    let primary = Arc::new(Flapping::default());
    primary.down.store(true, Ordering::Relaxed);
    let at_once = async || {
        let mut tasks = JoinSet::new();
        for _ in 0..CALLERS {
            let (calls, primary) = (calls.clone(), primary.clone());
            tasks.spawn(async move {
                let providers = [
                    Provider::new("primary", || primary.ask()),
                    Provider::new("backup", async || Ok("backup")),
                ];
                calls.call(providers).await.unwrap().provider
            });
        }
        assert_eq!(tasks.join_all().await.len(), 1000);
        primary.asked.swap(0, Ordering::Relaxed)
    };
    assert_eq!(at_once().await, CALLERS, "all were in flight before the first had failed");
    assert_eq!(at_once().await, 0, "then nobody asks");
    sleep(30 * SECOND + millis(1)).await;
    assert_eq!(at_once().await, 1, "but one, once in a while");
    primary.down.store(false, Ordering::Relaxed);
    sleep(30 * SECOND + millis(1)).await;
    assert_eq!(at_once().await, 1, "until that one succeeds");
    assert_eq!(at_once().await, CALLERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_many_threads() {
    let calls = Calls::new();
    let asked = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let (calls, asked) = (calls.clone(), asked.clone());
        tasks.spawn(async move {
            let dead = || async {
                asked.fetch_add(1, Ordering::Relaxed);
                Err("no")
            };
            let got = calls.call([Provider::new("dead", dead), Provider::new("backup", async || Ok(1))]);
            got.await.unwrap().value
        });
    }
    assert_eq!(tasks.join_all().await, vec![1; 1000]);
    // Nothing waits in these calls, so no more are in flight than there are threads.
    let asked = asked.load(Ordering::Relaxed);
    assert!((3..=2 + 4).contains(&asked), "three, and those in flight beside the third, not {asked}");
}
