//! Undoes the packings of a chunk of bytes: fax, LZW, PackBits, differences, and
//! chroma in units with luma. Knows nothing of strips and tiles.

use std::io::Read;

use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};

use super::chunks::{FAX_3, FAX_4, FAX_RUNS};
use super::fields::Fields;
use crate::decode::DecodeFailure;

/// Rows of ones where runs are black.
pub(super) fn fax(
    packed: &[u8],
    (width, rows): (usize, usize),
    compression: u16,
    two_dimensional: bool,
) -> Result<Vec<u8>, DecodeFailure> {
    struct Rows {
        all: Vec<u8>,
        width: usize,
        most: usize,
    }
    impl hayro_ccitt::Decoder for Rows {
        fn push_row(&mut self, changes: &[u32]) {
            let begin = self.all.len();
            if begin / self.width.div_ceil(8) >= self.most {
                return;
            }
            self.all.resize(begin + self.width.div_ceil(8), 0);
            for run in changes.chunks(2) {
                let end = run.get(1).map_or(self.width, |&end| end as usize);
                for x in run[0] as usize..end.min(self.width) {
                    self.all[begin + x / 8] |= 0x80 >> (x % 8);
                }
            }
        }
    }
    let encoding = match (compression, two_dimensional) {
        (FAX_4, _) => EncodingMode::Group4,
        (FAX_3, true) => EncodingMode::Group3_2D,
        _ => EncodingMode::Group3_1D,
    };
    let settings = DecodeSettings {
        columns: u32::try_from(width).unwrap_or(u32::MAX),
        rows: u32::try_from(rows).unwrap_or(u32::MAX),
        end_of_block: compression != FAX_RUNS,
        // Every row of T.4 ends with one; damage is passed over up to the next.
        end_of_line: compression == FAX_3,
        rows_are_byte_aligned: compression == FAX_RUNS,
        encoding,
        strict: false,
    };
    let mut found = Rows {
        all: Vec::new(),
        width,
        most: rows,
    };
    let done = hayro_ccitt::decode(packed, &mut found, &mut DecoderContext::new(settings));
    match done {
        // All rows are there: what follows them does not count.
        _ if found.all.len() / width.div_ceil(8) >= rows => Ok(found.all),
        Ok(_) | Err(hayro_ccitt::DecodeError::UnexpectedEof) => Err(DecodeFailure::Truncated),
        Err(error) => Err(DecodeFailure::corrupt(error.to_string())),
    }
}

/// At most `size` bytes of what `reader` gives.
pub(super) fn read_of(reader: impl Read, size: usize) -> Result<Vec<u8>, DecodeFailure> {
    let mut unpacked = Vec::new();
    match reader.take(size as u64).read_to_end(&mut unpacked) {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(DecodeFailure::corrupt(error.to_string()))
        }
        _ => Ok(unpacked),
    }
}

