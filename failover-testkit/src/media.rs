//! The files that answers point at: one small sample of each type, whatever the path.

use crate::answer::Answer;
use crate::seen::Seen;

/// What is said in every recording.
pub(crate) const SPOKEN: &str = "A rehearsal.";

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\
    \0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55\
    \0\0\0\x0aIDAT\x78\xda\x63\x68\0\0\0\x82\0\x81\xda\x45\x08\x3b\
    \0\0\0\0IEND\xae\x42\x60\x82";

const WEBP: &[u8] = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";

/// Grey, one component; the quantization table stands between the two parts.
const JPEG: [&[u8]; 3] = [
    b"\xff\xd8\xff\xdb\0\x43\0",
    &[1; 64],
    b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\
    \xff\xc4\0\x14\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \xff\xc4\0\x14\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \xff\xda\0\x08\x01\x01\0\0\x3f\0\x3f\xff\xd9",
];

/// A file type box and no film.
const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isommp42";

/// An empty tag and the header of a frame.
const MP3: &[u8] = b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0";

/// The content type of an extension, and a file of that type: an image of one pixel, or the beginning of a film or a
/// recording. An extension that is not known is that of an image.
pub(crate) fn sample(extension: &str) -> (&'static str, Vec<u8>) {
    match extension {
        "jpg" | "jpeg" => ("image/jpeg", JPEG.concat()),
        "webp" => ("image/webp", WEBP.to_vec()),
        "mp4" => ("video/mp4", MP4.to_vec()),
        "mp3" => ("audio/mpeg", MP3.to_vec()),
        _ => ("image/png", PNG.to_vec()),
    }
}

/// The answer to `GET /media/..`, if it is that.
pub(crate) fn file(seen: &Seen) -> Option<Answer> {
    let path = seen.bare_path();
    if !path.starts_with("/media/") || !matches!(seen.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let (content_type, bytes) = sample(extension);
    Some(Answer::of(200, content_type, bytes))
}
