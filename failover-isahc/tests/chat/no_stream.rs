//! A 200 that is no stream, where one was wanted.

use std::io::Read;

use failover_isahc::StreamPolicy;
use failover_testkit::{Fault, Reply};

use crate::read::read;
use crate::scene::{Scene, Side, Way, client, served_by};

#[test]
fn junk_is_anothers_to_make_good() {
    for way in Way::BOTH {
        for fault in [
            Fault::TruncatedJson,
            Fault::ErrorInSuccess,
            Fault::Html,
            Fault::Empty,
            Fault::DeepJson,
            Fault::ResetInBody,
        ] {
            let (scene, side) = (Scene::new(way), Side::OpenAi);
            let broken = if fault == Fault::ResetInBody {
                Reply::json(200, "[1]".repeat(9).as_str()).reset_after(5)
            } else {
                Reply::healthy()
            };
            scene.own(side).always(broken);
            if fault != Fault::ResetInBody {
                scene.own(side).misbehave(fault);
            }
            let response = scene.stream(side, &client(scene.builder().text_retries(0)));
            assert_eq!(served_by(&response), Some("anthropic"), "{fault}");
            let said = read(side, response);
            assert_eq!((said.text, said.complete), (scene.other(side).text(), true), "{fault}");
            assert_eq!(scene.counts(side), [1, 1], "{fault}");
        }
    }
}

#[test]
fn junk_is_handed_on_where_nobody_can_make_it_good() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.own(Side::OpenAi).misbehave(Fault::Html);
        scene.other(Side::OpenAi).always(Reply::status(503));
        let mut response = scene.stream(Side::OpenAi, &client(scene.builder().text_retries(0)));
        assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("nobody")));
        let mut page = String::new();
        response.body_mut().read_to_string(&mut page).unwrap();
        assert!(page.contains("We will be back soon"));
    }
}

#[test]
fn a_stream_that_does_not_say_so_is_guarded_like_any_other() {
    for way in Way::BOTH {
        let (scene, side) = (Scene::new(way), Side::OpenAi);
        scene.own(side).always(Reply::healthy().content_type("text/plain").cut_after_tokens(20));
        let client = client(scene.builder().stream_policy(StreamPolicy::Buffer));
        assert_eq!(read(side, scene.stream(side, &client)).text, scene.other(side).text());
    }
}

#[test]
fn a_stand_ins_stream_that_does_not_say_so_is_one_too() {
    for way in Way::BOTH {
        for side in [Side::OpenAi, Side::Anthropic] {
            let scene = Scene::new(way);
            scene.own(side).always(Reply::status(503));
            scene.other(side).always(Reply::healthy().content_type("text/plain"));
            let said = read(side, scene.stream(side, &client(scene.builder().text_retries(0))));
            assert_eq!((said.text, said.complete), (scene.other(side).text(), true));
            assert_eq!(scene.counts(side), [1, 1]);
        }
    }
}
