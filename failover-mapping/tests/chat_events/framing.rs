//! The lines of server-sent events, as odd as their rules allow.

use failover_mapping::ChatApi::{Completions, Messages};
use failover_mapping::{EventTranslator, Fault};

use crate::streams::{Stream, TO, WHOLE, tell};

/// The stream with its text changed, told to both; byte by byte too.
fn same_as_plain(change: impl Fn(&Stream) -> Vec<u8>) {
    for stream in &WHOLE {
        let to = if stream.api == Completions { Messages } else { Completions };
        let (plain, changed) = (tell(stream.api, to, [stream.bytes]), change(stream));
        for told in [tell(stream.api, to, [&*changed]), tell(stream.api, to, changed.chunks(1))] {
            assert_eq!(told.text(), plain.text(), "{}", stream.name);
            assert_eq!(told.end, Ok(()), "{}", stream.name);
        }
    }
}

fn replaced(stream: &Stream, from: &str, to: &str) -> Vec<u8> {
    String::from_utf8(stream.bytes.to_vec()).unwrap().replace(from, to).into_bytes()
}

#[test]
fn any_line_end() {
    same_as_plain(|stream| replaced(stream, "\n", "\r\n"));
    same_as_plain(|stream| replaced(stream, "\n", "\r"));
}

#[test]
fn a_byte_order_mark_comments_and_other_fields() {
    same_as_plain(|stream| [b"\xef\xbb\xbf", stream.bytes].concat());
    same_as_plain(|stream| replaced(stream, "\n\n", "\n\n: keep-alive\n\nretry: 10\n\ndata:\n\n"));
    same_as_plain(|stream| replaced(stream, "data: ", "id: 7\nx-y: z\ndata:"));
}

#[test]
fn data_of_several_lines() {
    same_as_plain(|stream| replaced(stream, ",\"delta\"", ",\ndata: \"delta\""));
    // Within one API they stay so.
    let text = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\ndata: \"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    assert_eq!(tell(Completions, Completions, [&text[..]]).bytes, text);
}

#[test]
fn a_last_event_without_a_blank_line_may_be_cut() {
    let text = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n";
    assert_eq!(tell(Completions, Messages, [&text[..]]).end, Err(Fault::Cut));
    assert_eq!(tell(Completions, Messages, [&text[..], b"\n"]).end, Ok(()));
}

#[test]
fn without_the_last_event_of_all_it_is_whole() {
    for stream in &WHOLE {
        let text = std::str::from_utf8(stream.bytes).unwrap();
        let ends = [text.find("data: [DONE]"), text.find("event: message_stop")];
        let shorter = &stream.bytes[..ends.into_iter().flatten().next().unwrap()];
        for to in TO {
            let (told, whole) = (tell(stream.api, to, [shorter]), tell(stream.api, to, [stream.bytes]));
            assert_eq!(told.end, Ok(()), "{}", stream.name);
            assert_eq!(told.text(), whole.text(), "{}: the caller gets it", stream.name);
        }
    }
}

#[test]
fn nothing_is_heard_after_the_end() {
    for stream in &WHOLE {
        let mut translator = EventTranslator::new(stream.api, Completions);
        translator.feed(stream.bytes).unwrap();
        assert!(translator.is_done(), "{}", stream.name);
        assert_eq!(translator.feed(stream.bytes).unwrap(), b"", "{}", stream.name);
        assert_eq!(translator.feed(b"data: {\"error\":{}}\n\n").unwrap(), b"", "{}", stream.name);
        assert!(translator.end().is_ok(), "{}", stream.name);
    }
}
