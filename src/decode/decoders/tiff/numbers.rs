//! The numbers of a TIFF page as samples of 8 or 16 bits. Knows nothing of
//! colours.

use tiff::decoder::DecodingResult;

use super::super::whole::Samples;
use super::fields::{Fields, Kind};
use crate::decode::DecodeFailure;

/// Samples, pixel by pixel, all channels of one after the other.
pub(super) struct Read {
    pub(super) samples: Samples,
    /// See `Whole::range`.
    pub(super) range: Option<[u64; 2]>,
}

/// The share of numbers, at either end, that may lie beyond the range that is
/// stretched; as for samples of 16 bits.
const BEYOND: f64 = 0.001;

/// The same of measurements of ground: the cut of 2% that viewers of such make.
const BEYOND_OF_GROUND: f64 = 0.02;

/// Numbers that the range is found from, at most: as many quantiles of a
/// thousandth take.
const SAMPLED: usize = 1 << 17;

/// Reads what the library unpacked; `planar`: the bytes of each channel's
/// plane.
pub(super) fn read(
    numbers: &DecodingResult,
    planar: Option<usize>,
    fields: &Fields,
) -> Result<Read, DecodeFailure> {
    let count = fields.width as usize * fields.height as usize * fields.samples;
    let plain = |samples| Read {
        samples,
        range: None,
    };
    let read = match numbers {
        DecodingResult::U8(bytes) if fields.bits < 8 => {
            plain(Samples::Eight(few_bits(bytes, planar.is_some(), fields)))
        }
        DecodingResult::U8(bytes) => plain(Samples::Eight(woven(bytes, planar, fields))),
        DecodingResult::I8(bytes) => {
            let bytes: Vec<u8> = bytes.iter().map(|&v| v.cast_unsigned() ^ 0x80).collect();
            plain(Samples::Eight(woven(&bytes, planar, fields)))
        }
        DecodingResult::U16(words) if fields.ground => {
            wide(words, 2, planar, fields, |&v| f64::from(v))
        }
        DecodingResult::U16(words) => {
            let planar = planar.map(|bytes| bytes / 2);
            plain(Samples::Sixteen(woven(words, planar, fields)))
        }
        DecodingResult::I16(words) if !fields.ground && words.iter().all(|&v| v >= 0) => {
            let words: Vec<u16> = words.iter().map(|&v| v.cast_unsigned()).collect();
            plain(Samples::Sixteen(woven(
                &words,
                planar.map(|b| b / 2),
                fields,
            )))
        }
        DecodingResult::I16(v) => wide(v, 2, planar, fields, |&v| f64::from(v)),
        DecodingResult::U32(v) => wide(v, 4, planar, fields, |&v| f64::from(v)),
        DecodingResult::I32(v) => wide(v, 4, planar, fields, |&v| f64::from(v)),
        DecodingResult::U64(v) => wide(v, 8, planar, fields, |&v| v as f64),
        DecodingResult::I64(v) => wide(v, 8, planar, fields, |&v| v as f64),
        DecodingResult::F16(v) => wide(v, 2, planar, fields, |&v| f64::from(v.to_f32())),
        DecodingResult::F32(v) => wide(v, 4, planar, fields, |&v| f64::from(v)),
        DecodingResult::F64(v) => wide(v, 8, planar, fields, |&v| v),
    };
    let found = match &read.samples {
        Samples::Eight(samples) => samples.len(),
        Samples::Sixteen(samples) => samples.len(),
    };
    match found == count {
        true => Ok(read),
        false => Err(DecodeFailure::corrupt("its strips do not fit its size")),
    }
}

/// Planes woven into pixels.
fn woven<T: Copy>(numbers: &[T], planar: Option<usize>, fields: &Fields) -> Vec<T> {
    let pixels = fields.width as usize * fields.height as usize;
    let Some(stride) = planar else {
        return numbers.to_vec();
    };
    (0..pixels)
        .flat_map(|pixel| (0..fields.samples).map(move |sample| sample * stride + pixel))
        .map_while(|place| numbers.get(place).copied())
        .collect()
}

