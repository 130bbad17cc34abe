//! Stores of the user's, good and bad; and the end of what memory holds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_mapping::cache::CacheStore;

use crate::scene::{MADE, Request, SECOND, Scene, fal, keeping, made};
use crate::stage::{ok, status};

/// A store that several processes share.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<BTreeMap<String, Kept>>>);

/// A record, and how long it is of use.
type Kept = (Vec<u8>, Duration);

impl Shared {
    pub(crate) fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    pub(crate) fn records(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().values().map(|(record, _)| record.clone()).collect()
    }

    fn change(&self, change: impl Fn(&mut Vec<u8>)) {
        self.0.lock().unwrap().values_mut().for_each(|(record, _)| change(record));
    }
}

impl CacheStore for Shared {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(key).map(|(record, _)| record.clone())
    }

    fn put(&self, key: &str, record: Vec<u8>, keep: Duration) {
        self.0.lock().unwrap().insert(key.to_owned(), (record, keep));
    }
}

struct Panics;

impl CacheStore for Panics {
    fn get(&self, _: &str) -> Option<Vec<u8>> {
        panic!("on purpose")
    }

    fn put(&self, _: &str, _: Vec<u8>, _: Duration) {
        panic!("on purpose")
    }
}

#[test]
fn a_store_is_told_how_long_a_record_is_of_use() {
    let store = Shared::default();
    Scene::of(keeping().cache_store(store.clone())).ask(&fal(), made(), status(500));
    let kept: Vec<_> = store.0.lock().unwrap().values().map(|(_, keep)| *keep).collect();
    assert_eq!(kept, [3_660 * SECOND]);
}

#[test]
fn a_store_that_panics_is_as_good_as_none() {
    let scene = Scene::of(keeping().cache_store(Panics));
    for asked in 1..=3 {
        assert!(scene.ask(&fal(), made(), status(500)).made.is_none());
        assert_eq!(scene.asked.get(), (asked, 0));
    }
    assert!(scene.fail(&fal()).made.is_none());
}

#[test]
fn a_record_that_is_none_of_ours_is_not_served() {
    let changes: [fn(&mut Vec<u8>); 5] = [
        Vec::clear,
        |record| record.truncate(20),
        |record| record.retain(|byte| *byte != b'\n'),
        |record| *record = MADE.into(),
        |record| record.insert(0, 0xff),
    ];
    for change in changes {
        let store = Shared::default();
        let scene = Scene::of(keeping().cache_store(store.clone()));
        scene.ask(&fal(), made(), status(500));
        assert!(scene.has(&fal()));
        store.change(change);
        assert!(!scene.has(&fal()));
    }
}

#[test]
fn a_clock_that_was_set_back_makes_no_answer_live_for_ever() {
    let scene = Scene::new();
    scene.ask(&fal(), made(), status(500));
    scene.back(50 * SECOND);
    assert!(scene.has(&fal()), "a little ahead, as the clock of another machine may be");
    scene.back(50 * SECOND);
    assert!(!scene.has(&fal()));
}

#[test]
fn there_is_an_end_to_what_memory_holds() {
    let scene = Scene::of(keeping().cache_capacity(8_192));
    let bodies: Vec<_> = (0..200).map(|number| format!(r#"{{"prompt":"cat {number}"}}"#)).collect();
    let request = |body: &'_ str| Request { body: Box::leak(body.to_owned().into_boxed_str()), ..fal() };
    for body in &bodies {
        scene.ask(&request(body), made(), status(500));
    }
    let held = bodies.iter().filter(|body| scene.has(&request(body))).count();
    assert!((1..8_192 / MADE.len()).contains(&held), "{held}");
    let huge = format!(r#"{{"images":[{{"url":"data:image/png;base64,{}"}}]}}"#, "A".repeat(10_000));
    scene.ask(&fal(), ok(&huge), status(500));
    assert!(!scene.has(&fal()), "it has no room at all");
}
