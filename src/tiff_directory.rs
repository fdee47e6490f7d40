//! The directories of a TIFF or BigTIFF file: numbers and texts by tag (TIFF 6.0,
//! section 2). Reads no pixel and knows the meaning of no tag.

mod level;

use std::io::{self, Read, Seek, SeekFrom};

/// Fields of a directory at most: there are some 300 known ones.
const MOST_FIELDS: u64 = 4096;

/// Bytes of a value at most. Longer ones are tables of tiles, which nobody asks for.
const MOST_BYTES: u64 = 1 << 20;

/// A file whose directories are read one after the other.
#[derive(Debug)]
pub struct Directories<R> {
    file: R,
    little: bool,
    /// BigTIFF: offsets and counts have 8 bytes.
    big: bool,
    next: u64,
}

/// The fields of one directory.
#[derive(Debug, Clone, Default)]
pub struct Directory(Vec<Field>);

#[derive(Debug, Clone, Copy)]
struct Field {
    tag: u16,
    kind: u16,
    count: u64,
    /// The value, or where it lies.
    value: [u8; 8],
}

impl<R: Read + Seek> Directories<R> {
    /// Opens a file; `None` if it is no TIFF file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(mut file: R) -> io::Result<Option<Self>> {
        let mut head = Vec::with_capacity(16);
        file.by_ref().take(16).read_to_end(&mut head)?;
        let little = match head.get(..2) {
            Some(b"II") => true,
            Some(b"MM") => false,
            _ => return Ok(None),
        };
        let at = |range: std::ops::Range<usize>| Some(number(head.get(range)?, little));
        let (big, next) = match at(2..4) {
            Some(42) => (false, at(4..8)),
            Some(43) if at(4..6) == Some(8) => (true, at(8..16)),
            _ => return Ok(None),
        };
        Ok(next.map(|next| Self {
            file,
            little,
            big,
            next,
        }))
    }

    /// The next directory; `None` behind the last.
    ///
    /// # Errors
    /// When the file ends before it does, or it has more fields than any real one.
    pub fn directory(&mut self) -> io::Result<Option<Directory>> {
        if self.next == 0 {
            return Ok(None);
        }
        let (counted, field, offset) = match self.big {
            true => (8, 20, 8),
            false => (2, 12, 4),
        };
        let count = number(&self.bytes(self.next, counted)?, self.little);
        if count > MOST_FIELDS {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let fields = self.bytes(self.next + counted, count * field)?;
        let behind = self.next + counted + count * field;
        let next = self.bytes(behind, offset).unwrap_or_default();
        let next = number(&next, self.little);
        // Directories that lead back would never end.
        self.next = if next > behind { next } else { 0 };
        let short = |bytes: &[u8]| number(bytes, self.little) as u16;
        let fields = fields.chunks_exact(field as usize).map(|bytes| {
            let (count, from) = bytes[4..].split_at(offset as usize);
            let mut value = [0; 8];
            value[..from.len()].copy_from_slice(from);
            Field {
                tag: short(&bytes[..2]),
                kind: short(&bytes[2..4]),
                count: number(count, self.little),
                value,
            }
        });
        Ok(Some(Directory(fields.collect())))
    }

    /// The numbers of a field; none where it is not there, is no list of numbers or
    /// cannot be read.
    pub fn numbers(&mut self, of: &Directory, tag: u16) -> Vec<f64> {
        let Some((kind, bytes)) = self.value(of, tag) else {
            return Vec::new();
        };
        let little = self.little;
        let size = size_of(kind) as usize;
        let signed = |bytes: &[u8], bits: u32| {
            let unused = 64 - bits;
            (number(bytes, little) << unused).cast_signed() >> unused
        };
        let numbers = bytes.chunks_exact(size.max(1)).map(|one| match kind {
            6 => signed(one, 8) as f64,
            8 => signed(one, 16) as f64,
            9 => signed(one, 32) as f64,
            17 => signed(one, 64) as f64,
            5 => number(&one[..4], little) as f64 / number(&one[4..], little) as f64,
            10 => signed(&one[..4], 32) as f64 / signed(&one[4..], 32) as f64,
            11 => f32::from_bits(number(one, little) as u32).into(),
            12 => f64::from_bits(number(one, little)),
            _ => number(one, little) as f64,
        });
        numbers.collect()
    }

    /// The first number of a field.
    pub fn first(&mut self, of: &Directory, tag: u16) -> Option<f64> {
        self.numbers(of, tag).first().copied()
    }

    /// The text of a field up to its end; empty where there is none.
    pub fn text(&mut self, of: &Directory, tag: u16) -> String {
        let Some((2, bytes)) = self.value(of, tag) else {
            return String::new();
        };
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    /// The kind and the bytes of a field.
    fn value(&mut self, of: &Directory, tag: u16) -> Option<(u16, Vec<u8>)> {
        let field = of.0.iter().find(|field| field.tag == tag)?;
        let length = field.count.checked_mul(size_of(field.kind))?;
        let room = if self.big { 8 } else { 4 };
        if length <= room {
            return Some((field.kind, field.value[..length as usize].to_vec()));
        }
        let place = number(&field.value[..room as usize], self.little);
        Some((field.kind, self.bytes(place, length).ok()?))
    }

    fn bytes(&mut self, place: u64, length: u64) -> io::Result<Vec<u8>> {
        if length > MOST_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.long_bytes(place, length)
    }

    fn long_bytes(&mut self, place: u64, length: u64) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(place))?;
        let mut bytes = Vec::new();
        self.file.by_ref().take(length).read_to_end(&mut bytes)?;
        match bytes.len() as u64 == length {
            true => Ok(bytes),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Directory {
    /// Whether it has a field.
    pub fn has(&self, tag: u16) -> bool {
        self.0.iter().any(|field| field.tag == tag)
    }
}

/// Bytes of a value of a kind; 0 for an unknown one.
fn size_of(kind: u16) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 0,
    }
}

