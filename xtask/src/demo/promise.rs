//! What a run of an example must show, judged from what it printed and from what the servers saw.
//!
//! The second half is the one that counts: an example could print anything, but not make a server see it.

use super::shape;
use super::stage::{Owner, Sighting, Witness};
use super::transcript::Exchange;

/// A promise in words, and what broke it if something did.
#[derive(Debug)]
pub(super) struct Promise {
    pub(super) text: String,
    pub(super) broken: Option<String>,
}

/// One of the example's two requests: who is asked, with which status it answers when it is well.
struct Call {
    asked: Owner,
    status: u16,
    says: u16,
    shape: fn(&serde_json::Value) -> Vec<String>,
}

const CALLS: [Call; 2] = [
    Call { asked: Owner::Fal, status: 200, says: 429, shape: shape::fal },
    Call { asked: Owner::Replicate, status: 201, says: 500, shape: shape::replicate },
];

/// FAL and Replicate are down: NexaAPI answers, and nobody can tell by the answer.
pub(super) fn in_an_outage(exchanges: &[Exchange], witness: &Witness) -> Vec<Promise> {
    let mut list = Vec::new();
    for (call, exchange) in CALLS.iter().zip(each(exchanges)) {
        let (name, status, says) = (call.asked.name(), call.status, call.says);
        list.extend([
            judge(format!("{name}'s call is answered {status}, though {name} said {says}"), exchange, |it| {
                differs(it.status, status)
            }),
            judge(format!("{name}'s call is answered in {name}'s own shape"), exchange, |it| {
                let wrong = (call.shape)(&it.body);
                (!wrong.is_empty()).then(|| wrong.join("; "))
            }),
            judge(format!("{name}'s call is served by NexaAPI, and the timeline says so"), exchange, |it| {
                differs(it.served_by.as_str(), Owner::Nexa.word())
                    .or_else(|| it.lacks_timeline_of(call.asked))
            }),
        ]);
    }
    list.push(asked(witness, Owner::Fal, 1));
    list.push(asked(witness, Owner::Replicate, 1));
    list.push(asked(witness, Owner::Nexa, CALLS.len()));
    list
}

/// Everyone is well: each provider answers its own call, as if no failover were there.
pub(super) fn in_health(exchanges: &[Exchange], witness: &Witness) -> Vec<Promise> {
    let mut list = Vec::new();
    for (call, exchange) in CALLS.iter().zip(each(exchanges)) {
        let (name, status) = (call.asked.name(), call.status);
        list.push(judge(
            format!("{name}'s call is answered {status} by {name} itself, without a timeline"),
            exchange,
            |it| {
                differs(it.status, status)
                    .or_else(|| differs(it.served_by.as_str(), call.asked.word()))
                    .or_else(|| differs(it.timeline.len(), 0))
            },
        ));
    }
    list.push(asked(witness, Owner::Fal, 1));
    list.push(asked(witness, Owner::Replicate, 1));
    list.push(asked(witness, Owner::Nexa, 0));
    list
}

