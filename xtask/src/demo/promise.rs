//! What a run of an example must show, judged from what it printed and from what the servers saw.
//!
//! The second half is the one that counts: an example could print anything, but not make a server see it.

pub(super) mod at_once;
pub(super) mod queued;

use super::stage::{Owner, Sighting, Witness};
use super::transcript::Exchange;

/// A promise in words, and what broke it if something did.
#[derive(Debug)]
pub(super) struct Promise {
    pub(super) text: String,
    pub(super) broken: Option<String>,
}

/// No key is printed, neither as output nor as a complaint.
pub(super) fn in_silence(printed: &str) -> Promise {
    let leaked: Vec<_> =
        Owner::ALL.into_iter().filter(|owner| printed.contains(owner.key())).map(Owner::name).collect();
    let broken = (!leaked.is_empty()).then(|| format!("the key of {} was printed", leaked.join(" and ")));
    Promise { text: "no key appears in what the program printed".into(), broken }
}

impl Exchange {
    /// A timeline that does not name the provider that was asked first, and the one that answered, tells nothing.
    fn lacks_timeline_of(&self, asked: Owner) -> Option<String> {
        let named =
            |owner: Owner| self.timeline.iter().any(|line| line.to_ascii_lowercase().contains(owner.word()));
        let missing = [asked, Owner::Nexa].into_iter().find(|owner| !named(*owner))?;
        Some(format!("the timeline does not name {}", missing.word()))
    }
}

/// A promise about what was printed of one request.
fn judge(
    text: String,
    exchange: Option<&Exchange>,
    fault: impl FnOnce(&Exchange) -> Option<String>,
) -> Promise {
    Promise {
        text,
        broken: exchange.map_or_else(|| Some("the program did not print this call".into()), fault),
    }
}

fn differs<T: PartialEq + std::fmt::Display>(got: T, expected: T) -> Option<String> {
    (got != expected).then(|| format!("got {got}, expected {expected}"))
}

fn misshapen(wrong: Vec<String>) -> Option<String> {
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

fn asked(witness: &Witness, owner: Owner, times: usize) -> Promise {
    let name = owner.name();
    let text = match times {
        0 => format!("{name} sees nothing"),
        1 => format!("{name} is asked once, with its own key only"),
        _ => format!("{name} is asked once for each call, with its own key only and no cookie"),
    };
    sees(text, witness, owner, |seen| differs(seen.len(), times).map(|broken| format!("requests: {broken}")))
}

/// A promise about what a provider's servers saw. Nobody's key is ever shown to another.
fn sees(
    text: String,
    witness: &Witness,
    owner: Owner,
    fault: impl FnOnce(&[Sighting]) -> Option<String>,
) -> Promise {
    let seen = witness.of(owner);
    let foreign = |request: &&Sighting| request.keys != [owner] || request.cookie;
    let broken = fault(seen).or_else(|| {
        let request = seen.iter().find(foreign)?;
        Some(format!("a request came with {}", request.credentials()))
    });
    Promise { text, broken }
}

impl Sighting {
    /// `FAL's key`, `FAL's key and NexaAPI's key and a cookie`, `no key`.
    pub(super) fn credentials(&self) -> String {
        let mut parts: Vec<_> = self.keys.iter().map(|owner| format!("{}'s key", owner.name())).collect();
        if parts.is_empty() {
            parts.push("no key".into());
        }
        if self.cookie {
            parts.push("a cookie".into());
        }
        parts.join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn request(method: &str, path: &str, keys: &[Owner]) -> Sighting {
        Sighting { method: method.into(), path: path.into(), keys: keys.into(), cookie: false }
    }

    pub(super) fn exchange(
        (method, url): (&str, &str),
        status: u16,
        served_by: &str,
        timeline: &[&str],
        body: serde_json::Value,
    ) -> Exchange {
        Exchange {
            method: method.into(),
            url: url.into(),
            timeline: timeline.iter().map(|line| line.to_string()).collect(),
            status,
            served_by: served_by.into(),
            body,
            shown: Vec::new(),
        }
    }

    pub(super) fn broken(promises: &[Promise]) -> Vec<&str> {
        promises.iter().filter_map(|promise| promise.broken.as_deref()).collect()
    }

    #[test]
    fn a_key_of_somebody_else_is_found_and_a_cookie() {
        let broken = |sighting: Sighting| {
            let own = request("POST", "/", &[Owner::Nexa]);
            let witness = Witness([
                (Owner::Fal, Vec::new()),
                (Owner::Replicate, Vec::new()),
                (Owner::Nexa, vec![own, sighting]),
            ]);
            asked(&witness, Owner::Nexa, 2).broken
        };
        assert_eq!(broken(request("GET", "/", &[Owner::Nexa])), None);
        let both = request("GET", "/", &[Owner::Fal, Owner::Nexa]);
        assert_eq!(broken(both).unwrap(), "a request came with FAL's key and NexaAPI's key");
        let cookie = Sighting { cookie: true, ..request("GET", "/", &[]) };
        assert_eq!(broken(cookie).unwrap(), "a request came with no key and a cookie");
    }

    #[test]
    fn printed_keys_are_found() {
        let text = format!("x {} y", Owner::Replicate.key());
        assert_eq!(in_silence(&text).broken.unwrap(), "the key of Replicate was printed");
        assert!(in_silence("{\"seed\": 7}").broken.is_none());
    }
}
