//! URLs of files: which may be handed to whom, and what they say about the file.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use url::{Host, Url};

use crate::form::File;
use crate::origin;

/// Checks the URL of a file that a caller hands over, before a stand-in is told it. It is not opened by us.
pub(crate) fn of_caller(text: &str) -> Result<(), &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    match url.scheme() {
        "data" => return Ok(()),
        "https" | "http" => {}
        _ => return Err("is not the URL of a file on the web"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("is a URL with a password, which is not for others");
    }
    match url.host_str() {
        // Uploads to Replicate can be opened with the caller's own token only.
        Some("api.replicate.com") => Err("is a file that only Replicate can open"),
        Some(_) => Ok(()),
        None => Err("is not the URL of a file on the web"),
    }
}

/// A URL that may be handed to a caller: on a host with a name, or the file itself. A number in place of a name leads into
/// the caller's own network, and this machine is nobody's media host unless the stand-in itself is there (`local`).
pub(crate) fn of_stand_in(text: &str, local: bool) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = local && origin::is_loopback(&url);
    let usable = match url.scheme() {
        "https" => here || matches!(url.host(), Some(Host::Domain(name)) if !is_this_machine(name)),
        "http" => here,
        "data" => is_media_type(url.path().split([';', ',']).next().unwrap_or_default()),
        _ => false,
    };
    (usable && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// Where the files of an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// On a host with a name.
    Web,
    /// There, or on this machine.
    ThisMachine,
    /// Wherever the asked provider says: the caller asked it, and it is not opened by us.
    Anywhere,
}

impl Reach {
    /// Of a stand-in, which may be on this machine itself.
    pub(crate) const fn of_stand_in(local: bool) -> Self {
        if local { Self::ThisMachine } else { Self::Web }
    }

    /// The URL, if it is within reach.
    pub(crate) fn url(self, text: &str) -> Option<Url> {
        match self {
            Self::Web => of_stand_in(text, false),
            Self::ThisMachine => of_stand_in(text, true),
            Self::Anywhere => {
                Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http" | "data"))
            }
        }
    }
}

/// RFC 6761, section 6.3.
fn is_this_machine(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

/// What kind of file is behind the URL, as far as it says so itself.
pub(crate) fn type_of(url: &Url) -> Option<Cow<'static, str>> {
    if url.scheme() == "data" {
        let named = url.path().split([';', ',']).next()?;
        return is_media_type(named).then(|| Cow::Owned(named.to_ascii_lowercase()));
    }
    by_extension(url.path().rsplit_once('.')?.1).map(Cow::Borrowed)
}

/// A media type of a picture, video or sound.
pub(crate) fn is_media_type(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    let Some((kind, subtype)) = text.split_once('/') else { return false };
    let kind = ["image", "video", "audio"].iter().any(|known| kind.eq_ignore_ascii_case(known));
    kind && !subtype.is_empty() && subtype.len() < 64 && subtype.bytes().all(plain)
}

/// The media type of a file with this extension.
pub(crate) fn by_extension(extension: &str) -> Option<&'static str> {
    let known = [
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("jpeg", "image/jpeg"),
        ("webp", "image/webp"),
        ("gif", "image/gif"),
        ("avif", "image/avif"),
        ("svg", "image/svg+xml"),
        ("mp4", "video/mp4"),
        ("webm", "video/webm"),
        ("mov", "video/quicktime"),
        ("mp3", "audio/mpeg"),
        ("wav", "audio/wav"),
        ("ogg", "audio/ogg"),
        ("opus", "audio/ogg"),
        ("flac", "audio/flac"),
        ("aac", "audio/aac"),
        ("m4a", "audio/mp4"),
    ];
    known.into_iter().find(|(ending, _)| extension.eq_ignore_ascii_case(ending)).map(|(_, media)| media)
}

/// Puts the file's content in place of its address. The type is the one that its host says; where that is no more than
/// "bytes", the one that the stand-in said. A page of text is no file, whatever its address looks like.
pub(crate) fn inlined(file: &mut File, headers: &HeaderMap, body: &[u8]) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let said = said.and_then(|said| said.split(';').next()).map(|said| said.trim().to_ascii_lowercase());
    let content_type = match said {
        Some(said) if is_media_type(&said) => Some(said),
        Some(said) if !said.ends_with("/octet-stream") => None,
        Some(_) | None => file.content_type.clone(),
    };
    let Some(content_type) = content_type else { return false };
    file.url = format!("data:{content_type};base64,{}", STANDARD.encode(body));
    file.content_type = Some(content_type);
    true
}

/// The host at which a file is, as a note may name it.
pub(crate) fn host_of(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    match host {
        // No name in the internet is longer.
        Some(host) if host.len() <= 253 => host,
        Some(_) | None => "a host".to_owned(),
    }
}
