//! A stream that is cut anywhere is never taken for a whole answer, and what was handed on of it is right as far as it goes.

use failover_mapping::Fault;

use crate::streams::{FAILED, Stream, TO, WHOLE, tell};

/// Where the event ends that holds the reason to stop: one that no blank line ends does not count.
fn stopped_at(stream: &Stream) -> usize {
    let text = std::str::from_utf8(stream.bytes).unwrap();
    let mut end = 0;
    for event in text.split_inclusive("\n\n") {
        end += event.len();
        let says = |key: &str| event.contains(&format!(r#""{key}":""#));
        if says("finish_reason") || says("stop_reason") {
            return end;
        }
    }
    panic!("{} says no reason", stream.name);
}

fn looks_complete(told: &str) -> bool {
    [r#""finish_reason":""#, r#""stop_reason":""#, "message_stop", "[DONE]"]
        .iter()
        .any(|end| told.contains(end))
}

#[test]
fn cut_at_every_byte_no_stream_is_whole_before_its_reason_to_stop() {
    for stream in &WHOLE {
        let stopped = stopped_at(stream);
        for to in TO {
            let whole = tell(stream.api, to, [stream.bytes]);
            for cut in 0..stream.bytes.len() {
                let told = tell(stream.api, to, [&stream.bytes[..cut]]);
                let place = || format!("{} as {to}, cut at {cut}", stream.name);
                if cut < stopped {
                    assert_eq!(told.end, Err(Fault::Cut), "{}", place());
                    assert!(whole.bytes.starts_with(&told.bytes), "{}", place());
                    assert!(!looks_complete(&told.text()), "{}", place());
                } else {
                    assert_eq!(told.end, Ok(()), "{}", place());
                }
            }
        }
    }
}

#[test]
fn a_stream_in_which_the_provider_failed_is_never_whole() {
    for stream in &FAILED {
        for to in TO {
            for cut in 0..=stream.bytes.len() {
                let told = tell(stream.api, to, [&stream.bytes[..cut]]);
                let fault = told.end.unwrap_err();
                let heard = cut == stream.bytes.len();
                assert_eq!(fault != Fault::Cut, heard, "{} as {to}, cut at {cut}: {fault}", stream.name);
            }
        }
    }
}

#[test]
fn split_anywhere_it_is_the_same() {
    for stream in WHOLE.iter().chain(&FAILED) {
        for to in TO {
            let whole = tell(stream.api, to, [stream.bytes]);
            // Where events are handed on as they come, there is little more to go wrong than byte by byte.
            let cuts = if to == stream.api { 0..0 } else { 0..stream.bytes.len() };
            for cut in cuts {
                let (one, other) = stream.bytes.split_at(cut);
                let told = tell(stream.api, to, [one, other]);
                assert!(told.bytes == whole.bytes, "{} as {to}, split at {cut}", stream.name);
                assert_eq!(told.end, whole.end, "{} as {to}, split at {cut}", stream.name);
            }
            let told = tell(stream.api, to, stream.bytes.chunks(1));
            assert!(told.bytes == whole.bytes, "{} as {to}, byte by byte", stream.name);
            assert_eq!(told.end, whole.end, "{} as {to}, byte by byte", stream.name);
        }
    }
}
