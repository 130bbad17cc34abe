//! The providers of one cell, one of which misbehaves, and what is set for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_mapping::cache::{Cache, Freshness};
use failover_mapping::calls::{AllFailed, Served};
use failover_mapping::{Builder, Fault, FromConfig, ProviderName};
use failover_testkit::{Fault as Ill, Provider, Reply};

use crate::errand::Trouble;
use crate::row::{Got, Scenario, Way, What};

pub(crate) const FAL_KEY: &str = "Key caller-secret-0001";
pub(crate) const COOKIE: &str = "session=caller-secret-0002";
pub(crate) const NEXA_KEY: &str = "nexa-secret-0003";

/// In every secret of the caller's.
const CALLERS: &str = "caller-secret";

/// Longer answers are refused, and no caller reads one.
pub(crate) const LIMIT: usize = 1 << 18;

/// Never fresh, so everybody is asked first.
const FRESHNESS: Freshness = Freshness::new(Duration::ZERO).stale_if_error(Duration::from_secs(3600));

/// What a party that hangs is given: longer than a busy machine takes for what comes before it hangs.
const SHORT: Duration = Duration::from_secs(1);

pub(crate) struct Scene {
    pub(crate) fal: Provider,
    pub(crate) queue: Provider,
    pub(crate) nexa: Provider,
    /// Where the asked provider is asked, and the stand-in.
    pub(crate) primary: String,
    pub(crate) stand_in: String,
    pub(crate) what: What,
    pub(crate) way: Way,
    /// A function of the caller's is to panic, once.
    pub(crate) panics: Arc<AtomicBool>,
    /// All that the caller was told.
    told: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    pub(crate) fn new(what: What, way: Way) -> Self {
        let (fal, queue, nexa) = (Provider::fal(), Provider::fal_queue(), Provider::nexa());
        let (mut primary, mut stand_in) = (fal.url(), nexa.url());
        match (what, way) {
            (What::Fault(fault), Way::AtStandIn) => {
                fal.always(Reply::status(429));
                stand_in = nexa.misbehave(fault);
            }
            (What::Fault(Ill::JobFails | Ill::JobNeverEnds), _) => primary = queue.url(),
            (What::Fault(fault), _) => primary = fal.misbehave(fault),
            (What::Scenario(scenario), _) => begin(scenario, &fal, &nexa),
        }
        if let (What::Fault(fault), true) = (what, primary == queue.url()) {
            queue.misbehave(fault);
        }
        let panics = Arc::new(AtomicBool::new(what == What::Scenario(Scenario::Panic)));
        Self { fal, queue, nexa, primary, stand_in, what, way, panics, told: Arc::default() }
    }

    pub(crate) fn builder<F: FromConfig>(&self) -> Builder<F> {
        let (told, panics) = (Arc::clone(&self.told), Arc::clone(&self.panics));
        let mut builder = Builder::new()
            .nexa_api_key(NEXA_KEY)
            .nexa_base_url(&self.stand_in)
            .stand_in_delay(Duration::from_millis(1))
            .poll_interval(Duration::from_millis(50))
            .answer_limit(LIMIT)
            .check_answers(self.way == Way::Checked)
            .on_failover(move |provenance| {
                told.lock().unwrap().push(format!("{provenance}\n{provenance:?}"));
                assert!(!panics.swap(false, Ordering::Relaxed), "{OWN_PANIC}");
            });
        builder = if self.primary == self.queue.url() {
            builder.fal_queue_url(&self.primary)
        } else {
            builder.provider_url(ProviderName::Fal, &self.primary)
        };
        if self.what == What::Scenario(Scenario::Stale) {
            builder = builder.cache(FRESHNESS);
        }
        match (self.limit(), self.way) {
            (Some(limit), Way::AtStandIn) => builder.stand_in_limit(limit),
            (Some(limit), _) => builder.primary_limit(limit),
            (None, _) => builder,
        }
    }

