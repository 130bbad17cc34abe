//! Any callable: the async functions that can get a value, in order, and the first valid one wins.
//!
//! ```
//! use failover_isahc::calls::{Calls, Provider};
//!
//! async fn primary() -> Result<f64, std::io::Error> {
//!     Err(std::io::Error::other("out of order"))
//! }
//! async fn backup(city: &str) -> Result<f64, std::io::Error> {
//!     assert_eq!(city, "Paris");
//!     Ok(21.5)
//! }
//!
//! let calls = Calls::builder().build()?; // one for the whole program
//! let city = String::from("Paris"); // functions may borrow
//! let call = calls.call([Provider::new("primary", primary), Provider::new("backup", || backup(&city))]);
//! let got = futures_lite::future::block_on(call)?; // within a future: call.await
//! println!("{} from {}", got.value, got.provider);
//! println!("{}", got.report); // the timeline
//! # assert_eq!((got.value, got.provider.as_str()), (21.5, "backup"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where it is one function for all, pairs will do: `names.map(|name| (name, move || ask(name)))`. Every closure and every
//! `async fn` has a type of its own, though, and an array one for all of its entries: [`Provider::new`] gives it to them.
//!
//! Many keys at once, each provider asked only for those still missing:
//!
//! ```
//! use failover_isahc::calls::{Calls, Feed};
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
//! # futures_lite::future::block_on(async {
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
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Time limits, races, and whoever loses
//!
//! All attempts of a call are part of its future, and nothing is spawned. An attempt is dropped when its
//! [`Builder::timeout`] or the call's [`Builder::deadline`] has passed, or when another was faster ([`Calls::race`],
//! [`Builder::hedge`]). What a provider has been sent it may do all the same, and charge for: [`Attempt::maybe_billed`].
//! A request of isahc's that is dropped goes on until something arrives for it: set a
//! [`timeout`](isahc::config::Configurable::timeout) on it as well.
//!
//! The whole call may be dropped at any time, too. That proves nothing about the providers that were in flight, unless their
//! own time was up; a probe of a circuit breaker is given back.
//!
//! A function that blocks its thread blocks the call, and all limits with it.
//!
//! The call moves between threads if all that it is made of does. [`Provider`] and [`Feed`] do; [`LocalProvider`] and
//! [`LocalFeed`] are for functions and futures that cannot.
//!
//! # What an error means
//!
//! That its provider is [`Fault::Broken`], unless [`Ask::classify`] says otherwise. Then the provider is asked again as often as
//! [`Builder::retries`] allows, and then the next; three failures in a row, each attempt counted, and it is left alone for a
//! while. A caller's own mistake should not count against a provider: classify it as [`Fault::InvalidRequest`], which ends
//! the call, or as [`Fault::Unsupported`], which asks the next.
//!
//! A panic in a callable, or in a function that judges, goes on in whoever polls the call and leaves no trace in the breakers.
//!
//! # Time
//!
//! The system's, with timers that go off in any executor, unless [`Calls::with_clock`] says otherwise: a [`Clock`] with a
//! runtime's own timer, or one that a test turns.

use std::pin::Pin;
use std::time::Duration;

pub use failover_core::{
    Backoff, Breaker, CircuitState, Fault, Health, Hedge, Jitter, LastResort, Latency, Moment, RetryBudget,
    Skip,
};
pub use failover_mapping::cache::Cached;
pub use failover_mapping::cache::{Cache, Freshness};
use failover_mapping::calls::futures;
pub use failover_mapping::calls::futures::CachedAsk;
pub use failover_mapping::calls::futures::{
    Callable, Feed, Local, LocalFeed, LocalProvider, Provider, Runtime, Sent,
};
pub use failover_mapping::calls::{
    AllFailed, AnyError, Attempt, Batch, Builder, End, Failure, Filled, Lone, Passed, Report, RootCause,
    Served, SettingError, Unfilled, Values, Verdict, Wanted, Why,
};

use crate::clock::{Clock, seed};

/// Asks async functions in order until one has a valid value. The [module documentation](self) begins with an example.
///
/// Clones share one state: what one call learns about a provider, all know, by its name.
pub type Calls = futures::Calls<Clock>;

/// A call that is about to be made. Nobody is asked before the future of its `run()` is awaited.
///
/// ```
/// use std::time::Duration;
/// use failover_isahc::calls::{Calls, Fault, Provider};
///
/// enum Trouble {
///     Busy { seconds: u64 },
///     BadRequest,
/// }
///
/// # futures_lite::future::block_on(async {
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
/// # });
/// ```
pub type Ask<'c, P, W, E, C = fn(&E) -> Verdict> = futures::Ask<'c, Clock, P, W, E, C>;

impl Default for Clock {
    /// The system's.
    fn default() -> Self {
        Self::system()
    }
}

impl Runtime for Clock {
    type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn now(&self) -> Moment {
        Self::now(self)
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        Self::sleep(self, time)
    }

    fn seed(&self) -> u64 {
        seed()
    }
}
