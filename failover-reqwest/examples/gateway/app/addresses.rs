//! The URLs that providers name in their answers for the next question, as addresses of the gateway.
//!
//! Only these keys are looked at, and only their values are changed: what a caller has sent and gets back, or what a model has
//! made, stays as it is, to the byte.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An answer of FAL's queue or of Replicate, as far as it names URLs.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    status_url: Option<&'a RawValue>,
    #[serde(borrow)]
    response_url: Option<&'a RawValue>,
    #[serde(borrow)]
    cancel_url: Option<&'a RawValue>,
    /// A prediction's.
    #[serde(borrow)]
    urls: Option<&'a RawValue>,
    /// Of a list of predictions, and the pages beside it.
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    #[serde(borrow)]
    next: Option<&'a RawValue>,
    #[serde(borrow)]
    previous: Option<&'a RawValue>,
}

/// The answer, with `shown` where its URLs begin with one of `bases`.
pub(super) fn with_urls_of(shown: &str, bases: &[String], body: Bytes) -> Bytes {
    let Ok(text) = str::from_utf8(&body) else { return body };
    let Ok(answer) = serde_json::from_str::<Answer<'_>>(text) else { return body };
    let mut named = answer.named();
    named.sort_by_key(|url| start(text, url));
    let (mut changed, mut from) = (String::with_capacity(text.len()), 0);
    for url in named {
        let Some(ours) = ours(url, shown, bases) else { continue };
        let Range { start, end } = {
            let start = start(text, url);
            start..start + url.get().len()
        };
        changed.push_str(text.get(from..start).unwrap_or_default());
        changed.push_str(&ours);
        from = end;
    }
    if from == 0 {
        return body;
    }
    changed.push_str(text.get(from..).unwrap_or_default());
    changed.into()
}

impl<'a> Answer<'a> {
    fn named(&self) -> Vec<&'a RawValue> {
        let of_job = [self.status_url, self.response_url, self.cancel_url, self.next, self.previous];
        let mut named: Vec<_> = of_job.into_iter().flatten().collect();
        let urls = self
            .urls
            .and_then(|urls| serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(urls.get()).ok());
        named.extend(urls.into_iter().flat_map(BTreeMap::into_values));
        let results = self.results.and_then(|results| serde_json::from_str::<Vec<Self>>(results.get()).ok());
        named.extend(results.iter().flatten().flat_map(Self::named));
        named
    }
}

/// Where in the text a value of it begins.
fn start(text: &str, value: &RawValue) -> usize {
    value.get().as_ptr() as usize - text.as_ptr() as usize
}

/// The URL as JSON, if it is below one of `bases`.
fn ours(url: &RawValue, shown: &str, bases: &[String]) -> Option<String> {
    let url: String = serde_json::from_str(url.get()).ok()?;
    let rest = bases.iter().find_map(|base| url.strip_prefix(base).filter(|rest| rest.starts_with('/')))?;
    serde_json::to_string(&format!("{shown}{rest}")).ok()
}
