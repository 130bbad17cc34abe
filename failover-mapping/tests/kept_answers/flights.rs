//! Many who ask the same at once.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use failover_core::Fault;
use failover_mapping::Recalled;
use failover_mapping::cache::{Follow, Freshness};

use crate::scene::{MADE, SECOND, Scene, fal, keeping, made};
use crate::stage::{Says, builder, status};

fn is_over(follow: &mut Follow) -> bool {
    Pin::new(follow).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
}

macro_rules! recall {
    ($scene:expr, $exchange:expr, $what:ident) => {
        match $exchange.recall($scene.now(), || $scene.wall()) {
            Recalled::$what(it) => it,
            other => panic!("{other:?}"),
        }
    };
}

fn leads(scene: &Scene, exchange: &mut failover_mapping::Exchange<'_, '_>) -> bool {
    matches!(exchange.recall(scene.now(), || scene.wall()), Recalled::Nothing)
}

#[test]
fn one_asks_and_the_others_have_its_answer() {
    let scene = Scene::new();
    scene.with(&fal(), |leader| {
        assert!(leads(&scene, leader));
        scene.with(&fal(), |other| {
            let mut follow = recall!(scene, other, Follow);
            assert!(!is_over(&mut follow));
            scene.play(leader, made(), status(500));
            assert!(is_over(&mut follow));
            assert_eq!(recall!(scene, other, Answer).body(), MADE.as_bytes());
        });
    });
    assert_eq!(scene.asked.get(), (1, 0));
}

#[test]
fn an_answer_that_cannot_be_kept_wakes_them_and_one_of_them_asks() {
    let job = Says::Answer(202, http::HeaderMap::new(), MADE.into());
    for own in [job, status(400), Says::Nothing(Fault::InvalidRequest)] {
        let scene = Scene::new();
        scene.with(&fal(), |leader| {
            assert!(leads(&scene, leader));
            scene.with(&fal(), |other| {
                let mut follow = recall!(scene, other, Follow);
                scene.play(leader, own.clone(), status(500));
                assert!(is_over(&mut follow));
                assert!(leads(&scene, other));
                scene.with(&fal(), |third| drop(recall!(scene, third, Follow)));
            });
        });
    }
}

#[test]
fn when_every_provider_failed_each_asks_for_itself_or_takes_what_is_stale() {
    let scene = Scene::new();
    let crowd = |stale: bool| {
        scene.with(&fal(), |leader| {
            assert!(leads(&scene, leader));
            scene.with(&fal(), |other| {
                let mut follow = recall!(scene, other, Follow);
                assert_eq!(scene.play(leader, status(503), status(503)).made.is_some(), stale);
                assert!(is_over(&mut follow));
                if stale {
                    assert_eq!(recall!(scene, other, Answer).headers()["x-failover-cache"], "stale");
                } else {
                    assert!(leads(&scene, other));
                    scene.with(&fal(), |third| drop(recall!(scene, third, Follow)));
                }
            });
        });
    };
    crowd(false);
    scene.ask(&fal(), made(), status(500));
    scene.pass(61 * SECOND);
    crowd(true);
}

#[test]
fn a_leader_that_is_dropped_wakes_them() {
    let scene = Scene::new();
    scene.with(&fal(), |other| {
        let mut follow = scene.with(&fal(), |leader| {
            assert!(leads(&scene, leader));
            let mut follow = recall!(scene, other, Follow);
            assert!(!is_over(&mut follow));
            follow
        });
        assert!(is_over(&mut follow));
        assert!(leads(&scene, other));
    });
}

#[test]
fn a_leader_that_hangs_is_waited_for_until_the_deadline_or_for_as_long_as_an_image_takes() {
    for (builder, seconds) in [(keeping(), 30), (keeping().deadline(20 * SECOND), 20)] {
        let scene = Scene::of(builder);
        scene.with(&fal(), |leader| {
            assert!(leads(&scene, leader));
            scene.with(&fal(), |other| {
                let follow = recall!(scene, other, Follow);
                assert_eq!(follow.until().since(scene.now()), seconds * SECOND);
                scene.pass(seconds * SECOND);
                assert!(leads(&scene, other));
            });
        });
    }
}

#[test]
fn where_nothing_is_fresh_everybody_asks_and_what_they_get_is_there_for_bad_days() {
    let rainy = Freshness::new(Duration::ZERO).stale_if_error(60 * SECOND);
    let scene = Scene::of(builder().cache(rainy));
    scene.with(&fal(), |one| {
        assert!(leads(&scene, one));
        scene.with(&fal(), |other| assert!(leads(&scene, other)));
        scene.play(one, made(), status(500));
    });
    assert!(!scene.has(&fal()));
    assert_eq!(scene.fail(&fal()).cached(), Some((0, true)));
}
