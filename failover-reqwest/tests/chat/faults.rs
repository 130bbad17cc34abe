//! The faults of the public Failover Bench, S01 to S14 and S16, and those that only streams have: both directions, all policies,
//! on short timings. (S15 is in `breakers`.)

use std::time::{Duration, Instant};

use failover_reqwest::StreamPolicy;
use failover_testkit::{Fault, Pace};

use crate::read::Read;
use crate::scene::{Scene, Side, client, served_by};

/// S07's 20 s become 1 s, which is three times the limit; its keep-alives come every 50 ms.
const PACE: Pace = Pace::PUBLISHED.faster(20);

/// What becomes of a fault.
enum End {
    /// The asked provider answers after all, after so many attempts.
    Own(usize),
    /// The stand-in does, after so many attempts on the asked provider.
    Other(usize),
    /// The stream breaks off after so many tokens, at most, and ends with this code; where it is held back or begun anew, the
    /// stand-in's is whole.
    Breaks(usize, &'static str),
}

/// What is to become of it.
fn end(fault: Fault) -> End {
    match fault {
        Fault::ThrottledOnce | Fault::BrokenOnce => End::Own(2),
        Fault::Throttled | Fault::Overloaded => End::Other(3),
        Fault::Reset | Fault::Silence | Fault::SlowFirstToken | Fault::ContextTooLong => End::Other(1),
        Fault::StreamCut | Fault::CutAndPrefillRejected => End::Breaks(40, "stream_truncated"),
        Fault::StreamReset => End::Breaks(20, "stream_truncated"),
        Fault::StreamStalls => End::Breaks(20, "stream_stalled"),
        // The asked provider's own words.
        Fault::ErrorInStream => End::Breaks(20, "server_is_overloaded overloaded_error"),
        Fault::BadEvent | Fault::WithoutDone | Fault::StreamNeverEnds => End::Own(1),
        other => panic!("not expected: {other}"),
    }
}

async fn meets(side: Side, fault: Fault, policy: StreamPolicy) {
    let scene = Scene::new();
    let case = format!("{fault}, {} asked, {policy}", side.name());
    scene.own(side).misbehave_at(fault, PACE);
    if fault == Fault::CutAndPrefillRejected {
        scene.other(side).misbehave(Fault::PrefillRejected);
    }
    let mut builder = scene.builder().stream_policy(policy);
    if fault == Fault::ThrottledOnce {
        // Others are set up in the same thread, and no limit is looked at.
        builder = builder.first_token_limit(Duration::from_secs(10));
    }
    let client = client(builder);
    let began = Instant::now();
    let response = scene.stream(side, &client).await.unwrap();
    assert_eq!(
        response.headers()["content-type"].to_str().unwrap().split(';').next(),
        Some("text/event-stream")
    );
    let by = served_by(&response).map(str::to_owned);
    let read = side.read(response).await;
    let held_back = policy == StreamPolicy::Buffer;
    match end(fault) {
        End::Own(attempts) => {
            assert_eq!(by.as_deref(), (attempts > 1).then_some(side.name()), "{case}");
            whole(&scene, side, &read, &case);
            assert_eq!(scene.counts_of(side), [attempts, 0], "{case}");
            assert_eq!(read.restarts, [], "{case}");
        }
        End::Other(attempts) => {
            assert_eq!(by.as_deref(), Some(side.other().name()), "{case}");
            whole(&scene, side.other(), &read, &case);
            assert_eq!(scene.counts_of(side), [attempts, 1], "{case}");
            assert_eq!(read.restarts, [], "{case}");
        }
        End::Breaks(tokens, code) if policy == StreamPolicy::Error => {
            assert_eq!(by, None, "{case}");
            assert!(!read.complete && !read.clean, "a truncated success: {case}: {read:?}");
            let error = read.error.as_deref().unwrap_or_else(|| panic!("no error: {case}"));
            assert!(code.split(' ').any(|code| code == error), "{case}: {error}");
            assert!(read.broken.is_some(), "{case}");
            let sent = scene.own(side).first_tokens(tokens);
            if fault == Fault::StreamReset {
                assert!(sent.starts_with(&read.text) && !read.text.is_empty(), "{case}: {read:?}");
            } else {
                assert_eq!(read.text, sent, "{case}");
            }
            assert_eq!(scene.counts_of(side), [1, 0], "{case}");
        }
        End::Breaks(..) => {
            let marked = [(side.other().name().to_owned(), side.other().model().to_owned())];
            assert_eq!(by.as_deref(), held_back.then_some(side.other().name()), "{case}");
            whole(&scene, side.other(), &read, &case);
            assert_eq!(scene.counts_of(side), [1, 1], "{case}");
            assert_eq!(read.restarts, if held_back { &[] } else { &marked[..] }, "{case}");
        }
    }
    if fault == Fault::ThrottledOnce {
        assert!(began.elapsed() >= Duration::from_millis(1800), "it was asked again too early: {case}");
    }
}

/// All of it came, with its usage and the name of the model.
fn whole(scene: &Scene, by: Side, read: &Read, case: &str) {
    assert_eq!(read.text, scene.own(by).text(), "{case}");
    assert!(read.complete && read.clean && read.error.is_none(), "{case}: {read:?}");
    assert_eq!((read.model.as_str(), read.usage), (by.model(), Some(72)), "{case}");
}

async fn each_meets(fault: Fault) {
    let mut waiting = tokio::task::JoinSet::new();
    for side in Side::BOTH {
        for policy in StreamPolicy::ALL {
            if fault == Fault::ThrottledOnce {
                waiting.spawn(meets(side, fault, policy));
            } else {
                // One after the other: limits are real time, and a client takes its time to be set up.
                meets(side, fault, policy).await;
            }
        }
    }
    while let Some(met) = waiting.join_next().await {
        met.unwrap();
    }
}

macro_rules! faults {
    ($($id:ident $fault:ident)*) => {
        $(
            #[tokio::test]
            async fn $id() {
                each_meets(Fault::$fault).await;
            }
        )*

        /// None is forgotten that a stream can have.
        #[test]
        fn all_faults_of_streams_are_here() {
            let here = [$(Fault::$fault),*];
            let all = Fault::STREAMED.iter().filter(|fault| **fault != Fault::PrefillRejected);
            assert!(all.clone().count() > 5 && all.clone().all(|fault| here.contains(fault)));
        }
    };
}

faults! {
    s01_throttled_once ThrottledOnce
    s02_throttled Throttled
    s03_broken_once BrokenOnce
    s04_and_s16_overloaded Overloaded
    s05_reset Reset
    s06_silence Silence
    s07_first_token_late SlowFirstToken
    s08_cut StreamCut
    s09_stalls StreamStalls
    s10_bad_event BadEvent
    s11_without_done WithoutDone
    s12_context_too_long ContextTooLong
    s14_cut_and_prefill_rejected CutAndPrefillRejected
    f33_reset_in_stream StreamReset
    f34_error_in_stream ErrorInStream
    f35_never_ends StreamNeverEnds
}

#[tokio::test]
async fn s13_content_policy_is_the_callers() {
    for side in Side::BOTH {
        for policy in StreamPolicy::ALL {
            let scene = Scene::new();
            scene.own(side).misbehave(Fault::ContentPolicy);
            let client = client(scene.builder().stream_policy(policy));
            let response = scene.stream(side, &client).await.unwrap();
            assert_eq!((response.status().as_u16(), served_by(&response)), (400, None));
            assert_eq!(scene.counts_of(side), [1, 0]);
            let said: serde_json::Value = response.json().await.unwrap();
            assert!(said["error"]["message"].is_string(), "{said}");
        }
    }
}

/// A stand-in's own faults, with the asked provider out of order: nobody is left, and the end is typed all the same.
#[tokio::test]
async fn a_stand_in_fails_as_typed_as_the_asked_provider() {
    for side in Side::BOTH {
        for fault in [Fault::StreamCut, Fault::StreamStalls, Fault::ErrorInStream, Fault::StreamReset] {
            for policy in StreamPolicy::ALL {
                let scene = Scene::new();
                let case = format!("{fault}, {} asked, {policy}", side.name());
                scene.own(side).misbehave(Fault::Overloaded);
                scene.other(side).misbehave_at(fault, PACE);
                let client = client(scene.builder().stream_policy(policy));
                let response = scene.stream(side, &client).await.unwrap();
                assert_eq!(scene.counts_of(side), [3, 1], "{case}");
                if policy == StreamPolicy::Buffer {
                    // Nothing was shown: the caller hears its own provider.
                    assert_eq!(
                        (response.status().as_u16(), served_by(&response)),
                        (503, Some("nobody")),
                        "{case}"
                    );
                    assert_eq!(response.headers()["x-should-retry"], "false", "{case}");
                    continue;
                }
                assert_eq!(served_by(&response), Some(side.other().name()), "{case}");
                let read = side.read(response).await;
                assert!(!read.complete && !read.clean, "{case}: {read:?}");
                let code = match fault {
                    Fault::StreamStalls => "stream_stalled",
                    Fault::ErrorInStream => "stream_error",
                    _ => "stream_truncated",
                };
                assert_eq!(read.error.as_deref(), Some(code), "{case}");
                assert!(scene.other(side).text().starts_with(&read.text) && !read.text.is_empty(), "{case}");
            }
        }
    }
}

/// What a stand-in does wrong and everybody can live with.
#[tokio::test]
async fn a_stand_in_that_is_odd_serves() {
    for side in Side::BOTH {
        for fault in [Fault::BadEvent, Fault::WithoutDone, Fault::StreamNeverEnds, Fault::PrefillRejected] {
            for policy in StreamPolicy::ALL {
                let scene = Scene::new();
                let case = format!("{fault}, {} asked, {policy}", side.name());
                scene.own(side).misbehave(Fault::Reset);
                scene.other(side).misbehave_at(fault, PACE);
                let client = client(scene.builder().stream_policy(policy));
                let read = side.read(scene.stream(side, &client).await.unwrap()).await;
                whole(&scene, side.other(), &read, &case);
                assert_eq!(scene.counts_of(side), [1, 1], "{case}");
            }
        }
    }
}
