//! The providers of text: where each is asked, how it is spoken to, and by which key.

use std::borrow::Cow;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};

use super::api::{Addressee, ChatApi};
use super::data::{ChatData, ChatModel, PROVIDERS};
use crate::credentials::{self, Credentials};
use crate::data::Authentication;
use crate::error::{ConfigError, Place};
use crate::origin::{Base, Origin};
use crate::provider::ProviderName;
use crate::route::{CROSSING, Crossing};
use crate::settings::Settings;

/// The version of Anthropic's API that is spoken to a stand-in: the one that takes a temperature.
const VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"));

/// A provider of text.
#[derive(Debug)]
pub(crate) struct Speaker {
    pub(crate) provider: ProviderName,
    pub(crate) data: ChatData,
    /// Where it is asked as a stand-in.
    pub(crate) base: Base,
    /// None of one that can only be asked by the caller.
    credentials: Option<Credentials>,
}

impl Speaker {
    /// All who are known.
    pub(crate) fn all(settings: &Settings) -> Result<Vec<Self>, ConfigError> {
        let mut all = Vec::new();
        for (provider, text) in PROVIDERS {
            let place = Place { provider, file: "built-in" };
            let data: ChatData =
                toml::from_str(text).map_err(|error| place.refuse("the file", error.message().to_owned()))?;
            let own = settings.stand_in_urls.iter().find(|(known, _)| *known == provider);
            let base = Base::parse(own.map_or(usual_base(provider), |(_, url)| url));
            let refused = |problem| settings.refuse("stand_in_url", Some(provider.as_str()), problem);
            let base = base.and_then(|base| is_before(base, data.api)).map_err(refused)?;
            all.push(Self::new(provider, data, base, settings)?);
        }
        // Whoever speaks OpenAI's API says what OpenAI says.
        let verdicts = all.first().map_or_else(Vec::new, |openai| openai.data.verdicts.clone());
        for (provider, url) in &settings.texts.providers {
            let refused =
                |problem: &'static str| settings.refuse("text_provider", Some(provider.as_str()), problem);
            if !matches!(provider, ProviderName::Other(_)) {
                return Err(refused("is built in: use stand_in_url(..) or provider_url(..)"));
            }
            let data = ChatData { api: ChatApi::Completions, models: Vec::new(), verdicts: verdicts.clone() };
            let base = Base::parse(url).and_then(|base| is_before(base, data.api)).map_err(refused)?;
            all.push(Self::new(*provider, data, base, settings)?);
        }
        Ok(all)
    }

    fn new(
        provider: ProviderName,
        data: ChatData,
        base: Base,
        settings: &Settings,
    ) -> Result<Self, ConfigError> {
        let key = settings.keys.iter().find(|(known, _)| *known == provider).map(|(_, key)| key);
        let shown = match data.api {
            ChatApi::Completions => Authentication::Bearer,
            ChatApi::Messages => Authentication::Header("x-api-key".to_owned()),
        };
        let credentials = key.map(|key| key.shown(provider, &shown)).transpose();
        let refused = |problem: Cow<'static, str>| {
            let error = ConfigError::setting(credentials::field(provider), problem);
            settings.sources.located(&format!("key.{provider}"), error)
        };
        Ok(Self { provider, data, base, credentials: credentials.map_err(refused)? })
    }

    /// Whether it can stand in: it has a key.
    pub(crate) const fn has_key(&self) -> bool {
        self.credentials.is_some()
    }

    pub(crate) const fn api(&self) -> ChatApi {
        self.data.api
    }

    /// Whether it takes what only OpenAI itself does.
    pub(crate) fn is_openai(&self) -> bool {
        self.provider == ProviderName::OpenAi
    }

    /// Where it is asked by callers: where it is by itself, whatever base URL a stand-in has.
    pub(crate) fn origin(&self) -> Option<Origin> {
        match self.provider {
            ProviderName::Other(_) => self.base.origin(),
            provider => Base::parse(usual_base(provider)).ok()?.origin(),
        }
    }

    /// The path at which it is asked by callers.
    pub(crate) fn asked_at(&self) -> String {
        let before = match (self.api(), self.provider) {
            (ChatApi::Messages, _) => "",
            (ChatApi::Completions, ProviderName::Other(_)) => self.base.path(),
            (ChatApi::Completions, _) => "/v1",
        };
        format!("{before}{}", self.path())
    }

    /// Whether it is asked by callers at this path.
    pub(crate) fn is_asked_at(&self, path: &str, query: Option<&str>) -> bool {
        let plain = match self.api() {
            ChatApi::Completions => query.is_none(),
            // Anthropic's own clients ask so for what is in beta.
            ChatApi::Messages => matches!(query, None | Some("beta=true")),
        };
        let before = path.strip_suffix(self.path()).filter(|_| plain);
        before.is_some_and(|before| match (self.api(), self.provider) {
            (ChatApi::Messages, _) => before.is_empty(),
            (ChatApi::Completions, ProviderName::Other(_)) => before == self.base.path(),
            (ChatApi::Completions, _) => before == "/v1",
        })
    }

    /// Its row of this model.
    pub(crate) fn model(&self, id: &str) -> Option<&ChatModel> {
        self.data.models.iter().find(|model| model.id == id)
    }

    /// To whom a request for this model of its own is written.
    pub(crate) fn addressed<'m>(&self, model: &'m str, most_tokens: Option<u64>) -> Addressee<'m> {
        let fixed_sampling = self.model(model).is_some_and(|row| row.fixed_sampling);
        Addressee { api: self.api(), model, most_tokens, is_openai: self.is_openai(), fixed_sampling }
    }

    /// The path after the base URL.
    pub(crate) const fn path(&self) -> &'static str {
        match self.api() {
            ChatApi::Completions => "/chat/completions",
            ChatApi::Messages => "/v1/messages",
        }
    }

    /// The request with this body. Says what is wrong with the address or the key.
    pub(crate) fn request(
        &self,
        body: Vec<u8>,
        stream: bool,
        crossing: &Crossing,
    ) -> Result<Request<Vec<u8>>, String> {
        let name = self.provider.proper();
        let credentials = self.credentials.as_ref().ok_or_else(|| format!("{name} has no key"))?;
        let address = self.base.join(self.path()).ok_or_else(|| format!("{name} has no address"))?;
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address;
        let headers: &mut HeaderMap = request.headers_mut();
        credentials.put(headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let accept = if stream { "text/event-stream" } else { "application/json" };
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        if self.api() == ChatApi::Messages {
            let (name, value) = VERSION;
            headers.insert(name, value);
        }
        for (name, value) in CROSSING.into_iter().zip(crossing) {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        Ok(request)
    }
}

/// The same, unless it is more than what stands before the paths of that API.
fn is_before(base: Base, api: ChatApi) -> Result<Base, &'static str> {
    let ends = |end: &str| base.path().ends_with(end);
    match api {
        ChatApi::Completions if ends("/chat/completions") => {
            Err("ends in /chat/completions, which is added to it: leave that out")
        }
        ChatApi::Messages if ends("/v1/messages") || ends("/v1") => {
            Err("ends in what is added to it, which is /v1/messages: leave that out")
        }
        _ => Ok(base),
    }
}

/// What stands before the path at which the provider is asked.
const fn usual_base(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Anthropic => "https://api.anthropic.com",
        ProviderName::Together => "https://api.together.xyz/v1",
        _ => "https://api.openai.com/v1",
    }
}
