//! One value: who may be asked, what counts as one, and what comes with it.

use std::future::{Future, ready};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

use failover_reqwest::calls::{Calls, End, Fault, Provider};

use crate::scene::{SECOND, Script, bad, calls, good, names};

#[tokio::test(start_paused = true)]
async fn the_first_valid_value_wins() {
    let (primary, backup, never) = (bad("primary"), Script::new("backup", &[Ok(7)]), good("never"));
    let providers = [primary.provider(), backup.provider(), never.provider()];
    let got = Calls::new().call(providers).await.unwrap();
    assert_eq!((got.value, got.provider.as_str()), (7, "backup"));
    assert_eq!((primary.asked(), backup.asked(), never.asked()), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_names_stand_in_the_order_in_which_they_were_tried() {
    let (one, two, three, four) = (bad("one"), bad("two"), good("three"), good("four"));
    let providers = [one.provider(), two.provider(), three.provider(), four.provider()];
    let got = Calls::new().call(providers).await.unwrap();
    assert_eq!(names(&got.report), (vec!["one", "two", "three"], vec![]));
    let ends: Vec<_> = got.report.attempts.iter().map(|attempt| attempt.end).collect();
    let served = End::Served { asked: 1, served: 1 };
    assert_eq!(ends, [End::Failed(Fault::Broken), End::Failed(Fault::Broken), served]);
}

#[tokio::test(start_paused = true)]
async fn every_value_is_valid_unless_said() {
    let nothing = Script::new("nothing", &[Ok(None::<u32>)]);
    assert_eq!(Calls::new().call([nothing.provider()]).await.unwrap().value, None);
}

#[tokio::test(start_paused = true)]
async fn none_is_passed_over_where_that_is_asked_for() {
    let calls = Calls::new();
    let (nothing, something) =
        (Script::new("nothing", &[Ok(None)]), Script::new("something", &[Ok(Some(4))]));
    let ask = calls.ask([nothing.provider(), something.provider()]).is_valid(Option::is_some);
    let got = ask.run().await.unwrap();
    assert_eq!((got.value, got.provider.as_str()), (Some(4), "something"));
    assert_eq!(got.report.attempts[0].end, End::Invalid);
    assert!(got.report.maybe_billed, "the value that was not valid was made all the same");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_not_valid_is_not_asked_for_again_from_the_same_provider() {
    let calls = calls(Calls::builder().retries(5));
    let (zero, one) = (Script::new("zero", &[Ok(0)]), good("one"));
    let got = calls.ask([zero.provider(), one.provider()]).is_valid(|value| *value > 0).run().await.unwrap();
    assert_eq!((got.value, zero.asked()), (1, 1));
    assert!(got.report.took.is_zero());
}

async fn by_item() -> Result<String, io::Error> {
    Ok("an item's".to_owned())
}

#[tokio::test(start_paused = true)]
async fn functions_closures_and_trait_objects_work() {
    type Attempt = Pin<Box<dyn Future<Output = Result<String, io::Error>> + Send>>;
    let calls = Calls::new();
    let suffix = String::from("'s"); // borrowed
    let closure = || async { Err(io::Error::other(format!("closure{suffix} error"))) };
    let boxed: Box<dyn Fn() -> Attempt + Send> = Box::new(|| Box::pin(ready(Err(io::Error::other("x")))));
    let shared: &(dyn Fn() -> Attempt + Sync) = &|| Box::pin(ready(Err(io::Error::other("y"))));
    let providers = [
        Provider::new("closure", closure),
        Provider::new("async closure", async || Err(io::Error::other(format!("async{}", suffix.len())))),
        Provider::new(String::from("boxed"), boxed),
        Provider::new("shared", shared),
        Provider::new("function", by_item),
    ];
    let got = calls.call(providers).await.unwrap();
    assert_eq!((got.value.as_str(), got.report.attempts.len()), ("an item's", 5));
    let pointer: fn() -> Attempt = || Box::pin(by_item());
    assert_eq!(calls.call(vec![("pairs", pointer), ("of", pointer)]).await.unwrap().provider, "pairs");
    assert_eq!(calls.call([(String::from("one closure"), by_item)]).await.unwrap().provider, "one closure");
}

#[tokio::test(start_paused = true)]
async fn one_function_for_all_needs_no_box() {
    async fn ask(model: &'static str) -> Result<usize, &'static str> {
        if model.starts_with("broken") { Err("broken") } else { Ok(model.len()) }
    }
    let models = ["broken-1", "broken-2", "sound"];
    let got = Calls::new().call(models.map(|model| (model, move || ask(model)))).await.unwrap();
    assert_eq!((got.value, got.provider.as_str()), (5, "sound"));
}

#[tokio::test(start_paused = true)]
async fn callables_may_borrow_and_change_and_values_need_not_be_clone() {
    struct NotClone(#[expect(dead_code, reason = "only its type matters")] u8);
    let mut asked = Vec::new();
    let count = AtomicU32::new(0);
    let providers = [
        Provider::new("changes", || {
            asked.push(1);
            ready(Err("no"))
        }),
        Provider::new("borrows", || async {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(NotClone(1))
        }),
    ];
    let got = Calls::new().call(providers).await.unwrap();
    assert_eq!((got.provider.as_str(), asked, count.into_inner()), ("borrows", vec![1], 1));
}

#[tokio::test(start_paused = true)]
async fn clones_share_what_they_learn() {
    let calls = Calls::new();
    let (primary, backup) = (bad("primary"), good("backup"));
    for _ in 0..5 {
        calls.clone().call([primary.provider(), backup.provider()]).await.unwrap();
    }
    assert_eq!((primary.asked(), backup.asked()), (3, 5));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_it_is_awaited() {
    let calls = Calls::new();
    let primary = good("primary");
    drop(calls.ask([primary.provider()]).deadline(SECOND));
    drop(calls.ask([primary.provider()]).run());
    drop(calls.call([primary.provider()]));
    assert_eq!(primary.asked(), 0);
}
