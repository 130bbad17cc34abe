//! [`Seen`]: a request as it arrived.

use std::fmt;
use std::time::Instant;

/// One request that reached a provider. It holds what was sent, credentials included, and its `Debug` shows them, the body as
/// [text](Self::text).
#[derive(Clone)]
#[non_exhaustive]
pub struct Seen {
    /// When its head had arrived (of HTTP/2: when it was sent away): the gaps between two tell how a client waits before it asks again.
    pub at: Instant,
    /// The method, as written: `POST`.
    pub method: String,
    /// Path and query, as written: `/fal-ai/flux/dev?fal_webhook=..`. Of an absolute request target, only these.
    pub path: String,
    /// Names as written and values, in the order of arrival. Trailers of a chunked body are at the end.
    pub headers: Vec<(String, String)>,
    /// The body, without the chunk sizes if it came in chunks.
    pub body: Vec<u8>,
}

impl Seen {
    /// The value of the first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The path without the query.
    pub(crate) fn bare_path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// The body as text. What is not UTF-8 in it is replaced by U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether these characters occur in the path, a header's name (in any case) or value, or the body. It looks at
    /// what was sent, byte for byte: an encoded spelling (`%20`, `\u00e9`, Base64) is another text.
    pub fn mentions(&self, needle: &str) -> bool {
        let lower = needle.to_ascii_lowercase();
        self.path.contains(needle)
            || self
                .headers
                .iter()
                .any(|(name, value)| name.to_ascii_lowercase().contains(&lower) || value.contains(needle))
            || needle.is_empty()
            || self.body.windows(needle.len()).any(|window| window == needle.as_bytes())
    }
}

/// Without the moment: it says nothing to a reader, and what two providers saw can be compared.
impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at: _, method, path, headers, body: _ } = self;
        f.debug_struct("Seen")
            .field("method", method)
            .field("path", path)
            .field("headers", headers)
            .field("body", &self.text())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use std::time::Instant;

    fn seen() -> Seen {
        Seen {
            at: Instant::now(),
            method: "POST".to_owned(),
            path: "/v1/images?tag=blue".to_owned(),
            headers: vec![
                ("X-One".to_owned(), "first".to_owned()),
                ("x-one".to_owned(), "second".to_owned()),
            ],
            body: b"\xff{\"prompt\":\"cat\"}".to_vec(),
        }
    }

    #[test]
    fn a_header_is_found_in_any_case_and_the_first_one_counts() {
        assert_eq!(seen().header("X-ONE"), Some("first"));
        assert_eq!(seen().header("x-two"), None);
    }

    #[test]
    fn a_mention_is_found_wherever_it_hides() {
        for needle in ["blue", "x-ONE", "second", "\"cat\"", ""] {
            assert!(seen().mentions(needle), "{needle:?}");
        }
        for needle in
            ["red", "FIRST", "cat\"}x", "a needle that is longer than all of the request put together"]
        {
            assert!(!seen().mentions(needle), "{needle:?}");
        }
    }

    #[test]
    fn a_body_that_is_no_text_is_still_readable() {
        assert_eq!(seen().text(), "\u{fffd}{\"prompt\":\"cat\"}");
        let shown = format!("{:?}", seen());
        assert!(shown.ends_with(&format!(", body: {:?} }}", seen().text())), "{shown}");
    }
}
