//! A request, out of the bytes that have come.

use crate::words::Asked;

/// What they are.
#[derive(Debug)]
pub(crate) enum Read {
    /// Of so many bytes. Without a chat it is a question for the counts.
    Whole(usize, Option<Asked>),
    /// Not all of it yet.
    Part,
    /// No request.
    Junk,
}

pub(crate) fn parse(received: &[u8]) -> Read {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(received) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Read::Part,
        Err(_) => return Read::Junk,
    };
    let length = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    let end = head + length.unwrap_or(0_usize);
    let Some(body) = received.get(head..end) else { return Read::Part };
    if request.method == Some("GET") {
        return Read::Whole(end, None);
    }
    match serde_json::from_slice(body) {
        Ok(asked) => Read::Whole(end, Some(asked)),
        Err(_) => Read::Junk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    #[test]
    fn a_request_ends_where_its_length_says() {
        let body = words::request("after-20", "call 3", false);
        let request =
            format!("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        assert!((0..request.len()).all(|end| matches!(parse(&request.as_bytes()[..end]), Read::Part)));
        let two = request.repeat(2);
        let Read::Whole(length, Some(asked)) = parse(two.as_bytes()) else { panic!("a chat") };
        assert_eq!((length, asked.prompt()), (request.len(), "call 3"));
        assert!(matches!(parse(b"GET /counts HTTP/1.1\r\n\r\n"), Read::Whole(24, None)));
        assert!(matches!(parse(b"\0\0\0\0"), Read::Junk));
    }
}
