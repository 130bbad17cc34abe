//! Many callers at once, each with one call after the other, until so many have been made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::caller::{Ask, Call, client, watcher};
use crate::counts::Told;
use crate::judge::Ended;
use crate::memory::Sample;
use crate::started::{Providers, Started};
use crate::words::{FLAPPING, grouped};

/// So many callers begin in a second, so that no queue of connections runs over.
const RAMP: u64 = 2_000;
/// One of so many calls is for a stream.
const STREAMED: u64 = 4;
/// So many examples are told of calls that ended uncleanly.
const EXAMPLES: u64 = 10;
/// So long the gateway may take to let go of the last calls, in seconds.
const LEFT: usize = 10;
/// So often it is said how far it is, in seconds.
const TOLD: u64 = 5;

/// What has become of the calls.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) ends: BTreeMap<Ended, u64>,
    pub(crate) streams: BTreeMap<Ended, u64>,
    pub(crate) unclean: u64,
    /// Of those that were answered whole, in microseconds.
    pub(crate) took: Histogram<u64>,
}

/// All that was seen.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) ends: Ends,
    pub(crate) peak: u64,
    /// At both providers together, as looked at each second.
    pub(crate) peak_at_providers: u64,
    pub(crate) samples: Vec<Sample>,
    pub(crate) providers: [Told; 2],
    pub(crate) took: Duration,
    /// Processor time of all gateways together, in seconds.
    pub(crate) busy: Option<f64>,
    /// Calls that the gateways hold after the last one has ended.
    pub(crate) held: f64,
}

struct Shared {
    calls: u64,
    takes: Duration,
    begun: AtomicU64,
    ended: AtomicU64,
    in_flight: AtomicU64,
    peak: AtomicU64,
    ends: Mutex<Ends>,
}

/// Makes so many calls, so many at once, which take so long. A caller that has had no answer waits as long before its next call.
pub(crate) async fn run(
    calls: u64,
    concurrent: u64,
    takes: Duration,
    gateways: &mut [Started],
    providers: &Providers,
) -> Result<Seen> {
    let shared = Arc::new(Shared::new(calls, takes)?);
    let (client, watcher) = (client()?, watcher()?);
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..concurrent {
        let base = gateways[caller as usize % gateways.len()].url.clone();
        let start = Duration::from_micros(caller * 1_000_000 / RAMP);
        callers.spawn(Arc::clone(&shared).caller(client.clone(), base, start));
    }
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut samples, mut peak_at_providers, mut told) = (Vec::new(), 0, 0);
    loop {
        tokio::select! {
            caller = callers.join_next() => match caller {
                Some(caller) => caller.context("a caller panicked")?,
                None => break,
            },
            _ = seconds.tick() => {
                for gateway in &mut *gateways {
                    ensure!(gateway.is_alive(), "the gateway has ended");
                }
                let at_providers = providers.counts(&watcher).await?.iter().map(|it| it.in_flight).sum();
                peak_at_providers = peak_at_providers.max(at_providers);
                let resident = gateways.iter().map(Started::resident).collect();
                samples.push(Sample { ended: shared.ended.load(Ordering::Relaxed), resident });
                if begun.elapsed().as_secs() >= told {
                    told += TOLD;
                    shared.tell(begun.elapsed(), at_providers, samples.last());
                }
            }
        }
    }
    let took = begun.elapsed();
    // The gateway may hear of a call's end a moment after its caller.
    let mut held = held_by(gateways, &watcher).await?;
    for _ in 0..LEFT {
        if held > 0.0 {
            sleep(Duration::from_secs(1)).await;
            held = held_by(gateways, &watcher).await?;
        }
    }
    let busy = gateways.iter().map(Started::busy).sum();
    let peak = shared.peak.load(Ordering::Relaxed);
    let shared = Arc::into_inner(shared).context("a caller is left")?;
    let ends = shared.ends.into_inner().unwrap_or_else(PoisonError::into_inner);
    let providers = providers.counts(&watcher).await?;
    Ok(Seen { ends, peak, peak_at_providers, samples, providers, took, busy, held })
}

/// Of microseconds, up to two minutes.
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 120_000_000, 3)?)
}

/// How many calls the gateways still count, but for the question itself.
async fn held_by(gateways: &[Started], client: &Client) -> Result<f64> {
    const NAME: &str = "failover_gateway_in_flight ";
    let mut held = 0.0;
    for gateway in gateways {
        let metrics = client.get(format!("{}/metrics", gateway.url)).send().await?.text().await?;
        let line = metrics.lines().find_map(|line| line.strip_prefix(NAME));
        held += line.context("the gateway does not count calls in flight")?.parse::<f64>()? - 1.0;
    }
    Ok(held)
}

impl Shared {
    fn new(calls: u64, takes: Duration) -> Result<Self> {
        let took = histogram()?;
        let ends = BTreeMap::new();
        let ends = Ends { streams: ends.clone(), ends, unclean: 0, took };
        let [begun, ended, in_flight, peak] = [const { AtomicU64::new(0) }; 4];
        Ok(Self { calls, takes, begun, ended, in_flight, peak, ends: Mutex::new(ends) })
    }

    async fn caller(self: Arc<Self>, client: Client, base: String, start: Duration) {
        sleep(start).await;
        loop {
            let number = self.begun.fetch_add(1, Ordering::Relaxed);
            if number >= self.calls {
                return;
            }
            let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
            self.peak.fetch_max(in_flight, Ordering::Relaxed);
            let stream = number.is_multiple_of(STREAMED);
            let call = Ask { base: &base, model: FLAPPING, number, stream }.call(&client).await;
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
            self.ended.fetch_add(1, Ordering::Relaxed);
            let answered = matches!(call.ended, Ended::Answered(_));
            self.ends().add(call, stream);
            if !answered {
                sleep(self.takes).await;
            }
        }
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, since: Duration, at_providers: u64, sample: Option<&Sample>) {
        let [ended, in_flight] = [&self.ended, &self.in_flight].map(|count| count.load(Ordering::Relaxed));
        let memory = sample.map_or(String::new(), Sample::shown);
        eprintln!(
            "{:4} s: {} of {} calls, {} in flight, {} of them at the providers{memory}, {} unclean",
            since.as_secs(),
            grouped(ended),
            grouped(self.calls),
            grouped(in_flight),
            grouped(at_providers),
            grouped(self.ends().unclean)
        );
    }
}

impl Ends {
    pub(crate) fn answered(&self) -> u64 {
        let kinds = self.ends.iter().chain(&self.streams);
        kinds.filter(|(kind, _)| matches!(kind, Ended::Answered(_))).map(|(_, count)| count).sum()
    }

    pub(crate) fn all(&self) -> u64 {
        self.ends.values().chain(self.streams.values()).sum::<u64>() + self.unclean
    }

    fn add(&mut self, Call { ended, took, .. }: Call, stream: bool) {
        if let Ended::Unclean(why) = &ended {
            self.unclean += 1;
            if self.unclean <= EXAMPLES {
                eprintln!("unclean: {why}");
            }
            return;
        }
        if let Ended::Answered(_) = ended {
            self.took.saturating_record(took.as_micros() as u64);
        }
        let ends = if stream { &mut self.streams } else { &mut self.ends };
        *ends.entry(ended).or_default() += 1;
    }
}
