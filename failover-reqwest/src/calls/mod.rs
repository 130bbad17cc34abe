//! Any callable: the async functions that can get a value, in order, and the first valid one wins.
//!
//! ```
//! use failover_reqwest::calls::{Calls, Provider};
//!
//! async fn primary() -> Result<f64, std::io::Error> {
//!     Err(std::io::Error::other("out of order"))
//! }
//! async fn backup(city: &str) -> Result<f64, std::io::Error> {
//!     assert_eq!(city, "Paris");
//!     Ok(21.5)
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let calls = Calls::builder().retries(1).build()?; // one for the whole program
//! let city = String::from("Paris"); // functions may borrow
//! let got = calls
//!     .call([Provider::new("primary", primary), Provider::new("backup", || backup(&city))])
//!     .await?;
//! println!("{} from {}", got.value, got.provider);
//! println!("{}", got.report); // the timeline
//! # assert_eq!((got.value, got.provider.as_str()), (21.5, "backup"));
//! # assert_eq!(got.report.attempts.len(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! Where it is one function for all, pairs will do: `names.map(|name| (name, move || ask(name)))`. Every closure and every
//! `async fn` has a type of its own, though, and an array one for all of its entries: [`Provider::new`] gives it to them.
//!
//! Many keys at once, each provider asked only for those still missing:
//!
//! ```
//! use failover_reqwest::calls::{Calls, Feed};
//!
//! type Prices = Result<Vec<(&'static str, f64)>, String>;
//! async fn exchange(_: Vec<&'static str>) -> Prices {
//!     Ok(vec![("BTC", 67_000.0), ("XMR", -1.0)])
//! }
//! async fn archive(missing: Vec<&'static str>) -> Prices {
//!     assert_eq!(missing, ["ETH", "XMR"]);
//!     Ok(vec![("XMR", 160.0)])
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let calls = Calls::new();
//! let prices = calls
//!     .ask_items(["BTC", "ETH", "XMR"], [Feed::new("exchange", exchange), Feed::new("archive", archive)])
//!     .is_valid(|_, price| *price > 0.0)
//!     .run()
//!     .await
//!     .map_err(|unfilled| unfilled.boxed())?; // strings are no errors by themselves
//! assert_eq!((prices.values["BTC"], prices.values["XMR"]), (67_000.0, 160.0));
//! assert_eq!(prices.provider_of("XMR"), Some("archive"));
//! assert_eq!(prices.missing, ["ETH"]);
//! # Ok(())
//! # }
//! ```
//!
//! # Time limits, races, and whoever loses
//!
//! All attempts of a call are part of its future, and nothing is spawned. An attempt is dropped when its
//! [`Builder::timeout`] or the call's [`Builder::deadline`] has passed, or when another was faster ([`Calls::race`],
//! [`Builder::hedge`]). What a provider has been sent it may do all the same, and charge for: [`Attempt::maybe_billed`].
//!
//! The whole call may be dropped at any time, too. That proves nothing about the providers that were in flight, unless their
//! own time was up; a probe of a circuit breaker is given back.
//!
//! A function that blocks its thread blocks the call, and all limits with it: that is what
//! [`tokio::task::spawn_blocking`](https://docs.rs/tokio/latest/tokio/task/fn.spawn_blocking.html) is for.
//!
//! The call moves between threads (`tokio::spawn`) if all that it is made of does. [`Provider`] and [`Feed`] do;
//! [`LocalProvider`] and [`LocalFeed`] are for functions and futures that cannot.
//!
//! # What an error means
//!
//! That its provider is [`Fault::Broken`], unless [`Ask::classify`] says otherwise. Then the provider is asked again as often as
//! [`Builder::retries`] allows, and then the next; three failures in a row, each attempt counted, and it is left alone for a
//! while. A caller's own mistake should not count against a provider: classify it as [`Fault::InvalidRequest`], which ends
//! the call, or as [`Fault::Unsupported`], which asks the next.
//!
//! A panic in a callable, or in a function that judges, goes on in the caller's task and leaves no trace in the breakers.
//!
//! # Time
//!
//! It is tokio's: waiting needs its timer (`enable_time()`, as `#[tokio::main]` has it), and a test that pauses or advances
//! tokio's clock turns this one as well. Where nothing has to be waited for, no runtime is needed.

use std::time::Duration;

pub use failover_core::{
    Backoff, Breaker, CircuitState, Fault, Health, Hedge, Jitter, LastResort, Latency, Moment, RetryBudget,
    Skip,
};
pub use failover_mapping::cache::Cached;
#[cfg(feature = "cache")]
pub use failover_mapping::cache::{Cache, Freshness};
use failover_mapping::calls::futures;
#[cfg(feature = "cache")]
pub use failover_mapping::calls::futures::CachedAsk;
pub use failover_mapping::calls::futures::{
    Callable, Feed, Local, LocalFeed, LocalProvider, Provider, Runtime, Sent,
};
pub use failover_mapping::calls::{
    AllFailed, AnyError, Attempt, Batch, Builder, End, Failure, Filled, Lone, Passed, Report, RootCause,
    Served, SettingError, Unfilled, Values, Verdict, Wanted, Why,
};
use tokio::time::Sleep;

use crate::clock::{Clock, seed};

/// Asks async functions in order until one has a valid value. The [module documentation](self) begins with an example.
///
/// Clones share one state: what one call learns about a provider, all know, by its name.
pub type Calls = futures::Calls<Tokio>;

/// A call that is about to be made. Nobody is asked before the future of its `run()` is awaited.
///
/// ```
/// use std::time::Duration;
/// use failover_reqwest::calls::{Calls, Fault, Provider};
///
/// enum Trouble {
///     Busy { seconds: u64 },
///     BadRequest,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let calls = Calls::new();
/// let got = calls
///     .ask([
///         Provider::new("busy", async || Err(Trouble::Busy { seconds: 30 })),
///         Provider::new("sloppy", async || Ok(f64::NAN)),
///         Provider::new("sound", async || Ok(21.5)),
///     ])
///     .classify(|trouble| match trouble {
///         Trouble::Busy { seconds } => (Fault::Throttled, Some(Duration::from_secs(*seconds))),
///         Trouble::BadRequest => (Fault::InvalidRequest, None),
///     })
///     .is_valid(|degrees| degrees.is_finite())
///     .run()
///     .await;
/// assert!(got.is_ok_and(|got| got.provider == "sound"));
/// # let _ = Trouble::BadRequest;
/// # }
/// ```
pub type Ask<'c, P, W, E, C = fn(&E) -> Verdict> = futures::Ask<'c, Tokio, P, W, E, C>;

/// Tokio's clock and timer.
#[derive(Clone, Debug)]
pub struct Tokio(Clock);

impl Default for Tokio {
    fn default() -> Self {
        Self(Clock::new())
    }
}

impl Runtime for Tokio {
    type Sleep = Sleep;

    fn now(&self) -> Moment {
        self.0.now()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        self.0.sleep(time)
    }

    fn seed(&self) -> u64 {
        seed()
    }
}
