//! The files that answers may point at.

use crate::client::{Client, get};
use failover_testkit::Provider;

#[test]
fn every_provider_serves_samples_of_media() {
    for provider in [Provider::fal(), Provider::fal_queue(), Provider::replicate(), Provider::nexa()] {
        for (path, content_type, begin) in [
            ("/media/a.png", "image/png", &b"\x89PNG\r\n\x1a\n"[..]),
            ("/media/a", "image/png", b"\x89PNG\r\n\x1a\n"),
            ("/media/b/a.jpg?c=d.mp4", "image/jpeg", b"\xff\xd8\xff"),
            ("/media/a.webp", "image/webp", b"RIFF\x1a\0\0\0WEBP"),
            ("/media/a.mp4", "video/mp4", b"\0\0\0\x18ftyp"),
            ("/media/a.mp3", "audio/mpeg", b"ID3"),
        ] {
            let answer = get(&provider, path);
            assert_eq!((answer.code, answer.header("content-type")), (200, Some(content_type)), "{path}");
            assert!(answer.bytes.starts_with(begin), "{path}: {:?}", answer.bytes);
        }
        assert_eq!(provider.count(), 6);
    }
}

#[test]
fn the_urls_of_answers_may_lead_there() {
    let (fal, replicate, nexa) = (Provider::fal(), Provider::replicate(), Provider::nexa());
    for (provider, path, headers, file) in [
        (&fal, "/fal-ai/flux/dev", "", "files/rehearsal/1-0.jpg"),
        (
            &replicate,
            "/v1/models/minimax/video-01/predictions",
            "Prefer: wait\r\n",
            "rehearsal/rehearsal00000000000000001/out-0.mp4",
        ),
        (&nexa, "/v1/audio/speech", "Authorization: Bearer secret\r\n", "audio/00000001-0.mp3"),
    ] {
        provider.media_here(true);
        let body = Client::of(provider).post(path, headers, "{}").answer().body;
        assert!(body.contains(&format!("\"{}/media/{file}\"", provider.url())), "{body}");
        assert_eq!(get(provider, &format!("/media/{file}")).code, 200);
        provider.media_here(false);
        assert!(!Client::of(provider).post(path, headers, "{}").answer().body.contains("/media/"), "{path}");
    }
}