pub(super) fn lzw(packed: &[u8], size: usize) -> Result<Vec<u8>, DecodeFailure> {
    // Old writers begin with the lowest bit, as GIF does; `tiff` refuses them, too.
    let mut decoder = weezl::decode::Configuration::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
        .with_yield_on_full_buffer(true)
        .build();
    let mut unpacked = Vec::new();
    let mut some = [0; 1 << 14];
    let mut rest = packed;
    while unpacked.len() < size {
        let step = decoder.decode_bytes(rest, &mut some);
        rest = &rest[step.consumed_in..];
        unpacked.extend_from_slice(&some[..step.consumed_out]);
        match step.status {
            Ok(weezl::LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            Ok(_) => break,
            Err(error) => return Err(DecodeFailure::corrupt(error.to_string())),
        }
    }
    Ok(unpacked)
}

/// TIFF 6.0, section 9.
pub(super) fn pack_bits(packed: &[u8], size: usize) -> Result<Vec<u8>, DecodeFailure> {
    let mut unpacked = Vec::new();
    let mut rest = packed;
    while unpacked.len() < size {
        let (&control, behind) = rest.split_first().ok_or(DecodeFailure::Truncated)?;
        let count = usize::from(control);
        let (run, used) = match control {
            0..=127 => (behind.get(..count + 1).map(<[u8]>::to_vec), count + 1),
            128 => (Some(Vec::new()), 0),
            129.. => (behind.first().map(|&byte| vec![byte; 257 - count]), 1),
        };
        unpacked.extend(run.ok_or(DecodeFailure::Truncated)?);
        rest = &behind[used..];
    }
    Ok(unpacked)
}

/// Turns the differences of a row back into numbers (TIFF 6.0, section 14).
pub(super) fn add_up(row: &mut [u8], samples: usize, fields: &Fields) -> Result<(), DecodeFailure> {
    match fields.bits {
        8 => {
            for at in samples..row.len() {
                row[at] = row[at].wrapping_add(row[at - samples]);
            }
        }
        16 => {
            let of = |two: [u8; 2]| match fields.little {
                true => u16::from_le_bytes(two),
                false => u16::from_be_bytes(two),
            };
            let numbers = row.as_chunks_mut::<2>().0;
            for at in samples..numbers.len() {
                let sum = of(numbers[at]).wrapping_add(of(numbers[at - samples]));
                numbers[at] = match fields.little {
                    true => sum.to_le_bytes(),
                    false => sum.to_be_bytes(),
                };
            }
        }
        17.. => {
            let what = format!(
                "TIFF of differences of {} bits in this packing",
                fields.bits
            );
            return Err(DecodeFailure::unsupported(what));
        }
        bits => {
            let count = row.len() * 8 / usize::from(bits.max(1));
            let mut numbers: Vec<u16> = numbers_of(row, count, bits).collect();
            let most = u16::MAX >> (16 - bits.max(1));
            for at in samples..count {
                numbers[at] = numbers[at].wrapping_add(numbers[at - samples]) & most;
            }
            row.fill(0);
            let bits = usize::from(bits);
            for (place, bit) in (0..count * bits).map(|place| (place, place % bits)) {
                let one = numbers[place / bits] >> (bits - 1 - bit) & 1;
                row[place / 8] |= (one as u8) << (7 - place % 8);
            }
        }
    }
    Ok(())
}

/// Turns the differences of a row of bytes back into floats.
pub(super) fn restore_floats(row: &mut [u8], samples: usize, fields: &Fields) {
    for at in samples..row.len() {
        row[at] = row[at].wrapping_add(row[at - samples]);
    }
    let size = usize::from(fields.bits / 8).max(1);
    let count = row.len() / size;
    let highest_first = row.to_vec();
    for (at, byte) in row.iter_mut().enumerate().take(count * size) {
        let (number, place) = (at / size, at % size);
        let place = if fields.little {
            size - 1 - place
        } else {
            place
        };
        *byte = highest_first[place * count + number];
    }
}

/// Subsampled chroma: units of as many luma samples as share one pair of chroma
/// samples, which follow them (TIFF 6.0, section 21).
pub(super) struct Units {
    wide: usize,
    high: usize,
    across: usize,
    down: usize,
}

impl Units {
    pub(super) fn of([wide, high]: [u16; 2], width: usize, rows: usize) -> Self {
        let (wide, high) = (usize::from(wide.max(1)), usize::from(high.max(1)));
        Self {
            wide,
            high,
            across: width.div_ceil(wide),
            down: rows.div_ceil(high),
        }
    }

    fn unit(&self) -> usize {
        self.wide * self.high + 2
    }

    pub(super) fn bytes(&self) -> usize {
        self.across * self.down * self.unit()
    }

    /// Pixels of luma and both chromas.
    pub(super) fn spread(&self, packed: &[u8], width: usize, rows: usize) -> Vec<u8> {
        let mut pixels = Vec::with_capacity(width * rows * 3);
        for y in 0..rows {
            for x in 0..width {
                let at = (y / self.high * self.across + x / self.wide) * self.unit();
                let luma = at + y % self.high * self.wide + x % self.wide;
                let chroma = at + self.wide * self.high;
                pixels.extend([packed[luma], packed[chroma], packed[chroma + 1]]);
            }
        }
        pixels
    }
}

/// The first `count` numbers of `bits` bits each, highest bit first.
pub(super) fn numbers_of(row: &[u8], count: usize, bits: u8) -> impl Iterator<Item = u16> {
    let bits = usize::from(bits);
    (0..count).map(move |number| {
        (number * bits..(number + 1) * bits).fold(0, |value, bit| {
            let byte = row.get(bit / 8).copied().unwrap_or(0);
            value << 1 | u16::from(byte >> (7 - bit % 8) & 1)
        })
    })
}
