//! Rewrites the first directory of a TIFF file, so that the library unpacks its
//! numbers as they are stored. Reads no pixel.

use std::borrow::Cow;

use crate::decode::DecodeFailure;

const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const SAMPLES: u16 = 277;

/// Entries of a directory at most: there are some 300 known fields.
const MOST_ENTRIES: usize = 1 << 16;

/// The file with its first page declared as gray, so that the library gives
/// every number of it as stored.
pub(super) fn as_numbers(bytes: &[u8]) -> Result<Vec<u8>, DecodeFailure> {
    let mut file = Directory::of(bytes).ok_or_else(broken)?;
    let entry = file.entry(PHOTOMETRIC).ok_or_else(broken)?;
    file.set(entry + file.value, 2, 1).ok_or_else(broken)?;
    Ok(file.bytes)
}

/// The file, with the photometric interpretation that a page without one has: fax
/// shows zeros as white, others by the number of their samples (as libtiff).
pub(super) fn complete(bytes: &[u8]) -> Cow<'_, [u8]> {
    // Where there is no directory, the library says why.
    match Directory::of(bytes) {
        Some(file) if file.entry(PHOTOMETRIC).is_none() => match file.with_photometric() {
            Some(completed) => completed.into(),
            None => bytes.into(),
        },
        _ => bytes.into(),
    }
}

fn broken() -> DecodeFailure {
    DecodeFailure::corrupt("its first directory cannot be found")
}

/// A file and where its first directory lies.
struct Directory {
    bytes: Vec<u8>,
    little: bool,
    /// Where the first entry begins.
    first: usize,
    entries: usize,
    /// Bytes of an entry.
    length: usize,
    /// From the start of an entry to its value; as many bytes as from there to
    /// its end hold a short value.
    value: usize,
}

impl Directory {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut file = Self {
            bytes: bytes.to_vec(),
            little: bytes.starts_with(b"II"),
            first: 0,
            entries: 0,
            length: 12,
            value: 8,
        };
        // BigTIFF: a version of 43, and eight bytes where others have two or four.
        let (at, counted) = match file.number(2, 2)? {
            42 => (file.number(4, 4)?, 2),
            43 => {
                (file.length, file.value) = (20, 12);
                (file.number(8, 8)?, 8)
            }
            _ => return None,
        };
        file.first = at.checked_add(counted)?;
        file.entries = file.number(at, counted)?.min(MOST_ENTRIES);
        Some(file)
    }

    fn number(&self, at: usize, length: usize) -> Option<usize> {
        let digits = self.bytes.get(at..at.checked_add(length)?)?;
        let add = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
        let value = match self.little {
            true => digits.iter().rev().fold(0, add),
            false => digits.iter().fold(0, add),
        };
        usize::try_from(value).ok()
    }

    fn set(&mut self, at: usize, length: usize, number: usize) -> Option<()> {
        let place = self.bytes.get_mut(at..at.checked_add(length)?)?;
        let digits = (number as u64).to_le_bytes();
        for (i, byte) in place.iter_mut().enumerate() {
            *byte = digits[if self.little { i } else { length - 1 - i }];
        }
        Some(())
    }

    /// Where the entry of a field begins.
    fn entry(&self, tag: u16) -> Option<usize> {
        (0..self.entries)
            .map(|index| self.first.saturating_add(index * self.length))
            .find(|&at| self.number(at, 2) == Some(tag.into()))
    }

    /// Bytes that a value of an entry has room for, and of its count.
    fn room(&self) -> usize {
        self.length - self.value
    }

    /// The file with a new first directory behind all else.
    fn with_photometric(mut self) -> Option<Vec<u8>> {
        let short = |file: &Self, tag| file.number(file.entry(tag)? + file.value, 2);
        let interpretation = match (short(&self, COMPRESSION), short(&self, SAMPLES)) {
            (Some(2..=4), _) => 0,
            (_, Some(3..)) => 2,
            _ => 1,
        };
        let counted = if self.length == 12 { 2 } else { 8 };
        let end = (self.first).checked_add(self.entries.checked_mul(self.length)?)?;
        let entries = self.bytes.get(self.first..end)?.to_vec();
        // Directories begin at an even place.
        let begin = self.bytes.len().next_multiple_of(2);
        let (first, entry) = (begin + counted, self.length);
        let at = entries
            .chunks_exact(entry)
            .position(|one| self.is_above(one, PHOTOMETRIC))
            .unwrap_or(self.entries);
        self.bytes.resize(first, 0);
        self.set(begin, counted, self.entries + 1)?;
        self.bytes.extend_from_slice(&entries[..at * entry]);
        let new = self.bytes.len();
        self.bytes.resize(new + entry, 0);
        self.set(new, 2, PHOTOMETRIC.into())?;
        self.set(new + 2, 2, 3)?;
        self.set(new + 4, self.room(), 1)?;
        self.set(new + self.value, 2, interpretation)?;
        self.bytes.extend_from_slice(&entries[at * entry..]);
        // No page follows.
        self.bytes.extend([0; 8]);
        match entry {
            12 => self.set(4, 4, begin)?,
            _ => self.set(8, 8, begin)?,
        }
        Some(self.bytes)
    }

    fn is_above(&self, entry: &[u8], tag: u16) -> bool {
        let two = [entry[0], entry[1]];
        match self.little {
            true => u16::from_le_bytes(two) > tag,
            false => u16::from_be_bytes(two) > tag,
        }
    }
}
