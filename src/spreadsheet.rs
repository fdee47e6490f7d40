//! CSV as people and spreadsheets write it: `,` `;` or tabs, byte-order marks,
//! any line ends, UTF-8, UTF-16 or Windows-1252. Knows no column.

use csv::{ReaderBuilder, StringRecord};

/// A table of text: the first line names the columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// The names of the columns, without blanks around them.
    pub headers: Vec<String>,
    /// The rows that hold anything.
    pub rows: Vec<Row>,
}

/// A row of a [`Sheet`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line it starts on, the header's being 1.
    pub line: u64,
    /// Its cells as written, one for each column at least.
    pub cells: Vec<String>,
}

impl Sheet {
    /// The place of the column `name`.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|header| header == name)
    }
}

/// Reads a table; lines that start with `comment`, where one is given, are no
/// rows.
///
/// # Errors
/// What is wrong with the text, with its line where there is one.
pub fn read(bytes: &[u8], comment: Option<u8>) -> Result<Sheet, String> {
    let text = decoded(bytes)?;
    let (text, separator, mut before) = match text.strip_prefix("sep=") {
        // Excel's own way to name the separator.
        Some(rest) => {
            let separator = rest.bytes().next().unwrap_or(b',');
            let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
            (&rest[end..], separator, 1)
        }
        None => (&text[..], separator_of(first_line(&text, comment)), 0),
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .comment(comment)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut sheet = Sheet::default();
    let mut record = StringRecord::new();
    let (mut counted, mut has_header) = (0, false);
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(sheet),
            Err(e) => return Err(e.to_string()),
        }
        let start = record.position().map_or(0, csv::Position::byte) as usize;
        let start = content_start(text, start, comment);
        before += line_ends(&text[counted..start]);
        counted = start;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if !has_header {
            has_header = true;
            sheet.headers = record.iter().map(|name| name.trim().to_owned()).collect();
            continue;
        }
        let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
        while cells.len() > sheet.headers.len() && cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        if cells.len() < sheet.headers.len() {
            cells.resize(sheet.headers.len(), String::new());
        }
        let line = before + 1;
        sheet.rows.push(Row { line, cells });
    }
}

/// The separator that the first line has most of, because spreadsheets write
/// `;` in much of the world; `,` if it has none.
pub fn separator_of(header: &str) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in header.bytes() {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(d, _)| !quoted && *d == byte) {
            *count += 1;
        }
    }
    let mut best = counts[0];
    for candidate in counts {
        if candidate.1 > best.1 {
            best = candidate;
        }
    }
    best.0
}

/// The text of `bytes`: UTF-16 where a mark says so, else UTF-8, else
/// Windows-1252, in which spreadsheets write where they are not asked.
///
/// # Errors
/// When a mark promises UTF-16 and the rest is none.
pub fn decoded(bytes: &[u8]) -> Result<String, String> {
    let wide = |big: bool| {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(|two| match big {
                true => u16::from_be_bytes([two[0], two[1]]),
                false => u16::from_le_bytes([two[0], two[1]]),
            })
            .collect();
        String::from_utf16(&units).map_err(|_| "the text is no valid UTF-16".to_owned())
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(false),
        [0xfe, 0xff, ..] => wide(true),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            Ok(match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => windows_1252(bytes),
            })
        }
    }
}

/// `bytes` as Windows-1252; the five bytes that it leaves open become the
/// controls of that number, as the WHATWG Encoding Standard has it.
pub fn windows_1252(bytes: &[u8]) -> String {
    const FROM_128: [u16; 32] = [
        0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039,
        0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
    ];
    bytes
        .iter()
        .map(|&byte| match byte {
            0x80..=0x9f => char::from_u32(u32::from(FROM_128[usize::from(byte - 0x80)]))
                .unwrap_or(char::REPLACEMENT_CHARACTER),
            byte => char::from(byte),
        })
        .collect()
}

