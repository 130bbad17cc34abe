//! What a program sees of its failover: events to a function of its own, spans and events of `tracing`, counters of
//! `metrics`, and the timeline of every call that was not simply answered.
//!
//! | | how | what |
//! |---|---|---|
//! | [`Event`] | [`Builder::on_event`](crate::calls::Builder::on_event), for requests and callables alike | everything, as it happens, each a line of text |
//! | spans, events | feature `tracing` | a span `failover` for each call; the events in it, at their [levels](#levels) |
//! | counters | feature `metrics` | the [table](#counters) below |
//! | timeline | `Provenance` and [`Report`](crate::calls::Report), by `Display` | one call, when it is over |
//! | headers | `x-failover-*` of each answer that is not simply the asked provider's | the same, for whoever sees only the answer |
//!
//! No key, prompt, body or query of a URL is in any of it. Nobody pays for what nobody hears: without a listener an event is
//! a look at a flag or two. A listener that panics harms no request; one that is slow slows down the request that it hears of.
//!
//! ```
//! use failover_mapping::Config;
//! use failover_mapping::observe::Event;
//!
//! let config: Config = Config::builder() // or an adapter's `Failover::builder()`
//!     .nexa_api_key("nexa-key")
//!     .on_event(|event| match event {
//!         Event::Breaker { .. } | Event::Unserved { .. } => eprintln!("somebody should look: {event}"),
//!         other => println!("{other}"),
//!     })
//!     .build()?;
//! # Ok::<(), failover_mapping::ConfigError>(())
//! ```
//!
//! # Levels
//!
//! The target of all of it is `failover`. The span has the level `INFO`, the names of what was asked, and at the end who
//! served. What goes out over HTTP for the call goes out within it, so a client's own spans are its children.
//!
//! | level | events |
//! |---|---|
//! | `ERROR` | nobody served |
//! | `WARN` | failed over; served stale from the cache; a breaker's transitions; the kill switch |
//! | `INFO` | nobody waits for the call any more |
//! | `DEBUG` | attempts, candidates that were passed over, what was handed on, served fresh from the cache |
//!
//! # Counters
//!
//! The labels come out of the tables (providers, models, fault domains) and out of short lists, never out of a request, so
//! there are as many series as there are rows in use. A model that only a caller has named (`fallbacks` has a line for `"*"`) is
//! `other`, see [`Party::labels`]. A callable's provider has the name that the program gave it, and no
//! model; from the 257th name on it is `other`.
//!
//! | name | kind | labels | |
//! |---|---|---|---|
//! | `failover_attempts_total` | counter | `provider`, `model`, `outcome` | attempts that ended: `answered`, or the fault |
//! | `failover_attempt_seconds` | histogram | `provider`, `model`, `outcome` | how long they took |
//! | `failover_maybe_billed_total` | counter | `provider`, `model` | attempts that did not serve and may be billed all the same |
//! | `failover_skips_total` | counter | `provider`, `model`, `reason` | candidates that were passed over |
//! | `failover_calls_total` | counter | `asked`, `served_by` | calls that ended; by a provider, `cache`, `nobody`, or `dropped` |
//! | `failover_breaker_transitions_total` | counter | `domain`, `to` | what circuit breakers came to: `open`, `half-open`, `closed`, `forced open`, `forced closed` |
//!
//! Questions for jobs that were failed over before count as attempts, and not as calls. The cache in front of a callable is the
//! program's own, and nobody is told of it: [`Served::cached`](crate::calls::Served::cached) says.

mod event;
#[cfg(feature = "http")]
mod exchange;
mod listeners;
#[cfg(feature = "metrics")]
mod meter;
mod span;
#[cfg(feature = "tracing")]
mod trace;
mod watch;
mod witness;

pub use event::{Change, Event, Outcome, Party, Story};
pub(crate) use listeners::{Listeners, OnEvent};
#[cfg(feature = "metrics")]
pub use meter::{Kind, METRICS, Metric, describe_metrics};
pub use span::CallSpan;
#[cfg(feature = "http")]
pub(crate) use watch::Watch;
pub(crate) use witness::Witness;
