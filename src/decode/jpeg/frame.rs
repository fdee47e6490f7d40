//! The frame of a JPEG: its size, its components and their DC coefficients.

use super::facts::Quantisation;
use crate::decode::DecodeFailure;

/// One colour plane.
pub(super) struct Component {
    pub(super) id: u8,
    /// Sampling factors: columns and rows of blocks in an MCU.
    pub(super) horizontal: u32,
    pub(super) vertical: u32,
    /// Which quantisation table.
    pub(super) quantisation: usize,
    /// Blocks that hold image, across and down.
    pub(super) blocks_wide: u32,
    pub(super) blocks_high: u32,
    /// Blocks in a row of `dc`, with those that only fill the last MCU.
    pub(super) stride: usize,
    /// DC coefficients, quantised, in rows of blocks.
    pub(super) dc: Vec<i16>,
    /// The quantisation table at its first DC scan; `None` before.
    pub(super) table: Option<Quantisation>,
}

/// What the SOF segment says, and what the scans fill in.
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<Component>,
    pub(super) max_horizontal: u32,
    pub(super) max_vertical: u32,
}

impl Frame {
    /// Reads a SOF segment's content (ITU-T T.81, B.2.2).
    pub(super) fn parse(
        segment: &[u8],
        progressive: bool,
        max_pixels: u64,
    ) -> Result<Self, DecodeFailure> {
        let broken = || DecodeFailure::corrupt("the frame header contradicts itself");
        let &[precision, h1, h0, w1, w0, count, ref specs @ ..] = segment else {
            return Err(broken());
        };
        let width = u32::from(u16::from_be_bytes([w1, w0]));
        let height = u32::from(u16::from_be_bytes([h1, h0]));
        if precision != 8 {
            return Err(DecodeFailure::unsupported(format!("{precision}-bit JPEG")));
        }
        if width == 0 {
            return Err(DecodeFailure::corrupt("the image is zero pixels wide"));
        }
        if height == 0 {
            // Where the file defines it behind the first scan, it stands here by now.
            return Err(DecodeFailure::corrupt("the image is zero pixels high"));
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > max_pixels {
            return Err(DecodeFailure::TooLarge {
                pixels,
                limit: max_pixels,
            });
        }
        let (specs, rest) = specs.as_chunks::<3>();
        if specs.len() != usize::from(count) || !rest.is_empty() {
            return Err(broken());
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(DecodeFailure::unsupported(format!(
                "JPEG of {count} channels"
            )));
        }
        let factors = |spec: &[u8; 3]| (u32::from(spec[1] >> 4), u32::from(spec[1] & 15));
        let allowed = |spec| {
            let (horizontal, vertical) = factors(spec);
            (1..=4).contains(&horizontal) && (1..=4).contains(&vertical)
        };
        if !specs.iter().all(allowed) || specs.iter().any(|spec| spec[2] > 3) {
            return Err(broken());
        }
        let max_horizontal = specs.iter().map(|spec| factors(spec).0).max().unwrap_or(1);
        let max_vertical = specs.iter().map(|spec| factors(spec).1).max().unwrap_or(1);
        let components = specs.iter().map(|spec| {
            let (horizontal, vertical) = factors(spec);
            let mcus = width.div_ceil(8 * max_horizontal);
            Component {
                id: spec[0],
                horizontal,
                vertical,
                quantisation: usize::from(spec[2]),
                blocks_wide: (width * horizontal).div_ceil(8 * max_horizontal),
                blocks_high: (height * vertical).div_ceil(8 * max_vertical),
                stride: (mcus * horizontal) as usize,
                dc: Vec::new(),
                table: None,
            }
        });
        Ok(Self {
            progressive,
            width,
            height,
            components: components.collect(),
            max_horizontal,
            max_vertical,
        })
    }

    /// Makes room for the coefficients, unless the file is too short to hold
    /// them at one bit a block: a few bytes must not claim much memory.
    pub(super) fn allocate(&mut self, file_bytes: usize) -> Result<(), DecodeFailure> {
        let rows = self.mcus_high();
        let lengths: Vec<usize> = self
            .components
            .iter()
            .map(|component| component.stride * (rows * component.vertical) as usize)
            .collect();
        if lengths.iter().sum::<usize>() / 8 > file_bytes {
            return Err(DecodeFailure::Truncated);
        }
        for (component, length) in self.components.iter_mut().zip(lengths) {
            component.dc = vec![0; length];
        }
        Ok(())
    }

    pub(super) fn mcus_wide(&self) -> u32 {
        self.width.div_ceil(8 * self.max_horizontal)
    }

    pub(super) fn mcus_high(&self) -> u32 {
        self.height.div_ceil(8 * self.max_vertical)
    }
}
