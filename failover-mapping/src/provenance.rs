//! Where an answer came from: who was asked, in which order, what each said, and what was lost on the way.
//!
//! It holds no keys, prompts or bodies, and no query of a URL, so all of it may be logged.

use std::fmt;
use std::time::Duration;

use failover_core::{Fault, Skip};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::cache::Cached;
use crate::chat::ChatApi;
use crate::data::{self, Substitution};
use crate::loss::Loss;
use crate::plain::Plain;
use crate::provider::ProviderName;
use crate::redact;

/// The history of one request that was not simply answered by the provider that was asked.
///
/// It is an extension of the response, stands in its `x-failover-*` headers, and is given to the `on_failover` callback. Its
/// `Display` is a timeline.
///
/// To decide by, trust the extension, not the headers. An answer of the asked provider that nobody had to stand in for is handed
/// on untouched, with whatever headers it has; a provider could send `x-failover-*` headers of its own, but no
/// extension.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Provenance {
    /// What the caller asked for.
    pub asked: Asked,
    /// Who answered; nobody if all attempts failed, and then the caller gets the asked provider's own answer or error.
    pub served: Option<Served>,
    /// The requests that were sent, in order.
    pub attempts: Vec<Attempt>,
    /// The candidates that were passed over.
    pub skipped: Vec<Passed>,
    /// What was lost in the translation.
    pub losses: Vec<Loss>,
    /// A remark for a person, such as why no translation was possible.
    pub note: Option<String>,
    /// An attempt that failed may have been carried out all the same, and billed.
    pub maybe_billed: bool,
    /// The first failing status that the asked provider answered with.
    pub status: Option<u16>,
    /// What the answer costs at the list prices, where both are known.
    pub price: Option<Price>,
    /// How long the whole call took.
    pub took: Duration,
    /// The answer lay in the cache: it was given to an earlier request, by the one who is named as having served.
    pub cached: Option<Cached>,
}

/// List prices in the same unit, so that they can be compared.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Price {
    /// US dollars per unit, at the provider that was asked.
    pub asked_usd: f64,
    /// US dollars per unit, at the provider that served.
    pub served_usd: f64,
    /// The unit.
    pub per: String,
}

impl Price {
    pub(crate) fn of(asked: &data::Price, served: &data::Price) -> Option<Self> {
        let comparable = asked.per == served.per;
        comparable.then(|| Self { asked_usd: asked.usd, served_usd: served.usd, per: asked.per.clone() })
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked_usd, served_usd, per } = self;
        write!(f, "{served_usd} USD per {per} in place of {asked_usd}")
    }
}

/// What the caller asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's own name of the model.
    pub model: String,
    /// The URL, without query.
    pub url: String,
    /// It was a question for a job that had been failed over: that provider was not asked any more.
    pub job: bool,
    /// How that provider is spoken to, if text was asked for.
    pub api: Option<ChatApi>,
}

/// Who answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Served {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's own name of the model.
    pub model: String,
    /// Whether that is the model that was asked for.
    pub substitution: Substitution,
}

impl Served {
    pub(crate) fn by((provider, model, substitution): (ProviderName, &str, Substitution)) -> Self {
        Self { provider, model: model.to_owned(), substitution }
    }
}

/// One request that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// To whom.
    pub provider: ProviderName,
    /// The provider's own name of the model.
    pub model: String,
    /// When, from the start of the call.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why it did not serve; nothing if it did.
    pub fault: Option<Fault>,
    /// Sent although the circuit breaker refuses, because nobody else could serve.
    pub last_resort: bool,
    /// It failed, and may have been carried out all the same.
    pub maybe_billed: bool,
}

/// A candidate that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passed {
    /// Who.
    pub provider: ProviderName,
    /// The provider's own name of the model.
    pub model: String,
    /// Why.
    pub why: Skip,
    /// Until when, from the start of the call.
    pub until: Option<Duration>,
}

const SERVED_BY: HeaderName = HeaderName::from_static("x-failover-served-by");
const MODEL: HeaderName = HeaderName::from_static("x-failover-model");
const SUBSTITUTION: HeaderName = HeaderName::from_static("x-failover-substitution");
const SKIPPED: HeaderName = HeaderName::from_static("x-failover-skipped");
const ATTEMPTS: HeaderName = HeaderName::from_static("x-failover-attempts");
const LOSSY: HeaderName = HeaderName::from_static("x-failover-lossy");
const PRICE: HeaderName = HeaderName::from_static("x-failover-price");
const MAYBE_BILLED: HeaderName = HeaderName::from_static("x-failover-maybe-billed");
const CACHE: HeaderName = HeaderName::from_static("x-failover-cache");
const AGE: HeaderName = HeaderName::from_static("x-failover-age");
const NOTE: HeaderName = HeaderName::from_static("x-failover-note");
/// OpenAI's and Anthropic's clients obey it.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

