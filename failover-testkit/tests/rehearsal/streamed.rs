//! The streamed failures that have names.

use crate::chats::{ANTHROPIC, BODY, KEYS, all};
use crate::client::Client;
use crate::streams::streaming;
use crate::upsets::said;
use failover_testkit::{Fault, Pace, Provider};
use std::collections::HashSet;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// 20 ms for 20 s.
const SHORT: Pace = Pace::PUBLISHED.faster(1000);

#[test]
fn every_fault_is_of_one_kind_and_has_a_number_of_its_own() {
    let all: Vec<Fault> = Fault::ALL.iter().chain(Fault::STREAMED).copied().collect();
    assert_eq!(all.iter().map(|fault| fault.id()).collect::<HashSet<_>>().len(), all.len());
    assert_eq!(all.iter().map(|fault| fault.name()).collect::<HashSet<_>>().len(), all.len());
    assert!(Fault::STREAMED.iter().all(|fault| fault.is_streamed()));
    assert!(!Fault::ALL.iter().any(|fault| fault.is_streamed()));
    assert_eq!(Fault::StreamCut.to_string(), "S08 stream cut after 40 of 60 tokens");
}

#[test]
fn a_fault_is_read_by_its_number() {
    for fault in Fault::ALL.iter().chain(Fault::STREAMED) {
        assert_eq!(fault.id().parse(), Ok(*fault));
        assert_eq!(fault.id().to_lowercase().parse(), Ok(*fault));
    }
    for odd in ["", "S8", "S99", " S08", "StreamCut"] {
        let refused = odd.parse::<Fault>().unwrap_err().to_string();
        assert!(refused.contains(&format!("{odd:?}")) && refused.contains("Fault::STREAMED"), "{refused}");
    }
}

/// A rehearsal of what cannot happen would pass, whatever it rehearses.
#[test]
fn who_does_not_chat_has_no_stream_that_fails() {
    let media = [
        (Provider::fal(), "FAL"),
        (Provider::fal_queue(), "FAL's queue"),
        (Provider::replicate(), "Replicate"),
        (Provider::nexa(), "NexaAPI"),
    ];
    let ways: [fn(&Provider, Fault) -> String; 3] = [
        |it, fault| it.misbehave(fault),
        |it, fault| it.misbehave_at(fault, SHORT),
        |it, fault| it.model_misbehaves("flux", fault, SHORT),
    ];
    for (provider, name) in &media {
        for (fault, misbehave) in Fault::STREAMED.iter().flat_map(|fault| ways.map(|way| (*fault, way))) {
            let refused = catch_unwind(AssertUnwindSafe(|| misbehave(provider, fault))).unwrap_err();
            let told = format!("{name} streams no chats: {:?} cannot happen there", fault.name());
            assert_eq!(refused.downcast_ref::<String>(), Some(&told));
        }
    }
}

#[test]
fn a_pace_is_published_or_faster() {
    assert_eq!(Pace::default(), Pace::PUBLISHED);
    assert_eq!(Pace::PUBLISHED.first_token(), Duration::from_secs(20));
    assert_eq!(SHORT.first_token(), Duration::from_millis(20));
    assert_eq!(SHORT.keep_alive(), Duration::from_millis(1));
    assert_eq!(Pace::PUBLISHED.faster(0), Pace::PUBLISHED);
    assert_eq!(Pace::PUBLISHED.faster(5).faster(10), Pace::PUBLISHED.faster(50));
}

#[test]
fn streams_fail_by_name() {
    for (fault, tokens, broken) in [
        (Fault::SlowFirstToken, 60, None),
        (Fault::StreamCut, 40, Some(ErrorKind::UnexpectedEof)),
        (Fault::BadEvent, 60, None),
        (Fault::WithoutDone, 60, None),
        (Fault::CutAndPrefillRejected, 40, Some(ErrorKind::UnexpectedEof)),
        (Fault::StreamReset, 20, Some(ErrorKind::ConnectionReset)),
        (Fault::ErrorInStream, 20, None),
        (Fault::PrefillRejected, 60, None),
    ] {
        for (provider, path) in all() {
            let start = Instant::now();
            assert_eq!(provider.misbehave_at(fault, SHORT), provider.url());
            let mut client = Client::of(&provider);
            let head = client.post(path, KEYS, &streaming()).head();
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{fault}: {head}");
            let (chunks, how) = client.chunks();
            let stream = chunks.concat();
            if fault == Fault::StreamReset {
                // It may overtake what was sent before it.
                assert!(
                    how.is_some() && provider.first_tokens(tokens).starts_with(&said(&stream)),
                    "{how:?}"
                );
            } else {
                assert_eq!((how, said(&stream)), (broken, provider.first_tokens(tokens)), "{fault}");
            }
            let ends = stream.ends_with("data: [DONE]\n\n") || stream.contains("event: message_stop\n");
            let whole = !matches!(fault, Fault::WithoutDone | Fault::ErrorInStream) && broken.is_none();
            assert_eq!(ends, whole, "{fault}: {stream}");
            assert_eq!(stream.contains("overloaded"), fault == Fault::ErrorInStream, "{fault}: {stream}");
            if fault == Fault::SlowFirstToken {
                assert!(start.elapsed() >= SHORT.first_token());
                let alive = if path == ANTHROPIC { "event: ping\n" } else { ": keep-alive\n" };
                let opening = usize::from(path == ANTHROPIC);
                assert_eq!(stream.matches(alive).count(), 19 + opening, "{stream}");
            }
            provider.heal();
            assert_eq!(Client::of(&provider).post(path, KEYS, BODY).answer().code, 200);
        }
    }
}

#[test]
fn some_streams_never_end() {
    for (fault, tokens) in [(Fault::StreamStalls, 20), (Fault::StreamNeverEnds, 60)] {
        for (provider, path) in all() {
            provider.misbehave(fault);
            let mut client = Client::of(&provider);
            client.post(path, KEYS, &streaming()).head();
            let mut text = String::new();
            while said(&text) != provider.first_tokens(tokens) {
                text += &client.chunk().unwrap().unwrap();
            }
            client.hang_up();
            let rest = client.rest().unwrap();
            assert!(!rest.contains("[DONE]") && !rest.contains("message_stop"), "{rest}");
            assert!(!rest.ends_with("\r\n0\r\n\r\n"), "{rest}");
            assert_eq!(rest.is_empty(), fault == Fault::StreamStalls, "{rest}");
        }
    }
}

#[test]
fn prefills_are_rejected_by_name() {
    let prefilled = streaming().replace(r#""Hi"}]"#, r#""Hi"},{"role":"assistant","content":"He"}]"#);
    for fault in [Fault::CutAndPrefillRejected, Fault::PrefillRejected] {
        for (provider, path) in all() {
            provider.misbehave(fault);
            assert_eq!(Client::of(&provider).post(path, KEYS, &prefilled).answer().code, 400, "{fault}");
        }
    }
}

#[test]
fn a_model_misbehaves_and_the_others_do_not() {
    for (provider, path) in all() {
        assert_eq!(provider.model_misbehaves("m-1", Fault::StreamCut, SHORT), provider.url());
        for (model, tokens) in [("m-1", 40), ("m-2", 60), ("m-1", 40)] {
            let mut client = Client::of(&provider);
            client.post(path, KEYS, &streaming().replace("m-1", model)).head();
            assert_eq!(said(&client.chunks().0.concat()), provider.first_tokens(tokens));
        }
    }
}
