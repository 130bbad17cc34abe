//! Many keys: each feed is asked for the gap that is left, and every value says where it comes from.

use std::cell::RefCell;

use failover_ureq::calls::{Calls, End, Fault, Feed, Why};

use crate::scene::{Time, names, plain};

type Answer = Result<Vec<(&'static str, i32)>, &'static str>;

/// Notes what each feed is asked for.
#[derive(Default)]
struct Asked(RefCell<Vec<(&'static str, Vec<&'static str>)>>);

impl Asked {
    fn feed(&self, name: &'static str, answer: Answer) -> Feed<'_, &'static str, i32, &'static str> {
        Feed::new(name, move |missing: &[&'static str]| {
            self.0.borrow_mut().push((name, missing.to_vec()));
            answer.clone()
        })
    }
}

#[test]
fn each_feed_is_asked_only_for_the_keys_that_are_missing() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let feeds = [
        asked.feed("one", Ok(vec![("b", 2), ("d", 4)])),
        asked.feed("two", Ok(vec![("a", 1)])),
        asked.feed("three", Ok(vec![("c", 3)])),
        asked.feed("never", Ok(vec![])),
    ];
    let got = calls.items(["a", "b", "c", "d"], feeds).unwrap();
    let expected = [("one", vec!["a", "b", "c", "d"]), ("two", vec!["a", "c"]), ("three", vec!["c"])];
    assert_eq!(*asked.0.borrow(), expected);
    assert_eq!(got.values.iter().collect::<Vec<_>>(), [(&"a", &1), (&"b", &2), (&"c", &3), (&"d", &4)]);
    assert_eq!(names(&got.report), (vec!["one", "two", "three"], vec![]));
    assert!(got.missing.is_empty());
}

#[test]
fn the_order_of_keys_is_kept_and_duplicates_are_dropped() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let feeds = [asked.feed("one", Ok(vec![("b", 2), ("z", 26), ("a", 1)]))];
    let got = calls.items(["z", "a", "z", "b", "a"], feeds).unwrap();
    assert_eq!(*asked.0.borrow(), [("one", vec!["z", "a", "b"])]);
    assert_eq!(got.values.into_iter().collect::<Vec<_>>(), [("z", 26), ("a", 1), ("b", 2)]);
}

#[test]
fn every_value_says_who_served_it() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let feeds = [
        asked.feed("one", Ok(vec![("a", 1)])),
        asked.feed("two", Err("out of order")),
        asked.feed("three", Ok(vec![("b", 2)])),
    ];
    let got = calls.items(["a", "b", "c"], feeds).unwrap();
    assert_eq!((got.values["a"], got.values["b"], got.values.get("c")), (1, 2, None));
    assert_eq!(got.provider_of("a"), Some("one"));
    assert_eq!((got.provider_of("b"), got.provider_of("c")), (Some("three"), None));
    assert_eq!(got.missing, ["c"]);
    let ends: Vec<_> = got.report.attempts.iter().map(|attempt| attempt.end).collect();
    assert_eq!(ends[0], End::Served { asked: 3, served: 1 });
    assert_eq!(ends[1], End::Failed(Fault::Broken));
    assert_eq!(ends[2], End::Served { asked: 2, served: 1 });
    assert_eq!((got.report.wanted, got.report.served), (3, 2));
    insta::assert_snapshot!(got.report, @r"
      +0 ms     one    answered 1 of 3, 0 ms
      +0 ms     two    broken, 0 ms
      +0 ms     three  answered 1 of 2, 0 ms
    2 of 3 served, after 0 ms
    ");
}

#[test]
fn a_value_that_is_not_valid_leaves_its_key_open() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let feeds = [asked.feed("one", Ok(vec![("a", 1), ("b", -1)])), asked.feed("two", Ok(vec![("b", 2)]))];
    let got = calls.ask_items(["a", "b"], feeds).is_valid(|_, value| *value > 0).run().unwrap();
    assert_eq!((got.values["b"], got.provider_of("b")), (2, Some("two")));
    assert_eq!(asked.0.borrow()[1], ("two", vec!["b"]));
}