impl Provenance {
    /// The `x-failover-*` headers: `served-by` (a provider, or `nobody`) and `attempts` always; `model` and `substitution` if
    /// somebody served; `skipped`, `lossy`, `price`, `maybe-billed` and `note` where there is something to say; `cache` (`fresh`
    /// or `stale`) and `age` in seconds, if the answer lay in the cache. If text was asked for and nobody served, also
    /// `x-should-retry: false`, so that the caller's own client does not begin anew.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(8);
        self.mark(&mut headers);
        headers
    }

    /// Puts the headers on a response, in place of any that a provider may have sent.
    pub fn mark(&self, headers: &mut HeaderMap) {
        headers.reserve(10);
        let mut say = |name: HeaderName, text: Option<&str>| {
            match text.and_then(|text| HeaderValue::from_str(&redact::header(text)).ok()) {
                Some(value) => headers.insert(name, value),
                None => headers.remove(name),
            };
        };
        let served = self.served.as_ref();
        let skipped = (!self.skipped.is_empty())
            .then(|| listed(&self.skipped, |passed| format!("{} {}", passed.provider, passed.why)));
        let losses = (!self.losses.is_empty()).then(|| listed(&self.losses, Loss::to_string));
        say(SERVED_BY, Some(served.map_or("nobody", |served| served.provider.as_str())));
        say(MODEL, served.map(|served| served.model.as_str()));
        say(SUBSTITUTION, served.map(|served| served.substitution.as_str()));
        say(ATTEMPTS, Some(&self.attempts_in_a_line()));
        say(SKIPPED, skipped.as_deref());
        say(LOSSY, losses.as_deref());
        say(PRICE, self.price.as_ref().map(Price::to_string).as_deref());
        say(MAYBE_BILLED, self.maybe_billed.then_some("true"));
        say(CACHE, self.cached.map(|cached| if cached.stale { "stale" } else { "fresh" }));
        say(AGE, self.cached.map(|cached| cached.age.as_secs().to_string()).as_deref());
        say(NOTE, self.note.as_deref());
        // Their clients repeat what failed, and all have been asked.
        if self.asked.api.is_some() && served.is_none() {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
    }

    /// `fal 500, nexaapi 200`.
    pub(crate) fn attempts_in_a_line(&self) -> String {
        listed(&self.attempts, |attempt| format!("{} {}", attempt.provider, attempt.verdict()))
    }

    /// The status of the asked provider's own answer, which is the caller's if no stand-in serves.
    fn own_status(&self) -> Option<u16> {
        self.attempts.iter().rev().find(|attempt| attempt.provider == self.asked.provider)?.status
    }
}

impl Attempt {
    /// The status if there was one, else the fault; both where the status hides the fault.
    fn verdict(&self) -> String {
        match (self.status, self.fault) {
            (Some(status), Some(fault)) if status < 400 => format!("{status} {fault}"),
            (Some(status), _) => status.to_string(),
            (None, Some(fault)) => fault.to_string(),
            (None, None) => "answered".to_owned(),
        }
    }
}

fn listed<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Asked { provider, model, url, job, .. } = &self.asked;
        if *job {
            writeln!(f, "a job of {model}, failed over from {provider}, was asked for at {url}")?;
        } else {
            writeln!(f, "{provider} was asked for {model} at {url}")?;
        }
        let models = self.skipped.iter().map(|passed| &passed.model);
        let models = models.chain(self.attempts.iter().map(|attempt| &attempt.model));
        let width = models.map(|model| model.chars().count()).max().unwrap_or_default();
        for passed in &self.skipped {
            writeln!(f, "{passed:width$}")?;
        }
        for attempt in &self.attempts {
            writeln!(f, "{attempt:width$}")?;
        }
        let (asked, took) = (self.asked.provider, Plain(self.took));
        match (&self.served, self.own_status()) {
            (Some(served), _) => {
                let Served { provider, model, substitution } = served;
                write!(f, "served by {provider} with {model} ({substitution})")?;
                self.cached.map_or(Ok(()), |cached| write!(f, ", {cached}"))?;
                write!(f, ", after {took}")?;
            }
            (None, Some(status)) => {
                write!(f, "no stand-in served: the answer is {asked}'s own {status}, after {took}")?;
            }
            (None, None) => write!(f, "nobody served, after {took}")?,
        }
        if let Some(price) = &self.price {
            write!(f, "\nprice: {price}")?;
        }
        if !self.losses.is_empty() {
            write!(f, "\nlost: {}", listed(&self.losses, Loss::to_string))?;
        }
        if let Some(note) = &self.note {
            write!(f, "\nnote: {note}")?;
        }
        Ok(())
    }
}

/// A line of the timeline, its model as wide as the formatter says.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, model, .. } = self;
        let (at, width) = (format!("+{}", Plain(self.at)), f.width().unwrap_or_default());
        let status = self.status.map_or_else(String::new, |status| status.to_string());
        let (outcome, took) = (self.fault.map_or("answered", Fault::name), Plain(self.took));
        write!(f, "  {at:<8}  {provider:<9}  {model:<width$}  {status:<3}  {outcome}, {took}")?;
        if self.last_resort {
            f.write_str(", as the last resort")?;
        }
        if self.maybe_billed {
            f.write_str(", maybe billed")?;
        }
        Ok(())
    }
}

/// A line of the timeline, its model as wide as the formatter says.
impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, model, why, until } = self;
        let width = f.width().unwrap_or_default();
        write!(f, "  skipped   {provider:<9}  {model:<width$}       {why}")?;
        until.map_or(Ok(()), |until| write!(f, ", until +{}", Plain(until)))
    }
}
