//! A column of byte strings in a Parquet file, page by page: a page is the
//! least that can be read. Knows no image.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::ops::Range;

use polars_parquet::parquet::compression::{Compression, DecompressionContext, decompress};
use polars_parquet::read::RowGroupMetadata;

use super::levels::{deltas, hybrid};
use crate::executor::StopFlag;
use crate::parquet::{Header, Kind, guarded, page_header};
use crate::source::container::{read_stretch, refuse_bomb};
use crate::source::reader::ReadFailure;

/// Encodings by their numbers in the format.
const PLAIN: i64 = 0;
const PLAIN_DICTIONARY: i64 = 2;
const DELTA_LENGTH: i64 = 6;
const DICTIONARY: i64 = 8;

/// Where the pages of one column lie.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pages: Vec<Page>,
    dictionaries: Vec<Part>,
    /// Deepest definition level: a value is there where it is reached.
    deepest: u32,
}

/// A page of values.
#[derive(Debug)]
struct Page {
    /// The number of its first row in the file.
    first: u64,
    part: Part,
    dictionary: Option<usize>,
}

/// A stretch of the file behind its header.
#[derive(Debug, Clone, Copy)]
struct Part {
    offset: u64,
    header: Header,
    packed: Compression,
}

/// The values of a page.
pub(super) struct Values {
    page: Vec<u8>,
    dictionary: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Clone)]
enum Place {
    Null,
    Page(Range<usize>),
    Dictionary(Range<usize>),
}

impl Pages {
    /// Those of the column with number `leaf` in row groups that begin at
    /// `rows`; with what is wrong with the groups that cannot be read.
    pub(super) fn find(
        file: &File,
        groups: &[RowGroupMetadata],
        leaf: usize,
        stop: &StopFlag,
    ) -> (Self, Vec<(Range<u64>, String)>) {
        let mut pages = Self::default();
        let mut faults = Vec::new();
        let mut first = 0_u64;
        for group in groups {
            let rows = first..first.saturating_add(group.num_rows() as u64);
            if stop.is_raised() {
                break;
            }
            let known = (pages.pages.len(), pages.dictionaries.len());
            if let Err(why) = pages.of_group(file, group, leaf, &rows) {
                pages.pages.truncate(known.0);
                pages.dictionaries.truncate(known.1);
                faults.push((rows.clone(), why));
            }
            first = rows.end;
        }
        (pages, faults)
    }

    fn of_group(
        &mut self,
        file: &File,
        group: &RowGroupMetadata,
        leaf: usize,
        rows: &Range<u64>,
    ) -> Result<(), String> {
        let chunk = (group.parquet_columns().get(leaf)).ok_or("it lacks the column")?;
        self.deepest = u32::try_from(chunk.descriptor().descriptor.max_def_level).unwrap_or(0);
        let data = u64::try_from(chunk.data_page_offset()).map_err(|_| "its place is negative")?;
        let start = match chunk.dictionary_page_offset().map(u64::try_from) {
            // Some writers store 0 where there is none.
            Some(Ok(dictionary)) if dictionary > 0 && dictionary < data => dictionary,
            _ => data,
        };
        let length = u64::try_from(chunk.compressed_size()).map_err(|_| "its size is negative")?;
        let end = start.checked_add(length).ok_or("its size is too large")?;
        let (mut at, mut row) = (start, rows.start);
        let mut dictionary = None;
        while row < rows.end {
            let header = page_header(at, end, |at, length| read_stretch(file, at, length))?;
            let offset = at + header.length as u64;
            let part = Part {
                offset,
                header,
                packed: chunk.compression(),
            };
            at = offset + u64::from(header.stored);
            if at > end {
                return Err("a page ends behind its column".to_owned());
            }
            match header.kind {
                Kind::Dictionary => {
                    self.dictionaries.push(part);
                    dictionary = Some(self.dictionaries.len() - 1);
                }
                Kind::First | Kind::Second { .. } => {
                    if header.values == 0 {
                        continue;
                    }
                    self.pages.push(Page {
                        first: row,
                        part,
                        dictionary,
                    });
                    row += u64::from(header.values);
                }
                Kind::Other => {}
            }
        }
        if row == rows.end {
            Ok(())
        } else {
            Err("its pages hold more rows than the row group".to_owned())
        }
    }

    /// The page of a row.
    pub(super) fn page_of(&self, row: u64) -> Option<usize> {
        let after = self.pages.partition_point(|page| page.first <= row);
        let page = self.pages.get(after.checked_sub(1)?)?;
        (row - page.first < u64::from(page.part.header.values)).then_some(after - 1)
    }

    /// How many pages there are.
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    /// The rows of a page.
    pub(super) fn rows(&self, page: usize) -> Range<u64> {
        let page = &self.pages[page];
        page.first..page.first + u64::from(page.part.header.values)
    }

    /// The values of a page.
    pub(super) fn read(&self, file: &File, page: usize) -> Result<Values, ReadFailure> {
        let page = &self.pages[page];
        let dictionary = match page.dictionary {
            Some(index) => self.dictionaries[index].unpacked(file)?,
            None => Vec::new(),
        };
        let bytes = page.part.unpacked(file)?;
        let entries = page
            .dictionary
            .map_or(0, |i| self.dictionaries[i].header.values);
        places(
            &page.part.header,
            self.deepest,
            &bytes,
            &dictionary,
            entries,
        )
        .map(|places| Values {
            page: bytes,
            dictionary,
            places,
        })
        .map_err(|why| ReadFailure(format!("its Parquet page cannot be read: {why}")))
    }
}

