//! Errors in each API's own shape.

use std::fmt::Write as _;

use failover_mapping::Fault;
use serde_json::Value;

use crate::stage::{Completions, Messages};

#[test]
fn of_each_fault() {
    let faults = [
        (429, Fault::Throttled),
        (429, Fault::OutOfCredit),
        (503, Fault::Overloaded),
        (500, Fault::Broken),
        (502, Fault::Gateway),
        (502, Fault::Connect),
        (504, Fault::Timeout),
        (502, Fault::Malformed),
        (401, Fault::Unauthenticated),
        (403, Fault::Unauthenticated),
        (400, Fault::ContextTooLong),
        (400, Fault::ContentPolicy),
        (400, Fault::InvalidRequest),
        (404, Fault::InvalidRequest),
        (409, Fault::InvalidRequest),
        (413, Fault::InvalidRequest),
    ];
    let mut all = String::new();
    for (status, fault) in faults {
        writeln!(all, "{status} {fault:?}").unwrap();
        for api in [Completions, Messages] {
            let body = api.refusal(status, fault, "nobody \"answered\"");
            let read: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(read["error"]["message"], "nobody \"answered\"");
            writeln!(all, "  {}", String::from_utf8(body).unwrap()).unwrap();
        }
    }
    insta::assert_snapshot!(all);
}
