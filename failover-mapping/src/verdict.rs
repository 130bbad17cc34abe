//! What a provider's answer means, as far as its status and headers tell.
//!
//! The rows are data; here is only what follows where no row fits.

use failover_core::{Fault, Step};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Deserializer, de};

use crate::data::Verdict;
use crate::error::one_of;

/// The fault behind a failing status of the provider whose rows these are.
pub(crate) fn fault(rows: &[Verdict], status: StatusCode, headers: &HeaderMap) -> Fault {
    let fits = |row: &&Verdict| {
        row.status == status.as_u16()
            && row.header.as_ref().is_none_or(|wanted| {
                let said = headers.get(&wanted.name).and_then(|value| value.to_str().ok());
                said.is_some_and(|said| said.trim().eq_ignore_ascii_case(&wanted.value))
            })
    };
    match rows.iter().find(fits) {
        Some(row) => row.fault,
        None if status.is_client_error() => Fault::Unsupported,
        // Server errors, and redirects: a stand-in that has moved does not serve.
        None => Fault::Broken,
    }
}

/// The same fault, or one that lets the call go on: what a stand-in refuses is not the caller's mistake.
pub(crate) fn of_stand_in(fault: Fault) -> Fault {
    if fault.remedy().step == Step::Stop { Fault::Unsupported } else { fault }
}

/// What to check where a stand-in refuses not this request but every one.
pub(crate) fn note_of_stand_in(status: StatusCode, fault: Fault) -> Option<&'static str> {
    match (fault, status) {
        (Fault::Unauthenticated, _) => Some("NexaAPI refused the key: check nexa_api_key (NEXA_API_KEY)"),
        (Fault::OutOfCredit, _) => Some("NexaAPI's account is out of credit: top it up"),
        (_, StatusCode::NOT_FOUND) => {
            Some("NexaAPI does not know this path or model: check nexa_base_url (NEXA_BASE_URL)")
        }
        _ => None,
    }
}

/// The faults that a status can mean, by their names in a data file.
const BY_NAME: [(&str, Fault); 11] = [
    ("throttled", Fault::Throttled),
    ("overloaded", Fault::Overloaded),
    ("broken", Fault::Broken),
    ("gateway", Fault::Gateway),
    ("timeout", Fault::Timeout),
    ("unauthenticated", Fault::Unauthenticated),
    ("out-of-credit", Fault::OutOfCredit),
    ("unsupported", Fault::Unsupported),
    ("invalid-request", Fault::InvalidRequest),
    ("content-policy", Fault::ContentPolicy),
    ("caller-deadline", Fault::CallerDeadline),
];

/// Reads the name of a fault in a data file: the variant's name in kebab case.
pub(crate) fn fault_by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fault, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = BY_NAME.iter().find(|(known, _)| *known == name);
    found.map(|(_, fault)| *fault).ok_or_else(|| {
        let known = one_of(BY_NAME.map(|(name, _)| name));
        de::Error::custom(format!("`{name}` is not a fault that a status can mean: use {known}"))
    })
}