#[test]
fn an_answer_without_a_valid_value_is_a_failure() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let ask = || {
        let feeds = [asked.feed("one", Ok(vec![("a", -1)]))];
        calls.ask_items(["a"], feeds).is_valid(|_, value| *value > 0).run()
    };
    let error = ask().unwrap_err();
    assert_eq!((error.missing.as_slice(), error.failed.report().attempts[0].end), (&["a"][..], End::Invalid));
}

#[test]
fn require_all_fails_with_gaps_and_loses_nothing() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let feeds = || [asked.feed("one", Ok(vec![("a", 1)])), asked.feed("two", Err("out of order"))];
    let error = calls.ask_items(["a", "b"], feeds()).require_all(true).run().unwrap_err();
    assert_eq!((error.values["a"], error.missing.as_slice()), (1, &["b"][..]));
    assert_eq!(error.values.provider_of("a"), Some("one"));
    assert_eq!(error.failed.why(), &Why::Exhausted);
    assert_eq!(error.failed.failures()[0].error(), Some(&"out of order"));
    assert!(
        error.to_string().starts_with("1 of 2 values are missing: every provider was tried or skipped\n"),
        "{error}"
    );
    assert_eq!(
        calls.items(["a", "b"], feeds()).unwrap().missing,
        ["b"],
        "they need not be complete unless said"
    );
}

#[test]
fn nothing_served_and_an_error_fails() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let feeds = [asked.feed("one", Ok(vec![])), asked.feed("two", Err("out of order"))];
    let error = calls.items(["a", "b"], feeds).unwrap_err();
    assert_eq!((error.missing.as_slice(), error.values.len()), (&["a", "b"][..], 0));
}

#[test]
fn nothing_served_and_no_error_is_all_missing() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let feeds = [asked.feed("one", Ok(vec![])), asked.feed("two", Ok(vec![]))];
    let got = calls.items(["a", "b"], feeds).unwrap();
    assert_eq!((got.missing.as_slice(), got.values.is_empty()), (&["a", "b"][..], true));
    assert_eq!(names(&got.report).0, ["one", "two"]);
}

#[test]
fn no_keys_need_nobody() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let got = calls.items([], [asked.feed("one", Ok(vec![]))]).unwrap();
    assert!(got.values.is_empty() && got.missing.is_empty() && asked.0.borrow().is_empty());
}

#[test]
fn keys_that_nobody_asked_for_are_passed_over() {
    let (_, calls) = plain();
    let asked = Asked::default();
    let feeds = [
        asked.feed("one", Ok(vec![("x", 9), ("a", 1), ("a", 8)])),
        asked.feed("two", Ok(vec![("a", 7), ("b", 2)])),
    ];
    let got = calls.items(["a", "b"], feeds).unwrap();
    assert_eq!((got.values.len(), got.values["a"], got.values["b"]), (2, 1, 2));
    assert_eq!(got.provider_of("x"), None);
}

#[test]
fn a_failed_feed_is_retried_and_left_alone_like_any_provider() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().retries(1));
    let asked = Asked::default();
    for _ in 0..2 {
        let feeds = [asked.feed("one", Err("out of order")), asked.feed("two", Ok(vec![("a", 1)]))];
        assert_eq!(calls.items(["a"], feeds).unwrap().provider_of("a"), Some("two"));
    }
    let ones = asked.0.borrow().iter().filter(|(name, _)| *name == "one").count();
    assert_eq!(ones, 3, "the third failure opened its breaker");
}

#[test]
fn a_thousand_keys_from_many_feeds_and_a_map_as_an_answer() {
    let (_, calls) = plain();
    let feed = |digit: u32| {
        Feed::new(format!("feed {digit}"), move |missing: &[u32]| {
            let map: std::collections::HashMap<u32, u32> =
                missing.iter().filter(|key| *key % 10 == digit).map(|key| (*key, key * 2)).collect();
            Ok::<_, String>(map)
        })
    };
    let got = calls.items(0..1000, (0..9).map(feed)).unwrap();
    assert_eq!((got.values.len(), got.missing.len()), (900, 100));
    assert_eq!((got.values[&42], got.provider_of(&42)), (84, Some("feed 2")));
    assert!(got.missing.iter().all(|key| key % 10 == 9));
}
