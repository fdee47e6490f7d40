//! HTTP/1.1 as this server speaks it: one request a connection, small, read
//! within a time. Knows no route.
//!
//! The head is parsed by `httparse`; what is here are the limits around it.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use crate::executor::StopFlag;

/// Bytes of a request's head: browsers send about 1 KB.
const HEAD: usize = 16 << 10;

/// Header lines: browsers send about 20.
const HEADERS: usize = 64;

/// Bytes of a body: a decision has about 300, and a note is a few lines.
pub(super) const BODY: usize = 256 << 10;

/// Seconds in which a whole request has to arrive; a browser's arrives at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a connection on which nothing arrives looks at the stop flag.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// A request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// The target as sent: nothing in it is decoded.
    pub(super) path: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The value of the header `name`, which stands there once.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut all = (self.headers.iter()).filter(|(known, _)| known == name);
        match (all.next(), all.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// A request as a test makes one.
    #[cfg(test)]
    pub(super) fn made(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: headers.iter().map(owned).collect(),
            body: body.as_bytes().to_vec(),
        }
    }
}

/// Why a request is not answered as it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No HTTP request, or a contradictory one.
    Malformed,
    /// Its head is larger than any browser's.
    HeadTooLarge,
    /// Its body is larger than any decision.
    BodyTooLarge,
    /// Its body has no length.
    LengthRequired,
    /// It did not arrive in time.
    Late,
    /// Nobody is there any more, or the server ends.
    Gone,
}

impl Refused {
    /// The answer; none where nobody waits for it.
    pub(super) fn response(self) -> Option<Response> {
        let (status, words) = match self {
            Self::Malformed => (400, "the request cannot be read"),
            Self::HeadTooLarge => (431, "the request's head is too large"),
            Self::BodyTooLarge => (413, "the request's body is too large"),
            Self::LengthRequired => (411, "the request's body needs a length"),
            Self::Late => (408, "the request did not arrive in time"),
            Self::Gone => return None,
        };
        Some(Response::text(status, words))
    }
}

/// Reads a request. `stream` returns [`ErrorKind::WouldBlock`] or
/// [`ErrorKind::TimedOut`] every [`TICK`] on which nothing arrives.
///
/// # Errors
/// [`Refused`].
pub(super) fn read(stream: &mut impl Read, stop: &StopFlag) -> Result<Request, Refused> {
    let start = Instant::now();
    let mut bytes = Vec::new();
    loop {
        if let Some((mut request, length, rest)) = head(&bytes)? {
            let mut body = bytes.split_off(rest);
            while body.len() < length {
                more(stream, &mut body, start, stop)?;
            }
            // What follows would be a second request, which nobody asked for.
            body.truncate(length);
            request.body = body;
            return Ok(request);
        }
        if bytes.len() >= HEAD {
            return Err(Refused::HeadTooLarge);
        }
        more(stream, &mut bytes, start, stop)?;
    }
}

/// The request without its body, the body's length, and where it begins; nothing
/// while the head is incomplete.
fn head(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>, Refused> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let rest = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(rest)) if rest <= HEAD => rest,
        Ok(httparse::Status::Complete(_)) | Err(httparse::Error::TooManyHeaders) => {
            return Err(Refused::HeadTooLarge);
        }
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Refused::Malformed),
    };
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: parsed.path.unwrap_or_default().to_owned(),
        ..Request::default()
    };
    for header in parsed.headers.iter() {
        let value = std::str::from_utf8(header.value).map_err(|_| Refused::Malformed)?;
        let name = header.name.to_ascii_lowercase();
        request.headers.push((name, value.trim().to_owned()));
    }
    let has = |name: &str| request.headers.iter().any(|(known, _)| known == name);
    // Chunks would need a second limit, and no browser sends them here.
    if has("transfer-encoding") {
        return Err(Refused::LengthRequired);
    }
    let length = match request.header("content-length") {
        // Two lengths are how requests are smuggled.
        None if has("content-length") => return Err(Refused::Malformed),
        None if request.method == "POST" => return Err(Refused::LengthRequired),
        None => 0,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(|_| Refused::BodyTooLarge)?
        }
        Some(_) => return Err(Refused::Malformed),
    };
    if length > BODY {
        return Err(Refused::BodyTooLarge);
    }
    Ok(Some((request, length, rest)))
}

