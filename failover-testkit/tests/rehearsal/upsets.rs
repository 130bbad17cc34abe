//! Streams on a bad day: broken off, kept waiting, oddly written.

use crate::chats::{ANTHROPIC, BODY, KEYS, all};
use crate::client::Client;
use crate::streams::streaming;
use failover_testkit::{KeepAlive, Provider, Reply};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

/// The chunks of a streamed answer, and how the connection broke, if it did.
pub(crate) fn stream(provider: &Provider, path: &str, reply: Reply) -> (Vec<String>, Option<ErrorKind>) {
    provider.script([reply]);
    let mut client = Client::of(provider);
    client.post(path, KEYS, &streaming()).head();
    client.chunks()
}

/// What a stream says: the pieces of text, put together.
pub(crate) fn said(stream: &str) -> String {
    stream
        .lines()
        .filter_map(|line| {
            let (_, piece) = line
                .split_once(r#""delta":{"content":""#)
                .or_else(|| line.split_once(r#""delta":{"type":"text_delta","text":""#))?;
            piece.split('"').next()
        })
        .collect()
}

fn healthy(provider: &Provider, path: &str) -> Vec<String> {
    let (chunks, broken) = stream(provider, path, Reply::healthy());
    assert_eq!(broken, None);
    assert_eq!(said(&chunks.concat()), provider.text());
    chunks
}

/// Of two answers only the serial differs.
fn unnumbered(text: &str) -> String {
    text.replace(|character: char| character.is_ascii_digit(), "")
}

#[test]
fn a_stream_is_closed_after_so_many_tokens() {
    for (provider, path) in all() {
        for (tokens, there) in [(0, 0), (1, 1), (40, 40), (60, 60), (1000, 60)] {
            let (chunks, broken) = stream(&provider, path, Reply::healthy().cut_after_tokens(tokens));
            assert_eq!(broken, Some(ErrorKind::UnexpectedEof));
            let opening = if path == ANTHROPIC { 3 } else { 1 };
            assert_eq!(chunks.len(), opening + there);
            assert_eq!(said(&chunks.concat()), provider.first_tokens(tokens));
        }
    }
}

#[test]
fn a_stream_is_reset_after_so_many_tokens() {
    for (provider, path) in all() {
        let (chunks, broken) = stream(&provider, path, Reply::healthy().reset_after_tokens(20));
        if cfg!(target_os = "linux") {
            assert_eq!(broken, Some(ErrorKind::ConnectionReset));
        } else {
            assert!(broken.is_some());
        }
        assert!(provider.first_tokens(20).starts_with(&said(&chunks.concat())));
    }
}

#[test]
fn a_stream_falls_silent_until_the_client_goes_or_the_provider() {
    for (provider, path) in all() {
        provider.always(Reply::healthy().stall_after_tokens(20));
        let [mut first, mut second] = [Client::of(&provider), Client::of(&provider)];
        for client in [&mut first, &mut second] {
            client.post(path, KEYS, &streaming()).head();
            let mut text = String::new();
            while said(&text) != provider.first_tokens(20) {
                text += &client.chunk().unwrap().unwrap();
            }
        }
        first.hang_up();
        assert_eq!(first.rest().unwrap(), "");
        drop(provider);
        assert_eq!(second.rest().unwrap_or_default(), "");
    }
}

#[test]
fn a_stream_says_that_it_failed() {
    for (provider, path) in all() {
        let (chunks, broken) = stream(&provider, path, Reply::healthy().error_after_tokens(20));
        assert_eq!((broken, said(&chunks.concat())), (None, provider.first_tokens(20)));
        let begins = if path == ANTHROPIC {
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
        } else {
            "data: {\"error\":{\"message\":\""
        };
        assert!(chunks.last().unwrap().starts_with(begins), "{chunks:?}");
    }
}

#[test]
fn the_first_token_is_late_and_the_line_is_kept_busy() {
    let (late, every) = (Duration::from_millis(20), Duration::from_millis(6));
    for (provider, path) in all() {
        let sound = healthy(&provider, path);
        for with in [KeepAlive::Comment, KeepAlive::Ping, KeepAlive::Role] {
            let start = Instant::now();
            let reply = Reply::healthy().first_token_after(late).keep_alive(with, every);
            let (mut chunks, broken) = stream(&provider, path, reply);
            assert!(start.elapsed() >= late);
            assert_eq!((broken, said(&chunks.concat())), (None, provider.text()));
            let opening = if path == ANTHROPIC { 3 } else { 1 };
            let busy: Vec<String> = chunks.drain(opening..opening + 3).collect();
            assert!(busy.iter().all(|event| *event == busy[0]));
            let expected = match with {
                KeepAlive::Comment => ": keep-alive\n\n",
                KeepAlive::Ping => "event: ping\ndata: {\"type\":\"ping\"}\n\n",
                _ if path == ANTHROPIC => {
                    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\"}}\n\n"
                }
                _ => &chunks[0],
            };
            assert_eq!(busy[0], expected);
            assert_eq!(unnumbered(&chunks.concat()), unnumbered(&sound.concat()));
        }
    }
}

#[test]
fn each_event_is_sent_when_it_is_there() {
    for (provider, path) in all() {
        provider.always(Reply::healthy().first_token_after(Duration::MAX));
        let mut client = Client::of(&provider);
        client.post(path, KEYS, &streaming()).head();
        assert!(client.chunk().unwrap().unwrap().contains(r#""role":"assistant""#));
        drop(provider); // ends the wait
        assert_eq!(said(&client.rest().unwrap_or_default()), "");
    }
}

#[test]
fn tokens_have_a_pace() {
    let pause = Duration::from_millis(1);
    for (provider, path) in all() {
        let start = Instant::now();
        let (chunks, broken) = stream(&provider, path, Reply::healthy().token_pace(pause));
        assert!(start.elapsed() >= pause * 59);
        assert_eq!((broken, said(&chunks.concat())), (None, provider.text()));
    }
}

#[test]
fn a_bad_event_comes_between_sound_ones() {
    for (provider, path) in all() {
        let sound = healthy(&provider, path);
        for (n, at) in [(10, 9), (1, 0), (0, 0), (1000, sound.len() - 1)] {
            let (mut chunks, broken) = stream(&provider, path, Reply::healthy().bad_event_at(n));
            assert_eq!((broken, chunks.len()), (None, sound.len() + 1));
            let bad = chunks.remove(at);
            assert!(bad.ends_with("\"delta\":\n\n") || bad.ends_with("\"text_del\n\n"), "{bad:?}");
            assert_eq!(unnumbered(&chunks.concat()), unnumbered(&sound.concat()));
        }
    }
}

#[test]
fn a_stream_may_lack_its_last_word() {
    for (provider, path) in all() {
        let sound = healthy(&provider, path);
        let (chunks, broken) = stream(&provider, path, Reply::healthy().without_done());
        assert_eq!(broken, None);
        assert_eq!(unnumbered(&chunks.concat()), unnumbered(&sound[..sound.len() - 1].concat()));
        for (reply, events) in [
            (Reply::healthy().without_done().stays_open(), sound.len() - 1),
            (Reply::healthy().stays_open(), sound.len()),
        ] {
            provider.script([reply]);
            let mut client = Client::of(&provider);
            client.post(path, KEYS, &streaming()).head();
            for _ in 0..events {
                assert!(client.chunk().unwrap().is_some());
            }
            client.hang_up();
            assert_eq!(client.rest().unwrap(), "");
        }
    }
}

#[test]
fn lines_may_end_otherwise_and_chunks_anywhere() {
    for (provider, path) in all() {
        let sound = healthy(&provider, path).concat();
        let (chunks, _) = stream(&provider, path, Reply::healthy().crlf());
        assert_eq!(unnumbered(&chunks.concat()), unnumbered(&sound).replace('\n', "\r\n"));
        for (size, longest) in [(0, 1), (1, 1), (7, 7), (1000, 1000), (usize::MAX, usize::MAX)] {
            let (chunks, broken) = stream(&provider, path, Reply::healthy().chunks_of(size));
            assert_eq!(broken, None);
            let (last, others) = chunks.split_last().unwrap();
            assert!(others.iter().all(|chunk| chunk.len() == longest) && last.len() <= longest);
            assert_eq!(unnumbered(&chunks.concat()), unnumbered(&sound));
        }
        let slow = Reply::healthy().slow_body(Duration::from_nanos(1));
        let (chunks, broken) = stream(&provider, path, slow);
        assert!(broken.is_none() && chunks.iter().all(|chunk| chunk.len() == 1));
        assert_eq!(unnumbered(&chunks.concat()), unnumbered(&sound));
    }
}

#[test]
fn a_stream_is_cut_at_any_byte() {
    for (provider, path) in all() {
        let sound = healthy(&provider, path).concat();
        let ends = [0, 1, 7, 500, sound.len() - 1, sound.len(), sound.len() + 1];
        for n in ends {
            let (chunks, broken) = stream(&provider, path, Reply::healthy().chunks_of(64).cut_after(n));
            assert_eq!(broken, Some(ErrorKind::UnexpectedEof), "{n}");
            let whole = unnumbered(&sound[..n.min(sound.len())]);
            assert_eq!(unnumbered(&chunks.concat()), whole);

            let (chunks, broken) = stream(&provider, path, Reply::healthy().reset_after(n));
            if cfg!(target_os = "linux") {
                assert_eq!(broken, Some(ErrorKind::ConnectionReset), "{n}");
            }
            assert!(broken.is_some() && whole.starts_with(&unnumbered(&chunks.concat())), "{n}");
        }
    }
}

#[test]
fn a_length_of_ones_own_is_sent_before_a_stream_without_chunks() {
    for (provider, path) in all() {
        provider.script([Reply::healthy().header("Content-Length", "100000")]);
        let mut client = Client::of(&provider);
        assert!(!client.post(path, KEYS, &streaming()).head().contains("chunked"));
        let rest = client.rest().unwrap();
        assert_eq!(said(&rest), provider.text());
        assert!(rest.starts_with("event: ") || rest.starts_with("data: "), "{rest}");
    }
}

#[test]
fn what_upsets_a_stream_leaves_other_answers_alone() {
    let reply = Reply::healthy().cut_after_tokens(3).bad_event_at(2).chunks_of(1).crlf().stays_open();
    for (provider, path) in all() {
        provider.always(reply.clone());
        let answer = Client::of(&provider).post(path, KEYS, BODY).answer();
        assert!(answer.code == 200 && answer.body.contains(&provider.text()), "{answer:?}");
        let refused = Client::of(&provider).post(path, "", &streaming()).answer();
        assert_eq!((refused.code, refused.header("content-type")), (401, Some("application/json")));
    }
    let fal = Provider::fal();
    fal.always(reply);
    assert_eq!(crate::client::post(&fal, "/fal-ai/flux/dev", &streaming()).code, 200);
    assert_eq!(fal.text(), "");
}
