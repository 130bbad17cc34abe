//! What was wrong with answers that come compressed: isahc decodes them and leaves the header that says so. The first failed
//! before.

use std::time::Duration;

use failover_isahc::Freshness;
use failover_testkit::Reply;

use crate::scene::{Scene, Way, json_of, prompt};

fn gz(text: &str) -> Vec<u8> {
    let b = text.as_bytes();
    let mut crc = !0u32;
    for x in b {
        crc ^= u32::from(*x);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    let n = b.len() as u16;
    out.extend(n.to_le_bytes());
    out.extend((!n).to_le_bytes());
    out.extend(b);
    out.extend((!crc).to_le_bytes());
    out.extend((b.len() as u32).to_le_bytes());
    out
}
const BODY: &str = r#"{"images":[{"url":"https://v3.fal.media/a.png"}],"seed":1}"#;
#[test]
fn a_compressed_answer_is_used_again() {
    let scene = Scene::new(Way::Blocking);
    scene.fal.always(
        Reply::status(200).content_type("application/json").header("Content-Encoding", "gzip").body(gz(BODY)),
    );
    let hour = Duration::from_secs(3600);
    let caller = scene.caller_of(scene.builder().cache(Freshness::new(hour)));
    for _ in 0..2 {
        let a = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!(json_of(a)["seed"], 1);
    }
    assert_eq!(scene.counts(), [1, 0, 0]);
}
#[test]
fn a_compressed_answer_is_checked() {
    let scene = Scene::new(Way::Blocking);
    scene.fal.always(
        Reply::status(200).content_type("application/json").header("Content-Encoding", "gzip").body(gz(BODY)),
    );
    let caller = scene.caller_of(scene.builder().check_answers(true));
    let a = scene.ask_fal(&caller, &prompt()).unwrap();
    assert_eq!(json_of(a)["seed"], 1);
    assert_eq!(scene.counts(), [1, 0, 0]);
}