fn more(
    stream: &mut impl Read,
    bytes: &mut Vec<u8>,
    start: Instant,
    stop: &StopFlag,
) -> Result<(), Refused> {
    let mut buffer = [0; 4096];
    loop {
        if stop.is_raised() {
            return Err(Refused::Gone);
        }
        if start.elapsed() > PATIENCE {
            return Err(Refused::Late);
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Err(Refused::Gone),
            Ok(count) => {
                bytes.extend_from_slice(&buffer[..count]);
                return Ok(());
            }
            Err(e) => match e.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                _ => return Err(Refused::Gone),
            },
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    /// Whether a browser may show it again without asking, for a while.
    pub(super) may_be_kept: bool,
}

/// What may act on a page of ours: its own files. Nothing comes from the network,
/// nothing may stand in the page itself, and no other page may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

impl Response {
    pub(super) fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type,
            body: body.into(),
            may_be_kept: false,
        }
    }

    pub(super) fn text(status: u16, words: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", words)
    }

    /// `value` as JSON.
    pub(super) fn json(status: u16, value: &impl serde::Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::new(status, "application/json", body),
            Err(e) => Self::text(500, &format!("internal error: {e}")),
        }
    }

    /// Writes it whole; the connection ends with it.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let cache = match self.may_be_kept {
            // The address has a token of this run; an image stays as it was.
            true => "private, max-age=3600",
            false => "no-store",
        };
        let head = format!(
            "HTTP/1.1 {} {}\r\n\
             content-type: {}\r\n\
             content-length: {}\r\n\
             cache-control: {cache}\r\n\
             content-security-policy: {POLICY}\r\n\
             x-content-type-options: nosniff\r\n\
             x-frame-options: DENY\r\n\
             referrer-policy: same-origin\r\n\
             cross-origin-opener-policy: same-origin\r\n\
             cross-origin-resource-policy: same-origin\r\n\
             connection: close\r\n\r\n",
            self.status,
            reason(self.status),
            self.content_type,
            self.body.len(),
        );
        out.write_all(head.as_bytes())?;
        out.write_all(&self.body)?;
        out.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        431 => "Request Header Fields Too Large",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Request, Refused> {
        read(&mut text.as_bytes(), &StopFlag::default())
    }

    #[test]
    fn request_is_read_whole_however_its_bytes_arrive() {
        /// One byte at a time, with pauses.
        struct Slow<'a>(&'a [u8], bool);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(ErrorKind::WouldBlock.into());
                }
                self.0.read(&mut buffer[..1])
            }
        }
        let text = "POST /t/api HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1";
        let slow = read(&mut Slow(text.as_bytes(), false), &StopFlag::default());
        let request = slow.expect("read");
        assert_eq!(request, parsed(text).expect("read"));
        assert_eq!(
            (&request.path[..], &request.body[..]),
            ("/t/api", &b"{}"[..])
        );
        assert_eq!(request.header("host"), Some("a"));
    }

    #[test]
    fn what_is_too_large_or_contradictory_is_refused() {
        let long = "x".repeat(HEAD);
        let many = "a: b\r\n".repeat(HEADERS + 1);
        for (text, refused) in [
            (
                format!("GET /{long} HTTP/1.1\r\n\r\n"),
                Refused::HeadTooLarge,
            ),
            (
                format!("GET / HTTP/1.1\r\n{many}\r\n"),
                Refused::HeadTooLarge,
            ),
            (
                format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n", BODY + 1),
                Refused::BodyTooLarge,
            ),
            (
                "POST / HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n".to_owned(),
                Refused::BodyTooLarge,
            ),
            (
                "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_owned(),
                Refused::Malformed,
            ),
            (
                "POST / HTTP/1.1\r\ncontent-length: +1\r\n\r\na".to_owned(),
                Refused::Malformed,
            ),
            (
                "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
                Refused::LengthRequired,
            ),
            (
                "POST / HTTP/1.1\r\n\r\n".to_owned(),
                Refused::LengthRequired,
            ),
            ("nonsense\r\n\r\n".to_owned(), Refused::Malformed),
            ("GET / HTTP/1.1\r\nhost".to_owned(), Refused::Gone),
        ] {
            assert_eq!(parsed(&text), Err(refused), "{text:.80}");
        }
    }

    #[test]
    fn end_of_the_server_ends_a_silent_connection() {
        struct Silent;
        impl Read for Silent {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(ErrorKind::TimedOut.into())
            }
        }
        let stop = StopFlag::default();
        stop.raise();
        assert_eq!(read(&mut Silent, &stop), Err(Refused::Gone));
    }

    #[test]
    fn every_answer_forbids_what_the_page_does_not_need() {
        let mut out = Vec::new();
        Response::text(404, "no").write(&mut out).expect("written");
        let text = String::from_utf8(out).expect("UTF-8");
        for line in [
            "HTTP/1.1 404 Not Found\r\n",
            "content-security-policy: default-src 'none'; script-src 'self';",
            "x-content-type-options: nosniff\r\n",
            "cache-control: no-store\r\n",
            "content-length: 2\r\n",
            "\r\n\r\nno",
        ] {
            assert!(text.contains(line), "{line}");
        }
        assert!(!text.contains("unsafe"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = read(&mut &bytes[..], &StopFlag::default());
        }
    }
}