impl Values {
    /// Bytes that it holds.
    pub(super) fn size(&self) -> usize {
        self.page.len() + self.dictionary.len() + self.places.len() * size_of::<Place>()
    }

    /// The value with this number in the page; `None` for a null.
    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        match self.places.get(index)? {
            Place::Null => None,
            Place::Page(range) => self.page.get(range.clone()),
            Place::Dictionary(range) => self.dictionary.get(range.clone()),
        }
    }
}

impl Part {
    /// The levels and values, without compression.
    fn unpacked(&self, file: &File) -> Result<Vec<u8>, ReadFailure> {
        let failure = |why: String| ReadFailure(format!("its Parquet page cannot be read: {why}"));
        let Header {
            kind, stored, size, ..
        } = self.header;
        refuse_bomb(stored.into(), size.into())?;
        let bytes =
            read_stretch(file, self.offset, stored as usize).map_err(|e| failure(words(&e)))?;
        let plain = match kind {
            Kind::Second {
                repetition,
                definition,
                compressed,
            } => match compressed {
                true => repetition as usize + definition as usize,
                false => bytes.len(),
            },
            _ => 0,
        };
        if self.packed == Compression::Uncompressed || plain >= bytes.len() {
            return Ok(bytes);
        }
        let size = size as usize;
        let mut unpacked = Vec::new();
        (unpacked.try_reserve_exact(size)).map_err(|e| failure(e.to_string()))?;
        unpacked.extend_from_slice(&bytes[..plain.min(size)]);
        unpacked.resize(size, 0);
        let done = guarded(|| {
            let mut context = DecompressionContext::Unset;
            let out = &mut unpacked[plain.min(size)..];
            Ok(decompress(self.packed, &bytes[plain..], out, &mut context)?)
        });
        done.map_err(ReadFailure)?;
        Ok(unpacked)
    }
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the file ends inside it".to_owned(),
        _ => error.to_string(),
    }
}

/// Where the values of a page lie, a place for each row.
fn places(
    page: &Header,
    deepest: u32,
    bytes: &[u8],
    dictionary: &[u8],
    entries: u32,
) -> Result<Vec<Place>, &'static str> {
    let count = page.values as usize;
    let (levels, values) = match page.kind {
        Kind::Second {
            repetition,
            definition,
            ..
        } => {
            let levels = repetition as usize..repetition as usize + definition as usize;
            let start = levels.end;
            (bytes.get(levels), start)
        }
        _ if deepest == 0 => (Some(&[][..]), 0),
        _ => {
            let length = bytes.get(..4).and_then(|four| four.try_into().ok());
            let length = u32::from_le_bytes(length.ok_or("its levels are cut off")?) as usize;
            (bytes.get(4..4 + length), 4 + length)
        }
    };
    let levels = levels.ok_or("its levels are cut off")?;
    let there: Vec<bool> = if deepest == 0 {
        vec![true; count]
    } else {
        let width = u32::BITS - deepest.leading_zeros();
        let levels = hybrid(levels, width, count).ok_or("its levels are damaged")?;
        levels.into_iter().map(|level| level == deepest).collect()
    };
    let set = there.iter().filter(|there| **there).count();
    let cut = "its values are cut off";
    let data = bytes.get(values..).ok_or(cut)?;
    let shift = |range: Range<usize>| Place::Page(range.start + values..range.end + values);
    let found: Vec<Place> = match page.encoding {
        PLAIN => plain(data, set)
            .ok_or(cut)?
            .into_iter()
            .map(shift)
            .collect(),
        PLAIN_DICTIONARY | DICTIONARY => {
            let words = plain(dictionary, entries as usize).ok_or("its dictionary is damaged")?;
            let numbers = match data.split_first() {
                Some((&width, rest)) => hybrid(rest, width.into(), set).ok_or(cut)?,
                None if set == 0 => Vec::new(),
                None => return Err(cut),
            };
            let place = |number: u32| words.get(number as usize).cloned().map(Place::Dictionary);
            let places: Option<Vec<Place>> = numbers.into_iter().map(place).collect();
            places.ok_or("a value is not in its dictionary")?
        }
        DELTA_LENGTH => {
            let (lengths, start) = deltas(data, set).ok_or("its lengths are damaged")?;
            let mut at = start;
            let mut places = Vec::with_capacity(lengths.len());
            for length in lengths {
                let next = usize::try_from(length).ok().and_then(|n| at.checked_add(n));
                let next = next.filter(|&next| next <= data.len()).ok_or(cut)?;
                places.push(shift(at..next));
                at = next;
            }
            places
        }
        _ => return Err("its encoding is not supported"),
    };
    if found.len() != set {
        return Err(cut);
    }
    let mut found = found.into_iter();
    let next = |there: bool| match there {
        true => found.next().unwrap_or(Place::Null),
        false => Place::Null,
    };
    Ok(there.into_iter().map(next).collect())
}

/// Byte strings, each behind its length in four bytes.
fn plain(bytes: &[u8], count: usize) -> Option<Vec<Range<usize>>> {
    // Each takes four bytes at least.
    if count > bytes.len() / 4 {
        return None;
    }
    let mut at = 0_usize;
    (0..count)
        .map(|_| {
            let start = at.checked_add(4)?;
            let length: [u8; 4] = bytes.get(at..start)?.try_into().ok()?;
            at = start.checked_add(u32::from_le_bytes(length) as usize)?;
            (at <= bytes.len()).then_some(start..at)
        })
        .collect()
}

/// A value as text, whatever bytes it is of.
pub(super) fn text(value: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(value)
}
