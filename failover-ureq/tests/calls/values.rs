//! One value: who may be asked, what counts as one, and what comes with it.

use std::cell::Cell;

use failover_ureq::calls::{Calls, End, Fault, Provider};

use crate::scene::{SECOND, Script, bad, good, names, plain};

#[test]
fn the_first_valid_value_wins() {
    let (_, calls) = plain();
    let (primary, backup, never) = (bad("primary"), Script::new("backup", &[Ok(7)]), good("never"));
    let got = calls.call([primary.provider(), backup.provider(), never.provider()]).unwrap();
    assert_eq!((got.value, got.provider.as_str()), (7, "backup"));
    assert_eq!((primary.asked(), backup.asked(), never.asked()), (1, 1, 0));
}

#[test]
fn the_names_stand_in_the_order_in_which_they_were_tried() {
    let (_, calls) = plain();
    let (one, two, three, four) = (bad("one"), bad("two"), good("three"), good("four"));
    let providers = [one.provider(), two.provider(), three.provider(), four.provider()];
    let got = calls.call(providers).unwrap();
    assert_eq!(names(&got.report), (vec!["one", "two", "three"], vec![]));
    let ends: Vec<_> = got.report.attempts.iter().map(|attempt| attempt.end).collect();
    let served = End::Served { asked: 1, served: 1 };
    assert_eq!(ends, [End::Failed(Fault::Broken), End::Failed(Fault::Broken), served]);
}

#[test]
fn every_value_is_valid_unless_said() {
    let (_, calls) = plain();
    let nothing = Script::new("nothing", &[Ok(None::<u32>)]);
    assert_eq!(calls.call([nothing.provider()]).unwrap().value, None);
}

#[test]
fn none_is_passed_over_where_that_is_asked_for() {
    let (_, calls) = plain();
    let (nothing, something) =
        (Script::new("nothing", &[Ok(None)]), Script::new("something", &[Ok(Some(4))]));
    let ask = calls.ask([nothing.provider(), something.provider()]).is_valid(Option::is_some);
    let got = ask.run().unwrap();
    assert_eq!((got.value, got.provider.as_str()), (Some(4), "something"));
    assert_eq!(got.report.attempts[0].end, End::Invalid);
    assert!(got.report.maybe_billed, "the value that was not valid was made all the same");
}

#[test]
fn a_value_that_is_not_valid_is_not_asked_for_again_from_the_same_provider() {
    let time = crate::scene::Time::default();
    let calls = time.calls(Calls::builder().retries(5));
    let (zero, one) = (Script::new("zero", &[Ok(0)]), good("one"));
    let got = calls.ask([zero.provider(), one.provider()]).is_valid(|value| *value > 0).run().unwrap();
    assert_eq!((got.value, zero.asked()), (1, 1));
    assert!(time.slept().is_empty());
}

fn by_pointer() -> Result<String, std::io::Error> {
    Ok("a pointer's".to_owned())
}

#[test]
fn function_pointers_closures_and_trait_objects_work() {
    let (_, calls) = plain();
    let suffix = String::from("'s"); // borrowed
    let closure = || Err(std::io::Error::other(format!("closure{suffix} error")));
    let boxed: Box<dyn Fn() -> Result<String, std::io::Error>> = Box::new(|| Err(std::io::Error::other("x")));
    let shared: &dyn Fn() -> Result<String, std::io::Error> = &|| Err(std::io::Error::other("y"));
    let got = calls
        .call([
            Provider::new("closure", closure),
            Provider::new(String::from("boxed"), boxed),
            Provider::new("shared", shared),
            Provider::new("pointer", by_pointer),
        ])
        .unwrap();
    assert_eq!((got.value.as_str(), got.report.attempts.len()), ("a pointer's", 4));
    let pointer: fn() -> Result<String, std::io::Error> = by_pointer;
    assert_eq!(calls.call(vec![("pairs", pointer), ("of", by_pointer)]).unwrap().provider, "pairs");
    assert_eq!(calls.call([(String::from("one closure"), || by_pointer())]).unwrap().provider, "one closure");
}

#[test]
fn callables_may_borrow_and_change_and_values_need_not_be_clone() {
    struct NotClone(#[expect(dead_code, reason = "only its type matters")] u8);
    let (_, calls) = plain();
    let mut asked = Vec::new();
    let count = Cell::new(0);
    let got = calls
        .call([
            Provider::new("changes", || {
                asked.push(1);
                Err("no")
            }),
            Provider::new("borrows", || {
                count.set(count.get() + 1);
                Ok(NotClone(1))
            }),
        ])
        .unwrap();
    assert_eq!((got.provider.as_str(), asked, count.get()), ("borrows", vec![1], 1));
}

#[test]
fn clones_share_what_they_learn() {
    let (_, calls) = plain();
    let (primary, backup) = (bad("primary"), good("backup"));
    for _ in 0..5 {
        calls.clone().call([primary.provider(), backup.provider()]).unwrap();
    }
    assert_eq!((primary.asked(), backup.asked()), (3, 5));
}

#[test]
fn nothing_is_asked_before_it_runs() {
    let (_, calls) = plain();
    let primary = good("primary");
    drop(calls.ask([primary.provider()]).deadline(SECOND));
    assert_eq!(primary.asked(), 0);
}
