//! Many keys: each feed is asked for the gap that is left, and every value says where it comes from.

use std::collections::HashMap;
use std::sync::Mutex;

use failover_reqwest::calls::{Calls, End, Fault, Feed, Hedge, Why};
use tokio::sync::Barrier;

use crate::scene::{calls, names};

type Answer = Result<Vec<(&'static str, i32)>, &'static str>;

/// Notes what each feed is asked for.
#[derive(Default)]
struct Asked(Mutex<Vec<(&'static str, Vec<&'static str>)>>);

impl Asked {
    fn feed(&self, name: &'static str, answer: Answer) -> Feed<'_, &'static str, i32, &'static str> {
        Feed::new(name, move |missing: Vec<&'static str>| {
            self.0.lock().unwrap().push((name, missing));
            let answer = answer.clone();
            async move {
                tokio::task::yield_now().await;
                answer
            }
        })
    }

    fn all(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn each_feed_is_asked_only_for_the_keys_that_are_missing() {
    let asked = Asked::default();
    let feeds = [
        asked.feed("one", Ok(vec![("b", 2), ("d", 4)])),
        asked.feed("two", Ok(vec![("a", 1)])),
        asked.feed("three", Ok(vec![("c", 3)])),
        asked.feed("never", Ok(vec![])),
    ];
    let got = Calls::new().items(["a", "b", "c", "d"], feeds).await.unwrap();
    let expected = [("one", vec!["a", "b", "c", "d"]), ("two", vec!["a", "c"]), ("three", vec!["c"])];
    assert_eq!(asked.all(), expected);
    assert_eq!(got.values.iter().collect::<Vec<_>>(), [(&"a", &1), (&"b", &2), (&"c", &3), (&"d", &4)]);
    assert_eq!(names(&got.report), (vec!["one", "two", "three"], vec![]));
    assert!(got.missing.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_order_of_keys_is_kept_and_duplicates_are_dropped() {
    let asked = Asked::default();
    let feeds = [asked.feed("one", Ok(vec![("b", 2), ("z", 26), ("a", 1)]))];
    let got = Calls::new().items(["z", "a", "z", "b", "a"], feeds).await.unwrap();
    assert_eq!(asked.all(), [("one", vec!["z", "a", "b"])]);
    assert_eq!(got.values.into_iter().collect::<Vec<_>>(), [("z", 26), ("a", 1), ("b", 2)]);
}

#[tokio::test(start_paused = true)]
async fn every_value_says_who_served_it() {
    let asked = Asked::default();
    let feeds = [
        asked.feed("one", Ok(vec![("a", 1)])),
        asked.feed("two", Err("out of order")),
        asked.feed("three", Ok(vec![("b", 2)])),
    ];
    let got = Calls::new().items(["a", "b", "c"], feeds).await.unwrap();
    assert_eq!((got.values["a"], got.values["b"], got.values.get("c")), (1, 2, None));
    assert_eq!(got.provider_of("a"), Some("one"));
    assert_eq!((got.provider_of("b"), got.provider_of("c")), (Some("three"), None));
    assert_eq!(got.missing, ["c"]);
    let ends: Vec<_> = got.report.attempts.iter().map(|attempt| attempt.end).collect();
    assert_eq!(ends[0], End::Served { asked: 3, served: 1 });
    assert_eq!(ends[1], End::Failed(Fault::Broken));
    assert_eq!(ends[2], End::Served { asked: 2, served: 1 });
    insta::assert_snapshot!(got.report, @r"
      +0 ms     one    answered 1 of 3, 0 ms
      +0 ms     two    broken, 0 ms
      +0 ms     three  answered 1 of 2, 0 ms
    2 of 3 served, after 0 ms
    ");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_not_valid_leaves_its_key_open() {
    let calls = Calls::new();
    let asked = Asked::default();
    let feeds = [asked.feed("one", Ok(vec![("a", 1), ("b", -1)])), asked.feed("two", Ok(vec![("b", 2)]))];
    let got = calls.ask_items(["a", "b"], feeds).is_valid(|_, value| *value > 0).run().await.unwrap();
    assert_eq!((got.values["b"], got.provider_of("b")), (2, Some("two")));
    assert_eq!(asked.all()[1], ("two", vec!["b"]));
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_valid_value_is_a_failure() {
    let calls = Calls::new();
    let asked = Asked::default();
    let feeds = [asked.feed("one", Ok(vec![("a", -1)]))];
    let ask = calls.ask_items(["a"], feeds).is_valid(|_, value| *value > 0);
    let error = ask.run().await.unwrap_err();
    assert_eq!((error.missing.as_slice(), error.failed.report().attempts[0].end), (&["a"][..], End::Invalid));
}

#[tokio::test(start_paused = true)]
async fn require_all_fails_with_gaps_and_loses_nothing() {
    let calls = Calls::new();
    let asked = Asked::default();
    let feeds = || [asked.feed("one", Ok(vec![("a", 1)])), asked.feed("two", Err("out of order"))];
    let error = calls.ask_items(["a", "b"], feeds()).require_all(true).run().await.unwrap_err();
    assert_eq!((error.values["a"], error.missing.as_slice()), (1, &["b"][..]));
    assert_eq!(error.values.provider_of("a"), Some("one"));
    assert_eq!(error.failed.why(), &Why::Exhausted);
    assert_eq!(error.failed.failures()[0].error(), Some(&"out of order"));
    assert!(
        error.to_string().starts_with("1 of 2 values are missing: every provider was tried or skipped\n"),
        "{error}"
    );
    let got = calls.items(["a", "b"], feeds()).await.unwrap();
    assert_eq!(got.missing, ["b"], "they need not be complete unless said");
}

#[tokio::test(start_paused = true)]
async fn nothing_served_and_an_error_fails_and_without_an_error_all_are_missing() {
    let asked = Asked::default();
    let feeds = [asked.feed("one", Ok(vec![])), asked.feed("two", Err("out of order"))];
    let error = Calls::new().items(["a", "b"], feeds).await.unwrap_err();
    assert_eq!((error.missing.as_slice(), error.values.len()), (&["a", "b"][..], 0));
    let feeds = [asked.feed("one", Ok(vec![])), asked.feed("two", Ok(vec![]))];
    let got = Calls::new().items(["a", "b"], feeds).await.unwrap();
    assert_eq!((got.missing.as_slice(), got.values.is_empty()), (&["a", "b"][..], true));
    assert_eq!(names(&got.report).0, ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn no_keys_need_nobody() {
    let asked = Asked::default();
    let got = Calls::new().items([], [asked.feed("one", Ok(vec![]))]).await.unwrap();
    assert!(got.values.is_empty() && got.missing.is_empty() && asked.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn keys_that_nobody_asked_for_are_passed_over() {
    let asked = Asked::default();
    let feeds = [
        asked.feed("one", Ok(vec![("x", 9), ("a", 1), ("a", 8)])),
        asked.feed("two", Ok(vec![("a", 7), ("b", 2)])),
    ];
    let got = Calls::new().items(["a", "b"], feeds).await.unwrap();
    assert_eq!((got.values.len(), got.values["a"], got.values["b"]), (2, 1, 2));
    assert_eq!(got.provider_of("x"), None);
}

#[tokio::test(start_paused = true)]
async fn a_failed_feed_is_retried_and_left_alone_like_any_provider() {
    let calls = calls(Calls::builder().retries(1));
    let asked = Asked::default();
    for _ in 0..2 {
        let feeds = [asked.feed("one", Err("out of order")), asked.feed("two", Ok(vec![("a", 1)]))];
        assert_eq!(calls.items(["a"], feeds).await.unwrap().provider_of("a"), Some("two"));
    }
    let ones = asked.all().iter().filter(|(name, _)| *name == "one").count();
    assert_eq!(ones, 3, "the third failure opened its breaker");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_keys_from_many_feeds_and_a_map_as_an_answer() {
    let feed = |digit: u32| {
        Feed::new(format!("feed {digit}"), move |missing: Vec<u32>| async move {
            let known = missing.into_iter().filter(|key| key % 10 == digit);
            Ok::<_, String>(known.map(|key| (key, key * 2)).collect::<HashMap<_, _>>())
        })
    };
    let got = Calls::new().items(0..1000, (0..9).map(feed)).await.unwrap();
    assert_eq!((got.values.len(), got.missing.len()), (900, 100));
    assert_eq!((got.values[&42], got.provider_of(&42)), (84, Some("feed 2")));
    assert!(got.missing.iter().all(|key| key % 10 == 9));
}

#[tokio::test(start_paused = true)]
async fn one_function_for_all_feeds_needs_no_box() {
    async fn half(which: u32, missing: Vec<u32>) -> Result<Vec<(u32, u32)>, String> {
        Ok(missing.into_iter().filter(|key| key % 2 == which).map(|key| (key, which)).collect())
    }
    let feeds = [("even", 0), ("odd", 1)].map(|(name, which)| (name, move |missing| half(which, missing)));
    let got = Calls::new().items(0..10, feeds).await.unwrap();
    assert!((0..10).all(|key| got.values[&key] == key % 2));
}

#[tokio::test(start_paused = true)]
async fn items_race_too_and_each_counts_once() {
    let calls = calls(Calls::builder().hedge(Hedge::race()));
    let everybody = Barrier::new(2);
    let everybody = &everybody;
    let feed = |name: &'static str, from: u32| {
        Feed::new(name, move |keys: Vec<u32>| async move {
            everybody.wait().await;
            let known = keys.into_iter().filter(|key| *key >= from);
            Ok::<_, &str>(known.map(|key| (key, name)).collect::<Vec<_>>())
        })
    };
    let got = calls.items(0..10, [feed("half", 5), feed("all", 0)]).await.unwrap();
    assert_eq!((got.values.len(), got.missing.len()), (10, 0));
    assert!((0..5).all(|key| got.provider_of(&key) == Some("all")));
    assert!((0..10).all(|key| got.provider_of(&key) == Some(got.values[&key])));
}
