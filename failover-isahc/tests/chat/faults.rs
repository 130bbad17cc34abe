//! The faults of the public Failover Bench that only streams have, S06 to S11 and S14, and what goes with them: both
//! directions, all policies, blocking and in futures, on short timings.

use failover_isahc::{Fault as Core, StreamPolicy};
use failover_testkit::{Fault, Pace};

use crate::read::{Read, read};
use crate::scene::{Scene, Side, Way, client, served_by};

/// S07's 20 s become 1 s, which is three times the limit; its keep-alives come every 50 ms.
const PACE: Pace = Pace::PUBLISHED.faster(20);

/// What becomes of a fault.
enum End {
    /// The asked provider answers after all, after so many attempts.
    Own(usize),
    /// The stand-in does, after so many attempts on the asked provider.
    Other(usize),
    /// The stream breaks off after so many tokens, at most, and ends with this code and this fault; where it is held back or begun
    /// anew, the stand-in's is whole.
    Breaks(usize, &'static str, Core),
}

fn end(fault: Fault) -> End {
    match fault {
        Fault::BrokenOnce => End::Own(2),
        Fault::Overloaded => End::Other(3),
        Fault::Reset | Fault::Silence | Fault::SlowFirstToken | Fault::ContextTooLong => End::Other(1),
        Fault::StreamCut | Fault::CutAndPrefillRejected => End::Breaks(40, "stream_truncated", Core::Cut),
        Fault::StreamReset => End::Breaks(20, "stream_truncated", Core::Cut),
        Fault::StreamStalls => End::Breaks(20, "stream_stalled", Core::Timeout),
        // The asked provider's own words.
        Fault::ErrorInStream => End::Breaks(20, "server_is_overloaded overloaded_error", Core::Overloaded),
        Fault::BadEvent | Fault::WithoutDone | Fault::StreamNeverEnds => End::Own(1),
        other => panic!("not expected: {other}"),
    }
}

fn meets(way: Way, side: Side, fault: Fault, policy: StreamPolicy) {
    let scene = Scene::new(way);
    let case = format!("{fault}, {} asked, {policy}", side.name());
    scene.own(side).misbehave_at(fault, PACE);
    if fault == Fault::CutAndPrefillRejected {
        scene.other(side).misbehave(Fault::PrefillRejected);
    }
    let client = client(scene.builder().stream_policy(policy));
    let response = scene.stream(side, &client);
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind.split(';').next(), Some("text/event-stream"), "{case}");
    let by = served_by(&response).map(str::to_owned);
    let said = read(side, response);
    let held_back = policy == StreamPolicy::Buffer;
    match end(fault) {
        End::Own(attempts) => {
            assert_eq!(by.as_deref(), (attempts > 1).then_some(side.name()), "{case}");
            whole(&scene, side, &said, &case);
            assert_eq!(scene.counts(side), [attempts, 0], "{case}");
            assert_eq!(said.restarts, [], "{case}");
        }
        End::Other(attempts) => {
            assert_eq!(by.as_deref(), Some(side.other().name()), "{case}");
            whole(&scene, side.other(), &said, &case);
            assert_eq!(scene.counts(side), [attempts, 1], "{case}");
            assert_eq!(said.restarts, [], "{case}");
        }
        End::Breaks(tokens, code, broken) if policy == StreamPolicy::Error => {
            assert_eq!(by, None, "{case}");
            assert!(!said.complete && !said.clean, "a truncated success: {case}: {said:?}");
            let error = said.error.as_deref().unwrap_or_else(|| panic!("no error: {case}"));
            assert!(code.split(' ').any(|code| code == error), "{case}: {error}");
            assert_eq!(said.broken, Some(broken), "{case}");
            let sent = scene.own(side).first_tokens(tokens);
            if fault == Fault::StreamReset {
                assert!(sent.starts_with(&said.text) && !said.text.is_empty(), "{case}: {said:?}");
            } else {
                assert_eq!(said.text, sent, "{case}");
            }
            assert_eq!(scene.counts(side), [1, 0], "{case}");
        }
        End::Breaks(..) => {
            let marked = [(side.other().name().to_owned(), side.other().model().to_owned())];
            assert_eq!(by.as_deref(), held_back.then_some(side.other().name()), "{case}");
            whole(&scene, side.other(), &said, &case);
            assert_eq!(scene.counts(side), [1, 1], "{case}");
            assert_eq!(said.restarts, if held_back { &[] } else { &marked[..] }, "{case}");
        }
    }
}

/// All of it came, with its usage and the name of the model.
fn whole(scene: &Scene, by: Side, said: &Read, case: &str) {
    assert_eq!(said.text, scene.own(by).text(), "{case}");
    assert!(said.complete && said.clean && said.error.is_none(), "{case}: {said:?}");
    assert_eq!((said.model.as_str(), said.usage), (by.model(), Some(72)), "{case}");
}

fn each_meets(fault: Fault) {
    for way in Way::BOTH {
        for side in Side::BOTH {
            for policy in StreamPolicy::ALL {
                meets(way, side, fault, policy);
            }
        }
    }
}

macro_rules! faults {
    ($($id:ident $fault:ident)*) => {
        $(
            #[test]
            fn $id() {
                each_meets(Fault::$fault);
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
