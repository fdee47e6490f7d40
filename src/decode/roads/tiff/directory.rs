//! Rewrites the first directory of a TIFF file, so that the library unpacks its
//! numbers as they are stored. Reads no pixel.

use crate::decode::DecodeFailure;

const BITS: u16 = 258;
const PHOTOMETRIC: u16 = 262;
const SAMPLES: u16 = 277;
const TILE_OFFSETS: u16 = 324;
const TILE_BYTES: u16 = 325;
const EXTRA_SAMPLES: u16 = 338;
/// A number for private use that nobody has registered: what is renamed to it is
/// not read.
const UNKNOWN: u16 = 0xfff0;

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

/// The file with its first page declared as the gray image that plane `plane` of
/// `planes` is by itself, for planes of tiles: the library takes the last tiles
/// of a second plane for whole ones and panics (tiff 0.11.3).
pub(super) fn one_plane(
    bytes: &[u8],
    plane: usize,
    planes: usize,
) -> Result<Vec<u8>, DecodeFailure> {
    let mut file = Directory::of(&as_numbers(bytes)?).ok_or_else(broken)?;
    file.declare_one(plane, planes).ok_or_else(broken)?;
    Ok(file.bytes)
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

    /// Keeps, of the values of a field, `count` from number `from` on.
    fn cut(&mut self, tag: u16, from: usize, count: usize) -> Option<()> {
        let entry = self.entry(tag)?;
        let size = match self.number(entry + 2, 2)? {
            3 => 2,
            4 => 4,
            16 => 8,
            _ => return None,
        };
        let (room, value) = (self.room(), entry + self.value);
        let all = self.number(entry + 4, room)?;
        let end = from.checked_add(count)?;
        if end > all {
            return None;
        }
        let there = match all.checked_mul(size)? <= room {
            true => value,
            false => self.number(value, room)?,
        };
        let start = there.checked_add(from * size)?;
        if count * size <= room {
            let kept = self.bytes.get(start..start.checked_add(count * size)?)?;
            let kept = kept.to_vec();
            (self.bytes.get_mut(value..value + kept.len())?).copy_from_slice(&kept);
        } else {
            self.set(value, room, start)?;
        }
        self.set(entry + 4, room, count)
    }

    fn declare_one(&mut self, plane: usize, planes: usize) -> Option<()> {
        let tiles = self.entry(TILE_OFFSETS)?;
        let tiles = self.number(tiles + 4, self.room())?;
        if !tiles.is_multiple_of(planes) {
            return None;
        }
        let tiles = tiles / planes;
        self.cut(TILE_OFFSETS, plane * tiles, tiles)?;
        self.cut(TILE_BYTES, plane * tiles, tiles)?;
        self.cut(BITS, 0, 1)?;
        let samples = self.entry(SAMPLES)?;
        self.set(samples + self.value, 2, 1)?;
        if let Some(extra) = self.entry(EXTRA_SAMPLES) {
            self.set(extra, 2, UNKNOWN.into())?;
        }
        Some(())
    }
}
