//! Two calls that are answered at once, one of FAL and one of Replicate.

use super::{Promise, asked, differs, judge, misshapen};
use crate::demo::shape;
use crate::demo::stage::{Owner, Witness};
use crate::demo::transcript::Exchange;

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
pub(crate) fn in_an_outage(exchanges: &[Exchange], witness: &Witness, fault: Option<String>) -> Vec<Promise> {
    let mut list = vec![to_the_end(exchanges, fault)];
    for (call, exchange) in CALLS.iter().zip(each(exchanges)) {
        let (name, status, says) = (call.asked.name(), call.status, call.says);
        list.extend([
            judge(format!("{name}'s call is answered {status}, though {name} said {says}"), exchange, |it| {
                differs(it.status, status)
            }),
            judge(format!("{name}'s call is answered in {name}'s own shape"), exchange, |it| {
                misshapen((call.shape)(&it.body))
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
pub(crate) fn in_health(exchanges: &[Exchange], witness: &Witness, fault: Option<String>) -> Vec<Promise> {
    let mut list = vec![to_the_end(exchanges, fault)];
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
fn to_the_end(exchanges: &[Exchange], fault: Option<String>) -> Promise {
    let broken = fault.or_else(|| Some(format!("calls: {}", differs(exchanges.len(), CALLS.len())?)));
    Promise { text: "the program runs to its end and prints both calls".into(), broken }
}

/// The exchanges, one for each call and none for what was not printed.
fn each(exchanges: &[Exchange]) -> impl Iterator<Item = Option<&Exchange>> {
    exchanges.iter().map(Some).chain(std::iter::repeat(None))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{broken, exchange, request};
    use super::*;
    use crate::demo::shape::samples;

    fn seen(fal: usize, replicate: usize, nexa: usize) -> Witness {
        let times = |owner, n| (owner, vec![request("POST", "/", &[owner]); n]);
        Witness([times(Owner::Fal, fal), times(Owner::Replicate, replicate), times(Owner::Nexa, nexa)])
    }

    const CALL: (&str, &str) = ("POST", "http://x");

    fn outage() -> Vec<Exchange> {
        vec![
            exchange(CALL, 200, "nexaapi", &["fal throttled", "nexaapi answered"], samples::fal()),
            exchange(CALL, 201, "nexaapi", &["replicate broken", "nexaapi answered"], samples::replicate()),
        ]
    }

    fn health() -> Vec<Exchange> {
        vec![
            exchange(CALL, 200, "fal", &[], samples::fal()),
            exchange(CALL, 201, "replicate", &[], samples::replicate()),
        ]
    }

    #[test]
    fn kept_promises() {
        assert_eq!(broken(&in_an_outage(&outage(), &seen(1, 1, 2), None)), [""; 0]);
        assert_eq!(broken(&in_health(&health(), &seen(1, 1, 0), None)), [""; 0]);
    }

    #[test]
    fn an_answer_that_is_not_as_promised() {
        let check = |spoil: fn(&mut Exchange)| {
            let mut exchanges = outage();
            spoil(&mut exchanges[0]);
            broken(&in_an_outage(&exchanges, &seen(1, 1, 2), None)).join(", ")
        };
        assert_eq!(check(|it| it.status = 429), "got 429, expected 200");
        assert_eq!(check(|it| it.body["seed"] = "7".into()), "seed must be an integer below 2^63");
        assert_eq!(check(|it| it.served_by = "fal".into()), "got fal, expected nexaapi");
        assert_eq!(check(|it| it.timeline.truncate(1)), "the timeline does not name nexaapi");
        assert_eq!(broken(&in_an_outage(&outage()[..1], &seen(1, 1, 2), None)).len(), 4);
    }

    #[test]
    fn what_the_servers_must_not_see() {
        let promises = in_an_outage(&outage(), &seen(2, 1, 1), None);
        assert_eq!(broken(&promises), ["requests: got 2, expected 1", "requests: got 1, expected 2"]);
    }

    #[test]
    fn a_healthy_primary_is_left_alone() {
        assert_eq!(broken(&in_health(&health(), &seen(1, 1, 1), None)), ["requests: got 1, expected 0"]);
        let mut exchanges = health();
        exchanges[1].timeline.push("replicate answered".into());
        assert_eq!(broken(&in_health(&exchanges, &seen(1, 1, 0), None)), ["got 1, expected 0"]);
    }

    #[test]
    fn a_program_that_does_not_end_well() {
        let promises =
            [to_the_end(&outage(), Some("it ended with 1".into())), to_the_end(&outage()[1..], None)];
        assert_eq!(broken(&promises), ["it ended with 1", "calls: got 1, expected 2"]);
    }
}