    /// The time limit of the party that has the fault, if that takes one to be noticed.
    pub(crate) fn limit(&self) -> Option<Duration> {
        let hangs = matches!(
            self.what,
            What::Fault(
                Ill::Silence
                    | Ill::SlowHead
                    | Ill::SlowBody
                    | Ill::InterimFlood
                    | Ill::Blackholed
                    | Ill::Unresolved
            )
        );
        let goes_on = self.what == What::Fault(Ill::JobNeverEnds) && self.way == Way::AtStandIn;
        (hangs || goes_on).then_some(SHORT)
    }

    /// The time limit that the caller gives its own client: longer, where there is another.
    pub(crate) fn limit_of_client(&self) -> Option<Duration> {
        match self.way {
            Way::Call => self.limit(),
            Way::DropIn | Way::Checked => self.limit().map(|limit| limit * 3),
            Way::AtStandIn => None,
        }
    }

    /// Whether the caller's client speaks HTTP/2 unasked.
    pub(crate) fn speaks_http_2(&self) -> bool {
        self.what == What::Fault(Ill::GoAway) && self.way != Way::AtStandIn
    }

    pub(crate) fn is_job(&self) -> bool {
        self.primary == self.queue.url()
    }

    pub(crate) fn tell(&self, text: String) {
        self.told.lock().unwrap().push(text);
    }

    /// The cache of a cell that has one, for callables.
    pub(crate) fn cache(&self) -> Option<Cache<&'static str, String>> {
        (self.what == What::Scenario(Scenario::Stale)).then(|| Cache::new(FRESHNESS))
    }

    /// What the author of the callables thinks of an error.
    pub(crate) fn judge(&self, trouble: &Trouble) -> (Fault, Option<Duration>) {
        assert!(!self.panics.swap(false, Ordering::Relaxed), "{OWN_PANIC}");
        (trouble.fault, trouble.retry_after)
    }

    /// What a call came to.
    pub(crate) fn served(&self, served: Result<Served<String>, AllFailed<Trouble>>) -> Got {
        match served {
            Ok(served) if served.cached().is_some_and(|cached| cached.stale) => Got::Stale,
            Ok(served) if served.provider == "primary" => Got::Primary,
            Ok(served) => {
                assert_eq!(served.provider, "backup");
                self.tell(served.report.to_string());
                Got::StandIn
            }
            Err(failed) => {
                self.tell(format!("{failed}\n{failed:?}"));
                Got::Failed
            }
        }
    }

    /// How many requests the asked provider saw, and the stand-in; questions for a stand-in's job are not counted.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let asked = self.nexa.seen().iter().filter(|seen| seen.method != "GET").count();
        (self.fal.count() + self.queue.count(), asked)
    }

    /// Credentials belong to one provider, and to no text.
    pub(crate) fn check_secrets(&self) {
        for seen in self.nexa.seen() {
            assert!(!seen.mentions(CALLERS), "the stand-in was sent a secret of the caller's");
        }
        for seen in self.fal.seen().iter().chain(&self.queue.seen()) {
            assert!(!seen.mentions(NEXA_KEY), "the asked provider was sent the stand-in's key");
        }
        if let What::Fault(Ill::RedirectAway | Ill::RedirectBodyAway) = self.what {
            for seen in self.fal.elsewhere().seen() {
                assert!(!seen.mentions(CALLERS), "a secret of the caller's went where a redirect led");
            }
            assert_eq!(self.nexa.elsewhere().count(), 0, "a redirect of the stand-in was followed");
        }
        for text in self.told.lock().unwrap().iter() {
            assert!(!text.contains(CALLERS) && !text.contains(NEXA_KEY), "a secret was told: {text}");
        }
    }
}

/// What a caller's own function says when it panics.
pub(crate) const OWN_PANIC: &str = "the caller's own";

fn begin(scenario: Scenario, fal: &Provider, nexa: &Provider) {
    match scenario {
        Scenario::Outage | Scenario::Named | Scenario::Flapping => fal.always(Reply::status(503)),
        Scenario::AllDown => {
            fal.always(Reply::status(503));
            nexa.always(Reply::status(503));
        }
        Scenario::Stale => {}
        Scenario::Cancelled => fal.script([Reply::silence()]),
        Scenario::Panic | Scenario::ClockJumps => fal.script([Reply::status(503)]),
    }
}
