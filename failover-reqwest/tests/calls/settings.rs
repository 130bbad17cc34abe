//! Settings and lists that make no sense are refused, with the field and the cure.

use std::time::Duration;

use failover_reqwest::calls::{Breaker, Builder, Calls, Provider, Why};

use crate::scene::SECOND;

fn refusal(builder: Builder<Calls>) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn limits_of_no_time_are_refused() {
    let cure = "is zero: give it some time, or leave it out for no limit";
    assert_eq!(refusal(Calls::builder().deadline(Duration::ZERO)), format!("deadline {cure}"));
    assert_eq!(refusal(Calls::builder().timeout(Duration::ZERO)), format!("timeout {cure}"));
    let never_quick_enough = Calls::builder().breaker(Breaker::new().slow(Duration::ZERO));
    assert_eq!(refusal(never_quick_enough), format!("breaker.slow {cure}"));
    Calls::builder().deadline(SECOND).timeout(2 * SECOND).build().unwrap();
}

/// Why a list of these names cannot be used.
async fn unusable(names: &[&'static str]) -> String {
    let ask = async || -> Result<u32, &str> { panic!("nobody is to be asked") };
    let error = Calls::new().call(names.iter().map(|name| Provider::new(*name, ask))).await.unwrap_err();
    let Why::Unusable(refused) = error.why() else { panic!("{error}") };
    assert_eq!(refused.field(), "providers");
    assert!(error.failures().is_empty());
    let error: &dyn std::error::Error = &error.boxed();
    assert!(error.source().is_some_and(|source| source.to_string().starts_with("providers ")));
    error.to_string().lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_list_that_cannot_be_used_is_refused() {
    assert_eq!(unusable(&[]).await, "no provider served: providers is empty: name at least one");
    let problem = "providers has one without a name: give it one, for its breaker and the report";
    assert_eq!(unusable(&["one", ""]).await, format!("no provider served: {problem}"));
    let problem = "providers has `twin` twice: give each a name of its own";
    assert_eq!(unusable(&["twin", "twin"]).await, format!("no provider served: {problem}"));
}

#[tokio::test]
async fn a_list_that_cannot_be_used_is_refused_for_items_and_races_too() {
    let calls = Calls::new();
    let feed = async |_: Vec<u8>| Ok::<_, String>(vec![(1, 2)]);
    let error = calls.items([1], [("a", feed), ("a", feed)]).await.unwrap_err();
    assert!(matches!(error.failed.why(), Why::Unusable(_)));
    assert_eq!(error.missing, [1]);
    let ask = async || Ok::<_, String>(1);
    assert!(matches!(calls.race([("a", ask), ("a", ask)]).await.unwrap_err().why(), Why::Unusable(_)));
}
