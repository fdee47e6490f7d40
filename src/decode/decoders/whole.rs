//! An image in memory, every pixel of it. Knows nothing of file formats.

use std::borrow::Cow;

use crate::decode::depth::{Histogram, Narrowing, shown};
use crate::decode::matte::{Flattener, Views};
use crate::decode::reducer::{Channels, Row};

/// An image as a decoder gives it: rows without padding, of gray, gray and
/// alpha, red, green, blue, or these and alpha.
pub(in crate::decode) struct Whole {
    pub(in crate::decode) width: u32,
    pub(in crate::decode) height: u32,
    /// 1 to 4.
    pub(in crate::decode) channels: usize,
    pub(in crate::decode) samples: Samples,
    /// What stands for black and for white in the file, where numbers were
    /// brought to 16 bits that fill no range by nature.
    pub(in crate::decode) range: Option<[u64; 2]>,
}

/// All samples of an image.
pub(in crate::decode) enum Samples {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

impl Whole {
    /// The means of its blocks of side `block`.
    pub(in crate::decode) fn reduced(&self, block: u32) -> Views {
        let kind = match self.channels {
            1 | 2 => Channels::Gray,
            _ => Channels::Rgb,
        };
        let mut reducer = Flattener::new(self.width, self.height, block, kind);
        let row_samples = (self.width as usize * self.channels).max(1);
        let mut add = |y, row: &[u8]| reducer.add_pixels(y, 0, 1, row_of(row, self.channels));
        match &self.samples {
            Samples::Eight(samples) => {
                for (y, row) in (0..).zip(samples.chunks_exact(row_samples)) {
                    add(y, row);
                }
            }
            Samples::Sixteen(samples) => {
                let narrowing = self.narrowing(samples);
                let mut narrowed = Vec::with_capacity(row_samples);
                for (y, row) in (0..).zip(samples.chunks_exact(row_samples)) {
                    narrowing.narrow(row.iter().copied(), self.channels, &mut narrowed);
                    add(y, &narrowed);
                }
            }
        }
        reducer.finish()
    }

    fn narrowing(&self, samples: &[u16]) -> Narrowing {
        let mut histogram = Histogram::new();
        histogram.add(shown(samples.iter().copied(), self.channels));
        histogram.narrowing()
    }

    /// The samples at 16 bits or, if all of them have 8, at 8.
    pub(in crate::decode) fn narrowest(&self) -> Result<Cow<'_, [u8]>, &[u16]> {
        match &self.samples {
            Samples::Eight(samples) => Ok(samples.into()),
            Samples::Sixteen(samples) => {
                let deep = samples.iter().any(|&v| v >> 8 != v & 0xFF);
                match deep {
                    true => Err(samples),
                    false => Ok(samples.iter().map(|&v| v as u8).collect()),
                }
            }
        }
    }
}

/// A row of `channels` a pixel.
pub(super) fn row_of(row: &[u8], channels: usize) -> Row<'_> {
    match channels {
        1 => Row::Gray(row),
        2 => Row::GrayAlpha(row),
        3 => Row::Colour(row),
        _ => Row::Rgba(row),
    }
}
