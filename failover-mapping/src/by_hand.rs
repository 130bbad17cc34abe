//! The engine by hand: the questions that an adapter asks, one by one, for programs that have their own way of sending.

use failover_core::Moment;
use http::{Method, Request};
use url::Url;

use crate::catalogue::{Source, StandIn};
use crate::config::Config;
use crate::data::Substitution;
use crate::loss::Loss;
use crate::provider::ProviderName;
use crate::read;
use crate::route::Crossing;
use crate::talk::{End, Turn};
use crate::target::Target;
use crate::write;

/// A request that nobody stands in for, and why. It names fields, and repeats no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not failed over: {reason}")]
#[non_exhaustive]
pub struct Declined {
    /// Why.
    pub reason: String,
}

/// A request in a stand-in's words.
#[derive(Clone)]
#[non_exhaustive]
pub struct Translated {
    /// The JSON body.
    pub body: Vec<u8>,
    /// The stand-in's model.
    pub model: String,
    /// Whether that is the model that was asked for.
    pub substitution: Substitution,
    /// What was lost on the way.
    pub losses: Vec<Loss>,
}

impl std::fmt::Debug for Translated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The body holds the caller's prompt.
        f.debug_struct("Translated")
            .field("model", &self.model)
            .field("losses", &self.losses)
            .finish_non_exhaustive()
    }
}

/// The engine by hand.
///
/// ```
/// use failover_mapping::{Config, ProviderName};
///
/// let config = Config::builder().nexa_api_key("nexa-key").build()?;
/// let url = "https://fal.run/fal-ai/flux/schnell";
/// assert!(config.is_fal_request(url) && !config.is_replicate_request(url));
/// assert!(config.should_failover(429) && !config.should_failover(404));
///
/// let body = br#"{"prompt": "a cat", "image_size": "square", "acceleration": "high"}"#;
/// let (request, translated) = config.build_request(url, body, ProviderName::Nexa)?;
/// assert_eq!(request.uri(), "https://api.nexa-api.com/v1/images/generate");
/// assert_eq!(
///     String::from_utf8_lossy(request.body()),
///     r#"{"model":"flux-schnell","prompt":"a cat","width":512,"height":512,"steps":4,"guidance_scale":3.5,"n":1}"#
/// );
/// assert_eq!(translated.losses[0].to_string(), "acceleration dropped");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Config {
    /// Whether an answer of this status makes a stand-in answer, as far as the status alone tells.
    #[must_use]
    pub fn should_failover(&self, status: u16) -> bool {
        self.triggers.should_failover(status)
    }

    /// Whether this is the URL of a request to FAL: its host, its queue's, or one that the user declared. The URL must be
    /// written as a URL parser prints it, because parsers disagree about all others.
    #[must_use]
    pub fn is_fal_request(&self, url: &str) -> bool {
        self.is_at(url, ProviderName::Fal)
    }

    /// Whether this is the URL of a request to Replicate, likewise.
    #[must_use]
    pub fn is_replicate_request(&self, url: &str) -> bool {
        self.is_at(url, ProviderName::Replicate)
    }

    fn is_at(&self, url: &str, provider: ProviderName) -> bool {
        let Some(url) = canonical(url) else { return false };
        Target::of_url(&Method::POST, &url).is_some_and(|target| {
            self.origins.iter().any(|(site, origin)| site.provider() == provider && origin.matches(&target))
        })
    }

    /// The request to a stand-in, key included, for a generation that was asked for at this URL.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn build_request(
        &self,
        url: &str,
        body: &[u8],
        by: ProviderName,
    ) -> Result<(Request<Vec<u8>>, Translated), Declined> {
        let declined = |reason: &str| Declined { reason: reason.to_owned() };
        let url =
            canonical(url).ok_or_else(|| declined("the URL is not one, or not as a URL parser prints it"))?;
        let target = Target::of_url(&Method::POST, &url)
            .ok_or_else(|| declined("the URL names no host, or a user"))?;
        let route = self.route(&target, &http::HeaderMap::new());
        let exchange = route.as_ref().and_then(|route| route.exchange(body, Moment::EPOCH));
        let generation = exchange.as_ref().and_then(|exchange| exchange.generation());
        let generation =
            generation.ok_or_else(|| declined("the URL is not that of a model that has a stand-in"))?;
        let (standing, stand_in) =
            generation
                .stand_ins(self)
                .find(|(standing, _)| standing.provider == by)
                .ok_or_else(|| declined("that provider does not stand in for this model"))?;
        let reading = generation.read(body).map_err(|reason| Declined { reason })?;
        let translation = generation.translate(self, standing, &stand_in, &reading);
        let translation = translation.map_err(|reason| Declined { reason })?;
        let (form, translated) = (reading.form, Translated::by(&stand_in, translation));
        let (body, started) = (translated.body.clone(), Moment::EPOCH);
        let talk = generation.talk(self, standing, &stand_in, &form, body, Crossing::default(), started);
        match talk {
            Some((_, Turn::Send(request))) => Ok((request, translated)),
            Some((_, Turn::End(End::Failed { note: Some(reason), .. }))) => Err(Declined { reason }),
            _ => Err(declined("the stand-in has no way to be asked")),
        }
    }

    /// A request's body in a stand-in's words: for a provider's model, by its own id, as [`Catalogue::resolve`] takes it. What
    /// the settings say of variants and losses does not count here: both are told. For a model that writes, `by` is whoever stands
    /// in for it by the settings, with a model of its own.
    ///
    /// # Errors
    ///
    /// Why it cannot be said.
    ///
    /// [`Catalogue::resolve`]: crate::Catalogue::resolve
    pub fn translate(
        &self,
        provider: ProviderName,
        model: &str,
        body: &[u8],
        by: ProviderName,
    ) -> Result<Translated, Declined> {
        let declined = |reason: &str| Declined { reason: reason.to_owned() };
        if !matches!(provider, ProviderName::Fal | ProviderName::Replicate) {
            return self.translate_chat(provider, model, body, by);
        }
        let row = match provider {
            ProviderName::Replicate => self.catalogue.row_of_version(model),
            _ => self.catalogue.row(provider, model),
        };
        let source = row.and_then(|row| self.catalogue.source(provider, row));
        let source = source.ok_or_else(|| declined("the model has no row"))?;
        let stand_in = self.catalogue.stand_in(source.model, by);
        let stand_in = stand_in.ok_or_else(|| declined("that provider does not stand in for this model"))?;
        translated(&source, &stand_in, body)
    }
}

fn translated(source: &Source<'_>, stand_in: &StandIn<'_>, body: &[u8]) -> Result<Translated, Declined> {
    let reading = read::request(source, body).map_err(|reason| Declined { reason })?;
    let translation = write::request(stand_in, &reading).map_err(|reason| Declined { reason })?;
    Ok(Translated::by(stand_in, translation))
}

impl Translated {
    fn by(stand_in: &StandIn<'_>, translation: write::Translation) -> Self {
        Self {
            body: translation.body,
            model: stand_in.model.id.clone(),
            substitution: stand_in.model.substitution(),
            losses: translation.losses,
        }
    }
}

/// The URL, if it is written as a parser prints it.
fn canonical(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let same = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    (same && matches!(url.scheme(), "https" | "http")).then_some(url)
}
