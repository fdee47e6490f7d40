//! Whole pictures in one canonical form. Compares nothing itself.

use image::ColorType;

use super::format::Format;
use super::roads::{self, library::Whole};
use super::{DecodeFailure, Limits};
use crate::sample::ContentHash;

/// Bits of a channel of [`Pixels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// One byte a channel.
    Eight,
    /// Two bytes a channel, the upper first.
    Sixteen,
}

/// Every pixel of an upright picture, so that equality is equality of looks.
///
/// Always red, green, blue and alpha. Pixels that cannot be seen (alpha 0) are
/// all zero. Sixteen bits are kept only where some sample needs them: a sample
/// widened from 8 bits has two equal bytes. Float samples (TIFF) count as 16
/// bits, 1.0 being full. ICC profiles are not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bits a channel.
    pub depth: Depth,
    /// `width * height` pixels of four channels.
    pub rgba: Vec<u8>,
}

impl Pixels {
    /// Identifies the picture, shape and depth included.
    pub(super) fn hash(&self) -> ContentHash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.width.to_le_bytes());
        hasher.update(&self.height.to_le_bytes());
        hasher.update(&[self.depth as u8]);
        hasher.update(&self.rgba);
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        ContentHash(short)
    }
}

pub(super) fn decode(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Pixels, DecodeFailure> {
    let orientation = roads::checked(format, bytes, limits)?;
    let whole = Whole::decode(format, bytes, limits)?;
    let (depth, rgba) = canonical(&whole);
    let bytes = match depth {
        Depth::Eight => 4,
        Depth::Sixteen => 8,
    };
    let (width, height) = orientation.size(whole.width, whole.height);
    Ok(Pixels {
        width,
        height,
        depth,
        rgba: orientation.apply(rgba, whole.width, whole.height, bytes),
    })
}

fn canonical(whole: &Whole) -> (Depth, Vec<u8>) {
    let channels = usize::from(whole.colour.channel_count());
    match whole.colour {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => {
            (Depth::Eight, rgba(&whole.samples, channels, 255))
        }
        ColorType::Rgb32F | ColorType::Rgba32F => {
            let samples = whole.samples.as_chunks::<4>().0.iter();
            // The cast clamps, and makes 0 of what is not a number.
            let wide = samples.map(|&sample| (f32::from_ne_bytes(sample) * 65535.0 + 0.5) as u16);
            narrowest(rgba(&wide.collect::<Vec<u16>>(), channels, u16::MAX))
        }
        _ => {
            let samples = whole.samples.as_chunks::<2>().0.iter();
            let wide = samples.map(|&sample| u16::from_ne_bytes(sample));
            narrowest(rgba(&wide.collect::<Vec<u16>>(), channels, u16::MAX))
        }
    }
}

fn narrowest(wide: Vec<u16>) -> (Depth, Vec<u8>) {
    let needed = wide.iter().any(|&sample| sample >> 8 != sample & 0xFF);
    if needed {
        (
            Depth::Sixteen,
            wide.iter()
                .flat_map(|sample| sample.to_be_bytes())
                .collect(),
        )
    } else {
        (
            Depth::Eight,
            wide.iter().map(|&sample| sample as u8).collect(),
        )
    }
}

/// Spreads `channels` channels to four, and blanks what cannot be seen.
fn rgba<T: Copy + Default + PartialEq>(samples: &[T], channels: usize, opaque: T) -> Vec<T> {
    let spread = |pixel: &[T]| match *pixel {
        [v] => [v, v, v, opaque],
        [v, a] => [v, v, v, a],
        [r, g, b] => [r, g, b, opaque],
        [r, g, b, a, ..] => [r, g, b, a],
        [] => [T::default(); 4],
    };
    samples
        .chunks_exact(channels)
        .flat_map(|pixel| match spread(pixel) {
            [_, _, _, alpha] if alpha == T::default() => [T::default(); 4],
            visible => visible,
        })
        .collect()
}
