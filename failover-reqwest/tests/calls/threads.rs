//! What a call is made of decides whether it can move between threads.

use std::cell::Cell;
use std::rc::Rc;

use failover_reqwest::calls::{Calls, Feed, LocalFeed, LocalProvider, Provider};

use crate::scene::{SECOND, good, millis};

fn moves<T: Send>(it: T) -> T {
    it
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_what_can_move_are_spawned() {
    let calls = Calls::new();
    let task = tokio::spawn(async move {
        let city = String::from("Paris");
        let borrows = || async { if city.is_empty() { Err("nowhere") } else { Ok(city.len()) } };
        let ask = calls.ask([Provider::new("one", borrows)]).is_valid(|length| *length > 0);
        let lone = ask.deadline(SECOND).run().await.unwrap().value;
        let feed = Feed::new("one", async |keys: Vec<usize>| {
            tokio::time::sleep(millis(1)).await;
            Ok::<_, String>(keys.into_iter().map(|key| (key, key + 1)))
        });
        lone + calls.items([1], [feed]).await.unwrap().values[&1]
    });
    assert_eq!(task.await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_call_of_pairs_moves_if_their_functions_do() {
    let calls = Calls::new();
    moves(calls.call([("one", async || Ok::<_, String>(1))])).await.unwrap();
    moves(calls.race([good("one").provider()])).await.unwrap();
    let here = Rc::new(Cell::new(0));
    let stays = || async {
        here.set(here.get() + 1);
        tokio::time::sleep(SECOND).await;
        Ok::<_, String>(Rc::clone(&here))
    };
    let got = calls.call([("one", stays)]).await.unwrap();
    assert_eq!(got.value.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn functions_that_stay_in_their_thread_are_mixed_too() {
    let calls = Calls::new();
    let asked = Cell::new(0);
    let providers = [
        LocalProvider::new("one", || async {
            asked.set(asked.get() + 1);
            Err("no")
        }),
        LocalProvider::new("two", async || Ok(Rc::new(2))),
    ];
    let got = calls.call(providers).await.unwrap();
    assert_eq!((*got.value, asked.get()), (2, 1));
    let feeds = [
        LocalFeed::new("one", async |_: Vec<Rc<str>>| Err::<Vec<_>, _>("no")),
        LocalFeed::new("two", |keys: Vec<Rc<str>>| async {
            asked.set(asked.get() + keys.len());
            Ok(keys.into_iter().map(|key| (key, 3)).collect::<Vec<_>>())
        }),
    ];
    let got = calls.items([Rc::from("a"), Rc::from("b")], feeds).await.unwrap();
    assert_eq!((got.values["a"], got.provider_of("b"), asked.get()), (3, Some("two"), 3));
    let on_a_local_set = tokio::task::LocalSet::new();
    let spawned = on_a_local_set.run_until(async {
        let calls = calls.clone();
        let stays = async move || Ok::<_, String>(Rc::new(4));
        tokio::task::spawn_local(async move { *calls.race([("one", stays)]).await.unwrap().value }).await
    });
    assert_eq!(spawned.await.unwrap(), 4);
}

#[test]
fn where_nothing_waits_no_runtime_is_needed() {
    let calls = Calls::new();
    let call = calls.call([Provider::new("one", async || Err("no")), Provider::new("two", async || Ok(2))]);
    let mut call = std::pin::pin!(call);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(got) = call.as_mut().poll(&mut context) else { panic!("it waits") };
    assert_eq!(got.unwrap().value, 2);
}
