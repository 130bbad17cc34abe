//! Async callables: what the adapters for them share, down to the loop.
//!
//! An attempt is a future, and a future is polled by whoever holds it: asking several at once, giving one up at its limit and
//! dropping the losers of a race need no thread and no task of a certain runtime. What does is the time, so that is
//! all that an adapter brings, as a [`Runtime`].
//!
//! ```
//! use std::time::Duration;
//! use failover_core::Moment;
//! use failover_mapping::calls::futures::{Provider, Runtime};
//!
//! struct Mine(std::time::Instant);
//! impl Runtime for Mine {
//!     type Sleep = std::future::Ready<()>; // the runtime's own timer
//!     fn now(&self) -> Moment {
//!         Moment::after_epoch(self.0.elapsed())
//!     }
//!     fn sleep(&self, time: Duration) -> Self::Sleep {
//!         std::thread::sleep(time);
//!         std::future::ready(())
//!     }
//!     fn seed(&self) -> u64 {
//!         42
//!     }
//! }
//! impl Default for Mine {
//!     fn default() -> Self {
//!         Self(std::time::Instant::now())
//!     }
//! }
//! type Calls = failover_mapping::calls::futures::Calls<Mine>;
//!
//! # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
//! let calls = Calls::new();
//! let call = calls.call([
//!     Provider::new("primary", async || Err("out of order")),
//!     Provider::new("backup", async || Ok(21.5)),
//! ]);
//! # let std::task::Poll::Ready(served) = std::pin::pin!(call).poll(&mut context) else { unreachable!() };
//! let served = served.map_err(|failed| failed.boxed())?; // call.await
//! assert_eq!((served.value, served.provider.as_str()), (21.5, "backup"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ask;
#[cfg(feature = "cache")]
mod cached;
mod callable;
mod calls;
mod provider;
mod run;
mod runtime;

pub use ask::Ask;
#[cfg(feature = "cache")]
pub use cached::CachedAsk;
pub use callable::Callable;
pub use calls::Calls;
pub use provider::{Feed, Local, LocalFeed, LocalProvider, Provider, Sent};
pub use runtime::Runtime;