/// Samples of less than a byte, which lie row by row from the highest bit on.
/// Indices of a palette stay what they are; others are spread over 8 bits.
fn few_bits(bytes: &[u8], planar: bool, fields: &Fields) -> Vec<u8> {
    let bits = usize::from(fields.bits.max(1));
    let (width, height) = (fields.width as usize, fields.height as usize);
    let (planes, across) = match planar {
        true => (fields.samples, width),
        false => (1, width * fields.samples),
    };
    let row_bytes = (across * bits).div_ceil(8);
    let most = (1usize << bits) - 1;
    let spread = |value: usize| match fields.palette.is_empty() {
        true => (value * 255 / most) as u8,
        false => value as u8,
    };
    let rows = bytes.chunks_exact(row_bytes.max(1)).take(planes * height);
    let unpacked: Vec<u8> = rows
        .flat_map(|row| {
            (0..across).map(|sample| {
                // None lies across two bytes: 1, 2 and 4 divide 8, and others
                // are put together bit by bit.
                let value = (sample * bits..(sample + 1) * bits).fold(0, |value, bit| {
                    value << 1 | usize::from(row[bit / 8] >> (7 - bit % 8) & 1)
                });
                spread(value)
            })
        })
        .collect();
    woven(&unpacked, planar.then_some(width * height), fields)
}

/// Numbers of any size brought to 16 bits: those between 0 and 1 (floats), 255
/// or 65,535 as if that were all of their range, others from the least to the
/// greatest.
fn wide<T>(
    numbers: &[T],
    bytes: usize,
    planar: Option<usize>,
    fields: &Fields,
    value: impl Fn(&T) -> f64,
) -> Read {
    let all: Vec<f64> = numbers.iter().map(value).collect();
    let all = woven(&all, planar.map(|stride| stride / bytes), fields);
    let alpha = fields.alpha.map(|alpha| alpha.sample);
    let counts = |&(place, v): &(usize, f64)| {
        v.is_finite() && fields.no_data != Some(v) && alpha != Some(place % fields.samples)
    };
    let shown = || (all.iter().copied().enumerate()).filter(counts);
    let step = shown().count().div_ceil(SAMPLED).max(1);
    let mut sorted: Vec<f64> = shown().step_by(step).map(|(_, v)| v).collect();
    sorted.sort_by(f64::total_cmp);
    let (least, most) = shown().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, v)| {
        (low.min(v), high.max(v))
    });
    let natural = match (least >= 0.0, fields.kind) {
        _ if fields.ground => None,
        (true, Kind::Float) if most <= 1.0 => Some(1.0),
        (true, _) if most <= 255.0 => Some(255.0),
        (true, _) if most <= 65_535.0 => Some(65_535.0),
        _ => None,
    };
    let (low, high, range) = match natural {
        Some(most) => (0.0, most, None),
        None => {
            let beyond = if fields.ground {
                BEYOND_OF_GROUND
            } else {
                BEYOND
            };
            let beyond = (sorted.len() as f64 * beyond) as usize;
            let low = sorted.get(beyond).copied().unwrap_or(0.0);
            let high = sorted.iter().rev().nth(beyond).copied().unwrap_or(0.0);
            let (low, high) = if low < high {
                (low, high)
            } else {
                (least, most)
            };
            (low, high, Some([low.to_bits(), high.to_bits()]))
        }
    };
    let full = match (fields.kind, alpha) {
        (Kind::Float, Some(_)) => 1.0,
        _ => 65_535.0,
    };
    let samples = all.iter().enumerate().map(|(place, &v)| {
        let share = match alpha == Some(place % fields.samples) {
            true => v / full,
            false if fields.no_data == Some(v) => 0.0,
            false => (v - low) / (high - low),
        };
        // The cast clamps, and makes 0 of what is not a number.
        (share * 65_535.0 + 0.5) as u16
    });
    Read {
        samples: Samples::Sixteen(samples.collect()),
        range,
    }
}