/// The program ended well and printed each call once.
pub(super) fn to_the_end(exchanges: &[Exchange], fault: Option<String>) -> Promise {
    let broken = fault.or_else(|| Some(format!("calls: {}", differs(exchanges.len(), CALLS.len())?)));
    Promise { text: "the program runs to its end and prints both calls".into(), broken }
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

/// The exchanges, one for each call and none for what was not printed.
fn each(exchanges: &[Exchange]) -> impl Iterator<Item = Option<&Exchange>> {
    exchanges.iter().map(Some).chain(std::iter::repeat(None))
}

fn judge(text: String, exchange: Option<&Exchange>, fault: impl Fn(&Exchange) -> Option<String>) -> Promise {
    Promise {
        text,
        broken: exchange.map_or_else(|| Some("the program did not print this call".into()), fault),
    }
}

fn differs<T: PartialEq + std::fmt::Display>(got: T, expected: T) -> Option<String> {
    (got != expected).then(|| format!("got {got}, expected {expected}"))
}

fn asked(witness: &Witness, owner: Owner, times: usize) -> Promise {
    let (name, seen) = (owner.name(), witness.of(owner));
    let text = match times {
        0 => format!("{name} sees nothing"),
        1 => format!("{name} is asked once, with its own key only"),
        _ => format!("{name} is asked once for each call, with its own key only and no cookie"),
    };
    let foreign = |request: &&Sighting| request.keys != [owner] || request.cookie;
    let broken = differs(seen.len(), times).map(|broken| format!("requests: {broken}")).or_else(|| {
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
    use super::super::shape::samples;
    use super::*;

    fn request(keys: &[Owner]) -> Sighting {
        Sighting { method: "POST".into(), path: "/".into(), keys: keys.into(), cookie: false }
    }

    fn seen(fal: usize, replicate: usize, nexa: usize) -> Witness {
        let times = |owner, n| (owner, vec![request(&[owner]); n]);
        Witness([times(Owner::Fal, fal), times(Owner::Replicate, replicate), times(Owner::Nexa, nexa)])
    }

    fn exchange(status: u16, served_by: &str, timeline: &[&str], body: serde_json::Value) -> Exchange {
        let timeline = timeline.iter().map(|line| line.to_string()).collect();
        Exchange {
            url: "http://x".into(),
            timeline,
            status,
            served_by: served_by.into(),
            body,
            shown: Vec::new(),
        }
    }

    fn outage() -> Vec<Exchange> {
        vec![
            exchange(200, "nexaapi", &["fal throttled", "nexaapi answered"], samples::fal()),
            exchange(201, "nexaapi", &["replicate broken", "nexaapi answered"], samples::replicate()),
        ]
    }

    fn health() -> Vec<Exchange> {
        vec![exchange(200, "fal", &[], samples::fal()), exchange(201, "replicate", &[], samples::replicate())]
    }

    fn broken(promises: &[Promise]) -> Vec<&str> {
        promises.iter().filter_map(|promise| promise.broken.as_deref()).collect()
    }

    #[test]
    fn kept_promises() {
        assert_eq!(broken(&in_an_outage(&outage(), &seen(1, 1, 2))), [""; 0]);
        assert_eq!(broken(&in_health(&health(), &seen(1, 1, 0))), [""; 0]);
        assert_eq!(broken(&[to_the_end(&outage(), None), in_silence("{\"seed\": 7}")]), [""; 0]);
    }

    #[test]
    fn an_answer_that_is_not_as_promised() {
        let check = |spoil: fn(&mut Exchange)| {
            let mut exchanges = outage();
            spoil(&mut exchanges[0]);
            broken(&in_an_outage(&exchanges, &seen(1, 1, 2))).join(", ")
        };
        assert_eq!(check(|it| it.status = 429), "got 429, expected 200");
        assert_eq!(check(|it| it.body["seed"] = "7".into()), "seed must be an integer below 2^63");
        assert_eq!(check(|it| it.served_by = "fal".into()), "got fal, expected nexaapi");
        assert_eq!(check(|it| it.timeline.truncate(1)), "the timeline does not name nexaapi");
        assert_eq!(broken(&in_an_outage(&outage()[..1], &seen(1, 1, 2))).len(), 3);
    }

    #[test]
    fn what_the_servers_must_not_see() {
        let promises = in_an_outage(&outage(), &seen(2, 1, 1));
        assert_eq!(broken(&promises), ["requests: got 2, expected 1", "requests: got 1, expected 2"]);
        let mut witness = seen(1, 1, 2);
        witness.0[2].1[1] = request(&[Owner::Fal, Owner::Nexa]);
        assert_eq!(
            broken(&in_an_outage(&outage(), &witness)),
            ["a request came with FAL's key and NexaAPI's key"]
        );
        witness.0[2].1[1] = Sighting { cookie: true, ..request(&[]) };
        assert_eq!(broken(&in_an_outage(&outage(), &witness)), ["a request came with no key and a cookie"]);
    }

    #[test]
    fn a_healthy_primary_is_left_alone() {
        assert_eq!(broken(&in_health(&health(), &seen(1, 1, 1))), ["requests: got 1, expected 0"]);
        let mut exchanges = health();
        exchanges[1].timeline.push("replicate answered".into());
        assert_eq!(broken(&in_health(&exchanges, &seen(1, 1, 0))), ["got 1, expected 0"]);
    }

    #[test]
    fn a_program_that_does_not_end_well() {
        let promises =
            [to_the_end(&outage(), Some("it ended with 1".into())), to_the_end(&outage()[1..], None)];
        assert_eq!(broken(&promises), ["it ended with 1", "calls: got 1, expected 2"]);
    }

    #[test]
    fn printed_keys_are_found() {
        let text = format!("x {} y", Owner::Replicate.key());
        assert_eq!(in_silence(&text).broken.unwrap(), "the key of Replicate was printed");
    }
}
