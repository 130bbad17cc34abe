//! What those who listen hear of an answer that came before.

use std::sync::{Arc, Mutex};

use crate::scene::{SECOND, Scene, fal, keeping, made};
use crate::stage::status;

#[test]
fn an_answer_of_the_cache_is_told_of() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let scene = Scene::of(keeping().on_event(move |event| heard.lock().unwrap().push(event.to_string())));
    scene.ask(&fal(), made(), status(500));
    told.lock().unwrap().clear();
    scene.pass(42 * SECOND);
    scene.ask(&fal(), made(), status(500));
    assert_eq!(told.lock().unwrap().split_off(0), ["#2 fal fal-ai/flux/dev: from the cache, 42 s old"]);
    scene.pass(60 * SECOND);
    scene.ask(&fal(), status(503), status(422));
    let lines = [
        "#3 fal fal-ai/flux/dev: attempt 1: overloaded (503), 0 ms",
        "#3 nexaapi flux-dev: attempt 2: cannot take this request (422), 0 ms",
        "#3 fal fal-ai/flux/dev: from the cache, stale, 1 min old, as every provider failed",
    ];
    assert_eq!(*told.lock().unwrap(), lines);
}
