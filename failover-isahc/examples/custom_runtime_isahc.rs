//! A runtime of your own, and its timer: everything waits by a thread that counts ticks, and a plain thread polls the futures.
//! An isahc client and any callable get along with it.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;
use std::{future, thread};

use failover_isahc::calls::{Calls, Provider};
use failover_isahc::{Clock, Failover, ProviderName};
use failover_testkit::{Provider as Fake, Reply};
use isahc::HttpClient;

/// Counts milliseconds, and wakes who waits for one of them.
#[derive(Default)]
struct Ticker {
    now: AtomicU64,
    waiting: Mutex<BTreeMap<u64, Vec<Waker>>>,
}

impl Ticker {
    fn start() -> Arc<Self> {
        let ticker = Arc::new(Self::default());
        let ticking = Arc::downgrade(&ticker);
        thread::spawn(move || {
            while let Some(ticker) = ticking.upgrade() {
                thread::sleep(Duration::from_millis(1));
                let now = ticker.now.fetch_add(1, Ordering::SeqCst) + 1;
                let later = {
                    let mut waiting = ticker.waiting.lock().expect("nobody panics");
                    let later = waiting.split_off(&(now + 1));
                    std::mem::replace(&mut *waiting, later)
                };
                later.into_values().flatten().for_each(Waker::wake);
            }
        });
        ticker
    }

    async fn sleep(self: Arc<Self>, time: Duration) {
        let until =
            self.now.load(Ordering::SeqCst) + u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2) + 1;
        future::poll_fn(|context| {
            let mut waiting = self.waiting.lock().expect("nobody panics");
            if self.now.load(Ordering::SeqCst) >= until {
                return Poll::Ready(());
            }
            waiting.entry(until).or_default().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn clock(self: &Arc<Self>) -> Clock {
        let (reads, sleeps) = (Arc::clone(self), Arc::clone(self));
        Clock::new(
            move || Duration::from_millis(reads.now.load(Ordering::SeqCst)),
            move |time| Arc::clone(&sleeps).sleep(time),
        )
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let ticker = Ticker::start();

    // FAL says nothing, and is given up after 50 ticks.
    let (fal, nexa) = (Fake::fal(), Fake::nexa());
    fal.always(Reply::silence());
    let failover = Failover::builder()
        .nexa_api_key("any")
        .nexa_base_url(nexa.url())
        .provider_url(ProviderName::Fal, fal.url())
        .primary_limit(Duration::from_millis(50))
        .build()?
        .with_clock(ticker.clock());
    let client = failover.wrap(HttpClient::new()?);
    let answer = client.post(format!("{}/fal-ai/flux/dev", fal.url()), r#"{"prompt": "a lighthouse"}"#)?;
    println!("{}\n", answer.extensions().get::<failover_isahc::Provenance>().expect("somebody stood in"));
    assert_eq!(answer.headers()["x-failover-served-by"], "nexaapi");

    // Any callable, by the same timer.
    let calls = Calls::builder().timeout(Duration::from_millis(20)).build()?.with_clock(ticker.clock());
    let got = futures_lite::future::block_on(calls.call([
        Provider::new("silent", future::pending::<Result<f64, &str>>),
        Provider::new("thermometer", async || Ok(21.5)),
    ]))
    .map_err(|failed| failed.boxed())?;
    println!("{}\n{}", got.value, got.report);
    assert_eq!(got.provider, "thermometer");
    Ok(())
}