fn number(bytes: &[u8], little: bool) -> u64 {
    let add = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
    match little {
        true => bytes.iter().rev().fold(0, add),
        false => bytes.iter().fold(0, add),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A file with a short, two doubles and a text, of either order and size.
    fn file(little: bool, big: bool) -> Vec<u8> {
        let digits = |value: u64, length: usize| -> Vec<u8> {
            match little {
                true => value.to_le_bytes()[..length].to_vec(),
                false => value.to_be_bytes()[8 - length..].to_vec(),
            }
        };
        let room = if big { 8 } else { 4 };
        let mut bytes = if little {
            b"II".to_vec()
        } else {
            b"MM".to_vec()
        };
        bytes.extend(digits(if big { 43 } else { 42 }, 2));
        if big {
            bytes.extend(digits(8, 2));
            bytes.extend(digits(0, 2));
        }
        let place = bytes.len() + room + 16 + 12;
        bytes.extend(digits(place as u64, room));
        let doubles = bytes.len() as u64;
        bytes.extend(digits(1.5f64.to_bits(), 8));
        bytes.extend(digits((-2.0f64).to_bits(), 8));
        let text = bytes.len() as u64;
        bytes.extend(b"nine chars\0\0");
        bytes.extend(digits(3, if big { 8 } else { 2 }));
        for (tag, kind, count, value) in [
            (256, 3, 1, None),
            (33_550, 12, 2, Some(doubles)),
            (34_737, 2, 11, Some(text)),
        ] {
            bytes.extend(digits(tag, 2));
            bytes.extend(digits(kind, 2));
            bytes.extend(digits(count, room));
            match value {
                Some(place) => bytes.extend(digits(place, room)),
                None => {
                    bytes.extend(digits(700, 2));
                    bytes.extend(vec![0; room - 2]);
                }
            }
        }
        bytes.extend(digits(0, room));
        bytes
    }

    #[test]
    fn numbers_and_texts_are_read_in_either_order_and_size() {
        for (little, big) in [(true, false), (false, false), (true, true), (false, true)] {
            let bytes = file(little, big);
            let opened = Directories::open(Cursor::new(&bytes)).expect("read");
            let mut file = opened.expect("a TIFF file");
            let first = file.directory().expect("read").expect("a directory");
            assert_eq!(file.first(&first, 256), Some(700.0));
            assert_eq!(file.numbers(&first, 33_550), [1.5, -2.0]);
            assert_eq!(file.text(&first, 34_737), "nine chars");
            assert!(file.numbers(&first, 1).is_empty() && !first.has(1));
            assert!(file.directory().expect("read").is_none());
        }
    }

    #[test]
    fn every_prefix_is_refused_or_lacks_what_was_cut_off() {
        let bytes = file(true, false);
        for end in 0..bytes.len() {
            if let Ok(Some(mut file)) = Directories::open(Cursor::new(&bytes[..end])) {
                let first = file.directory().ok().flatten().unwrap_or_default();
                let all = [256, 33_550].map(|tag| file.numbers(&first, tag).len());
                assert!(all == [0, 0] || end >= bytes.len() - 4, "{end}");
            }
        }
    }
}
