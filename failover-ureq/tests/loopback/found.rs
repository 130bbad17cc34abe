//! What was wrong with pages in other alphabets, with compressed answers and with an agent for stand-ins that fails over itself.
//! Each of these failed before, here or in another adapter.

use std::time::Duration;

use failover_testkit::Reply;
use failover_ureq::{Freshness, ProviderName};
use ureq::Agent;

use crate::scene::{FAL_KEY, FLUX_DEV, FLUX_SCHNELL, REPLICATE_KEY, Scene, agent};

/// A proxy's page in Latin-1, refused and handed back: it must read as it does without failover.
#[test]
fn a_refused_page_in_latin_1_reads_as_without_failover() {
    let scene = Scene::new();
    let page =
        Reply::status(503).content_type("text/html; charset=iso-8859-1").body(b"indispon\xedvel".to_vec());
    scene.fal.always(page);
    scene.nexa.always(Reply::status(503));
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    let plain: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let bare = plain.post(&url).send("{\"prompt\":\"a\"}").unwrap().body_mut().read_to_string().unwrap();
    let agent = agent(scene.failover(scene.builder()));
    let ours = agent.post(&url).send("{\"prompt\":\"a\"}").unwrap().body_mut().read_to_string().unwrap();
    assert_eq!(ours, bare);
}

fn gz(text: &str) -> Vec<u8> {
    // stored deflate block in a gzip frame
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

#[test]
fn a_compressed_answer_is_used_again() {
    let scene = Scene::new();
    let body = r#"{"images":[{"url":"https://v3.fal.media/a.png"}],"seed":1}"#;
    scene.fal.always(
        Reply::status(200).content_type("application/json").header("Content-Encoding", "gzip").body(gz(body)),
    );
    let hour = Duration::from_secs(3600);
    let agent = agent(scene.failover(scene.builder().cache(Freshness::new(hour).stale_if_error(hour))));
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    for _ in 0..2 {
        let mut a = agent.post(&url).header("Authorization", FAL_KEY).send("{\"prompt\":\"a\"}").unwrap();
        assert_eq!(a.body_mut().read_to_string().unwrap(), body);
    }
    assert_eq!(scene.fal.count(), 1);
}

/// check_answers with what ureq decodes.
#[test]
fn a_compressed_answer_is_checked() {
    let scene = Scene::new();
    let body = r#"{"images":[{"url":"https://v3.fal.media/a.png"}],"seed":1}"#;
    scene.fal.always(
        Reply::status(200).content_type("application/json").header("Content-Encoding", "gzip").body(gz(body)),
    );
    let agent = agent(scene.failover(scene.builder().check_answers(true)));
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    let mut a = agent.post(&url).header("Authorization", FAL_KEY).send("{\"prompt\":\"a\"}").unwrap();
    assert_eq!(a.body_mut().read_to_string().unwrap(), body);
    assert_eq!(scene.nexa.count(), 0);
}

/// The caller uses the same agent for stand-ins.
#[test]
fn a_stand_in_agent_that_fails_over_itself_is_harmless() {
    let scene = Scene::new();
    scene.replicate.always(Reply::status(503));
    scene.fal.always(Reply::status(503));
    let base = scene.failover(
        scene.builder().stand_ins([ProviderName::Fal, ProviderName::Nexa]).key(ProviderName::Fal, "k"),
    );
    let inner: Agent = Agent::config_builder().middleware(base.clone()).build().into();
    let agent = agent(base.with_stand_in_agent(inner));
    let url = format!("{}{FLUX_SCHNELL}", scene.replicate.url());
    let a = agent
        .post(&url)
        .header("Authorization", REPLICATE_KEY)
        .header("Prefer", "wait")
        .send(r#"{"input":{"prompt":"a"}}"#)
        .unwrap();
    assert_eq!(a.headers()["x-failover-served-by"], "nexaapi");
}