/// Whether a cell may be `text` after a spreadsheet has had it in its hands: it
/// writes `007` as 7 and `true` as TRUE.
pub fn is_alike(cell: &str, text: &str) -> bool {
    let (cell, text) = (cell.trim(), text.trim());
    let number = |word: &str| word.parse::<f64>().ok().filter(|n| n.is_finite());
    cell.eq_ignore_ascii_case(text)
        || matches!((number(cell), number(text)), (Some(a), Some(b)) if a == b)
}

fn first_line(text: &str, comment: Option<u8>) -> &str {
    let start = content_start(text, 0, comment);
    text[start..].lines().next().unwrap_or("")
}

/// Where, from `start` on, a record begins: behind empty lines, comments and
/// the second half of a line's end.
fn content_start(text: &str, start: usize, comment: Option<u8>) -> usize {
    let bytes = text.as_bytes();
    let mut at = start.min(bytes.len());
    loop {
        match bytes.get(at) {
            Some(b'\r' | b'\n') => at += 1,
            Some(&byte) if Some(byte) == comment => {
                at = (at..bytes.len())
                    .find(|&i| matches!(bytes[i], b'\r' | b'\n'))
                    .unwrap_or(bytes.len());
            }
            _ => return at,
        }
    }
}

fn line_ends(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let is_end = |i: usize| match bytes[i] {
        b'\n' => true,
        b'\r' => bytes.get(i + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..bytes.len()).filter(|&i| is_end(i)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "sample,decision\na.jpg,keep\n\"b, c.jpg\",\"two\nlines\"\nd.jpg,drop\n";

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        let bytes = units.flat_map(|unit: u16| match big {
            true => unit.to_be_bytes(),
            false => unit.to_le_bytes(),
        });
        bytes.collect()
    }

    #[test]
    fn one_table_reads_alike_however_a_spreadsheet_writes_it() {
        let plain = read(PLAIN.as_bytes(), None).expect("read");
        let lines: Vec<u64> = plain.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 3, 5]);
        assert_eq!(plain.rows[1].cells, ["b, c.jpg", "two\nlines"]);
        let semicolons = "sample;decision\na.jpg;keep\n\"b, c.jpg\";\"two\nlines\"\nd.jpg;drop\n";
        let crlf = PLAIN.replace("jpg,keep\n", "jpg,keep\r\n");
        let crlf = crlf
            .replace("decision\n", "decision\r\n")
            .replace("\"\n", "\"\r\n");
        for other in [
            [&b"\xef\xbb\xbf"[..], PLAIN.as_bytes()].concat(),
            semicolons.into(),
            crlf.into(),
            utf16(PLAIN, false),
            utf16(PLAIN, true),
            utf16(&semicolons.replace(';', "\t"), false),
        ] {
            assert_eq!(read(&other, None).expect("read"), plain);
        }
        let named = read(format!("sep=;\r\n{semicolons}").as_bytes(), None).expect("read");
        assert_eq!(named.rows[0].line, 3);
        assert_eq!(named.rows[1].cells, plain.rows[1].cells);
    }

    #[test]
    fn lines_are_counted_past_empty_lines_comments_and_padding() {
        let text = "a;b;c\r\n\r\n# a note\r\n1;2;3;;;\r\n;;\r\n4\r\n";
        let sheet = read(text.as_bytes(), Some(b'#')).expect("read");
        let rows: Vec<_> = (sheet.rows.iter())
            .map(|row| (row.line, row.cells.join("|")))
            .collect();
        assert_eq!(rows, [(4, "1|2|3".to_owned()), (6, "4||".to_owned())]);
    }

    #[test]
    fn letters_of_an_old_code_page_are_read() {
        let sheet = read(b"sample;given\nK\xe4fer.jpg;\x80\n", None).expect("read");
        assert_eq!(sheet.rows[0].cells, ["Käfer.jpg", "€"]);
    }

    #[test]
    fn numbers_and_words_that_a_spreadsheet_changed_are_known_again() {
        for (cell, text) in [
            ("7", "007"),
            ("TRUE", "true"),
            (" cat", "cat"),
            ("1000", "1e3"),
        ] {
            assert!(is_alike(cell, text), "{cell} {text}");
        }
        assert!(!is_alike("cat", "dog") && !is_alike("7", "70") && !is_alike("", "0"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = read(&bytes, Some(b'#'));
        }
    }
}
