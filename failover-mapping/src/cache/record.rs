//! An answer as it is kept: a line of JSON that says what it is, then the body as it came.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use failover_core::Moment;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::data::Substitution;
use crate::loss::{Loss, LossKind};
use crate::provenance::Served;
use crate::provider::ProviderName;

/// An answer that may be used again.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// When it came, since 1970: another process may read it.
    pub(crate) at: Moment,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Who gave it.
    pub(crate) served: Served,
    pub(crate) losses: Vec<Loss>,
}

/// The headers that are kept. All others are about that one answer, or nobody knows about what.
const KEPT: [HeaderName; 2] = [CONTENT_TYPE, HeaderName::from_static("preference-applied")];

#[derive(Deserialize, Serialize)]
struct Line {
    /// Milliseconds.
    at: u64,
    status: u16,
    headers: Vec<(String, String)>,
    provider: String,
    model: String,
    same: bool,
    losses: Vec<(String, String)>,
}

/// The moment of this time on the wall.
pub(crate) fn moment(wall: SystemTime) -> Moment {
    let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::after_epoch(Duration::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
}

impl Record {
    /// Of an answer that came just now.
    pub(crate) fn new(
        (status, headers, body): (StatusCode, &HeaderMap, &[u8]),
        served: Served,
        losses: Vec<Loss>,
        wall: SystemTime,
    ) -> Self {
        let kept = KEPT.into_iter().filter_map(|name| Some((headers.get(&name)?.clone(), name)));
        let headers = kept.map(|(value, name)| (name, value)).collect();
        Self { at: moment(wall), status, headers, body: body.to_vec(), served, losses }
    }

    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let line = Line {
            at: u64::try_from(self.at.since_epoch().as_millis()).ok()?,
            status: self.status.as_u16(),
            headers: self.headers.iter().filter_map(text).collect(),
            provider: self.served.provider.to_string(),
            model: self.served.model.clone(),
            same: self.served.substitution == Substitution::Same,
            losses: self.losses.iter().map(|loss| (loss.field.clone(), loss.kind.to_string())).collect(),
        };
        let mut bytes = serde_json::to_vec(&line).ok()?;
        bytes.push(b'\n');
        bytes.extend(&self.body);
        Some(bytes)
    }

    /// What a store gave back. None if it is no record of ours.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (line, body) = bytes.split_at_checked(end)?;
        let line: Line = serde_json::from_slice(line).ok()?;
        let kept = |(name, value): &(String, String)| {
            let name = KEPT.into_iter().find(|kept| kept == name.as_str())?;
            Some((name, HeaderValue::from_str(value).ok()?))
        };
        let lost = |(field, kind): &(String, String)| Some(Loss::new(field, LossKind::by_name(kind)?));
        let substitution = if line.same { Substitution::Same } else { Substitution::Variant };
        Some(Self {
            at: Moment::after_epoch(Duration::from_millis(line.at)),
            status: StatusCode::from_u16(line.status).ok().filter(StatusCode::is_success)?,
            headers: line.headers.iter().filter_map(kept).collect(),
            body: body.get(1..)?.to_vec(),
            served: Served {
                provider: ProviderName::by_name(&line.provider)?,
                model: line.model,
                substitution,
            },
            losses: line.losses.iter().filter_map(lost).collect(),
        })
    }

    /// The answer again.
    pub(crate) fn response(&self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers.clone());
        response
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wall() -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(1_795_215_600_123)
    }

    fn record(headers: &HeaderMap, body: &[u8]) -> Record {
        let served = Served::by((ProviderName::Nexa, "flux-dev", Substitution::Variant));
        let losses = vec![Loss::new("seed", LossKind::Dropped), Loss::new("n", LossKind::Clamped)];
        Record::new((StatusCode::CREATED, headers, body), served, losses, wall())
    }

    proptest! {
        #[test]
        fn it_comes_back_as_it_was(body in prop::collection::vec(any::<u8>(), 0..64)) {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
            let record = record(&headers, &body);
            let back = record.to_bytes().and_then(|bytes| Record::read(&bytes)).expect("a record");
            prop_assert_eq!((back.at, back.status, &back.body), (moment(wall()), StatusCode::CREATED, &body));
            prop_assert_eq!((&back.headers, &back.served, &back.losses), (&headers, &record.served, &record.losses));
        }

        #[test]
        fn what_is_no_record_is_nothing(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(Record::read(&bytes).is_none());
        }
    }

    #[test]
    fn only_the_headers_that_are_kept_come_back_even_if_a_store_adds_others() {
        let secret = HeaderName::from_static("set-cookie");
        let headers = HeaderMap::from_iter([(secret, HeaderValue::from_static("sid=1"))]);
        let record = record(&headers, b"{}");
        assert!(record.headers.is_empty());
        let text = String::from_utf8(record.to_bytes().expect("bytes")).expect("text");
        let forged =
            text.replace("\"headers\":[]", r#""headers":[["set-cookie","sid=1"],["content-type","a/b"]]"#);
        assert_ne!(forged, text);
        let back = Record::read(forged.as_bytes()).expect("a record");
        assert_eq!(back.headers.len(), 1);
        assert_eq!(back.response().headers()[CONTENT_TYPE], "a/b");
    }

    #[test]
    fn a_failure_is_no_record_whoever_says_so() {
        let text =
            String::from_utf8(record(&HeaderMap::new(), b"{}").to_bytes().expect("bytes")).expect("text");
        for status in ["500", "99", "302"] {
            assert!(
                Record::read(text.replace("\"status\":201", &format!("\"status\":{status}")).as_bytes())
                    .is_none()
            );
        }
    }
}
