//! JSON taken apart into the bytes of its entries, as they are written. Understands
//! none of them.
//!
//! A file is read as a stream, so that one of any size takes the memory of its
//! largest entry. Numbers are not parsed: they keep every digit.

use std::io::{self, BufRead};
use std::ops::Range;

/// What is done with the value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// Each entry of a list by itself.
    Entries,
    /// All of it at once.
    Whole,
    /// Nothing.
    Pass,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A key; its value, or the entries of it, follow.
    Key(&'a str),
    /// An entry of the list under this key.
    Entry(&'a str, &'a [u8]),
    /// The value of this key.
    Value(&'a str, &'a [u8]),
}

/// Walks the keys of the object that `from` holds, in order.
///
/// # Errors
/// What `visit` returned; an [`io::Error`] when the bytes cannot be read or are no
/// JSON object.
pub(super) fn walk<E: From<io::Error>>(
    from: impl BufRead,
    take: impl Fn(&str) -> Take,
    mut visit: impl FnMut(Found<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut scanner = Scanner { from, at: 0 };
    let mut value = Vec::new();
    scanner.expect(b'{')?;
    let mut first = true;
    while let Some(key) = scanner.key(first)? {
        first = false;
        visit(Found::Key(&key))?;
        match take(&key) {
            Take::Entries if scanner.peek()? == b'[' => {
                scanner.bump();
                let mut is_first = true;
                while scanner.goes_on(b']', is_first)? {
                    is_first = false;
                    value.clear();
                    scanner.value(Some(&mut value))?;
                    visit(Found::Entry(&key, &value))?;
                }
            }
            Take::Pass => scanner.value(None)?,
            Take::Entries | Take::Whole => {
                value.clear();
                scanner.value(Some(&mut value))?;
                visit(Found::Value(&key, &value))?;
            }
        }
    }
    Ok(())
}

/// The keys of an object, each with where its value lies in `object`.
///
/// # Errors
/// When it is no JSON object.
pub(super) fn fields(object: &[u8]) -> io::Result<Vec<(String, Range<usize>)>> {
    let mut scanner = Scanner {
        from: object,
        at: 0,
    };
    let mut fields = Vec::new();
    scanner.expect(b'{')?;
    while let Some(key) = scanner.key(fields.is_empty())? {
        scanner.peek()?;
        let start = scanner.at;
        scanner.value(None)?;
        fields.push((key, start..scanner.at));
    }
    Ok(fields)
}

/// `object` with other values at some places, which ascend, and every other byte
/// as it is.
pub(super) fn replaced(object: &[u8], values: &[(Range<usize>, String)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(object.len() + 16);
    let mut at = 0;
    for (place, value) in values {
        bytes.extend_from_slice(&object[at..place.start]);
        bytes.extend_from_slice(value.as_bytes());
        at = place.end;
    }
    bytes.extend_from_slice(&object[at..]);
    bytes
}

struct Scanner<R> {
    from: R,
    /// Bytes passed.
    at: usize,
}

impl<R: BufRead> Scanner<R> {
    /// The next byte that is no white space; it is not passed.
    fn peek(&mut self) -> io::Result<u8> {
        loop {
            let bytes = self.from.fill_buf()?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match bytes.iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(place) => {
                    let byte = bytes[place];
                    self.pass(place);
                    return Ok(byte);
                }
                None => {
                    let all = bytes.len();
                    self.pass(all);
                }
            }
        }
    }

    fn bump(&mut self) {
        self.pass(1);
    }

    fn pass(&mut self, count: usize) {
        self.from.consume(count);
        self.at += count;
    }

    fn expect(&mut self, wanted: u8) -> io::Result<()> {
        match self.peek()? == wanted {
            true => {
                self.bump();
                Ok(())
            }
            false => Err(no_json()),
        }
    }

    /// Whether another entry follows, before `end`.
    fn goes_on(&mut self, end: u8, is_first: bool) -> io::Result<bool> {
        let next = self.peek()?;
        if next == end {
            self.bump();
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    /// The next key of an object; its value follows.
    fn key(&mut self, is_first: bool) -> io::Result<Option<String>> {
        if !self.goes_on(b'}', is_first)? {
            return Ok(None);
        }
        if self.peek()? != b'"' {
            return Err(no_json());
        }
        let mut key = Vec::new();
        self.value(Some(&mut key))?;
        self.expect(b':')?;
        let key = serde_json::from_slice(&key).map_err(io::Error::other)?;
        Ok(Some(key))
    }

    /// Passes one value, whose bytes go into `kept`.
    fn value(&mut self, mut kept: Option<&mut Vec<u8>>) -> io::Result<()> {
        let first = self.peek()?;
        if matches!(first, b',' | b':' | b']' | b'}') {
            return Err(no_json());
        }
        let is_nested = matches!(first, b'{' | b'[');
        let is_scalar = !is_nested && first != b'"';
        let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
        let mut is_begun = false;
        loop {
            let bytes = self.from.fill_buf()?;
            if bytes.is_empty() {
                // A number may end with the file only where nothing is around it.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut end = None;
            for (place, &byte) in bytes.iter().enumerate() {
                if is_escaped {
                    is_escaped = false;
                    continue;
                }
                match byte {
                    b'\\' if in_text => is_escaped = true,
                    b'"' => {
                        in_text = !in_text;
                        if !in_text && depth == 0 {
                            end = Some(place + 1);
                        }
                    }
                    _ if in_text => {}
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' if depth > 0 => {
                        depth -= 1;
                        if depth == 0 {
                            end = Some(place + 1);
                        }
                    }
                    b',' | b']' | b'}' if is_scalar => end = Some(place),
                    byte if is_scalar && is_begun && byte.is_ascii_whitespace() => {
                        end = Some(place);
                    }
                    _ => {}
                }
                is_begun = true;
                if end.is_some() {
                    break;
                }
            }
            let count = end.unwrap_or(bytes.len());
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(&bytes[..count]);
            }
            self.pass(count);
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

fn no_json() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no JSON object")
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    const TEXT: &str = r#" { "info" : {"a": [1, {"b": "}]\\\""}]} ,"images":[ {"id":1.50e+2,"s":"a,]"} , {"id" : 2}],
        "n": -1.0e5 , "none": null, "annotations": [], "im\u0061ges2": [[1,2],"x", 7 ] }"#;

    fn found(text: &str, buffer: usize) -> io::Result<Vec<String>> {
        let mut all = Vec::new();
        let take = |key: &str| match key {
            "n" => Take::Pass,
            "info" => Take::Whole,
            _ => Take::Entries,
        };
        walk(
            BufReader::with_capacity(buffer, text.as_bytes()),
            take,
            |found| {
                all.push(match found {
                    Found::Key(key) => key.to_owned(),
                    Found::Entry(key, bytes) => {
                        format!("{key}* {}", String::from_utf8_lossy(bytes))
                    }
                    Found::Value(key, bytes) => format!("{key} {}", String::from_utf8_lossy(bytes)),
                });
                Ok::<(), io::Error>(())
            },
        )?;
        Ok(all)
    }

    #[test]
    fn entries_keep_their_bytes_whatever_the_buffer_cuts() {
        let expected = [
            "info",
            r#"info {"a": [1, {"b": "}]\\\""}]}"#,
            "images",
            r#"images* {"id":1.50e+2,"s":"a,]"}"#,
            r#"images* {"id" : 2}"#,
            "n",
            "none",
            "none null",
            "annotations",
            "images2",
            "images2* [1,2]",
            "images2* \"x\"",
            "images2* 7",
        ];
        for buffer in [1, 2, 3, 7, 64, 4096] {
            assert_eq!(found(TEXT, buffer).expect("JSON"), expected, "{buffer}");
        }
    }

    #[test]
    fn every_truncated_file_is_an_error() {
        for length in 0..TEXT.len() {
            assert!(found(&TEXT[..length], 8).is_err(), "{length}");
        }
        for wrong in [
            "[1]",
            "{1: 2}",
            "{\"a\" 1}",
            "{\"a\": }",
            "{\"a\": [1 2]}",
            "{\"a\": 1 \"b\": 2}",
        ] {
            assert!(found(wrong, 8).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_value_is_replaced_and_nothing_else() {
        let object = br#"{ "id" : 7, "file_name": "a.jpg","area":1.10 }"#;
        let fields = fields(object).expect("an object");
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["id", "file_name", "area"]);
        let values = [
            (fields[0].1.clone(), "12".to_owned()),
            (fields[1].1.clone(), "\"b.jpg\"".to_owned()),
        ];
        assert_eq!(
            String::from_utf8_lossy(&replaced(object, &values)),
            r#"{ "id" : 12, "file_name": "b.jpg","area":1.10 }"#
        );
    }
}
